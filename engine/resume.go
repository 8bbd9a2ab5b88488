package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// Resume goes on with a run: one whose process is gone from its next step, one that has not ended well from the first
// step that has not. What was recorded before is not asked and not done again. A run that another process is at is a
// LiveError.
func (e *Engine) Resume(ctx context.Context, id string, opts Options) (Result, error) {
	r, err := e.find(ctx, id)
	if err != nil {
		return Result{}, err
	}
	switch r.Status {
	case Succeeded:
		return Result{}, fmt.Errorf("run %s has ended well: there is nothing to resume", r.ID)
	case Planned:
		if !opts.Apply {
			return Result{}, fmt.Errorf("run %s is planned: mozci-run runs resume --apply %s does what it plans", r.ID, r.ID)
		}
	}
	return e.take(ctx, r, opts)
}

// Apply does what a run has planned, on the answers that it recorded.
func (e *Engine) Apply(ctx context.Context, id string, opts Options) (Result, error) {
	opts.Apply = true
	return e.Resume(ctx, id, opts)
}

// take makes the run this process's and sees it to its end.
func (e *Engine) take(ctx context.Context, r Run, opts Options) (Result, error) {
	if r.Profile != e.cfg.Profile {
		return Result{}, fmt.Errorf("run %s was started with the profile %s, and this is %s: resume it with --profile %s", r.ID, r.Profile, e.cfg.Profile, r.Profile)
	}
	l, err := e.revive(r, opts)
	if err != nil {
		return Result{}, err
	}
	if err := e.launch(ctx); err != nil {
		return Result{}, err
	}
	if err := e.claim(ctx, r, l); err != nil {
		return Result{}, err
	}
	if r.Status == Running { // its process has given it back meanwhile
		r.Status = Interrupted
	}
	l.wentOn, l.anew = e.cfg.Clock.Now(), r.Status != Interrupted
	var res Result
	if err = e.allow(ctx, r, l); err == nil {
		res, err = e.conduct(ctx, l, func(l *live) (waiter, error) { return e.goOn(ctx, r) })
	}
	if err != nil {
		back := Result{Run: r.ID, Status: r.Status, Cause: r.Cause, Reason: r.Reason}
		if _, rerr := e.release(context.WithoutCancel(ctx), r.ID, back); rerr != nil {
			err = errors.Join(err, rerr)
		}
	}
	return res, err
}

// allow notes that the run does effects, where it was told to, and gives it new ones, where its limit was reached: a
// person wants it to go on.
func (e *Engine) allow(ctx context.Context, r Run, l *live) error {
	if l.apply {
		if err := e.applies(ctx, r.ID); err != nil {
			return err
		}
	}
	if r.Status != Incomplete || r.Cause != ByLimit {
		return nil
	}
	done, err := e.entries(ctx, e.store.db, `run = ?1 AND state <> ?2`, r.ID, string(Void))
	l.granted = len(done)
	return err
}

// revive makes a live run of a stored one, with the definition that it was started with.
func (e *Engine) revive(r Run, opts Options) (*live, error) {
	if e.cfg.Rebuild == nil {
		return nil, errors.New("resuming: the engine was not told how to read a stored definition")
	}
	var b Bundle
	if err := json.Unmarshal([]byte(r.bundle), &b); err != nil {
		return nil, fmt.Errorf("run %s: its definition: %w", r.ID, err)
	}
	p, err := e.cfg.Rebuild(b)
	if err != nil {
		return nil, fmt.Errorf("run %s: its definition: %w", r.ID, err)
	}
	inputs, err := p.InputType().Unmarshal(r.Inputs)
	if err != nil {
		return nil, fmt.Errorf("run %s: its inputs: %w", r.ID, err)
	}
	if opts.Event, err = r.startedBy(); err != nil {
		return nil, err
	}
	opts.Apply, opts.Again = opts.Apply || r.Apply, opts.Again || r.again
	opts.Started = r.Origin
	return newLive(r.ID, p, inputs.(map[string]any), opts), nil
}

// goOn lets DBOS run the workflow again, here: through the queue that only this process reads.
func (e *Engine) goOn(ctx context.Context, r Run) (waiter, error) {
	id := r.ID
	h, err := dbos.RetrieveWorkflow[string](e.dctx, id)
	if errors.Is(err, dbos.ErrNonExistentWorkflow) {
		return dbos.RunWorkflow(e.dctx, e.workflow, id, dbos.WithWorkflowID(id))
	}
	if err != nil {
		return nil, fmt.Errorf("resuming run %s: %w", id, err)
	}
	st, err := h.GetStatus()
	if err != nil {
		return nil, fmt.Errorf("resuming run %s: %w", id, err)
	}
	over := slices.Contains([]dbos.WorkflowStatusType{dbos.WorkflowStatusSuccess, dbos.WorkflowStatusError, dbos.WorkflowStatusCancelled}, st.Status)
	from, bad, err := e.firstBad(e.dctx, id)
	if err != nil {
		return nil, err
	}
	if !over && (!bad || r.Status == Interrupted) {
		return dbos.ResumeWorkflow[string](e.dctx, id, dbos.WithResumeQueue(e.queue()))
	}
	if !over { // it was killed between the end of the run and DBOS's own
		if err := dbos.CancelWorkflow(e.dctx, id); err != nil {
			return nil, fmt.Errorf("resuming run %s: %w", id, err)
		}
	}
	return dbos.RewindWorkflow[string](e.dctx, id, dbos.WithRewindStartStep(uint(from)), dbos.WithRewindQueue(e.queue()))
}

