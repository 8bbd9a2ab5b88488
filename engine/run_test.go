package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources"
)

func TestRunAnswersAndOutputs(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	res := w.run(`
inputs:
  n: {type: int, default: 2}
steps:
  - id: a
    uses: test.ask
    with: {name: a, n: "${{ inputs.n + 1 }}"}
  - id: b
    let: a.n * 10
outputs:
  b: ${{ b }}
  name: ${{ a.name }}
`, nil, engine.Options{})
	w.want(res, engine.Succeeded, "")
	if diff := cmp.Diff(map[string]any{"b": 30, "name": "a"}, res.Outputs); diff != "" {
		t.Error(diff)
	}
	if got := w.steps(); got != "a=succeeded b=succeeded" {
		t.Error(got)
	}
}

func TestReadsOverlap(t *testing.T) {
	w := newWorld(t)
	both := make(chan struct{}, 2)
	meet := func(ctx context.Context, in question) (reply, error) {
		both <- struct{}{}
		for len(both) < 2 {
			select {
			case <-ctx.Done():
				return reply{}, context.Cause(ctx)
			case <-time.After(time.Millisecond):
			}
		}
		return reply{Name: in.Name}, nil
	}
	w.service.answers["a"], w.service.answers["b"] = meet, meet
	res := w.run(`
steps:
  - {id: a, uses: test.ask, with: {name: a}}
  - {id: b, uses: test.ask, with: {name: b}}
  - {id: c, let: 'a.name + b.name'}
outputs: {c: "${{ c }}"}
`, nil, engine.Options{})
	w.want(res, engine.Succeeded, "")
	if res.Outputs["c"] != "ab" {
		t.Error(res.Outputs)
	}
}

