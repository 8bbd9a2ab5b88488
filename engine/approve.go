package engine

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/mozci/mozci-run/schemas"
)

// beginApprove waits for a person. In a run that does no effects it is a part of the plan, and waits for nobody.
func (x *execution) beginApprove() {
	vars, apply := maps.Clone(x.vars), x.c.apply
	if apply {
		x.launch(record{}, func(ctx context.Context, r *record) { x.approve(ctx, r, vars) }, x.finish)
		return
	}
	x.launch(record{Stage: "in"}, func(ctx context.Context, r *record) {
		if !x.condition(ctx, r, vars) {
			return
		}
		message, err := x.approval(ctx, vars)
		if err != nil {
			r.fails(err)
			return
		}
		r.ends(Running, NoCause, message)
	}, func(r *record) {
		if r.Status != Running {
			x.finish(r)
			return
		}
		x.propose(PlannedEffect{Step: x.path, Effect: "approve", Whats: []string{r.Reason}}, func() {
			x.launch(record{}, func(ctx context.Context, r *record) { x.approve(ctx, r, vars) }, x.finish)
		}, func() {
			x.launch(record{Stage: "end"}, func(_ context.Context, r *record) { r.ends(Planned, ByPlan, "planned: asks a person") }, x.finish)
		})
	})
}

func (x *execution) approval(ctx context.Context, vars map[string]any) (string, error) {
	if x.step.Approve.Message == nil {
		return "may it go on?", nil
	}
	m, err := x.step.Approve.Message.Eval(ctx, vars)
	return fmt.Sprint(m), err
}

// approve looks at the row of its approval until there is one.
func (x *execution) approve(ctx context.Context, r *record, vars map[string]any) {
	if !x.condition(ctx, r, vars) {
		return
	}
	message, err := x.approval(ctx, vars)
	if err != nil {
		r.fails(err)
		return
	}
	var late time.Time
	if x.step.Approve.Timeout > 0 {
		late = r.Began.Add(x.step.Approve.Timeout)
	}
	said := Event{Kind: Waiting, Time: r.Began, Step: r.Step, What: fmt.Sprintf("waits for a person: %s (mozci-run runs approve %s)", message, x.c.l.id)}
	if !late.IsZero() {
		said.Until = &late
	}
	x.c.emit(said)
	for {
		person, yes, found, err := x.c.e.approved(ctx, x.c.l.id, x.path)
		switch {
		case r.stopped(ctx):
			return
		case err != nil:
			r.fails(err)
			return
		case found && !yes:
			r.ends(Incomplete, ByApproval, person+" said no: "+message)
			return
		case found:
			r.Yes = true
			x.conclude(ctx, r, vars, x.answer(person, x.c.now()))
			return
		case !late.IsZero() && !x.c.now().Before(late):
			r.ends(Incomplete, ByApproval, fmt.Sprintf("nobody has said yes or no within %s: %s", x.step.Approve.Timeout, message))
			return
		}
		x.c.pause(ctx)
	}
}

// answer is the step's value, as far as its type has members for it: whether, by whom, when.
func (x *execution) answer(person string, at time.Time) any {
	all := map[string]any{"approved": true, "by": person, "at": at}
	t := x.step.Type
	switch {
	case t == nil:
		return all
	case t.Kind == schemas.Bool:
		return true
	case t.Kind != schemas.Object:
		return person
	}
	out := map[string]any{}
	for _, f := range t.Fields {
		if v, ok := all[f.Name]; ok {
			out[f.Name] = v
		}
	}
	return out
}

func (e *Engine) approved(ctx context.Context, run, step string) (person string, yes, found bool, err error) {
	err = e.store.rows(ctx, e.store.db, func(r row) error {
		n := 0
		found = true
		err := r.Scan(&n, &person)
		yes = n == 1
		return err
	}, `SELECT yes, person FROM mozci_approvals WHERE run = ?1 AND step = ?2`, run, step)
	return person, yes, found, err
}
