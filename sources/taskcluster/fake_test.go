package taskcluster

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

type obj = map[string]any

// A deployment is a Taskcluster with one push, whose decision task offers what gecko's does. Tests change it as they need.
type deployment struct {
	mu        sync.Mutex
	index     map[string]string // paths to tasks
	tasks     map[string]obj    // definitions
	states    map[string]obj    // statuses
	artifacts map[string]any    // TASK/NAME
	schema    any               // triggerSchema of the hook; nil where there is no such hook
	expanded  []string          // what every set of scopes expands to
	current   []string          // what the credentials may do; nil where they may not ask
	fires     []obj             // of the hook, newest first
	firesPage int               // how many of them come at a time; 0 means all
	asked     []string          // METHOD path
	payloads  []obj             // of triggers
	trigger   func(payload obj) (int, any)
	refuse    map[string]answer // path to what is answered instead
}

type answer struct {
	status int
	body   any // a string is HTML
}

const (
	group  = "project-gecko"
	hookID = "in-tree-action-3-generic/0123456789"
	label  = "test-linux1804-64-qr/opt-mochitest-browser-chrome-3"
	madeID = "YFYFufpWSPOdxqhMrjeGQQ"
	rootID = "https://tc.example"
)

func newDeployment() *deployment {
	d := &deployment{
		index:     map[string]string{"gecko.v2.autoland.revision." + revision + ".taskgraph.decision": decision},
		tasks:     map[string]obj{decision: decisionTask()},
		states:    map[string]obj{},
		artifacts: map[string]any{},
		schema:    obj{"type": "object", "required": []any{"decision", "user"}, "properties": obj{"decision": obj{}, "user": obj{}}, "additionalProperties": false},
		expanded:  []string{"assume:repo:hg.mozilla.org/integration/autoland:*", "in-tree:hook-action:project-gecko/in-tree-action-3-*"},
		refuse:    map[string]answer{},
	}
	d.artifacts[decision+"/public/actions.json"] = gecko()
	d.artifacts[decision+"/public/label-to-taskid.json"] = obj{"build-linux64/opt": "O0jSL1IbSLuYxl1D1MwZkQ", label: failing}
	d.artifacts[decision+"/public/runnable-jobs.json"] = obj{"build-linux64/opt": obj{}, label: obj{}, "test-other": obj{"symbol": "x"}}
	d.artifacts[decision+"/public/full-task-graph.json"] = graph()
	d.trigger = func(payload obj) (int, any) {
		id := madeID
		if s, ok := payload["taskId"].(string); ok {
			id = s
		}
		return 200, obj{"taskId": id, "status": obj{"taskId": id}}
	}
	return d
}

func decisionTask() obj {
	return obj{"taskGroupId": decision, "routes": []any{"tc-treeherder.v2.autoland." + revision + ".100000"}, "created": "2026-11-22T10:00:00.000Z",
		"expires": "2027-11-22T10:00:00.000Z", "scopes": []any{"assume:repo:hg.mozilla.org/integration/autoland:branch:default"}, "payload": obj{"env": obj{"GECKO_HEAD_REV": revision}},
		"metadata": obj{"name": "Gecko Decision Task", "source": "https://hg.mozilla.org/integration/autoland/raw-file/" + revision + "/.taskcluster.yml"},
		"tags":     obj{"kind": "decision-task", "project": "autoland"}, "extra": obj{}}
}

// testTask is a task of a label that somebody (the decision task, or an action) made.
func testTask(parent string) obj {
	return obj{"taskGroupId": decision, "routes": []any{"tc-treeherder.v2.autoland." + revision + ".100000"}, "created": "2026-11-22T11:00:00.000Z",
		"expires": "2027-11-22T10:00:00.000Z", "scopes": []any{}, "payload": obj{"env": obj{"MOZHARNESS_TEST_PATHS": `{"browser-chrome": ["a/browser.toml", "b/browser.toml"]}`}},
		"metadata": obj{"name": label, "source": ""}, "tags": obj{"kind": "test", "label": label, "project": "autoland"},
		"extra": obj{"parent": parent, "treeherder": obj{"jobKind": "test", "tier": 1, "symbol": "bc3", "groupSymbol": "M", "collection": obj{"opt": true}, "machine": obj{"platform": "linux1804-64-qr"}}}}
}

