package main

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/mozci/mozci-run/engine"
)

// waits starts a backfill and returns when it is waiting for jobs: it has triggered, and looks again and again.
func waits(t *testing.T, g *stage) *child {
	t.Helper()
	triggered := make(chan struct{}, 100)
	looks := make(chan struct{}, 10000)
	g.listen(func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/jobs/") {
			looks <- struct{}{}
		}
	}, func() { triggered <- struct{}{} })
	c := g.child(t.Context(), "--apply", "backfill.yaml", "-i", "job="+g.truth.Label, "-i", "revision="+g.truth.Failure.Revision)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for range g.truth.Gap {
		<-triggered
	}
	for len(looks) > 0 {
		<-looks
	}
	<-looks
	g.listen(nil, nil)
	return c
}

func TestCtrlCEndsInAnOrderlyWay(t *testing.T) {
	g := newStage(t, "default", 1, 1) // in real time: the jobs take hours
	c := waits(t, g)
	began := time.Now()
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := c.Wait()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it ended after %s, want 2s at most", took)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitIncomplete {
		t.Errorf("it ended with %v, want exit code %d\n%s", err, exitIncomplete, c)
	}
	r, _ := g.theRun(t)
	if r.Status != engine.Interrupted {
		t.Errorf("the run is %s, want interrupted", r.Status)
	}
	if said := c.stdout.String() + c.stderr.String(); !strings.Contains(said, " runs resume "+r.ID) {
		t.Errorf("it does not say how to resume:\n%s", c)
	}
}

func TestALiveRunIsItsProcesss(t *testing.T) {
	g := newStage(t, "default", 1, 1)
	c := waits(t, g)
	r, _ := g.theRun(t)
	other := g.child(t.Context(), "runs", "resume", r.ID)
	err := other.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitUsage || !strings.Contains(other.stderr.String(), "belongs to a process that is alive") {
		t.Errorf("another process was let in: %v\n%s", err, other)
	}
	cancel := g.child(t.Context(), "runs", "cancel", r.ID)
	if err := cancel.Run(); err != nil {
		t.Errorf("another process may not cancel it: %v\n%s", err, cancel)
	}
	err = c.Wait()
	if !errors.As(err, &exit) || exit.ExitCode() != exitIncomplete {
		t.Errorf("the cancelled run ended with %v, want exit code %d\n%s", err, exitIncomplete, c)
	}
	if r, _ := g.theRun(t); r.Status != engine.Cancelled {
		t.Errorf("the run is %s, want cancelled", r.Status)
	}
}
