package taskcluster

import (
	"context"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A retriggerer performs jobs.retrigger.
type retriggerer struct{ firer }

func retrigger(c *Client) retriggerer { return retriggerer{firer{c}} }

var _ sources.Effector[ci.Retrigger] = retriggerer{}

// Units makes one unit for each revision, of as many ordinals as further jobs are wanted.
func (t retriggerer) Units(ctx context.Context, q ci.Retrigger) ([]sources.Unit, error) {
	if err := t.c.checkAsked("jobs.retrigger", q.Branch, q.Job, q.Revisions); err != nil {
		return nil, err
	}
	p := &planner{c: t.c}
	defer p.know(ctx)()
	blank := sources.Unit{Key: sources.Key{Base: t.c.base(), Effect: "jobs.retrigger", Branch: q.Branch, Job: q.Job}, More: max(q.Add, 1)}
	return t.c.units(ctx, blank, q.Revisions, func(ctx context.Context, revision string) (firing, error) {
		o, err := t.c.offer(ctx, q.Branch, revision, q.Job)
		if err != nil {
			return firing{}, err
		}
		known, err := t.c.has(ctx, o, []string{q.Job})
		if err != nil {
			return firing{}, err
		}
		if !known {
			return firing{}, reasonf("%s cannot run on %s: its task graph has no such label", q.Job, shortRevision(revision))
		}
		var wishes []wish
		if _, ran := o.labels[q.Job]; ran { // it takes only what the decision task has made
			wishes = append(wishes, wish{action: "retrigger-multiple", input: againInput(q.Job)})
		}
		return p.settle(ctx, o, append(wishes, wish{action: "add-new-jobs", input: addInput(q.Job)}))
	})
}

func againInput(job string) map[string]any {
	return map[string]any{"requests": []any{map[string]any{"tasks": []any{job}, "times": 1}}}
}
