package engine_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// TestKilledRunsDoEverythingOnce kills a process with kill -9, again and again, at random moments of a run with effects:
// while it starts, between two steps, while a call is under way, after the service took it and before it answered, and
// after it answered and before that was written down. Then the run is resumed until it has ended. Every effect has to
// have arrived, and none twice. MOZCI_KILLS sets how many runs (20), MOZCI_KILL_SEED with which moments.
func TestKilledRunsDoEverythingOnce(t *testing.T) {
	if raced {
		t.Skip("SKIPPED: what is killed are processes of their own; go test without the race detector runs this")
	}
	runs, seed := setting(t, "MOZCI_KILLS", 20), setting(t, "MOZCI_KILL_SEED", int(time.Now().UnixNano()%1e6))
	t.Logf("MOZCI_KILLS=%d MOZCI_KILL_SEED=%d", runs, seed)
	var mu sync.Mutex
	kills := 0
	var wg sync.WaitGroup
	slots := make(chan struct{}, 4)
	for i := range runs {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			k := &killing{t: t, rand: mathrand.New(mathrand.NewPCG(uint64(seed), uint64(i))), db: freshDB(t)}
			k.run(i)
			mu.Lock()
			kills += k.kills
			mu.Unlock()
		})
	}
	wg.Wait()
	t.Logf("%d runs, %d kills", runs, kills)
	if kills < runs/2 {
		t.Errorf("of %d runs only %d were killed: the test says nothing", runs, kills)
	}
}

func setting(t *testing.T, name string, standard int) int {
	s := os.Getenv(name)
	if s == "" {
		return standard
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%s=%q is no number", name, s)
	}
	return n
}

// A killing is one run and its service, which the test holds: what arrives there is the truth.
type killing struct {
	t     *testing.T
	rand  *mathrand.Rand
	db    string
	kills int

	mu      sync.Mutex
	arrived map[string]int
	child   *exec.Cmd
	killAt  int  // kill when so many more calls have arrived; 0 for not at a call
	answer  bool // after the answer was sent; otherwise before
}

const killed = `mozci: 1
name: killed
limits: {effects: 50}
steps:
  - {id: a, uses: child.ask, with: {name: a}}
  - {id: b, uses: child.ask, with: {name: b}}
  - {id: fill, uses: jobs.trigger, with: {branch: b, job: j, revisions: [r1, r2, r3], total: 2}}
  - {id: c, uses: child.ask, with: {name: c}}
  - {id: tell, uses: notify.webhook, with: {text: hello, once_per: hello}}
  - {id: more, uses: jobs.trigger, with: {branch: b, job: k, revisions: [r4]}}
`

