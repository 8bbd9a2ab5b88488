package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
)

// beginLet evaluates an expression.
func (x *execution) beginLet() {
	vars := maps.Clone(x.vars)
	x.launch(record{}, func(ctx context.Context, r *record) {
		if !x.condition(ctx, r, vars) {
			return
		}
		v, err := x.step.Let.Eval(ctx, vars)
		if err != nil {
			r.fails(err)
			return
		}
		x.conclude(ctx, r, vars, v)
	}, x.finish)
}

// condition evaluates if, and ends the record where it is false.
func (x *execution) condition(ctx context.Context, r *record, vars map[string]any) bool {
	if x.step.If == nil {
		return true
	}
	v, err := x.step.If.Eval(ctx, vars)
	if err != nil {
		r.fails(err)
		return false
	}
	if v != true {
		r.ends(Skipped, ByCondition, "if was false: "+x.step.If.Source())
		return false
	}
	return true
}

// conclude ends the record well with a value, unless its require does not hold.
func (x *execution) conclude(ctx context.Context, r *record, vars map[string]any, v any) {
	if err := r.give(x.step.Type, v); err != nil {
		r.fails(err)
		return
	}
	r.Decisions = x.decisions(ctx, r.fact)
	reason := r.Reason
	if x.holds(ctx, r, vars, r.fact) {
		r.ends(Succeeded, r.Cause, reason)
	}
}

// holds evaluates require, and ends the record where it is false.
func (x *execution) holds(ctx context.Context, r *record, vars map[string]any, fact any) bool {
	if x.step.Require == nil {
		return true
	}
	vars = with(vars, x.step.ID, fact)
	v, err := x.step.Require.Eval(ctx, vars)
	if err != nil {
		r.fails(err)
		return false
	}
	if v == true {
		return true
	}
	reason := "this did not hold: " + x.step.Require.Source()
	if x.step.Message != nil {
		m, err := x.step.Message.Eval(ctx, vars)
		if err != nil {
			r.fails(err)
			return false
		}
		reason = fmt.Sprint(m)
	}
	r.ends(Failed, ByRequire, reason)
	return false
}

// with is the names with one more.
func with(vars map[string]any, name string, v any) map[string]any {
	out := maps.Clone(vars)
	out[name] = v
	return out
}

// beginQuery asks a query once, or again and again until its until holds.
func (x *execution) beginQuery() {
	if x.step.Until != nil {
		x.round(&record{}, 1)
		return
	}
	vars := maps.Clone(x.vars)
	x.launch(record{}, func(ctx context.Context, r *record) {
		if !x.condition(ctx, r, vars) {
			return
		}
		v, ok := x.ask(ctx, r, vars)
		if ok {
			x.conclude(ctx, r, vars, v)
		} else if r.Cause == ByTimeout && x.step.GoOn {
			r.ends(Succeeded, ByTimeout, r.Reason)
		}
	}, func(r *record) {
		x.c.learn(r, x.step.Type)
		x.finish(r)
	})
}

// round asks once more. last is the record of the round before.
func (x *execution) round(last *record, n int) {
	vars := maps.Clone(x.vars)
	x.launch(record{Stage: "round", Round: n}, func(ctx context.Context, r *record) {
		if n == 1 {
			if !x.condition(ctx, r, vars) {
				return
			}
			if x.step.Timeout > 0 {
				r.Deadline = r.Began.Add(x.step.Timeout)
			}
		} else {
			r.Deadline = last.Deadline
		}
		x.again(ctx, r, vars, last)
		if r.Status == Running {
			r.Next = x.c.now().Add(x.every())
			if r.Error != nil && r.Error.RetryAt.After(r.Next) {
				r.Next = r.Error.RetryAt
			}
			if n > 1 && bytes.Equal(r.Value, last.Value) { // hours of waiting do not fill the journal
				r.Same, r.Value, r.Decisions = true, nil, nil
			}
		}
	}, func(r *record) {
		if r.Same {
			r.Value = last.Value
		}
		x.c.learn(r, x.step.Type)
		if r.Status != Running {
			x.finish(r)
			return
		}
		fact, err := x.decode(r)
		if err != nil {
			x.c.fatal = err
			return
		}
		x.c.emit(Event{Kind: RoundEnded, Time: r.Ended, Replayed: r.replayed, Step: r.Step, Uses: r.Uses, Round: n, Value: r.Value,
			Cause: r.Cause, Reason: r.Reason, Source: r.Source, Instead: r.Instead, Fact: fact, Until: &r.Next})
		x.round(r, n+1)
	})
}

