package taskcluster

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

func TestTriggerNeedsNoCredentialsToPlan(t *testing.T) {
	d := newDeployment()
	u := unit(t, d.client(nil), ci.Trigger{Total: 3})
	if u.Refusal != "" {
		t.Fatal(u.Refusal)
	}
	want := sources.Key{Base: rootID, Effect: "jobs.trigger", Branch: "autoland", Revision: revision, Job: label}
	if u.Key != want || u.Want != 3 || !u.Count || u.More != 0 {
		t.Errorf("%+v", u)
	}
	if got, want := u.What, label+" on da270bd7c9db (add-new-jobs of decision task "+decision+")"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	_, err := effect(t, d.client(nil), "jobs.trigger").Do(t.Context(), u, 1)
	if !errors.Is(err, sources.ErrUnauthorised) || !strings.Contains(err.Error(), "there are no credentials") {
		t.Errorf("doing it without credentials: %v", err)
	}
	if len(d.payloads) != 0 {
		t.Errorf("something was sent: %v", d.payloads)
	}
}

// A unit is stored as JSON between plan and apply, perhaps for days: what Do sends may not change by that, and Do asks nothing.
func TestTriggerFromStoredUnit(t *testing.T) {
	d := newDeployment()
	c := d.client(ours())
	u := unit(t, c, ci.Trigger{})
	text, err := schemas.Of(schemas.Any).Marshal(u.In)
	if err != nil {
		t.Fatal(err)
	}
	if u.In, err = schemas.DecodeJSON(text); err != nil {
		t.Fatal(err)
	}
	d.asked = nil
	got, err := effect(t, c, "jobs.trigger").Do(t.Context(), u, 2)
	if err != nil {
		t.Fatal(err)
	}
	if want := (sources.Receipt{Request: madeID, Link: rootID + "/tasks/" + madeID}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if d := cmp.Diff([]string{"POST /api/hooks/v1/hooks/project-gecko/in-tree-action-3-generic%2F0123456789/trigger"}, d.asked); d != "" {
		t.Error(d)
	}
	want := obj{
		"decision": obj{"action": obj{"name": "add-new-jobs", "taskGroupId": decision}, "push": obj{"revision": revision, "owner": "dev@example.org"}},
		"user":     obj{"input": obj{"tasks": []any{label}, "times": 1.0, "mozci_run": u.Key.Token(2)}, "taskId": nil, "taskGroupId": decision},
	}
	if d := cmp.Diff([]obj{want}, d.payloads); d != "" {
		t.Error(d)
	}
}

func TestTriggerChoosesTheTaskID(t *testing.T) {
	d := newDeployment()
	d.schema = obj{"type": "object", "additionalProperties": true}
	c := d.client(ours())
	u := unit(t, c, ci.Trigger{})
	chosen := slugOf(u.Key.Token(1))
	e := effect(t, c, "jobs.trigger")
	got, err := e.Do(t.Context(), u, 1)
	if err != nil || got.Request != chosen || got.Already {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, message := range []string{
		"While firing hook:\n\nerror: duplicate key value violates unique constraint \"hooks_last_fires_pkey\"",
		"While calling createTask: RequestConflict\n\nTask with taskId already exists",
	} {
		d.trigger = func(obj) (int, any) { return 400, problem("InputError", message) }
		d.states[chosen] = stateOf(chosen, "pending")
		got, err = e.Do(t.Context(), u, 1)
		if want := (sources.Receipt{Request: chosen, Link: rootID + "/tasks/" + chosen, Already: true}); err != nil || got != want {
			t.Errorf("%s: %+v, %v", message, got, err)
		}
		delete(d.states, chosen)
		if _, err = e.Do(t.Context(), u, 1); !errors.Is(err, sources.ErrRefused) || !strings.Contains(err.Error(), "made no task") {
			t.Errorf("%s, and no task: %v", message, err)
		}
	}
}

func TestTriggerRefusals(t *testing.T) {
	rows := []struct {
		name   string
		change func(d *deployment)
		cred   *Credentials
		job    string
		why    string
	}{
		{name: "no decision task", change: func(d *deployment) { clear(d.index) }, why: "no decision task is indexed for this push"},
		{name: "decision task expired", change: func(d *deployment) { d.tasks[decision]["expires"] = "2026-11-22T16:39:59.000Z" }, why: "expired on 2026-11-22"},
		{name: "index row expired", change: func(d *deployment) {
			path := "gecko.v2.autoland.revision." + revision + ".taskgraph.decision"
			d.refuse["GET /api/index/v1/task/"+path] = answer{200, obj{"namespace": path, "taskId": decision, "expires": "2026-11-21T10:00:00.000Z"}}
			clear(d.tasks) // it need not be looked at any more
		}, why: "expired on 2026-11-21"},
		{name: "decision task gone", change: func(d *deployment) { delete(d.tasks, decision) }, why: "expired or were never written"},
		{name: "actions gone", change: func(d *deployment) { delete(d.artifacts, decision+"/public/actions.json") }, why: "expired or were never written (actions of decision task " + decision + ": not found)"},
		{name: "actions expired", change: func(d *deployment) {
			d.artifacts[decision+"/public/actions.json"] = answer{410, problem("ResourceExpired", "Artifact expired")}
		}, why: "expired or were never written (actions of decision task " + decision + ": gone)"},
		{name: "actions are an error", change: func(d *deployment) {
			d.artifacts[decision+"/public/actions.json"] = answer{424, obj{"reason": "file-missing-on-worker", "message": "no such file"}}
		}, why: "could not write its actions: file-missing-on-worker: no such file"},
		{name: "label unknown", job: "test-nobody-knows", why: "test-nobody-knows cannot run on da270bd7c9db: its task graph has no such label"},
		{name: "no action", change: func(d *deployment) {
			d.artifacts[decision+"/public/actions.json"] = obj{"version": 1, "variables": obj{}, "actions": []any{obj{"name": "cancel", "kind": "hook", "context": []any{obj{}}}}}
		}, why: "offers no action add-new-jobs for it; it offers cancel"},
		{name: "an action that is a task", change: func(d *deployment) { firstAction(d)["kind"] = "task" }, why: `the action add-new-jobs is of kind "task"`},
		{name: "input does not fit", change: func(d *deployment) {
			firstAction(d)["schema"] = obj{"type": "object", "required": []any{"reason"}}
		}, why: "the action add-new-jobs would not take the input: at '': missing property 'reason'"},
		{name: "schema is none", change: func(d *deployment) { firstAction(d)["schema"] = obj{"type": 7} }, why: "the schema of the action's input"},
		{name: "schema from elsewhere", change: func(d *deployment) { firstAction(d)["schema"] = obj{"$ref": "https://evil.example/s.json"} }, why: "which is not followed"},
		{name: "template cannot be rendered", change: func(d *deployment) { firstAction(d)["hookPayload"] = obj{"x": obj{"$eval": "nope("}} }, why: "the payload template cannot be rendered"},
		{name: "hook not trusted", change: func(d *deployment) { d.expanded = []string{"in-tree:hook-action:project-gecko/in-tree-action-1-*"} },
			why: "may not speak for the hook project-gecko/in-tree-action-3-generic/0123456789: its actions.json is not trusted"},
		{name: "hook gone", change: func(d *deployment) { d.schema = nil }, why: "is no longer there"},
		{name: "hook would not take it", change: func(d *deployment) { d.schema = obj{"type": "object", "required": []any{"reason"}} }, why: "would not take the payload: at '': missing property 'reason'"},
		{name: "scopes missing", cred: ours(), change: func(d *deployment) { d.current = []string{"hooks:trigger-hook:project-other/*"} },
			why: "the credentials of static/taskcluster/root lack the scope hooks:trigger-hook:project-gecko/in-tree-action-3-generic/0123456789"},
		{name: "client unknown", cred: ours(), change: func(d *deployment) {
			d.refuse["GET /api/auth/v1/scopes/current"] = answer{401, problem("AuthenticationFailed", "Client with clientId 'x' not found")}
		}, why: "Client with clientId 'x' not found"},
		{name: "certificate expired", cred: &Credentials{ClientID: "me", AccessToken: "t0ken", Certificate: cert(t, 1438964811744, 1439051211744)}, why: "the temporary credentials of me expired at 2015-08-08T16:26:51Z"},
	}
	seen := map[string]string{}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			d := newDeployment()
			if r.change != nil {
				r.change(d)
			}
			u := unit(t, d.client(r.cred), ci.Trigger{Job: r.job})
			if !strings.Contains(u.Refusal, r.why) {
				t.Errorf("%q is wanted in the reason %q", r.why, u.Refusal)
			}
			if seen[u.Refusal] != "" {
				t.Errorf("the same reason as %s: %s", seen[u.Refusal], u.Refusal)
			}
			seen[u.Refusal] = r.name
			if u.Denied != (r.cred != nil) {
				t.Errorf("denied is %v", u.Denied)
			}
			if d.count("/trigger") != 0 {
				t.Error("something was triggered")
			}
		})
	}
}

