package workflowtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/schemas/yamldoc"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A Config is what tests need from outside.
type Config struct {
	Catalog  engine.Catalog // what queries and effects there are, and their types
	Read     engine.Reader  // reads the files that tests name, relative to their own
	Standard string         // the text of the standard rules
	// Replay opens a folder of cassettes, and Simulate a simulated CI, as sources. A test that wants one where it is nil fails, and says so.
	Replay   func(dir string) (Replay, error)
	Simulate func(ctx context.Context, sim Sim, clock sources.Clock, ledger sources.Ledger) (*sources.Registry, error)
	Temp     string               // a folder for the stores of tests that kill a run; the system's where it is empty
	Filter   *regexp.Regexp       // which tests are run, by NAME of the file/NAME of the test; all where it is nil
	Update   bool                 // whether golden files are written anew where they differ
	Workers  int                  // how many tests run side by side; 1 where it is 0
	Now      time.Time            // when tests start whose file says nothing
	Elapsed  func() time.Duration // how long it has been, for reports; may be nil
}

// A Replay is a folder of cassettes.
type Replay struct {
	At   time.Time // when it was recorded: a test of it starts then, whatever its file says
	Open func(clock sources.Clock, ledger sources.Ledger) (*sources.Registry, error)
}

// A Problem is what is wrong: a mistake in a file of tests, or in a workflow that it names.
type Problem interface{ Show() string }

// A TestResult is how one test ended.
type TestResult struct {
	File     string
	Name     string
	Line     int
	Failures []string // what was expected and what came; none where the test passed
	Took     time.Duration
}

// A suite is one file with what it tests.
type suite struct {
	cfg  Config
	file *File
	prog *engine.Program // nil where only rules are tested
	set  *rules.Set
	now  time.Time
}

// Run runs the tests of files. Mistakes in them, or in what they test, are in the report; the error is for a context that has ended.
func Run(ctx context.Context, cfg Config, files []*File) (*Report, error) {
	rep := newReport()
	for _, f := range files {
		s := &suite{cfg: cfg, file: f, now: cfg.Now}
		if f.Now != nil {
			s.now = f.Now.UTC()
		}
		problems := s.open()
		if len(problems) == 0 {
			problems = s.mistakes()
		}
		if len(problems) > 0 {
			rep.problems(f.Name, problems)
			continue
		}
		rep.expect(s)
		s.run(ctx, rep)
		if err := ctx.Err(); err != nil {
			return rep, context.Cause(ctx)
		}
	}
	return rep, nil
}

// open loads and checks what a file tests.
func (s *suite) open() []Problem {
	if s.file.Workflow == "" {
		return s.openRules()
	}
	file := path.Join(path.Dir(filepath.ToSlash(s.file.Name)), s.file.Workflow)
	def, problems := engine.Load(s.cfg.Read, file, s.cfg.Standard)
	var prog *engine.Program
	if def != nil {
		var more []engine.Problem
		prog, more = engine.Check(def, engine.WithInputs(s.cfg.Catalog, "branch"))
		problems = append(problems, more...)
	}
	if len(problems) > 0 {
		return s.shown("workflow", file, problems)
	}
	s.prog, s.set = prog, prog.Rules
	return nil
}

func (s *suite) openRules() []Problem {
	file := path.Join(path.Dir(filepath.ToSlash(s.file.Name)), s.file.Rules)
	list, problems := engine.LoadRules(s.cfg.Read, file)
	if len(problems) > 0 {
		return s.shown("rules", file, problems)
	}
	if path.Base(file) != "standard.rules.yaml" {
		standard, problems := engine.LoadRules(func(string) ([]byte, error) { return []byte(s.cfg.Standard), nil }, engine.StandardRules)
		if len(problems) > 0 {
			return s.shown("rules", engine.StandardRules, problems)
		}
		list = without(standard, list)
	}
	set, wrong := rules.NewSet(engine.NamedTypes(), list)
	if len(wrong) > 0 {
		var out []Problem
		for _, w := range wrong {
			out = append(out, yamldoc.Problem{File: file, Line: 1, Column: 1, Length: 1, Message: w.Message, Kind: w.Kind})
		}
		return out
	}
	s.set = set
	return nil
}

