package engine_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A world is what a run under test lives in: a clock that jumps, a source whose answers the test gives, and a service
// on which effects show.
type world struct {
	t       testing.TB
	db      string
	clock   *jumpClock
	service *service
	events  []engine.Event
	mu      sync.Mutex
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, db: freshDB(t), clock: &jumpClock{now: time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)}}
	w.service = &service{clock: w.clock, answers: map[string]func(ctx context.Context, in question) (reply, error){}}
	return w
}

// freshDB copies a database that has its tables and nothing in them: making them takes longer than most tests.
func freshDB(t testing.TB) string {
	db := filepath.Join(t.TempDir(), "runs.db")
	data, err := emptyDB()
	if err == nil {
		err = os.WriteFile(db, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return db
}

var emptyDB = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "mozci-run-engine")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	db := filepath.Join(dir, "runs.db")
	reg, err := sources.NewRegistry()
	if err != nil {
		return nil, err
	}
	e, err := engine.Open(context.Background(), engine.Config{DB: db, Clock: &jumpClock{now: time.Now()}, Random: rand.Reader, Registry: reg})
	if err != nil {
		return nil, err
	}
	_, err = e.Start(context.Background(), &engine.Program{Limits: engine.Limits{Runtime: time.Hour}}, nil, engine.Options{})
	if err = errors.Join(err, e.Close()); err != nil {
		return nil, err
	}
	raw, err := sql.Open("sqlite", db)
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	for _, table := range []string{"mozci_runs", "workflow_status", "operation_outputs", "workflow_output", "workflow_input"} {
		if _, err := raw.Exec("DELETE FROM " + table); err != nil {
			return nil, err
		}
	}
	if _, err := raw.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return nil, err
	}
	return os.ReadFile(db)
})

