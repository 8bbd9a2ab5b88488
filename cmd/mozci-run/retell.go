package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources/ci"
)

// retell writes the whole story of a run.
func (c *command) retell(s engine.Story) {
	p, r := c.painter(c.m.stdout), s.Run
	p.line("%s of %s (%s), profile %s", p.paint(bold, "run "+r.ID), r.Workflow, r.File, r.Profile)
	p.line("  started %s, %s; by %s in this machine's time", r.Started.Format(time.RFC3339), r.Origin, r.Wall.Local().Format(time.DateTime))
	for _, l := range members(r.Inputs) {
		p.line("  %s", l)
	}
	var inputs struct{ Intermittent string }
	_ = json.Unmarshal(r.Inputs, &inputs) // most workflows have no such input
	for _, step := range s.Steps {
		retellStep(p, step, inputs.Intermittent)
	}
	if len(s.Ledger) > 0 {
		p.line("%s", p.paint(bold, "asked for"))
	}
	slices.SortStableFunc(s.Ledger, func(a, b engine.Entry) int { return a.At.Compare(b.At) })
	for _, e := range s.Ledger {
		p.write(entryLine(e))
	}
	for _, o := range r.Result.Written {
		tellOutput(p, o.Name, describe(factOf(o.Value)))
	}
	p.line("%s %s", p.paint(bold, "run "+r.ID), ended(r.Status, r.Reason))
	next := r.Result.Next
	if next == "" && r.Status == engine.Interrupted { // its process was gone before it could say so
		next = "mozci-run runs resume " + r.ID
	}
	if next != "" {
		p.write(item{column("next"), c.repeatable(next)})
	}
}

// entryLine is a row of the ledger.
func entryLine(e engine.Entry) item {
	what := or(e.Key.Job, e.Key.Effect)
	if e.Key.Revision != "" {
		what += " on " + short(e.Key.Revision)
	}
	if e.Ordinal > 1 {
		what += fmt.Sprintf(", number %d of it", e.Ordinal)
	}
	return item{"  " + e.At.Format(time.RFC3339) + "  ", words(what+", "+string(e.State)+because(e.Reason), e.Request, e.Link)}
}

// factOf reads what was recorded as JSON. Times and durations stay text.
func factOf(raw json.RawMessage) any {
	v, err := schemas.DecodeJSON(raw)
	if err != nil {
		return nil
	}
	return v
}

func retellStep(p *painter, s engine.StepStory, intermittent string) {
	what := words(s.Uses)
	if what == "" {
		what = string(s.Kind)
	}
	took := ""
	if !s.Ended.IsZero() {
		took = ", took " + s.Ended.Sub(s.Began).Round(time.Millisecond).String()
	}
	p.line("%s %s: %s%s", p.paint(bold, "step "+s.Step), what, ended(s.Status, s.Reason), took)
	for _, l := range members(s.Inputs) {
		p.line("    %s", l)
	}
	if s.Source != "" {
		p.line("    answered by %s%s", s.Source, because(s.Instead))
	}
	if s.Rounds > 1 {
		vain := ""
		if s.Vain > 0 {
			vain = fmt.Sprintf(", %d of them without an answer", s.Vain)
		}
		p.line("    asked %d times%s", s.Rounds, vain)
	}
	for _, e := range s.Effects {
		o := p.outcome(outcome{e.Outcome, e.What}, e.What)
		o.lead = "    " + o.lead
		p.write(o)
	}
	fact := factOf(s.Value)
	if rows, ok := as[[]ci.Row](fact); ok {
		retellHistory(p, rows, s, intermittent)
		return
	}
	if s.Kind != engine.EffectStep && len(s.Value) > 0 {
		for _, l := range describe(fact) {
			p.line("    = %s", l)
		}
	}
}

// retellHistory writes each row with its verdict, what that rests on, and the rule's row that chose it.
func retellHistory(p *painter, rows []ci.Row, s engine.StepStory, intermittent string) {
	t := newTalker(p)
	t.indent, t.strip.intermittent = "    ", intermittent
	for _, d := range s.Decisions {
		t.judged[d.Index] = d
	}
	_ = json.Unmarshal(s.Inputs, &t.of)
	t.judge(rows)
	for _, l := range t.picture(nil) {
		p.write(l)
	}
	for i, r := range rows {
		p.line("    %s  %s%s", shortPush(r.Push), t.says(i), chosenBy(t.decided[i]))
		for _, j := range r.Jobs {
			if j.Type == t.of.Job {
				j.Type = ""
			}
			p.line("        %s", words(j.ID, j.Type, standingOf(j), j.Link))
		}
	}
}

// chosenBy says which row of which rule chose a verdict, as it is written there.
func chosenBy(d engine.Decision) string {
	if d.When == "" {
		return ""
	}
	text := "; by " + d.Rule + ": " + d.When
	if d.Place != nil {
		text += fmt.Sprintf(" (%s:%d)", d.Place.File, d.Place.Line)
	}
	return text
}