// actionTask is the task of an action of ours.
func actionTask(name, client string, input any) obj {
	return obj{"taskGroupId": decision, "routes": []any{"tc-treeherder.v2.autoland." + revision + ".100000"}, "created": "2026-11-22T16:40:01.000Z",
		"expires": "2027-11-22T10:00:00.000Z", "scopes": []any{}, "payload": obj{}, "metadata": obj{"name": "Action: " + name, "source": ""},
		"tags":  obj{"kind": "action-callback"},
		"extra": obj{"parent": decision, "action": obj{"name": name, "context": obj{"input": input, "clientId": client}}}}
}

func stateOf(id, state string, runs ...obj) obj {
	return obj{"status": obj{"taskId": id, "state": state, "runs": append([]obj{}, runs...)}}
}

// runOf is run n of a task; why it was resolved is empty while it is not.
func runOf(n int, state, why string) obj {
	r := obj{"runId": n, "state": state, "reasonCreated": "scheduled", "scheduled": "2026-11-22T12:00:00.000Z"}
	if n > 0 {
		r["reasonCreated"] = "retry"
	}
	if why != "" {
		r["reasonResolved"], r["started"], r["resolved"], r["workerId"] = why, "2026-11-22T12:01:00.000Z", "2026-11-22T12:10:00.000Z", "i-1"
	}
	return r
}

func gecko() obj {
	hooked := func(name string, context []any, schema any) obj {
		a := obj{"name": name, "kind": "hook", "title": name, "description": name, "context": context, "hookGroupId": group, "hookId": hookID,
			"hookPayload": obj{"decision": obj{"action": obj{"name": name, "taskGroupId": decision}, "push": obj{"revision": revision, "owner": obj{"$eval": "owner"}}},
				"user": obj{"input": obj{"$eval": "input"}, "taskId": obj{"$eval": "taskId"}, "taskGroupId": obj{"$eval": "taskGroupId"}}}}
		if schema != nil {
			a["schema"] = schema
		}
		return a
	}
	times := obj{"type": "integer", "default": 1, "minimum": 1, "maximum": 100}
	labels := obj{"type": "array", "items": obj{"type": "string"}}
	return obj{"version": 1, "variables": obj{"owner": "dev@example.org"}, "actions": []any{
		hooked("add-new-jobs", []any{obj{"kind": "never"}}, nil), // for tasks: not the one that is wanted
		hooked("add-new-jobs", []any{}, obj{"type": "object", "properties": obj{"tasks": labels, "times": times}}),
		hooked("add-new-jobs", []any{}, obj{"type": "string"}), // the first of a name wins
		hooked("retrigger-multiple", []any{}, obj{"type": "object", "properties": obj{"requests": obj{"type": "array", "items": obj{"properties": obj{"tasks": labels, "times": times}}}}, "additionalProperties": false}),
		hooked("backfill-task", []any{}, obj{"type": "object", "properties": obj{"label": obj{"type": "string"}, "revision": obj{"type": "string"}, "symbol": obj{"type": "string"},
			"test_manifests": labels, "times": times, "retrigger": obj{"type": "boolean"}}}),
		hooked("cancel", []any{obj{}}, nil),
	}}
}

func graph() obj {
	entry := func(deps obj, symbol string, tier int) obj {
		return obj{"label": "ignored", "kind": "test", "attributes": obj{}, "dependencies": deps, "optimization": nil,
			"task": obj{"extra": obj{"treeherder": obj{"symbol": symbol, "groupSymbol": "M", "tier": tier, "collection": obj{"opt": true}, "machine": obj{"platform": "linux1804-64-qr"}}}}}
	}
	return obj{
		label:               entry(obj{"build": "build-linux64/opt", "docker-image": "docker-image-x"}, "bc3", 1),
		"build-linux64/opt": entry(obj{"toolchain-z": "toolchain-z", "toolchain-clang": "toolchain-clang"}, "B", 1),
		"toolchain-clang":   obj{"dependencies": obj{"docker-image": "docker-image-x"}, "task": obj{}},
		"toolchain-z":       obj{"dependencies": obj{}, "task": obj{}},
		"docker-image-x":    obj{"dependencies": obj{}, "task": obj{}},
		"test-other":        entry(obj{}, "x", 2),
	}
}

