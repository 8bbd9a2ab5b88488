package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/mozci/mozci-run/sources/ci"
)

// A Run is what the table of runs says of one.
type Run struct {
	ID        string    `json:"id"`
	Workflow  string    `json:"workflow"`
	File      string    `json:"file"`
	Profile   string    `json:"profile"`
	Origin    string    `json:"origin"` // what started it, for people; may be empty
	Apply     bool      `json:"apply"`  // whether it does effects
	Status    Status    `json:"status"` // interrupted where its process is gone
	Cause     Cause     `json:"cause,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Owner     string    `json:"owner,omitempty"` // the process that has it; empty where none has
	Alive     bool      `json:"alive"`           // whether that shows signs of life
	Attempt   int       `json:"attempt"`         // how many processes have had it
	Cancelled string    `json:"cancelled,omitempty"`
	Started   time.Time `json:"started"`        // in the profile's time
	Ended     time.Time `json:"ended,omitzero"` // zero where it has not
	Wall      time.Time `json:"wall"`           // when it was started, by this machine's clock

	Inputs json.RawMessage `json:"inputs"`
	Result Result          `json:"result"` // how it ended, as far as it has

	bundle, event string
	again         bool
}

// An UnknownRunError says that there is no such run, or more than one.
type UnknownRunError struct {
	Run  string
	Many []string // those that it could be
}

// Error says which, and how to see those that there are.
func (e *UnknownRunError) Error() string {
	if len(e.Many) > 0 {
		return fmt.Sprintf("%q could be any of %v: write more of it", e.Run, e.Many)
	}
	return fmt.Sprintf("there is no run %q: mozci-run runs list shows those that there are", e.Run)
}

// A StateError says that what was asked cannot be done with a run as it stands.
type StateError struct {
	Run string
	Why string // what the run does, as it goes on after its name
}

// Error says which run, and why.
func (e *StateError) Error() string { return "run " + e.Run + " " + e.Why }

const runColumns = `id, workflow, bundle, inputs, event, profile, started, apply, again, status, ended, owner, attempt, cancelled, started_at, ended_at, wall`

func (e *Engine) insertRun(ctx context.Context, l *live) error {
	bundle, err := json.Marshal(l.prog.Bundle)
	if err != nil {
		return fmt.Errorf("storing run %s: %w", l.id, err)
	}
	inputs, err := l.prog.InputType().Marshal(l.inputs)
	if err != nil {
		return fmt.Errorf("storing run %s: %w", l.id, err)
	}
	event := []byte("null")
	if l.event != nil {
		if event, err = eventType.Marshal(l.event); err != nil {
			return fmt.Errorf("storing run %s: %w", l.id, err)
		}
	}
	n, err := e.store.exec(ctx, e.store.db, `INSERT INTO mozci_runs (`+runColumns+`)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, '', ?11, 1, '', ?12, 0, ?13) ON CONFLICT (id) DO NOTHING`,
		l.id, l.prog.Name, string(bundle), string(inputs), string(event), e.cfg.Profile, l.cause, flag(l.apply), flag(l.again),
		string(Running), e.id, e.cfg.Clock.Now().UnixMicro(), e.wall())
	if err != nil {
		return fmt.Errorf("storing run %s: %w", l.id, err)
	}
	if n == 0 {
		return &ExistsError{Run: l.id}
	}
	return nil
}

// applies notes that a run does effects from now on, whoever resumes it.
func (e *Engine) applies(ctx context.Context, id string) error {
	if _, err := e.store.exec(ctx, e.store.db, `UPDATE mozci_runs SET apply = 1 WHERE id = ?1`, id); err != nil {
		return fmt.Errorf("storing that run %s is applied: %w", id, err)
	}
	return nil
}

// finishRun records how a run ended. It does nothing where the run was taken over.
func (e *Engine) finishRun(ctx context.Context, res Result, at time.Time) error {
	_, err := e.store.exec(ctx, e.store.db, `UPDATE mozci_runs SET status = ?1, ended = ?2, ended_at = ?3, owner = '' WHERE id = ?4 AND owner = ?5`,
		string(res.Status), res.write(), at.UnixMicro(), res.Run, e.id)
	if err != nil {
		return fmt.Errorf("storing how run %s ended: %w", res.Run, err)
	}
	return nil
}

func (e *Engine) runs(ctx context.Context, where string, args ...any) ([]Run, error) {
	var out []Run
	err := e.store.rows(ctx, e.store.db, func(r row) error {
		one, err := scanRun(r)
		out = append(out, one)
		return err
	}, `SELECT `+runColumns+` FROM mozci_runs WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading the runs: %w", err)
	}
	for i := range out {
		if err := e.vital(ctx, &out[i]); err != nil {
			return nil, fmt.Errorf("reading the runs: %w", err)
		}
	}
	return out, nil
}

