package derived

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

func TestHistory(t *testing.T) {
	none := ci.NoDecision
	rows := []struct {
		name  string
		facts string
		ask   ci.HistoryOf
		more  func(w *world)
		want  string
	}{
		{name: "a gap", facts: "F . x P", want: "F . x P"},
		{name: "as many as asked for", facts: "F . x P P P", ask: ci.HistoryOf{Depth: 3}, want: "F . x"},
		{name: "the beginning of the branch", facts: "F P", ask: ci.HistoryOf{Depth: 50}, want: "F P"},
		{name: "from a push below the newest", facts: "R F . P", ask: ci.HistoryOf{UpTo: revision(1)}, want: "F . P"},
		{name: "several jobs on a push", facts: "FFP P", want: "FFP P"},
		{name: "an emptied push", facts: "F E P", want: "F - P"},
		{name: "an author who wants no automation", facts: "F D P", want: "F - P"},
		{name: "an author who wants none, and gets a decision task that schedules nothing", facts: "F D P", want: "F - P", more: func(w *world) {
			w.unknown = []ci.Runnable{{Revision: revision(1), Decision: "d"}}
		}},
		{name: "a job shows that automation ran all the same", facts: "F DP", want: "F P"},
		{name: "DONTBUILD within a word", facts: "F . P", want: "F . P", more: func(w *world) {
			w.pushes[1].Changesets[0].Desc = "rename XDONTBUILDX"
		}},
		{name: "DONTBUILD below the tip", facts: "F . P", want: "F . P", more: func(w *world) {
			w.pushes[1].Changesets = append([]ci.Changeset{{Revision: revision(77), Desc: "DONTBUILD"}}, w.pushes[1].Changesets...)
		}},
		{name: "no decision task", facts: "F . P", want: "F - P", more: func(w *world) {
			w.unknown = []ci.Runnable{{Revision: revision(1), NotRunnable: &none}}
		}},
		{name: "a decision task there is not known, but a job", facts: "F P", want: "F P", more: func(w *world) {
			w.unknown = []ci.Runnable{{Revision: revision(1), NotRunnable: &none}}
		}},
		{name: "asked for and not seen", facts: "F . P", want: "F ? P", more: asked(1, "r1", -5*time.Minute)},
		{name: "asked for, and the lease has ended", facts: "F . P", want: "F .! P", more: asked(1, "r1", -5*time.Hour)},
		{name: "asked for again after the lease has ended", facts: "F . P", want: "F ?! P", more: func(w *world) {
			asked(1, "r1", -5*time.Hour)(w)
			asked(1, "r2", -5*time.Minute)(w)
		}},
		{name: "asked for long ago, and seen", facts: "F P P", want: "F P P", more: func(w *world) {
			asked(1, "r1", -5*time.Hour)(w)
			w.jobs[1].Request = "r1"
		}},
		{name: "asked for, and seen by its id", facts: "F R P", want: "F R P", more: func(w *world) {
			asked(1, "r1", 0)(w)
			w.jobs[1].Request = "r1"
			w.jobs[1].Submitted = nil
		}},
		{name: "asked for, and coalesced", facts: "F x P", want: "F x P", more: func(w *world) {
			asked(1, "r1", 0)(w)
			w.jobs[1].Requests = []string{"r0", "r1"}
		}},
		{name: "asked for through an action, seen by its time", facts: "F R P", want: "F R P", more: func(w *world) {
			asked(1, "action", -5*time.Minute)(w)
			w.jobs[1].Submitted = new(start.Add(56 * time.Minute))
		}},
		{name: "asked for after an earlier job had ended", facts: "F x P", want: "F x? P", more: asked(1, "action", -5*time.Minute)},
		{name: "asked for twice, seen once", facts: "F R P", want: "F R? P", more: func(w *world) {
			asked(1, "a1", -5*time.Minute)(w)
			asked(1, "a2", -4*time.Minute)(w)
			w.jobs[1].Submitted = new(start.Add(57 * time.Minute))
		}},
		{name: "a request that is seen by its id claims no other job", facts: "F RR P", want: "F RR P", more: func(w *world) {
			asked(1, "r1", -6*time.Minute)(w)
			asked(1, "action", -5*time.Minute)(w)
			w.jobs[1].Request, w.jobs[1].Submitted = "r1", new(start.Add(56*time.Minute))
			w.jobs[2].Submitted = new(start.Add(57 * time.Minute))
		}},
		{name: "asked for on another push", facts: "F . P", want: "F . P", more: asked(9, "r1", -5*time.Minute)},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			w := strip(r.facts)
			if r.more != nil {
				r.more(w)
			}
			got, err := w.history(t, r.ask)
			if err != nil {
				t.Fatal(err)
			}
			if show(got) != r.want {
				t.Errorf("got %s, want %s", show(got), r.want)
			}
		})
	}
}

// asked puts a request for the job on a push into the ledger, made at now plus ago, with a lease of an hour.
func asked(push int, id string, ago time.Duration) func(w *world) {
	return func(w *world) {
		at := start.Add(time.Hour + ago)
		w.ledger = append(w.ledger, sources.Asked{Key: sources.Key{Effect: "jobs.trigger", Branch: "autoland", Revision: revision(push), Job: label},
			Ordinal: len(w.ledger) + 1, Request: id, At: at, Until: at.Add(time.Hour)})
	}
}