func (d *deployment) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/tc"); ok {
		u, err := r.URL.Parse(rest)
		if err != nil {
			panic(err)
		}
		u.RawQuery = r.URL.RawQuery
		r = r.Clone(r.Context())
		r.URL = u
	}
	d.asked = append(d.asked, r.Method+" "+r.URL.EscapedPath())
	if a, ok := d.refuse[r.Method+" "+r.URL.EscapedPath()]; ok {
		write(w, a.status, a.body)
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/index/v1/task/{path}", func(w http.ResponseWriter, r *http.Request) {
		id, ok := d.index[r.PathValue("path")]
		found(w, ok, obj{"namespace": r.PathValue("path"), "taskId": id, "rank": 0, "data": obj{}, "expires": "2027-11-22T10:00:00.000Z"})
	})
	mux.HandleFunc("GET /api/index/v1/tasks/{path}", func(w http.ResponseWriter, r *http.Request) {
		rows := []any{}
		for _, f := range d.fires {
			rows = append(rows, obj{"namespace": r.PathValue("path") + "." + f["taskId"].(string), "taskId": f["taskId"], "expires": "2027-11-22T10:00:00.000Z"})
		}
		write(w, 200, obj{"tasks": rows})
	})
	mux.HandleFunc("GET /api/queue/v1/task/{id}", func(w http.ResponseWriter, r *http.Request) {
		t, ok := d.tasks[r.PathValue("id")]
		found(w, ok, t)
	})
	mux.HandleFunc("GET /api/queue/v1/task/{id}/status", func(w http.ResponseWriter, r *http.Request) {
		s, ok := d.states[r.PathValue("id")]
		found(w, ok, s)
	})
	mux.HandleFunc("POST /api/queue/v1/task/{id}/cancel", func(w http.ResponseWriter, r *http.Request) {
		s, ok := d.states[r.PathValue("id")]
		found(w, ok, s)
	})
	mux.HandleFunc("GET /api/queue/v1/task/{id}/dependents", func(w http.ResponseWriter, r *http.Request) {
		list := []any{}
		for _, id := range []string{"AAAAAAAAQACAAAAAAAAAAg", "AAAAAAAAQACAAAAAAAAAAw", madeID} {
			if t, ok := d.tasks[id]; ok && d.states[id] != nil {
				list = append(list, obj{"task": t, "status": d.states[id]["status"]})
			}
		}
		write(w, 200, obj{"taskId": r.PathValue("id"), "tasks": list})
	})
	mux.HandleFunc("GET /api/queue/v1/task-group/{id}/list", func(w http.ResponseWriter, r *http.Request) {
		list := []any{}
		for _, id := range slices.Backward(slices.Sorted(maps.Keys(d.tasks))) {
			if t := d.tasks[id]; t["taskGroupId"] == r.PathValue("id") && d.states[id] != nil {
				list = append(list, obj{"task": t, "status": d.states[id]["status"]})
			}
		}
		from, _ := strconv.Atoi(r.URL.Query().Get("continuationToken"))
		page := obj{"taskGroupId": r.PathValue("id"), "tasks": list[from:min(from+2, len(list))]}
		if from+2 < len(list) {
			page["continuationToken"] = strconv.Itoa(from + 2)
		}
		found(w, len(list) > 0, page)
	})
	mux.HandleFunc("GET /api/queue/v1/task/{id}/artifacts/{name...}", func(w http.ResponseWriter, r *http.Request) {
		a, ok := d.artifacts[r.PathValue("id")+"/"+r.PathValue("name")]
		found(w, ok, a)
	})
	mux.HandleFunc("GET /api/hooks/v1/hooks/{group}/{hook}", func(w http.ResponseWriter, r *http.Request) {
		found(w, d.schema != nil && r.PathValue("hook") == hookID, obj{"hookId": hookID, "hookGroupId": group, "task": obj{}, "triggerSchema": d.schema})
	})
	mux.HandleFunc("GET /api/hooks/v1/hooks/{group}/{hook}/last-fires", func(w http.ResponseWriter, r *http.Request) {
		from, _ := strconv.Atoi(r.URL.Query().Get("continuationToken"))
		page := obj{"lastFires": append([]obj{}, d.fires[from:]...)}
		if end := from + d.firesPage; d.firesPage > 0 && end < len(d.fires) {
			page = obj{"lastFires": d.fires[from:end], "continuationToken": strconv.Itoa(end)}
		}
		write(w, 200, page)
	})
	mux.HandleFunc("POST /api/hooks/v1/hooks/{group}/{hook}/trigger", d.serveTrigger)
	mux.HandleFunc("POST /api/auth/v1/scopes/expand", func(w http.ResponseWriter, r *http.Request) { write(w, 200, obj{"scopes": d.expanded}) })
	mux.HandleFunc("GET /api/auth/v1/scopes/current", func(w http.ResponseWriter, r *http.Request) {
		if d.current == nil {
			write(w, 403, lacking("auth:current-scopes"))
			return
		}
		write(w, 200, obj{"scopes": d.current})
	})
	mux.ServeHTTP(w, r)
}