// without puts a file's own rules behind the standard ones that they do not replace.
func without(standard, own []rules.Rule) []rules.Rule {
	names := map[string]bool{}
	for _, r := range own {
		names[r.Name] = true
	}
	var out []rules.Rule
	for _, r := range standard {
		if !names[r.Name] {
			out = append(out, r)
		}
	}
	return append(out, own...)
}

// shown are the problems of what a file tests. That it is not there is one of the file that names it, under a key.
func (s *suite) shown(key, file string, list []engine.Problem) []Problem {
	out := make([]Problem, len(list))
	for i, p := range list {
		out[i] = p
		if n := s.file.node.Get(key); p.Kind == "file" && p.File == file && n != nil {
			out[i] = n.Problem(p.Kind, p.Message)
		}
	}
	return out
}

// run runs the tests of one file, side by side, and reports them in their order.
func (s *suite) run(ctx context.Context, rep *Report) {
	ctx = rules.WithCoverage(ctx, rep.cover)
	results := make([][]TestResult, len(s.file.Tests))
	slots := make(chan struct{}, max(s.cfg.Workers, 1))
	var wg sync.WaitGroup
	for i, t := range s.file.Tests {
		slots <- struct{}{}
		wg.Add(1)
		go func() {
			defer func() { <-slots; wg.Done() }()
			if t.Rule != "" {
				results[i] = s.runRule(ctx, t)
			} else if name := t.Name; s.wanted(name) {
				results[i] = []TestResult{s.timed(name, t.node, func() []string { return s.runTest(ctx, t, rep) })}
			}
		}()
	}
	wg.Wait()
	for _, list := range results {
		rep.Results = append(rep.Results, list...)
	}
}

func (s *suite) wanted(name string) bool {
	return s.cfg.Filter == nil || s.cfg.Filter.MatchString(s.file.Name+"/"+name)
}

func (s *suite) timed(name string, at *yamldoc.Node, f func() []string) TestResult {
	r := TestResult{File: s.file.Name, Name: name, Line: at.Line}
	var began time.Duration
	if s.cfg.Elapsed != nil {
		began = s.cfg.Elapsed()
	}
	r.Failures = f()
	if s.cfg.Elapsed != nil {
		r.Took = s.cfg.Elapsed() - began
	}
	return r
}

// A bench is one test under way: its clock, its sources, its store.
type bench struct {
	s     *suite
	t     *Test
	began time.Time // in the test's time
	clock *jumping
	reg   *sources.Registry
	facts *facts
	db    string
	rep   *Report

	mu     sync.Mutex
	going  *engine.Engine // the one that runs it now
	killed string         // the copy of the store at the moment of the kill
}

// Asked is the ledger of the engine that runs the test.
func (b *bench) Asked(ctx context.Context, branch, job string) ([]sources.Asked, error) {
	b.mu.Lock()
	e := b.going
	b.mu.Unlock()
	if e == nil {
		return nil, nil
	}
	return e.Asked(ctx, branch, job)
}

// runTest runs one test and returns what is not as it expects.
func (s *suite) runTest(ctx context.Context, t *Test, rep *Report) []string {
	if s.prog == nil {
		return []string{t.node.Problem("wrong-test", "the file names no workflow: only rules can be tested in it").Show()}
	}
	b := &bench{s: s, t: t, began: s.now, clock: &jumping{now: s.now}, db: "memory", rep: rep}
	if err := b.open(ctx); err != nil {
		return []string{err.Error()}
	}
	if t.KillAfter != "" {
		dir, err := os.MkdirTemp(s.cfg.Temp, "mozci-test-")
		if err != nil {
			return []string{err.Error()}
		}
		defer os.RemoveAll(dir)
		b.db = filepath.Join(dir, "runs.db")
	}
	story, res, err := b.run(ctx)
	if err != nil {
		return []string{fmt.Sprintf("%s:%d: %v", s.file.Name, t.node.Line, err)}
	}
	rep.steps(s.prog, story)
	return b.compare(story, res)
}

