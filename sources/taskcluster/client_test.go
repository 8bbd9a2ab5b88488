package taskcluster

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

// Artifacts are redirected to where they are stored; what points there carries the file, or nothing.
func TestArtifactsOfEveryStorage(t *testing.T) {
	list := sourcetest.Recordings(t, "taskcluster")
	names := map[string]string{ // file to the artifact that was asked for
		"23-artifact-s3-redirect.http": "/api/queue/v1/task/" + decision + "/runs/0/artifacts/public/logs/live_backing.log",
		"25-artifact-link.http":        "/api/queue/v1/task/" + decision + "/artifacts/public/logs/live.log",
		"26-artifact-reference.http":   "/api/queue/v1/task/" + decision + "/artifacts/public/ref",
		"40-index-artifact.http":       "/api/index/v1/task/gecko.v2.autoland.revision." + revision + ".taskgraph.decision/artifacts/public/actions.json",
	}
	for file, path := range names {
		t.Run(file, func(t *testing.T) {
			redirect := sourcetest.Recorded(t, list, file)
			to := redirect.Header.Get("Location")
			var signed []string
			c := New(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				signed = append(signed, r.Header.Get("Authorization"))
				if r.URL.String() == to {
					return sourcetest.Transport(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { write(w, 200, gecko()) })).RoundTrip(r)
				}
				return sourcetest.Replay(t, redirect).RoundTrip(r)
			})}, recordedRoot, options(ours()))
			ep := epActions
			ep.Path = path
			got, err := ask[actions](t.Context(), c, call{ep: ep, doing: "an artifact", sign: true})
			if err != nil || got.Version != 1 {
				t.Errorf("%+v, %v", got, err)
			}
			if len(signed) != 2 || !strings.HasPrefix(signed[0], "Hawk ") || signed[1] != "" {
				t.Errorf("the signature went on: %q", signed)
			}
		})
	}
	t.Run("40b-index-artifact-L.http", func(t *testing.T) {
		var both []sourcetest.Recording
		for _, r := range list {
			if r.File == "40b-index-artifact-L.http" {
				both = append(both, r)
			}
		}
		ep := epActions
		ep.Path = names["40-index-artifact.http"]
		got, err := ask[actions](t.Context(), New(&http.Client{Transport: sourcetest.Replay(t, both...)}, recordedRoot, options(nil)), call{ep: ep, doing: "an artifact"})
		if err != nil || len(got.Actions) != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
		a, ok := got.forTask("retrigger", nil)
		if !ok || a.HookID != ourHook || a.HookGroupID != "project-gecko" {
			t.Errorf("%+v", a)
		}
		payload, err := render(a.HookPayload, got.Variables, decision, failing, nil, noon())
		want := obj{"decision": obj{"action": obj{"name": "retrigger"}}, "user": obj{"taskId": failing, "taskGroupId": decision, "input": nil}}
		if d := cmp.Diff(want, payload); d != "" || err != nil {
			t.Error(d, err)
		}
	})
}

// Redirects have an end.
func TestRedirectsWithoutEnd(t *testing.T) {
	c := New(&http.Client{Transport: sourcetest.Transport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path+"x", http.StatusSeeOther)
	}))}, rootID, options(nil))
	if _, err := ask[actions](t.Context(), c, call{ep: epActions, args: []string{decision}, doing: "actions"}); !errors.Is(err, sources.ErrUnavailable) || !strings.Contains(err.Error(), "more than 5 redirects") {
		t.Errorf("%v", err)
	}
}

