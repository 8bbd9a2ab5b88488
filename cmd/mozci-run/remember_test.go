package main

import (
	"strings"
	"testing"

	"github.com/mozci/mozci-run/sources/ci"
)

func TestWhatCameOfAnActionTakesThePlaceOfItsPlan(t *testing.T) {
	of := func(status ci.OutcomeStatus, revision string, ordinal int, request string) outcome {
		return outcome{ci.Outcome{Status: status, Effect: "jobs.trigger", Job: "j", Revision: revision, Ordinal: ordinal, Request: request}, "j on " + revision}
	}
	var tk talker
	for _, o := range []outcome{
		of(ci.Planned, "r1", 1, ""), of(ci.Planned, "r1", 2, ""), of(ci.Already, "r2", 0, "x"), of(ci.Refused, "r3", 0, ""), // the plan
		of(ci.Done, "r1", 1, "a"), of(ci.Done, "r1", 2, "b"), of(ci.Already, "r2", 0, "x"), of(ci.Already, "r2", 0, "y"), of(ci.Refused, "r3", 0, ""),
	} {
		tk.remember(o)
	}
	var got []string
	for _, o := range tk.outcomes {
		got = append(got, string(o.Status)+" "+o.Revision+o.Request)
	}
	if want := "done r1a, done r1b, already r2x, already r2y, refused r3"; strings.Join(got, ", ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, ", "), want)
	}
}
