package derived

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

var start = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

const label = "test-linux/opt-mochitest-3"

// world is a source with made-up facts, and the ledger beside it.
type world struct {
	pushes  []ci.Push
	jobs    []ci.Job
	ledger  []sources.Asked
	errs    map[string]error // by query
	unknown []ci.Runnable    // what pushes.runnable answers, beyond "all can"

	mu    sync.Mutex
	calls []string
	fresh []string      // of the calls, those that go past caches
	meet  chan struct{} // where set, the second round of questions waits for one another
}

func (w *world) Name() string { return "world" }

func (w *world) Asked(_ context.Context, branch, job string) ([]sources.Asked, error) {
	if err := w.errs["ledger"]; err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(w.ledger), func(a sources.Asked) bool { return job != "" && a.Key.Job != job }), nil
}

func (w *world) called(ctx context.Context, name string) error {
	w.mu.Lock()
	w.calls = append(w.calls, name)
	if sources.IsFresh(ctx) {
		w.fresh = append(w.fresh, name)
	}
	w.mu.Unlock()
	if w.meet != nil && name != "pushes.range" {
		select {
		case w.meet <- struct{}{}:
		case <-w.meet:
		case <-ctx.Done():
		}
	}
	return w.errs[name]
}

func (w *world) Queries() []sources.Query {
	list := []sources.Query{
		sources.NewQuery("pushes.range", "", func(ctx context.Context, q ci.PushRange) ([]ci.Push, error) {
			if err := w.called(ctx, "pushes.range"); err != nil {
				return nil, err
			}
			i := slices.IndexFunc(w.pushes, func(p ci.Push) bool { return p.Revision == q.UpTo })
			if q.UpTo == "" {
				i = 0
			}
			if i < 0 {
				return nil, &sources.Error{Kind: sources.ErrNotFound, Doing: "pushes.range"}
			}
			return w.pushes[i:min(i+q.Depth, len(w.pushes))], nil
		}),
		sources.NewQuery("jobs.list", "", func(ctx context.Context, q ci.JobsOn) ([]ci.Job, error) {
			name := "jobs.list"
			if q.Groups {
				name += fmt.Sprintf("+groups(%d)", len(q.Revisions))
			}
			if err := w.called(ctx, name); err != nil {
				return nil, err
			}
			var out []ci.Job
			for _, j := range w.jobs {
				if slices.Contains(q.Revisions, j.Revision) && (q.Job == "" || j.Type == q.Job || q.Chunks && ci.SameSuite(q.Job, j.Type)) {
					if !q.Groups {
						j.Groups = nil
					}
					out = append(out, j)
				}
			}
			return out, nil
		}),
	}
	if w.unknown != nil || w.errs["pushes.runnable"] != nil {
		list = append(list, sources.NewQuery("pushes.runnable", "", func(ctx context.Context, q ci.RunnableOn) ([]ci.Runnable, error) {
			return w.unknown, w.called(ctx, "pushes.runnable")
		}))
	}
	return list
}

// stopped is a clock that stands.
type stopped time.Time

func (s stopped) Now() time.Time                                   { return time.Time(s) }
func (s stopped) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// of returns the derived queries over a world, an hour after its start.
func (w *world) of(t interface {
	Helper()
	Fatal(...any)
}) *sources.Registry {
	t.Helper()
	r, err := sources.NewRegistry(w)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Add(New(r, w, stopped(start.Add(time.Hour)))); err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *world) history(t *testing.T, q ci.HistoryOf) ([]ci.Row, error) {
	t.Helper()
	q.Branch, q.Job = "autoland", label
	return sources.Ask[[]ci.Row](t.Context(), w.of(t), "jobs.history", q)
}

func revision(n int) string { return fmt.Sprintf("%06x%034d", 0xabc000+n, 0) }

// strip makes a world of pushes, newest first, by one word for each: F failed, P passed, R running, x exception, . nothing,
// E emptied, D nothing and DONTBUILD. Several letters are several jobs. Push 0 is the newest.
func strip(words string) *world {
	w := &world{errs: map[string]error{}}
	fields := strings.Fields(words)
	for i, word := range fields {
		p := ci.Push{Branch: "autoland", Revision: revision(i), ID: fmt.Sprint(1000 - i), Order: 1000 - i, Date: start, Author: "a@example.org",
			Changesets: []ci.Changeset{{Revision: revision(i), Desc: "Bug 1 - a change"}}}
		for k, c := range word {
			switch c {
			case 'E':
				p = ci.Push{Branch: "autoland", ID: p.ID, Order: p.Order, Date: start, Empty: true}
			case 'D':
				p.Changesets[0].Desc = "Bug 1 - a comment DONTBUILD"
			case '.':
			default:
				w.jobs = append(w.jobs, job(i, k, c))
			}
		}
		w.pushes = append(w.pushes, p)
	}
	return w
}

func job(push, n int, c rune) ci.Job {
	at := start.Add(-time.Duration(push)*time.Hour + time.Duration(n)*time.Minute)
	j := ci.Job{ID: fmt.Sprint(100*push + n + 1), Type: label, Branch: "autoland", Revision: revision(push), State: ci.Completed,
		Classification: ci.NotClassified, Platform: "linux", Option: "opt", Submitted: &at}
	switch c {
	case 'F':
		j.Result = ci.TestFailed
	case 'P':
		j.Result = ci.Success
	case 'B':
		j.Result = ci.Busted
	case 'x':
		j.Result = ci.Exception
	case 'R':
		j.State, j.Result = ci.Running, ci.Unknown
	default:
		panic("no such job: " + string(c))
	}
	return j
}

// show writes rows as strip reads them, with ? for requested, - for not runnable, m for by manifest, and ! for lost.
func show(rows []ci.Row) string {
	words := make([]string, len(rows))
	for i, r := range rows {
		for _, j := range r.Jobs {
			switch {
			case j.State != ci.Completed:
				words[i] += "R"
			default:
				words[i] += map[ci.Result]string{ci.Success: "P", ci.TestFailed: "F", ci.Busted: "B", ci.Exception: "x"}[j.Result]
			}
		}
		if r.Requested {
			words[i] += "?"
		}
		if r.NotRunnable != nil {
			words[i] += "-"
		}
		if words[i] == "" {
			words[i] = "."
		}
		if r.ByManifest {
			words[i] += "m"
		}
		if r.Lost > 0 {
			words[i] += "!"
		}
	}
	return strings.Join(words, " ")
}
