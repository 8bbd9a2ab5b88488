package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources/ci"
)

// Options say how a run is to go.
type Options struct {
	RunID    string          // the id that it gets; made up where it is empty. One that exists is an ExistsError.
	Apply    bool            // whether effects are done; otherwise they are planned
	Confirm  func(Plan) bool // asked with the plan, where Apply is false: true does it. Nil plans only.
	Again    bool            // whether to do effects although earlier ones are on their way or have brought evidence
	Event    *ci.Event       // what started the run; expressions see it as event. Nil where nothing did.
	Started  string          // what started it, for people: by hand, a schedule, an event
	Listener Listener        // hears of this run, beside the engine's; may be nil
}

// A Result is how a run ended.
type Result struct {
	Run     string         `json:"run"`
	Status  Status         `json:"status"`
	Cause   Cause          `json:"cause,omitempty"`
	Step    string         `json:"step,omitempty"`   // the step that did not end well
	Reason  string         `json:"reason,omitempty"` // for people
	Error   *RecordedError `json:"error,omitempty"`  // what a source said; nil where it is not about one
	Outputs map[string]any `json:"-"`                // facts, by name; those that could be worked out
	Written []Written      `json:"outputs,omitempty"`
	Plan    *Plan          `json:"plan,omitempty"` // what was planned and not done; nil where nothing was
	Next    string         `json:"next,omitempty"` // what a person can do now
}

// A Written is an output as JSON, in the order of the file.
type Written struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
}

func (r Result) write() string {
	out, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("engine: writing a result: %v", err)) // it holds strings and JSON only
	}
	return string(out)
}

// An ExistsError says that there is a run of that id already: somebody else started it.
type ExistsError struct{ Run string }

// Error says which.
func (e *ExistsError) Error() string {
	return fmt.Sprintf("run %s exists already: see mozci-run runs show %s", e.Run, e.Run)
}

// A live run is one that is going on in this process.
type live struct {
	id     string
	prog   *Program
	inputs map[string]any
	event  any
	cause  string
	opts   Options
	apply  bool
	again  bool
	wentOn time.Time // when this process went on with it; zero where it has begun it
	emit   *emitter

	anew    bool // whether a person has resumed a run that had ended: what has timed out waits anew
	granted int  // effects beyond the limit, because a person has resumed a run that had reached it

	work, last context.Context // of bodies: the steps', and those of finally, which a cancel does not reach
	cancel     context.CancelCauseFunc
	stopLast   context.CancelCauseFunc
	busy       atomic.Int64 // bodies at work
	result     chan Result  // one, when it has ended

	mu        sync.Mutex
	deadlines map[*deadline]bool
}

// A deadline ends a context when the profile's time has come.
type deadline struct {
	at     time.Time
	cause  error
	cancel context.CancelCauseFunc
}

