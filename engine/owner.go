package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A LiveError says that a run belongs to a process that is alive: nobody else may touch it.
type LiveError struct {
	Run   string
	Owner string        // the executor's id
	Host  string        // on which machine, as its process said
	Ago   time.Duration // since its last sign of life
}

// Error says who has the run, and what to do.
func (e *LiveError) Error() string {
	return fmt.Sprintf("run %s belongs to a process that is alive (%s on %s, last seen %s ago): wait for it, or cancel it with mozci-run runs cancel %s",
		e.Run, e.Owner, e.Host, e.Ago.Round(100*time.Millisecond), e.Run)
}

// beat says that this process is alive. It is called before the first run, and then again and again.
func (e *Engine) beat(ctx context.Context) error {
	_, err := e.store.exec(ctx, e.store.db, `INSERT INTO mozci_executors (id, host, beat, started) VALUES (?1, ?2, ?3, ?3)
		ON CONFLICT (id) DO UPDATE SET beat = excluded.beat`, e.id, e.cfg.Host, e.wall())
	return err
}

// keepBeating beats until the engine closes.
func (e *Engine) keepBeating(ctx context.Context) {
	defer e.wg.Done()
	t := time.NewTicker(e.cfg.Beat)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if err := e.beat(ctx); err != nil && ctx.Err() == nil {
			e.cfg.Logger.Warn("the sign of life could not be written", "error", err)
		}
	}
}

// alive looks up an executor's last beat; it is alive where that has not lapsed.
func (e *Engine) alive(ctx context.Context, q querier, executor string) (beat int64, host string, alive bool, err error) {
	if executor == "" {
		return 0, "", false, nil
	}
	err = e.store.rows(ctx, q, func(r row) error { return r.Scan(&beat, &host) },
		`SELECT beat, host FROM mozci_executors WHERE id = ?1`, executor)
	return beat, host, err == nil && e.wall()-beat < e.cfg.Lapse.Microseconds(), err
}

// claim makes the run this process's, where it is nobody's, or its owner's beat has lapsed. Where the owner may yet be
// alive, it waits as long as a beat takes to lapse: a process that was killed a moment ago looks alive.
func (e *Engine) claim(ctx context.Context, r Run, l *live) error {
	first := int64(-1)
	for {
		var live *LiveError
		beat, err := e.claimNow(ctx, r)
		if !errors.As(err, &live) {
			return err
		}
		if live.Owner == e.id || first >= 0 && beat != first {
			return err
		}
		if first < 0 {
			first = beat
			e.emitter(l).emit(Event{Kind: Progress, Time: e.cfg.Clock.Now().UTC(),
				What: fmt.Sprintf("its process was last seen %s ago; waits until that is %s", live.Ago.Round(100*time.Millisecond), e.cfg.Lapse)})
		}
		t := time.NewTimer(e.cfg.Beat / 2)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

// claimNow makes a run this process's, where it still is as it was found: whoever resumes a run has not seen what came of it since.
func (e *Engine) claimNow(ctx context.Context, r Run) (beat int64, err error) {
	id := r.ID
	err = e.store.tx(ctx, func(q querier) error {
		owner, found, status, attempt := "", false, Status(""), 0
		if err := e.store.rows(ctx, q, func(r row) error { found = true; return r.Scan(&owner, (*string)(&status), &attempt) },
			`SELECT owner, status, attempt FROM mozci_runs WHERE id = ?1`, id); err != nil {
			return err
		}
		if !found {
			return &UnknownRunError{Run: id}
		}
		var host string
		var alive bool
		if beat, host, alive, err = e.alive(ctx, q, owner); err != nil {
			return err
		}
		if alive {
			return &LiveError{Run: id, Owner: owner, Host: host, Ago: time.Duration(e.wall()-beat) * time.Microsecond}
		}
		if attempt != r.Attempt || status != r.Status && (status.over() || r.Status.over()) {
			return &StateError{id, fmt.Sprintf("is not as it was a moment ago: it is %s now; see mozci-run runs show %s", status, id)}
		}
		_, err := e.store.exec(ctx, q, `UPDATE mozci_runs SET owner = ?1, attempt = attempt + 1, status = ?2, cancelled = '', ended = '' WHERE id = ?3`,
			e.id, string(Running), id)
		return err
	})
	return beat, err
}

// release gives a run back, so that another process may go on with it. It says false where it was no longer this one's to give.
func (e *Engine) release(ctx context.Context, id string, res Result) (bool, error) {
	n, err := e.store.exec(ctx, e.store.db, `UPDATE mozci_runs SET owner = '', status = ?1, ended = ?2 WHERE id = ?3 AND owner = ?4 AND status = ?5`,
		string(res.Status), res.write(), id, e.id, string(Running))
	return n == 1, err
}

// lose ends here what another process has taken over, and tells whoever waits for it.
func (e *Engine) lose(l *live) {
	l.end(errLost)
	res := lost(l.id)
	select {
	case l.result <- res:
		l.emit.emit(endEvent(e.cfg.Clock.Now(), res))
	default: // it has come to an end meanwhile
	}
}

// lost is what a run has come to in a process from which another has taken it.
func lost(id string) Result {
	return Result{Run: id, Status: Interrupted, Cause: ByInterrupt, Reason: errLost.Error(), Next: "mozci-run runs show " + id}
}

// watch looks after the runs that are going on here: their deadlines many times a second, what other processes have
// asked of them twice a second.
func (e *Engine) watch(ctx context.Context) {
	defer e.wg.Done()
	t := time.NewTicker(25 * time.Millisecond)
	defer t.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		now := e.cfg.Clock.Now()
		lives := e.lives()
		for _, l := range lives {
			l.expire(now)
		}
		if n%20 == 0 && len(lives) > 0 {
			e.heed(ctx, lives)
		}
	}
}

// heed hears of cancels, and of runs that another process has taken because this one looked dead.
func (e *Engine) heed(ctx context.Context, lives []*live) {
	for _, l := range lives {
		owner, cancelled := "", ""
		err := e.store.db.QueryRowContext(ctx, e.store.sql(`SELECT owner, cancelled FROM mozci_runs WHERE id = ?1`), l.id).Scan(&owner, &cancelled)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, sql.ErrNoRows) || err == nil && owner != e.id && owner != "":
			e.lose(l)
		case err == nil && cancelled != "":
			l.cancel(fmt.Errorf("%w: %s", errCancelled, cancelled))
		}
	}
}
