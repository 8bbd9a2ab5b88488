package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources/ci"
)

// A log is told what a run waits for when it begins to, and then every quarter of an hour at the most.
func TestALogIsToldOfWaitingNowAndThen(t *testing.T) {
	now := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	var b strings.Builder
	tk := newTalker(&painter{w: &b})
	tk.now = func() time.Time { return now }
	tk.from = "settled"
	tk.strip = strip{rows: []ci.Row{{}, {Requested: true}, {Jobs: []ci.Job{{State: ci.Running}}}, {}}, verdicts: []string{"failed", "unsettled", "unsettled", "passed"}}
	until := now.Add(time.Minute)
	waits := func() {
		tk.Hear(engine.Event{Kind: engine.Waiting, Time: now, Step: "settled", What: "asks jobs.history again", Until: &until})
	}
	waits()
	now = now.Add(time.Minute)
	tk.strip.verdicts[2] = "passed"
	waits()
	now = now.Add(14 * time.Minute)
	waits()
	tk.Hear(engine.Event{Kind: engine.Waiting, Time: now.Add(time.Hour), Step: "lines", What: "asks jobs.failures again"})
	want := "waiting  2 pushes without an answer: 1 job running, 1 job not seen yet\n" +
		"waiting  1 of 2 pushes without an answer: 1 job not seen yet\n" +
		"waiting  lines asks jobs.failures again\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestWaitingForRunsOfOnePush(t *testing.T) {
	tk := newTalker(&painter{})
	tk.now, tk.time = time.Now, "simulated time"
	tk.strip = strip{rows: []ci.Row{{Jobs: []ci.Job{{State: ci.Running}, {State: ci.Pending}, {State: ci.Pending}}}}, verdicts: []string{"failed"}}
	if got, want := tk.waiting(wait{jobs: true}), "every push has an answer; still 2 jobs waiting for a machine, 1 job running"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A run whose process was killed has not said itself how it goes on.
func TestShowSaysHowToGoOn(t *testing.T) {
	var out bytes.Buffer
	m := testMachine(nil)
	m.stdout = &out
	c := &command{m: m}
	c.retell(engine.Story{Run: engine.Run{ID: "x", Status: engine.Interrupted, Reason: "its process is gone"}})
	if want := "run x interrupted: its process is gone\nnext         mozci-run runs resume x\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("%q does not end with %q", out.String(), want)
	}
}