func firstAction(d *deployment) obj {
	list := d.artifacts[decision+"/public/actions.json"].(obj)["actions"].([]any)
	return list[1].(obj) // the first for pushes
}

// What the service itself refuses certainly did not happen; what somebody else says in its place leaves that open.
func TestTriggerAnswers(t *testing.T) {
	rows := []struct {
		name   string
		status int
		body   any
		kind   error
		says   string
	}{
		{"no scopes", 403, lacking("hooks:trigger-hook:project-gecko/x"), sources.ErrUnauthorised, "needs hooks:trigger-hook:project-gecko/x"},
		{"the hook's role has no scopes", 403, problem("InsufficientScopes", "The role `hook-id:project-gecko/x` does not have sufficient scopes to create the task:\n\n```\nqueue:create-task:x\n```"),
			sources.ErrUnauthorised, "the hook's own role may not create its task; it needs queue:create-task:x"},
		{"bad signature", 401, problem("AuthenticationFailed", "Bad mac"), sources.ErrUnauthorised, "look at the client id, the access token and the clock"},
		{"no hook", 404, problem("ResourceNotFound", "No such hook"), sources.ErrNotFound, "No such hook"},
		{"bad payload", 400, problem("InputError", "data must have required property 'user'"), sources.ErrRefused, "data must have"},
		{"too large", 413, problem("InputTooLarge", "Request body is too large"), sources.ErrRefused, "InputTooLarge"},
		{"nothing made of it", 200, obj{}, sources.ErrRefused, "made no task of it"},
		{"failure within", 400, problem("InputError", "While firing hook:\n\nError: connect ECONNREFUSED"), sources.ErrUnavailable, "ECONNREFUSED"},
		{"internal error", 500, problem("InternalServerError", "Internal Server Error, incidentId x"), sources.ErrUnavailable, "incidentId"},
		{"a proxy's 403", 403, "<html>no</html>", sources.ErrUnavailable, "whether the call arrived is open"},
		{"a proxy's 404", 404, "<html>no</html>", sources.ErrUnavailable, "whether the call arrived is open"},
		{"a proxy's 502", 502, "<html>no</html>", sources.ErrUnavailable, "HTML"},
		{"a page", 200, "<html>hello</html>", sources.ErrUnavailable, "JSON is wanted"},
		{"an id that is none", 200, obj{"taskId": "x"}, sources.ErrChangedFormat, "$.taskId"},
		{"conflict without a chosen id", 400, problem("InputError", "While calling createTask: RequestConflict\n\nx"), sources.ErrConflict, "RequestConflict"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			d := newDeployment()
			c := d.client(ours())
			u := unit(t, c, ci.Trigger{})
			d.trigger = func(obj) (int, any) { return r.status, r.body }
			got, err := effect(t, c, "jobs.trigger").Do(t.Context(), u, 1)
			if !errors.Is(err, r.kind) || sources.KindOf(err) != r.kind {
				t.Fatalf("%v is wanted, and this came: %+v, %v", r.kind, got, err)
			}
			if !strings.Contains(err.Error(), r.says) {
				t.Errorf("%q is wanted in: %v", r.says, err)
			}
		})
	}
}