// until returns a context that ends at a point of the profile's time. A zero time is none.
func (l *live) until(ctx context.Context, at time.Time, cause error) (context.Context, func()) {
	if at.IsZero() {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	d := &deadline{at, cause, cancel}
	l.mu.Lock()
	l.deadlines[d] = true
	l.mu.Unlock()
	return ctx, func() {
		l.mu.Lock()
		delete(l.deadlines, d)
		l.mu.Unlock()
		cancel(nil)
	}
}

func (l *live) expire(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for d := range l.deadlines {
		if !now.Before(d.at) {
			d.cancel(d.cause)
		}
	}
}

// end stops everything, finally too.
func (l *live) end(cause error) {
	l.cancel(cause)
	l.stopLast(cause)
}

// parted says whether a body's run goes on elsewhere, or later: what it does now must not be recorded.
func (l *live) parted(ctx context.Context) bool {
	for _, ctx := range []context.Context{ctx, l.last} {
		if cause := context.Cause(ctx); errors.Is(cause, errInterrupted) || errors.Is(cause, errLost) {
			return true
		}
	}
	return false
}

// Start runs a program with inputs (facts by name; defaults are filled in) and returns when it has ended. Cancelling
// the context interrupts it, in an orderly way and within two seconds. The error is for what kept it from starting;
// what went wrong in it is in the Result.
func (e *Engine) Start(ctx context.Context, p *Program, inputs map[string]any, opts Options) (Result, error) {
	bound, err := p.Bind(inputs)
	if err != nil {
		return Result{}, err
	}
	if err := e.launch(ctx); err != nil {
		return Result{}, err
	}
	id := opts.RunID
	if id == "" {
		if id, err = e.newID(); err != nil {
			return Result{}, err
		}
	}
	l := newLive(id, p, bound, opts)
	if err := e.insertRun(ctx, l); err != nil {
		return Result{}, err
	}
	return e.conduct(ctx, l, e.begin)
}

func newLive(id string, p *Program, inputs map[string]any, opts Options) *live {
	l := &live{id: id, prog: p, inputs: inputs, opts: opts, apply: opts.Apply, again: opts.Again, cause: opts.Started,
		result: make(chan Result, 1), deadlines: map[*deadline]bool{}}
	if opts.Event != nil {
		l.event = eventType.Fact(*opts.Event)
	}
	l.work, l.cancel = context.WithCancelCause(context.Background())
	l.last, l.stopLast = context.WithCancelCause(context.Background())
	return l
}

var eventType = schemas.TypeOf[ci.Event]()

// begin starts the durable workflow of a run that has none.
func (e *Engine) begin(l *live) (waiter, error) {
	h, err := dbos.RunWorkflow(e.dctx, e.workflow, l.id, dbos.WithWorkflowID(l.id))
	if err != nil {
		return nil, fmt.Errorf("starting run %s: %w", l.id, err)
	}
	return h, nil
}

// A waiter waits until DBOS has recorded how a workflow ended.
type waiter interface {
	GetResult(opts ...dbos.GetResultOption) (string, error)
}

// conduct sees a run of this process to its end, or to its interruption.
func (e *Engine) conduct(ctx context.Context, l *live, begin func(*live) (waiter, error)) (Result, error) {
	e.emitter(l)
	e.mu.Lock()
	if e.closed || e.live[l.id] != nil {
		e.mu.Unlock()
		return Result{}, &LiveError{Run: l.id, Owner: e.id, Host: e.cfg.Host}
	}
	e.live[l.id] = l
	e.mu.Unlock()
	defer e.forget(l)
	h, err := begin(l)
	if err != nil {
		return Result{}, err
	}
	select {
	case res := <-l.result:
		e.settle(l, h, res)
		return res, nil
	case <-ctx.Done():
		return e.interrupt(l), nil
	}
}

// emitter makes what tells of the run, once.
func (e *Engine) emitter(l *live) *emitter {
	if l.emit != nil {
		return l.emit
	}
	l.emit = &emitter{run: l.id}
	for _, to := range []Listener{e.cfg.Listener, l.opts.Listener} {
		if to != nil {
			l.emit.to = append(l.emit.to, to)
		}
	}
	return l.emit
}

func (e *Engine) forget(l *live) {
	e.mu.Lock()
	delete(e.live, l.id)
	e.mu.Unlock()
}

// settle waits until DBOS has recorded the end as well, so that closing at once leaves nothing pending.
func (e *Engine) settle(l *live, h waiter, res Result) {
	if res.Status == Interrupted {
		return
	}
	_, err := h.GetResult(dbos.WithHandleTimeout(2*time.Second), dbos.WithHandlePollingInterval(5*time.Millisecond))
	if err != nil {
		e.cfg.Logger.Warn("the run has ended, and its workflow has not", "run", l.id, "error", err)
	}
}

// interrupt ends a run for now: bodies are stopped (one that has begun an effect gets a moment to finish it), nothing
// more is recorded, and the run is nobody's.
func (e *Engine) interrupt(l *live) Result {
	l.end(errInterrupted)
	patience := time.NewTimer(1100 * time.Millisecond)
	defer patience.Stop()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
wait:
	for l.busy.Load() > 0 {
		select {
		case res := <-l.result:
			return res // it had come to its end
		case <-patience.C:
			break wait
		case <-look.C:
		}
	}
	select {
	case res := <-l.result:
		return res
	default:
	}
	res := Result{Run: l.id, Status: Interrupted, Cause: ByInterrupt, Reason: "interrupted: nothing is lost", Next: "mozci-run runs resume " + l.id}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if _, err := e.release(ctx, l.id, res); err != nil {
		e.cfg.Logger.Warn("the interrupted run could not be given back", "run", l.id, "error", err)
	}
	l.emit.emit(endEvent(e.cfg.Clock.Now(), res))
	return res
}

func endEvent(at time.Time, res Result) Event {
	ev := Event{Kind: RunEnded, Time: at.UTC(), Status: res.Status, Cause: res.Cause, Reason: res.Reason, Step: res.Step, Next: res.Next}
	if len(res.Written) > 0 {
		ev.Outputs, ev.Fact = asObject(res.Written), any(res.Outputs)
	}
	return ev
}

// asObject writes outputs as one JSON object, in their order.
func asObject(list []Written) json.RawMessage {
	out := []byte{'{'}
	for i, w := range list {
		if i > 0 {
			out = append(out, ',')
		}
		name, _ := json.Marshal(w.Name) // a string is always written
		out = append(append(append(out, name...), ':'), w.Value...)
	}
	return append(out, '}')
}

// workflow is what DBOS runs.
func (e *Engine) workflow(ctx dbos.Context, id string) (string, error) {
	e.mu.Lock()
	l := e.live[id]
	e.mu.Unlock()
	if l == nil {
		<-ctx.Done() // somebody enqueued it by hand: it has no program here, and waits for a resume
		return "", ctx.Err()
	}
	res, err := newCoordinator(e, l, ctx).run()
	if err != nil {
		res = Result{Run: id, Status: Interrupted, Cause: ByMachine, Reason: err.Error(), Next: "mozci-run runs resume " + id}
		if l.parted(l.work) {
			return "", err
		}
		e.broken(l, res)
		<-ctx.Done() // so that DBOS keeps it as pending
		return "", err
	}
	l.result <- res
	return res.write(), nil
}

// broken gives back a run that the machinery has failed, and stops what of it is on its way: nobody would hear of it.
func (e *Engine) broken(l *live, res Result) {
	l.end(errInterrupted)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	switch ours, err := e.release(ctx, l.id, res); {
	case err != nil:
		e.cfg.Logger.Warn("the broken run could not be given back", "run", l.id, "error", err)
	case !ours: // what was wrong is that another process has it
		res = lost(l.id)
	}
	l.emit.emit(endEvent(e.cfg.Clock.Now(), res))
	l.result <- res
}
