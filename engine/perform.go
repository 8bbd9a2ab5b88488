package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A performance is one unit of an effect being done: at most once for each ordinal, whoever else is at it, and however
// often this process is killed.
type performance struct {
	*acting
	unit   unitRecord
	effect sources.Effect
	it     sources.Unit
	looked look
	left   int          // how many effects the run may still do
	asked  time.Time    // when the facts were asked on which the step decided
	own    []ci.Outcome // what this step has done of it, by the ledger
	told   bool         // that it waits for another run
}

// grace is how long a call that has begun may take when the process is told to end. It is shorter than the patience of
// an interrupt, so that the outcome is written before.
const grace = 900 * time.Millisecond

// perform does what is wanted of the unit. Each turn looks at the ledger anew: first come rows that are open, then
// one more call, until nothing is needed.
func (p *performance) perform(ctx context.Context, r *record) {
	if p.unit.never() {
		p.says(r, p.unit, p.unit.outcome(ci.Refused, p.unit.Refusal))
		r.ends(Succeeded, NoCause, "")
		return
	}
	e, _, ok := p.c.e.cfg.Registry.Effect(p.step.Uses)
	it, err := p.unit.unit()
	if err != nil || !ok {
		r.fails(errors.Join(err, fmt.Errorf("no source of this profile does %s", p.step.Uses)))
		return
	}
	p.effect, p.it = e, it
	for r.Status == "" {
		if r.stopped(ctx) {
			if entries, err := p.entries(context.WithoutCancel(ctx)); err == nil { // a call may have come to its end meanwhile
				p.own = p.done(entries)
			}
			p.report(r, p.own)
			return
		}
		if err := p.turn(ctx, r); err != nil {
			p.broke(ctx, r, err)
		}
	}
}

// broke ends the record with a failure of the ledger or of a source.
func (p *performance) broke(ctx context.Context, r *record, err error) {
	switch {
	case errors.Is(err, errLost):
		p.c.e.lose(p.c.l)
		r.ends(Interrupted, ByInterrupt, err.Error())
	case !r.stopped(ctx):
		r.fails(err)
		if sources.KindOf(err) == nil {
			r.Cause = ByMachine
		}
	}
}

// turn takes one step further.
func (p *performance) turn(ctx context.Context, r *record) error {
	entries, err := p.entries(ctx)
	if err != nil {
		return err
	}
	p.own = p.done(entries)
	for _, en := range entries {
		open, err := p.open(ctx, r, en)
		if open || err != nil {
			return err
		}
	}
	if p.unit.jobs() && p.c.now().Sub(p.looked.at) > staleLook {
		if p.looked, err = p.c.look(ctx, []unitRecord{p.unit}, true); err != nil {
			return err
		}
	}
	q := question{unit: p.unit, entries: entries, jobs: p.looked.of(p.unit), run: p.c.l.id, step: p.path, again: p.c.l.again,
		asked: p.asked, now: p.c.now()}
	a := q.answer()
	switch {
	case a.need == 0:
		p.report(r, a.other)
		r.ends(Succeeded, NoCause, "")
	case p.unit.Denied:
		p.report(r, a.other)
		p.says(r, p.unit, p.unit.outcome(ci.Refused, p.unit.Refusal))
		r.ends(Succeeded, NoCause, "")
	case len(p.own) >= p.left:
		p.report(r, a.other)
		p.says(r, p.unit, p.unit.outcome(ci.Refused, p.overLimit()))
		r.ends(Incomplete, ByLimit, p.overLimit())
	case p.moved():
		return &sources.Error{Kind: sources.ErrRefused, Source: p.c.e.cfg.Profile, Doing: p.step.Uses, Err: fmt.Errorf("this was planned for %s, and the profile acts on %s now",
			p.unit.Key.Base, p.effect.Terms().Base), Hint: "start the workflow anew"}
	default:
		if len(a.lost) > 0 {
			p.c.emit(Event{Kind: Progress, Time: p.c.now(), Step: r.Step, Uses: r.Uses, What: p.unit.What + a.losses()})
		}
		return p.reserveAndDo(ctx, r, a.next, q.why(a))
	}
	return nil
}

// moved says whether the profile acts on another service by now than the one for which the unit was planned: the one would be asked for what was found
// out about the other, and nobody would look for it there.
func (p *performance) moved() bool {
	base := p.effect.Terms().Base
	return base != "" && base != p.unit.Key.Base
}

// entries reads the unit's rows of the ledger.
func (p *performance) entries(ctx context.Context) ([]Entry, error) {
	return p.c.e.entries(ctx, p.c.e.store.db, `key = ?1`, p.unit.Key.String())
}

