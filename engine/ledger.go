package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mozci/mozci-run/sources"
)

// An Entry is a row of the ledger of effects: one action on the world, named by its key and ordinal for ever.
type Entry struct {
	Key     sources.Key `json:"key"`
	Ordinal int         `json:"ordinal"` // from 1
	Run     string      `json:"run"`     // which asked for it
	Step    string      `json:"step"`    // of that run
	State   EntryState  `json:"state"`
	At      time.Time   `json:"at"`      // when it was asked for, in the profile's time
	Until   time.Time   `json:"until"`   // when it is given up as lost, unless its job was seen
	Request string      `json:"request"` // the service's id of it; empty where it gave none
	Link    string      `json:"link"`
	Reason  string      `json:"reason"` // why it was asked for; why it is void or uncertain

	owner   string // the executor that is at it, or was
	expires int64  // in this machine's time: when the call has certainly ended
	jobs    bool   // whether it makes a job that can be seen
	tries   int
}

// An EntryState says how far an effect has come.
type EntryState string

// The states.
const (
	Asking    EntryState = "asking"    // the call was about to be made; whether it was is known to its owner only
	Done      EntryState = "done"      // it was made, and the service took it
	Void      EntryState = "void"      // certainly nothing happened: the ordinal is free
	Uncertain EntryState = "uncertain" // it may or may not have arrived
)

const entryColumns = `key, ordinal, run, step, owner, state, effect, branch, revision, job, jobs, base, at, until, expires, tries, request, link, reason`

func scanEntry(r row) (Entry, error) {
	var e Entry
	var key string
	var jobs, at, until int64
	err := r.Scan(&key, &e.Ordinal, &e.Run, &e.Step, &e.owner, (*string)(&e.State), &e.Key.Effect, &e.Key.Branch, &e.Key.Revision,
		&e.Key.Job, &jobs, &e.Key.Base, &at, &until, &e.expires, &e.tries, &e.Request, &e.Link, &e.Reason)
	e.jobs, e.At, e.Until = jobs == 1, time.UnixMicro(at).UTC(), time.UnixMicro(until).UTC()
	return e, err
}

// entries reads rows of the ledger, by key and ordinal.
func (e *Engine) entries(ctx context.Context, q querier, where string, args ...any) ([]Entry, error) {
	var out []Entry
	err := e.store.rows(ctx, q, func(r row) error {
		en, err := scanEntry(r)
		out = append(out, en)
		return err
	}, `SELECT `+entryColumns+` FROM mozci_ledger WHERE `+where+` ORDER BY key, ordinal`, args...)
	if err != nil {
		return nil, fmt.Errorf("reading the ledger: %w", err)
	}
	return out, nil
}

// Asked lists what runs of this profile have asked for, of the services on which it acts now: the engine is the ledger that
// derived queries read. An empty branch or job is any.
func (e *Engine) Asked(ctx context.Context, branch, job string) ([]sources.Asked, error) {
	list, err := e.entries(ctx, e.store.db, `(?1 = '' OR branch = ?1) AND (?2 = '' OR job = ?2) AND jobs = 1 AND state <> ?3
		AND run IN (SELECT id FROM mozci_runs WHERE profile = ?4)`, branch, job, string(Void), e.cfg.Profile)
	if err != nil {
		return nil, err
	}
	out := make([]sources.Asked, 0, len(list))
	for _, en := range list {
		if !e.actsOn(en.Key) {
			continue // the profile's name stood for another deployment then
		}
		out = append(out, sources.Asked{Key: en.Key, Ordinal: en.Ordinal, Request: en.Request, At: en.At, Until: en.Until, Run: en.Run})
	}
	sortAsked(out)
	return out, nil
}

// actsOn says whether a key is of a service on which the profile acts.
func (e *Engine) actsOn(k sources.Key) bool {
	it, _, ok := e.cfg.Registry.Effect(k.Effect)
	return ok && (it.Terms().Base == "" || it.Terms().Base == k.Base)
}

var _ sources.Ledger = (*Engine)(nil)