func (k *killing) run(i int) {
	k.arrived = map[string]int{}
	srv := httptest.NewServer(k)
	defer srv.Close()
	for n := range 12 {
		status := k.once(srv.URL, n < 4)
		if status == "killed" {
			continue
		}
		if status != string(engine.Succeeded) {
			k.t.Errorf("run %d ended as %s", i, status)
		}
		break
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range []string{"j r1 1", "j r1 2", "j r2 1", "j r2 2", "j r3 1", "j r3 2", "hello  1", "k r4 1"} {
		if k.arrived[key] != 1 {
			k.t.Errorf("run %d: %q has arrived %d times: %v", i, key, k.arrived[key], k.arrived)
		}
	}
	if len(k.arrived) != 8 {
		k.t.Errorf("run %d: more has arrived than was wanted: %v", i, k.arrived)
	}
}

// once starts or resumes the run in a process of its own, and says how it ended.
func (k *killing) once(service string, kill bool) string {
	cmd := exec.Command(os.Args[0], "-test.run=^TestChildOfTheKillTest$", "-test.v")
	cmd.Env = append(os.Environ(), "MOZCI_KILL_CHILD="+k.db, "MOZCI_KILL_SERVICE="+service)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	k.mu.Lock()
	k.child, k.killAt, k.answer = cmd, 0, k.rand.IntN(2) == 0
	byTime := time.Duration(0)
	switch {
	case !kill:
	case k.rand.IntN(3) == 0:
		byTime = time.Duration(k.rand.IntN(300)) * time.Millisecond
	default:
		k.killAt = 1 + k.rand.IntN(6)
	}
	err := cmd.Start()
	k.mu.Unlock()
	if err != nil {
		k.t.Fatal(err)
	}
	if byTime > 0 {
		time.AfterFunc(byTime, func() { cmd.Process.Kill() })
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && !exit.Exited() {
		k.kills++
		return "killed"
	}
	_, said, _ := strings.Cut(out.String(), "ended: ")
	said, _, _ = strings.Cut(said, "\n")
	if said == "" {
		k.t.Errorf("the child said:\n%s", out.String())
	}
	return said
}

// ServeHTTP is the service: POST /press takes an effect, GET /found says whether one has arrived, GET /jobs how many.
func (k *killing) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	key := strings.Join([]string{r.FormValue("job"), r.FormValue("revision"), r.FormValue("ordinal")}, " ")
	k.mu.Lock()
	defer k.mu.Unlock()
	switch r.URL.Path {
	case "/press":
		// What a loaded machine comes to only after its call has ended does not arrive: the terms of the effect promise so.
		if until, err := strconv.ParseInt(r.FormValue("until"), 10, 64); err != nil || time.Now().UnixNano() > until {
			http.Error(rw, "too late", http.StatusServiceUnavailable)
			return
		}
		k.arrived[key]++
		k.killAt--
		if k.killAt == 0 && !k.answer {
			k.child.Process.Kill()
			time.Sleep(2 * time.Millisecond) // it is dead before there is an answer
		}
		json.NewEncoder(rw).Encode(key)
		if k.killAt == 0 && k.answer {
			rw.(http.Flusher).Flush()
			time.Sleep(time.Duration(k.rand.IntN(1500)) * time.Microsecond)
			k.child.Process.Kill()
		}
	case "/found":
		json.NewEncoder(rw).Encode(k.arrived[key] > 0)
	case "/jobs":
		var out []string
		for n := 1; k.arrived[fmt.Sprintf("%s %s %d", r.FormValue("job"), r.FormValue("revision"), n)] > 0; n++ {
			out = append(out, fmt.Sprintf("%s %s %d", r.FormValue("job"), r.FormValue("revision"), n))
		}
		json.NewEncoder(rw).Encode(out)
	}
}

// TestChildOfTheKillTest is the process that is killed. By itself it does nothing.
func TestChildOfTheKillTest(t *testing.T) {
	db := os.Getenv("MOZCI_KILL_CHILD")
	if db == "" {
		return
	}
	s := childService{os.Getenv("MOZCI_KILL_SERVICE")}
	reg, err := sources.NewRegistry(s)
	if err != nil {
		t.Fatal(err)
	}
	rebuild := func(b engine.Bundle) (*engine.Program, error) {
		def, _ := engine.LoadBundle(b)
		p, problems := engine.Check(def, reg)
		if len(problems) > 0 {
			return nil, fmt.Errorf("%v", problems)
		}
		return p, nil
	}
	e, err := engine.Open(context.Background(), engine.Config{DB: db, Clock: realClock{}, Wall: time.Now, Random: rand.Reader, Registry: reg,
		Profile: "child", Rebuild: rebuild, Beat: 20 * time.Millisecond, Lapse: 150 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	p, err := rebuild(engine.Bundle{Entry: "killed.yaml", Files: map[string]string{"killed.yaml": killed, engine.StandardRules: standardRules}})
	if err != nil {
		t.Fatal(err)
	}
	res, err := e.Start(context.Background(), p, nil, engine.Options{Apply: true, RunID: "run"})
	var exists *engine.ExistsError
	if errors.As(err, &exists) {
		if r, lerr := e.List(context.Background(), 1); lerr == nil && r[0].Status == engine.Succeeded {
			res, err = r[0].Result, nil // killed after its end
		} else {
			res, err = e.Resume(context.Background(), "run", engine.Options{})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("ended: %s%s\n", res.Status, strings.TrimSuffix(" "+res.Reason, " "))
}

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// A childService asks the service that the parent holds.
type childService struct{ base string }

func (s childService) Name() string { return "child" }

func (s childService) Queries() []sources.Query {
	return []sources.Query{
		sources.NewQuery("child.ask", "echoes", func(_ context.Context, in question) (reply, error) { return reply{Name: in.Name}, nil }),
		sources.NewQuery("jobs.list", "the jobs that have arrived", func(ctx context.Context, in ci.JobsOn) ([]ci.Job, error) {
			out := []ci.Job{}
			for _, rev := range in.Revisions {
				var ids []string
				if err := s.get(ctx, "GET", "/jobs", &ids, "job", in.Job, "revision", rev); err != nil {
					return nil, err
				}
				for _, id := range ids {
					out = append(out, ci.Job{ID: id, Request: id, Type: in.Job, Revision: rev, State: ci.Running, Result: ci.Unknown, Classification: ci.NotClassified})
				}
			}
			return out, nil
		}),
	}
}

func (s childService) Effects() []sources.Effect {
	return []sources.Effect{
		sources.NewEffect[ci.Trigger]("jobs.trigger", "asks for jobs", childTrigger{s}),
		sources.NewEffect[ci.Notice]("notify.webhook", "says something", childNotice{childTrigger{s}}),
	}
}

func (s childService) get(ctx context.Context, method, path string, into any, pairs ...string) error {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+path+"?"+q.Encode(), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return &sources.Error{Kind: sources.ErrUnavailable, Doing: path, Err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return &sources.Error{Kind: sources.ErrUnavailable, Doing: path, Err: err}
	}
	return json.Unmarshal(body, into)
}

type childTrigger struct{ s childService }

func (e childTrigger) Units(_ context.Context, in ci.Trigger) ([]sources.Unit, error) {
	return trigger{}.Units(context.Background(), in)
}

func (e childTrigger) Do(ctx context.Context, u sources.Unit, ordinal int) (sources.Receipt, error) {
	var id string
	ends, _ := ctx.Deadline()
	err := e.s.get(ctx, "POST", "/press", &id, "job", u.Key.Job, "revision", u.Key.Revision, "ordinal", strconv.Itoa(ordinal), "until", strconv.FormatInt(ends.UnixNano(), 10))
	return sources.Receipt{Request: id}, err
}

func (e childTrigger) Find(ctx context.Context, u sources.Unit, ordinal int, _ time.Time) (sources.Finding, error) {
	found := false
	err := e.s.get(ctx, "GET", "/found", &found, "job", u.Key.Job, "revision", u.Key.Revision, "ordinal", strconv.Itoa(ordinal))
	if !found {
		return sources.Finding{Presence: sources.Absent}, err
	}
	return sources.Finding{Presence: sources.Found, Receipt: sources.Receipt{Request: fmt.Sprintf("%s %s %d", u.Key.Job, u.Key.Revision, ordinal)}}, err
}

func (e childTrigger) Terms() sources.Terms {
	return sources.Terms{Conclusive: true, Settling: 20 * time.Millisecond, Lease: time.Hour, Deadline: time.Second}
}

type childNotice struct{ childTrigger }

func (e childNotice) Units(_ context.Context, in ci.Notice) ([]sources.Unit, error) {
	return notice{}.Units(context.Background(), in)
}