// done is what this step has done of the unit.
func (p *performance) done(entries []Entry) (own []ci.Outcome) {
	for _, en := range entries {
		if en.State == Done && en.Run == p.c.l.id && en.Step == p.path {
			own = append(own, ownOutcome(en))
		}
	}
	return own
}

func (p *performance) report(r *record, list []ci.Outcome) {
	for _, o := range list {
		p.says(r, p.unit, o)
	}
}

// open sees to a row of which it is not known what came of it. It says whether there was something to see to.
func (p *performance) open(ctx context.Context, r *record, en Entry) (bool, error) {
	mine := en.Run == p.c.l.id
	switch {
	case en.State == Uncertain && mine: // a person has resumed the run: look once more
	case en.State == Uncertain && p.c.l.again:
		return false, nil
	case en.State == Uncertain && !p.unit.jobs():
		p.uncertain(r, en, "run "+en.Run+" has asked for it, and it may or may not have arrived; look there, or say --again")
		return true, nil
	case en.State != Asking:
		return false, nil
	}
	attended, err := p.c.attended(ctx, en)
	if err != nil {
		return true, err
	}
	if attended {
		if !p.told {
			p.c.emit(Event{Kind: Progress, Time: p.c.now(), Step: r.Step, Uses: r.Uses, What: "waits for run " + en.Run + ", which is asking for " + p.unit.What})
		}
		p.told = true
		p.c.pause(ctx)
		return true, nil
	}
	asker, step := en.Run, en.Step
	ok, err := p.c.retake(ctx, en, p.path)
	if !ok || err != nil {
		return true, err
	}
	en.Run, en.Step, en.State, en.owner = p.c.l.id, p.path, Asking, p.c.e.id
	if !p.waitExpired(ctx, en) {
		return true, nil
	}
	return true, p.resolve(ctx, r, en, nil, asker, step)
}

// waitExpired waits until a call that a dead process began has certainly ended.
func (p *performance) waitExpired(ctx context.Context, en Entry) bool {
	for {
		left := time.Duration(en.expires-p.c.e.wall()) * time.Microsecond
		if left <= 0 {
			return true
		}
		t := time.NewTimer(min(left+time.Millisecond, 250*time.Millisecond))
		select {
		case <-ctx.Done():
			t.Stop()
			return false
		case <-t.C:
		}
	}
}

// reserveAndDo writes the row and makes the call.
func (p *performance) reserveAndDo(ctx context.Context, r *record, ordinal int, why string) error {
	en := Entry{Key: p.unit.Key, Ordinal: ordinal, Run: p.c.l.id, Step: p.path, State: Asking, Reason: why, jobs: p.unit.jobs(), tries: 1, owner: p.c.e.id}
	p.stamp(&en)
	ok, err := p.c.reserve(ctx, en, p.unit)
	if !ok || err != nil {
		return err // somebody else has the ordinal: the next turn sees whose it is
	}
	err = p.call(ctx, r, &en)
	if err == nil || errors.Is(err, errUnwritten) { // what came of it is known: there is nothing to look for
		return err
	}
	return p.resolve(ctx, r, en, err, en.Run, en.Step)
}

// stamp says when the call is made, and how long it counts.
func (p *performance) stamp(en *Entry) {
	t := p.effect.Terms()
	en.At = p.c.now()
	en.Until = en.At.Add(t.Lease)
	en.expires = p.c.e.wall() + p.deadline().Microseconds()
}

// deadline is how long one call may take, in this machine's time.
func (p *performance) deadline() time.Duration {
	d := p.effect.Terms().Deadline
	if d <= 0 {
		d = time.Minute
	}
	if most := p.c.e.cfg.Call; most > 0 {
		return min(d, most)
	}
	return d
}

// call makes the call, once, and writes down what came of it. The error is for a call of which that is not known; it is errUnwritten
// where it is known, and could not be written down: the row stays open, and whoever resumes the run looks.
// A process that is told to end lets it finish for a moment.
func (p *performance) call(ctx context.Context, r *record, en *Entry) error {
	left := time.Duration(en.expires-p.c.e.wall())*time.Microsecond - time.Millisecond // what it took to write the row is gone, and the timer starts later
	calling, stop := context.WithTimeout(context.WithoutCancel(ctx), left)
	defer stop()
	defer context.AfterFunc(ctx, func() {
		if p.c.l.parted(ctx) {
			t := time.AfterFunc(grace, stop)
			context.AfterFunc(calling, func() { t.Stop() })
		}
	})()
	receipt, err := p.effect.Do(calling, p.it, en.Ordinal)
	switch {
	case err == nil:
		return p.took(en, receipt)
	case errors.Is(err, sources.ErrRefused), errors.Is(err, sources.ErrUnauthorised), errors.Is(err, sources.ErrNotFound):
		return p.refused(r, en, err)
	}
	return err
}