func TestTriggerSeveralPushesAskOnceWhatTheyShare(t *testing.T) {
	d := newDeployment()
	other := strings.Repeat("ab", 20)
	d.index["gecko.v2.autoland.revision."+other+".taskgraph.decision"] = decision
	missing := strings.Repeat("cd", 20)
	units, err := effect(t, d.client(nil), "jobs.trigger").Units(t.Context(), obj{"branch": "autoland", "job": label, "revisions": []any{other, missing, revision}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range units {
		got = append(got, u.Key.Revision[:4]+" "+strings.SplitN(u.Refusal, " is", 2)[0])
	}
	if d := cmp.Diff([]string{"abab ", "cdcd no decision task", "da27 "}, got); d != "" {
		t.Error(d)
	}
	if n := d.count("/scopes/expand"); n != 1 {
		t.Errorf("the same scopes were expanded %d times", n)
	}
	if n := d.count("%2F0123456789"); n != 1 {
		t.Errorf("the same hook was asked for %d times", n)
	}
}

func TestTriggerFailsWhole(t *testing.T) {
	d := newDeployment()
	d.refuse["GET /api/queue/v1/task/"+decision+"/artifacts/public/actions.json"] = answer{503, "<html>sorry</html>"}
	_, err := effect(t, d.client(nil), "jobs.trigger").Units(t.Context(), obj{"branch": "autoland", "job": label, "revisions": []any{revision}})
	if !errors.Is(err, sources.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	later := newDeployment()
	later.artifacts[decision+"/public/actions.json"].(obj)["version"] = 2
	_, err = effect(t, later.client(nil), "jobs.trigger").Units(t.Context(), obj{"branch": "autoland", "job": label, "revisions": []any{revision}})
	if !errors.Is(err, sources.ErrChangedFormat) || !strings.Contains(err.Error(), "$.version") {
		t.Errorf("actions of another version: %v", err)
	}
	for _, in := range []obj{
		{"branch": "autoland", "job": label, "revisions": []any{"10"}},
		{"branch": "auto/land", "job": label, "revisions": []any{revision}},
		{"branch": "autoland", "job": " ", "revisions": []any{revision}},
		{"branch": "autoland", "job": label, "revisions": []any{revision}, "like": "x"},
	} {
		if _, err := effect(t, d.client(nil), "jobs.trigger").Units(t.Context(), in); !errors.Is(err, sources.ErrRefused) {
			t.Errorf("%v: %v", in, err)
		}
	}
}

func TestTriggerTreeClosed(t *testing.T) {
	d := newDeployment()
	c := d.client(nil)
	c.opts.Tree = func(context.Context, string) (ci.Tree, error) {
		return ci.Tree{State: ci.TreeClosed, Reason: "bustage\nof builds"}, nil
	}
	u := unit(t, c, ci.Trigger{})
	if want := "the tree autoland is closed (--closed asks all the same): bustage of builds"; u.Refusal != want {
		t.Errorf("got %q, want %q", u.Refusal, want)
	}
	for _, asked := range d.asked { // reading may have begun meanwhile
		if strings.HasPrefix(asked, "POST") && !strings.HasSuffix(asked, "/scopes/expand") {
			t.Errorf("it asked %v", d.asked)
		}
	}
}

// Chunks drift: what a failing task ran is run on the push, by its manifests.
func TestTriggerLike(t *testing.T) {
	d := newDeployment()
	d.tasks[failing] = testTask(decision)
	u := unit(t, d.client(nil), ci.Trigger{Like: failing})
	f, err := bindFiring(u)
	if err != nil {
		t.Fatal(err)
	}
	want := obj{"label": label, "revision": revision, "symbol": "bc3", "times": 1, "retrigger": true,
		"test_manifests": obj{"browser-chrome": []any{"a/browser.toml", "b/browser.toml"}}}
	if d := cmp.Diff(want, f.Input); d != "" || f.Action != "backfill-task" {
		t.Errorf("%s: %s", f.Action, d)
	}
	t.Run("a push without that chunk", func(t *testing.T) {
		base := strings.TrimSuffix(label, "-3")
		d.artifacts[decision+"/public/label-to-taskid.json"] = obj{}
		d.artifacts[decision+"/public/runnable-jobs.json"] = obj{base + "-1": obj{}}
		u := unit(t, d.client(nil), ci.Trigger{Like: failing})
		if f, _ := bindFiring(u); f.Action != "backfill-task" {
			t.Errorf("%q: %s", f.Action, u.Refusal)
		}
		if u := unit(t, d.client(nil), ci.Trigger{}); !strings.Contains(u.Refusal, "no such label") {
			t.Errorf("by label: %q", u.Refusal)
		}
	})
	t.Run("another chunk of the suite has failed", func(t *testing.T) {
		d := newDeployment()
		d.tasks[failing] = testTask(decision)
		other := strings.TrimSuffix(label, "-3") + "-7"
		d.artifacts[decision+"/public/label-to-taskid.json"] = obj{other: "x"}
		f, err := bindFiring(unit(t, d.client(nil), ci.Trigger{Job: other, Like: failing}))
		if err != nil || f.Action != "backfill-task" || f.Input.(obj)["label"] != other {
			t.Errorf("%s of %v, %v", f.Action, f.Input, err)
		}
	})
	t.Run("not scheduled by manifests", func(t *testing.T) {
		d := newDeployment()
		d.tasks[failing] = testTask(decision)
		d.tasks[failing]["payload"] = obj{}
		if f, _ := bindFiring(unit(t, d.client(nil), ci.Trigger{Like: failing})); f.Action != "add-new-jobs" {
			t.Errorf("%q", f.Action)
		}
	})
}

// Where an artifact is missing, the next one tells whether a label can run.
func TestTriggerLabels(t *testing.T) {
	d := newDeployment()
	if u := unit(t, d.client(nil), ci.Trigger{Job: "test-other"}); u.Refusal != "" || d.count("full-task-graph.json") != 0 {
		t.Errorf("%q", u.Refusal)
	}
	delete(d.artifacts, decision+"/public/runnable-jobs.json")
	delete(d.artifacts, decision+"/public/label-to-taskid.json")
	if u := unit(t, d.client(nil), ci.Trigger{Job: "test-other"}); u.Refusal != "" || d.count("full-task-graph.json") != 1 {
		t.Errorf("%q", u.Refusal)
	}
	delete(d.artifacts, decision+"/public/full-task-graph.json")
	if u := unit(t, d.client(nil), ci.Trigger{Job: "test-other"}); !strings.Contains(u.Refusal, "expired or were never written") {
		t.Errorf("%q", u.Refusal)
	}
}

func TestRetrigger(t *testing.T) {
	action := func(d *deployment, job string) (string, sources.Unit) {
		units, err := effect(t, d.client(nil), "jobs.retrigger").Units(t.Context(), obj{"branch": "autoland", "job": job, "revisions": []any{revision}, "add": 5})
		if err != nil {
			t.Fatal(err)
		}
		f, err := bindFiring(units[0])
		if err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(f.Input)
		return f.Action + " " + string(text) + units[0].Refusal, units[0]
	}
	d := newDeployment()
	got, u := action(d, label)
	if want := `retrigger-multiple {"requests":[{"tasks":["` + label + `"],"times":1}]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if u.More != 5 || u.Want != 0 || u.Count {
		t.Errorf("%+v", u)
	}
	if got, _ := action(d, "test-other"); got != `add-new-jobs {"tasks":["test-other"],"times":1}` {
		t.Errorf("what the decision task has not made: %s", got)
	}
	list := d.artifacts[decision+"/public/actions.json"].(obj)["actions"].([]any)
	list[3].(obj)["schema"] = obj{"type": "object", "properties": obj{"requests": obj{"items": obj{"additionalProperties": false}}}} // as gecko's
	if got, _ := action(d, label); !strings.HasPrefix(got, "add-new-jobs ") {
		t.Errorf("where its schema takes nothing: %s", got)
	}
	if got, _ := action(d, "test-nobody-knows"); !strings.Contains(got, "no such label") {
		t.Errorf("%s", got)
	}
}
