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
	p.line("%s %s", p.paint(bold, "run "+r.Run), t.outcomeOf(r))
	switch {
	case t.kept && r.Next != "":
		p.write(item{column("next"), t.repeatable(r.Next)})
	case r.Status == engine.Planned:
		p.write(item{column("next"), "the same command with --apply"})
	case r.Next != "":
		p.write(item{column("next"), "the same command"})
	}
	if t.kept {
		p.write(item{column("see it again"), t.repeatable("mozci-run runs show " + r.Run)})
	}
}

// outcomeOf says how a run has ended, and why.
func (t *talker) outcomeOf(r engine.Result) string {
	if r.Status == engine.Interrupted && !t.kept {
		return ended(r.Status, "it is kept nowhere, and cannot go on")
	}
	return ended(r.Status, r.Reason)
}

// column is how the names of outputs are written, one below the other.
func column(name string) string { return fmt.Sprintf("%-12s ", name) }

// ended says how a run or a step has ended, and why.
func ended(status engine.Status, reason string) string {
	word := spoken(string(status))
	return word + because(strings.TrimPrefix(strings.TrimPrefix(reason, word+": "), word+" "))
}

// tellPushes writes a line for each push from the given failure to the last good one, or the oldest of which something was
// asked: its verdict and why, and what was done about it and why. Then comes what was done about anything else, if it does not
// stand above already.
func (t *talker) tellPushes(p *painter) {
	_, end := t.strip.bounds()
	if end < 0 {
		end = len(t.strip.rows) - 1
	}
	told := map[string]bool{}
	for i, row := range t.strip.rows {
		if len(t.about(row.Push.Revision)) > 0 {
			told[row.Push.Revision] = true
			end = max(end, i)
		}
	}
	if end >= 0 && t.of.Job != "" {
		p.line("%s on %s", p.paint(bold, t.of.Job), t.of.Branch)
	}
	for i := 0; i <= end; {
		i += t.tellPush(p, i, t.alike(i, end))
	}
	for _, o := range t.outcomes {
		if !told[o.Revision] && !(p.live && t.p.live) {
			p.write(p.outcome(o, o.what))
		}
	}
}

// few is how many pushes of which there is the same to say are told one by one.
const few = 3

// alike counts the pushes from one on, up to end, of which there is the same to say.
func (t *talker) alike(i, end int) int {
	n := 1
	for i+n <= end && t.says(i+n) == t.says(i) && len(t.about(t.strip.rows[i].Push.Revision))+len(t.about(t.strip.rows[i+n].Push.Revision)) == 0 {
		n++
	}
	return n
}

// says is the verdict on a push, and what it rests on.
func (t *talker) says(i int) string {
	return spoken(t.strip.verdicts[i]) + because(account(t.strip.rows[i], t.of.Job))
}

// tellPush writes the line of a push, with what was done about it, or that of many that are alike; and returns how many it has told.
func (t *talker) tellPush(p *painter, i, alike int) int {
	row, l := t.strip.rows[i], t.strip.letter(i)
	lead := item{lead: "  " + p.paint(l.color, l.letter) + "  "}
	if alike > few {
		lead.text = fmt.Sprintf("%s to %s, %d pushes  %s", shortPush(row.Push), shortPush(t.strip.rows[i+alike-1].Push), alike, t.says(i))
		p.write(lead)
		return alike
	}
	lead.text = shortPush(row.Push) + "  " + t.says(i)
	p.write(lead)
	for _, o := range t.about(row.Push.Revision) {
		it := p.outcome(o, o.it())
		if o.Status == ci.Done {
			it.text = words(it.text, o.Link)
		}
		it.lead = "       " + it.lead
		p.write(it)
	}
	return 1
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
		if e.Effect == "approve" {
			n = 1
			parts = append(parts, "a person would be asked")
		} else if n > 0 {
			d := deedOf(e.Effect)
			parts = append(parts, count(n, d.one, d.many)+" would be "+d.past)
			final = final || e.Irreversible
		}
		planned += n
	}
	text := "nothing has been done yet"
	if len(parts) > 0 {
		text = strings.Join(parts, ", ") + "; " + text
	}
	if final {
		text += ", and it cannot be taken back afterwards"
	}
	p.line("%s", p.paint(bold, text))
	if len(plan.After) > 0 {
		p.line("known after apply: %s", strings.Join(plan.After, ", "))
	}
	return planned
}