// reserve writes down that a call is about to be made, in a transaction of its own. It says false where somebody else
// has that ordinal. The error is errLost where the run is no longer this process's.
func (c *coordinator) reserve(ctx context.Context, en Entry, u unitRecord) (bool, error) {
	unit, err := json.Marshal(u)
	if err != nil {
		return false, fmt.Errorf("writing the ledger: %w", err)
	}
	n := int64(0)
	err = c.e.store.tx(ctx, func(q querier) error {
		if err := c.owned(ctx, q); err != nil {
			return err
		}
		n, err = c.e.store.exec(ctx, q, `INSERT INTO mozci_ledger (`+entryColumns+`, unit)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 1, '', '', ?16, ?17)
			ON CONFLICT (key, ordinal) DO UPDATE SET run = excluded.run, step = excluded.step, owner = excluded.owner, state = excluded.state,
				jobs = excluded.jobs, at = excluded.at, until = excluded.until, expires = excluded.expires, tries = 1,
				request = '', link = '', reason = excluded.reason, unit = excluded.unit
			WHERE mozci_ledger.state = '`+string(Void)+`'`,
			en.Key.String(), en.Ordinal, c.l.id, en.Step, c.e.id, string(Asking), en.Key.Effect, en.Key.Branch, en.Key.Revision, en.Key.Job,
			flag(en.jobs), en.Key.Base, en.At.UnixMicro(), en.Until.UnixMicro(), en.expires, en.Reason, string(unit))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("%w: %w", errUnwritten, err)
	}
	return n == 1, nil
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// owned fails with errLost where another process has taken the run over, because this one looked dead.
func (c *coordinator) owned(ctx context.Context, q querier) error {
	owner := ""
	err := c.e.store.rows(ctx, q, func(r row) error { return r.Scan(&owner) }, `SELECT owner FROM mozci_runs WHERE id = ?1`, c.l.id)
	if err == nil && owner != c.e.id {
		return errLost
	}
	return err
}

// retake makes another's row this run's to settle, where it is as it was seen. It says false where it is not.
func (c *coordinator) retake(ctx context.Context, en Entry, step string) (bool, error) {
	n := int64(0)
	err := c.e.store.tx(ctx, func(q querier) (err error) {
		if err := c.owned(ctx, q); err != nil {
			return err
		}
		n, err = c.e.store.exec(ctx, q, `UPDATE mozci_ledger SET owner = ?1, run = ?2, step = ?3, state = ?4 WHERE key = ?5 AND ordinal = ?6 AND owner = ?7 AND run = ?8 AND state = ?9`,
			c.e.id, c.l.id, step, string(Asking), en.Key.String(), en.Ordinal, en.owner, en.Run, string(en.State))
		return err
	})
	return n == 1, err
}

// errUnwritten is of a ledger that could not be told what became of a call. What is known here is then known to nobody else.
var errUnwritten = errors.New("writing the ledger")

// mark writes what became of a row. It is written even where the run is being stopped: what happened, happened.
func (c *coordinator) mark(ctx context.Context, en Entry) error {
	if _, err := c.write(context.WithoutCancel(ctx), c.e.store.db, en); err != nil {
		return fmt.Errorf("%w: %w", errUnwritten, err)
	}
	return nil
}

// restamp writes down that a call is about to be made once more. It says false where somebody else has taken the row: then it is
// theirs to call. The error is errLost where the run is no longer this process's.
func (c *coordinator) restamp(ctx context.Context, en Entry) (bool, error) {
	n := int64(0)
	err := c.e.store.tx(ctx, func(q querier) (err error) {
		if err := c.owned(ctx, q); err != nil {
			return err
		}
		n, err = c.write(ctx, q, en)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("%w: %w", errUnwritten, err)
	}
	return n == 1, nil
}

// write changes a row that is this process's, and returns how many there were.
func (c *coordinator) write(ctx context.Context, q querier, en Entry) (int64, error) {
	return c.e.store.exec(ctx, q, `UPDATE mozci_ledger SET run = ?1, step = ?2, state = ?3, at = ?4, until = ?5, expires = ?6, tries = ?7,
			request = ?8, link = ?9, reason = ?10 WHERE key = ?11 AND ordinal = ?12 AND owner = ?13`,
		en.Run, en.Step, string(en.State), en.At.UnixMicro(), en.Until.UnixMicro(), en.expires, en.tries,
		en.Request, en.Link, en.Reason, en.Key.String(), en.Ordinal, c.e.id)
}

// attended says whether a row is being seen to by a process that is alive.
func (c *coordinator) attended(ctx context.Context, en Entry) (bool, error) {
	if en.State != Asking || en.Run == c.l.id {
		return false, nil
	}
	owner := ""
	err := c.e.store.rows(ctx, c.e.store.db, func(r row) error { return r.Scan(&owner) }, `SELECT owner FROM mozci_runs WHERE id = ?1`, en.Run)
	if err != nil || owner != en.owner {
		return false, err
	}
	_, _, alive, err := c.e.alive(ctx, c.e.store.db, owner)
	return alive, err
}
