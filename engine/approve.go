package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mozci/mozci-run/schemas"
)

// beginApprove waits for a person. In a run that does no effects it is a part of the plan, and waits for nobody.
func (x *execution) beginApprove() {
	vars, apply := maps.Clone(x.vars), x.c.apply
	if apply {
		x.launch(record{}, func(ctx context.Context, r *record) { x.approve(ctx, r, vars) }, x.finish)
		return
	}
	x.launch(record{Stage: "in"}, func(ctx context.Context, r *record) {
		if !x.condition(ctx, r, vars) {
			return
		}
		message, err := x.approval(ctx, vars)
		if err != nil {
			r.fails(err)
			return
		}
		r.ends(Running, NoCause, message)
	}, func(r *record) {
		if r.Status != Running {
			x.finish(r)
			return
		}
		x.propose(PlannedEffect{Step: x.path, Effect: "approve", Whats: []string{r.Reason}}, func() {
			x.launch(record{}, func(ctx context.Context, r *record) { x.approve(ctx, r, vars) }, x.finish)
		}, func() {
			x.launch(record{Stage: "end"}, func(_ context.Context, r *record) { r.ends(Planned, ByPlan, "planned: asks a person") }, x.finish)
		})
	})
}

func (x *execution) approval(ctx context.Context, vars map[string]any) (string, error) {
	if x.step.Approve.Message == nil {
		return "may it go on?", nil
	}
	m, err := x.step.Approve.Message.Eval(ctx, vars)
	return fmt.Sprint(m), err
}

// approve looks at the row of its approval until there is one.
func (x *execution) approve(ctx context.Context, r *record, vars map[string]any) {
	if !x.condition(ctx, r, vars) {
		return
	}
	message, err := x.approval(ctx, vars)
	if err != nil {
		r.fails(err)
		return
	}
	since, err := x.c.e.asks(ctx, x.c.l.id, x.path, message, x.c.l.anew)
	if err != nil {
		if !r.stopped(ctx) {
			r.fails(err)
		}
		return
	}
	var late time.Time
	if x.step.Approve.Timeout > 0 {
		late = since.Add(x.step.Approve.Timeout)
	}
	ask := Event{Kind: Waiting, Time: r.Began, Step: r.Step, What: fmt.Sprintf("waits for a person: %s (mozci-run runs approve %s)", message, x.c.l.id)}
	if !late.IsZero() {
		ask.Until = &late
	}
	x.c.emit(ask)
	for {
		said, err := x.c.e.answered(ctx, x.c.l.id, x.path)
		switch {
		case r.stopped(ctx):
			return
		case err != nil:
			r.fails(err)
			return
		case said.Answer == "no":
			r.ends(Incomplete, ByApproval, said.Person+" said no: "+message)
			return
		case said.Answer == "yes":
			x.conclude(ctx, r, vars, x.answer(said.Person, said.At))
			return
		case !late.IsZero() && !x.c.now().Before(late):
			r.ends(Incomplete, ByApproval, fmt.Sprintf("nobody has said yes or no within %s: %s", x.step.Approve.Timeout, message))
			return
		}
		x.c.pause(ctx)
	}
}

// answer is the step's value, as far as its type has members for it: whether, by whom, when.
func (x *execution) answer(person string, at time.Time) any {
	all := map[string]any{"approved": true, "by": person, "at": at}
	t := x.step.Type
	switch {
	case t == nil:
		return all
	case t.Kind == schemas.Bool:
		return true
	case t.Kind != schemas.Object:
		return person
	}
	out := map[string]any{}
	for _, f := range t.Fields {
		if v, ok := all[f.Name]; ok {
			out[f.Name] = v
		}
	}
	return out
}

// An Ask is what a run asks a person.
type Ask struct {
	Step    string    `json:"step"`
	Message string    `json:"message"`
	Answer  string    `json:"answer,omitempty"` // yes or no; empty while nobody has answered
	Person  string    `json:"person,omitempty"`
	At      time.Time `json:"at"` // when it was asked, or answered
}

