package taskcluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

func query[Out any](t *testing.T, c *Client, name string, in any) (Out, error) {
	t.Helper()
	var out Out
	for _, q := range c.Queries() {
		if q.Name == name {
			fact, err := q.Call(t.Context(), q.In.Fact(in))
			if err != nil {
				return out, err
			}
			return out, schemas.TypeOf[Out]().Bind(fact, &out)
		}
	}
	t.Fatalf("there is no query %s", name)
	return out, nil
}

// How a task's runs become jobs: state:result of each, oldest first.
func TestResults(t *testing.T) {
	rows := []struct {
		name  string
		kind  string // jobKind
		tag   string // kind
		state string
		runs  []obj
		want  string
	}{
		{"a test failed", "test", "mochitest", "failed", []obj{runOf(0, "failed", "failed")}, "completed completed:testfailed"},
		{"a test failed, said by its tag", "", "test", "failed", []obj{runOf(0, "failed", "failed")}, "completed completed:testfailed"},
		{"a build failed", "build", "build", "failed", []obj{runOf(0, "failed", "failed")}, "completed completed:busted"},
		{"jobKind knows better", "build", "test", "failed", []obj{runOf(0, "failed", "failed")}, "completed completed:busted"},
		{"passed", "test", "test", "completed", []obj{runOf(0, "completed", "completed")}, "completed completed:success"},
		{"no time left", "test", "test", "exception", []obj{runOf(0, "exception", "deadline-exceeded")}, "completed completed:exception"},
		{"canceled", "test", "test", "exception", []obj{runOf(0, "exception", "canceled")}, "completed completed:usercancel"},
		{"superseded", "test", "test", "exception", []obj{runOf(0, "exception", "superseded")}, "completed completed:superseded"},
		{"malformed", "test", "test", "exception", []obj{runOf(0, "exception", "malformed-payload")}, "completed completed:exception"},
		{"a worker went, and it is tried again", "test", "test", "pending", []obj{runOf(0, "exception", "claim-expired"), runOf(1, "pending", "")},
			"pending completed:retry pending:unknown"},
		{"a retry of its own", "test", "test", "running", []obj{runOf(0, "exception", "intermittent-task"), {"runId": 1, "state": "running", "reasonCreated": "task-retry", "scheduled": "2026-11-22T12:00:00.000Z"}},
			"running completed:retry running:unknown"},
		{"run again by somebody", "test", "test", "completed", []obj{runOf(0, "failed", "failed"), {"runId": 1, "state": "completed", "reasonCreated": "rerun", "scheduled": "2026-11-22T12:00:00.000Z"}},
			"completed completed:testfailed completed:success"},
		{"an exception that somebody ran again", "test", "test", "completed", []obj{runOf(0, "exception", "internal-error"), {"runId": 1, "state": "completed", "reasonCreated": "rerun", "scheduled": "2026-11-22T12:00:00.000Z"}},
			"completed completed:exception completed:success"},
		{"waits for a build", "test", "test", "unscheduled", nil, "unscheduled"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			d := newDeployment()
			d.tasks[failing] = testTask(decision)
			d.tasks[failing]["tags"].(obj)["kind"] = r.tag
			d.tasks[failing]["extra"].(obj)["treeherder"].(obj)["jobKind"] = r.kind
			d.states[failing] = stateOf(failing, r.state, r.runs...)
			list, err := query[[]ci.Request](t, d.client(nil), "jobs.status", ci.StatusOf{Branch: "autoland", Requests: []string{failing}})
			if err != nil {
				t.Fatal(err)
			}
			got := string(list[0].State)
			for _, j := range list[0].Jobs {
				got += fmt.Sprintf(" %s:%s", j.State, j.Result)
			}
			if got != r.want {
				t.Errorf("got %s, want %s", got, r.want)
			}
		})
	}
}

