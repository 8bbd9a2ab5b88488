package engine

import (
	"context"
	"fmt"
	"maps"

	"github.com/mozci/mozci-run/rules"
)

// A scope is the steps of one level, going on: a workflow's, an item's of a foreach, a round's of a repeat, a called
// workflow's. A step starts when all that it needs have ended; when one does not end well, what stands below it is
// not started.
type scope struct {
	c      *coordinator
	prog   *Program // whose rules apply
	path   string   // before the ids of its steps: empty, each[2]/, narrow#3/, other/, finally/
	steps  []*Step
	vars   map[string]any    // what its expressions see; ids are added as steps end
	absent map[string]string // names that have no value, and why
	ctx    context.Context   // what stops its bodies
	onward bool              // a step that does not end well stops nothing: finally
	outer  *execution        // the step of which it is a part; nil for the workflow's own
	done   func(*scope, verdict)

	states []stepState
	last   []verdict // how each step ended
	stops  []context.CancelCauseFunc
	halt   *verdict // why nothing below haltAt starts; nil where nothing is wrong
	haltAt int
	closed bool
}

type stepState int

const (
	waiting stepState = iota
	started
	ended
)

// A verdict is what a step or a scope came to.
type verdict struct {
	status Status
	cause  Cause
	reason string
	step   string // which step it was, where it did not end well
	kind   StepKind
	err    *RecordedError
	vars   map[string]any
	absent map[string]string
}

func (v verdict) well() bool { return v.status == Succeeded || v.status == Skipped }

// open starts a scope. Its done is called when all of its steps have ended: at once, where it has none.
func (c *coordinator) open(s *scope) {
	s.states = make([]stepState, len(s.steps))
	s.last = make([]verdict, len(s.steps))
	s.stops = make([]context.CancelCauseFunc, len(s.steps))
	s.vars = maps.Clone(s.vars)
	s.absent = maps.Clone(s.absent)
	if s.absent == nil {
		s.absent = map[string]string{}
	}
	s.advance()
}

// stop keeps what stands below a step from starting, and stops what stands below and has started.
func (s *scope) stop(at int, status Status, cause Cause, reason string) {
	if s.halt != nil && s.haltAt <= at {
		return
	}
	s.halt, s.haltAt = &verdict{status: status, cause: cause, reason: reason}, at
	for i := at + 1; i < len(s.stops); i++ {
		if s.states[i] == started {
			s.stops[i](fmt.Errorf("%w: %s", errStopped, reason))
		}
	}
}

// advance starts what can start, and closes the scope when all has ended.
func (s *scope) advance() {
	for again := true; again; {
		again = false
		for i := range s.steps {
			if s.closed || s.c.fatal != nil {
				return
			}
			if s.states[i] != waiting || !s.ready(i) {
				continue
			}
			again = true
			if s.halt != nil && i > s.haltAt {
				s.bar(i)
				continue
			}
			s.states[i] = started
			s.begin(i)
		}
	}
	s.close()
}

func (s *scope) ready(i int) bool {
	for _, n := range s.steps[i].Needs {
		if s.states[n] != ended {
			return false
		}
	}
	return true
}

// bar ends a step that is not run.
func (s *scope) bar(i int) {
	st := s.steps[i]
	v := *s.halt
	s.states[i], s.last[i] = ended, v
	s.absent[st.ID] = v.reason
	s.vars[st.ID] = nil
	s.c.emit(Event{Kind: StepEnded, Time: s.c.now(), Step: s.path + st.ID, Name: st.Name, StepKind: st.Kind, Uses: st.Uses,
		Status: v.status, Cause: v.cause, Reason: v.reason})
}

// close hands on what the scope came to, when all of its steps have ended.
func (s *scope) close() {
	if s.closed {
		return
	}
	out := verdict{status: Succeeded}
	for i := range s.steps {
		if s.states[i] != ended {
			return
		}
		if v := s.last[i]; out.status == Succeeded && !v.well() && v.status != NotRun {
			out = v
		}
	}
	if out.status == Succeeded && s.halt != nil {
		out = *s.halt
	}
	s.closed = true
	out.vars, out.absent = s.vars, s.absent
	s.done(s, out)
}

// begin starts a step.
func (s *scope) begin(i int) {
	ctx, stop := context.WithCancelCause(s.ctx)
	s.stops[i] = stop
	x := &execution{scope: s, step: s.steps[i], index: i, path: s.path + s.steps[i].ID, ctx: ctx}
	if why := x.skipped(); why != "" {
		x.launch(record{}, func(_ context.Context, r *record) { r.ends(Skipped, BySkippedName, why) }, x.finish)
		return
	}
	switch st := x.step; {
	case st.Kind == EffectStep:
		x.beginEffect()
	case st.Kind == RepeatStep:
		x.beginRepeat()
	case st.Kind == CallStep:
		x.beginCall()
	case st.Each != nil:
		x.beginEach()
	case st.Kind == ApproveStep:
		x.beginApprove()
	case st.Kind == LetStep:
		x.beginLet()
	default:
		x.beginQuery()
	}
}

