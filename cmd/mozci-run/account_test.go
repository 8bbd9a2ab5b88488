package main

import (
	"testing"

	"github.com/mozci/mozci-run/sources/ci"
)

func TestAccount(t *testing.T) {
	ended := func(results ...ci.Result) (jobs []ci.Job) {
		for _, r := range results {
			jobs = append(jobs, ci.Job{Type: "t-1", State: ci.Completed, Result: r})
		}
		return jobs
	}
	elsewhere := ended(ci.TestFailed)
	elsewhere[0].Type = "t-3"
	rows := []struct {
		row  ci.Row
		want string
	}{
		{ci.Row{}, "the job has not run"},
		{ci.Row{Requested: true}, "asked for, and not seen yet"},
		{ci.Row{Lost: 2}, "2 requests of ours were lost: no job was seen in time"},
		{ci.Row{Lost: 1, Jobs: ended(ci.Exception)}, "1 job ended with an exception, 1 request of ours was lost: no job was seen in time"},
		{ci.Row{Jobs: ended(ci.Success)}, "1 job passed"},
		{ci.Row{Jobs: ended(ci.TestFailed, ci.Busted, ci.Success, ci.TestFailed)}, "1 job passed, 2 jobs failed (testfailed), 1 job failed (busted)"},
		{ci.Row{Jobs: ended(ci.Exception, ci.UserCancel)}, "1 job ended with an exception, 1 job cancelled"},
		{ci.Row{Jobs: []ci.Job{{State: ci.Running, Result: ci.Unknown, Type: "t-1"}, {State: ci.Pending, Result: ci.Unknown, Type: "t-1"}}}, "1 job waiting for a machine, 1 job running"},
		{ci.Row{Jobs: elsewhere}, "1 job failed (testfailed); its tests ran in t-3"},
		{ci.Row{NotRunnable: new(ci.DontBuild)}, "its author asked for no automation"},
	}
	for _, r := range rows {
		if got := account(r.row, "t-1"); got != r.want {
			t.Errorf("got %q, want %q", got, r.want)
		}
	}
	for _, s := range append(ci.Result("").Values(), ci.State("").Values()...) {
		if jobWords[s] == "" && s != string(ci.Completed) {
			t.Errorf("there are no words for %s", s)
		}
	}
	for _, n := range ci.NotRunnable("").Values() {
		if unrunnable[ci.NotRunnable(n)] == "" {
			t.Errorf("there are no words for %s", n)
		}
	}
}

func TestOutcomeLines(t *testing.T) {
	of := func(effect string, s ci.OutcomeStatus, reason string) outcome {
		return outcome{ci.Outcome{Effect: effect, Status: s, Job: "j", Revision: "3968c38e35763968c38e35763968c38e35763968", Reason: reason}, "j on 3968c38e3576 (by hand)"}
	}
	rows := []struct {
		o           outcome
		want, under string // the latter below its push
	}{
		{of("jobs.trigger", ci.Done, "none there yet"), "+ asked for j on 3968c38e3576 (by hand): none there yet", "+ asked for it (by hand): none there yet"},
		{of("jobs.retrigger", ci.Planned, "2 more wanted"), "+ would ask for j on 3968c38e3576 (by hand): 2 more wanted", "+ would ask for it (by hand): 2 more wanted"},
		{of("jobs.trigger", ci.Already, "one is running"), "= no need to ask for j on 3968c38e3576 (by hand): one is running", "= no need to ask for it (by hand): one is running"},
		{of("jobs.cancel", ci.Refused, "it has ended"), "- did not cancel j on 3968c38e3576 (by hand): it has ended", "- did not cancel it (by hand): it has ended"},
		{of("jobs.trigger", ci.Uncertain, "no answer came"), "? may have asked for j on 3968c38e3576 (by hand): no answer came", "? may have asked for it (by hand): no answer came"},
		{of("notify.webhook", ci.Done, ""), "+ sent j on 3968c38e3576 (by hand)", "+ sent it (by hand)"},
		{of("new.effect", ci.Planned, ""), "+ would do j on 3968c38e3576 (by hand)", "+ would do it (by hand)"},
	}
	p := &painter{}
	for _, r := range rows {
		if i := p.outcome(r.o, r.o.what); i.lead+i.text != r.want {
			t.Errorf("got %q, want %q", i.lead+i.text, r.want)
		}
		if i := p.outcome(r.o, r.o.it()); i.lead+i.text != r.under {
			t.Errorf("got %q, want %q", i.lead+i.text, r.under)
		}
	}
}