// What Taskcluster says of calls that it did not do, by its codes.
func TestProblems(t *testing.T) {
	rows := []struct {
		status int
		body   string
		kind   error
		says   string
	}{
		{400, `{"code": "MalformedPayload", "message": "Failed to parse JSON"}`, sources.ErrRefused, "MalformedPayload: Failed to parse JSON"},
		{400, `{"code": "InvalidRequestArguments", "message": "\nInvalid URL patterns:\n\nURL parameter 'taskId' given as 'x' must match"}`, sources.ErrRefused, "it has not the shape of one"},
		{400, `{"code": "InputError", "message": "no"}`, sources.ErrRefused, "InputError: no"},
		{401, `{"code": "AuthenticationFailed", "message": "Bad mac"}`, sources.ErrUnauthorised, "the clock of this machine"},
		{403, `{"code": "AuthorizationFailed", "message": "no"}`, sources.ErrUnauthorised, "no"},
		{403, `{"code": "InsufficientScopes", "message": "x\n\n` + "```" + `\n{\"AnyOf\": [\"a\", {\"AllOf\": [\"b\", \"a\"]}]}\n` + "```" + `"}`, sources.ErrUnauthorised, "needs a, b"},
		{403, `{"code": "InsufficientScopes", "message": "missing:\n` + "```" + `\na:b\nc:d\n` + "```" + `"}`, sources.ErrUnauthorised, "needs a:b, c:d"},
		{403, `{"code": "InsufficientScopes", "message": "no block"}`, sources.ErrUnauthorised, "scopes that the service does not name"},
		{404, `{"code": "ResourceNotFound", "message": "x"}`, sources.ErrNotFound, "x"},
		{409, `{"code": "RequestConflict", "message": "x"}`, sources.ErrConflict, "x"},
		{410, `{"code": "ResourceExpired", "message": "x"}`, sources.ErrGone, "x"},
		{413, `{"code": "InputTooLarge", "message": "x"}`, sources.ErrRefused, "x"},
		{424, `{"reason": "file-missing-on-worker", "message": "no such file"}`, sources.ErrNotFound, "file-missing-on-worker: no such file"},
		{500, `{"code": "InternalServerError", "message": "incident"}`, sources.ErrUnavailable, "incident"},
		{503, `{"code": "Brand", "message": "new"}`, sources.ErrUnavailable, "Brand: new"},
		{429, `{"code": "TooMany", "message": "calls"}`, sources.ErrRateLimited, "calls"},
		{418, `{"code": "Teapot", "message": "short\nand  stout\n\n---\n\n* method: x"}`, sources.ErrRefused, "Teapot: short and stout ["},
		{404, `{"message": "not Taskcluster's"}`, sources.ErrNotFound, "not Taskcluster's"},
		{404, `["no object"]`, sources.ErrNotFound, ""},
	}
	for _, r := range rows {
		c := New(&http.Client{Transport: sourcetest.Transport(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			w.WriteHeader(r.status)
			_, _ = w.Write([]byte(r.body))
		}))}, rootID, options(nil))
		_, err := c.task(t.Context(), failing)
		if sources.KindOf(err) != r.kind || !strings.Contains(err.Error(), r.says) {
			t.Errorf("%d %s: got %v", r.status, r.body, err)
		}
	}
	t.Run("71-createTask-bad.http", func(t *testing.T) {
		rec := sourcetest.Recorded(t, sourcetest.Recordings(t, "taskcluster"), "71-createTask-bad.http")
		e := (&Client{}).refusal(rec.Status, rec.Header.Get("Content-Type"), rec.Body)
		if !errors.Is(e, sources.ErrRefused) || !strings.Contains(e.Error(), "data must have required property 'created' * data must have required property 'deadline'") || strings.Contains(e.Error(), "errorCode") {
			t.Errorf("%v", e)
		}
	})
}

// Reads are anonymous until the deployment refuses one; without credentials the refusal stands.
func TestReadsAreSignedWhereWanted(t *testing.T) {
	d := newDeployment()
	signed, plain := 0, 0
	closed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			plain++
			write(w, 403, lacking("queue:get-task:x"))
			return
		}
		signed++
		d.ServeHTTP(w, r)
	})
	c := New(&http.Client{Transport: sourcetest.Transport(closed)}, rootID, options(ours()))
	for range 3 {
		if _, err := c.task(t.Context(), decision); err != nil {
			t.Fatal(err)
		}
	}
	if plain != 1 || signed != 3 {
		t.Errorf("%d reads were anonymous and %d signed", plain, signed)
	}
	c = New(&http.Client{Transport: sourcetest.Transport(closed)}, rootID, options(nil))
	if _, err := c.task(t.Context(), decision); !errors.Is(err, sources.ErrUnauthorised) || !strings.Contains(err.Error(), "needs queue:get-task:x") {
		t.Errorf("%v", err)
	}
}

func TestNewWantsAClock(t *testing.T) {
	for _, o := range []Options{{}, {Now: noon, Credentials: ours()}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v was taken", o)
				}
			}()
			New(&http.Client{}, rootID, o)
		}()
	}
}

func TestSlugs(t *testing.T) {
	for _, token := range []string{strings.Repeat("0", 32), strings.Repeat("f", 32), sources.Key{Job: "x"}.Token(1)} {
		if id := slugOf(token); !IsTaskID(id) || strings.HasPrefix(id, "-") || id != slugOf(token) {
			t.Errorf("%s gives %s", token, id)
		}
	}
	for _, bad := range []string{"", "abc", absent + "A", strings.Repeat("A", 22), "../../etc/passwd"} {
		if IsTaskID(bad) {
			t.Errorf("%q is taken for a task id", bad)
		}
	}
}