func TestStatusOfATask(t *testing.T) {
	d := newDeployment()
	d.tasks[failing] = testTask(decision)
	d.states[failing] = stateOf(failing, "failed", runOf(0, "failed", "failed"))
	c := d.client(nil)
	c.opts.Branches = map[string]Branch{"inbound": {Project: "autoland"}, "also": {Project: "other"}}
	list, err := query[[]ci.Request](t, c, "jobs.status", ci.StatusOf{Requests: []string{failing}})
	if err != nil {
		t.Fatal(err)
	}
	created, scheduled, started, ended := at("2026-11-22T11:00:00Z"), at("2026-11-22T12:00:00Z"), at("2026-11-22T12:01:00Z"), at("2026-11-22T12:10:00Z")
	want := []ci.Request{{
		ID: failing, Type: label, Branch: "inbound", Revision: revision, State: ci.Completed, Submitted: &created, Link: rootID + "/tasks/" + failing,
		Jobs: []ci.Job{{
			ID: failing + "/0", Type: label, Branch: "inbound", Revision: revision, State: ci.Completed, Result: ci.TestFailed, Classification: ci.NotClassified,
			Tier: 1, Symbol: "M(bc3)", Platform: "linux1804-64-qr", Option: "opt", Request: failing, Requests: []string{failing}, Reason: "scheduled", Group: decision,
			Submitted: &scheduled, Started: &started, Ended: &ended, Machine: "i-1", Groups: []ci.GroupResult{}, Link: rootID + "/tasks/" + failing + "/runs/0",
		}},
	}}
	if d := cmp.Diff(want, list); d != "" {
		t.Error(d)
	}
}

// Where a task says to which push it belongs.
func TestPushOfATask(t *testing.T) {
	other := strings.Repeat("b", 40)
	rows := []struct {
		name string
		task task
		want string
	}{
		{"its route", task{Routes: []string{"index.x", "tc-treeherder.v2.try." + revision + ".77"}, Tags: map[string]string{"project": "x"}, Payload: payload{Env: map[string]any{"GECKO_HEAD_REV": other}}}, "try " + revision + " 77"},
		{"a route without a push id", task{Routes: []string{"tc-treeherder.v2.try." + revision}}, "try " + revision + " "},
		{"its environment", task{Tags: map[string]string{"project": "try"}, Payload: payload{Env: map[string]any{"GECKO_HEAD_REV": other}}}, "try " + other + " "},
		{"its source", task{Tags: map[string]string{"project": "try"}, Payload: payload{Env: map[string]any{"GECKO_HEAD_REV": obj{}}}, Metadata: metadata{Source: "https://hg/x/file/" + other + "/y"}}, "try " + other + " "},
		{"nothing", task{Routes: []string{"tc-treeherder.v2.try.short.7"}, Metadata: metadata{Source: "https://hg/x/file/default/y"}}, "  "},
	}
	for _, r := range rows {
		project, rev, id := r.task.push()
		if got := project + " " + rev + " " + id; got != r.want {
			t.Errorf("%s: got %q, want %q", r.name, got, r.want)
		}
	}
}

func TestStatusOfAnAction(t *testing.T) {
	rows := []struct {
		name   string
		change func(d *deployment)
		want   string
	}{
		{"made a job, and a build with it", func(d *deployment) {}, label + ": completed completed:testfailed:0:scheduled"},
		{"has not ended", func(d *deployment) {
			d.states[actID] = stateOf(actID, "running", runOf(0, "running", ""))
			delete(d.tasks, madeID)
		}, label + ": pending"},
		{"waits itself", func(d *deployment) { d.states[actID] = stateOf(actID, "unscheduled"); delete(d.tasks, madeID) }, label + ": pending"},
		{"failed", func(d *deployment) {
			d.states[actID] = stateOf(actID, "failed", runOf(0, "failed", "failed"))
			delete(d.tasks, madeID)
		}, label + ": completed"},
		{"its job waits for the build", func(d *deployment) { d.states[madeID] = stateOf(madeID, "unscheduled") }, label + ": unscheduled"},
		{"somebody else's task depends on it", func(d *deployment) { d.tasks[madeID]["extra"].(obj)["parent"] = decision }, label + ": completed"},
		{"asked for by retrigger-multiple", func(d *deployment) {
			d.tasks[actID] = actionTask("retrigger-multiple", "x", obj{"requests": []any{obj{"tasks": []any{label}, "times": 1}}})
		}, label + ": completed completed:testfailed:0:scheduled"},
		{"asked for by backfill-task", func(d *deployment) { d.tasks[actID] = actionTask("backfill-task", "x", obj{"label": label}) }, label + ": completed completed:testfailed:0:scheduled"},
		{"an action without labels is a task like any other", func(d *deployment) { d.tasks[actID] = actionTask("cancel-all", "x", nil) }, "Action: cancel-all: completed completed:success:0:scheduled"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			d := settled()
			r.change(d)
			list, err := query[[]ci.Request](t, d.client(nil), "jobs.status", ci.StatusOf{Requests: []string{actID}})
			if err != nil {
				t.Fatal(err)
			}
			if got := list[0].Type + ": " + short(list[0]); got != r.want || list[0].ID != actID {
				t.Errorf("got %s, want %s", got, r.want)
			}
			for _, j := range list[0].Jobs {
				if len(labels(t, d, actID)) > 0 && (!j.Backfill || j.Request != madeID || len(j.Requests) != 2 || j.Requests[1] != actID) {
					t.Errorf("%+v", j)
				}
			}
		})
	}
}

