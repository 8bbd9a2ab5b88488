package derived

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// status answers for requests of ours: the ledger knows their pushes and job types, and jobs.list the rest.
func (s *Source) status(ctx context.Context, q ci.StatusOf) ([]ci.Request, error) {
	if len(q.Requests) == 0 {
		return []ci.Request{}, nil
	}
	asked, err := s.ledger.Asked(ctx, q.Branch, "")
	if err != nil {
		return nil, fmt.Errorf("what we have asked for: %w", err)
	}
	types, err := byType(q, asked)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	found := map[string]ci.Request{}
	g, gctx := errgroup.WithContext(ctx)
	for job, list := range types {
		g.Go(func() error {
			requests, err := s.requests(gctx, q.Branch, job, list)
			mu.Lock()
			defer mu.Unlock()
			for _, r := range requests {
				found[r.ID] = r
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out := make([]ci.Request, len(q.Requests))
	for i, id := range q.Requests {
		out[i] = found[id]
	}
	return out, nil
}

// byType lists, for each job type of the wanted requests, everything that was asked for of it on the same pushes:
// a job can be told to be a request's only where all requests compete for it.
func byType(q ci.StatusOf, asked []sources.Asked) (map[string][]sources.Asked, error) {
	wanted := map[sources.Key]bool{}
	var have []string
	for _, a := range asked {
		if a.Request != "" && slices.Contains(q.Requests, a.Request) {
			wanted[a.Key] = true
			have = append(have, a.Request)
		}
	}
	for _, id := range q.Requests {
		if !slices.Contains(have, id) {
			return nil, &sources.Error{Kind: sources.ErrNotFilled, Doing: "jobs.status", Err: fmt.Errorf("request %s was not made by us", id)}
		}
	}
	out := map[string][]sources.Asked{}
	for _, a := range asked {
		if wanted[a.Key] {
			out[a.Key.Job] = append(out[a.Key.Job], a)
		}
	}
	return out, nil
}

func (s *Source) requests(ctx context.Context, branch, job string, asked []sources.Asked) ([]ci.Request, error) {
	byPush := map[string][]sources.Asked{}
	var revisions []string
	for _, a := range asked {
		if byPush[a.Key.Revision] == nil {
			revisions = append(revisions, a.Key.Revision)
		}
		byPush[a.Key.Revision] = append(byPush[a.Key.Revision], a)
	}
	jobs, err := s.jobs(ctx, ci.JobsOn{Branch: branch, Revisions: revisions, Job: job})
	if err != nil {
		return nil, err
	}
	var out []ci.Request
	for _, revision := range revisions {
		list := byPush[revision]
		for i, claimed := range claim(list, jobs[revision]) {
			out = append(out, request(list[i], jobs[revision], claimed))
		}
	}
	return out, nil
}

// request tells what has become of a request: pending while it has brought no job.
func request(a sources.Asked, jobs []ci.Job, claimed []int) ci.Request {
	r := ci.Request{ID: a.Request, Type: a.Key.Job, Branch: a.Key.Branch, Revision: a.Key.Revision, State: ci.Pending, Submitted: new(a.At)}
	for _, k := range claimed {
		r.Jobs = append(r.Jobs, jobs[k])
		r.State, r.Link = jobs[k].State, jobs[k].Link
	}
	return r
}