// patience is how many rounds in a row may have no answer, after one has had: a service that is started anew is no reason to
// give up what was waited for for hours.
const patience = 10

// passing says whether a failure may pass by itself.
func passing(err error) bool {
	return errors.Is(err, sources.ErrUnavailable) || errors.Is(err, sources.ErrRateLimited)
}

func (x *execution) every() time.Duration {
	if x.step.Every > 0 {
		return x.step.Every
	}
	return time.Minute
}

// again is what a round does: it waits until it is due, asks past every cache, and looks whether that is enough.
// A timeout keeps the last round's answer.
func (x *execution) again(ctx context.Context, r *record, vars map[string]any, last *record) {
	due, late := last.Next, false
	if !r.Deadline.IsZero() && due.After(r.Deadline) {
		due, late = r.Deadline, true
	}
	if due.After(x.c.now()) {
		x.c.emit(Event{Kind: Waiting, Time: r.Began, Step: r.Step, Round: r.Round, Until: &due, What: "asks " + x.step.Uses + " again"})
	}
	if !x.c.sleep(ctx, due) {
		r.stopped(ctx)
		r.Value = last.Value
		return
	}
	if late {
		x.tooLate(ctx, r, vars, last)
		return
	}
	v, ok := x.ask(sources.Fresh(ctx), r, vars)
	if !ok {
		switch {
		case r.Cause == ByTimeout:
			x.tooLate(ctx, r, vars, last)
		case last.Value != nil && last.Vain < patience && r.Status == Failed && passing(r.Error):
			r.Vain = last.Vain + 1
			r.ends(Running, BySource, "no answer this time: "+r.Reason)
		}
		if r.Value == nil {
			r.Value = last.Value
		}
		return
	}
	if err := r.give(x.step.Type, v); err != nil {
		r.fails(err)
		return
	}
	enough, err := x.step.Until.Eval(ctx, with(vars, x.step.ID, r.fact))
	switch {
	case err != nil:
		r.fails(err)
	case enough == true:
		x.conclude(ctx, r, vars, r.fact)
	default:
		r.Decisions = x.decisions(ctx, r.fact)
		r.ends(Running, NoCause, "")
	}
}

// tooLate ends a step whose timeout has passed: with the last round's answer, well only where the step says so.
func (x *execution) tooLate(ctx context.Context, r *record, vars map[string]any, last *record) {
	r.Error, r.Value = nil, last.Value
	reason := fmt.Sprintf("timed out after %s", x.step.Timeout)
	if !x.step.GoOn {
		r.ends(Failed, ByTimeout, reason)
		return
	}
	if last.Value == nil {
		r.ends(Succeeded, ByTimeout, reason+" without an answer")
		return
	}
	fact, err := x.decode(last)
	if err != nil {
		r.fails(err)
		return
	}
	r.ends(Running, ByTimeout, reason+"; this is the last answer")
	x.conclude(ctx, r, vars, fact)
}

