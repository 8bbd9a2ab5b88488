package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

var noon = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

func entry(ordinal int, run string, state EntryState, minutes int, request string) Entry {
	at := noon.Add(time.Duration(minutes) * time.Minute)
	return Entry{Key: sources.Key{Effect: "jobs.trigger", Job: "j"}, Ordinal: ordinal, Run: run, Step: "s", State: state, At: at, Until: at.Add(time.Hour), Request: request}
}

func jobAt(minutes int, state ci.State, result ci.Result, request string) ci.Job {
	at := noon.Add(time.Duration(minutes) * time.Minute)
	return ci.Job{State: state, Result: result, Request: request, Submitted: &at}
}

func TestCount(t *testing.T) {
	total := func(n int) unitRecord { return unitRecord{Want: n, Count: true} }
	rows := []struct {
		name    string
		unit    unitRecord
		entries []Entry
		jobs    []ci.Job
		again   bool
		need    int
		next    int
	}{
		{"nothing there", total(2), nil, nil, false, 2, 1},
		{"a job of somebody else's counts", total(2), nil, []ci.Job{jobAt(-99, ci.Completed, ci.Success, "x")}, false, 1, 1},
		{"one on its way counts", total(1), nil, []ci.Job{jobAt(-99, ci.Unscheduled, ci.Unknown, "x")}, false, 0, 1},
		{"no evidence, no count", total(1), nil, []ci.Job{jobAt(-99, ci.Completed, ci.Superseded, "x")}, false, 1, 1},
		{"a request that is not seen yet counts", total(1), []Entry{entry(1, "other", Done, 0, "q")}, nil, false, 0, 2},
		{"a request and its job count once", total(2), []Entry{entry(1, "other", Done, 0, "q")}, []ci.Job{jobAt(1, ci.Running, ci.Unknown, "q")}, false, 1, 2},
		{"they are matched by time where ids differ", total(2), []Entry{entry(1, "other", Done, 0, "hook-7")}, []ci.Job{jobAt(1, ci.Running, ci.Unknown, "task-9")}, false, 1, 2},
		{"a job from before is not the request's", total(2), []Entry{entry(1, "other", Done, 0, "q")}, []ci.Job{jobAt(-30, ci.Running, ci.Unknown, "x")}, false, 0, 2},
		{"its job broke: the next ordinal is free", total(1), []Entry{entry(1, "other", Done, 0, "q")}, []ci.Job{jobAt(1, ci.Completed, ci.Exception, "q")}, false, 1, 2},
		{"lost: the lease has ended", total(1), []Entry{entry(1, "other", Done, -90, "q")}, nil, false, 1, 2},
		{"uncertain counts while it may be seen", total(1), []Entry{entry(1, "other", Uncertain, 0, "")}, nil, false, 0, 2},
		{"void is free", total(1), []Entry{entry(1, "other", Void, 0, "")}, nil, false, 1, 1},
		{"void between others is free", total(3), []Entry{entry(1, "other", Done, 0, ""), entry(2, "other", Void, 0, ""), entry(3, "other", Done, 0, "")}, nil, false, 1, 2},
		{"again sets others aside", total(1), []Entry{entry(1, "other", Done, 0, "q")}, nil, true, 1, 2},
		{"again, and done by this step", total(1), []Entry{entry(1, "me", Done, 0, "q")}, nil, true, 0, 2},
		{"more, whatever is there", unitRecord{More: 2}, nil, []ci.Job{jobAt(-99, ci.Completed, ci.Success, "x")}, false, 2, 1},
		{"more, one of them done by this step", unitRecord{More: 2}, []Entry{entry(1, "me", Done, 0, "q")}, nil, false, 1, 2},
		{"more, and another's is on its way", unitRecord{More: 2}, []Entry{entry(1, "other", Done, 0, "q")}, nil, false, 1, 2},
		{"more, and another's has ended before this run looked", unitRecord{More: 2}, []Entry{entry(1, "other", Done, -30, "q")},
			[]ci.Job{endedAt(jobAt(-29, ci.Completed, ci.Success, "q"), -20)}, false, 2, 2},
		{"more, and another's has ended since", unitRecord{More: 2}, []Entry{entry(1, "other", Done, -30, "q")},
			[]ci.Job{endedAt(jobAt(-29, ci.Completed, ci.Success, "q"), -1)}, false, 1, 2},
		{"it ran what is asked about", about("a", "b"), nil, []ci.Job{ran("a", "b", "c")}, false, 0, 1},
		{"it passed without what is asked about", about("a", "b"), nil, []ci.Job{ran("a", "c")}, false, 1, 1},
		{"it failed in a part of what is asked about", about("a", "b"), nil, []ci.Job{ran("a!", "c")}, false, 0, 1},
		{"nobody knows what it ran", about("a"), nil, []ci.Job{ran()}, false, 0, 1},
		{"it is on its way, and nobody knows what it will run", about("a"), nil, []ci.Job{jobAt(-99, ci.Running, ci.Unknown, "x")}, false, 0, 1},
		{"what was asked for stands, whatever it ran", about("a"), []Entry{entry(1, "other", Done, -99, "x")}, []ci.Job{ran("c")}, false, 0, 2},
		{"once for ever", unitRecord{}, []Entry{entry(1, "other", Done, -9999, "")}, nil, false, 0, 2},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			q := ledgerQuestion(r.unit, r.entries, r.jobs)
			q.again = r.again
			a := q.answer()
			if a.need != r.need || a.next != r.next {
				t.Errorf("need %d, next %d; want %d, %d (%+v)", a.need, a.next, r.need, r.next, a.other)
			}
		})
	}
}

