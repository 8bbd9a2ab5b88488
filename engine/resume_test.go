package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// start starts a workflow beside the test, and returns its context's end and its result.
func (w *world) start(e *engine.Engine, text string, inputs map[string]any, opts engine.Options) (context.CancelFunc, <-chan engine.Result) {
	ctx, cancel := context.WithCancel(context.Background())
	out := make(chan engine.Result, 1)
	go func() {
		res, err := e.Start(ctx, w.program(text), inputs, opts)
		if err != nil {
			w.t.Error(err)
		}
		out <- res
	}()
	w.t.Cleanup(cancel)
	return cancel, out
}

// hold lets a question hang until it is let go or its context ends; reached says when it has come.
func hold(w *world, name string) (reached, letGo chan struct{}) {
	reached, letGo = make(chan struct{}, 10), make(chan struct{})
	w.service.answers[name] = func(ctx context.Context, in question) (reply, error) {
		reached <- struct{}{}
		select {
		case <-letGo:
			return reply{Name: in.Name, N: in.N}, nil
		case <-ctx.Done():
			return reply{}, context.Cause(ctx)
		}
	}
	return reached, letGo
}

const three = `
steps:
  - {id: a, uses: test.ask, with: {name: a, n: 3}}
  - {id: b, let: a.n * 2}
  - {id: c, uses: test.ask, with: {name: c, n: "${{ b }}"}}
  - {id: fill, uses: jobs.trigger, with: {branch: b, job: j, revisions: [r1]}}
outputs:
  n: ${{ c.n }}
  at: ${{ a.at }}
  took: ${{ a.took }}
`

func TestCtrlC(t *testing.T) {
	w := newWorld(t)
	reached, _ := hold(w, "c")
	e := w.engine()
	cancel, result := w.start(e, three, nil, engine.Options{Apply: true})
	<-reached
	cancel()
	began := time.Now()
	res := <-result
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %s to end", took)
	}
	w.want(res, engine.Interrupted, "")
	if !strings.Contains(res.Next, "resume "+res.Run) {
		t.Errorf("it does not say how to go on: %q", res.Next)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %s to close", took)
	}
	list, err := w.engine().List(context.Background(), 0)
	if err != nil || len(list) != 1 || list[0].Status != engine.Interrupted {
		t.Errorf("the list is %+v, %v", list, err)
	}
}