// ask asks the step's query, as often as its retry allows, and says whether there is an answer. Where there is none the
// record has ended.
func (x *execution) ask(ctx context.Context, r *record, vars map[string]any) (any, bool) {
	in, ok := x.given(ctx, r, vars)
	if !ok {
		return nil, false
	}
	deadline := r.Deadline
	if deadline.IsZero() && x.step.Timeout > 0 {
		deadline = r.Began.Add(x.step.Timeout)
	}
	ctx, free := x.c.l.until(ctx, deadline, errTimedOut)
	defer free()
	for attempt := 1; ; attempt++ {
		answer, err := x.c.e.cfg.Registry.Ask(ctx, x.step.Uses, in)
		if err == nil {
			r.Source, r.Instead = answer.Source, answer.Instead
			return answer.Value, true
		}
		if r.stopped(ctx) {
			return nil, false
		}
		if !x.retry(ctx, r, err, attempt) {
			if !r.stopped(ctx) {
				r.fails(err)
			}
			return nil, false
		}
	}
}

// retry waits for the next attempt, and says whether there is one.
func (x *execution) retry(ctx context.Context, r *record, err error, attempt int) bool {
	re := x.step.Retry
	if re == nil || attempt >= re.Attempts || !passing(err) {
		return false
	}
	next := x.c.now().Add(re.pause(attempt))
	var se *sources.Error
	if errors.As(err, &se) && se.RetryAt.After(next) {
		next = se.RetryAt
	}
	x.c.emit(Event{Kind: Waiting, Time: x.c.now(), Step: r.Step, Until: &next, What: fmt.Sprintf("tries again: %v", err)})
	return x.c.sleep(ctx, next)
}

// pause is how long to wait after an attempt: twice as long each time, as far as durations go.
func (re *Retry) pause(attempt int) time.Duration {
	d := re.Backoff
	for range attempt - 1 {
		if d > math.MaxInt64/2 {
			break
		}
		d *= 2
	}
	return d
}

// given evaluates with, as the query or effect wants it.
func (x *execution) given(ctx context.Context, r *record, vars map[string]any) (any, bool) {
	t, err := x.inType()
	if err == nil {
		var in any = map[string]any{}
		if x.step.With != nil {
			in, err = x.step.With.Eval(ctx, vars)
		}
		if err == nil {
			if in, err = t.Conform(in); err == nil {
				r.Inputs, err = t.Marshal(in)
				return in, err == nil
			}
			err = fmt.Errorf("%s: with: %w", x.path, err)
		}
	}
	r.fails(err)
	return nil, false
}

func (x *execution) inType() (*schemas.Type, error) {
	reg := x.c.e.cfg.Registry
	if x.step.Kind == EffectStep {
		if e, _, ok := reg.Effect(x.step.Uses); ok {
			return e.In, nil
		}
	} else if q, _, ok := reg.Query(x.step.Uses); ok {
		return q.In, nil
	}
	return nil, &sources.Error{Kind: sources.ErrNotFilled, Doing: x.step.Uses, Err: fmt.Errorf("no source of the profile %s has it", x.c.e.cfg.Profile),
		Hint: "mozci-run sources list shows what it has"}
}

// decisions says, for a result that is a history, what the rule verdict says of each of its rows, and why.
func (x *execution) decisions(ctx context.Context, fact any) []Decision {
	rows, ok := fact.([]any)
	if !ok || x.prog.Rules == nil || x.step.Type == nil || x.step.Type.Kind != schemas.List || x.step.Type.Elem.Name != "Row" {
		return nil
	}
	var out []Decision
	for i, row := range rows {
		d, err := x.prog.Rules.Decide(ctx, "verdict", row)
		if err != nil {
			return nil // the workflow has no such rule, or one of its own that is about something else
		}
		value, err := json.Marshal(d.Value)
		if err != nil {
			return nil
		}
		dec := Decision{Rule: d.Rule, Index: i, Value: value, Row: d.Row, When: d.When, Evidence: "label"}
		if p, ok := placeIn(d.Origin, 1, 1); ok {
			dec.Place = &p
		}
		if m, ok := row.(map[string]any); ok {
			if m["by_manifest"] == true {
				dec.Evidence = "manifest"
			}
			if push, ok := m["push"].(map[string]any); ok {
				dec.Push, _ = push["revision"].(string)
				dec.PushID, _ = push["id"].(string)
			}
		}
		out = append(out, dec)
	}
	return out
}