// about is a unit that wants one job with evidence of manifests.
func about(manifests ...string) unitRecord {
	return unitRecord{Want: 1, Count: true, Manifests: manifests}
}

// ran is a job that ended, and what is known of its manifests; ! marks those that failed.
func ran(manifests ...string) ci.Job {
	j := jobAt(-99, ci.Completed, ci.Success, "x")
	for _, m := range manifests {
		name, bad := strings.CutSuffix(m, "!")
		j.Groups = append(j.Groups, ci.GroupResult{Group: name, OK: !bad})
	}
	return j
}

func endedAt(j ci.Job, minutes int) ci.Job {
	at := noon.Add(time.Duration(minutes) * time.Minute)
	j.Ended = &at
	return j
}

// ledgerQuestion is asked at five past noon by run me, which has looked ten minutes ago.
func ledgerQuestion(u unitRecord, entries []Entry, jobs []ci.Job) question {
	return question{unit: u, entries: entries, jobs: jobs, run: "me", step: "s", asked: noon.Add(-5 * time.Minute), now: noon.Add(5 * time.Minute)}
}

// However jobs and requests come and go: what counts and what is asked for are the total, an ordinal is never given
// twice, and asking does not go on when what was asked for is not seen yet.
func TestCountHoldsTheTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var entries []Entry
		var jobs []ci.Job
		want := rapid.IntRange(1, 4).Draw(t, "want")
		states := rapid.SampledFrom([]ci.Result{ci.Success, ci.TestFailed, ci.Exception, ci.UserCancel})
		for i := range rapid.IntRange(0, 3).Draw(t, "jobs") {
			jobs = append(jobs, jobAt(-120+i, ci.Completed, states.Draw(t, "result"), fmt.Sprint("x", i)))
		}
		good := func() (n int) {
			for _, j := range jobs {
				if counts(j) {
					n++
				}
			}
			return n
		}
		unseen := 0
		for range 4 {
			a := ledgerQuestion(unitRecord{Want: want, Count: true}, entries, jobs).answer()
			if got := good() + unseen + a.need; a.need > 0 && got != want {
				t.Fatalf("%d count, %d are not seen, %d more are asked for: want %d in all", good(), unseen, a.need, want)
			}
			for range a.need {
				for _, en := range entries {
					if en.Ordinal == a.next {
						t.Fatalf("ordinal %d is given twice", a.next)
					}
				}
				id := fmt.Sprint("q", a.next)
				entries = append(entries, entry(a.next, "me", Done, 0, id))
				if rapid.Bool().Draw(t, "seen") {
					jobs = append(jobs, jobAt(1, ci.Completed, states.Draw(t, "result"), id))
				} else {
					unseen++
				}
				a.next = nextOrdinal(entries)
			}
		}
	})
}

func TestTipsAreFoundInAnswers(t *testing.T) {
	tips := map[tip]bool{}
	push := func(r string) any { return map[string]any{"branch": "b", "revision": r, "changesets": []any{}} }
	findTips([]any{map[string]any{"push": push("r1"), "jobs": []any{map[string]any{"branch": "b", "revision": "r9"}}}, push("r2"), push("")}, tips)
	if diff := cmp.Diff(map[tip]bool{{"b", "r1"}: true, {"b", "r2"}: true}, tips); diff != "" {
		t.Error(diff)
	}
}
