package main

import (
	"slices"
	"strings"

	"github.com/mozci/mozci-run/sources/ci"
)

// jobWords say after a number of jobs what is with them: by how they ended, or by how far they have come.
var jobWords = map[string]string{
	string(ci.Success): "passed", string(ci.TestFailed): "failed (testfailed)", string(ci.Busted): "failed (busted)",
	string(ci.Exception): "ended with an exception", string(ci.Retry): "started again by the service", string(ci.UserCancel): "cancelled",
	string(ci.Superseded): "superseded by a newer push's", string(ci.Skipped): "skipped", string(ci.Unknown): "ended, nobody knows how",
	string(ci.Unscheduled): "waiting for another job", string(ci.Pending): "waiting for a machine", string(ci.Running): "running",
}

// unrunnable says why nothing can run on a push.
var unrunnable = map[ci.NotRunnable]string{
	ci.EmptyPush: "its changesets were taken away", ci.NoDecision: "the service has scheduled nothing for it, and cannot be asked to",
	ci.DontBuild: "its author asked for no automation",
}

// account says in words what a row's verdict rests on: what came of its jobs of a type. It holds whatever rule has judged.
func account(row ci.Row, job string) string {
	if row.NotRunnable != nil {
		return unrunnable[*row.NotRunnable]
	}
	var parts, elsewhere []string
	n := map[string]int{}
	for _, j := range row.Jobs {
		n[standingOf(j)]++
		if job != "" && j.Type != job && !slices.Contains(elsewhere, j.Type) {
			elsewhere = append(elsewhere, j.Type)
		}
	}
	for _, s := range append(ci.Result("").Values(), ci.State("").Values()...) {
		if n[s] > 0 {
			parts = append(parts, count(n[s], "job ", "jobs ")+jobWords[s])
		}
	}
	if row.Requested {
		parts = append(parts, "asked for, and not seen yet")
	}
	if row.Lost > 0 {
		parts = append(parts, count(row.Lost, "request of ours was", "requests of ours were")+" lost: no job was seen in time")
	}
	if len(parts) == 0 {
		return "the job has not run"
	}
	text := strings.Join(parts, ", ")
	if len(elsewhere) > 0 {
		text += "; its tests ran in " + strings.Join(elsewhere, ", ")
	}
	return text
}

func standingOf(j ci.Job) string {
	if j.State != ci.Completed {
		return string(j.State)
	}
	return string(j.Result)
}