// slowly answers after a moment in which the others could have started.
func slowly(w *world, name string, then func()) {
	w.service.answers[name] = func(ctx context.Context, in question) (reply, error) {
		select {
		case <-ctx.Done():
			return reply{}, context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
		if then != nil {
			then()
		}
		return reply{Name: in.Name}, nil
	}
}

func TestEffectIsBarrier(t *testing.T) {
	w := newWorld(t)
	early := false
	slowly(w, "above", func() { early = len(w.service.arrived()) > 0 })
	below := 0
	w.service.answers["below"] = func(_ context.Context, in question) (reply, error) {
		below = len(w.service.arrived())
		return reply{}, nil
	}
	res := w.run(`
steps:
  - {id: above, uses: test.ask, with: {name: above}}
  - {id: fill, uses: jobs.trigger, with: {branch: b, job: j, revisions: [r1, r2]}}
  - {id: below, uses: test.ask, with: {name: below}}
`, nil, engine.Options{Apply: true})
	w.want(res, engine.Succeeded, "")
	if early || below != 2 {
		t.Errorf("an effect began before the step above had ended: %v; effects done when the step below began: %d, want 2", early, below)
	}
	if got := w.steps(); got != "above=succeeded fill=succeeded below=succeeded" {
		t.Error(got)
	}
}

func TestFailedRequireStopsEffects(t *testing.T) {
	w := newWorld(t)
	hold(w, "beside")
	res := w.run(`
steps:
  - id: a
    uses: test.ask
    with: {name: a, n: 3}
    require: a.n > 3
    message: only ${{ a.n }} of them
  - {id: beside, uses: test.ask, with: {name: beside}}
  - {id: fill, uses: jobs.trigger, with: {branch: b, job: j, revisions: [r1]}}
  - {id: after_all, let: fill}
`, nil, engine.Options{Apply: true})
	w.want(res, engine.Failed, "only 3 of them")
	if res.Cause != engine.ByRequire || res.Step != "a" {
		t.Errorf("cause %s, step %s", res.Cause, res.Step)
	}
	if got := w.service.arrived(); len(got) > 0 {
		t.Errorf("effects below a failed require: %v", got)
	}
	if got, want := w.steps(), "a=failed beside=not_run fill=not_run after_all=not_run"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSkipPropagates(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	res := w.run(`
inputs: {n: {type: int, default: 0}}
steps:
  - {id: a, uses: test.ask, with: {name: a}, if: inputs.n > 0}
  - {id: b, let: a.n + 1}
  - {id: c, let: b * 2}
  - {id: d, let: 'c ?? 7'}
  - {id: e, uses: test.ask, with: {name: e, n: "${{ c }}"}}
outputs: {d: "${{ d }}", c: "${{ c }}"}
`, nil, engine.Options{})
	w.want(res, engine.Succeeded, "")
	if diff := cmp.Diff(map[string]any{"d": 7, "c": nil}, res.Outputs); diff != "" {
		t.Error(diff)
	}
	got := strings.Fields(w.steps())
	slices.Sort(got)
	if diff := cmp.Diff([]string{"a=skipped", "b=skipped", "c=skipped", "d=succeeded", "e=skipped"}, got); diff != "" {
		t.Error(diff)
	}
	last := w.heard(engine.StepEnded)[2]
	if want := "b has no value: a has no value: if was false: inputs.n > 0"; last.Reason != want {
		t.Errorf("reason %q, want %q", last.Reason, want)
	}
}

func TestUntilAsksPastCache(t *testing.T) {
	w := newWorld(t)
	n := 0
	w.service.answers["a"] = func(_ context.Context, in question) (reply, error) { n++; return reply{N: n}, nil }
	began := w.clock.Now()
	res := w.run(`
steps:
  - {id: a, uses: test.ask, with: {name: a}, until: a.n == 3, every: 10m}
outputs: {n: "${{ a.n }}"}
`, nil, engine.Options{})
	w.want(res, engine.Succeeded, "")
	if diff := cmp.Diff([]string{"a!", "a!", "a!"}, w.service.asked); diff != "" {
		t.Error(diff)
	}
	if took := w.clock.Now().Sub(began); took != 20*time.Minute {
		t.Errorf("it took %s, want two waits of 10m", took)
	}
	if rounds := w.heard(engine.RoundEnded); len(rounds) != 2 || rounds[1].Round != 2 || len(w.heard(engine.Waiting)) != 2 {
		t.Errorf("%d rounds told, %d waits", len(rounds), len(w.heard(engine.Waiting)))
	}
}

func TestExpressionThatFailsSaysWhere(t *testing.T) {
	unraced(t)
	for _, tt := range []struct{ name, steps, want string }{
		{"a let", "  - {id: a, let: '[1, 2]'}\n  - {id: b, let: 'a[0] + a[7]'}\n", "test.yaml:6:27: there is no element 7: the list has 2 elements"},
		{"a text", "  - {id: a, let: '[1]'}\n  - {id: b, uses: test.ask, with: {name: \"${{ string(a[1]) }}\"}}\n", "test.yaml:6:55: there is no element 1: the list has 1 element"},
		{"a condition", "  - {id: a, let: '[true]'}\n  - {id: b, if: 'a[3]', let: 1}\n", "test.yaml:6:19: there is no element 3: the list has 1 element"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			res := w.run("\nsteps:\n"+tt.steps, nil, engine.Options{})
			w.want(res, engine.Failed, tt.want)
		})
	}
}

// Whoever waits for hours does not give up because a service is being started anew.
func TestAWaitOutlivesASourceThatIsDown(t *testing.T) {
	down := func(kind error, from, to int) func(w *world, n int) error {
		return func(w *world, n int) error {
			if n < from || n > to {
				return nil
			}
			e := &sources.Error{Kind: kind, Doing: "asking"}
			if kind == sources.ErrRateLimited {
				e.RetryAt = w.clock.Now().Add(45 * time.Minute)
			}
			return e
		}
	}
	rows := []struct {
		name   string
		fails  func(w *world, n int) error
		status engine.Status
		asked  int
		took   time.Duration
	}{
		{"for a while", down(sources.ErrUnavailable, 2, 4), engine.Succeeded, 6, 50 * time.Minute},
		{"limits us", down(sources.ErrRateLimited, 2, 2), engine.Succeeded, 4, 65 * time.Minute},
		{"for too long", down(sources.ErrUnavailable, 2, 99), engine.Failed, 12, 0},
		{"from the beginning", down(sources.ErrUnavailable, 1, 99), engine.Failed, 1, 0},
		{"something else is wrong", down(sources.ErrChangedFormat, 2, 2), engine.Failed, 2, 0},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			w := newWorld(t)
			n, good := 0, 0
			w.service.answers["a"] = func(context.Context, question) (reply, error) {
				n++
				if err := r.fails(w, n); err != nil {
					return reply{}, err
				}
				good++
				return reply{N: good}, nil
			}
			began := w.clock.Now()
			res := w.run("steps:\n  - {id: a, uses: test.ask, with: {name: a}, until: a.n == 3, every: 10m}\noutputs: {n: '${{ a.n }}'}\n", nil, engine.Options{})
			w.want(res, r.status, "")
			if r.asked > 0 && n != r.asked {
				t.Errorf("asked %d times, want %d", n, r.asked)
			}
			if took := w.clock.Now().Sub(began); r.took > 0 && took != r.took {
				t.Errorf("took %s, want %s", took, r.took)
			}
			if r.status == engine.Failed && n > 1 && res.Outputs["n"] != 1 {
				t.Errorf("the last answer was not kept: %v", res.Outputs)
			}
		})
	}
}

