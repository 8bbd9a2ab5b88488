package taskcluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

const (
	recordedRoot = "http://127.0.0.1:18090"
	revision     = "da270bd7c9dba2496edd3ddeb19809e164b3e9d4"
	decision     = "f6IucS4oQtiIs7IMphOn8Q"
	failing      = "a3oYGK0ySqykzoaHSYgCDw"
	absent       = "AAAAAAAAQACAAAAAAAAAAA"
	ourHook      = "in-tree-action-3-retrigger"
)

func noon() time.Time { return time.Date(2026, 11, 22, 16, 40, 0, 0, time.UTC) }

func options(c *Credentials) Options {
	return Options{Credentials: c, Now: noon, Nonce: func() string { return "n0nce" }}
}

func ours() *Credentials {
	return &Credentials{ClientID: "static/taskcluster/root", AccessToken: sourcetest.Canary}
}

// A reading serves a recording and asks for what it answers.
type reading struct {
	file string
	ask  func(ctx context.Context, c *Client) (any, error)
	want any
	kind error  // the named error that is wanted; nil for none
	says string // what the error's text has to hold
}

// statusOf reads a status as that of a test, and writes its state, then each job as state:result:attempt:reason.
func readStatus(file, id, want string) reading {
	return reading{file: file, want: want, ask: func(ctx context.Context, c *Client) (any, error) {
		s, err := c.statusOf(ctx, id)
		if err != nil {
			return nil, err
		}
		r, err := c.request(id, member{Status: s, Task: task{Tags: map[string]string{"kind": "test"}}}, "")
		return short(r), err
	}}
}

func short(r ci.Request) string {
	out := string(r.State)
	for _, j := range r.Jobs {
		out += fmt.Sprintf(" %s:%s:%d:%s", j.State, j.Result, j.Attempt, j.Reason)
	}
	return out
}

func readTask(id string) func(context.Context, *Client) (any, error) {
	return func(ctx context.Context, c *Client) (any, error) {
		t, err := c.task(ctx, id)
		if err != nil {
			return nil, err
		}
		out := []string{t.label(), t.TaskGroupID, t.Tags["kind"], t.Created.Format(time.RFC3339Nano), fmt.Sprint(t.byAction(), t.isTest())}
		if th := t.Extra.Treeherder; th != nil {
			out = append(out, th.Machine.Platform, fmt.Sprint(th.Tier), symbol(th))
		}
		return out, nil
	}
}

// readArtifact reads any artifact, as those that the adapter reads by name are read.
func readArtifact(id, name string) func(context.Context, *Client) (any, error) {
	ep := sources.Endpoint{Method: http.MethodGet, Path: "/api/queue/v1/task/{taskId}/artifacts/{name...}", Text: true}
	return func(ctx context.Context, c *Client) (any, error) {
		var text []byte
		err := c.do(ctx, call{ep: ep, args: []string{id, name}, doing: "artifact " + name}, func(body io.Reader) (err error) {
			text, err = io.ReadAll(body)
			return err
		})
		return string(text), err
	}
}

func readTrigger(ctx context.Context, c *Client) (any, error) {
	return c.triggerHook(ctx, "project-gecko", ourHook, map[string]any{"user": map[string]any{}})
}

func readIndex(path string) func(context.Context, *Client) (any, error) {
	return func(ctx context.Context, c *Client) (any, error) {
		row, err := ask[indexed](ctx, c, call{ep: epIndex, args: []string{path}, doing: "index"})
		return row.TaskID + " " + row.Expires.Format(time.DateOnly), err
	}
}

func readDependents(ctx context.Context, c *Client) (any, error) {
	list, err := c.dependents(ctx, decision)
	out := []string{}
	for _, m := range list {
		out = append(out, m.Task.label()+" "+m.Status.State)
	}
	return out, err
}

func readHook(id string) func(context.Context, *Client) (any, error) {
	return func(ctx context.Context, c *Client) (any, error) {
		h, err := (&planner{c: c}).hook(ctx, "project-gecko", id)
		if h == nil {
			return nil, err
		}
		user := map[string]any{"user": map[string]any{}}
		return []bool{h.takes(user) == nil, h.takes(map[string]any{"user": map[string]any{}, "taskId": absent}) == nil, h.takes(map[string]any{}) == nil}, err
	}
}

