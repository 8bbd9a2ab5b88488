package treeherder

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

func TestLink(t *testing.T) {
	const ui, task = "https://th.example", "0000000000000000000200"
	tip := hashOf(20000)
	rows := []struct{ link, want string }{
		{ui + "/jobs?repo=autoland&revision=" + tip + "&selectedTaskRun=" + task + ".0", "job 200 retry on 20"},
		{ui + "/jobs?repo=autoland&revision=" + tip + "&selectedTaskRun=" + task + "-1", "job 201 success on 20"},
		{ui + "/jobs?repo=autoland&selectedTaskRun=" + task, "job 201 success on 20"}, // the newest run
		{ui + "/#/jobs?repo=autoland&revision=" + tip[:12] + "&selectedTaskRun=" + task + ".1", "job 201 success on 20"},
		{ui + "/jobs#?repo=autoland&revision=" + tip + "&selectedTaskRun=" + task + ".1", "job 201 success on 20"},
		{ui + "/#/jobs?repo=autoland&revision=" + tip + "&selectedJob=202", "job 202 testfailed on 20 by a backfill"},
		{ui + "/jobs?repo=autoland&fromchange=" + hashOf(10000) + "&tochange=" + hashOf(40000) + "&selectedTaskRun=" + task + ".1", "job 201 success on 20, of 10 to 40"},
		{ui + "/jobs?repo=autoland&fromchange=" + hashOf(10000) + "&tochange=" + hashOf(40000) + "&selectedJob=400", "job 400 testfailed on 40, of 10 to 40"},
		{ui + "/jobs?repo=autoland&fromchange=tip&tochange=" + hashOf(40000) + "&selectedJob=400", "job 400 testfailed on 40"},
		{ui + "/logviewer?job_id=400&repo=autoland&lineNumber=7", "job 400 testfailed on 40"},
		{ui + "/logviewer?job_id=200&repo=autoland&task=" + task + ".1", "job 201 success on 20"},
		{ui + "/logviewer.html#?job_id=400&repo=autoland", "job 400 testfailed on 40"},
		{ui + "/logviewer.html#/jobs?job_id=400&repo=autoland", "job 400 testfailed on 40"},
		{ui + "/jobs?repo=autoland&revision=" + tip, "push 20"},
		{ui + "/jobs?repo=autoland&revision=" + hashOf(40001), "push 40"},
		{ui + "/jobs?repo=autoland&fromchange=" + hashOf(10000) + "&tochange=" + tip, "push 20, of 10 to 20"},
		{ui + "/push-health/push?repo=autoland&revision=" + tip, "push 20"},
		{"  HTTPS://TH.example/jobs?repo=autoland&revision=" + tip, "push 20"},

		{ui + "/jobs?revision=" + tip, "refused: it does not name its repository: repo=autoland is missing"},
		{ui + "/jobs?repo=autoland", "refused: it selects neither a job nor a push: selectedTaskRun=, revision= or tochange= is missing"},
		{ui + "/jobs?repo=autoland&fromchange=" + tip, "refused: it selects neither a job nor a push: selectedTaskRun=, revision= or tochange= is missing"},
		{ui + "/jobs?repo=autoland&revision=tip", `refused: "tip" is no revision: 12 to 40 hex digits are wanted`},
		{ui + "/jobs?repo=autoland&selectedTaskRun=short.0", `refused: "short.0" is no task and run: 22 characters, a point and a number are wanted`},
		{ui + "/jobs?repo=autoland&selectedJob=x", `refused: "x" is no job id`},
		{ui + "/jobs?repo=autoland&revision=" + hashOf(40000) + "&selectedTaskRun=" + task + ".1", "refused: job 201 ran on " + tip + ", and the link says " + hashOf(40000)},
		{ui + "/jobs?repo=autoland&selectedTaskRun=1111111111111111111111.0", "not found: there is no run 0 of task 1111111111111111111111 on autoland"},
		{ui + "/jobs?repo=autoland&selectedJob=9", "not found (404): No job with id: 9"},
		{ui + "/jobs?repo=autoland&revision=" + hashOf(7), "not found: no push of autoland holds " + hashOf(7)},

		{"https://hg.example/jobs?repo=autoland&revision=" + tip, "not filled"},
		{ui + "/perfherder/alerts?id=1", "not filled"},
		{ui, "not filled"},
		{"ftp://th.example/jobs?repo=autoland", "not filled"},
		{"backfill", "not filled"},
		{"", "not filled"},
		{"http://[::1", "not filled"},
	}
	for _, r := range rows {
		t.Run(r.link, func(t *testing.T) {
			c := someTree().client(Options{Projects: map[string]string{"integration/autoland": "autoland"}})
			ev, err := c.Link(t.Context(), r.link)
			if err != nil {
				if got := errorOf(err); got != r.want && !(r.want == "not filled" && errors.Is(err, sources.ErrNotFilled)) {
					t.Errorf("got  %s\nwant %s", got, r.want)
				}
				return
			}
			if got := briefEvent(ev); got != r.want {
				t.Errorf("got  %s\nwant %s", got, r.want)
			}
			if ev.Link != sources.Redact(strings.TrimSpace(r.link)) || ev.Push.Branch != "integration/autoland" {
				t.Errorf("the event is of %s and has the link %s", ev.Push.Branch, ev.Link)
			}
		})
	}
}