// asks writes down that a run asks, and gives the time at which it first did: a process that goes on with the run waits for what is left.
// Where it asks anew, the time is now.
func (e *Engine) asks(ctx context.Context, run, step, message string, anew bool) (time.Time, error) {
	now := e.cfg.Clock.Now()
	at := `mozci_approvals.at`
	if anew {
		at = `CASE WHEN mozci_approvals.answer = '' THEN excluded.at ELSE mozci_approvals.at END`
	}
	_, err := e.store.exec(ctx, e.store.db, `INSERT INTO mozci_approvals (run, step, message, answer, person, at) VALUES (?1, ?2, ?3, '', '', ?4)
		ON CONFLICT (run, step) DO UPDATE SET message = excluded.message, at = `+at, run, step, message, now.UnixMicro())
	if err != nil {
		return time.Time{}, err
	}
	said, err := e.answered(ctx, run, step)
	return said.At, err
}

// asked lists what a run has asked people, by step.
func (e *Engine) asked(ctx context.Context, run string) ([]Ask, error) {
	out := []Ask{}
	err := e.store.rows(ctx, e.store.db, func(r row) error {
		var a Ask
		var at int64
		err := r.Scan(&a.Step, &a.Message, &a.Answer, &a.Person, &at)
		a.At = time.UnixMicro(at).UTC()
		out = append(out, a)
		return err
	}, `SELECT step, message, answer, person, at FROM mozci_approvals WHERE run = ?1 ORDER BY step`, run)
	if err != nil {
		return nil, fmt.Errorf("reading what run %s asks: %w", run, err)
	}
	return out, nil
}

// answered is what a person has said to a step, as far as one has.
func (e *Engine) answered(ctx context.Context, run, step string) (Ask, error) {
	list, err := e.asked(ctx, run)
	for _, a := range list {
		if a.Step == step {
			return a, err
		}
	}
	return Ask{}, err
}

// Approve says yes or no to what a run asks a person. step may be empty where it asks one thing only. A run that is not
// going on has to be resumed to hear of it. Where the run asks no such thing, or has been told yes, the error is a [StateError].
func (e *Engine) Approve(ctx context.Context, id, step string, yes bool, person string) (Run, error) {
	r, err := e.find(ctx, id)
	if err != nil {
		return r, err
	}
	if step, err = e.asking(ctx, r.ID, step); err != nil {
		return r, err
	}
	answer := "no"
	if yes {
		answer = "yes"
	}
	n, err := e.store.exec(ctx, e.store.db, `UPDATE mozci_approvals SET answer = ?3, person = ?4, at = ?5 WHERE run = ?1 AND step = ?2 AND answer <> 'yes'`,
		r.ID, step, answer, person, e.cfg.Clock.Now().UnixMicro())
	switch {
	case err != nil:
		return r, fmt.Errorf("approving run %s: %w", r.ID, err)
	case n == 0:
		return r, &StateError{r.ID, fmt.Sprintf("has been told yes at %s, and may have acted on it: mozci-run runs cancel %s stops it", step, r.ID)}
	}
	return r, nil
}

// asking is the step of a run that waits for an answer, or got a no: the one that is named, or the only one where none is.
func (e *Engine) asking(ctx context.Context, run, named string) (string, error) {
	list, err := e.asked(ctx, run)
	if err != nil {
		return "", err
	}
	var all, open []string
	for _, a := range list {
		all = append(all, a.Step)
		if a.Answer != "yes" {
			open = append(open, a.Step)
		}
	}
	state := func(format string, args ...any) error { return &StateError{run, fmt.Sprintf(format, args...)} }
	switch {
	case len(all) == 0:
		return "", state("asks nobody: see mozci-run runs show %s", run)
	case named != "" && !slices.Contains(all, named):
		return "", state("asks nothing at a step called %s; it asks at %s: see mozci-run runs show %s", named, strings.Join(all, ", "), run)
	case named != "":
		return named, nil
	case len(open) == 0:
		return "", state("has all its answers: see mozci-run runs show %s", run)
	case len(open) == 1:
		return open[0], nil
	}
	return "", state("asks more than one thing: mozci-run runs approve %s, and then one of %s", run, strings.Join(open, ", "))
}
