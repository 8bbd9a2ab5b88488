package main

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

func TestFastClock(t *testing.T) {
	wall := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	epoch := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	var slept time.Duration
	m := machine{now: func() time.Time { return wall }, sleep: func(_ context.Context, d time.Duration) error { slept = d; return nil }}
	c := (&command{m: m}).clockOf(&clockSpec{Speed: 600, Epoch: epoch, At: wall}, time.Time{}, time.Time{})
	wall = wall.Add(2 * time.Second)
	if got, want := c.Now(), epoch.Add(20*time.Minute); !got.Equal(want) {
		t.Errorf("after two seconds it reads %s, want %s", got, want)
	}
	if err := c.Sleep(t.Context(), time.Minute); err != nil || slept != 100*time.Millisecond {
		t.Errorf("a minute took %s (%v), want 100ms", slept, err)
	}
}

func TestJumpingClock(t *testing.T) {
	start := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	c := (&command{m: thisMachine()}).clockOf(&clockSpec{Jump: true}, start, time.Time{})
	if err := c.Sleep(t.Context(), 6*time.Hour); err != nil || !c.Now().Equal(start.Add(6*time.Hour)) {
		t.Errorf("it reads %s (%v), want six hours after %s", c.Now(), err, start)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) || !c.Now().Equal(start.Add(6*time.Hour)) {
		t.Errorf("after a cancel it reads %s (%v)", c.Now(), err)
	}
}

// A simulated CI that nobody has asked for anything is not older the next day: its tasks would have expired.
func TestSimStandsStillWhileNobodyAsks(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := &command{m: machine{now: func() time.Time { return now }}}
	sc, err := scenario(defaultScenario)
	if err != nil {
		t.Fatal(err)
	}
	journal, spec := filepath.Join(t.TempDir(), "sim"), &clockSpec{Speed: defaultSpeed}
	read := func() time.Time {
		t.Helper()
		s, clock, err := c.startSim(sc, 1, spec, journal)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return clock.Now()
	}
	first := read()
	now = now.Add(time.Second)
	if got, want := read().Sub(first), defaultSpeed*time.Second; got != want {
		t.Errorf("a second later the clock has gone on by %s, want %s", got, want)
	}
	now = now.Add(24 * time.Hour)
	if got := read().Sub(first); got != idle {
		t.Errorf("a day later the clock has gone on by %s, want %s", got, idle)
	}
}
