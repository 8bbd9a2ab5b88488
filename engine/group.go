package engine

import (
	"context"
	"fmt"
	"maps"
	"strconv"

	"github.com/mozci/mozci-run/schemas"
)

// A loop is a foreach, going on.
type loop struct {
	x       *execution
	vars    map[string]any
	items   []any
	results []any
	next    int      // the item that starts next
	left    int      // items that have not ended
	worst   *verdict // why it does not end well; nil where it does
}

// beginEach works out the list of a foreach, and then goes through it.
func (x *execution) beginEach() {
	vars := maps.Clone(x.vars)
	x.launch(record{Stage: "list"}, func(ctx context.Context, r *record) { x.list(ctx, r, vars) }, func(r *record) {
		items, ok := x.items(r)
		if !ok {
			return
		}
		l := &loop{x: x, vars: vars, items: items, results: make([]any, len(items)), left: len(items)}
		l.advance()
	})
}

// list is the body that works out a foreach's list.
func (x *execution) list(ctx context.Context, r *record, vars map[string]any) {
	if !x.condition(ctx, r, vars) {
		return
	}
	v, err := x.step.Each.List.Eval(ctx, vars)
	if err == nil {
		err = r.give(x.step.Each.List.Type(), v)
	}
	if err != nil {
		r.fails(err)
		return
	}
	r.ends(Running, NoCause, "")
}

// items reads a foreach's list back, or ends the step where there is none.
func (x *execution) items(r *record) ([]any, bool) {
	if r.Status != Running {
		r.Value = nil
		x.finish(r)
		return nil, false
	}
	v, err := x.step.Each.List.Type().Unmarshal(r.Value)
	if err != nil {
		x.c.fatal = fmt.Errorf("%s: reading its record: %w", r.id(), err)
		return nil, false
	}
	items, ok := v.([]any)
	if !ok {
		x.c.fatal = fmt.Errorf("%s: its list is %s", r.id(), schemas.Describe(v))
	}
	return items, ok
}

// advance starts as many items as may go on side by side, and ends the step when all have ended.
func (l *loop) advance() {
	if l.left == 0 || l.worst != nil && l.flying() == 0 {
		l.end()
		return
	}
	for l.worst == nil && l.next < len(l.items) && l.flying() < max(1, l.x.step.Each.Parallel) {
		i := l.next
		l.next++
		if l.x.step.Kind == GroupStep {
			l.group(i)
		} else {
			l.ask(i)
		}
	}
}

func (l *loop) flying() int { return l.next - (len(l.items) - l.left) }

// ask asks the step's query for an item.
func (l *loop) ask(i int) {
	x, vars := l.x, with(l.vars, l.x.step.Each.As, l.items[i])
	x.launch(record{Stage: "item", Item: &i}, func(ctx context.Context, r *record) {
		var v any
		if x.step.Kind == LetStep {
			var err error
			if v, err = x.step.Let.Eval(ctx, vars); err != nil {
				r.fails(err)
				return
			}
		} else {
			var ok bool
			if v, ok = x.ask(ctx, r, vars); !ok {
				if r.Cause != ByTimeout || !x.step.GoOn {
					return
				}
				r.ends(Succeeded, ByTimeout, r.Reason)
				v = nil
			}
		}
		if err := r.give(x.itemType(), v); err != nil {
			r.fails(err)
			return
		}
		r.Decisions = x.decisions(ctx, r.fact)
		r.ends(Succeeded, r.Cause, r.Reason)
	}, func(r *record) {
		x.c.learn(r, x.itemType())
		var fact any
		if r.Value != nil {
			var err error
			if fact, err = x.itemType().Unmarshal(r.Value); err != nil {
				x.c.fatal = fmt.Errorf("%s: reading its record: %w", r.id(), err)
				return
			}
		}
		x.c.emit(Event{Kind: ItemEnded, Time: r.Ended, Replayed: r.replayed, Step: r.Step, Uses: r.Uses, Item: &i, Status: r.Status, Cause: r.Cause,
			Reason: r.Reason, Inputs: r.Inputs, Value: r.Value, Source: r.Source, Instead: r.Instead, Fact: fact})
		l.ended(i, fact, verdict{status: r.Status, cause: r.Cause, reason: r.Reason, step: x.path, err: r.Error})
	})
}

