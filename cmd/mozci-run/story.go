package main

import (
	"fmt"
	"strings"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources/ci"
)

// tell writes what a run has come to, for people: the pushes and what was done about them, then the answer, and last how it
// ended and how to see it again.
func (t *talker) tell(p *painter, r engine.Result) {
	t.tellPushes(p)
	for _, o := range r.Written {
		tellOutput(p, o.Name, describe(r.Outputs[o.Name]))
	}
	if r.Plan != nil {
		tellPlan(p, *r.Plan)
	}
	p.line("%s %s", p.paint(bold, "run "+r.Run), ended(r.Status, r.Reason))
	kept := t.repeat != ""
	switch {
	case !kept && r.Status == engine.Planned:
		p.write(item{column("next"), "the same command with --apply"})
	case kept && r.Next != "":
		p.write(item{column("next"), t.repeatable(r.Next)})
	}
	if kept {
		p.write(item{column("see it again"), t.repeatable("mozci-run runs show " + r.Run)})
	}
}

// column is how the names of outputs are written, one below the other.
func column(name string) string { return fmt.Sprintf("%-12s ", name) }

// ended says how a run or a step has ended, and why.
func ended(status engine.Status, reason string) string {
	word := spoken(string(status))
	return word + because(strings.TrimPrefix(reason, word+": "))
}

// repeatable writes a command so that it finds the same runs again.
func (t *talker) repeatable(command string) string {
	return strings.ReplaceAll(command, "mozci-run ", t.repeat+" ")
}

// tellPushes writes a line for each push from the given failure to the last good one, or the oldest of which something was
// asked: its verdict and why, and what was done about it and why. What was done about anything else follows.
func (t *talker) tellPushes(p *painter) {
	_, end := t.strip.bounds()
	if end < 0 {
		end = len(t.strip.rows) - 1
	}
	told := map[string]bool{}
	for i, row := range t.strip.rows {
		if row.Push.Revision != "" && len(t.about(row.Push.Revision)) > 0 {
			told[row.Push.Revision] = true
			end = max(end, i)
		}
	}
	if end >= 0 && t.of.Job != "" {
		p.line("%s on %s", p.paint(bold, t.of.Job), t.of.Branch)
	}
	for i := range end + 1 {
		t.tellPush(p, i)
	}
	for _, o := range t.outcomes {
		if !told[o.Revision] {
			p.write(p.outcome(o, o.what))
		}
	}
}

func (t *talker) tellPush(p *painter, i int) {
	row, verdict := t.strip.rows[i], t.strip.verdicts[i]
	l := t.strip.letter(i)
	p.write(item{"  " + p.paint(l.color, l.letter) + "  ", shortPush(row.Push) + "  " + spoken(verdict) + because(account(row, t.of.Job))})
	for _, o := range t.about(row.Push.Revision) {
		it := p.outcome(o, o.it())
		if o.Status == ci.Done {
			it.text = words(it.text, o.Link)
		}
		it.lead = "       " + it.lead
		p.write(it)
	}
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
	if len(lines) == 0 {
		lines = []string{"none"}
	}
	lead := p.paint(bold, column(spoken(name)))
	for _, l := range lines {
		p.write(item{lead, l})
		lead = column("")
	}
}

// tellPlan says how much would be done, which is how many actions, and what is not known before that.
func tellPlan(p *painter, plan engine.Plan) (planned int) {
	var parts []string
	final := false
	for _, e := range plan.Effects {
		n := 0
		for _, o := range e.Outcomes {
			if o.Status == ci.Planned {
				n++
			}
		}
		if n > 0 {
			d := deedOf(e.Effect)
			parts = append(parts, count(n, d.one, d.many)+" would be "+d.past)
			final = final || e.Irreversible
		}
		planned += n
	}
	text := strings.Join(parts, ", ") + "; nothing has been done yet"
	if final {
		text += ", and it cannot be taken back afterwards"
	}
	p.line("%s", p.paint(bold, text))
	if len(plan.After) > 0 {
		p.line("known after apply: %s", strings.Join(plan.After, ", "))
	}
	return planned
}