// readings has a row for each recording of an endpoint that the adapter reads or writes.
var readings = []reading{
	{file: "01-task.http", ask: readTask(failing),
		want: []string{"test-linux64/opt-mochitest-fail", decision, "test", "2026-11-22T16:36:12.277Z", "false true", "linux64", "1", "x"}},
	{file: "02-task-404.http", ask: readTask(absent), kind: sources.ErrNotFound, says: "does not correspond to a task that exists"},
	{file: "70-hooktask.http", ask: readTask("VhI8z_RSSXmDR6vYZQB5Gg"),
		want: []string{"retriggered", "VhI8z_RSSXmDR6vYZQB5Gg", "", "2026-11-22T16:36:25.225Z", "false false"}},
	readStatus("04-status-failed.http", failing, "completed completed:testfailed:0:scheduled"),
	readStatus("05-status-retry-2runs.http", "YkdVLtzaR3K3kEKuNsBW8w", "completed completed:retry:0:scheduled completed:success:1:retry"),
	readStatus("07-status-canceled.http", "LWMcwhevRv6TNStYQUtEFg", "completed completed:usercancel:0:scheduled"),
	readStatus("08-status-unscheduled-depfailed.http", "bZ6-XqhmSEijaDQuujo3MA", "unscheduled"),
	readStatus("10-status-running.http", "f-TeHw1IR9GxaJjKH2zVbQ", "running running:unknown:0:scheduled"),
	readStatus("11-status-pending.http", "VYZQ4EWYRzqsZ_L9tZ6bbQ", "pending pending:unknown:0:scheduled"),
	readStatus("11b-status-completed.http", decision, "completed completed:success:0:scheduled"),
	{file: "74-status-404.http", ask: func(ctx context.Context, c *Client) (any, error) { return c.statusOf(ctx, absent) }, kind: sources.ErrNotFound, says: "status of task " + absent},
	{file: "61-dependents.http", ask: readDependents, want: []string{"test-linux64/opt-mochitest-unscheduled pending", "build-linux64/opt completed"}},
	{file: "16-group-404.http", kind: sources.ErrNotFound, says: "No task-group with taskGroupId: `" + absent,
		ask: func(ctx context.Context, c *Client) (any, error) { return c.group(ctx, absent) }},
	{file: "28-artifact-404.http", ask: readArtifact(decision, "public/nope"), kind: sources.ErrNotFound, says: "Artifact not found"},
	{file: "29-artifact-private-anon.http", ask: readArtifact(decision, "private/secret.txt"), kind: sources.ErrUnauthorised, says: "needs queue:get-artifact:private/secret.txt"},
	{file: "31-latest-artifact-pendingtask.http", ask: readArtifact("VYZQ4EWYRzqsZ_L9tZ6bbQ", "public/x"), kind: sources.ErrNotFound, says: "Artifact not found"},
	{file: "31b-artifact-unscheduled.http", ask: readArtifact("bZ6-XqhmSEijaDQuujo3MA", "public/x"), kind: sources.ErrNotFound, says: "Task doesn't have any runs"},
	{file: "58-unknown-client.http", ask: readArtifact(decision, "private/secret.txt"), kind: sources.ErrUnauthorised, says: "Client with clientId 'nobody' not found"},
	{file: "34-index-find.http", ask: readIndex("gecko.v2.autoland.revision." + revision + ".firefox.linux64-opt"), want: "O0jSL1IbSLuYxl1D1MwZkQ 2026-12-22"},
	{file: "35-index-find-404.http", ask: readIndex("gecko.v2.nope.latest"), kind: sources.ErrNotFound, says: "Indexed task not found"},
	{file: "38-index-list-tasks-get.http", want: 1, ask: func(ctx context.Context, c *Client) (any, error) {
		rows, err := c.listed(ctx, "gecko.v2.autoland.pushdate.2015.01.01.latest")
		return len(rows), err
	}},
	{file: "43-hook.http", ask: readHook(ourHook), want: []bool{true, true, false}},
	{file: "44-hook-404.http", ask: readHook("nope"), kind: sources.ErrNotFound, says: "No such hook"},
	{file: "46-trigger-ok.http", ask: readTrigger, want: "Jt284ZopQY2hKWOvYux69A"},
	{file: "47-trigger-schema-invalid.http", ask: readTrigger, kind: sources.ErrRefused, says: "data must have required property 'user'"},
	{file: "49-trigger-idempotent-first.http", ask: readTrigger, want: "YFYFufpWSPOdxqhMrjeGQQ"},
	{file: "50-trigger-idempotent-repeat.http", ask: readTrigger, kind: sources.ErrConflict, says: "hooks_last_fires_pkey"},
	{file: "52-cancel-completed.http", want: sources.Receipt{Request: "IzS_NUtaRA6Z7VvhovxJ1A", Link: recordedRoot + "/tasks/IzS_NUtaRA6Z7VvhovxJ1A", Already: true},
		ask: func(ctx context.Context, c *Client) (any, error) {
			return canceller{c}.Do(ctx, sources.Unit{In: (firing{Task: "IzS_NUtaRA6Z7VvhovxJ1A"}).fact()}, 1)
		}},
}

