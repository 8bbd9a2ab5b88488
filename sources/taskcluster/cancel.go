package taskcluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A canceller performs jobs.cancel: by the queue where our credentials may, otherwise by the action cancel.
type canceller struct{ c *Client }

var _ sources.Effector[ci.Cancel] = canceller{}

// Terms of a cancel: the queue shows it at once, the action after its task has run.
func (x canceller) Terms() sources.Terms {
	return sources.Terms{Base: x.c.base(), Conclusive: false, Settling: 10 * time.Minute, Lease: 30 * time.Minute, Deadline: time.Minute, Irreversible: true}
}

// Units makes one unit for each task. One that has ended is refused, with how it ended.
func (x canceller) Units(ctx context.Context, q ci.Cancel) ([]sources.Unit, error) {
	for _, id := range q.Requests {
		if err := wantTaskID(id); err != nil {
			return nil, err
		}
	}
	p := &planner{c: x.c}
	return sideBySide(ctx, q.Requests, func(ctx context.Context, id string) (sources.Unit, error) {
		u := sources.Unit{Key: sources.Key{Base: x.c.base(), Effect: "jobs.cancel", Branch: q.Branch, Job: id}, What: "task " + id, In: firing{}.fact()}
		m, err := x.c.member(sources.Fresh(ctx), id)
		switch {
		case isNotFound(err):
			u.Refusal = "there is no task " + id
			return u, nil
		case err != nil:
			return u, err
		}
		_, u.Key.Revision, _ = m.Task.push()
		u.What = fmt.Sprintf("%s (task %s)", m.Task.label(), id)
		if how := ended(m.Status); how != "" {
			u.Refusal = "it has ended already: " + how
			return u, nil
		}
		f, err := x.action(ctx, p, id, m.Task)
		u.In = f.fact()
		return u, err
	})
}

// action makes ready the action cancel of the task's group, for those whose credentials may not cancel at the queue. A push
// that does not offer it leaves the queue as the only way.
func (x canceller) action(ctx context.Context, p *planner, id string, t task) (firing, error) {
	plain := firing{Task: id}
	if !IsTaskID(t.TaskGroupID) {
		return plain, nil
	}
	var r reason
	o, err := x.c.offerOf(ctx, t.TaskGroupID, "")
	if err == nil {
		var f firing
		if f, err = p.settle(ctx, o, []wish{{action: "cancel", task: id, tags: t.Tags}}); err == nil {
			return f, nil
		}
	}
	if errors.As(err, &r) || errors.Is(err, sources.ErrUnauthorised) {
		return plain, nil
	}
	return plain, err
}

// ended says how a task ended; empty where it has not.
func ended(s status) string {
	if states[s.State] != ci.Completed {
		return ""
	}
	if n := len(s.Runs); s.State == "exception" && n > 0 {
		return s.Runs[n-1].ReasonResolved
	}
	return s.State
}

// Do cancels one task.
func (x canceller) Do(ctx context.Context, u sources.Unit, ordinal int) (sources.Receipt, error) {
	f, err := bindFiring(u)
	if err != nil {
		return sources.Receipt{}, err
	}
	if err := wantTaskID(f.Task); err != nil {
		return sources.Receipt{}, err
	}
	if err := x.c.mayAct(); err != nil {
		return sources.Receipt{}, err
	}
	a, err := ask[statusAnswer](ctx, x.c, call{ep: epCancel, args: []string{f.Task}, doing: "cancel task " + f.Task, sign: true})
	if lacksScopes(err) && f.Hook != "" {
		if _, err := x.c.fire(ctx, f, u.Key.Token(ordinal)); err != nil {
			return sources.Receipt{}, err
		}
		return x.c.receipt(f.Task, false), nil
	}
	if errors.Is(err, sources.ErrConflict) { // its deadline has passed: that is the queue's only conflict here
		return sources.Receipt{}, refused("cancel task "+f.Task, err, "the service ends such a task by itself, within minutes")
	}
	if err != nil {
		return sources.Receipt{}, open(err)
	}
	if how := ended(a.Status); how != "canceled" { // a task that has ended is answered unchanged
		return x.c.receipt(f.Task, true), nil
	}
	return x.c.receipt(f.Task, false), nil
}

// Find looks whether the task has ended: then there is nothing left to cancel, whoever did it.
func (x canceller) Find(ctx context.Context, u sources.Unit, _ int, _ time.Time) (sources.Finding, error) {
	f, err := bindFiring(u)
	if err != nil {
		return sources.Finding{}, err
	}
	s, err := x.c.statusOf(sources.Fresh(ctx), f.Task)
	if err != nil {
		return sources.Finding{Presence: sources.CannotTell}, err
	}
	how := ended(s)
	if how == "" {
		return sources.Finding{Presence: sources.Absent}, nil
	}
	return sources.Finding{Presence: sources.Found, Receipt: x.c.receipt(f.Task, how != "canceled")}, nil
}
