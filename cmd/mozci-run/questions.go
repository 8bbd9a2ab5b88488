package main

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"github.com/mozci/mozci-run/fixtures"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// questions are what sources are asked while cassettes are recorded, by the names of queries and effects, each under one name.
type questions map[string][]fixtures.Question

func (q questions) ask(query string, with map[string]any) {
	q[query] = append(q[query], fixtures.Question{Query: query, With: with})
}

// standardQuestions are what every query is asked while cassettes are recorded: about the newest pushes of a branch, about
// one failure on them, and about a branch that there is not. Nothing is kept of what is asked to find these.
func standardQuestions(ctx context.Context, ask sources.Asker, branch string) (questions, error) {
	const depth = 10
	pushes, err := sources.Ask[[]ci.Push](ctx, ask, "pushes.range", ci.PushRange{Branch: branch, Depth: depth})
	if err != nil {
		return nil, err
	}
	pushes = slices.DeleteFunc(pushes, func(p ci.Push) bool { return p.Revision == "" || p.Empty })
	if len(pushes) == 0 {
		return nil, usage("the profile names the branch that is asked about: inputs: {branch: autoland}", "there is no push on %s", branch)
	}
	out := questions{}
	add := func(query string, with map[string]any) {
		with["branch"] = branch
		out.ask(query, with)
	}
	newest, oldest := pushes[0].Revision, pushes[len(pushes)-1].Revision
	revisions := make([]any, len(pushes))
	for i, p := range pushes {
		revisions[i] = p.Revision
	}
	add("pushes.range", map[string]any{"depth": depth, "full": true})
	add("pushes.range", map[string]any{"upto": newest, "after": oldest})
	add("pushes.range", map[string]any{"depth": 2*depth + 1, "full": true}) // more than a page
	add("pushes.find", map[string]any{"revision": newest[:12], "full": true})
	out["pushes.find"] = append(out["pushes.find"], fixtures.Question{Query: "pushes.find", Ends: sources.ErrNotFound.Error(),
		With: map[string]any{"branch": "no-such-branch", "revision": newest}})
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
	for _, link := range []string{pushes[0].Link, job.Link, byID(job)} {
		out[fixtures.LinkQuestion] = append(out[fixtures.LinkQuestion], fixtures.Question{Link: link})
	}
	return out, nil
}

// byID is a link to a job as Treeherder's pages wrote it once, and people still have it; empty where the job's link is none of Treeherder's.
func byID(job *ci.Job) string {
	u, err := url.Parse(job.Link)
	if err != nil || !u.Query().Has("selectedTaskRun") {
		return ""
	}
	u.RawQuery = url.Values{"repo": {u.Query().Get("repo")}, "selectedJob": {job.ID}}.Encode()
	return u.String()
}

// standardEffects are what is done while a simulated CI is recorded: about one failure.
func standardEffects(ctx context.Context, ask sources.Asker, branch string) (questions, error) {
	job, err := aFailure(ctx, ask, branch)
	if err != nil || job == nil {
		return nil, err
	}
	out := questions{}
	add := func(effect string, with map[string]any) {
		with["branch"] = branch
		out[effect] = append(out[effect], fixtures.Question{Effect: effect, With: with})
	}
	add("jobs.trigger", map[string]any{"job": job.Type, "revisions": []any{job.Revision}})
	add("jobs.retrigger", map[string]any{"job": job.Type, "revisions": []any{job.Revision}, "add": 2}) // the second sees what came of the first
	request, err := anUnfinished(ctx, ask, branch)
	if err != nil {
		return nil, err
	}
	if request != "" {
		add("jobs.cancel", map[string]any{"requests": []any{request}})
	}
	add("jobs.classify", map[string]any{"jobs": []any{job.ID}, "classification": string(ci.ClassIntermittent), "text": "seen before"})
	return out, nil
}

// anUnfinished is a request on the newest pushes whose job has not ended; empty where there is none.
func anUnfinished(ctx context.Context, ask sources.Asker, branch string) (string, error) {
	pushes, err := sources.Ask[[]ci.Push](ctx, ask, "pushes.range", ci.PushRange{Branch: branch, Depth: 10})
	if err != nil {
		return "", err
	}
	var revisions []string
	for _, p := range pushes {
		if p.Revision != "" && !p.Empty {
			revisions = append(revisions, p.Revision)
		}
	}
	jobs, err := sources.Ask[[]ci.Job](ctx, ask, "jobs.list", ci.JobsOn{Branch: branch, Revisions: revisions})
	for _, j := range jobs {
		if j.State != ci.Completed && j.Request != "" {
			return j.Request, nil
		}
	}
	return "", err
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