// itemType is the type of one item's result.
func (x *execution) itemType() *schemas.Type {
	if t := x.step.Type; t != nil && t.Elem != nil {
		if f := t.Elem.Field("result"); f != nil {
			return f.Type
		}
	}
	return anything
}

// group runs the steps of the loop for an item.
func (l *loop) group(i int) {
	x := l.x
	x.c.open(&scope{c: x.c, prog: x.prog, path: x.path + "[" + strconv.Itoa(i) + "]/", steps: x.step.Body, absent: x.absent, outer: x, ctx: x.ctx,
		vars: with(l.vars, x.step.Each.As, l.items[i]),
		done: func(s *scope, v verdict) { l.ended(i, fitted(x.itemType(), ids(x.step.Body, v.vars)), v) }})
}

// ids is the results of steps as one object.
func ids(steps []*Step, vars map[string]any) map[string]any {
	out := make(map[string]any, len(steps))
	for _, st := range steps {
		out[st.ID] = vars[st.ID]
	}
	return out
}

// ended takes an item's result. One that does not end well ends the step; those beside it are stopped.
func (l *loop) ended(i int, result any, v verdict) {
	l.results[i] = result
	l.left--
	if !v.well() && l.worst == nil {
		l.worst = &v
		l.x.stops[l.x.index](fmt.Errorf("%w: %s[%d]", errStopped, l.x.path, i))
	}
	l.advance()
}

// end puts the results together.
func (l *loop) end() {
	x, vars := l.x, l.vars
	if l.worst != nil {
		x.ctx = x.scope.ctx // its own was stopped, with the items
	}
	x.launch(record{Stage: "end"}, func(ctx context.Context, r *record) {
		if l.worst != nil {
			r.Error = l.worst.err
			r.ends(l.worst.status, l.worst.cause, l.worst.reason)
			return
		}
		list := make([]any, len(l.items))
		for i := range l.items {
			list[i] = map[string]any{"item": l.items[i], "result": l.results[i]}
		}
		x.conclude(ctx, r, vars, list)
	}, x.finish)
}

// beginRepeat runs the body of a repeat until its until holds, or as often as it may.
func (x *execution) beginRepeat() {
	vars := maps.Clone(x.vars)
	x.launch(record{Stage: "in"}, func(ctx context.Context, r *record) {
		if x.condition(ctx, r, vars) {
			r.ends(Running, NoCause, "")
		}
	}, func(r *record) {
		if r.Status != Running {
			x.finish(r)
			return
		}
		x.turn(vars, ids(x.step.Body, nil), 1)
	})
}

// turn runs the body of a repeat once. before is the results of the round before, all nil in the first.
func (x *execution) turn(vars, before map[string]any, n int) {
	seen := maps.Clone(vars)
	maps.Copy(seen, before)
	x.c.open(&scope{c: x.c, prog: x.prog, path: x.path + "#" + strconv.Itoa(n) + "/", steps: x.step.Body, absent: x.absent, outer: x, ctx: x.ctx, vars: seen,
		done: func(s *scope, v verdict) {
			now := ids(x.step.Body, v.vars)
			x.launch(record{Stage: "round", Round: n}, func(ctx context.Context, r *record) { x.turned(ctx, r, vars, now, v, n) }, func(r *record) {
				if r.Status == Running {
					x.c.emit(Event{Kind: RoundEnded, Time: r.Ended, Replayed: r.replayed, Step: r.Step, Round: n})
					x.turn(vars, now, n+1)
					return
				}
				x.finish(r)
			})
		}})
}

