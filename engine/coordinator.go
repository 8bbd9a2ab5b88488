package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/mozci/mozci-run/sources"
)

// A coordinator takes one run from its start to its end. It alone talks to DBOS, and everything it decides it decides
// from records, in the order in which they were made: so a resumed run decides the same. Bodies run beside it, and
// know no more than they were given.
type coordinator struct {
	e    *Engine
	l    *live
	d    dbos.Context
	prog *Program

	flights []*flight // in the order of their start
	fatal   error     // DBOS itself failed, or has given the run to another

	mu     sync.Mutex
	landed []*flight     // ended, and not yet looked at
	wake   chan struct{} // holds a token where something has landed

	began    time.Time // of the run, as recorded
	deadline time.Time // when limits.runtime is used up, by the records; zero where there is no limit
	apply    bool      // whether effects are done
	spent    int       // effects that were done
	asked    time.Time // of the newest answer
	tips     map[tip]bool
	plan     Plan
	ending   bool // the steps of finally are running
}

// A flight is a body on its way.
type flight struct {
	name string
	out  dbos.StepOutcome[string]
	over chan struct{}
	ran  atomic.Bool // here and now; otherwise its record was there
	done func(r *record)
}

func newCoordinator(e *Engine, l *live, d dbos.Context) *coordinator {
	return &coordinator{e: e, l: l, d: d, prog: l.prog, wake: make(chan struct{}, 1), tips: map[tip]bool{}, plan: Plan{Run: l.id}}
}

// run is the whole of a run. The error says that it has not ended, and why it cannot go on here.
func (c *coordinator) run() (Result, error) {
	c.start()
	vars := c.vars()
	var main verdict
	c.open(&scope{c: c, prog: c.prog, steps: c.prog.Steps, vars: vars, ctx: c.l.work, done: func(s *scope, v verdict) { main, vars = v, s.vars }})
	if err := c.fly(); err != nil {
		return Result{}, err
	}
	last, err := c.finally(main, vars)
	if err != nil {
		return Result{}, err
	}
	res := Result{Run: c.l.id, Status: last.status, Cause: last.cause, Reason: last.reason, Step: last.step, Error: last.err}
	if len(c.plan.Effects) > 0 && res.Status == Planned {
		res.Plan = &c.plan
	}
	res.Next = next(res, last.kind)
	c.outputs(&res, last)
	c.end(&res)
	return res, c.fatal
}

// next is what a person can do about how a run ended; nothing, where to resume it would only say the same again. kind is that of
// the step that did not end well.
func next(res Result, kind StepKind) string {
	recorded := kind == LetStep && (res.Cause == ByRequire || res.Cause == ByExpression)
	refused := kind == QueryStep && res.Error != nil && errors.Is(res.Error, sources.ErrRefused)
	switch {
	case recorded || refused:
		return ""
	case res.Status == Planned:
		return "mozci-run runs resume --apply " + res.Run
	case res.Status == Succeeded:
		return ""
	case res.Cause == ByApproval:
		return "mozci-run runs approve " + res.Run + ", then mozci-run runs resume " + res.Run
	}
	return "mozci-run runs resume " + res.Run
}

// start records when the run began and whether it does effects.
func (c *coordinator) start() {
	c.launch(c.l.last, record{Step: "run", Stage: "start"}, func(_ context.Context, r *record) {
		r.Yes = c.l.apply
		r.ends(Succeeded, NoCause, "")
	}, func(r *record) {
		c.began, c.apply = r.Began, r.Yes
		c.deadline = r.Began.Add(c.prog.Limits.Runtime)
		c.emit(Event{Kind: RunStarted, Time: r.Began, Replayed: r.replayed, Workflow: c.prog.Name, File: c.prog.Bundle.Entry,
			Profile: c.e.cfg.Profile, Inputs: c.inputs(), Fact: c.l.inputs})
	})
	c.fly()
}

// outOfTime is when limits.runtime is used up: it counts from the run's start, from the confirmation of its plan, and
// from the last time that somebody went on with it. The zero time is never.
func (c *coordinator) outOfTime() time.Time {
	if anew := c.l.wentOn.Add(c.prog.Limits.Runtime); !c.deadline.IsZero() && !c.l.wentOn.IsZero() && anew.After(c.deadline) {
		return anew
	}
	return c.deadline
}

func (c *coordinator) inputs() json.RawMessage {
	out, err := c.prog.InputType().Marshal(c.l.inputs)
	if err != nil {
		panic(fmt.Sprintf("engine: writing inputs that were bound: %v", err))
	}
	return out
}

// vars is what every expression of the workflow sees.
func (c *coordinator) vars() map[string]any {
	return map[string]any{"inputs": c.l.inputs, "event": c.l.event, "run": c.runVar(Running, "")}
}

func (c *coordinator) runVar(s Status, reason string) map[string]any {
	return map[string]any{"id": c.l.id, "now": c.began, "status": string(s), "reason": reason}
}

