package derived

import (
	"context"
	"testing"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// moving is a clock that the test moves.
type moving struct{ now time.Time }

func (m *moving) Now() time.Time                                   { return m.now }
func (m *moving) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// An answer that is older than one already seen is no news.
func TestAnOlderAnswerUndoesNothing(t *testing.T) {
	rows := []struct {
		name  string
		facts string
		next  func(w *world)
		after time.Duration
		want  string
	}{
		{"a job that ran was never there", "F R P", gone, time.Minute, "F R P"},
		{"a job that had ended was never there", "F P P", gone, time.Minute, "F P P"},
		{"a job that had ended is running again", "F P P", func(w *world) { w.jobs[1].State, w.jobs[1].Result = ci.Running, ci.Unknown }, time.Minute, "F P P"},
		{"it runs again for so long that it has been started anew", "F P P", func(w *world) { w.jobs[1].State, w.jobs[1].Result = ci.Running, ci.Unknown }, time.Hour, "F R P"},
		{"a job goes on", "F R P", func(w *world) { w.jobs[1].State, w.jobs[1].Result = ci.Completed, ci.Success }, time.Minute, "F P P"},
		{"a job that had ended is said to have ended otherwise", "F P P", func(w *world) { w.jobs[1].Result = ci.Exception }, time.Minute, "F x P"},
		{"a further job beside it", "F x P", func(w *world) { w.jobs = append(w.jobs, job(1, 5, 'R')) }, time.Minute, "F xR P"},
		{"what is gone for long is gone", "F R P", gone, time.Hour, "F . P"},
		{"another job of its request came in its place", "F R P", func(w *world) {
			w.jobs[1].ID, w.jobs[1].Requests, w.jobs[1].Result, w.jobs[1].State = "build-7", []string{"q1"}, ci.Success, ci.Completed
		}, time.Minute, "F P P"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			w := strip(r.facts)
			w.jobs[1].Request = "q1"
			clock := &moving{start}
			reg, err := sources.NewRegistry(w)
			if err != nil {
				t.Fatal(err)
			}
			if err := reg.Add(New(reg, w, clock)); err != nil {
				t.Fatal(err)
			}
			ask := func() string {
				got, err := sources.Ask[[]ci.Row](t.Context(), reg, "jobs.history", ci.HistoryOf{Branch: "autoland", Job: label})
				if err != nil {
					t.Fatal(err)
				}
				return show(got)
			}
			if got := ask(); got != r.facts {
				t.Fatalf("at first: got %s, want %s", got, r.facts)
			}
			r.next(w)
			clock.now = clock.now.Add(r.after)
			if got := ask(); got != r.want {
				t.Errorf("got %s, want %s", got, r.want)
			}
		})
	}
}

// gone takes the job of push 1 away.
func gone(w *world) { w.jobs = append(w.jobs[:1], w.jobs[2:]...) }

func TestAnOlderAnswerWithoutManifests(t *testing.T) {
	w := strip(". . .").ran(0, 3, 'F', "b!").ran(1, 3, 'P', "a").ran(2, 3, 'P', "b")
	reg := w.of(t)
	for _, when := range []string{"at first", "without results by manifest"} {
		got, err := sources.Ask[[]ci.Row](t.Context(), reg, "jobs.history", ci.HistoryOf{Branch: "autoland", Job: label})
		if err != nil {
			t.Fatal(err)
		}
		if show(got) != "Fm .m Pm" {
			t.Errorf("%s: %s", when, show(got))
		}
		w.jobs[1].Groups = nil
	}
}