func scanRun(r row) (Run, error) {
	var one Run
	var inputs, ended string
	var apply, again, startedAt, endedAt, wall int64
	err := r.Scan(&one.ID, &one.Workflow, &one.bundle, &inputs, &one.event, &one.Profile, &one.Origin, &apply, &again, (*string)(&one.Status), &ended,
		&one.Owner, &one.Attempt, &one.Cancelled, &startedAt, &endedAt, &wall)
	if err != nil {
		return one, err
	}
	one.Inputs, one.Apply, one.again = json.RawMessage(inputs), apply == 1, again == 1
	one.Started, one.Wall = time.UnixMicro(startedAt).UTC(), time.UnixMicro(wall).UTC()
	if endedAt > 0 {
		one.Ended = time.UnixMicro(endedAt).UTC()
	}
	if ended != "" {
		if err := json.Unmarshal([]byte(ended), &one.Result); err != nil {
			return one, fmt.Errorf("run %s: how it ended: %w", one.ID, err)
		}
	}
	one.Cause, one.Reason = one.Result.Cause, one.Result.Reason
	var b Bundle
	if err := json.Unmarshal([]byte(one.bundle), &b); err != nil {
		return one, fmt.Errorf("run %s: its definition: %w", one.ID, err)
	}
	one.File = b.Entry
	return one, nil
}

// vital says whether a run's process is alive; where it is not, the run is interrupted.
func (e *Engine) vital(ctx context.Context, r *Run) error {
	if r.Status != Running {
		return nil
	}
	_, _, alive, err := e.alive(ctx, e.store.db, r.Owner)
	r.Alive = alive
	if !alive {
		r.Status, r.Cause, r.Reason = Interrupted, ByInterrupt, "its process is gone"
	}
	return err
}

// find returns the run of that id, or of the only one that ends or begins so.
func (e *Engine) find(ctx context.Context, id string) (Run, error) {
	list, err := e.runs(ctx, `id = ?1`, id)
	if err != nil {
		return Run{}, err
	}
	if len(list) == 0 && len(id) >= 4 {
		list, err = e.runs(ctx, `substr(id, 1, length(?1)) = ?1 OR substr(id, length(id) - length(?1) + 1) = ?1 ORDER BY id`, id)
	}
	switch {
	case err != nil:
		return Run{}, err
	case len(list) == 1:
		return list[0], nil
	}
	many := &UnknownRunError{Run: id}
	for _, r := range list {
		many.Many = append(many.Many, r.ID)
	}
	return Run{}, many
}

// startedBy reads the event back that started a run.
func (r Run) startedBy() (*ci.Event, error) {
	if r.event == "" || r.event == "null" {
		return nil, nil
	}
	fact, err := eventType.Unmarshal([]byte(r.event))
	if err != nil {
		return nil, fmt.Errorf("run %s: its event: %w", r.ID, err)
	}
	var ev ci.Event
	return &ev, eventType.Bind(fact, &ev)
}
