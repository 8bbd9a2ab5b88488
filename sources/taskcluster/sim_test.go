package taskcluster_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/sim"
	"github.com/mozci/mozci-run/sources/taskcluster"
)

const (
	simRoot = "http://sim.example/tc"
	bc2     = "test-linux1804-64-qr/opt-mochitest-browser-chrome-2"
)

// A stage is a simulated CI with an adapter in front of it, on a clock that a test moves.
type stage struct {
	t     *testing.T
	sim   *sim.Sim
	c     *taskcluster.Client
	mu    sync.Mutex
	now   time.Time
	posts []string // paths of the POSTs that came
}

func onStage(t *testing.T, scenario string, change func(*sim.Scenario)) *stage {
	t.Helper()
	sc, err := sim.Named(scenario)
	if err != nil {
		t.Fatal(err)
	}
	sc.Access.Clients = []sim.Client{{ID: "project/mozci/tester", AccessToken: "s3cret", Scopes: []string{"hooks:trigger-hook:project-gecko/in-tree-action-*", "auth:*"}}}
	if change != nil {
		change(&sc)
	}
	s := &stage{t: t, now: time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)}
	s.sim, err = sim.New(sc, 1, s.clock, sim.Options{OnRequest: func(r *http.Request) {
		if r.Method == http.MethodPost {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.posts = append(s.posts, r.URL.Path)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.c = s.client(&taskcluster.Credentials{ClientID: "project/mozci/tester", AccessToken: "s3cret"})
	return s
}

func (s *stage) client(cred *taskcluster.Credentials) *taskcluster.Client {
	n := 0
	return taskcluster.New(&http.Client{Transport: sources.Cache(sim.Transport(s.sim), sources.CacheBounds{})}, simRoot, taskcluster.Options{Credentials: cred, Now: s.clock, Nonce: func() string {
		s.mu.Lock()
		defer s.mu.Unlock()
		n++
		return fmt.Sprint("nonce", n)
	}})
}

func (s *stage) clock() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.now }

func (s *stage) wait(d time.Duration) { s.mu.Lock(); defer s.mu.Unlock(); s.now = s.now.Add(d) }

func (s *stage) effect(c *taskcluster.Client, name string) sources.Effect {
	s.t.Helper()
	for _, e := range c.Effects() {
		if e.Name == name {
			return e
		}
	}
	s.t.Fatalf("there is no effect %s", name)
	return sources.Effect{}
}

func (s *stage) units(name string, in any) []sources.Unit {
	s.t.Helper()
	e := s.effect(s.c, name)
	if _, fact := in.(map[string]any); !fact {
		in = e.In.Fact(in)
	}
	units, err := e.Units(s.t.Context(), in)
	if err != nil {
		s.t.Fatal(err)
	}
	return units
}

func ask[Out any](s *stage, name string, in any) Out {
	s.t.Helper()
	for _, q := range s.c.Queries() {
		if q.Name != name {
			continue
		}
		fact, err := q.Call(sources.Fresh(s.t.Context()), q.In.Fact(in))
		if err != nil {
			s.t.Fatal(err)
		}
		var out Out
		if err := schemas.TypeOf[Out]().Bind(fact, &out); err != nil {
			s.t.Fatal(err)
		}
		return out
	}
	s.t.Fatalf("there is no query %s", name)
	panic("unreachable")
}

func (s *stage) status(id string) ci.Request {
	s.t.Helper()
	return ask[[]ci.Request](s, "jobs.status", ci.StatusOf{Branch: "autoland", Requests: []string{id}})[0]
}

// gap are the revisions of the first culprit's gap, newest first.
func (s *stage) gap() []string {
	s.t.Helper()
	var out []string
	for _, p := range s.sim.Truth()[0].Gap {
		out = append(out, p.Revision)
	}
	if len(out) == 0 {
		s.t.Fatal("the scenario has no gap")
	}
	return out
}

// A job is asked for, and followed by its request from the action to its end, with an id of ours for the action and without.
func TestSimTriggerToTheEnd(t *testing.T) {
	for _, own := range []bool{false, true} {
		t.Run(fmt.Sprintf("the hook names its tasks itself: %v", own), func(t *testing.T) {
			s := onStage(t, "gap-of-three", func(sc *sim.Scenario) { sc.Actions.OwnTaskIDs = own })
			gap := s.gap()
			units := s.units("jobs.trigger", ci.Trigger{Branch: "autoland", Job: bc2, Revisions: gap, Total: 1})
			e := s.effect(s.c, "jobs.trigger")
			var requests []string
			for i, u := range units {
				if u.Refusal != "" || u.Key.Revision != gap[i] {
					t.Fatalf("%+v", u)
				}
				before, err := e.Find(t.Context(), u, 1, s.clock())
				if err != nil || before.Presence != sources.Absent {
					t.Errorf("before: %+v, %v", before, err)
				}
				start := s.clock()
				r, err := e.Do(t.Context(), u, 1)
				if err != nil || r.Already || !taskcluster.IsTaskID(r.Request) {
					t.Fatalf("%+v, %v", r, err)
				}
				s.wait(time.Minute)
				found, err := e.Find(t.Context(), u, 1, start)
				if err != nil || found.Presence != sources.Found || found.Receipt.Request != r.Request {
					t.Errorf("after: %+v, %v", found, err)
				}
				if other, err := e.Find(t.Context(), u, 2, start); err != nil || other.Presence != sources.Absent {
					t.Errorf("another ordinal: %+v, %v", other, err)
				}
				requests = append(requests, r.Request)
			}
			if again, err := e.Do(t.Context(), units[0], 1); !own && (err != nil || !again.Already || again.Request != requests[0]) {
				t.Errorf("once more: %+v, %v", again, err)
			}
			triggers := s.sim.Triggers()
			if want := map[bool]int{false: len(gap), true: len(gap) + 1}[own]; len(triggers) != want {
				t.Errorf("%d jobs were asked for, and %d are wanted", len(triggers), want)
			}
			s.follow(requests[2], gap[2])
		})
	}
}

// follow holds what jobs.status says of an action's request until its job has ended.
func (s *stage) follow(id, revision string) {
	t := s.t
	t.Helper()
	var seen []string
	for range 12 * 60 {
		r := s.status(id)
		now := string(r.State)
		for _, j := range r.Jobs {
			now += " " + string(j.State)
			if j.Type != bc2 || j.Revision != revision || j.Branch != "autoland" || !j.Backfill || j.Requests[1] != id || j.Request == id {
				t.Fatalf("%+v", j)
			}
		}
		if len(seen) == 0 || seen[len(seen)-1] != now {
			seen = append(seen, now)
		}
		if r.Type != bc2 || r.ID != id {
			t.Fatalf("%+v", r)
		}
		if len(r.Jobs) > 0 && r.State == ci.Completed {
			break
		}
		s.wait(15 * time.Second)
	}
	got := strings.Join(seen, ", ")
	if !strings.HasPrefix(got, "pending, ") || !strings.HasSuffix(got, "completed completed") || !slices.Contains(seen, "running running") {
		t.Errorf("it went through %s", got)
	}
}

// The answer to a trigger is lost on its way back: nobody knows whether it arrived, until Find looks.
func TestSimLostAnswer(t *testing.T) {
	for _, after := range []bool{true, false} {
		for _, own := range []bool{false, true} {
			t.Run(fmt.Sprintf("arrived %v, own ids %v", after, own), func(t *testing.T) {
				s := onStage(t, "gap-of-three", func(sc *sim.Scenario) {
					sc.Actions.OwnTaskIDs = own
					sc.Faults = []sim.Fault{{Match: "POST /tc/api/hooks/*", Nth: []int{1}, Kind: sim.FaultReset, After: after}}
				})
				u := s.units("jobs.trigger", ci.Trigger{Branch: "autoland", Job: bc2, Revisions: s.gap()[:1], Total: 1})[0]
				e := s.effect(s.c, "jobs.trigger")
				since := s.clock()
				if _, err := e.Do(t.Context(), u, 1); !errors.Is(err, sources.ErrUnavailable) {
					t.Fatalf("%v", err)
				}
				s.wait(e.Terms().Settling)
				got, err := e.Find(t.Context(), u, 1, since)
				want := map[bool]sources.Presence{true: sources.Found, false: sources.Absent}[after]
				if err != nil || got.Presence != want {
					t.Errorf("got %+v, %v", got, err)
				}
				if n := len(s.sim.Triggers()); n != map[bool]int{true: 1, false: 0}[after] {
					t.Errorf("%d jobs were asked for", n)
				}
			})
		}
	}
}

// Why a push cannot be triggered is told before anything is sent.
func TestSimRefusals(t *testing.T) {
	rows := []struct {
		name   string
		change func(*sim.Scenario)
		job    string
		why    string
	}{
		{name: "no decision task", change: func(sc *sim.Scenario) { set(sc, sim.PushSetting{At: 1, NoDecision: true}) }, why: "no decision task is indexed"},
		{name: "it failed", change: func(sc *sim.Scenario) { set(sc, sim.PushSetting{At: 1, DecisionFailed: true}) }, why: "no decision task is indexed"},
		{name: "it expired", change: func(sc *sim.Scenario) { set(sc, sim.PushSetting{At: 1, Expired: true}) }, why: "decision task"},
		{name: "untrusted", change: func(sc *sim.Scenario) { set(sc, sim.PushSetting{At: 1, Untrusted: true}) }, why: "its actions.json is not trusted"},
		{name: "no such label", job: "test-nobody/opt-knows", why: "no such label"},
		{name: "no scopes", change: func(sc *sim.Scenario) { sc.Access.Clients[0].Scopes = []string{"auth:*"} }, why: "lack the scope hooks:trigger-hook:project-gecko/in-tree-action-3-generic/"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			plain := onStage(t, "gap-of-three", nil)
			revision := plain.gap()[0] // position 1
			s := onStage(t, "gap-of-three", r.change)
			job := r.job
			if job == "" {
				job = bc2
			}
			u := s.units("jobs.trigger", ci.Trigger{Branch: "autoland", Job: job, Revisions: []string{revision}, Total: 1})[0]
			if !strings.Contains(u.Refusal, r.why) {
				t.Errorf("%q is wanted in the reason %q", r.why, u.Refusal)
			}
			for _, p := range s.posts {
				if strings.Contains(p, "/trigger") {
					t.Errorf("%s was sent", p)
				}
			}
		})
	}
}

func set(sc *sim.Scenario, p sim.PushSetting) {
	sc.Branches = slices.Clone(sc.Branches)
	sc.Branches[0].Settings = append(slices.Clone(sc.Branches[0].Settings), p)
}

// A deployment that shows nothing to everybody is read with a signature; a plan without credentials says what is missing.
func TestSimNoAnonymousReads(t *testing.T) {
	s := onStage(t, "gap-of-three", func(sc *sim.Scenario) {
		sc.Access.NoAnonymousReads = true
		sc.Access.Clients[0].Scopes = []string{"*"}
	})
	in := ci.Trigger{Branch: "autoland", Job: bc2, Revisions: s.gap(), Total: 1}
	if u := s.units("jobs.trigger", in)[0]; u.Refusal != "" {
		t.Error(u.Refusal)
	}
	e := s.effect(s.client(nil), "jobs.trigger")
	if _, err := e.Units(t.Context(), e.In.Fact(in)); !errors.Is(err, sources.ErrUnauthorised) || !strings.Contains(err.Error(), "needs index:find-task:") {
		t.Errorf("%v", err)
	}
}

// Chunks drift: the manifests of the failing chunk are run on another push, and the job says so.
func TestSimLike(t *testing.T) {
	s := onStage(t, "chunk-drift", nil)
	truth := s.sim.Truth()[0]
	list := ask[[]ci.Runnable](s, "pushes.runnable", ci.RunnableOn{Branch: "autoland", Revisions: []string{truth.Failure.Revision, truth.Culprit.Revision, strings.Repeat("0", 40)}})
	if list[0].Decision == "" || list[2].NotRunnable == nil || *list[2].NotRunnable != ci.NoDecision {
		t.Fatalf("%+v", list)
	}
	done := s.trigger(ci.Trigger{Branch: "autoland", Job: truth.Label, Revisions: []string{truth.Failure.Revision}, Total: 1})
	s.wait(3 * time.Hour)
	again := s.status(done)
	if len(again.Jobs) != 1 {
		t.Fatalf("%+v", again)
	}
	failing := again.Jobs[0].Request
	in := ci.Trigger{Branch: "autoland", Job: truth.Label, Revisions: []string{truth.Culprit.Revision}, Total: 1, Like: failing}
	if u := s.units("jobs.trigger", in)[0]; !strings.Contains(u.What, " (backfill-task of decision task ") {
		t.Fatalf("%s: %s", u.What, u.Refusal)
	}
	like := s.status(s.trigger(in))
	s.wait(3 * time.Hour)
	like = s.status(like.ID)
	if len(like.Jobs) != 1 || like.State != ci.Completed || !strings.HasSuffix(like.Jobs[0].Symbol, "-bk)") {
		t.Errorf("%+v", like)
	}
	if tr := s.sim.Triggers(); tr[len(tr)-1].Action != "backfill-task" || tr[len(tr)-1].Label != truth.Label {
		t.Errorf("%+v", tr[len(tr)-1])
	}
}

// trigger asks for one job and returns its request.
func (s *stage) trigger(in ci.Trigger) string {
	s.t.Helper()
	u := s.units("jobs.trigger", in)[0]
	r, err := s.effect(s.c, "jobs.trigger").Do(s.t.Context(), u, 1)
	if err != nil {
		s.t.Fatalf("%v %s", err, u.Refusal)
	}
	s.wait(time.Minute)
	return r.Request
}

func TestSimRetriggerAndCancel(t *testing.T) {
	for _, may := range []bool{false, true} { // whether the queue lets us cancel
		t.Run(fmt.Sprintf("the queue lets us: %v", may), func(t *testing.T) {
			s := onStage(t, "gap-of-three", func(sc *sim.Scenario) {
				if may {
					sc.Access.Clients[0].Scopes = append(sc.Access.Clients[0].Scopes, "queue:cancel-task:*")
				}
			})
			failure := s.sim.Truth()[0].Failure.Revision
			u := s.units("jobs.retrigger", ci.Retrigger{Branch: "autoland", Job: bc2, Revisions: []string{failure}, Add: 2})[0]
			e := s.effect(s.c, "jobs.retrigger")
			var requests []string
			for ordinal := 1; ordinal <= 2; ordinal++ {
				r, err := e.Do(t.Context(), u, ordinal)
				if err != nil {
					t.Fatalf("%v %s", err, u.Refusal)
				}
				requests = append(requests, r.Request)
			}
			s.wait(4 * time.Minute)
			task := s.status(requests[0]).Jobs[0].Request
			s.cancel(task, may)
			if r := s.status(task); r.State != ci.Completed || r.Jobs[0].Result != ci.UserCancel {
				t.Errorf("%+v", r)
			}
			again := s.units("jobs.cancel", ci.Cancel{Branch: "autoland", Requests: []string{task}})[0]
			if want := "it has ended already: canceled"; again.Refusal != want {
				t.Errorf("got %q, want %q", again.Refusal, want)
			}
			s.wait(2 * time.Hour)
			if r := s.status(requests[1]); r.State != ci.Completed || len(r.Jobs) != 1 || r.Jobs[0].Result == ci.UserCancel {
				t.Errorf("the other one: %+v", r)
			}
		})
	}
}

func (s *stage) cancel(task string, may bool) {
	t := s.t
	t.Helper()
	u := s.units("jobs.cancel", ci.Cancel{Branch: "autoland", Requests: []string{task}})[0]
	e := s.effect(s.c, "jobs.cancel")
	if u.Refusal != "" {
		t.Fatal(u.Refusal)
	}
	since := s.clock()
	if f, err := e.Find(t.Context(), u, 1, since); err != nil || f.Presence != sources.Absent {
		t.Errorf("before: %+v, %v", f, err)
	}
	r, err := e.Do(t.Context(), u, 1)
	if err != nil || r.Request != task || r.Already {
		t.Fatalf("%+v, %v", r, err)
	}
	last := s.posts[len(s.posts)-1]
	if may != strings.HasSuffix(last, "/cancel") {
		t.Errorf("it went through %s", last)
	}
	s.wait(3 * time.Minute)
	if f, err := e.Find(t.Context(), u, 1, since); err != nil || f.Presence != sources.Found || f.Receipt.Already {
		t.Errorf("after: %+v, %v", f, err)
	}
}

func TestSimGraph(t *testing.T) {
	s := onStage(t, "gap-of-three", nil)
	revision := s.gap()[0]
	types := ask[[]ci.JobType](s, "jobs.available", ci.AvailableOn{Branch: "autoland", Revision: revision})
	i := slices.IndexFunc(types, func(j ci.JobType) bool { return j.Name == bc2 })
	if i < 0 {
		t.Fatalf("%+v", types)
	}
	want := ci.JobType{Name: bc2, Symbol: "M(bc2)", Platform: "linux1804-64-qr", Option: "opt", Tier: 1, Upstream: "build-linux1804-64/opt"}
	if d := cmp.Diff(want, types[i]); d != "" {
		t.Error(d)
	}
	up := ask[[]ci.JobType](s, "jobs.upstream", ci.UpstreamOf{Branch: "autoland", Revision: revision, Job: bc2})
	if len(up) != 1 || up[0].Name != "build-linux1804-64/opt" {
		t.Errorf("%+v", up)
	}
}

// Links of tasks, runs and groups are read into events.
func TestSimLinks(t *testing.T) {
	s := onStage(t, "gap-of-three", nil)
	revision := s.gap()[0]
	id := s.trigger(ci.Trigger{Branch: "autoland", Job: bc2, Revisions: []string{revision}, Total: 1})
	s.wait(2 * time.Hour)
	job := s.status(id).Jobs[0]
	ev, err := s.c.Link(t.Context(), job.Link)
	if err != nil || ev.Kind != ci.JobEvent || !ev.Backfill || ev.Push.Revision != revision || ev.Push.Branch != "autoland" || ev.Push.ID == "" {
		t.Fatalf("%+v, %v", ev, err)
	}
	if ev.Job.Type != bc2 || ev.Job.Request != job.Request || ev.Job.Result != job.Result {
		t.Errorf("%+v", ev.Job)
	}
	ev, err = s.c.Link(t.Context(), simRoot+"/tasks/groups/"+job.Group)
	if err != nil || ev.Kind != ci.PushEvent || ev.Job != nil || ev.Push.Revision != revision {
		t.Errorf("%+v, %v", ev, err)
	}
}