// What a step that was skipped would have required is not known of it, nor of others.
func TestRequireOfASkippedStep(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	res := w.run(`
steps:
  - {id: a, let: upper("x")}
  - {id: b, if: a == "y", let: 'first([a])', require: b != nil}
  - {id: c, let: upper(b)}
  - {id: d, let: 'b == nil ? "none" : upper(b)'}
outputs: {b: "${{ upper(b) }}", d: "${{ d }}"}
`, nil, engine.Options{})
	w.want(res, engine.Succeeded, "")
	got := strings.Fields(w.steps())
	slices.Sort(got) // c and d end side by side
	if want := []string{"a=succeeded", "b=skipped", "c=skipped", "d=succeeded"}; !slices.Equal(got, want) {
		t.Error(got)
	}
	if res.Outputs["b"] != nil || res.Outputs["d"] != "none" {
		t.Errorf("outputs %v", res.Outputs)
	}
}

func TestTimeoutKeepsLastRound(t *testing.T) {
	w := newWorld(t)
	n := 0
	w.service.answers["a"] = func(_ context.Context, in question) (reply, error) { n++; return reply{N: n}, nil }
	res := w.run(`
steps:
  - {id: a, uses: test.ask, with: {name: a}, until: a.n == 100, every: 10m, timeout: 25m}
  - {id: b, let: a.n}
outputs: {n: "${{ a.n }}"}
`, nil, engine.Options{})
	w.want(res, engine.Failed, "timed out after 25m")
	if res.Cause != engine.ByTimeout || res.Outputs["n"] != 3 {
		t.Errorf("cause %s, outputs %v", res.Cause, res.Outputs)
	}
	if got := w.steps(); got != "a=failed b=not_run" {
		t.Error(got)
	}
}

func TestOnTimeoutContinue(t *testing.T) {
	w := newWorld(t)
	res := w.run(`
steps:
  - {id: a, uses: test.ask, with: {name: a, n: 4}, until: a.n == 100, every: 10m, timeout: 25m, on_timeout: continue}
  - {id: b, let: a.n + 1}
outputs: {n: "${{ b }}"}
`, nil, engine.Options{})
	w.want(res, engine.Succeeded, "")
	if res.Outputs["n"] != 5 {
		t.Error(res.Outputs)
	}
	if e := w.heard(engine.StepEnded)[0]; e.Cause != engine.ByTimeout || e.Status != engine.Succeeded {
		t.Errorf("a ended as %s, cause %q", e.Status, e.Cause)
	}
}

func TestHangingQueryTimesOut(t *testing.T) {
	w := newWorld(t)
	w.service.answers["a"] = func(ctx context.Context, in question) (reply, error) {
		w.clock.Sleep(ctx, time.Hour)
		<-ctx.Done()
		return reply{}, context.Cause(ctx)
	}
	res := w.run(`
steps:
  - {id: a, uses: test.ask, with: {name: a}, timeout: 30s}
`, nil, engine.Options{})
	w.want(res, engine.Failed, "the step's timeout has passed")
}

func TestRetry(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	n := 0
	w.service.answers["a"] = func(_ context.Context, in question) (reply, error) {
		if n++; n < 3 {
			return reply{}, errUnavailable
		}
		return reply{N: n}, nil
	}
	began := w.clock.Now()
	res := w.run(`
steps:
  - {id: a, uses: test.ask, with: {name: a}, retry: {attempts: 3, backoff: 10s}}
outputs: {n: "${{ a.n }}"}
`, nil, engine.Options{})
	w.want(res, engine.Succeeded, "")
	if took := w.clock.Now().Sub(began); res.Outputs["n"] != 3 || took != 30*time.Second {
		t.Errorf("outputs %v, and it took %s; want 10s and 20s of backoff", res.Outputs, took)
	}
	n = -10
	res = w.run(`
steps:
  - {id: a, uses: test.ask, with: {name: a}, retry: {attempts: 2, backoff: 10s}}
`, nil, engine.Options{})
	w.want(res, engine.Failed, "unavailable")
	if n != -8 || res.Error.Kind != "unavailable" {
		t.Errorf("asked %d times, error %+v", n+10, res.Error)
	}
	n = 0 // each round has its own attempts
	res = w.run(`
steps:
  - {id: a, uses: test.ask, with: {name: a}, until: a.n > 3, every: 1m, retry: {attempts: 3, backoff: 10s}}
`, nil, engine.Options{})
	if w.want(res, engine.Succeeded, ""); n != 4 {
		t.Errorf("asked %d times, want three for the first round and one for the second", n)
	}
}

