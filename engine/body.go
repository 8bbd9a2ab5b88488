package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A record is what is kept of one body: a query, a round of one, a let, the units of an effect, one unit. The journal is
// a list of them, and everything that a resumed run knows, or that Show tells, comes from it. Values are JSON as their
// types write it, so that the first pass and every later one see the same.
type record struct {
	Step     string          `json:"step"`            // the step's path
	Stage    string          `json:"stage,omitempty"` // what of the step it is: list, units, unit, confirm, round, item, end; empty for a whole step
	StepKind StepKind        `json:"step_kind,omitempty"`
	Name     string          `json:"name,omitempty"`
	Uses     string          `json:"uses,omitempty"`
	Round    int             `json:"round,omitempty"` // from 1
	Item     *int            `json:"item,omitempty"`  // from 0
	Began    time.Time       `json:"began"`
	Ended    time.Time       `json:"ended"`
	Status   Status          `json:"status"` // running: there is more to come of the step
	Cause    Cause           `json:"cause,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Error    *RecordedError  `json:"error,omitempty"`
	Inputs   json.RawMessage `json:"inputs,omitempty"`
	Value    json.RawMessage `json:"value,omitempty"`
	Same     bool            `json:"same,omitempty"` // a round whose value is that of the round before
	Vain     int             `json:"vain,omitempty"` // which round in a row it is that had no answer, from 1
	Source   string          `json:"source,omitempty"`
	Instead  string          `json:"instead,omitempty"`

	Decisions []Decision   `json:"decisions,omitempty"`
	Units     []unitRecord `json:"units,omitempty"`
	Outcomes  []ci.Outcome `json:"outcomes,omitempty"`
	Whats     []string     `json:"whats,omitempty"` // one line for each of the outcomes
	Of        []int        `json:"of,omitempty"`    // of a plan: which of the units each of the outcomes is of

	Next     time.Time `json:"next,omitzero"`     // when the next round is due
	Deadline time.Time `json:"deadline,omitzero"` // when the step times out, or the run has to have ended
	Yes      bool      `json:"yes,omitempty"`     // start, confirm: whether effects are done; approve: what the person said

	fact     any   // Value, decoded
	replayed bool  // it was there
	failure  error // what it failed by, here and now
}

// A RecordedError is a failure as the journal keeps it: errors.Is finds its kind again.
type RecordedError struct {
	Kind    string    `json:"kind,omitempty"` // a kind of package sources; empty where it is none
	Message string    `json:"message"`
	RetryAt time.Time `json:"retry_at,omitzero"`
}

// Error is the message.
func (e *RecordedError) Error() string { return e.Message }

// Unwrap gives the kind.
func (e *RecordedError) Unwrap() error { return sources.KindNamed(e.Kind) }

// Why a body's context ends.
var (
	errInterrupted = errors.New("the process is ending")
	errCancelled   = errors.New("cancelled by a person")
	errLost        = errors.New("another process has taken the run over")
	errStopped     = errors.New("stopped")
	errTimedOut    = errors.New("the step's timeout has passed")
	errRuntime     = errors.New("the run's limit of time has passed")
)

// ends fills in what has become of a record.
func (r *record) ends(status Status, cause Cause, reason string) {
	r.Status, r.Cause, r.Reason = status, cause, reason
}

// fails fills in an error.
func (r *record) fails(err error) {
	var ev *rules.EvalError
	r.failure, r.Error = err, &RecordedError{Message: err.Error()}
	if k := sources.KindOf(err); k != nil {
		r.Error.Kind = k.Error()
	}
	var se *sources.Error
	if errors.As(err, &se) {
		r.Error.RetryAt = se.RetryAt
	}
	if errors.As(err, &ev) {
		r.ends(Failed, ByExpression, evalMessage(ev))
		return
	}
	r.ends(Failed, BySource, err.Error())
}

func evalMessage(e *rules.EvalError) string {
	p, ok := placeIn(e.Origin, e.Line, e.Column)
	if !ok {
		return e.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, e.Message)
}

// stopped fills in why the context ended, where it has, and says so.
func (r *record) stopped(ctx context.Context) bool {
	if ctx.Err() == nil {
		return false
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errCancelled):
		r.ends(Cancelled, ByCancel, cause.Error())
	case errors.Is(cause, errRuntime):
		r.ends(Incomplete, ByLimit, cause.Error())
	case errors.Is(cause, errTimedOut):
		r.ends(Failed, ByTimeout, cause.Error())
	case errors.Is(cause, errStopped):
		r.ends(NotRun, ByEarlier, cause.Error())
	default:
		r.ends(Interrupted, ByInterrupt, cause.Error())
	}
	return true
}

// give sets the record's value. t is the type that it is written and read as.
func (r *record) give(t *schemas.Type, fact any) error {
	if t == nil {
		t = anything
	}
	fact, err := t.Conform(fact)
	if err != nil {
		return fmt.Errorf("%s: %w", r.Step, err)
	}
	if r.Value, err = t.Marshal(fact); err != nil {
		return fmt.Errorf("%s: %w", r.Step, err)
	}
	r.fact = fact
	return nil
}

var anything = &schemas.Type{Kind: schemas.Any, Nullable: true}

// A work is what a body does: it fills in its record.
type work func(ctx context.Context, r *record)

// body runs w as DBOS wants it: it returns the record as JSON, or waits for the process to end where the run was
// interrupted, so that nothing of a half-done body is recorded.
func (c *coordinator) body(dctx, sctx context.Context, r record, w work) (string, error) {
	if c.l.parted(sctx) {
		return c.park(dctx)
	}
	ctx, cancel := context.WithCancelCause(dctx)
	defer cancel(nil)
	defer context.AfterFunc(sctx, func() { cancel(context.Cause(sctx)) })()
	c.l.busy.Add(1)
	r.Began = c.now()
	c.protect(ctx, &r, w)
	r.Ended = c.now()
	c.l.busy.Add(-1)
	if r.Status == Interrupted && c.l.parted(sctx) {
		return c.park(dctx)
	}
	out, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("%s: writing the record: %w", r.Step, err)
	}
	return string(out), nil
}

func (c *coordinator) protect(ctx context.Context, r *record, w work) {
	defer func() {
		if p := recover(); p != nil {
			c.e.cfg.Logger.Error("a body panicked", "step", r.Step, "panic", p, "stack", string(debug.Stack()))
			r.ends(Failed, ByMachine, fmt.Sprintf("this is a bug of mozci-run: %v", p))
		}
	}()
	if r.stopped(ctx) {
		return
	}
	w(ctx, r)
	if r.Status == Failed && errors.Is(r.failure, context.Canceled) && r.stopped(ctx) {
		r.Error = nil // it was not the body that failed
	}
}

// park waits until the engine closes. What returns then is not recorded.
func (c *coordinator) park(dctx context.Context) (string, error) {
	<-dctx.Done()
	return "", dctx.Err()
}

// sleep waits until at, in the profile's time, and says whether the context has not ended before.
func (c *coordinator) sleep(ctx context.Context, at time.Time) bool {
	for ctx.Err() == nil {
		left := at.Sub(c.now())
		if left <= 0 {
			return true
		}
		if err := c.e.cfg.Clock.Sleep(ctx, left); err != nil {
			return false
		}
	}
	return false
}

// A pause between two looks at a row of the store: a moment of this machine's time, so that the store is not busy
// where the profile's clock is fast, and the rest in the profile's.
func (c *coordinator) pause(ctx context.Context) bool {
	t := time.NewTimer(20 * time.Millisecond)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
	}
	return c.e.cfg.Clock.Sleep(ctx, 230*time.Millisecond) == nil
}

func (c *coordinator) now() time.Time {
	return c.e.cfg.Clock.Now().UTC().Round(0).Truncate(time.Microsecond)
}

// short cuts a revision for people.
func short(revision string) string {
	if len(revision) == 40 && strings.Trim(revision, "0123456789abcdef") == "" {
		return revision[:12]
	}
	return revision
}
