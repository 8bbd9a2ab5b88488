package sim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/sim"
	"github.com/mozci/mozci-run/sources/taskcluster"
	"github.com/mozci/mozci-run/sources/treeherder"
)

// The adapters, written against the recordings and not against the simulator, fill a gap through it and see what comes
// of it.
func TestTheAdaptersFillAGap(t *testing.T) {
	sc, err := sim.Named("gap-of-three")
	if err != nil {
		t.Fatal(err)
	}
	for _, own := range []bool{false, true} { // whether the hooks choose their tasks' ids themselves
		sc.Actions.OwnTaskIDs = own
		now := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
		s, err := sim.New(sc, 11, func() time.Time { return now }, sim.Options{})
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Transport: sources.UserAgent(sim.Transport(s), "mozci-run (tests)")}
		th := treeherder.New(client, "http://sim.invalid"+sim.TreeherderPath+"/api", treeherder.Options{})
		nonce := 0
		tc := taskcluster.New(client, "http://sim.invalid"+sim.TaskclusterPath, taskcluster.Options{
			Credentials: &taskcluster.Credentials{ClientID: "tests", AccessToken: "none"},
			Now:         func() time.Time { return now },
			Nonce:       func() string { nonce++; return "n" + string(rune('a'+nonce)) },
		})
		reg, err := sources.NewRegistry(th, tc)
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		truth := s.Truth()[0]
		var gap []string
		for _, p := range truth.Gap {
			gap = append(gap, p.Revision)
		}

		requests := fill(t, reg, truth.Label, gap, now, own)
		want := len(gap)
		if own {
			want *= 2 // nothing told the second call from the first
		}
		if n := len(s.Triggers()); n != want {
			t.Errorf("own ids %v: %d jobs were asked for, want %d", own, n, want)
		}

		now = now.Add(2 * time.Hour)
		status := ask[[]ci.Request](ctx, t, reg, "jobs.status", ci.StatusOf{Branch: "autoland", Requests: requests})
		if len(status) != len(requests) {
			t.Errorf("the status of %d requests", len(status))
		}
		jobs := ask[[]ci.Job](ctx, t, reg, "jobs.list", ci.JobsOn{Branch: "autoland", Revisions: gap, Job: truth.Label, Groups: true})
		if len(jobs) != want {
			t.Errorf("%d jobs are seen, want %d", len(jobs), want)
		}
	}
}

// fill triggers a job on each revision, twice, and returns the requests.
func fill(t *testing.T, reg *sources.Registry, label string, revisions []string, now time.Time, own bool) (requests []string) {
	t.Helper()
	effect, _, ok := reg.Effect("jobs.trigger")
	if !ok {
		t.Fatal("nobody triggers")
	}
	question := ci.Trigger{Branch: "autoland", Job: label, Revisions: revisions, Total: 1}
	units, err := effect.Units(t.Context(), schemas.TypeOf[ci.Trigger]().Fact(question))
	if err != nil || len(units) != len(revisions) {
		t.Fatalf("%d units: %v", len(units), err)
	}
	for _, u := range units {
		if u.Refusal != "" {
			t.Fatalf("%s: refused: %s", u.What, u.Refusal)
		}
		got, err := effect.Do(t.Context(), u, 1)
		if err != nil {
			t.Fatal(err)
		}
		requests = append(requests, got.Request)
		found, err := effect.Find(t.Context(), u, 1, now.Add(-time.Minute))
		if err != nil || found.Receipt.Request != got.Request {
			t.Errorf("own ids %v: found %+v, %v; want %s", own, found, err, got.Request)
		}
		again, err := effect.Do(t.Context(), u, 1)
		if !own && (err != nil || !again.Already || again.Request != got.Request) {
			t.Errorf("a second time: %+v, %v", again, err)
		}
	}
	return requests
}