// firstBad finds the first step of the journal that has not ended well, or the plan that was not confirmed; where all is
// well, where the journal goes on. An effect none of whose units failed by itself is begun anew: what it did stands in the ledger.
func (e *Engine) firstBad(c dbos.Client, id string) (from int, bad bool, err error) {
	list, err := e.journal(c, id)
	if err != nil {
		return 0, false, err
	}
	units := map[string]int{} // of the effects, by step: where their units were worked out
	for _, r := range list {
		from = r.place + 1
		split, acted := units[r.Step]
		switch {
		case r.Stage == "end" && r.Step == "run":
			return r.place, false, nil
		case r.Stage == "units":
			units[r.Step] = r.place
		case r.Stage == "end" && acted && r.Status == Failed: // all was refused, or is not as it is required: that may be otherwise now
			return split, true, nil
		}
		if r.Stage == "confirm" && !r.Yes || !slices.Contains([]Status{Succeeded, Skipped, Running}, r.Status) {
			return r.place, true, nil
		}
	}
	return from, false, nil
}

// A kept record is one with where it stands in the journal.
type kept struct {
	record
	place int
}

// journal reads the records of a run, in their order.
func (e *Engine) journal(c dbos.Client, id string) ([]kept, error) {
	steps, err := dbos.GetWorkflowSteps(c, id, dbos.WithStepsLoadOutput(true))
	if err != nil {
		return nil, fmt.Errorf("reading the journal of run %s: %w", id, err)
	}
	var out []kept
	for _, s := range steps {
		text, ok := unquote(s.Output)
		if s.StepName == "ended" || !ok {
			continue
		}
		p := kept{place: s.StepID}
		if err := json.Unmarshal([]byte(text), &p.record); err != nil {
			return nil, fmt.Errorf("reading the journal of run %s: %s: %w", id, s.StepName, err)
		}
		out = append(out, p)
	}
	return out, nil
}

// unquote reads a step's output as a listing has it: text, or JSON of text.
func unquote(v any) (string, bool) {
	s, ok := v.(string)
	if !ok {
		return "", false
	}
	var inner string
	if json.Unmarshal([]byte(s), &inner) == nil {
		return inner, true
	}
	return s, true
}

// Cancel stops a run, wherever it is going on, within about a second: what is on its way is stopped, its finally runs,
// and it ends as cancelled. who is told to those who ask why. Where it has ended, also while it was being cancelled, the error is
// a [StateError].
func (e *Engine) Cancel(ctx context.Context, id, who string) (Run, error) {
	for try := 1; ; try++ {
		r, err := e.find(ctx, id)
		if err != nil {
			return r, err
		}
		n, err := e.cancel(ctx, r, who)
		switch {
		case err != nil:
			return r, fmt.Errorf("cancelling run %s: %w", r.ID, err)
		case n == 1:
			return e.find(ctx, r.ID)
		case r.Status.over() && r.Status != Planned || try == 10:
			return r, &StateError{r.ID, fmt.Sprintf("has ended (%s), and there is nothing to cancel: see mozci-run runs show %s", r.Status, r.ID)}
		}
	}
}

// cancel cancels a run as it was found, and returns how many there were of it: none, where it has ended, or somebody has it meanwhile.
func (e *Engine) cancel(ctx context.Context, r Run, who string) (int64, error) {
	switch r.Status {
	case Running:
		return e.store.exec(ctx, e.store.db, `UPDATE mozci_runs SET cancelled = ?1 WHERE id = ?2 AND status = ?3`, who, r.ID, string(Running))
	case Interrupted, Planned:
		res := Result{Run: r.ID, Status: Cancelled, Cause: ByCancel, Reason: "cancelled by a person: " + who}
		return e.store.exec(ctx, e.store.db, `UPDATE mozci_runs SET status = ?1, ended = ?2, ended_at = ?3, owner = '', cancelled = ?4
			WHERE id = ?5 AND owner = ?6 AND attempt = ?7`, string(Cancelled), res.write(), e.cfg.Clock.Now().UnixMicro(), who, r.ID, r.Owner, r.Attempt)
	}
	return 0, nil
}