func (b *bench) open(ctx context.Context) (err error) {
	switch {
	case b.t.Replay != "":
		if b.s.cfg.Replay == nil {
			return errors.New("cassettes cannot be replayed here")
		}
		tapes, err := b.s.cfg.Replay(b.beside(b.t.Replay))
		if err == nil {
			b.began, b.clock.now = tapes.At, tapes.At
			b.reg, err = tapes.Open(b.clock, b)
		}
		if err != nil {
			n := b.t.at("replay")
			return fmt.Errorf("%s:%d:%d: replay: %w", n.File(), n.Line, n.Column, err)
		}
	case b.t.Sim != nil:
		if b.s.cfg.Simulate == nil {
			return errors.New("there is no simulated CI here")
		}
		world := *b.t.Sim
		if path.Ext(world.Scenario) != "" { // a file; those that ship have plain names
			world.Scenario = b.beside(world.Scenario)
		}
		if b.reg, err = b.s.cfg.Simulate(ctx, world, b.clock, b); err != nil {
			return fmt.Errorf("%s:%d: sim: %w", b.s.file.Name, b.t.node.Line, err)
		}
	default:
		b.facts = newFacts(b.s.cfg.Catalog, b.s.now, b.t)
		b.reg, err = sources.NewRegistry(b.facts)
	}
	return err
}

// beside is a path as a file of tests means it.
func (b *bench) beside(name string) string {
	name = filepath.FromSlash(name)
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(b.s.file.Name), name)
}

