package main

import (
	"testing"
	"time"

	"github.com/mozci/mozci-run/sources/ci"
)

func TestForecast(t *testing.T) {
	now := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) *time.Time { at := now.Add(-d); return &at }
	took := func(d time.Duration, r ci.Result) ci.Row {
		return ci.Row{Jobs: []ci.Job{{State: ci.Completed, Result: r, Started: ago(d + time.Hour), Ended: ago(time.Hour)}}}
	}
	running := func(since time.Duration) ci.Row {
		return ci.Row{Jobs: []ci.Job{{State: ci.Running, Started: ago(since)}}}
	}
	pending, unseen := ci.Row{Jobs: []ci.Job{{State: ci.Pending}}}, ci.Row{Requested: true}
	known := []ci.Row{took(20*time.Minute, ci.Success), took(time.Minute, ci.Exception), took(25*time.Minute, ci.TestFailed), took(40*time.Minute, ci.Success)}
	rows := []struct {
		name          string
		history, open []ci.Row
		want          string // empty where nothing is foreseen
	}{
		{"nothing has ended", nil, []ci.Row{pending}, ""},
		{"what the machines broke says nothing", []ci.Row{took(time.Minute, ci.Exception)}, []ci.Row{pending}, ""},
		{"a job that has ended without having started says nothing", []ci.Row{{Jobs: []ci.Job{{State: ci.Completed, Result: ci.Success, Ended: ago(0)}}}}, []ci.Row{pending}, ""},
		{"running", known, []ci.Row{running(13 * time.Minute)}, "about 12 min left (the job takes 25 min)"},
		{"the last to end counts", known, []ci.Row{running(13 * time.Minute), running(3 * time.Minute)}, "about 22 min left (the job takes 25 min)"},
		{"waiting for a machine", known, []ci.Row{running(13 * time.Minute), pending}, "at least 25 min left (the job takes 25 min)"},
		{"not seen yet", known, []ci.Row{unseen, running(time.Minute)}, "at least 25 min left (the job takes 25 min)"},
		{"longer than usual", known, []ci.Row{running(30 * time.Minute)}, "due by now (the job takes 25 min)"},
		{"started in the future, by another clock", known, []ci.Row{running(-time.Hour)}, "about 25 min left (the job takes 25 min)"},
	}
	for _, r := range rows {
		f, ok := foresee(r.history, r.open, now)
		if got := f.String(); ok != (r.want != "") || ok && got != r.want {
			t.Errorf("%s: got %q (%t), want %q", r.name, got, ok, r.want)
		}
	}
}

func TestAbout(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 54*time.Second + 600*time.Millisecond: "55 s", 99 * time.Second: "99 s", 100 * time.Second: "2 min", 25 * time.Minute: "25 min",
		99 * time.Minute: "99 min", 100 * time.Minute: "1 h 40 min", 26 * time.Hour: "26 h 0 min", 200 * time.Hour: "8 d 8 h",
	} {
		if got := about(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}
