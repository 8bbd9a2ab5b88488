package main

import (
	"context"
	"errors"
	"slices"

	"github.com/mozci/mozci-run/fixtures"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// standardQuestions are what every query is asked while cassettes are recorded, by query: about the newest pushes of a branch, and
// about one failure on them. Nothing is kept of what is asked to find these.
func standardQuestions(ctx context.Context, ask sources.Asker, branch string) (map[string][]fixtures.Question, error) {
	const depth = 10
	pushes, err := sources.Ask[[]ci.Push](ctx, ask, "pushes.range", ci.PushRange{Branch: branch, Depth: depth})
	if err != nil {
		return nil, err
	}
	pushes = slices.DeleteFunc(pushes, func(p ci.Push) bool { return p.Revision == "" || p.Empty })
	if len(pushes) == 0 {
		return nil, errors.New("there is no push on " + branch)
	}
	out := map[string][]fixtures.Question{}
	add := func(query string, with map[string]any) {
		with["branch"] = branch
		out[query] = append(out[query], fixtures.Question{Query: query, With: with})
	}
	newest, oldest := pushes[0].Revision, pushes[len(pushes)-1].Revision
	revisions := make([]any, len(pushes))
	for i, p := range pushes {
		revisions[i] = p.Revision
	}
	add("pushes.range", map[string]any{"depth": depth, "full": true})
	add("pushes.range", map[string]any{"upto": newest, "after": oldest})
	add("pushes.find", map[string]any{"revision": newest[:12], "full": true})
	add("pushes.backouts", map[string]any{"revision": oldest})
	add("pushes.runnable", map[string]any{"revisions": revisions})
	add("jobs.available", map[string]any{"revision": newest})
	add("tree.status", map[string]any{})
	add("events.recent", map[string]any{"pushes": 3})
	add("jobs.list", map[string]any{"revisions": revisions[:1], "groups": true})
	job, err := aFailure(ctx, ask, branch)
	if err != nil || job == nil {
		return out, err
	}
	add("jobs.list", map[string]any{"revisions": revisions, "job": job.Type, "chunks": true})
	add("jobs.failures", map[string]any{"jobs": []any{job.ID}})
	add("jobs.upstream", map[string]any{"revision": job.Revision, "job": job.Type})
	if len(job.Requests) > 0 {
		requests := make([]any, len(job.Requests))
		for i, r := range job.Requests {
			requests[i] = r
		}
		add("jobs.status", map[string]any{"requests": requests})
	}
	return out, nil
}

// aFailure is the newest failed job; nil where nothing has failed lately.
func aFailure(ctx context.Context, ask sources.Asker, branch string) (*ci.Job, error) {
	events, err := sources.Ask[[]ci.Event](ctx, ask, "events.recent", ci.EventsSince{Branch: branch, Pushes: 10})
	if errors.Is(err, sources.ErrNotFilled) {
		return nil, nil
	}
	for _, e := range events {
		if e.Job != nil && e.Job.Revision != "" {
			return e.Job, nil
		}
	}
	return nil, err
}
