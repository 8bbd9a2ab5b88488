package derived

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// events lists the completed jobs of the last pushes, the last that ended first; those without a time last.
func (s *Source) events(ctx context.Context, q ci.EventsSince) ([]ci.Event, error) {
	if q.Pushes < 1 {
		return nil, &sources.Error{Kind: sources.ErrRefused, Doing: "events.recent", Err: fmt.Errorf("%d pushes have no events", q.Pushes), Hint: "ask for 1 or more"}
	}
	pushes, err := s.pushes(ctx, ci.HistoryOf{Branch: q.Branch, Depth: q.Pushes})
	if err != nil {
		return nil, err
	}
	revisions := tips(pushes)
	if len(revisions) == 0 {
		return []ci.Event{}, nil
	}
	jobs, err := s.jobs(ctx, ci.JobsOn{Branch: q.Branch, Revisions: revisions})
	if err != nil {
		return nil, err
	}
	out := []ci.Event{}
	for _, p := range pushes {
		out = append(out, ended(p, jobs[p.Revision], backedOut(p, pushes))...)
	}
	slices.SortStableFunc(out, lastFirst)
	return out, nil
}

func ended(p ci.Push, jobs []ci.Job, backedOut bool) []ci.Event {
	var out []ci.Event
	for _, j := range jobs {
		if j.State == ci.Completed {
			out = append(out, ci.Event{Kind: ci.JobEvent, Push: &p, Job: &j, Backfill: j.Backfill, BackedOut: backedOut, Link: j.Link})
		}
	}
	return out
}

func lastFirst(a, b ci.Event) int {
	at, bt := time.Time{}, time.Time{}
	if a.Job.Ended != nil {
		at = *a.Job.Ended
	}
	if b.Job.Ended != nil {
		bt = *b.Job.Ended
	}
	return bt.Compare(at)
}

// backedOut says whether another of the pushes backs a changeset of p out. Messages name revisions by 12 digits or more.
func backedOut(p ci.Push, pushes []ci.Push) bool {
	for _, later := range pushes {
		for _, c := range later.Changesets {
			for _, out := range c.BacksOut {
				if len(out) >= 12 && slices.ContainsFunc(p.Changesets, func(c ci.Changeset) bool { return strings.HasPrefix(c.Revision, out) }) {
					return true
				}
			}
		}
	}
	return false
}
