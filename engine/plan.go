package engine

import (
	"context"
	"slices"

	"github.com/mozci/mozci-run/sources/ci"
)

// A Plan is what a run would do to the world, and was not told to do yet.
type Plan struct {
	Run     string          `json:"run"`
	Effects []PlannedEffect `json:"effects"` // in the order in which they would happen
	After   []string        `json:"after"`   // the steps of which nothing is known before that
}

// A PlannedEffect is one step's part of a plan.
type PlannedEffect struct {
	Step         string       `json:"step"`
	Effect       string       `json:"effect"`
	Irreversible bool         `json:"irreversible"` // whether it cannot be cancelled afterwards
	Outcomes     []ci.Outcome `json:"outcomes"`     // planned, already there, or refused, each with its reason
	Whats        []string     `json:"whats"`        // one line for people for each of them
}

// planned says whether there is anything that would be done.
func planned(list []ci.Outcome) bool {
	for _, o := range list {
		if o.Status == ci.Planned {
			return true
		}
	}
	return false
}

// count is how many actions would be done.
func (p PlannedEffect) count() (n int) {
	for _, o := range p.Outcomes {
		if o.Status == ci.Planned {
			n++
		}
	}
	return n
}

// below lists the steps that follow one, in its scope and then in those around it.
func (x *execution) below() []string {
	out := []string{}
	for ; x != nil; x = x.outer {
		for i := x.index + 1; i < len(x.steps); i++ {
			out = append(out, x.scope.path+x.steps[i].ID)
		}
	}
	return out
}

// propose asks whether a plan, with one more part, is to be done. Yes holds for the rest of the run.
func (x *execution) propose(part PlannedEffect, yes, no func()) {
	c := x.c
	plan := Plan{Run: c.l.id, After: x.below(), Effects: append(slices.Clone(c.plan.Effects), part)}
	x.launch(record{Stage: "confirm"}, func(ctx context.Context, r *record) { c.confirm(ctx, r, plan) }, func(r *record) {
		switch {
		case r.Status != Succeeded:
			x.finish(r)
		case r.Yes:
			c.apply, c.deadline = true, r.Ended.Add(c.prog.Limits.Runtime)
			yes()
		default:
			c.plan = plan
			no()
		}
	})
}

// confirm is the body that asks. A run that was told to apply since does not ask.
func (c *coordinator) confirm(ctx context.Context, r *record, plan Plan) {
	if c.l.apply {
		r.Yes = true
		r.ends(Succeeded, NoCause, "told to apply")
		return
	}
	if c.l.opts.Confirm == nil {
		r.ends(Succeeded, NoCause, "")
		return
	}
	yes := make(chan bool, 1)
	go func() { yes <- c.l.opts.Confirm(plan) }()
	select {
	case r.Yes = <-yes:
		if r.Yes {
			if err := c.e.applies(ctx, c.l.id); err != nil {
				r.ends(Failed, ByMachine, err.Error())
				return
			}
		}
		r.ends(Succeeded, NoCause, "")
	case <-ctx.Done():
		r.stopped(ctx)
	}
}
