package derived

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

func TestStatus(t *testing.T) {
	w := strip("F . R P")
	asked(1, "r1", -3*time.Minute)(w)
	asked(2, "r2", -2*time.Minute)(w)
	w.jobs[1].Request = "r2"
	w.jobs[1].Link = "https://ci.example/2"
	got, err := sources.Ask[[]ci.Request](t.Context(), w.of(t), "jobs.status", ci.StatusOf{Branch: "autoland", Requests: []string{"r2", "r1"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []ci.Request{
		{ID: "r2", Type: label, Branch: "autoland", Revision: revision(2), State: ci.Running, Submitted: &w.ledger[1].At, Jobs: got[0].Jobs, Link: "https://ci.example/2"},
		{ID: "r1", Type: label, Branch: "autoland", Revision: revision(1), State: ci.Pending, Submitted: &w.ledger[0].At, Jobs: []ci.Job{}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if len(got[0].Jobs) != 1 || got[0].Jobs[0].Request != "r2" {
		t.Errorf("r2 has the jobs %v", got[0].Jobs)
	}
}

func TestStatusOfOthersIsNotOurs(t *testing.T) {
	w := strip("F R P")
	asked(1, "r1", -3*time.Minute)(w)
	_, err := sources.Ask[[]ci.Request](t.Context(), w.of(t), "jobs.status", ci.StatusOf{Branch: "autoland", Requests: []string{"r1", "theirs"}})
	if !errors.Is(err, sources.ErrNotFilled) {
		t.Errorf("got %v, want ErrNotFilled", err)
	}
}

func TestEvents(t *testing.T) {
	w := strip("R . FP x")
	for i, minute := range []int{0, 30, 40, 20} {
		if w.jobs[i].State == ci.Completed {
			w.jobs[i].Ended = new(start.Add(time.Duration(minute) * time.Minute))
		}
	}
	w.jobs[2].Backfill = true
	w.pushes[1].Changesets[0].BacksOut = []string{revision(3)[:12]}
	w.pushes[1].Changesets = append(w.pushes[1].Changesets, ci.Changeset{Revision: revision(55), BacksOut: []string{"0000"}})
	events, err := sources.Ask[[]ci.Event](t.Context(), w.of(t), "events.recent", ci.EventsSince{Branch: "autoland"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		s := e.Push.ID + " " + string(e.Job.Result)
		if e.Backfill {
			s += " backfill"
		}
		if e.BackedOut {
			s += " backed out"
		}
		got = append(got, s)
	}
	want := []string{"998 success backfill", "998 testfailed", "997 exception backed out"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, err := sources.Ask[[]ci.Event](t.Context(), w.of(t), "events.recent", ci.EventsSince{Branch: "autoland", Pushes: -1}); err == nil || !strings.Contains(err.Error(), "have no events") {
		t.Errorf("got %v", err)
	}
}