// inputs are the file's and the test's; a branch that neither gives is autoland.
func (b *bench) inputs() map[string]any {
	out := map[string]any{}
	for _, in := range b.s.prog.Inputs {
		if in.Name == "branch" && in.Default == nil {
			out["branch"] = "autoland"
		}
	}
	for _, m := range []map[string]any{b.s.file.Inputs, b.t.Inputs} {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

func (b *bench) engine(ctx context.Context, db, process string, wall func() time.Time) (*engine.Engine, error) {
	e, err := engine.Open(ctx, engine.Config{
		DB: db, Clock: b.clock, Wall: wall, Random: seeded(process + b.t.Name), Registry: b.reg, Profile: "test", Host: "test",
		Listener: engine.ListenerFunc(b.hear), Lapse: time.Second,
		Rebuild: func(bundle engine.Bundle) (*engine.Program, error) { return b.s.prog, nil },
	})
	b.mu.Lock()
	b.going = e
	b.mu.Unlock()
	return e, err
}

// seeded is randomness that is the same in each run of a test.
func seeded(name string) *rand.ChaCha8 {
	var seed [32]byte
	copy(seed[:], name)
	return rand.NewChaCha8(seed)
}

func (b *bench) run(ctx context.Context) (engine.Story, engine.Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e, err := b.engine(ctx, b.db, "first", func() time.Time { return b.began })
	if err != nil {
		return engine.Story{}, engine.Result{}, err
	}
	opts := engine.Options{Apply: b.t.Apply == nil || *b.t.Apply, Started: "a test"}
	if b.t.Event != nil {
		ev, err := eventOf(b.t.Event)
		if err != nil {
			e.Close()
			return engine.Story{}, engine.Result{}, fmt.Errorf("event: %w", err)
		}
		opts.Event = &ev
	}
	first, stop := context.WithCancel(ctx)
	opts.Listener = engine.ListenerFunc(func(ev engine.Event) { b.kill(ev, stop) })
	res, err := e.Start(first, b.s.prog, b.inputs(), opts)
	stop()
	if b.killed != "" {
		e.Close()
		return b.resume(ctx, res.Run)
	}
	if err != nil {
		e.Close()
		return engine.Story{}, res, err
	}
	defer e.Close()
	if b.t.KillAfter != "" {
		return engine.Story{}, res, fmt.Errorf("kill_after: the step %s has not been run", b.t.KillAfter)
	}
	story, err := e.Show(ctx, res.Run)
	return story, res, err
}

func eventOf(m map[string]any) (ci.Event, error) {
	t := schemas.TypeOf[ci.Event]()
	var ev ci.Event
	err := t.Bind(complete(t, m), &ev)
	return ev, err
}

// hear moves the facts on when an effect has ended.
func (b *bench) hear(ev engine.Event) {
	if b.facts == nil || ev.Kind != engine.StepEnded || ev.Replayed {
		return
	}
	if _, _, is := b.s.cfg.Catalog.Effect(ev.Uses); is || b.isEffect(ev.Step) {
		b.facts.acted()
	}
}

func (b *bench) isEffect(step string) bool {
	for _, s := range b.s.prog.Steps {
		if s.ID == step {
			return s.Effect
		}
	}
	return false
}

// kill stops the run as a kill would: at this moment the store is copied, and from then on the process that goes on can do no more.
func (b *bench) kill(ev engine.Event, stop context.CancelFunc) {
	if b.t.KillAfter == "" || b.killed != "" || ev.Kind != engine.StepEnded || ev.Step != b.t.KillAfter || ev.Status == engine.NotRun || ev.Status == engine.Skipped {
		return
	}
	copyTo := filepath.Join(filepath.Dir(b.db), "killed.db")
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(b.db + suffix)
		if err != nil && suffix == "" {
			return
		}
		if err == nil && os.WriteFile(copyTo+suffix, data, 0o600) != nil {
			return
		}
	}
	b.killed = copyTo
	if b.facts != nil {
		b.facts.mu.Lock()
		b.facts.dead = true
		b.facts.mu.Unlock()
	}
	stop()
}

// resume goes on in a second process, an hour of this machine's time later.
func (b *bench) resume(ctx context.Context, run string) (engine.Story, engine.Result, error) {
	if b.facts != nil {
		b.facts.mu.Lock()
		b.facts.dead = false
		b.facts.mu.Unlock()
	}
	e, err := b.engine(ctx, b.killed, "second", func() time.Time { return b.began.Add(time.Hour) })
	if err != nil {
		return engine.Story{}, engine.Result{}, err
	}
	defer e.Close()
	list, err := e.List(ctx, 1)
	if err != nil || len(list) == 0 {
		return engine.Story{}, engine.Result{}, errors.Join(err, errors.New("the killed run is lost"))
	}
	res, err := e.Resume(ctx, list[0].ID, engine.Options{Apply: b.t.Apply == nil || *b.t.Apply})
	if err != nil {
		return engine.Story{}, res, err
	}
	story, err := e.Show(ctx, res.Run)
	return story, res, err
}

// runRule runs the cases of a rule.
func (s *suite) runRule(ctx context.Context, t *Test) []TestResult {
	var out []TestResult
	for i, c := range t.Cases {
		name := fmt.Sprintf("rule %s #%d", t.Rule, i+1)
		if c.Name != "" {
			name = "rule " + t.Rule + ": " + c.Name
		}
		if s.wanted(name) {
			out = append(out, s.timed(name, c.node, func() []string { return s.runCase(ctx, t, c) }))
		}
	}
	return out
}

func (s *suite) runCase(ctx context.Context, t *Test, c *Case) []string {
	params, result, ok := s.set.Types(t.Rule)
	if !ok {
		return []string{t.node.Problem("unknown-rule", "there is no rule "+t.Rule).Show()}
	}
	var names []string
	for _, r := range s.set.List() {
		if r.Name == t.Rule {
			for _, p := range r.Given {
				names = append(names, p.Name)
			}
		}
	}
	args := make([]any, len(params))
	for i, p := range params {
		v, given := c.Given[names[i]]
		if !given && !p.Nullable {
			return []string{c.node.Problem("missing-key", fmt.Sprintf("given lacks %s (%s)", names[i], p)).Show()}
		}
		var err error
		if args[i], err = argument(p, v, s.now); err != nil {
			return []string{c.node.Problem("wrong-type", fmt.Sprintf("given: %s: %v", names[i], err)).Show()}
		}
	}
	for k := range c.Given {
		if !strings.Contains(" "+strings.Join(names, " ")+" ", " "+k+" ") {
			return []string{c.node.Problem("unknown-key", fmt.Sprintf("the rule %s has no parameter %s: it has %s", t.Rule, k, strings.Join(names, ", "))).Show()}
		}
	}
	d, err := s.set.Decide(ctx, t.Rule, args...)
	if err != nil {
		return []string{err.Error()}
	}
	return compareCase(c, d, result)
}

// argument is a fact of a rule's parameter; a history may be given as a strip.
func argument(t *schemas.Type, v any, now time.Time) (any, error) {
	if signs, ok := v.(string); ok && t.Kind == schemas.List && t.Elem.Name == "Row" {
		rows, err := strip(signs, "autoland", "job", now)
		return fact(rows), err
	}
	return t.Conform(complete(t, v))
}
