package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources/ci"
)

// retell writes the whole story of a run.
func retell(p *painter, s engine.Story) {
	r := s.Run
	p.line("%s of %s (%s), profile %s", p.paint(bold, "run "+r.ID), r.Workflow, r.File, r.Profile)
	p.line("  started %s, %s; by %s in this machine's time", r.Started.Format(time.RFC3339), r.Origin, r.Wall.Local().Format(time.DateTime))
	for _, l := range members(r.Inputs) {
		p.line("  %s", l)
	}
	for _, step := range s.Steps {
		retellStep(p, step)
	}
	if len(s.Ledger) > 0 {
		p.line("%s", p.paint(bold, "asked for"))
	}
	for _, e := range s.Ledger {
		p.line("  %s  %s on %s, %s of it, %s%s  %s", e.At.Format(time.RFC3339), or(e.Key.Job, e.Key.Effect), short(e.Key.Revision), nth(e.Ordinal), e.State, because(e.Reason), words(e.Request, e.Link))
	}
	for _, o := range r.Result.Written {
		tellOutput(p, o.Name, describe(factOf(o.Value)))
	}
	p.line("%s %s", p.paint(bold, "run "+r.ID), ended(r.Status, r.Reason))
	if r.Result.Next != "" {
		p.line("next         %s", r.Result.Next)
	}
}

func nth(n int) string { return fmt.Sprintf("number %d", n) }

// factOf reads what was recorded as JSON. Times and durations stay text.
func factOf(raw json.RawMessage) any {
	v, err := schemas.DecodeJSON(raw)
	if err != nil {
		return nil
	}
	return v
}

func retellStep(p *painter, s engine.StepStory) {
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
		p.line("    asked %d times", s.Rounds)
	}
	for _, e := range s.Effects {
		p.line("    %s", (&talker{p: p}).outcomeText(e.Outcome, e.What))
	}
	fact := factOf(s.Value)
	if rows, ok := as[[]ci.Row](fact); ok {
		retellHistory(p, rows, s.Decisions)
		return
	}
	if s.Kind != engine.EffectStep && len(s.Value) > 0 {
		for _, l := range describe(fact) {
			p.line("    = %s", l)
		}
	}
}

// retellHistory writes each row with its verdict, and the rule's row that chose it.
func retellHistory(p *painter, rows []ci.Row, decisions []engine.Decision) {
	t := newTalker(&painter{w: p.w, colored: p.colored, columns: p.columns})
	for _, d := range decisions {
		t.judged[d.Index] = d
	}
	t.judge(rows)
	for _, l := range t.picture() {
		p.line("    %s", l)
	}
	for i, r := range rows {
		d := t.decided[i]
		where := ""
		if d.Place != nil {
			where = fmt.Sprintf(" (%s:%d)", d.Place.File, d.Place.Line)
		}
		p.line("    %s  %s%s%s", shortPush(r.Push), t.strip.verdicts[i], t.why(i), where)
		for _, j := range r.Jobs {
			p.line("        %s  %s", words(j.ID, j.Type, string(j.State), string(j.Result)), j.Link)
		}
	}
}