func TestCancel(t *testing.T) {
	d := newDeployment()
	d.tasks[failing], d.states[failing] = testTask(decision), stateOf(failing, "running", runOf(0, "running", ""))
	c := d.client(ours())
	e := effect(t, c, "jobs.cancel")
	units := func() sources.Unit {
		list, err := e.Units(t.Context(), e.In.Fact(ci.Cancel{Branch: "autoland", Requests: []string{failing}}))
		if err != nil || len(list) != 1 {
			t.Fatalf("%v, %v", list, err)
		}
		return list[0]
	}
	u := units()
	if want := (sources.Key{Base: rootID, Effect: "jobs.cancel", Branch: "autoland", Revision: revision, Job: failing}); u.Key != want || u.Refusal != "" || u.Count {
		t.Errorf("%+v", u)
	}
	rows := []struct {
		name    string
		refuse  *answer
		state   obj
		already bool
		kind    error
		sent    int
	}{
		{name: "canceled", state: stateOf(failing, "exception", runOf(0, "exception", "canceled"))},
		{name: "had ended meanwhile", state: stateOf(failing, "completed", runOf(0, "completed", "completed")), already: true},
		{name: "only the action may", refuse: &answer{403, lacking("queue:cancel-task:x")}, sent: 1},
		{name: "past its deadline", refuse: &answer{409, problem("RequestConflict", "Task can't be canceled past its deadline")}, kind: sources.ErrRefused},
		{name: "gone", refuse: &answer{404, problem("ResourceNotFound", "no")}, kind: sources.ErrNotFound},
		{name: "a proxy's word", refuse: &answer{403, "<html>"}, kind: sources.ErrUnavailable},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			d.payloads = nil
			delete(d.refuse, "POST /api/queue/v1/task/"+failing+"/cancel")
			if r.refuse != nil {
				d.refuse["POST /api/queue/v1/task/"+failing+"/cancel"] = *r.refuse
			}
			if r.state != nil {
				d.states[failing] = r.state
			}
			got, err := e.Do(t.Context(), u, 1)
			if sources.KindOf(err) != r.kind || got.Already != r.already || len(d.payloads) != r.sent {
				t.Errorf("%+v, %v, %v", got, err, d.payloads)
			}
			if r.sent == 1 && d.payloads[0]["user"].(obj)["taskId"] != failing {
				t.Errorf("%v", d.payloads[0])
			}
		})
	}
	d.states[failing] = stateOf(failing, "completed", runOf(0, "completed", "completed"))
	if u := units(); u.Refusal != "it has ended already: completed" {
		t.Errorf("%q", u.Refusal)
	}
	if f, err := e.Find(t.Context(), u, 1, noon()); err != nil || f.Presence != sources.Found || !f.Receipt.Already {
		t.Errorf("%+v, %v", f, err)
	}
	delete(d.tasks, failing)
	if u := units(); u.Refusal != "there is no task "+failing {
		t.Errorf("%q", u.Refusal)
	}
	if _, err := effect(t, d.client(nil), "jobs.cancel").Do(t.Context(), u, 1); !errors.Is(err, sources.ErrUnauthorised) {
		t.Errorf("without credentials: %v", err)
	}
	if _, err := e.Units(t.Context(), e.In.Fact(ci.Cancel{Requests: []string{"x"}})); !errors.Is(err, sources.ErrRefused) {
		t.Errorf("a malformed id: %v", err)
	}
}

// A push without the action leaves the queue as the only way to cancel; a service that is down leaves no unit at all.
func TestCancelWithoutTheAction(t *testing.T) {
	d := newDeployment()
	d.tasks[failing], d.states[failing] = testTask(decision), stateOf(failing, "pending", runOf(0, "pending", ""))
	e := effect(t, d.client(ours()), "jobs.cancel")
	in := e.In.Fact(ci.Cancel{Requests: []string{failing}})
	d.expanded = nil
	units, err := e.Units(t.Context(), in)
	if err != nil || units[0].Refusal != "" {
		t.Fatalf("%+v, %v", units, err)
	}
	d.refuse["POST /api/queue/v1/task/"+failing+"/cancel"] = answer{403, lacking("queue:cancel-task:x")}
	if _, err := e.Do(t.Context(), units[0], 1); !errors.Is(err, sources.ErrUnauthorised) || !strings.Contains(err.Error(), "needs queue:cancel-task:x") || len(d.payloads) != 0 {
		t.Errorf("%v", err)
	}
	d.refuse["POST /api/auth/v1/scopes/expand"] = answer{503, "<html>"}
	if _, err := e.Units(t.Context(), in); !errors.Is(err, sources.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

// A branch is indexed in its own domain, else in that of the deployment, else in gecko.
func TestWhereABranchIsIndexed(t *testing.T) {
	for _, r := range []struct {
		domain string
		branch Branch
		want   string
	}{
		{"", Branch{}, "gecko.v2.autoland.revision." + revision + ".x"},
		{"comm", Branch{}, "comm.v2.autoland.revision." + revision + ".x"},
		{"comm", Branch{Project: "inbound", Domain: "mobile"}, "mobile.v2.inbound.revision." + revision + ".x"},
	} {
		o := options(nil)
		o.Domain, o.Branches = r.domain, map[string]Branch{"autoland": r.branch}
		c := New(http.DefaultClient, recordedRoot, o)
		if got, err := c.below("autoland", revision, "x"); err != nil || got != r.want {
			t.Errorf("got %s, want %s: %v", got, r.want, err)
		}
	}
}