func briefEvent(ev ci.Event) string {
	of := ""
	for n := int64(1); ev.Range != nil && n < 100; n++ {
		switch hashOf(n * 1000) {
		case ev.Range.From:
			of = fmt.Sprintf(", of %d", n)
		case ev.Range.To:
			of += fmt.Sprintf(" to %d", n)
		}
	}
	if ev.Job == nil {
		return fmt.Sprintf("%s %s%s", ev.Kind, ev.Push.ID, of)
	}
	s := fmt.Sprintf("%s %s %s on %s", ev.Kind, ev.Job.ID, ev.Job.Result, ev.Push.ID)
	if ev.Backfill {
		s += " by a backfill"
	}
	return s + of
}

func TestALinkBelowAPathIsOurs(t *testing.T) {
	c := someTree().client(Options{UI: "https://ci.example/treeherder/"})
	if ev, err := c.Link(t.Context(), "https://ci.example/treeherder/jobs?repo=autoland&revision="+hashOf(20000)); err != nil || ev.Push.ID != "20" {
		t.Errorf("got %+v, %v", ev, err)
	}
	if _, err := c.Link(t.Context(), "https://ci.example/jobs?repo=autoland&revision="+hashOf(20000)); !errors.Is(err, sources.ErrNotFilled) {
		t.Errorf("another page of the host gives %v", err)
	}
}

// A job's own link leads back to it.
func TestLinksLeadBack(t *testing.T) {
	f := someTree()
	f.jobs[0].Task, f.jobs[0].Retry = nil, nil
	c := f.client(Options{})
	for _, r := range f.jobs {
		tip := hashOf(r.PushID * 1000)
		ev, err := c.Link(t.Context(), c.jobLink("autoland", tip, r))
		if err != nil || ev.Job.ID != fmt.Sprint(r.ID) {
			t.Errorf("the link of job %d leads to %+v, %v", r.ID, ev.Job, err)
		}
	}
}

func FuzzLink(f *testing.F) {
	for _, s := range []string{"https://th.example/jobs?repo=autoland&selectedTaskRun=0000000000000000000200.0", "https://th.example/#/jobs?repo=try&revision=%zz",
		"https://th.example/logviewer.html#?job_id=1&repo=x;y", "https://th.example/jobs?repo=../../x&revision=" + strings.Repeat("a", 40)} {
		f.Add(s)
	}
	tree := someTree()
	c := tree.client(Options{})
	f.Fuzz(func(t *testing.T, link string) {
		tree.asked = nil
		ev, err := c.Link(t.Context(), link)
		if err == nil && ev.Push == nil {
			t.Errorf("%q is neither an event nor an error", link)
		}
		if err != nil && sources.KindOf(err) == nil {
			t.Errorf("%q gives an error of no kind: %v", link, err)
		}
		for _, asked := range tree.asked {
			if !strings.HasPrefix(asked, "/api/") {
				t.Errorf("%q asks for %s", link, asked)
			}
		}
	})
}
