package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources/ci"
)

// tell writes what a run has come to: the answer, for people.
func (t *talker) tell(w io.Writer, r engine.Result) {
	p := &painter{w: w, colored: t.p.colored, columns: t.p.columns}
	t.tellPushes(p)
	for _, o := range r.Written {
		tellOutput(p, o.Name, describe(r.Outputs[o.Name]))
	}
	if r.Plan != nil {
		t.tellPlan(p, *r.Plan)
	}
	p.line("%s %s", p.paint(bold, "run "+r.Run), ended(r.Status, r.Reason))
	kept := t.repeat != ""
	switch {
	case !kept && r.Status == engine.Planned:
		p.line("next         the same command with --apply")
	case kept && r.Next != "":
		p.line("next         %s", t.repeatable(r.Next))
	}
	if kept {
		p.line("see it again %s", t.repeatable("mozci-run runs show "+r.Run))
	}
}

// ended says how a run or a step has ended, and why.
func ended(status engine.Status, reason string) string {
	word := strings.ReplaceAll(string(status), "_", " ")
	return word + because(strings.TrimPrefix(reason, word+": "))
}

// repeatable writes a command so that it finds the same runs again.
func (t *talker) repeatable(command string) string {
	return strings.ReplaceAll(command, "mozci-run ", t.repeat+" ")
}

// tellPushes writes a line for each push from the given failure to the last good one, or the oldest of which something was
// asked: its verdict and why, and what was done about it and why.
func (t *talker) tellPushes(p *painter) {
	if len(t.strip.rows) == 0 {
		return
	}
	_, lastGood := t.strip.bounds()
	end := lastGood
	if end < 0 {
		end = len(t.strip.rows) - 1
	}
	for i, row := range t.strip.rows {
		if len(t.about(row.Push.Revision)) > 0 {
			end = max(end, i)
		}
	}
	for i := range end + 1 {
		row, verdict := t.strip.rows[i], t.strip.verdicts[i]
		l := letters[verdict]
		p.line("  %s  %s  %s%s", p.paint(l.color, or(l.letter, "#")), shortPush(row.Push), strings.ReplaceAll(verdict, "_", " "), t.why(i))
		for _, o := range t.about(row.Push.Revision) {
			p.line("       %s", t.outcomeText(o.Outcome, o.what))
		}
	}
}

// why says which row of the rule chose the verdict of a push, or why nothing can run on it.
func (t *talker) why(i int) string {
	if r := t.strip.rows[i].NotRunnable; r != nil {
		return ", " + strings.ReplaceAll(string(*r), "_", " ") + ": nothing can be asked for"
	}
	if d := t.decided[i]; d.When != "" && d.When != "else" {
		return ", because " + d.When
	}
	return ""
}

// about lists what was done about a push.
func (t *talker) about(revision string) []outcome {
	var out []outcome
	for _, o := range t.outcomes {
		if revision != "" && o.Revision == revision {
			out = append(out, o)
		}
	}
	return out
}

// tellOutput writes a name and its lines.
func tellOutput(p *painter, name string, lines []string) {
	name = strings.ReplaceAll(name, "_", " ")
	if len(lines) == 0 {
		lines = []string{"none"}
	}
	p.line("%s %s", p.paint(bold, fmt.Sprintf("%-12s", name)), lines[0])
	for _, l := range lines[1:] {
		p.line("%-12s %s", "", l)
	}
}

// tellPlan says how much would be done, and what is not known before that.
func (t *talker) tellPlan(p *painter, plan engine.Plan) (planned int) {
	n := 0
	for _, e := range plan.Effects {
		for _, o := range e.Outcomes {
			if o.Status == ci.Planned {
				n++
			}
		}
	}
	p.line("%s", p.paint(bold, fmt.Sprintf("%s would be asked for; nothing has been", count(n, "job", "jobs"))))
	if len(plan.After) > 0 {
		p.line("known after apply: %s", strings.Join(plan.After, ", "))
	}
	return n
}
