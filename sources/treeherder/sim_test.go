package treeherder

import (
	"net/http"
	"testing"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/sim"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

var noon = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

// simulated returns a client of a simulated CI that stands still at a scenario's start, and the CI.
func simulated(t *testing.T, scenario string, opts Options) (*Client, *sim.Sim) {
	t.Helper()
	sc, err := sim.Named(scenario)
	if err != nil {
		t.Fatal(err)
	}
	sc.Latency, sc.Faults = 0, nil
	s, err := sim.New(sc, 7, func() time.Time { return noon.Add(time.Minute) }, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: sources.UserAgent(sourcetest.Transport(s), "")}
	return New(client, "http://sim.example"+sim.TreeherderPath+"/api", opts), s
}

// Each query has an answer, and the answers agree with one another.
func TestSimulatedTreeherder(t *testing.T) {
	for _, scenario := range []string{"default", "backfill-on-its-way", "chunk-drift", "empty-push", "coalesced"} {
		t.Run(scenario, func(t *testing.T) {
			c, s := simulated(t, scenario, Options{})
			truths := s.Truth()
			if len(truths) == 0 {
				t.Fatal("there is nothing to find")
			}
			for _, truth := range truths {
				agree(t, c, truth)
			}
		})
	}
}

func agree(t *testing.T, c *Client, truth sim.Truth) {
	t.Helper()
	ctx, branch := t.Context(), truth.Branch
	pushes, err := c.pushesRange(ctx, ci.PushRange{Branch: branch, Depth: 12, Full: true})
	if err != nil || len(pushes) == 0 {
		t.Fatalf("%d pushes, %v", len(pushes), err)
	}
	var revs []string
	for i, p := range pushes {
		revs = append(revs, p.Revision)
		if i > 0 && p.Order >= pushes[i-1].Order {
			t.Errorf("push %s stands behind %s", p.ID, pushes[i-1].ID)
		}
	}
	all, err := c.jobsList(ctx, ci.JobsOn{Branch: branch, Revisions: revs})
	if err != nil {
		t.Fatal(err)
	}
	mine, err := c.jobsList(ctx, ci.JobsOn{Branch: branch, Revisions: revs, Job: truth.Label})
	if err != nil {
		t.Fatal(err)
	}
	suite, err := c.jobsList(ctx, ci.JobsOn{Branch: branch, Revisions: revs, Job: truth.Label, Chunks: true})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "of one type", mine, all, func(j ci.Job) bool { return j.Type == truth.Label })
	same(t, "of one suite", suite, all, func(j ci.Job) bool { return ci.SameSuite(j.Type, truth.Label) })
	runnable, err := c.runnable(ctx, ci.RunnableOn{Branch: branch, Revisions: revs})
	if err != nil || len(runnable) != len(revs) {
		t.Errorf("%d can run of %d, %v", len(runnable), len(revs), err)
	}
	events, err := c.recent(ctx, ci.EventsSince{Branch: branch, Pushes: 12})
	if err != nil {
		t.Fatal(err)
	}
	failed := func(j ci.Job) bool { return j.Result == ci.TestFailed || j.Result == ci.Busted }
	if want := count(all, failed); len(events) != want {
		t.Errorf("%d events of %d failures", len(events), want)
	}
	if len(events) > 0 {
		leadsBack(t, c, branch, events[0])
	}
}

// leadsBack follows a failure's own link, and asks why it failed.
func leadsBack(t *testing.T, c *Client, branch string, ev ci.Event) {
	t.Helper()
	back, err := c.Link(t.Context(), ev.Job.Link)
	if err != nil || back.Job.ID != ev.Job.ID || back.Push.Revision != ev.Push.Revision {
		t.Errorf("%s leads to %+v, %v", ev.Job.Link, back.Job, err)
	}
	why, err := c.failures(t.Context(), ci.FailuresOf{Branch: branch, Jobs: []string{ev.Job.ID}})
	if err != nil || len(why) != 1 || !why[0].Parsed || ev.Job.Result == ci.TestFailed && len(why[0].Lines) == 0 {
		t.Errorf("job %s failed because of %+v, %v", ev.Job.ID, why, err)
	}
}

func same(t *testing.T, what string, got, all []ci.Job, is func(ci.Job) bool) {
	t.Helper()
	if want := count(all, is); len(got) != want || count(got, is) != want {
		t.Errorf("%d jobs %s came, of %d", len(got), what, want)
	}
}

func count(list []ci.Job, is func(ci.Job) bool) (n int) {
	for _, j := range list {
		if is(j) {
			n++
		}
	}
	return n
}

func TestSimulatedNotes(t *testing.T) {
	c, s := simulated(t, "default", Options{Authorize: func(r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+"simulated")
		return nil
	}})
	branch := s.Truth()[0].Branch
	events, err := c.recent(t.Context(), ci.EventsSince{Branch: branch, Pushes: 10})
	if err != nil || len(events) == 0 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	e := c.Effects()[0]
	list, err := units(t, e, ci.Classify{Branch: branch, Jobs: []string{events[0].Job.ID}, Classification: ci.FixedByCommit, Text: "12345"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Do(t.Context(), list[0], 1); err != nil {
		t.Fatal(err)
	}
	if got, err := e.Find(t.Context(), list[0], 1, noon); err != nil || got.Presence != sources.Found {
		t.Errorf("it is %+v, %v", got, err)
	}
	again, err := c.recent(t.Context(), ci.EventsSince{Branch: branch, Pushes: 10})
	if err != nil {
		t.Fatal(err)
	}
	if again[0].Job.Classification != ci.FixedByCommit {
		t.Errorf("the job is %s", again[0].Job.Classification)
	}
}