// took writes down that the service took it. The next turn reads it from the ledger.
func (p *performance) took(en *Entry, receipt sources.Receipt) error {
	en.State, en.Request, en.Link = Done, receipt.Request, receipt.Link
	if receipt.Already {
		en.Reason += "; the service says that it had been asked for before"
	}
	return p.c.mark(context.Background(), *en)
}

// refused writes down that certainly nothing has happened. Without credentials nothing further would either.
func (p *performance) refused(r *record, en *Entry, err error) error {
	en.State, en.Reason = Void, err.Error()
	if merr := p.c.mark(context.Background(), *en); merr != nil {
		return merr
	}
	p.report(r, p.own)
	o := p.unit.outcome(ci.Refused, err.Error())
	o.Ordinal = en.Ordinal
	p.says(r, p.unit, o)
	if errors.Is(err, sources.ErrUnauthorised) {
		r.fails(err)
		return nil
	}
	r.ends(Succeeded, NoCause, "")
	return nil
}

// resolve finds out whether a call has arrived of which that is not known: found, then that is the outcome; certainly
// absent, then one more call; otherwise it is uncertain, is not repeated, and a person is told. failed is how the call
// of this pass ended; nil where an earlier pass, or another process, made it. asker is whose call it was.
func (p *performance) resolve(ctx context.Context, r *record, en Entry, failed error, asker, step string) error {
	p.c.emit(Event{Kind: Progress, Time: p.c.now(), Step: r.Step, Uses: r.Uses, What: "looks whether " + p.unit.What + " has arrived"})
	terms := p.effect.Terms()
	ended := en.At.Add(p.deadline()) // at the latest
	if failed != nil {
		ended = p.c.now()
	}
	at := ended.Add(terms.Settling)
	var se *sources.Error
	if errors.As(failed, &se) && se.RetryAt.After(at) {
		at = se.RetryAt
	}
	if !p.c.sleep(ctx, at) {
		return nil // the row stays open; whoever resumes the run looks
	}
	f, err := p.find(ctx, en)
	switch {
	case ctx.Err() != nil:
		return nil
	case err == nil && f.Presence == sources.Found:
		en.Run, en.Step = asker, step
		return p.took(&en, f.Receipt)
	case err == nil && f.Presence == sources.Absent && terms.Conclusive:
		return p.once(ctx, r, en, failed)
	}
	reason := "it is not known whether it has arrived, so it is not asked for again: look at the service, then resume the run or say --again"
	if failed = errors.Join(failed, err); failed != nil {
		reason += ": " + failed.Error()
	}
	en.State, en.Reason, en.expires = Uncertain, reason, p.c.e.wall() // no call is under way any more
	if err := p.c.mark(ctx, en); err != nil {
		return err
	}
	p.uncertain(r, en, reason)
	return nil
}

// once makes the call once more, after an earlier one that is certainly absent.
func (p *performance) once(ctx context.Context, r *record, en Entry, failed error) error {
	if failed != nil && en.tries > 1 { // this pass has tried twice
		en.State, en.Reason = Void, failed.Error()
		if err := p.c.mark(ctx, en); err != nil {
			return err
		}
		return failed
	}
	p.stamp(&en)
	en.tries++
	if failed == nil {
		en.tries = 1
	}
	if ok, err := p.c.restamp(ctx, en); !ok || err != nil {
		return err // the next turn sees whose it is
	}
	err := p.call(ctx, r, &en)
	if err == nil || errors.Is(err, errUnwritten) {
		return err
	}
	en.tries = 2
	return p.resolve(ctx, r, en, err, en.Run, en.Step)
}

// find asks whether the call has arrived, three times where the service does not answer.
func (p *performance) find(ctx context.Context, en Entry) (sources.Finding, error) {
	for try := 1; ; try++ {
		f, err := p.effect.Find(ctx, p.it, en.Ordinal, en.At)
		if err == nil || try == 3 || !p.c.sleep(ctx, p.c.now().Add(time.Duration(try)*2*time.Second)) {
			return f, err
		}
	}
}

func (p *performance) uncertain(r *record, en Entry, reason string) {
	p.report(r, p.own)
	p.says(r, p.unit, outcomeOf(en, ci.Uncertain, reason))
	r.ends(Incomplete, ByUncertain, p.unit.What+": "+reason)
}