func TestResumeGoesOnFromTheNextStep(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	reached, letGo := hold(w, "c")
	e := w.engine()
	cancel, result := w.start(e, three, nil, engine.Options{Apply: true})
	<-reached
	began := w.clock.Now()
	cancel()
	id := (<-result).Run
	e.Close()
	w.clock.Sleep(context.Background(), time.Hour)
	close(letGo)
	w.forget()
	res, err := w.engine().Resume(context.Background(), id, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if diff := cmp.Diff(map[string]any{"n": 6, "at": began, "took": time.Minute}, res.Outputs); diff != "" {
		t.Errorf("a resumed run sees other values: %s", diff)
	}
	if diff := cmp.Diff([]string{"a", "c", "c"}, w.service.asked); diff != "" {
		t.Errorf("what was recorded was asked again: %s", diff)
	}
	for _, ev := range w.heard(engine.StepEnded) {
		if want := ev.Step == "a" || ev.Step == "b"; ev.Replayed != want {
			t.Errorf("%s: replayed %v, want %v", ev.Step, ev.Replayed, want)
		}
	}
	if _, err := w.engine().Resume(context.Background(), id, engine.Options{}); err == nil || !strings.Contains(err.Error(), "nothing to resume") {
		t.Errorf("resuming what has ended well: %v", err)
	}
}

// Sources that are slow by turns, an interrupt in between: the second pass has to see the steps end in the same order.
func TestResumeSeesTheSameOrder(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	reached, letGo := hold(w, "z")
	for i, name := range []string{"a", "b", "c", "d"} {
		w.service.answers[name] = func(ctx context.Context, in question) (reply, error) {
			time.Sleep(time.Duration(4-i) * 3 * time.Millisecond)
			return reply{N: i}, nil
		}
	}
	e := w.engine()
	cancel, result := w.start(e, `
steps:
  - {id: a, uses: test.ask, with: {name: a}}
  - {id: b, uses: test.ask, with: {name: b}}
  - {id: c, uses: test.ask, with: {name: c}}
  - {id: d, uses: test.ask, with: {name: d}}
  - {id: e, let: a.n + 10}
  - {id: f, let: d.n + e}
  - {id: g, let: b.n + c.n}
  - {id: z, uses: test.ask, with: {name: z, n: "${{ f + g }}"}}
outputs: {n: "${{ z.n }}"}
`, nil, engine.Options{})
	<-reached
	cancel()
	id := (<-result).Run
	first := w.steps()
	w.forget()
	close(letGo)
	res, err := e.Resume(context.Background(), id, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if second := w.steps(); second != first+" z=succeeded" || res.Outputs["n"] != 16 {
		t.Errorf("first %s\nthen  %s, outputs %v", first, second, res.Outputs)
	}
}

func TestResumeAfterFailure(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	var broken atomic.Bool
	broken.Store(true)
	w.service.answers["c"] = func(_ context.Context, in question) (reply, error) {
		if broken.Load() {
			return reply{}, errUnavailable
		}
		return reply{N: in.N}, nil
	}
	e := w.engine()
	res, err := e.Start(context.Background(), w.program(three), nil, engine.Options{Apply: true})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Failed, "unavailable")
	broken.Store(false)
	if res, err = e.Resume(context.Background(), res.Run, engine.Options{}); err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if diff := cmp.Diff([]string{"a", "c", "c"}, w.service.asked); diff != "" {
		t.Error(diff)
	}
	if got := w.service.arrived(); len(got) != 1 {
		t.Error(got)
	}
}

// The limit of time is for a run that nobody looks after: the word of a person to go on starts it anew.
func TestResumeAfterTheLimitOfTime(t *testing.T) {
	unraced(t)
	for _, row := range []struct {
		name  string
		first engine.Options
		ended engine.Status
		then  engine.Options
	}{
		{"planned and applied a day later", engine.Options{}, engine.Planned, engine.Options{Apply: true}},
		{"out of time", engine.Options{Apply: true}, engine.Incomplete, engine.Options{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			if row.ended == engine.Incomplete {
				w.service.answers["c"] = func(ctx context.Context, in question) (reply, error) {
					w.clock.Sleep(ctx, 7*time.Hour)
					<-ctx.Done()
					return reply{}, context.Cause(ctx)
				}
			}
			e := w.engine()
			res, err := e.Start(context.Background(), w.program(three), nil, row.first)
			if err != nil {
				t.Fatal(err)
			}
			w.want(res, row.ended, "")
			delete(w.service.answers, "c")
			w.clock.Sleep(context.Background(), 24*time.Hour)
			if res, err = e.Resume(context.Background(), res.Run, row.then); err != nil {
				t.Fatal(err)
			}
			w.want(res, engine.Succeeded, "")
			if diff := cmp.Diff([]string{"r1/1"}, w.service.arrived()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestResumeUsesTheStoredDefinition(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	reached, letGo := hold(w, "c")
	var stored engine.Bundle
	e := w.engine(func(c *engine.Config) {
		c.Rebuild = func(b engine.Bundle) (*engine.Program, error) { stored = b; return w.rebuild(b) }
	})
	cancel, result := w.start(e, three, nil, engine.Options{})
	<-reached
	cancel()
	id := (<-result).Run
	close(letGo)
	if _, err := e.Resume(context.Background(), id, engine.Options{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(stored.Files["test.yaml"], "a.n * 2") || stored.Files[engine.StandardRules] != standardRules {
		t.Errorf("the definition that was kept: %v", stored)
	}
}

func TestLiveOwnerIsNotTouched(t *testing.T) {
	w := newWorld(t)
	reached, letGo := hold(w, "c")
	one, two := w.engine(), w.engine()
	_, result := w.start(one, three, nil, engine.Options{Apply: true, RunID: "run-1"})
	<-reached
	var live *engine.LiveError
	if _, err := two.Resume(context.Background(), "run-1", engine.Options{}); !errors.As(err, &live) {
		t.Errorf("a second process may resume a run whose owner is alive: %v", err)
	}
	if _, err := one.Resume(context.Background(), "run-1", engine.Options{}); !errors.As(err, &live) {
		t.Errorf("its own process may resume a run that is going on: %v", err)
	}
	var exists *engine.ExistsError
	if _, err := two.Start(context.Background(), w.program(three), nil, engine.Options{RunID: "run-1"}); !errors.As(err, &exists) {
		t.Errorf("a second run of the same id: %v", err)
	}
	close(letGo)
	w.want(<-result, engine.Succeeded, "")
	if diff := cmp.Diff([]string{"a", "c"}, w.service.asked); diff != "" {
		t.Error(diff)
	}
}

// Of several who resume a run at once, one goes on with it.
func TestTwoResumesAtOnce(t *testing.T) {
	w := newWorld(t)
	reached, letGo := hold(w, "c")
	e := w.engine()
	cancel, result := w.start(e, three, nil, engine.Options{Apply: true, RunID: "run-1"})
	<-reached
	cancel()
	w.want(<-result, engine.Interrupted, "")
	close(letGo)
	w.service.mu.Lock()
	w.service.asked = nil
	w.service.mu.Unlock()
	engines := []*engine.Engine{e, w.engine(), w.engine(), w.engine()}
	var wg sync.WaitGroup
	var won atomic.Int64
	for _, e := range engines {
		wg.Go(func() {
			res, err := e.Resume(context.Background(), "run-1", engine.Options{})
			var live *engine.LiveError
			var state *engine.StateError
			switch {
			case err == nil:
				won.Add(1)
				w.want(res, engine.Succeeded, "")
			case !errors.As(err, &live) && !errors.As(err, &state):
				t.Errorf("one that did not get it: %v", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || len(w.service.asked) != 1 || len(w.service.arrived()) != 1 {
		t.Errorf("%d have gone on with it, asked %v, arrived %v", won.Load(), w.service.asked, w.service.arrived())
	}
	s, err := e.Show(context.Background(), "run-1")
	if err != nil || s.Run.Attempt != 2 {
		t.Errorf("the run is %+v, %v", s.Run, err)
	}
}

// rivals lets an engine that reads its wall clock n times do something before it goes on: so that another process acts between
// its look at a run and what it does about it.
func rivals(n int64, act func()) func(*engine.Config) {
	var looks atomic.Int64
	return func(c *engine.Config) {
		c.Wall = func() time.Time {
			if looks.Add(1) == n {
				act()
			}
			return time.Now()
		}
	}
}

// meanwhile lets another process act while an engine works on its effect: when it reads its wall clock after fill's first step.
func (w *world) meanwhile(act func()) func(*engine.Config) {
	var armed atomic.Bool
	w.service.answers["look"] = func(context.Context, question) (reply, error) { armed.Store(true); return reply{}, nil }
	return func(c *engine.Config) {
		c.Beat = time.Hour // no other reading
		c.Wall = func() time.Time {
			if armed.CompareAndSwap(true, false) {
				act()
			}
			return time.Now()
		}
	}
}

// A process that has lost its run between looking and acting does not act.
func TestALostRunAsksForNothing(t *testing.T) {
	w := newWorld(t)
	e := w.engine(w.meanwhile(func() { w.sql(`UPDATE mozci_runs SET owner = 'another'`) }))
	res, err := e.Start(context.Background(), w.program(fill), nil, engine.Options{Apply: true})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Interrupted, "another process has taken the run over")
	if got := w.service.arrived(); len(got) > 0 {
		t.Errorf("it has done %v", got)
	}
}

// What another has settled between the look at an open row and its take-over is settled.
func TestASettledRowIsNotTaken(t *testing.T) {
	w := newWorld(t)
	w.service.hidden = true
	w.service.terms = sources.Terms{Conclusive: true, Deadline: 20 * time.Millisecond}
	w.service.find = func(sources.Unit, int) (sources.Finding, error) {
		return sources.Finding{Presence: sources.Absent}, nil
	}
	one := map[string]any{"revisions": []any{"r1"}}
	w.want(w.run(fill, one, engine.Options{Apply: true}), engine.Succeeded, "")
	w.sql(`UPDATE mozci_ledger SET state = 'asking', owner = 'dead'`)
	w.sql(`UPDATE mozci_runs SET owner = 'dead'`)
	e := w.engine(w.meanwhile(func() { w.sql(`UPDATE mozci_ledger SET state = 'done'`) }))
	res, err := e.Start(context.Background(), w.program(fill), one, engine.Options{Apply: true})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if diff := cmp.Diff([]string{"r1/1"}, w.service.arrived()); diff != "" {
		t.Error(diff)
	}
}

// A run goes on with the sources with which it began.
func TestResumeWithAnotherProfile(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	if _, err := w.engine().Start(context.Background(), w.program(three), nil, engine.Options{RunID: "run-1"}); err != nil {
		t.Fatal(err)
	}
	other := w.engine(func(c *engine.Config) { c.Profile = "another" })
	if _, err := other.Apply(context.Background(), "run-1", engine.Options{}); err == nil || !strings.Contains(err.Error(), "resume it with --profile test") {
		t.Errorf("got %v", err)
	}
	if got := w.service.arrived(); len(got) > 0 {
		t.Errorf("it has done %v", got)
	}
}

// The time that expressions see is that of the run's start, in every process.
func TestNowIsRecorded(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	began := w.clock.Now()
	e := w.engine()
	text := `
steps:
  - {id: fill, uses: jobs.trigger, with: {branch: b, job: j, revisions: [r1]}}
  - {id: when, let: run.now}
outputs: {when: "${{ when }}"}
`
	plan, err := e.Start(context.Background(), w.program(text), nil, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Sleep(context.Background(), time.Hour)
	res, err := e.Apply(context.Background(), plan.Run, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if res.Outputs["when"] != began {
		t.Errorf("run.now is %v, and the run began at %v", res.Outputs["when"], began)
	}
}

// A process may die after it has stored its run, and before DBOS has heard of it.
func TestResumeOfARunThatHasNotBegun(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	reached, letGo := hold(w, "c")
	e := w.engine()
	cancel, result := w.start(e, three, nil, engine.Options{Apply: true, RunID: "run-1"})
	<-reached
	cancel()
	<-result
	e.Close()
	close(letGo)
	w.sql(`DELETE FROM operation_outputs`)
	w.sql(`DELETE FROM workflow_status`)
	res, err := w.engine().Resume(context.Background(), "run-1", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
}

// What a person has said about a run counts until somebody who knows of it says otherwise.
func TestCancelMeetsResume(t *testing.T) {
	planned := func(t *testing.T) (*world, *engine.Engine) {
		w := newWorld(t)
		e := w.engine()
		res, err := e.Start(context.Background(), w.program(three), nil, engine.Options{RunID: "run-1"})
		if err != nil {
			t.Fatal(err)
		}
		w.want(res, engine.Planned, "")
		return w, e
	}
	t.Run("cancelled while somebody resumes it", func(t *testing.T) {
		w, e := planned(t)
		two := w.engine(rivals(1, func() { // its first sign of life: it has looked at the run, and not taken it yet
			if _, err := e.Cancel(context.Background(), "run-1", "a sheriff"); err != nil {
				t.Error(err)
			}
		}))
		var state *engine.StateError
		if res, err := two.Apply(context.Background(), "run-1", engine.Options{}); !errors.As(err, &state) || !strings.Contains(err.Error(), "cancelled") {
			t.Errorf("a run that was cancelled goes on: %v, %v", res.Status, err)
		}
		if got := w.service.arrived(); len(got) > 0 {
			t.Errorf("a run that was cancelled has done %v", got)
		}
	})
	t.Run("resumed while somebody cancels it", func(t *testing.T) {
		w := newWorld(t)
		reached, _ := hold(w, "below")
		e := w.engine()
		if _, err := e.Start(context.Background(), w.program(fill), nil, engine.Options{RunID: "run-1"}); err != nil {
			t.Fatal(err)
		}
		result := make(chan engine.Result, 1)
		two := w.engine(func(c *engine.Config) {
			c.Clock = &busyClock{w.clock, sync.OnceFunc(func() {
				go func() {
					res, err := e.Apply(context.Background(), "run-1", engine.Options{})
					if err != nil {
						t.Error(err)
					}
					result <- res
				}()
				<-reached
			})}
		})
		if r, err := two.Cancel(context.Background(), "run-1", "a sheriff"); err != nil || r.Cancelled != "a sheriff" { // it may have ended by now, or not
			t.Errorf("%s, cancelled by %q, %v", r.Status, r.Cancelled, err)
		}
		select {
		case res := <-result:
			w.want(res, engine.Cancelled, "a sheriff")
		case <-time.After(10 * time.Second):
			t.Fatal("the cancel was lost")
		}
	})
}

// A busyClock is a clock whose reader is kept waiting while another process acts.
type busyClock struct {
	*jumpClock
	act func()
}

func (c *busyClock) Now() time.Time { c.act(); return c.jumpClock.Now() }

// A process that looked dead (it was stopped for too long) wakes up: what it does is not recorded, it does no effect, and whoever
// waits for its run hears that it goes on elsewhere.
func TestSleeperDoesNothing(t *testing.T) {
	w := newWorld(t)
	reached, letGo := hold(w, "c")
	one := w.engine(func(c *engine.Config) { c.Beat = time.Hour; c.Lapse = 2 * time.Hour }) // beats once
	_, result := w.start(one, three, nil, engine.Options{Apply: true, RunID: "run-1"})
	<-reached
	two := w.engine(func(c *engine.Config) { c.Lapse = 50 * time.Millisecond })
	go func() { <-reached; close(letGo) }()
	res, err := two.Resume(context.Background(), "run-1", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	select {
	case lost := <-result:
		w.want(lost, engine.Interrupted, "another process has taken the run over")
		if !strings.Contains(lost.Next, "runs show run-1") {
			t.Errorf("it says that one may go on with what has ended elsewhere: %q", lost.Next)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("whoever waits for a run that was taken over waits for ever")
	}
	if got := w.service.arrived(); len(got) != 1 {
		t.Errorf("two processes have done %v", got)
	}
	r, err := two.Show(context.Background(), "run-1")
	if err != nil || r.Run.Status != engine.Succeeded || r.Run.Attempt != 2 {
		t.Errorf("the run is %+v, %v", r.Run, err)
	}
}

// Whoever waits for a run hears that it was taken over, though its step would wait for ever.
func TestALostRunEndsTheWait(t *testing.T) {
	w := newWorld(t)
	reached, _ := hold(w, "c")
	one := w.engine(func(c *engine.Config) { c.Beat = time.Hour; c.Lapse = 2 * time.Hour }) // beats once
	_, result := w.start(one, three, nil, engine.Options{RunID: "run-1"})
	<-reached
	two := w.engine(func(c *engine.Config) { c.Lapse = 50 * time.Millisecond })
	go two.Resume(context.Background(), "run-1", engine.Options{})
	<-reached
	select {
	case res := <-result:
		w.want(res, engine.Interrupted, "another process has taken the run over")
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for ever")
	}
}

// Whoever waits for a run hears when the engine is closed, though its own context goes on.
func TestCloseEndsTheWaitForARun(t *testing.T) {
	w := newWorld(t)
	reached, _ := hold(w, "c")
	e := w.engine()
	_, result := w.start(e, three, nil, engine.Options{Apply: true, RunID: "run-1"})
	<-reached
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case res := <-result:
		w.want(res, engine.Interrupted, "")
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for ever")
	}
}

func TestCancelFromOutside(t *testing.T) {
	w := newWorld(t)
	reached, _ := hold(w, "c")
	_, result := w.start(w.engine(), three+`
finally:
  - {id: tell, uses: notify.webhook, with: {text: "${{ run.status }}"}}
`, nil, engine.Options{Apply: true, RunID: "run-1"})
	<-reached
	began := time.Now()
	if _, err := w.engine().Cancel(context.Background(), "run-1", "a sheriff"); err != nil {
		t.Fatal(err)
	}
	w.want(<-result, engine.Cancelled, "a sheriff")
	if took := time.Since(began); took > 1500*time.Millisecond {
		t.Errorf("it was heard after %s", took)
	}
	if diff := cmp.Diff([]string{"notice: cancelled"}, w.service.arrived()); diff != "" {
		t.Error(diff)
	}
	if _, err := w.engine().Cancel(context.Background(), "run-1", "x"); err == nil || !strings.Contains(err.Error(), "has ended (cancelled)") {
		t.Errorf("cancelling what has ended: %v", err)
	}
}

func TestApprove(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	text := `
steps:
  - {id: a, uses: test.ask, with: {name: a}}
  - {id: ok, approve: {message: "may ${{ a.name }} go on?", timeout: 10s}}
  - {id: fill, uses: jobs.trigger, with: {branch: b, job: j, revisions: [r1]}}
outputs: {by: "${{ ok.by }}"}
`
	e := w.engine()
	res, err := e.Start(context.Background(), w.program(text), nil, engine.Options{Apply: true, RunID: "run-1"})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Incomplete, "nobody has said yes or no within 10s: may a go on?")
	if _, err := w.engine().Approve(context.Background(), "run-1", "", true, "anna"); err != nil {
		t.Fatal(err)
	}
	if res, err = e.Resume(context.Background(), "run-1", engine.Options{}); err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if res.Outputs["by"] != "anna" || len(w.service.arrived()) != 1 {
		t.Errorf("outputs %v, effects %v", res.Outputs, w.service.arrived())
	}
	for _, step := range []string{"", "ok"} { // what has been acted on is not taken back
		var state *engine.StateError
		if _, err := e.Approve(context.Background(), "run-1", step, false, "berta"); !errors.As(err, &state) {
			t.Errorf("no after yes, step %q: %v", step, err)
		}
	}
	if s, err := e.Show(context.Background(), "run-1"); err != nil || len(s.Asks) != 1 || s.Asks[0].Answer != "yes" || s.Asks[0].Person != "anna" {
		t.Errorf("the answer is %+v, %v", s.Asks, err)
	}
	plan, err := e.Start(context.Background(), w.program(text), nil, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(plan, engine.Planned, "asks a person")
}

// The time that a person has goes on while no process does, and an answer that is there in the end counts, however late it is read.
func TestApprovalOutlivesItsProcess(t *testing.T) {
	unraced(t)
	text := `
steps:
  - {id: ok, approve: {message: go on, timeout: 4s}}
  - {id: fill, uses: jobs.trigger, with: {branch: b, job: j, revisions: [r1]}}
`
	for _, row := range []struct {
		name   string
		gone   time.Duration // between the two processes
		answer bool
		want   engine.Status
		after  time.Duration // from the first question to the end
	}{
		{"what is left is waited for", 3 * time.Second, false, engine.Incomplete, 4 * time.Second},
		{"nothing is left", 9 * time.Second, false, engine.Incomplete, 9 * time.Second},
		{"answered meanwhile", 9 * time.Second, true, engine.Succeeded, 9 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			ctx, interrupt := context.WithCancel(context.Background())
			defer interrupt()
			began := w.clock.Now()
			e := w.engine(func(c *engine.Config) {
				c.Listener = engine.ListenerFunc(func(ev engine.Event) {
					if ev.Kind == engine.Waiting {
						interrupt()
					}
				})
			})
			res, err := e.Start(ctx, w.program(text), nil, engine.Options{Apply: true})
			if err != nil {
				t.Fatal(err)
			}
			w.want(res, engine.Interrupted, "")
			e.Close()
			w.clock.Sleep(context.Background(), row.gone-w.clock.Now().Sub(began))
			e = w.engine()
			if row.answer {
				if _, err := e.Approve(context.Background(), res.Run, "", true, "anna"); err != nil {
					t.Fatal(err)
				}
			}
			if res, err = e.Resume(context.Background(), res.Run, engine.Options{}); err != nil {
				t.Fatal(err)
			}
			w.want(res, row.want, "")
			if took := w.clock.Now().Sub(began); took < row.after || took > row.after+time.Second {
				t.Errorf("it ended %s after it had asked, want %s", took, row.after)
			}
			if res.Status != engine.Incomplete {
				return
			}
			again := w.clock.Now()
			if res, err = e.Resume(context.Background(), res.Run, engine.Options{}); err != nil {
				t.Fatal(err)
			}
			if took := w.clock.Now().Sub(again); res.Status != engine.Incomplete || took < 4*time.Second {
				t.Errorf("whoever resumes it asks anew, and for as long: %s after %s", res.Status, took)
			}
		})
	}
}

func TestShowTellsTheWholeStory(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	landed := time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC)
	job := func(r ci.Result) []ci.Job {
		return []ci.Job{{Type: "j", State: ci.Completed, Result: r, Classification: ci.NotClassified}}
	}
	w.service.history = []ci.Row{
		{Push: ci.Push{Branch: "b", Revision: "r3", ID: "103", Date: landed}, Jobs: job(ci.TestFailed)},
		{Push: ci.Push{Branch: "b", Revision: "r2", ID: "102", Date: landed}},
		{Push: ci.Push{Branch: "b", Revision: "r1", ID: "101", Date: landed}, Jobs: job(ci.Success), ByManifest: true},
	}
	e := w.engine()
	res, err := e.Start(context.Background(), w.program(`
steps:
  - {id: history, uses: jobs.history, with: {branch: b, job: j}}
  - {id: lacking, let: 'filter(history, verdict(#) == "missing")'}
  - {id: fill, uses: jobs.trigger, with: {branch: b, job: j, revisions: "${{ map(lacking, .push.revision) }}"}}
`), nil, engine.Options{Apply: true, Started: "by hand"})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	e.Close()
	s, err := w.engine(func(c *engine.Config) { c.Registry = nil }).Show(context.Background(), res.Run[7:])
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, d := range s.Steps[0].Decisions {
		said = append(said, d.PushID+" "+string(d.Value)+" because "+d.When+" by "+d.Evidence)
	}
	want := []string{`103 "failed" because any(row.jobs, failedJob(#)) by label`, `102 "missing" because len(row.jobs) == 0 by label`,
		`101 "passed" because any(row.jobs, .result == "success") by manifest`}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
	if s.Run.Origin != "by hand" || s.Run.Workflow != "under-test" || s.Steps[0].Source != "service" ||
		string(s.Steps[0].Inputs) != `{"branch":"b","job":"j","upto":"","depth":20}` {
		t.Errorf("run %+v, history from %s, given %s", s.Run, s.Steps[0].Source, s.Steps[0].Inputs)
	}
	f := s.Steps[2]
	if len(f.Effects) != 1 || f.Effects[0].State != engine.Done || f.Effects[0].Outcome.Revision != "r2" || f.Status != engine.Succeeded {
		t.Errorf("fill: %+v", f)
	}
	if len(s.Ledger) != 1 || s.Ledger[0].Request != "r2/1" {
		t.Errorf("ledger: %+v", s.Ledger)
	}
	if _, err := json.Marshal(s); err != nil {
		t.Error(err)
	}
}

func TestCall(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	files := map[string]string{
		"test.yaml": `mozci: 1
name: outer
steps:
  - {id: sub, call: inner.yaml, with: {n: 4}}
outputs: {n: "${{ sub.twice + 1 }}"}
`,
		"inner.yaml": `mozci: 1
name: inner
inputs: {n: {type: int}}
steps:
  - {id: q, uses: test.ask, with: {name: inner, n: "${{ inputs.n }}"}}
outputs: {twice: "${{ q.n * 2 }}"}
`,
		engine.StandardRules: standardRules,
	}
	p, err := w.rebuild(engine.Bundle{Entry: "test.yaml", Files: files})
	if err != nil {
		t.Fatal(err)
	}
	res, err := w.engine().Start(context.Background(), p, nil, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if got := w.steps(); res.Outputs["n"] != 9 || got != "sub/q=succeeded sub=succeeded" {
		t.Errorf("outputs %v, steps %s", res.Outputs, got)
	}
}

// A call that has begun when the process is told to end may finish: nothing is left unclear.
func TestInterruptLetsACallFinish(t *testing.T) {
	w := newWorld(t)
	calling := make(chan struct{})
	w.service.after = func(ctx context.Context, _ sources.Unit, _ int) error {
		close(calling)
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
		return ctx.Err()
	}
	e := w.engine()
	cancel, result := w.start(e, fill, map[string]any{"revisions": []any{"r1"}}, engine.Options{Apply: true})
	<-calling
	cancel()
	res := <-result
	w.want(res, engine.Interrupted, "")
	s, err := e.Show(context.Background(), res.Run)
	if err != nil || len(s.Ledger) != 1 || s.Ledger[0].State != engine.Done {
		t.Errorf("the ledger is %+v, %v", s.Ledger, err)
	}
	w.service.after = nil
	if res, err = e.Resume(context.Background(), res.Run, engine.Options{}); err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if got := w.service.arrived(); len(got) != 1 {
		t.Error(got)
	}
}

func TestMemoryLeavesNothing(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	w.db = "memory"
	dir := t.TempDir()
	t.Chdir(dir)
	w.want(w.run(three, nil, engine.Options{}), engine.Planned, "")
	w.want(w.run(three, nil, engine.Options{}), engine.Planned, "")
	list, err := w.engine().List(context.Background(), 0)
	if err != nil || len(list) != 0 {
		t.Errorf("one database in memory knows another's runs: %v, %v", list, err)
	}
	if files, _ := filesIn(dir); len(files) > 0 {
		t.Errorf("files were left: %v", files)
	}
}

func TestInputsAreChecked(t *testing.T) {
	w := newWorld(t)
	p := w.program(`
inputs:
  branch: {type: string}
  depth: {type: int, default: 20, min: 1, max: 100}
  wait: {type: duration, default: 1h}
steps:
  - {id: a, let: inputs.depth}
`)
	got, err := p.Bind(map[string]any{"branch": "b", "depth": "30"})
	if diff := cmp.Diff(map[string]any{"branch": "b", "depth": 30, "wait": time.Hour}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	_, err = p.Bind(map[string]any{"depth": 0, "brunch": "b", "wait": "soon"})
	for _, want := range []string{"branch is missing", "depth: 0 is less than 1", `no input "brunch"; it has branch, depth, wait`, `wait: "soon" is no duration`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

// Whoever said yes to a plan has said it for the run, not for the process.
func TestConfirmedRunStaysConfirmed(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	reached, letGo := hold(w, "below")
	e := w.engine()
	cancel, result := w.start(e, fill, nil, engine.Options{RunID: "run-1", Confirm: func(engine.Plan) bool { return true }})
	<-reached
	cancel()
	w.want(<-result, engine.Interrupted, "")
	close(letGo)
	s, err := e.Show(context.Background(), "run-1")
	if err != nil || !s.Run.Apply {
		t.Errorf("the run is %+v, %v", s.Run, err)
	}
	res, err := e.Resume(context.Background(), "run-1", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
}

// Where the service refused everything, whoever resumes the run has it asked anew; what was done stays done.
func TestResumeAsksAnewWhatWasRefused(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	closed := true
	w.service.before = func(sources.Unit, int) error {
		if closed {
			return &sources.Error{Kind: sources.ErrRefused, Doing: "triggering"}
		}
		return nil
	}
	e := w.engine()
	res, err := e.Start(context.Background(), w.program(fill), nil, engine.Options{Apply: true})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Failed, "triggering: refused")
	if res.Next == "" {
		t.Error("it does not say that it can be resumed")
	}
	closed = false
	if res, err = e.Resume(context.Background(), res.Run, engine.Options{}); err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if diff := cmp.Diff([]string{"r1/1", "r2/1"}, w.service.arrived()); diff != "" {
		t.Error(diff)
	}
}

// A resume that would only say the same again is not advised.
func TestNextIsNoResumeThatWouldSayTheSame(t *testing.T) {
	unraced(t)
	rows := []struct {
		name, steps string
		answer      error
		resume      bool
	}{
		{"a let's require", "{id: b, let: a.n, require: b > 99}", nil, false},
		{"an expression", `{id: b, let: 'split("x", "y")[a.n + 7]'}`, nil, false},
		{"a query's require", "{id: b, uses: test.ask, with: {name: b}, require: b.n > 99}", nil, true},
		{"a question that was refused", "{id: b, uses: test.ask, with: {name: bad}}", sources.ErrRefused, false},
		{"a service that is down", "{id: b, uses: test.ask, with: {name: bad}}", sources.ErrUnavailable, true},
		{"what is not there yet", "{id: b, uses: test.ask, with: {name: bad}}", sources.ErrNotFound, true},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			w := newWorld(t)
			w.service.answers["bad"] = func(context.Context, question) (reply, error) {
				return reply{}, &sources.Error{Kind: r.answer, Doing: "asking"}
			}
			res := w.run("steps:\n  - {id: a, uses: test.ask, with: {name: a}}\n  - "+r.steps+"\n", nil, engine.Options{})
			w.want(res, engine.Failed, "")
			if got := strings.Contains(res.Next, "resume"); got != r.resume {
				t.Errorf("next is %q", res.Next)
			}
		})
	}
}

// A process dies with a call under way; another run wants the same. It waits until the call has certainly ended, looks,
// and finds it; the run of the dead process, when it is resumed, finds it too.
func TestAnotherRunSettlesWhatADeadOneLeft(t *testing.T) {
	w := newWorld(t)
	w.service.hidden = true
	w.service.terms = sources.Terms{Conclusive: true, Deadline: 300 * time.Millisecond}
	calling, never := make(chan struct{}), make(chan struct{})
	w.service.after = func(ctx context.Context, _ sources.Unit, _ int) error {
		w.service.after = nil
		close(calling)
		<-never
		return ctx.Err()
	}
	defer close(never)
	one := map[string]any{"revisions": []any{"r1"}}
	dead := w.engine(func(c *engine.Config) { c.Beat, c.Lapse = time.Hour, 2*time.Hour }) // beats once, as if it were killed
	w.start(dead, fill, one, engine.Options{Apply: true, RunID: "run-1"})
	<-calling
	called := time.Now()
	e := w.engine(func(c *engine.Config) { c.Lapse = 20 * time.Millisecond })
	time.Sleep(30 * time.Millisecond)
	res, err := e.Start(context.Background(), w.program(fill), one, engine.Options{Apply: true})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if waited := time.Since(called); waited < 290*time.Millisecond {
		t.Errorf("it looked after %s, while the call may have been under way", waited)
	}
	if diff := cmp.Diff([]string{"already r1#1: the one that run RUN asked for is on the way"}, w.told()); diff != "" {
		t.Error(diff)
	}
	if got := w.service.arrived(); len(got) != 1 {
		t.Errorf("it was asked for twice: %v", got)
	}
	if res, err = e.Resume(context.Background(), "run-1", engine.Options{}); err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if got := w.told(); got[len(got)-1] != "done r1#1: none there yet, and none on the way" || len(w.service.arrived()) != 1 {
		t.Errorf("told %q, arrived %v", got, w.service.arrived())
	}
}

// What was asked of another deployment under the same name says nothing of this one.
func TestLedgerIsKeptByProfileAndService(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	e := w.engine()
	if _, err := e.Start(context.Background(), w.program(fill), nil, engine.Options{Apply: true}); err != nil {
		t.Fatal(err)
	}
	other := w.engine(func(c *engine.Config) { c.Profile = "another" })
	w.service.terms.Base = "http://service"
	same := w.engine()
	w.service.terms.Base = "http://moved"
	moved := w.engine()
	for _, row := range []struct {
		e           *engine.Engine
		branch, job string
		want        int
	}{{e, "b", "j", 2}, {e, "b", "", 2}, {e, "b", "k", 0}, {e, "c", "j", 0}, {other, "b", "j", 0}, {same, "b", "j", 2}, {moved, "b", "j", 0}} {
		got, err := row.e.Asked(context.Background(), row.branch, row.job)
		if err != nil || len(got) != row.want {
			t.Errorf("%s %s: %d rows, %v; want %d", row.branch, row.job, len(got), err, row.want)
		}
	}
}

// Hours of waiting for the same answer do not fill the journal, and a resumed run still has it.
func TestRoundsWithTheSameAnswerAreKeptOnce(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	n := 0
	reached, letGo := make(chan struct{}, 1), make(chan struct{})
	w.service.answers["a"] = func(ctx context.Context, in question) (reply, error) {
		if n++; n == 40 {
			reached <- struct{}{}
			select {
			case <-letGo:
			case <-ctx.Done():
				return reply{}, context.Cause(ctx)
			}
		}
		return reply{Name: strings.Repeat("x", 10000)}, nil
	}
	e := w.engine()
	cancel, result := w.start(e, `
steps:
  - {id: a, uses: test.ask, with: {name: a}, until: a.done, every: 1m, timeout: 1h, on_timeout: continue}
outputs: {len: "${{ len(a.name) }}"}
`, nil, engine.Options{RunID: "run-1"})
	<-reached
	cancel()
	<-result
	close(letGo)
	res, err := e.Resume(context.Background(), "run-1", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if res.Outputs["len"] != 10000 {
		t.Errorf("outputs %v", res.Outputs)
	}
	e.Close()
	if size, err := sizeOf(w.db); err != nil || size > 1<<20 {
		t.Errorf("60 rounds with the same 10 kB take %d bytes, %v", size, err)
	}
}

// A plan is done where it was made, or not at all: what was found out of one deployment is not asked of another.
func TestAPlanIsOfItsDeployment(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	w.service.terms.Base = "http://service"
	plan, err := w.engine().Start(context.Background(), w.program(fill), nil, engine.Options{RunID: "run-1"})
	if err != nil {
		t.Fatal(err)
	}
	w.want(plan, engine.Planned, "")
	w.service.terms.Base = "http://moved"
	res, err := w.engine().Apply(context.Background(), "run-1", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Failed, "this was planned for http://service, and the profile acts on http://moved now")
	if got := w.service.arrived(); len(got) > 0 {
		t.Errorf("arrived: %v", got)
	}
}
