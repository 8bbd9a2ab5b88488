package taskcluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

func TestJobsList(t *testing.T) {
	const chunk = "test-linux1804-64-qr/opt-mochitest-browser-chrome-12"
	rows := []struct {
		name   string
		ask    ci.JobsOn
		change func(d *deployment)
		want   []string
	}{
		{name: "of one type", ask: ci.JobsOn{Job: label}, want: []string{
			absent + " unscheduled unknown " + absent,
			madeID + "/0 completed testfailed " + madeID + " " + actID + " backfill",
			failing + "/0 completed retry " + failing,
			failing + "/1 completed success " + failing,
		}},
		{name: "of no type", ask: ci.JobsOn{Job: "test-other"}, want: []string{}},
		{name: "a push without a decision task", ask: ci.JobsOn{Job: label, Revisions: []string{unknown}}, want: []string{}},
		{name: "with the other chunks", ask: ci.JobsOn{Job: chunk, Chunks: true}, want: []string{
			absent + " unscheduled unknown " + absent,
			madeID + "/0 completed testfailed " + madeID + " " + actID + " backfill",
			failing + "/0 completed retry " + failing,
			failing + "/1 completed success " + failing,
		}},
		{name: "by the times at which tasks were made", ask: ci.JobsOn{Job: label}, change: func(d *deployment) {
			d.tasks[absent]["created"] = "2026-11-22T11:30:00.000Z"
			delete(d.tasks, madeID)
		}, want: []string{
			failing + "/0 completed retry " + failing,
			failing + "/1 completed success " + failing,
			absent + " unscheduled unknown " + absent,
		}},
		{name: "a task that does not say of which push it is", ask: ci.JobsOn{Job: label}, change: func(d *deployment) {
			d.tasks[absent]["routes"] = []any{}
			delete(d.tasks, madeID)
			delete(d.tasks, failing)
		}, want: []string{absent + " unscheduled unknown " + absent}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			d := settled()
			if r.change != nil {
				r.change(d)
			}
			r.ask.Branch = "autoland"
			if r.ask.Revisions == nil {
				r.ask.Revisions = []string{revision}
			}
			list, err := query[[]ci.Job](t, d.client(nil), "jobs.list", r.ask)
			if err != nil {
				t.Fatal(err)
			}
			got := []string{}
			for _, j := range list {
				line := fmt.Sprintf("%s %s %s %s", j.ID, j.State, j.Result, strings.Join(j.Requests, " "))
				if j.Backfill {
					line += " backfill"
				}
				if j.Revision != revision || j.Branch != "autoland" || j.Group != decision {
					t.Errorf("%+v", j)
				}
				got = append(got, line)
			}
			if d := cmp.Diff(r.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// A group that is not there although its decision task is indexed, and tasks of another group, are no answer.
func TestJobsListIsWhole(t *testing.T) {
	d := settled()
	q := ci.JobsOn{Branch: "autoland", Revisions: []string{revision}, Job: label}
	all, err := query[[]ci.Job](t, d.client(nil), "jobs.list", ci.JobsOn{Branch: q.Branch, Revisions: q.Revisions})
	if err != nil || len(all) != 6 || d.count("/list") != 3 {
		t.Errorf("%d jobs after %d pages, %v", len(all), d.count("/list"), err)
	}
	path := "GET /api/queue/v1/task-group/" + decision + "/list"
	stray := obj{"task": actionTask("x", "y", nil), "status": stateOf(actID, "pending")["status"]}
	stray["task"].(obj)["taskGroupId"] = absent
	for name, r := range map[string]struct {
		answer answer
		kind   error
	}{
		"gone":                {answer{404, problem("ResourceNotFound", "No task-group")}, sources.ErrNotFound},
		"a task of elsewhere": {answer{200, obj{"taskGroupId": decision, "tasks": []any{stray}}}, sources.ErrChangedFormat},
		"pages start again":   {answer{200, obj{"taskGroupId": decision, "tasks": []any{obj{"task": d.tasks[failing], "status": d.states[failing]["status"]}}, "continuationToken": "gone"}}, sources.ErrUnavailable},
	} {
		d.refuse[path] = r.answer
		if list, err := query[[]ci.Job](t, d.client(nil), "jobs.list", q); !errors.Is(err, r.kind) || len(list) != 0 {
			t.Errorf("%s: %+v, %v", name, list, err)
		}
	}
	if _, err := query[[]ci.Job](t, d.client(nil), "jobs.list", ci.JobsOn{Branch: "autoland", Revisions: []string{revision[:12]}}); !errors.Is(err, sources.ErrRefused) {
		t.Errorf("an abbreviated revision: %v", err)
	}
}

// limited asks for two rows a page, as the recordings were.
type limited struct{ next http.RoundTripper }

func (l limited) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	q := req.URL.Query()
	q.Set("limit", "2")
	req.URL.RawQuery = q.Encode()
	return l.next.RoundTrip(req)
}

// The real group, two tasks a page. Its third page was not recorded: without it there is no answer.
func TestRecordedGroup(t *testing.T) {
	list := sourcetest.Recordings(t, "taskcluster")
	pages := sourcetest.Replay(t, sourcetest.Recorded(t, list, "13-group-limit2.http"), sourcetest.Recorded(t, list, "14-group-page2.http"))
	for last, want := range map[string]string{
		`{"taskGroupId": "` + decision + `", "tasks": []}`: "fail exception depfailed unscheduled",
		"": "",
	} {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.FormValue("continuationToken") != "odWmnO3Mq1" {
				pages.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte(last))
		})
		c := New(&http.Client{Transport: limited{sourcetest.Transport(h)}}, recordedRoot, options(nil))
		got, err := c.group(context.Background(), decision)
		var names []string
		for _, m := range got {
			names = append(names, strings.TrimPrefix(m.Task.label(), "test-linux64/opt-mochitest-"))
		}
		if want == "" && !errors.Is(err, sources.ErrUnavailable) || want != "" && (err != nil || !slices.Equal(names, strings.Fields(want))) {
			t.Errorf("with %q behind it: %v, %v", last, names, err)
		}
	}
}