// An execution is one step of a scope, going on.
type execution struct {
	*scope
	step    *Step
	index   int
	path    string // shadows the scope's: the step's own
	ctx     context.Context
	started bool // step-started was told
}

// skipped says why a step is skipped without a look at its condition: it names one that has no value, and does not
// read it through ?? or compare it with nil.
func (x *execution) skipped() string {
	for _, ref := range x.step.refs() {
		if why, ok := x.absent[ref.Name]; ok && !ref.Guarded {
			return fmt.Sprintf("%s has no value: %s", ref.Name, why)
		}
	}
	return ""
}

// refs lists what a step reads before it starts. Its own id in until, require and message is not among it.
func (st *Step) refs() []rules.Ref {
	var out []rules.Ref
	for _, e := range []*rules.Expr{st.If, st.Let} {
		if e != nil {
			out = append(out, e.Refs()...)
		}
	}
	if st.Each != nil {
		out = append(out, st.Each.List.Refs()...)
	}
	out = append(out, st.With.Refs()...)
	if st.Call != nil {
		out = append(out, st.Call.Inputs.Refs()...)
	}
	if st.Approve != nil && st.Approve.Message != nil {
		out = append(out, st.Approve.Message.Refs()...)
	}
	return out
}

// launch starts a body of the step.
func (x *execution) launch(r record, w work, done func(*record)) {
	r.Step, r.StepKind, r.Name, r.Uses = x.path, x.step.Kind, x.step.Name, x.step.Uses
	ctx, c := x.ctx, x.c
	tell := !x.started
	x.started = true
	deadline := c.outOfTime()
	c.launch(ctx, r, func(ctx context.Context, r *record) {
		if tell {
			c.emit(startEvent(r, false))
		}
		ctx, free := c.l.until(ctx, deadline, fmt.Errorf("%w: %s", errRuntime, c.prog.Limits.Runtime))
		defer free()
		if !deadline.IsZero() && !r.Began.Before(deadline) {
			r.ends(Incomplete, ByLimit, fmt.Sprintf("%v: %s", errRuntime, c.prog.Limits.Runtime))
			return
		}
		w(ctx, r)
	}, func(r *record) {
		if r.replayed && tell {
			c.emit(startEvent(r, true))
		}
		x.tell(r)
		done(r)
	})
}

func startEvent(r *record, replayed bool) Event {
	return Event{Kind: StepStarted, Time: r.Began, Replayed: replayed, Step: r.Step, Name: r.Name, StepKind: r.StepKind, Uses: r.Uses}
}

// tell tells what a record holds, beside its end. Outcomes of effects were told by their bodies, where those ran now.
func (x *execution) tell(r *record) {
	for i := range r.Decisions {
		x.c.emit(Event{Kind: Decided, Time: r.Ended, Replayed: r.replayed, Step: r.Step, Round: r.Round, Decision: &r.Decisions[i]})
	}
	if !r.replayed {
		return
	}
	for i := range r.Outcomes {
		x.c.emit(effectEvent(r, i, true))
	}
}

func effectEvent(r *record, i int, replayed bool) Event {
	return Event{Kind: EffectEvent, Time: r.Ended, Replayed: replayed, Step: r.Step, Uses: r.Uses, Outcome: &r.Outcomes[i], What: r.Whats[i]}
}

// finish ends the step with the record of its last body.
func (x *execution) finish(r *record) {
	v := verdict{status: r.Status, cause: r.Cause, reason: r.Reason, err: r.Error, kind: x.step.Kind}
	if !v.well() {
		v.step = x.path
	}
	fact, err := x.decode(r)
	if err != nil {
		x.c.fatal = err
		return
	}
	ev := Event{Kind: StepEnded, Time: r.Ended, Replayed: r.replayed, Step: r.Step, Name: r.Name, StepKind: r.StepKind, Uses: r.Uses, Status: r.Status,
		Cause: r.Cause, Reason: r.Reason, Inputs: r.Inputs, Value: r.Value, Source: r.Source, Instead: r.Instead, Fact: fact}
	x.c.emit(ev)
	x.settle(v, fact, r.Value != nil)
}

// settle sets what the step came to, and goes on with its scope.
func (x *execution) settle(v verdict, fact any, has bool) {
	s := x.scope
	s.states[x.index], s.last[x.index] = ended, v
	s.vars[x.step.ID] = fact
	if !has {
		s.absent[x.step.ID] = v.reason
	}
	switch {
	case v.well() || s.onward:
	case v.status == Planned:
		s.stop(x.index, NotRun, ByPlan, "known after apply")
	case v.status == NotRun: // its scope is being stopped from outside
		s.stop(x.index, NotRun, v.cause, v.reason)
	default:
		s.stop(x.index, NotRun, ByEarlier, x.path+" did not end well")
	}
	s.stops[x.index](nil)
	s.advance()
}

// decode reads a record's value as its step's type has it.
func (x *execution) decode(r *record) (any, error) {
	if r.Value == nil {
		return nil, nil
	}
	t := x.step.Type
	if t == nil {
		t = anything
	}
	fact, err := t.Unmarshal(r.Value)
	if err != nil {
		return nil, fmt.Errorf("%s: reading its record: %w", r.id(), err)
	}
	return fact, nil
}