// finally runs the steps that run whatever came of the others, and returns what the run came to.
func (c *coordinator) finally(main verdict, vars map[string]any) (verdict, error) {
	main.vars = vars
	if len(c.prog.Finally) == 0 {
		return main, nil
	}
	c.ending = true
	c.deadline = time.Time{}
	seen := maps.Clone(vars)
	seen["run"] = c.runVar(main.status, main.reason)
	var last verdict
	s := &scope{c: c, prog: c.prog, path: "finally/", steps: c.prog.Finally, vars: seen, absent: main.absent, ctx: c.l.last, onward: true,
		done: func(_ *scope, v verdict) { last = v }}
	if main.status == Planned {
		s.stop(-1, NotRun, ByPlan, "known after apply")
	}
	c.open(s)
	if err := c.fly(); err != nil {
		return main, err
	}
	if main.status == Succeeded && last.status != Succeeded {
		last.vars, last.absent = vars, main.absent
		return last, nil
	}
	return main, nil
}

// end records how the run ended, in the table of runs too, and says so.
func (c *coordinator) end(res *Result) {
	c.launch(c.l.last, record{Step: "run", Stage: "end"}, func(_ context.Context, r *record) {
		r.ends(res.Status, res.Cause, res.Reason)
	}, func(r *record) {
		if err := c.e.finishRun(context.WithoutCancel(c.d), *res, r.Ended); err != nil {
			c.fatal = err
			return
		}
		c.emit(endEvent(r.Ended, *res))
	})
	c.fly()
}

// launch starts a body. sctx is what stops it, beside the end of the process; done hears of its record.
func (c *coordinator) launch(sctx context.Context, r record, w work, done func(*record)) {
	if c.fatal != nil {
		return
	}
	f := &flight{name: r.id(), over: make(chan struct{}), done: done}
	ch, err := dbos.Go(c.d, func(dctx context.Context) (string, error) {
		f.ran.Store(true)
		return c.body(dctx, sctx, r, w)
	}, dbos.WithStepName(f.name))
	if err != nil {
		c.fatal = fmt.Errorf("starting %s: %w", f.name, err)
		return
	}
	c.flights = append(c.flights, f)
	go func() {
		f.out = <-ch
		c.mu.Lock()
		c.landed = append(c.landed, f)
		c.mu.Unlock()
		close(f.over) // after it has landed: whoever takes it now finds it there, and leaves nothing behind
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}()
}

// id names a record: history, settled#2, each[3], fill#unit1.
func (r *record) id() string {
	s := r.Step
	if r.Item != nil {
		s += "[" + strconv.Itoa(*r.Item) + "]"
	}
	if r.Stage != "" && r.Stage != "round" && r.Stage != "item" {
		s += "#" + r.Stage
	}
	if r.Round > 0 {
		s += "#" + strconv.Itoa(r.Round)
	}
	return s
}

// fly looks after bodies until none is on its way. What a body's end leads to is started here.
func (c *coordinator) fly() error {
	for len(c.flights) > 0 && c.fatal == nil {
		f := c.next()
		if c.fatal != nil {
			break
		}
		if f.out.Err != nil {
			c.fatal = fmt.Errorf("%s: %w", f.name, f.out.Err)
			break
		}
		r := new(record)
		if err := json.Unmarshal([]byte(f.out.Result), r); err != nil {
			c.fatal = fmt.Errorf("%s: reading its record: %w", f.name, err)
			break
		}
		r.replayed = !f.ran.Load()
		f.done(r)
	}
	return c.fatal
}

// next waits for a body to end. With more than one on its way, which one it was is a record of its own: a resumed run
// sees them end in the same order.
func (c *coordinator) next() *flight {
	if len(c.flights) == 1 {
		f := c.flights[0]
		<-f.over
		return c.take(f)
	}
	name, err := dbos.RunAsStep(c.d, func(ctx context.Context) (string, error) {
		for {
			if f := c.first(); f != nil {
				return f.name, nil
			}
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-c.wake:
			}
		}
	}, dbos.WithStepName("ended"))
	if err != nil {
		c.fatal = fmt.Errorf("waiting for a step to end: %w", err)
		return nil
	}
	for _, f := range c.flights {
		if f.name == name {
			<-f.over
			return c.take(f)
		}
	}
	c.fatal = fmt.Errorf("the journal says that %s ended here, and it is not on its way: the run was recorded by another version", name)
	return nil
}

// first is the flight that landed first, of those that were not taken yet.
func (c *coordinator) first() *flight {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.landed) == 0 {
		return nil
	}
	return c.landed[0]
}

func (c *coordinator) take(f *flight) *flight {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flights = without(c.flights, f)
	c.landed = without(c.landed, f)
	return f
}

func without(list []*flight, f *flight) []*flight {
	out := list[:0]
	for _, o := range list {
		if o != f {
			out = append(out, o)
		}
	}
	return out
}

func (c *coordinator) emit(ev Event) { c.l.emit.emit(ev) }
