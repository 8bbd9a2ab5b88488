package derived

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A Source answers queries out of other queries. It belongs at the end of a profile.
type Source struct {
	asker  sources.Asker
	ledger sources.Ledger
	clock  sources.Clock
	memory memory
}

var _ sources.Source = (*Source)(nil)

// New returns the derived queries over asker, usually the registry that they are put into. The ledger says what we have
// asked for, the clock when a request's lease ends.
func New(asker sources.Asker, ledger sources.Ledger, clock sources.Clock) *Source {
	return &Source{asker: asker, ledger: ledger, clock: clock}
}

// Name is derived.
func (s *Source) Name() string { return "derived" }

// Queries lists jobs.history, jobs.status and events.recent, each with what it is made of.
func (s *Source) Queries() []sources.Query {
	return []sources.Query{
		sources.NewQuery("jobs.history", "the pushes of a branch with their jobs of one type, newest first", s.history).Of(
			sources.Part{Query: "pushes.range", Decides: []string{"[].order", "[].revision", "[].empty", "[].changesets", "[].changesets[].desc"}},
			sources.Part{Query: "jobs.list", Decides: append(ageOfJobs, "[].request", "[].requests", "[].type",
				"[].state", "[].result", "[].platform", "[].option", "[].groups", "[].groups[].group", "[].groups[].ok")},
			sources.Part{Query: "pushes.runnable", Decides: []string{"[].revision", "[].not_runnable"}}),
		sources.NewQuery("jobs.status", "what has become of given requests, in their order", s.status).Of(
			sources.Part{Query: "jobs.list", Decides: append(ageOfJobs, "[].request", "[].requests", "[].type", "[].state", "[].link")}),
		sources.NewQuery("events.recent", "the jobs that have ended on the last pushes of a branch, newest first", s.events).Of(
			sources.Part{Query: "pushes.range", Decides: []string{"[].order", "[].revision", "[].empty", "[].changesets", "[].changesets[].revision", "[].changesets[].backs_out"}},
			sources.Part{Query: "jobs.list", Decides: append(ageOfJobs, "[].state", "[].backfill", "[].link")}),
	}
}

// ageOfJobs is what tells which jobs are a push's, and which of them is older.
var ageOfJobs = []string{"[].revision", "[].submitted", "[].started", "[].ended", "[].attempt", "[].id"}

// ask asks another query on behalf of one of ours. That nobody answers it is an error of the profile.
func ask[Out, In any](ctx context.Context, s *Source, name string, in In, onBehalf string) (Out, error) {
	out, err := sources.Ask[Out](ctx, s.asker, name, in)
	if errors.Is(err, sources.ErrNotFilled) {
		err = &sources.Error{Kind: sources.ErrRefused, Doing: onBehalf, Err: fmt.Errorf("it needs %s: %s", name, err),
			Hint: "mozci-run sources list shows what this profile can be asked"}
	}
	return out, err
}

func wrong(query, format string, args ...any) error {
	return &sources.Error{Kind: sources.ErrChangedFormat, Doing: query, Err: fmt.Errorf(format, args...)}
}

// when is the first of a job's times that is known, and whether any is.
func when(j ci.Job) (time.Time, bool) {
	for _, t := range []*time.Time{j.Submitted, j.Started, j.Ended} {
		if t != nil {
			return *t, true
		}
	}
	return time.Time{}, false
}