func (d *deployment) serveTrigger(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var payload obj
	if err := json.Unmarshal(body, &payload); err != nil || !strings.HasPrefix(r.Header.Get("Authorization"), "Hawk ") {
		write(w, 401, problem("AuthenticationFailed", "no good signature"))
		return
	}
	d.payloads = append(d.payloads, payload)
	status, answer := d.trigger(payload)
	write(w, status, answer)
}

func found(w http.ResponseWriter, ok bool, body any) {
	if !ok {
		write(w, 404, problem("ResourceNotFound", "there is no such thing"))
		return
	}
	if a, is := body.(answer); is {
		write(w, a.status, a.body)
		return
	}
	write(w, 200, body)
}

func write(w http.ResponseWriter, status int, body any) {
	if page, ok := body.(string); ok {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		fmt.Fprint(w, page)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func problem(code, message string) obj {
	return obj{"code": code, "message": message + "\n\n---\n\n* method:     x\n* errorCode:  " + code, "requestInfo": obj{"method": "x", "params": obj{}, "payload": obj{}}}
}

func lacking(scope string) obj {
	return problem("InsufficientScopes", "This request requires Taskcluster credentials that satisfy the following scope expression:\n\n```\n"+scope+"\n```")
}

// client is the adapter of a deployment; cred may be nil.
func (d *deployment) client(cred *Credentials) *Client {
	return New(&http.Client{Transport: sourcetest.Transport(d)}, rootID, options(cred))
}

// count says how many requests there were whose METHOD path ends so.
func (d *deployment) count(suffix string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, a := range d.asked {
		if strings.HasSuffix(a, suffix) {
			n++
		}
	}
	return n
}

// unit asks for one job on the push and returns the one unit that comes of it.
func unit(t *testing.T, c *Client, q ci.Trigger) sources.Unit {
	t.Helper()
	if q.Branch == "" {
		q.Branch = "autoland"
	}
	if q.Job == "" {
		q.Job = label
	}
	if q.Revisions == nil {
		q.Revisions = []string{revision}
	}
	units, err := effect(t, c, "jobs.trigger").Units(t.Context(), obj{"branch": q.Branch, "job": q.Job, "revisions": anys(q.Revisions), "total": max(q.Total, 1), "like": q.Like})
	if err != nil {
		t.Fatal(err)
	}
	if len(units) != 1 {
		t.Fatalf("%d units came, and 1 is wanted", len(units))
	}
	return units[0]
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func effect(t *testing.T, c *Client, name string) sources.Effect {
	t.Helper()
	for _, e := range c.Effects() {
		if e.Name == name {
			return e
		}
	}
	t.Fatalf("there is no effect %s", name)
	return sources.Effect{}
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}