func TestHistoryFailsWhole(t *testing.T) {
	down := &sources.Error{Kind: sources.ErrUnavailable, Source: "world"}
	for _, query := range []string{"pushes.range", "jobs.list", "pushes.runnable", "jobs.list+groups(2)"} {
		t.Run(query, func(t *testing.T) {
			w := strip("F P")
			w.errs[query] = down
			if rows, err := w.history(t, ci.HistoryOf{}); !errors.Is(err, sources.ErrUnavailable) || rows != nil {
				t.Errorf("got %v and %v, want no rows and an error that is ErrUnavailable", show(rows), err)
			}
		})
	}
	t.Run("ledger", func(t *testing.T) {
		w := strip("F P")
		w.errs["ledger"] = errors.New("the file is locked")
		if _, err := w.history(t, ci.HistoryOf{}); err == nil || !strings.Contains(err.Error(), "what we have asked for: the file is locked") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("nobody answers", func(t *testing.T) {
		w := strip("F P")
		w.errs["jobs.list"] = sources.ErrNotFilled
		_, err := w.history(t, ci.HistoryOf{})
		if !errors.Is(err, sources.ErrRefused) || !strings.Contains(err.Error(), "it needs jobs.list") {
			t.Errorf("got %v, want an error that names jobs.list", err)
		}
	})
}

// Whoever waits asks again what has become of jobs, and not which pushes there are below one that is known.
func TestWhatIsSettledIsNotAskedAgain(t *testing.T) {
	rows := []struct {
		ask  ci.HistoryOf
		want []string
	}{
		{ci.HistoryOf{Branch: "autoland", Job: label, UpTo: revision(0)}, []string{"jobs.list"}},
		{ci.HistoryOf{Branch: "autoland", Job: label}, []string{"pushes.range", "jobs.list"}},
	}
	for _, r := range rows {
		w := strip("R . P")
		if _, err := sources.Ask[[]ci.Row](sources.Fresh(t.Context()), w.of(t), "jobs.history", r.ask); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(r.want, w.fresh); d != "" {
			t.Errorf("up to %q: past the cache (-want +got):\n%s", r.ask.UpTo, d)
		}
	}
}

func TestHistoryRefuses(t *testing.T) {
	rows := []struct {
		name string
		ask  ci.HistoryOf
		more func(w *world)
		kind error
	}{
		{"a depth below 1", ci.HistoryOf{Depth: -1}, func(*world) {}, sources.ErrRefused},
		{"an unknown revision", ci.HistoryOf{UpTo: revision(99)}, func(*world) {}, sources.ErrNotFound},
		{"two pushes in one place", ci.HistoryOf{}, func(w *world) { w.pushes[1].Order = w.pushes[0].Order }, sources.ErrChangedFormat},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			w := strip("F P")
			r.more(w)
			if _, err := w.history(t, r.ask); !errors.Is(err, r.kind) {
				t.Errorf("got %v, want %v", err, r.kind)
			}
		})
	}
}

func TestWhatDoesNotDependIsAskedSideBySide(t *testing.T) {
	w := strip(". P")
	w.unknown = []ci.Runnable{}
	w.meet = make(chan struct{}) // jobs.list and pushes.runnable end only once both have begun
	if _, err := w.history(t, ci.HistoryOf{}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(w.calls)
	if d := cmp.Diff([]string{"jobs.list", "pushes.range", "pushes.runnable"}, w.calls); d != "" {
		t.Errorf("questions (-want +got):\n%s", d)
	}
}

func TestSameFactsSameRows(t *testing.T) {
	unraced(t)
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"F", "P", ".", "x", "R", "FP", "PF", "E", "D", "FF", "B", "xR"}), 1, 12).Draw(t, "strip")
		w := strip(strings.Join(words, " "))
		for i := range w.jobs {
			w.jobs[i].Groups = []ci.GroupResult{{Group: "m1", OK: w.jobs[i].Result == ci.Success}}
			if rapid.Bool().Draw(t, "no time") {
				w.jobs[i].Submitted = nil
			}
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "requests") {
			asked(rapid.IntRange(0, len(words)-1).Draw(t, "on"), "r"+string(rune('0'+i)), -time.Minute)(w)
		}
		ask := ci.HistoryOf{Branch: "autoland", Job: label}
		want, err := sources.Ask[[]ci.Row](t.Context(), w.of(t), "jobs.history", ask)
		if err != nil {
			t.Fatal(err)
		}
		shuffle := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		shuffle.Shuffle(len(w.jobs), func(i, k int) { w.jobs[i], w.jobs[k] = w.jobs[k], w.jobs[i] })
		shuffle.Shuffle(len(w.pushes), func(i, k int) { w.pushes[i], w.pushes[k] = w.pushes[k], w.pushes[i] })
		got, err := sources.Ask[[]ci.Row](t.Context(), w.of(t), "jobs.history", ask)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("another order of the same facts (-before +after):\n%s", d)
		}
	})
}
