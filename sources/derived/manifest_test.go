package derived

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mozci/mozci-run/sources/ci"
)

// ran says what manifests a job ran: "a b!" ran a and b, and b failed. chunk is the number at the end of its type.
func (w *world) ran(push, chunk int, c rune, manifests string) *world {
	j := job(push, 10+chunk, c)
	j.Type = strings.TrimSuffix(label, "3") + string(rune('0'+chunk))
	for _, m := range strings.Fields(manifests) {
		name, bad := strings.CutSuffix(m, "!")
		if name == "_" {
			name = ""
		}
		j.Groups = append(j.Groups, ci.GroupResult{Group: name, OK: !bad})
	}
	w.jobs = append(w.jobs, j)
	return w
}

// endedAt says in which minute the i-th job ended; it is the sixtieth.
func (w *world) endedAt(i, minute int) *world {
	w.jobs[i].Ended = new(start.Add(time.Duration(minute) * time.Minute))
	return w
}

func TestByManifest(t *testing.T) {
	rows := []struct {
		name string
		w    *world
		want string
	}{
		{"it passed in the same chunk", strip(". .").ran(0, 3, 'F', "a b!").ran(1, 3, 'P', "a b"), "Fm Pm"},
		{"the chunk was green without it, and it failed in another", strip(". . .").ran(0, 3, 'F', "a b!").
			ran(1, 3, 'P', "a c").ran(1, 5, 'F', "b!").ran(2, 3, 'P', "b"), "Fm Fm Pm"},
		{"the chunk was green without it, and it ran nowhere", strip(". . .").ran(0, 3, 'F', "a b!").
			ran(1, 3, 'P', "a c").ran(2, 3, 'P', "b"), "Fm .m Pm"},
		{"the chunk was green without it: the walk goes on beyond", strip(". . . .").ran(0, 3, 'F', "b!").
			ran(1, 3, 'P', "a").ran(2, 4, 'F', "b!").ran(3, 3, 'P', "b"), "Fm .m Fm Pm"},
		{"the chunk failed for another reason", strip(". .").ran(0, 3, 'F', "a b!").ran(1, 3, 'F', "a! b"), "Fm Pm"},
		{"the chunk was not run, and it passed in another", strip(". .").ran(0, 3, 'F', "b!").ran(1, 7, 'P', "b"), "Fm Pm"},
		{"another platform says nothing", func() *world {
			w := strip(". . .").ran(0, 3, 'F', "b!").ran(1, 7, 'P', "b").ran(2, 3, 'P', "b")
			w.jobs[1].Platform = "windows"
			return w
		}(), "Fm .m Pm"},
		{"two manifests failed, one of them on the older push", strip(". .").ran(0, 3, 'F', "a! b!").ran(1, 3, 'F', "a b!"), "Fm Fm"},
		{"two manifests failed, and both passed in different chunks", strip(". .").ran(0, 3, 'F', "a! b!").ran(1, 3, 'P', "a").ran(1, 4, 'P', "b"), "Fm PPm"},
		{"two manifests failed, and only one was run", strip(". . .").ran(0, 3, 'F', "a! b!").ran(1, 3, 'P', "a").ran(2, 3, 'P', "a b"), "Fm .m Pm"},
		{"one failed here and passed there on one push", strip(". .").ran(0, 3, 'F', "b!").ran(1, 3, 'F', "b!").ran(1, 4, 'P', "b"), "Fm FPm"},
		{"a job that passed something else is no contradiction", strip(". .").ran(0, 3, 'F', "a! b!").ran(1, 3, 'F', "b!").ran(1, 4, 'P', "a"), "Fm Fm"},
		{"a manifest that nobody else has run", strip(". .").ran(0, 3, 'F', "new!").ran(1, 3, 'P', "a"), "F P"},
		{"the manifests of the failure are not known", strip("F P"), "F P"},
		{"only names that are none", strip(". .").ran(0, 3, 'F', "_! default!").ran(1, 3, 'P', "_ default"), "F P"},
		{"a log that was not read", strip(". P .").ran(0, 3, 'F', "b!").ran(2, 3, 'P', "b"), "Fm P P"},
		{"a log that is being read", strip(". P .").endedAt(0, 57).ran(0, 3, 'F', "b!").ran(2, 3, 'P', "b"), "Fm Rm Pm"},
		{"the only log to compare with is being read", strip(". P").endedAt(0, 57).ran(0, 3, 'F', "b!"), "Fm Rm"},
		{"a log that nobody has read for long", strip(". P .").endedAt(0, 45).ran(0, 3, 'F', "b!").ran(2, 3, 'P', "b"), "Fm P P"},
		{"machines that failed and jobs that run stay", strip(". x R .").ran(0, 3, 'F', "b!").ran(3, 3, 'P', "b"), "Fm xm Rm Pm"},
		{"a job that got not as far as its tests", strip(". B .").ran(0, 3, 'F', "b!").ran(2, 3, 'P', "b"), "Fm .m Pm"},
		{"the failure got not as far as its tests: nothing is compared", strip("B . .").ran(1, 3, 'F', "b!").ran(2, 3, 'P', "b"), "B F P"},
		{"an emptied push has nothing to compare", strip(". E .").ran(0, 3, 'F', "b!").ran(2, 3, 'P', "b"), "Fm - Pm"},
		{"rows newer than the failure are compared too", strip(". . .").ran(0, 3, 'P', "a").ran(1, 3, 'F', "b!").ran(2, 3, 'P', "b"), ".m Fm Pm"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			got, err := r.w.history(t, ci.HistoryOf{})
			if err != nil {
				t.Fatal(err)
			}
			if show(got) != r.want {
				t.Errorf("got %s, want %s", show(got), r.want)
			}
		})
	}
}

func TestByManifestKeepsOnlyWhatWasCompared(t *testing.T) {
	w := strip(". .").ran(0, 3, 'F', "a b!").ran(1, 3, 'F', "a! b c")
	rows, err := w.history(t, ci.HistoryOf{})
	if err != nil {
		t.Fatal(err)
	}
	want := []ci.GroupResult{{Group: "b", OK: true}}
	if d := cmp.Diff(want, rows[1].Jobs[0].Groups); d != "" {
		t.Errorf("groups (-want +got):\n%s", d)
	}
}

func TestByManifestAsksForNoMoreThanItNeeds(t *testing.T) {
	rows := []struct {
		name  string
		w     *world
		calls []string
	}{
		{"no failure", strip("R P P P P"), []string{"pushes.range", "jobs.list"}},
		{"down to the first green push", strip("F . P P P P").ran(0, 3, 'F', "b!").ran(2, 3, 'P', "b"), []string{"pushes.range", "jobs.list", "jobs.list+groups(3)"}},
		{"and beyond where that ran something else", strip(". . . . .").ran(0, 3, 'F', "b!").ran(2, 3, 'P', "a").ran(4, 3, 'P', "b").ran(1, 9, 'F', "b!"),
			[]string{"pushes.range", "jobs.list", "jobs.list+groups(3)", "jobs.list+groups(2)"}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if _, err := r.w.history(t, ci.HistoryOf{}); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(r.w.calls, r.calls) {
				t.Errorf("asked %v, want %v", r.w.calls, r.calls)
			}
		})
	}
}