// What is stopped because a step above it has failed has not failed itself, whatever it was at.
func TestStoppedByANeighbour(t *testing.T) {
	w := newWorld(t)
	begun := make(chan struct{})
	w.service.answers["a"] = func(context.Context, question) (reply, error) {
		<-begun
		return reply{}, errUnavailable
	}
	res := w.run(`
steps:
  - {id: a, uses: test.ask, with: {name: a}}
  - {id: long, let: "all(1..2000, let x = #; all(1..2000, # + x > 0))"}
  - {id: ok, approve: {message: may it go on}}
`, nil, engine.Options{Apply: true, Listener: engine.ListenerFunc(func(e engine.Event) {
		if e.Kind == engine.Waiting {
			close(begun)
		}
	})})
	w.want(res, engine.Failed, "unavailable")
	for _, e := range w.heard(engine.StepEnded)[1:] {
		if e.Status != engine.NotRun || !strings.Contains(e.Reason, "stopped: a did not end well") {
			t.Errorf("%s ended as %s: %s", e.Step, e.Status, e.Reason)
		}
	}
}

func TestForeach(t *testing.T) {
	w := newWorld(t)
	res := w.run(`
inputs: {names: {type: list, default: [x, y, z]}}
steps:
  - id: each
    uses: test.ask
    foreach: inputs.names
    as: name
    parallel: 2
    with: {name: "${{ name }}"}
  - id: groups
    foreach: inputs.names
    as: name
    parallel: 3
    steps:
      - {id: q, uses: test.ask, with: {name: "${{ name }}", n: 4}}
      - {id: s, let: q.n + 1}
outputs:
  names: ${{ map(each, .item + .result.name) }}
  sums: ${{ map(groups, .item + string(.result.s)) }}
`, nil, engine.Options{})
	w.want(res, engine.Succeeded, "")
	if diff := cmp.Diff(map[string]any{"names": []any{"xx", "yy", "zz"}, "sums": []any{"x5", "y5", "z5"}}, res.Outputs); diff != "" {
		t.Error(diff)
	}
}

func TestForeachItemFails(t *testing.T) {
	w := newWorld(t)
	w.service.answers["y"] = func(context.Context, question) (reply, error) { return reply{}, errUnavailable }
	res := w.run(`
inputs: {names: {type: list, default: [x, y, z]}}
steps:
  - {id: each, uses: test.ask, foreach: inputs.names, with: {name: "${{ item }}"}}
  - {id: b, let: len(each)}
`, nil, engine.Options{})
	w.want(res, engine.Failed, "unavailable")
	if got := w.steps(); got != "each=failed b=not_run" {
		t.Error(got)
	}
	if diff := cmp.Diff([]string{"x", "y"}, w.service.asked); diff != "" {
		t.Error(diff)
	}
}

func TestRepeat(t *testing.T) {
	w := newWorld(t)
	res := w.run(`
steps:
  - id: narrow
    repeat:
      until: n.n >= 3
      max: 10
      steps:
        - {id: n, uses: test.ask, with: {name: n, n: "${{ (n?.n ?? 0) + 1 }}"}}
outputs: {n: "${{ narrow.n.n }}"}
`, nil, engine.Options{})
	w.want(res, engine.Succeeded, "")
	if res.Outputs["n"] != 3 {
		t.Error(res.Outputs)
	}
}

func TestFinallySeesStatus(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	res := w.run(`
steps:
  - {id: a, uses: test.ask, with: {name: a}, require: a.n > 0, message: nothing came}
finally:
  - {id: tell, uses: notify.webhook, if: run.status != "succeeded", with: {text: "${{ run.status }}: ${{ run.reason }}"}}
`, nil, engine.Options{Apply: true})
	w.want(res, engine.Failed, "nothing came")
	if diff := cmp.Diff([]string{"notice: failed: nothing came"}, w.service.arrived()); diff != "" {
		t.Error(diff)
	}
}

// What comes at the end of a run is not planned while the run itself is: nobody knows yet what it will come to.
func TestFinallyIsNotPlanned(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	res := w.run(fill+"finally:\n  - {id: tell, uses: notify.webhook, with: {text: \"${{ run.status }}\"}}\n", nil, engine.Options{})
	w.want(res, engine.Planned, "")
	for _, told := range w.told() {
		if !strings.HasPrefix(told, "planned r") {
			t.Errorf("told: %s", told)
		}
	}
	if steps := w.steps(); !strings.Contains(steps, "finally/tell=not_run") {
		t.Error(steps)
	}
}

func TestRuntimeLimit(t *testing.T) {
	w := newWorld(t)
	res := w.run(`
limits: {runtime: 1h}
steps:
  - {id: a, uses: test.ask, with: {name: a}, until: a.n == 100, every: 10m}
`, nil, engine.Options{})
	w.want(res, engine.Incomplete, "limit of time")
	if res.Cause != engine.ByLimit {
		t.Error(res.Cause)
	}
}