// elsewhere has the recordings that belong to other tests, with their names, or to nothing that the adapter does.
var elsewhere = map[string]string{
	"13-group-limit2.http":          "TestRecordedGroup",
	"14-group-page2.http":           "TestRecordedGroup",
	"19-group-info.http":            "no query asks about a group without its tasks",
	"20-artifacts.http":             "the adapter knows the names of its artifacts and lists none",
	"22-artifacts-norun.http":       "it lists no artifacts",
	"22b-artifacts-task404.http":    "it lists no artifacts",
	"23-artifact-s3-redirect.http":  "TestArtifactsOfEveryStorage",
	"25-artifact-link.http":         "TestArtifactsOfEveryStorage",
	"26-artifact-reference.http":    "TestArtifactsOfEveryStorage",
	"32-artifact-info.http":         "the adapter reads artifacts, not what is said of them",
	"37-index-list-ns-get.http":     "it lists no namespaces",
	"40-index-artifact.http":        "TestArtifactsOfEveryStorage",
	"40b-index-artifact-L.http":     "TestArtifactsOfEveryStorage",
	"41-index-revision-prefix.http": "it lists no namespaces",
	"41b-findtasks-at-index.http":   "it asks for one path at a time: a GET can be cached and asked again",
	"53-rerun-pending.http":         "no effect reruns a task: a job's history would lose a run",
	"53b-rerun-running.http":        "no effect reruns a task",
	"55-rerun-404.http":             "no effect reruns a task",
	"56-schedule-depfailed.http":    "no effect schedules a task whose dependency failed",
	"59-pending-tasks.http":         "no query asks for the load of a queue",
	"62-ping.http":                  "no query asks whether a service is up",
	"65-head.http":                  "the adapter asks with GET; the answer has no body",
	"67-heartbeat.http":             "no query asks whether a service is up",
	"68-version.http":               "what a deployment can is asked of its hooks, not of its version",
	"71-createTask-bad.http":        "TestProblems",
	"73-tasks-defs.http":            "the queue calls its batch methods experimental",
}

func TestRecordings(t *testing.T) {
	list := sourcetest.Recordings(t, "taskcluster")
	seen := map[string]bool{}
	for _, r := range readings {
		seen[r.file] = true
		t.Run(r.file, func(t *testing.T) {
			replay := sourcetest.Replay(t, sourcetest.Recorded(t, list, r.file))
			c := New(&http.Client{Transport: replay}, recordedRoot, options(ours()))
			got, err := r.ask(t.Context(), c)
			r.check(t, got, err)
			if replay.Used(r.file) == 0 {
				t.Error("it was not asked for")
			}
		})
	}
	for _, r := range list {
		if !seen[r.File] && elsewhere[r.File] == "" {
			t.Errorf("%s is read by no row and is not left out with a reason", r.File)
		}
		if seen[r.File] && elsewhere[r.File] != "" {
			t.Errorf("%s is both read and left out", r.File)
		}
	}
}

func (r reading) check(t *testing.T, got any, err error) {
	t.Helper()
	if r.kind == nil {
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(r.want, got); d != "" {
			t.Error(d)
		}
		return
	}
	if !errors.Is(err, r.kind) {
		t.Fatalf("%v is wanted, and this came: %v", r.kind, err)
	}
	if !strings.Contains(err.Error(), r.says) {
		t.Errorf("%q is wanted in: %v", r.says, err)
	}
	if strings.Contains(err.Error(), sourcetest.Canary) {
		t.Errorf("the error shows the secret: %v", err)
	}
}

// On a fresh deployment nothing is shown to everybody: the scopes that are missing are named.
func TestNoAnonymousRole(t *testing.T) {
	for _, rec := range sourcetest.Recordings(t, "taskcluster/no-anonymous-role") {
		t.Run(rec.File, func(t *testing.T) {
			c := New(&http.Client{Transport: sourcetest.Replay(t, rec)}, recordedRoot, options(nil))
			r := reading{kind: sources.ErrUnauthorised, says: "needs queue:get-task:DRiKqt22TamY5LYBQItLvQ", ask: readTask("DRiKqt22TamY5LYBQItLvQ")}
			if rec.File == "34-index-find.http" {
				path := "gecko.v2.autoland.revision." + revision + ".firefox.linux64-opt"
				r = reading{kind: sources.ErrUnauthorised, says: "needs index:find-task:" + path, ask: readIndex(path)}
			}
			got, err := r.ask(t.Context(), c)
			r.check(t, got, err)
		})
	}
}
