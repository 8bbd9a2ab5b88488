package sim

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const bc2 = "test-linux1804-64-qr/opt-mochitest-browser-chrome-2"

// read asks and decodes; it fails the test unless the answer has the wanted status.
func read(t testing.TB, s http.Handler, a asked, status int) map[string]any {
	t.Helper()
	resp := do(s, a)
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d: %.500s", a.method, a.path, resp.StatusCode, status, body)
	}
	var v map[string]any
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") && len(body) > 0 && body[0] == '{' {
		if err := json.Unmarshal(body, &v); err != nil {
			t.Fatalf("%s: %v", a.path, err)
		}
	}
	return v
}

// trigger fires an action through its hook and returns the action task's id.
func trigger(t testing.TB, s *Sim, p *push, action, task, input string) string {
	t.Helper()
	perm := "generic"
	if strings.HasPrefix(action, "backfill") {
		perm = "backfill"
	}
	path := "/tc/api/hooks/v1/hooks/project-gecko/" + strings.ReplaceAll(p.hookID(perm), "/", "%2F") + "/trigger"
	v := read(t, s, post(path, payloadFor(s, p, action, task, input)), http.StatusOK)
	return v["taskId"].(string)
}

// states are the states of the tasks of a label on a push, as Taskcluster shows them now.
func states(s *Sim, p *push, label string) string {
	tl, now := s.view()
	var list []string
	for _, x := range tl.on[p] {
		if x.label == label && !x.created.After(now) {
			list = append(list, x.stateAt(now))
		}
	}
	return strings.Join(list, " ")
}

// results are the results of a label on a push, as Treeherder shows them now.
func results(t testing.TB, s *Sim, p *push, label string) string {
	t.Helper()
	v := read(t, s, get("/th/api/jobs/?count=2000&push_id="+itoa(p.thID)+"&job_type_name="+strings.ReplaceAll(label, "/", "%2F")), http.StatusOK)
	var list []string
	for _, row := range v["results"].([]any) {
		row := row.([]any)
		if row[12] != "completed" {
			list = append(list, row[12].(string))
		} else {
			list = append(list, row[10].(string))
		}
	}
	return strings.Join(list, " ")
}

func TestATriggeredJobLives(t *testing.T) {
	s, clock := start(t, "gap-of-three", 1, Options{})
	p := s.w.branches[0].positioned(2)
	id := trigger(t, s, p, "add-new-jobs", "", `{"tasks": ["`+bc2+`"]}`)
	seen := map[string]bool{}
	for range 6 * 60 {
		if got := states(s, p, bc2); got != "" {
			seen[got] = true
		} else if len(seen) > 0 {
			t.Fatal("the job went away")
		}
		early, late := states(s, p, bc2), results(t, s, p, bc2)
		if early == "" && late != "" {
			t.Fatalf("Treeherder shows %q of a job that Taskcluster has not created", late)
		}
		if late == "" && early != "" {
			seen["late"] = true
		}
		clock.t = clock.t.Add(10 * time.Second)
	}
	for _, want := range []string{"pending", "running", "late"} {
		if !seen[want] {
			t.Errorf("the job was never %s: %v", want, seen)
		}
	}
	want := map[string]string{"completed": "success", "failed": "testfailed"}[states(s, p, bc2)]
	if got := results(t, s, p, bc2); got != want || want == "" {
		t.Errorf("it ended as %q for Treeherder, and as %q for Taskcluster", got, states(s, p, bc2))
	}
	tr := s.Triggers()
	if len(tr) != 1 || tr[0].Label != bc2 || tr[0].Revision != p.tip() || tr[0].PushID != p.id || tr[0].ActionID != id || !slugExpr.MatchString(tr[0].TaskID) {
		t.Errorf("Triggers: %+v", tr)
	}
}

