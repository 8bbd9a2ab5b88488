package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// pointed makes inputs of an event that a person has pointed at. Conditions are not asked: who points, means it.
func pointed(ctx context.Context, prog *engine.Program, ev ci.Event) (map[string]any, error) {
	for _, s := range prog.Starts {
		if s.Kind != engine.OnSchedule && ev.Job != nil && ev.Push != nil {
			return startInputs(ctx, s, ev)
		}
	}
	out := map[string]any{}
	for _, in := range prog.Inputs {
		switch {
		case in.Name == "branch" && ev.Push != nil:
			out["branch"] = ev.Push.Branch
		case in.Name == "revision" && ev.Push != nil:
			out["revision"] = ev.Push.Revision
		case in.Name == "job" && ev.Job != nil:
			out["job"] = ev.Job.Type
		case in.Name == "from" && ev.Range != nil:
			out["from"] = ev.Range.From
		case in.Name == "to" && ev.Range != nil:
			out["to"] = ev.Range.To
		}
	}
	return out, nil
}

func startInputs(ctx context.Context, s engine.Start, ev ci.Event) (map[string]any, error) {
	if s.Inputs == nil {
		return map[string]any{}, nil
	}
	v, err := s.Inputs.Eval(ctx, eventVars(ev))
	if err != nil {
		return nil, fmt.Errorf("%s:%d: inputs of an event: %w", s.Place.File, s.Place.Line, err)
	}
	m, _ := v.(map[string]any)
	return m, nil
}

func eventVars(ev ci.Event) map[string]any {
	return map[string]any{"event": schemas.TypeOf[ci.Event]().Fact(ev)}
}

// hasEvents says whether there are events that start the program.
func hasEvents(prog *engine.Program) bool {
	return slices.ContainsFunc(prog.Starts, func(s engine.Start) bool { return s.Kind != engine.OnSchedule })
}

// newest finds the newest event on a branch that starts the program, and the inputs that it gives.
func newest(ctx context.Context, r *sources.Registry, prog *engine.Program, branch string) (ci.Event, map[string]any, error) {
	var none ci.Event
	if !hasEvents(prog) {
		return none, nil, usage("give its inputs with -i name=value", "%s does not say under on which events start it", prog.Name)
	}
	if branch == "" {
		return none, nil, usage("give -i branch=NAME", "the newest failure is one of a branch, and none is named")
	}
	events, err := sources.Ask[[]ci.Event](ctx, r, "events.recent", ci.EventsSince{Branch: branch})
	if err != nil {
		return none, nil, err
	}
	for _, ev := range events {
		if ev.Job == nil || ev.Push == nil || !wanted(prog, ev) {
			continue
		}
		for _, s := range prog.Starts {
			ok, err := starts(ctx, s, ev)
			if err != nil {
				return none, nil, err
			}
			if ok {
				inputs, err := startInputs(ctx, s, ev)
				return ev, inputs, err
			}
		}
	}
	return none, nil, usage("give a link, or inputs with -i name=value", "of the %s on the last pushes of %s, none starts %s", count(len(events), "event", "events"), branch, prog.Name)
}

// wanted leaves out what a backfill has made, what a person has classified and what is backed out already, unless the
// program includes it.
func wanted(prog *engine.Program, ev ci.Event) bool {
	unclassified := []ci.Classification{ci.NotClassified, ci.NewFailure}
	switch {
	case (ev.Backfill || ev.Job.Backfill) && !slices.Contains(prog.Include, "backfills"),
		!slices.Contains(unclassified, ev.Job.Classification) && !slices.Contains(prog.Include, "classified"),
		ev.BackedOut && !slices.Contains(prog.Include, "backed_out"):
		return false
	}
	return true
}

// starts says whether an event is one of those that a start waits for.
func starts(ctx context.Context, s engine.Start, ev ci.Event) (bool, error) {
	ended := ev.Job.State == ci.Completed
	switch s.Kind {
	case engine.OnSchedule:
		return false, nil
	case engine.OnFailure:
		ended = hasFailed(*ev.Job)
	}
	if !ended || s.If == nil {
		return ended, nil
	}
	v, err := s.If.Eval(ctx, eventVars(ev))
	if err != nil {
		return false, fmt.Errorf("%s:%d: if of an event: %w", s.Place.File, s.Place.Line, err)
	}
	return v == true, nil
}
