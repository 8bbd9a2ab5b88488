package workflowtest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// Effects are those of the real catalog. They are done by writing them down.
func (f *facts) Effects() []sources.Effect {
	var out []sources.Effect
	for _, name := range f.cat.EffectNames() {
		e, _, _ := f.cat.Effect(name)
		if make := standIns[name]; make != nil {
			out = append(out, make(f, e.Doc))
		}
	}
	return out
}

// standIns split what a step asks for as the adapters do.
var standIns = map[string]func(f *facts, doc string) sources.Effect{
	"jobs.trigger": standIn("jobs.trigger", func(in ci.Trigger) (units []sources.Unit) {
		for _, rev := range in.Revisions {
			u := unit("jobs.trigger", in.Branch, rev, in.Job, in.Total, true)
			u.Manifests = in.Manifests
			units = append(units, u)
		}
		return units
	}),
	"jobs.retrigger": standIn("jobs.retrigger", func(in ci.Retrigger) (units []sources.Unit) {
		for _, rev := range in.Revisions {
			u := unit("jobs.retrigger", in.Branch, rev, in.Job, 0, true)
			u.More = in.Add
			units = append(units, u)
		}
		return units
	}),
	"jobs.cancel": standIn("jobs.cancel", func(in ci.Cancel) (units []sources.Unit) {
		for _, id := range in.Requests {
			units = append(units, unit("jobs.cancel", in.Branch, "", id, 1, false))
		}
		return units
	}),
	"jobs.classify": standIn("jobs.classify", func(in ci.Classify) (units []sources.Unit) {
		for _, id := range in.Jobs {
			units = append(units, unit("jobs.classify", in.Branch, "", id+" "+string(in.Classification), 1, false))
		}
		return units
	}),
	"notify.webhook": standIn("notify.webhook", func(in ci.Notice) []sources.Unit {
		per := in.OncePer
		if per == "" {
			per = in.Text
		}
		return []sources.Unit{unit("notify.webhook", "", "", per, 1, false)}
	}),
}

func unit(effect, branch, revision, job string, want int, count bool) sources.Unit {
	what := job
	if revision != "" {
		what += " on " + revision
	}
	return sources.Unit{Key: sources.Key{Base: "test:", Effect: effect, Branch: branch, Revision: revision, Job: job}, Want: want, Count: count, What: what}
}

func standIn[In any](name string, split func(In) []sources.Unit) func(*facts, string) sources.Effect {
	return func(f *facts, doc string) sources.Effect { return sources.NewEffect(name, doc, effector[In]{f, split}) }
}

// An effector writes down what it is asked to do.
type effector[In any] struct {
	f     *facts
	split func(In) []sources.Unit
}

// Units splits.
func (e effector[In]) Units(_ context.Context, in In) ([]sources.Unit, error) {
	units := e.split(in)
	text, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	for i := range units {
		units[i].In = string(text)
	}
	return units, nil
}

// Do writes down.
func (e effector[In]) Do(ctx context.Context, u sources.Unit, ordinal int) (sources.Receipt, error) {
	e.f.mu.Lock()
	dead := e.f.dead
	e.f.made++
	n := e.f.made
	e.f.mu.Unlock()
	if dead {
		<-ctx.Done()
		return sources.Receipt{}, context.Cause(ctx)
	}
	return sources.Receipt{Request: fmt.Sprintf("request-%d", n)}, nil
}

// Find finds nothing, and that is certain: what was done is in the ledger.
func (e effector[In]) Find(context.Context, sources.Unit, int, time.Time) (sources.Finding, error) {
	return sources.Finding{Presence: sources.Absent}, nil
}

// Terms are those of a service that shows everything at once.
func (e effector[In]) Terms() sources.Terms {
	return sources.Terms{Base: "test:", Conclusive: true, Lease: time.Hour}
}

var _ sources.Actor = (*facts)(nil)