func ask[Out, In any](ctx context.Context, t *testing.T, reg *sources.Registry, name string, in In) Out {
	t.Helper()
	out, err := sources.Ask[Out](ctx, reg, name, in)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// What the simulator answers fits the schemas that the adapters' endpoints have, for every endpoint that it speaks.
func TestAnswersFitTheSchemas(t *testing.T) {
	sc, err := sim.Named("default")
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC) }
	s, err := sim.New(sc, 5, now, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: sources.UserAgent(sim.Transport(s), "mozci-run (tests)")}
	rev := s.Truth()[0].Failure.Revision
	const root = "http://sim.invalid"
	decision := fetch(t, client, root+"/tc/api/index/v1/task/gecko.v2.autoland.revision."+rev+".taskgraph.decision").(map[string]any)["taskId"].(string)
	push := fetch(t, client, root+"/th/api/project/autoland/push/?revision="+rev).(map[string]any)["results"].([]any)[0].(map[string]any)["id"].(float64)
	id := fmt.Sprintf("%.0f", push)
	job := fetch(t, client, root+"/th/api/jobs/?tier=1&failure_classification_id=1&result=testfailed").(map[string]any)["results"].([]any)[0].([]any)[1].(float64)
	one := fmt.Sprintf("%.0f", job)
	for name, paths := range map[string][]string{
		"treeherder": {"project/autoland/push/?full=true", "project/autoland/push/" + id + "/", "project/autoland/push/decisiontask/?push_ids=" + id,
			"project/autoland/push/group_results/?revision=" + rev, "jobs/?push_id=" + id, "project/autoland/jobs/?push_id=" + id, "project/autoland/jobs/" + one + "/",
			"project/autoland/jobs/" + one + "/text_log_errors/", "project/autoland/jobs/" + one + "/bug_suggestions/", "project/autoland/note/?job_id=" + one,
			"project/autoland/job-log-url/?job_id=" + one, "failureclassification/", "repository/"},
		"taskcluster": {"queue/v1/task/" + decision, "queue/v1/task/" + decision + "/status", "queue/v1/task/" + decision + "/dependents", "queue/v1/task-group/" + decision + "/list",
			"queue/v1/task/" + decision + "/artifacts/public/actions.json", "queue/v1/task/" + decision + "/artifacts/public/label-to-taskid.json",
			"queue/v1/task/" + decision + "/artifacts/public/full-task-graph.json", "queue/v1/task/" + decision + "/artifacts/public/runnable-jobs.json",
			"index/v1/task/gecko.v2.autoland.latest.taskgraph.decision", "index/v1/tasks/gecko.v2.autoland.revision." + rev + ".firefox",
			"hooks/v1/hooks/project-gecko/in-tree-action-3-generic%2Fa61f05e3c2", "hooks/v1/hooks/project-gecko/in-tree-action-3-generic%2Fa61f05e3c2/last-fires"},
	} {
		base, source := root+"/th/api", sources.Source(treeherder.New(client, root+"/th/api", treeherder.Options{}))
		if name == "taskcluster" {
			base, source = root+"/tc", taskcluster.New(client, root+"/tc", taskcluster.Options{Now: now})
		}
		for _, path := range paths {
			address := base + "/" + path
			if name == "taskcluster" {
				address = base + "/api/" + path
			}
			validate(t, source.(interface{ Endpoints() []sources.Endpoint }).Endpoints(), base, address, fetch(t, client, address))
		}
	}
}

// fetch reads JSON, through redirects.
func fetch(t *testing.T, client *http.Client, address string) any {
	t.Helper()
	resp, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v: %.200s", address, resp.Status, err, body)
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	return v
}

// validate holds an answer to the schema of the endpoint whose it is.
func validate(t *testing.T, endpoints []sources.Endpoint, base, address string, v any) {
	t.Helper()
	for _, ep := range endpoints {
		if !ep.Match(http.MethodGet, base, address) || ep.Schema == "" {
			continue
		}
		schema, err := schemas.Get(ep.Schema)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range schema.Validate(v) {
			t.Errorf("%s: %s: %+v", address, ep.Schema, x)
		}
		return
	}
	t.Errorf("%s belongs to no endpoint", address)
}
