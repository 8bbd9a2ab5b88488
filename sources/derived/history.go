package derived

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

func (s *Source) history(ctx context.Context, q ci.HistoryOf) ([]ci.Row, error) {
	if q.Depth < 1 {
		return nil, &sources.Error{Kind: sources.ErrRefused, Doing: "jobs.history", Err: fmt.Errorf("a depth of %d has no push", q.Depth), Hint: "ask for 1 or more"}
	}
	pushes, err := s.pushes(ctx, q)
	if err != nil {
		return nil, err
	}
	k, err := s.known(ctx, q, pushes)
	if err != nil {
		return nil, err
	}
	rows := make([]ci.Row, len(pushes))
	for i, p := range pushes {
		jobs := k.jobs[p.Revision]
		open, lost := unseen(k.asked[p.Revision], jobs, s.clock.Now())
		rows[i] = ci.Row{Push: p, Jobs: jobs, Requested: open > 0, Lost: lost, NotRunnable: notRunnable(p, jobs, k.runnable)}
	}
	return s.compare(ctx, q, rows)
}

// pushes asks for the pushes of a history, newest first. Those up to a given one do not change while somebody waits for jobs.
func (s *Source) pushes(ctx context.Context, q ci.HistoryOf) ([]ci.Push, error) {
	if q.UpTo != "" {
		ctx = sources.Settled(ctx)
	}
	pushes, err := ask[[]ci.Push](ctx, s, "pushes.range", ci.PushRange{Branch: q.Branch, UpTo: q.UpTo, Depth: q.Depth, Full: true}, "jobs.history")
	if err != nil {
		return nil, err
	}
	slices.SortFunc(pushes, func(a, b ci.Push) int { return cmp.Compare(b.Order, a.Order) })
	for i := 1; i < len(pushes); i++ {
		if pushes[i].Order == pushes[i-1].Order {
			return nil, wrong("pushes.range", "two pushes have the place %d on %s", pushes[i].Order, q.Branch)
		}
	}
	if len(pushes) > q.Depth {
		return nil, wrong("pushes.range", "%d pushes were asked for, and %d came", q.Depth, len(pushes))
	}
	return pushes, nil
}

// What is known of pushes beyond themselves, by tip revision.
type known struct {
	jobs     map[string][]ci.Job
	asked    map[string][]sources.Asked
	runnable map[string]ci.Runnable // nil where nobody knows
}

// known asks side by side for all that is known of pushes.
func (s *Source) known(ctx context.Context, q ci.HistoryOf, pushes []ci.Push) (known, error) {
	var k known
	revisions := tips(pushes)
	if len(revisions) == 0 {
		return k, nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		k.jobs, err = s.jobs(ctx, ci.JobsOn{Branch: q.Branch, Revisions: revisions, Job: q.Job})
		return err
	})
	g.Go(func() (err error) {
		k.runnable, err = s.runnable(ctx, q.Branch, revisions)
		return err
	})
	g.Go(func() (err error) {
		k.asked, err = s.asked(ctx, q.Branch, q.Job)
		return err
	})
	return k, g.Wait()
}

// tips lists the revisions of the pushes that have one.
func tips(pushes []ci.Push) []string {
	var out []string
	for _, p := range pushes {
		if p.Revision != "" && !p.Empty {
			out = append(out, p.Revision)
		}
	}
	return out
}

// jobs asks for jobs and returns them by push, oldest first.
func (s *Source) jobs(ctx context.Context, q ci.JobsOn) (map[string][]ci.Job, error) {
	jobs, err := ask[[]ci.Job](ctx, s, "jobs.list", q, "jobs.history")
	if err != nil {
		return nil, err
	}
	out := make(map[string][]ci.Job, len(q.Revisions))
	for _, j := range jobs {
		if !slices.Contains(q.Revisions, j.Revision) {
			return nil, wrong("jobs.list", "job %s came, on %s, which was not asked for", j.ID, j.Revision)
		}
		if !wants(q, j) {
			return nil, wrong("jobs.list", "job %s came, of %s, where %s was asked for", j.ID, j.Type, q.Job)
		}
	}
	for _, j := range s.memory.newest(q, jobs, s.clock.Now()) {
		out[j.Revision] = append(out[j.Revision], j)
	}
	for _, list := range out {
		slices.SortFunc(list, byAge)
	}
	return out, nil
}

// byAge puts older jobs first, those without a time last, and any two in an order that does not depend on their source's.
func byAge(a, b ci.Job) int {
	at, aok := when(a)
	bt, bok := when(b)
	if aok != bok {
		return map[bool]int{true: -1, false: 1}[aok]
	}
	return cmp.Or(at.Compare(bt), cmp.Compare(a.Attempt, b.Attempt), cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
}

// runnable asks what can run; nil where nobody knows.
func (s *Source) runnable(ctx context.Context, branch string, revisions []string) (map[string]ci.Runnable, error) {
	list, err := sources.Ask[[]ci.Runnable](ctx, s.asker, "pushes.runnable", ci.RunnableOn{Branch: branch, Revisions: revisions})
	if errors.Is(err, sources.ErrNotFilled) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := make(map[string]ci.Runnable, len(list))
	for _, r := range list {
		out[r.Revision] = r
	}
	return out, nil
}

// dontBuild is how an author asks for no automation; the decision task looks for the word in the tip's message alone.
var dontBuild = regexp.MustCompile(`\bDONTBUILD\b`)

func notRunnable(p ci.Push, jobs []ci.Job, runnable map[string]ci.Runnable) *ci.NotRunnable {
	if p.Empty || p.Revision == "" {
		return new(ci.EmptyPush)
	}
	if len(jobs) > 0 {
		return nil
	}
	if r, ok := runnable[p.Revision]; ok && r.NotRunnable != nil {
		return r.NotRunnable
	}
	if n := len(p.Changesets); n > 0 && dontBuild.MatchString(p.Changesets[n-1].Desc) {
		return new(ci.DontBuild)
	}
	return nil
}