// engine opens an engine on the world's database. It is closed when the test ends, or before.
func (w *world) engine(change ...func(*engine.Config)) *engine.Engine {
	w.t.Helper()
	reg, err := sources.NewRegistry(w.service)
	if err != nil {
		w.t.Fatal(err)
	}
	cfg := engine.Config{DB: w.db, Clock: w.clock, Wall: time.Now, Random: rand.Reader, Registry: reg, Profile: "test", Host: "here",
		Rebuild: w.rebuild, Beat: 50 * time.Millisecond, Lapse: 10 * time.Second,
		Listener: engine.ListenerFunc(func(e engine.Event) { w.mu.Lock(); w.events = append(w.events, e); w.mu.Unlock() })}
	for _, f := range change {
		f(&cfg)
	}
	e, err := engine.Open(context.Background(), cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.service.ledger = e
	w.t.Cleanup(func() { e.Close() })
	return e
}

func (w *world) rebuild(b engine.Bundle) (*engine.Program, error) {
	reg, err := sources.NewRegistry(w.service)
	if err != nil {
		return nil, err
	}
	def, problems := engine.LoadBundle(b)
	if len(problems) > 0 {
		return nil, fmt.Errorf("%v", problems)
	}
	p, problems := engine.Check(def, reg)
	if len(problems) > 0 {
		return nil, fmt.Errorf("%v", problems)
	}
	return p, nil
}

// program makes a program of a workflow's steps and what else its file says.
func (w *world) program(text string) *engine.Program {
	w.t.Helper()
	text = "mozci: 1\nname: under-test\n" + strings.ReplaceAll(text, "\t", "  ")
	p, err := w.rebuild(engine.Bundle{Entry: "test.yaml", Files: map[string]string{"test.yaml": text, engine.StandardRules: standardRules}})
	if err != nil {
		w.t.Fatalf("the workflow does not pass check: %v", err)
	}
	return p
}

// run runs a workflow from start to end.
func (w *world) run(text string, inputs map[string]any, opts engine.Options) engine.Result {
	w.t.Helper()
	res, err := w.engine().Start(context.Background(), w.program(text), inputs, opts)
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

func (w *world) want(res engine.Result, status engine.Status, reason string) {
	w.t.Helper()
	if res.Status != status || !strings.Contains(res.Reason, reason) {
		w.t.Errorf("the run ended as %s (%s: %s), want %s with %q in its reason", res.Status, res.Cause, res.Reason, status, reason)
	}
}

// steps tells how each step ended: "a=succeeded b=skipped", in the order of their ends.
func (w *world) steps() string {
	var out []string
	for _, e := range w.heard(engine.StepEnded) {
		out = append(out, e.Step+"="+string(e.Status))
	}
	return strings.Join(out, " ")
}

func (w *world) heard(kind engine.EventKind) []engine.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []engine.Event
	for _, e := range w.events {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

func (w *world) forget() { w.mu.Lock(); w.events = nil; w.mu.Unlock() }

const standardRules = `mozci: 1
rules:
  failedJob:
    given: {job: Job}
    is: job.state == "completed" && job.result in ["testfailed", "busted"]
  verdict:
    given: {row: Row}
    first:
      - {when: row.not_runnable != nil, then: not_runnable}
      - {when: 'any(row.jobs, .result == "success")', then: passed}
      - {when: 'any(row.jobs, failedJob(#))', then: failed}
      - {when: len(row.jobs) == 0, then: missing}
      - {else: unsettled}
`

// A jumpClock is a clock on which nobody waits: a sleep moves it.
type jumpClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *jumpClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *jumpClock) Sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if d > 0 {
		c.mu.Lock()
		c.now = c.now.Add(d)
		c.mu.Unlock()
	}
	return nil
}

// A question and its reply: what the tests' own query, test.ask, is about.
type question struct {
	Name string   `json:"name"`
	N    int      `json:"n,omitempty"`
	See  []string `json:"see,omitempty"` // what another step gave, so that this one comes after it
}

type reply struct {
	Name string        `json:"name"`
	N    int           `json:"n"`
	At   time.Time     `json:"at"`
	Took time.Duration `json:"took"`
	Done bool          `json:"done"`
}

// A service answers test.ask as the test says, and takes triggers and notices.
type service struct {
	clock   *jumpClock
	ledger  sources.Ledger
	answers map[string]func(ctx context.Context, in question) (reply, error)

	mu      sync.Mutex
	asked   []string // what test.ask was asked, in order; with "!" where past every cache
	history []ci.Row
	jobs    []ci.Job
	calls   []string // triggers and notices that arrived: revision/ordinal
	looks   []bool   // of each jobs.list, whether it was past every cache
	hidden  bool     // what is triggered is not seen as a job
	denied  string   // why the credentials do not suffice to trigger on r1
	terms   sources.Terms
	before  func(u sources.Unit, ordinal int) error // called when a trigger is about to arrive
	after   func(ctx context.Context, u sources.Unit, ordinal int) error
	find    func(u sources.Unit, ordinal int) (sources.Finding, error)
}

func (s *service) Name() string { return "service" }

func (s *service) Queries() []sources.Query {
	return []sources.Query{
		sources.NewQuery("test.ask", "answers as the test says", s.ask),
		sources.NewQuery("jobs.history", "the history that the test gives", func(context.Context, ci.HistoryOf) ([]ci.Row, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return slices.Clone(s.history), nil
		}),
		sources.NewQuery("jobs.list", "the jobs that there are", s.list),
		sources.NewQuery("pushes.find", "the push of a revision: its own, cut at a dash", func(_ context.Context, in ci.PushFind) (ci.Push, error) {
			if strings.HasPrefix(in.Revision, "nowhere") {
				return ci.Push{}, &sources.Error{Kind: sources.ErrNotFound, Doing: in.Revision}
			}
			tip, _, _ := strings.Cut(in.Revision, "-")
			return ci.Push{Branch: in.Branch, Revision: tip}, nil
		}),
	}
}

func (s *service) Effects() []sources.Effect {
	return []sources.Effect{
		sources.NewEffect[ci.Trigger]("jobs.trigger", "asks for jobs", trigger{s}),
		sources.NewEffect[ci.Retrigger]("jobs.retrigger", "asks for more jobs", retrigger{trigger{s}}),
		sources.NewEffect[ci.Notice]("notify.webhook", "says something", notice{s}),
	}
}

func (s *service) ask(ctx context.Context, in question) (reply, error) {
	mark := in.Name
	if sources.IsFresh(ctx) {
		mark += "!"
	}
	s.mu.Lock()
	s.asked = append(s.asked, mark)
	f := s.answers[in.Name]
	s.mu.Unlock()
	if f == nil {
		return reply{Name: in.Name, N: in.N, At: s.clock.Now(), Took: time.Minute}, nil
	}
	return f(ctx, in)
}

func (s *service) list(ctx context.Context, in ci.JobsOn) ([]ci.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks = append(s.looks, sources.IsFresh(ctx))
	var out []ci.Job
	for _, r := range in.Revisions {
		for _, j := range s.jobs {
			if j.Revision == r && j.Type == in.Job {
				if j.Result == "" {
					j.Result = ci.Unknown
				}
				j.Classification = ci.NotClassified
				out = append(out, j)
			}
		}
	}
	return out, nil
}

// arrive notes a call, and makes its job.
func (s *service) arrive(ctx context.Context, u sources.Unit, ordinal int) (sources.Receipt, error) {
	if s.before != nil {
		if err := s.before(u, ordinal); err != nil {
			return sources.Receipt{}, err
		}
	}
	s.mu.Lock()
	id := fmt.Sprintf("%s/%d", u.Key.Revision, ordinal)
	s.calls = append(s.calls, id)
	if !s.hidden {
		now := s.clock.Now()
		s.jobs = append(s.jobs, ci.Job{ID: id, Type: u.Key.Job, Revision: u.Key.Revision, Request: id, State: ci.Pending, Submitted: &now})
	}
	s.mu.Unlock()
	if s.after != nil {
		if err := s.after(ctx, u, ordinal); err != nil {
			return sources.Receipt{}, err
		}
	}
	return sources.Receipt{Request: id}, nil
}

func (s *service) arrived() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

func (s *service) look(u sources.Unit, ordinal int) (sources.Finding, error) {
	if s.find != nil {
		return s.find(u, ordinal)
	}
	id := fmt.Sprintf("%s/%d", u.Key.Revision, ordinal)
	if slices.Contains(s.arrived(), id) {
		return sources.Finding{Presence: sources.Found, Receipt: sources.Receipt{Request: id}}, nil
	}
	return sources.Finding{Presence: sources.Absent}, nil
}

type trigger struct{ s *service }

func (e trigger) Units(_ context.Context, in ci.Trigger) ([]sources.Unit, error) {
	var out []sources.Unit
	for _, r := range in.Revisions {
		u := unit("jobs.trigger", in.Branch, r, in.Job)
		u.Want, u.Count = in.Total, true
		if e.s != nil && r == "r1" {
			u.Refusal, u.Denied = e.s.denied, e.s.denied != ""
		}
		out = append(out, u)
	}
	return out, nil
}

func unit(effect, branch, revision, job string) sources.Unit {
	return sources.Unit{Key: sources.Key{Base: "http://service", Effect: effect, Branch: branch, Revision: revision, Job: job},
		In: map[string]any{"revision": revision, "n": 7}, What: job + " on " + revision}
}

func (e trigger) Do(ctx context.Context, u sources.Unit, ordinal int) (sources.Receipt, error) {
	if n := u.In.(map[string]any)["n"]; n != 7 {
		return sources.Receipt{}, fmt.Errorf("the unit's own was not kept: %v (%T)", n, n)
	}
	return e.s.arrive(ctx, u, ordinal)
}

func (e trigger) Find(_ context.Context, u sources.Unit, ordinal int, _ time.Time) (sources.Finding, error) {
	return e.s.look(u, ordinal)
}

func (e trigger) Terms() sources.Terms {
	t := e.s.terms
	if t.Lease == 0 {
		t.Lease = time.Hour
	}
	return t
}

type retrigger struct{ trigger }

func (e retrigger) Units(_ context.Context, in ci.Retrigger) ([]sources.Unit, error) {
	var out []sources.Unit
	for _, r := range in.Revisions {
		u := unit("jobs.retrigger", in.Branch, r, in.Job)
		u.More = in.Add
		out = append(out, u)
	}
	return out, nil
}

type notice struct{ s *service }

func (e notice) Units(_ context.Context, in ci.Notice) ([]sources.Unit, error) {
	u := unit("notify.webhook", "", "", in.Text)
	u.What = in.Text
	if u.PerStep = in.OncePer == ""; !u.PerStep {
		u.Key.Job = in.OncePer
	}
	return []sources.Unit{u}, nil
}

func (e notice) Do(_ context.Context, u sources.Unit, ordinal int) (sources.Receipt, error) {
	e.s.mu.Lock()
	defer e.s.mu.Unlock()
	e.s.calls = append(e.s.calls, "notice: "+u.What)
	return sources.Receipt{}, nil
}

func (e notice) Find(context.Context, sources.Unit, int, time.Time) (sources.Finding, error) {
	return sources.Finding{Presence: sources.CannotTell}, nil
}

func (e notice) Terms() sources.Terms { return sources.Terms{} }

var errUnavailable = &sources.Error{Kind: sources.ErrUnavailable, Source: "service", Doing: "asking", Err: errors.New("on purpose")}

func filesIn(dir string) ([]string, error) { return filepath.Glob(filepath.Join(dir, "*")) }

// sizeOf is how large a database is, with what has not been written into its file yet.
func sizeOf(db string) (size int64, err error) {
	for _, name := range []string{db, db + "-wal"} {
		if info, serr := os.Stat(name); serr == nil {
			size += info.Size()
		} else if !errors.Is(serr, os.ErrNotExist) {
			err = serr
		}
	}
	return size, err
}