// turned is the body that says whether a repeat goes on.
func (x *execution) turned(ctx context.Context, r *record, vars, now map[string]any, v verdict, n int) {
	if !v.well() {
		r.Error = v.err
		r.ends(v.status, v.cause, v.reason)
		return
	}
	seen := maps.Clone(vars)
	maps.Copy(seen, now)
	enough, err := x.step.Repeat.Until.Eval(ctx, seen)
	switch {
	case err != nil:
		r.fails(err)
	case enough == true:
		x.conclude(ctx, r, vars, fitted(x.step.Type, now))
	case n >= x.step.Repeat.Max:
		r.Reason = fmt.Sprintf("its bound of %d rounds was reached", n)
		x.conclude(ctx, r, vars, fitted(x.step.Type, now))
	default:
		r.ends(Running, NoCause, "")
	}
}

// fitted keeps of the results of steps those that a type has.
func fitted(t *schemas.Type, results map[string]any) any {
	if t == nil || t.Kind != schemas.Object {
		return results
	}
	out := make(map[string]any, len(t.Fields))
	for _, f := range t.Fields {
		out[f.Name] = results[f.Name]
	}
	return out
}

// beginCall runs another workflow in its own namespace: it sees its inputs, and nothing of ours.
func (x *execution) beginCall() {
	callee, vars := x.step.Call.Program, maps.Clone(x.vars)
	x.launch(record{Stage: "in"}, func(ctx context.Context, r *record) {
		if !x.condition(ctx, r, vars) {
			return
		}
		given := map[string]any{}
		if x.step.Call.Inputs != nil {
			v, err := x.step.Call.Inputs.Eval(ctx, vars)
			if err != nil {
				r.fails(err)
				return
			}
			given, _ = v.(map[string]any)
		}
		bound, err := callee.Bind(given)
		if err != nil {
			r.ends(Failed, ByExpression, err.Error())
			return
		}
		if r.Inputs, err = callee.InputType().Marshal(bound); err != nil {
			r.fails(err)
			return
		}
		r.ends(Running, NoCause, "")
	}, func(r *record) {
		if r.Status != Running {
			x.finish(r)
			return
		}
		inputs, err := callee.InputType().Unmarshal(r.Inputs)
		if err != nil {
			x.c.fatal = fmt.Errorf("%s: reading its record: %w", r.id(), err)
			return
		}
		x.call(callee, vars, inputs)
	})
}

func (x *execution) call(callee *Program, vars map[string]any, inputs any) {
	c := x.c
	inner := map[string]any{"inputs": inputs, "event": vars["event"], "run": c.runVar(Running, "")}
	c.open(&scope{c: c, prog: callee, path: x.path + "/", steps: x.step.Body, outer: x, ctx: x.ctx, vars: inner, done: func(_ *scope, v verdict) {
		if len(callee.Finally) == 0 || v.status == Planned {
			x.returned(callee, vars, v)
			return
		}
		seen := maps.Clone(v.vars)
		seen["run"] = c.runVar(v.status, v.reason)
		c.open(&scope{c: c, prog: callee, path: x.path + "/finally/", steps: callee.Finally, ctx: x.ctx, vars: seen, absent: v.absent, onward: true,
			done: func(_ *scope, last verdict) {
				if v.well() && !last.well() {
					v.status, v.cause, v.reason, v.step, v.err = last.status, last.cause, last.reason, last.step, last.err
				}
				x.returned(callee, vars, v)
			}})
	}})
}

// returned ends a call with the outputs of the workflow that was called.
func (x *execution) returned(callee *Program, vars map[string]any, v verdict) {
	x.launch(record{Stage: "end"}, func(ctx context.Context, r *record) {
		if !v.well() {
			r.Error = v.err
			r.ends(v.status, v.cause, v.reason)
			return
		}
		out := make(map[string]any, len(callee.Outputs))
		for _, o := range callee.Outputs {
			value, err := o.value(ctx, v)
			if err != nil {
				r.fails(err)
				return
			}
			out[o.Name] = value
		}
		x.conclude(ctx, r, vars, out)
	}, x.finish)
}