func labels(t *testing.T, d *deployment, id string) []string {
	t.Helper()
	text, err := json.Marshal(d.tasks[id])
	if err != nil {
		t.Fatal(err)
	}
	var def task
	if err := json.Unmarshal(text, &def); err != nil {
		t.Fatal(err)
	}
	out, err := labelsOf(id, def)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestStatusErrors(t *testing.T) {
	d := settled()
	ask := func(ids ...string) error {
		_, err := query[[]ci.Request](t, d.client(nil), "jobs.status", ci.StatusOf{Requests: ids})
		return err
	}
	if err := ask("10"); !errors.Is(err, sources.ErrRefused) || len(d.asked) != 0 {
		t.Errorf("a malformed id: %v, %v", err, d.asked)
	}
	if err := ask(failing, "BBBBBBBBQBCBBBBBBBBBBg"); !errors.Is(err, sources.ErrNotFound) {
		t.Errorf("an unknown one among others: %v", err)
	}
	d.states[failing] = stateOf(failing, "exploded")
	if err := ask(failing); !errors.Is(err, sources.ErrChangedFormat) || !strings.Contains(err.Error(), `"exploded" is a new word`) {
		t.Errorf("a new state: %v", err)
	}
	d.states[failing] = stateOf(failing, "completed", runOf(0, "exploded", ""))
	if err := ask(failing); !errors.Is(err, sources.ErrChangedFormat) || !strings.Contains(err.Error(), "$.status.runs[].state") {
		t.Errorf("a new state of a run: %v", err)
	}
	d.states[failing] = stateOf(madeID, "completed")
	if err := ask(failing); !errors.Is(err, sources.ErrChangedFormat) || !strings.Contains(err.Error(), "$.status.taskId") {
		t.Errorf("another task's status: %v", err)
	}
}

func TestRunnable(t *testing.T) {
	d := newDeployment()
	c := d.client(nil)
	list, err := query[[]ci.Runnable](t, c, "pushes.runnable", ci.RunnableOn{Branch: "autoland", Revisions: []string{unknown, revision, ""}})
	if err != nil {
		t.Fatal(err)
	}
	want := []ci.Runnable{{Revision: unknown, NotRunnable: because(ci.NoDecision)}, {Revision: revision, Decision: decision}, {NotRunnable: because(ci.EmptyPush)}}
	if d := cmp.Diff(want, list); d != "" {
		t.Error(d)
	}
	for _, bad := range []ci.RunnableOn{{Branch: "autoland", Revisions: []string{revision[:12]}}, {Branch: "a.b", Revisions: []string{revision}}} {
		if _, err := query[[]ci.Runnable](t, c, "pushes.runnable", bad); !errors.Is(err, sources.ErrRefused) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	c.opts.Branches = map[string]Branch{"inbound": {Project: "autoland"}, "comm": {Project: "comm-central", Domain: "comm"}}
	d.index["comm.v2.comm-central.revision."+revision+".taskgraph.decision"] = madeID
	for branch, want := range map[string]string{"inbound": decision, "comm": madeID} {
		list, err := query[[]ci.Runnable](t, c, "pushes.runnable", ci.RunnableOn{Branch: branch, Revisions: []string{revision}})
		if err != nil || list[0].Decision != want {
			t.Errorf("%s: %+v, %v", branch, list, err)
		}
	}
	path := "gecko.v2.autoland.revision." + revision + ".taskgraph.decision"
	d.refuse["GET /api/index/v1/task/"+path] = answer{200, obj{"namespace": path, "taskId": decision, "expires": "2026-11-22T16:40:00.000Z"}}
	list, err = query[[]ci.Runnable](t, c, "pushes.runnable", ci.RunnableOn{Branch: "autoland", Revisions: []string{revision}})
	if d := cmp.Diff([]ci.Runnable{{Revision: revision, NotRunnable: because(ci.NoDecision), Decision: decision}}, list); d != "" || err != nil {
		t.Errorf("of an expired decision task: %v\n%s", err, d)
	}
	for name, row := range map[string]obj{
		"$.namespace": {"namespace": "x", "taskId": decision, "expires": "2027-11-22T10:00:00.000Z"},
		"$.taskId":    {"namespace": path, "taskId": "abc123", "expires": "2027-11-22T10:00:00.000Z"},
	} {
		d.refuse["GET /api/index/v1/task/"+path] = answer{200, row}
		if _, err := query[[]ci.Runnable](t, c, "pushes.runnable", ci.RunnableOn{Branch: "autoland", Revisions: []string{revision}}); !errors.Is(err, sources.ErrChangedFormat) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGraph(t *testing.T) {
	d := newDeployment()
	c := d.client(nil)
	types, err := query[[]ci.JobType](t, c, "jobs.available", ci.AvailableOn{Branch: "autoland", Revision: revision})
	if err != nil {
		t.Fatal(err)
	}
	want := []ci.JobType{
		{Name: "build-linux64/opt", Symbol: "M(B)", Platform: "linux1804-64-qr", Option: "opt", Tier: 1, Upstream: "toolchain-clang"},
		{Name: "docker-image-x"},
		{Name: label, Symbol: "M(bc3)", Platform: "linux1804-64-qr", Option: "opt", Tier: 1, Upstream: "build-linux64/opt"},
		{Name: "test-other", Symbol: "M(x)", Platform: "linux1804-64-qr", Option: "opt", Tier: 2},
		{Name: "toolchain-clang", Upstream: "docker-image-x"},
		{Name: "toolchain-z"},
	}
	if d := cmp.Diff(want, types); d != "" {
		t.Error(d)
	}
	up, err := query[[]ci.JobType](t, c, "jobs.upstream", ci.UpstreamOf{Branch: "autoland", Revision: revision, Job: label})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]ci.JobType{want[0], want[1], want[4], want[5]}, up); d != "" {
		t.Error(d)
	}
	for _, q := range []ci.UpstreamOf{{Branch: "autoland", Revision: revision, Job: "x"}, {Branch: "autoland", Revision: unknown, Job: label}} {
		if _, err := query[[]ci.JobType](t, c, "jobs.upstream", q); !errors.Is(err, sources.ErrNotFound) {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// A continuation token that is no longer known starts the listing again, without a word.
func TestPagesThatStartAgain(t *testing.T) {
	d := settled()
	row := obj{"task": d.tasks[madeID], "status": d.states[madeID]["status"]}
	d.refuse["GET /api/queue/v1/task/"+actID+"/dependents"] = answer{200, obj{"tasks": []any{row}, "continuationToken": "gone"}}
	if _, err := d.client(nil).dependents(t.Context(), actID); !errors.Is(err, sources.ErrUnavailable) || !strings.Contains(err.Error(), "came twice") {
		t.Errorf("%v", err)
	}
	if n := d.count("/dependents"); n != 2 {
		t.Errorf("%d pages were asked for", n)
	}
	d.refuse["GET /api/index/v1/tasks/a.b"] = answer{200, obj{"tasks": []any{obj{"namespace": "a.b.c", "taskId": actID, "expires": "2027-11-22T10:00:00.000Z"}}, "continuationToken": "gone"}}
	if _, err := d.client(nil).listed(t.Context(), "a.b"); !errors.Is(err, sources.ErrUnavailable) || !strings.Contains(err.Error(), "a.b.c came twice") || d.count("/a.b") != 2 {
		t.Errorf("of the index: %v", err)
	}
	d.refuse["GET /api/queue/v1/task/"+actID+"/dependents"] = answer{200, obj{"tasks": []any{}, "continuationToken": "more"}}
	if _, err := d.client(nil).dependents(t.Context(), actID); !errors.Is(err, sources.ErrTooLarge) {
		t.Errorf("pages without an end: %v", err)
	}
}