func TestAMissingBuildIsMadeToo(t *testing.T) {
	sc, err := Named("gap-of-three")
	if err != nil {
		t.Fatal(err)
	}
	sc.Jobs = append([]JobType(nil), sc.Jobs...)
	sc.Jobs[0].Density = -1 // build-linux1804-64/opt
	for i := range sc.Jobs {
		sc.Jobs[i].Density = -1
	}
	clock := &fixedClock{sc.normal().Now}
	s, err := New(sc, 1, clock.now, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := s.w.branches[0].positioned(1)
	trigger(t, s, p, "add-new-jobs", "", `{"tasks": ["`+bc2+`"], "times": 2}`)
	clock.t = clock.t.Add(4 * time.Minute)
	if b, x := states(s, p, "build-linux1804-64/opt"), states(s, p, bc2); !strings.Contains("pending running", b) || b == "" || x != "unscheduled unscheduled" {
		t.Errorf("soon after: build %q, tests %q", b, x)
	}
	if got := results(t, s, p, bc2); got != "" {
		t.Errorf("Treeherder shows unscheduled tests: %q", got)
	}
	clock.t = clock.t.Add(2 * time.Hour)
	if b, x := states(s, p, "build-linux1804-64/opt"), states(s, p, bc2); b != "completed" || len(strings.Fields(x)) != 2 || strings.Contains(x, "unscheduled") {
		t.Errorf("in the end: build %q, tests %q", b, x)
	}
	if tr := s.Triggers(); len(tr) != 2 {
		t.Errorf("two jobs were asked for, no build: %+v", tr)
	}
}

func TestActionsActOnTheWorld(t *testing.T) {
	s, clock := start(t, "gap-of-three", 3, Options{})
	b := s.w.branches[0]
	failed := func() string { return s.tl.labels[place{b.positioned(0), bc2}].id }()

	trigger(t, s, b.positioned(0), "backfill", failed, `{"depth": 4, "retrigger": false}`)
	clock.t = clock.t.Add(5 * time.Minute)
	for at, want := range []string{"failed", "pending running", "pending running", "pending running", "completed"} {
		if got := states(s, b.positioned(at), bc2); got == "" || !strings.Contains(want, got) {
			t.Errorf("after the backfill, push %d: %q, want one of %s", at, got, want)
		}
	}
	job := s.tl.labels[place{b.positioned(2), bc2}]
	tags, _ := json.Marshal(job.tags())
	if !strings.Contains(string(tags), `"action":"backfill-task"`) || !strings.HasSuffix(job.symbol, b.positioned(0).tip()[:11]+"-bk") || job.group != "M-bk" {
		t.Errorf("a backfilled job looks like any other: %s %s %s", tags, job.symbol, job.group)
	}
	if n := len(s.Triggers()); n != 3 {
		t.Errorf("%d jobs asked for, want 3: %+v", n, s.Triggers())
	}

	trigger(t, s, b.positioned(2), "cancel", job.id, `{}`)
	clock.t = clock.t.Add(3 * time.Minute)
	if got := states(s, b.positioned(2), bc2); got != "exception" {
		t.Errorf("after the cancel: %q", got)
	}
	clock.t = clock.t.Add(time.Hour)
	if got := results(t, s, b.positioned(2), bc2); got != "usercancel" {
		t.Errorf("after the cancel, in Treeherder: %q", got)
	}

	trigger(t, s, b.positioned(0), "retrigger", failed, `{"times": 2}`)
	trigger(t, s, b.positioned(0), "retrigger-multiple", "", `{"requests": [{"tasks": ["`+bc2+`"], "times": 3}]}`)
	clock.t = clock.t.Add(time.Hour)
	if got := states(s, b.positioned(0), bc2); len(strings.Fields(got)) != 6 {
		t.Errorf("after five retriggers: %q", got)
	}

	id := trigger(t, s, b.positioned(1), "add-new-jobs", "", `{"tasks": ["test-nosuch/opt-thing"]}`)
	clock.t = clock.t.Add(10 * time.Minute)
	v := read(t, s, get("/tc/api/queue/v1/task/"+id+"/status"), http.StatusOK)
	if got := v["status"].(map[string]any)["state"]; got != "failed" {
		t.Errorf("an action with an unknown label is %v", got)
	}
}

func TestAnActionIsFoundAgain(t *testing.T) {
	s, clock := start(t, "gap-of-three", 1, Options{})
	p := s.w.branches[0].positioned(1)
	id := trigger(t, s, p, "add-new-jobs", "", `{"tasks": ["`+bc2+`"]}`)
	ns := "/tc/api/index/v1/tasks/gecko.v2.autoland.revision." + p.tip() + ".taskgraph.actions"
	if v := read(t, s, get(ns), http.StatusOK); len(v["tasks"].([]any)) != 0 {
		t.Errorf("an action that has not completed is in the index: %v", v)
	}
	hook := "/tc/api/hooks/v1/hooks/project-gecko/" + strings.ReplaceAll(p.hookID("generic"), "/", "%2F")
	fires := read(t, s, get(hook+"/last-fires"), http.StatusOK)["lastFires"].([]any)
	if len(fires) != 1 || fires[0].(map[string]any)["taskId"] != id {
		t.Errorf("last fires: %v", fires)
	}
	clock.t = clock.t.Add(10 * time.Minute)
	list := read(t, s, get(ns), http.StatusOK)["tasks"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["taskId"] != id {
		t.Errorf("the index has %v", list)
	}
	resp := do(s, get("/tc/api/queue/v1/task/"+id+"/artifacts/public/label-to-taskid.json"))
	where := strings.TrimPrefix(resp.Header.Get("Location"), "http://sim.example")
	made := read(t, s, get(where), http.StatusOK)
	if made[bc2] != s.Triggers()[0].TaskID {
		t.Errorf("label-to-taskid.json: %v, want %s", made, s.Triggers()[0].TaskID)
	}
	def := read(t, s, get("/tc/api/queue/v1/task/"+id), http.StatusOK)
	if in := def["extra"].(map[string]any)["action"].(map[string]any)["context"].(map[string]any)["input"]; in == nil || in.(map[string]any)["tasks"] == nil {
		t.Errorf("the action task does not say what it was asked for: %v", in)
	}
}

func TestATakenTaskIDIsRefused(t *testing.T) {
	s, _ := start(t, "gap-of-three", 1, Options{})
	p := s.w.branches[0].positioned(1)
	hook := "/tc/api/hooks/v1/hooks/project-gecko/" + strings.ReplaceAll(p.hookID("generic"), "/", "%2F") + "/trigger"
	body := func(id string) string {
		return strings.Replace(payloadFor(s, p, "add-new-jobs", "", `{"tasks": ["`+bc2+`"]}`), "{", `{"taskId": "`+id+`",`, 1)
	}
	const id = "YFYFufpWSPOdxqhMrjeGQQ"
	if v := read(t, s, post(hook, body(id)), http.StatusOK); v["taskId"] != id {
		t.Errorf("the new task is %v", v["taskId"])
	}
	rows := []struct{ id, want string }{
		{id, "hooks_last_fires_pkey"},
		{p.decision, "RequestConflict"},
		{"short", "must match pattern"},
	}
	for _, r := range rows {
		v := read(t, s, post(hook, body(r.id)), http.StatusBadRequest)
		if m, _ := v["message"].(string); v["code"] != "InputError" || !strings.Contains(m, r.want) {
			t.Errorf("%s: %v %s", r.id, v["code"], m)
		}
	}
	if n := len(s.Triggers()); n != 1 {
		t.Errorf("%d jobs were asked for", n)
	}

	sc := s.w.sc
	own := *sc
	own.Actions.OwnTaskIDs = true
	strict, err := New(own, 1, s.clock, Options{})
	if err != nil {
		t.Fatal(err)
	}
	v := read(t, strict, post(hook, body(id)), http.StatusBadRequest)
	if m := v["message"].(string); !strings.Contains(m, "additional properties") {
		t.Errorf("a hook that chooses its ids itself says %s", m)
	}
}

func TestMachinesAreLimited(t *testing.T) {
	sc, err := Named("gap-of-three")
	if err != nil {
		t.Fatal(err)
	}
	sc.Pools = []Pool{{Name: "gecko-t/t-linux-kvm-gcp", Machines: 1}}
	sc.Branches = append([]Branch(nil), sc.Branches...)
	sc.Branches[0].Later = 0
	clock := &fixedClock{sc.normal().Now}
	s, err := New(sc, 5, clock.now, Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := s.w.branches[0]
	for at := 1; at <= 3; at++ {
		trigger(t, s, b.positioned(at), "add-new-jobs", "", `{"tasks": ["`+bc2+`"]}`)
	}
	most, pending := 0, 0
	for range 300 {
		all := states(s, b.positioned(1), bc2) + " " + states(s, b.positioned(2), bc2) + " " + states(s, b.positioned(3), bc2)
		most = max(most, strings.Count(all, "running"))
		pending = max(pending, strings.Count(all, "pending"))
		clock.t = clock.t.Add(20 * time.Second)
	}
	if most != 1 || pending < 2 {
		t.Errorf("at most %d ran at once, and %d waited; want 1, and 2 or more", most, pending)
	}
	if all := states(s, b.positioned(1), bc2) + states(s, b.positioned(3), bc2); strings.Contains(all, "pending") {
		t.Errorf("somebody waits for ever: %s", all)
	}
}

func TestQueueWrites(t *testing.T) {
	s, clock := start(t, "gap-of-three", 1, Options{})
	b := s.w.branches[0]
	failed := s.tl.labels[place{b.positioned(0), bc2}].id
	q := "/tc/api/queue/v1/task/"
	v := read(t, s, post(q+failed+"/rerun", ""), http.StatusOK)
	if runs := v["status"].(map[string]any)["runs"].([]any); len(runs) != 2 || runs[1].(map[string]any)["reasonCreated"] != "rerun" {
		t.Errorf("after a rerun: %v", runs)
	}
	if tr := s.Triggers(); len(tr) != 1 || tr[0].Action != "rerun" {
		t.Errorf("Triggers: %+v", tr)
	}
	v = read(t, s, post(q+failed+"/cancel", ""), http.StatusOK)
	if got := v["status"].(map[string]any)["state"]; got != "exception" {
		t.Errorf("after a cancel: %v", got)
	}

	const id = "Jt284ZopQY2hKWOvYux69A"
	def := `{"created": "2025-03-01T12:00:00.000Z", "deadline": "2025-03-02T12:00:00.000Z", "payload": {}, "taskQueueId": "gecko-t/t-linux-kvm-gcp",
		"taskGroupId": "` + b.positioned(1).decision + `", "tags": {"label": "` + bc2 + `"},
		"metadata": {"name": "x", "description": "x", "owner": "x@example.org", "source": "https://example.org"}}`
	put := func(body string) asked { return asked{method: "PUT", path: q + id, body: body} }
	read(t, s, put(def), http.StatusOK)
	read(t, s, put(def), http.StatusOK)
	if v := read(t, s, put(strings.Replace(def, `"name": "x"`, `"name": "y"`, 1)), http.StatusConflict); v["code"] != "RequestConflict" {
		t.Errorf("another definition: %v", v["code"])
	}
	clock.t = clock.t.Add(time.Hour)
	if got := states(s, b.positioned(1), bc2); got != "completed" && got != "failed" {
		t.Errorf("the created task is %q", got)
	}
	if n := len(s.Triggers()); n != 2 {
		t.Errorf("%d jobs were asked for, want 2", n)
	}
}

func TestClassifying(t *testing.T) {
	s, clock := start(t, "gap-of-three", 1, Options{})
	p := s.w.branches[0].positioned(0)
	v := read(t, s, get("/th/api/jobs/?result=testfailed&push_id="+itoa(p.thID)), http.StatusOK)
	row := v["results"].([]any)[0].([]any)
	id := itoa(int(row[1].(float64)))
	if row[0].(float64) != 1 {
		t.Fatalf("it is classified already: %v", row)
	}
	read(t, s, post("/th/api/project/autoland/note/", `{"job_id": `+id+`, "failure_classification_id": 4, "text": "Bug 1"}`), http.StatusOK)
	clock.t = clock.t.Add(time.Second)
	v = read(t, s, get("/th/api/jobs/?id="+id), http.StatusOK)
	if got := v["results"].([]any)[0].([]any)[0].(float64); got != 4 {
		t.Errorf("classification %v", got)
	}
}
