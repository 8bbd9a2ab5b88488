package taskcluster

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A triggerer performs jobs.trigger.
type triggerer struct{ firer }

func trigger(c *Client) triggerer { return triggerer{firer{c}} }

var _ sources.Effector[ci.Trigger] = triggerer{}

// Units makes one unit for each revision. See the package essay.
func (t triggerer) Units(ctx context.Context, q ci.Trigger) ([]sources.Unit, error) {
	if err := t.c.checkAsked("jobs.trigger", q.Branch, q.Job, q.Revisions); err != nil {
		return nil, err
	}
	like := later(func() (map[string]any, error) { return t.c.like(ctx, q) })
	p := &planner{c: t.c}
	defer p.know(ctx)()
	blank := sources.Unit{Key: sources.Key{Base: t.c.base(), Effect: "jobs.trigger", Branch: q.Branch, Job: q.Job}, Want: max(q.Total, 1), Count: true,
		Manifests: q.Manifests}
	units, err := t.c.units(ctx, blank, q.Revisions, func(ctx context.Context, revision string) (firing, error) {
		o, err := t.c.offer(ctx, q.Branch, revision, q.Job)
		if err != nil {
			return firing{}, err
		}
		given, err := like()
		if err != nil {
			return firing{}, err
		}
		wishes, err := t.c.triggerWishes(ctx, o, q.Job, revision, given)
		if err != nil {
			return firing{}, err
		}
		return p.settle(ctx, o, wishes)
	})
	if _, wrong := like(); wrong != nil {
		return nil, wrong
	}
	return units, err
}

// triggerWishes are the ways in which a job can be made to run on a push: with the manifests of another task where one is
// given, otherwise by its label.
func (c *Client) triggerWishes(ctx context.Context, o offer, job, revision string, like map[string]any) ([]wish, error) {
	known, err := c.has(ctx, o, []string{job})
	if err != nil {
		return nil, err
	}
	var wishes []wish
	if like != nil {
		fits := known
		if !fits {
			if fits, err = c.has(ctx, o, chunkless(job)); err != nil {
				return nil, err
			}
		}
		if fits {
			checked := maps.Clone(like)
			delete(checked, manifests) // see likeOf
			wishes = append(wishes, wish{action: "backfill-task", input: like, checked: checked})
		}
	}
	if known {
		wishes = append(wishes, wish{action: "add-new-jobs", input: addInput(job)})
	}
	if len(wishes) == 0 {
		return nil, reasonf("%s cannot run on %s: its task graph has no such label", job, shortRevision(revision))
	}
	return wishes, nil
}

func addInput(job string) map[string]any {
	return map[string]any{"tasks": []any{job}, "times": 1}
}

// numbered is a label of a chunk.
var numbered = regexp.MustCompile(`^(.+)-[0-9]+$`)

// chunkless are the labels under which the tree's own backfill runs a chunk that a push has not: the label without a
// number, or chunk 1.
func chunkless(job string) []string {
	if m := numbered.FindStringSubmatch(job); m != nil {
		return []string{m[1], m[1] + "-1"}
	}
	return nil
}

// manifests is the member of backfill-task's input that holds the manifests to run.
const manifests = "test_manifests"

// like is the input of the action backfill-task that runs the manifests of a given task; nil where none is given, or where it
// was not scheduled by manifests, so that its label says everything.
func (c *Client) like(ctx context.Context, q ci.Trigger) (map[string]any, error) {
	if q.Like == "" {
		return nil, nil
	}
	t, err := c.task(ctx, q.Like)
	if err != nil {
		return nil, err
	}
	if !ci.SameSuite(t.label(), q.Job) {
		return nil, refused("jobs.trigger", fmt.Errorf("task %s is a %s, not a %s", q.Like, t.label(), q.Job), "like wants a request of the same job type, or of another chunk of its suite")
	}
	return likeOf(t, q.Job), nil
}

// likeOf reads the manifests of a task, to run them under a label of its suite. They are handed on as the task has them, an object from suite to manifests, as the
// tree's own backfill does: its schema says a list, which no test harness could read.
func likeOf(t task, label string) map[string]any {
	text, _ := t.Payload.Env["MOZHARNESS_TEST_PATHS"].(string)
	var paths map[string]any
	if text == "" || json.Unmarshal([]byte(text), &paths) != nil || len(paths) == 0 || t.Extra.Treeherder == nil {
		return nil
	}
	_, revision, _ := t.push()
	return map[string]any{
		"label": label, "revision": revision, "symbol": t.Extra.Treeherder.Symbol, "times": 1, "retrigger": true, manifests: paths,
	}
}
