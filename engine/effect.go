package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A unitRecord is a unit as the journal keeps it.
type unitRecord struct {
	Item      int             `json:"item"` // of the foreach that it is of; 0 where there is none
	Key       sources.Key     `json:"key"`
	Want      int             `json:"want"`
	More      int             `json:"more"`
	Count     bool            `json:"count"`
	Manifests []string        `json:"manifests,omitempty"` // the manifests of which evidence is wanted
	In        json.RawMessage `json:"in"`
	What      string          `json:"what"`
	Refusal   string          `json:"refusal"`
	Denied    bool            `json:"denied,omitempty"`
}

// jobs says whether the unit makes jobs that can be seen.
func (u unitRecord) jobs() bool { return u.Count || u.More > 0 }

// never says whether the unit is not to be done by anybody. One that is only denied to us may be there already.
func (u unitRecord) never() bool { return u.Refusal != "" && !u.Denied }

func (u unitRecord) unit() (sources.Unit, error) {
	in, err := schemas.DecodeJSON(u.In)
	if err != nil {
		return sources.Unit{}, fmt.Errorf("%s: reading its record: %w", u.What, err)
	}
	return sources.Unit{Key: u.Key, Want: u.Want, More: u.More, Count: u.Count, Manifests: u.Manifests, In: in, What: u.What, Refusal: u.Refusal, Denied: u.Denied}, nil
}

func (u unitRecord) outcome(s ci.OutcomeStatus, reason string) ci.Outcome {
	return ci.Outcome{Status: s, Effect: u.Key.Effect, Branch: u.Key.Branch, Revision: u.Key.Revision, Job: u.Key.Job, Reason: reason}
}

// An acting is a step with an effect, going on: its units are worked out, then planned or done one by one, then put
// together.
type acting struct {
	*execution
	vars     map[string]any
	items    []any // of its foreach; one nil where there is none
	units    []unitRecord
	outcomes [][]ci.Outcome // by unit
	inputs   json.RawMessage
	looked   look // at the jobs that there are
	worst    *verdict
}

// A look is the jobs that were there at a time, by what they are of. It is not recorded.
type look struct {
	at   time.Time
	jobs map[jobsOf][]ci.Job
}

type jobsOf struct{ branch, job, revision string }

// staleLook is after how long the jobs are looked at again before one more is asked for.
const staleLook = 20 * time.Second

func (x *execution) beginEffect() {
	a := &acting{execution: x, vars: maps.Clone(x.vars), items: []any{nil}}
	apply, tips, left, asked := x.c.apply, x.c.tips, x.c.left(), x.c.asked
	var lk look
	x.launch(record{Stage: "units"}, func(ctx context.Context, r *record) {
		lk = a.prepare(ctx, r, tips, apply)
		if r.Status != Running || apply {
			return
		}
		a.foresee(ctx, r, lk, left, asked)
		r.Yes = planned(r.Outcomes)
	}, func(r *record) {
		if r.Status != Running {
			r.Value = nil
			x.finish(r)
			return
		}
		if x.step.Each != nil {
			var ok bool
			if a.items, ok = x.items(r); !ok {
				return
			}
		}
		if !r.replayed {
			a.looked = lk
		}
		if x.step.Each == nil {
			a.inputs = r.Inputs
		}
		a.units, a.outcomes = r.Units, make([][]ci.Outcome, len(r.Units))
		a.decide(r, apply)
	})
}

// left is how many effects the run may still do.
func (c *coordinator) left() int { return c.prog.Limits.Effects + c.l.granted - c.spent }

// prepare is the body that works out what a step's units are, and looks which jobs there are.
func (a *acting) prepare(ctx context.Context, r *record, tips map[tip]bool, fresh bool) look {
	if !a.condition(ctx, r, a.vars) {
		return look{}
	}
	items := []any{nil}
	if a.step.Each != nil {
		a.list(ctx, r, a.vars)
		if r.Status != Running {
			return look{}
		}
		items, _ = r.fact.([]any)
	}
	e, _, _ := a.c.e.cfg.Registry.Effect(a.step.Uses)
	for i, item := range items {
		vars := a.vars
		if a.step.Each != nil {
			vars = with(vars, a.step.Each.As, item)
		}
		in, ok := a.given(ctx, r, vars)
		if !ok {
			return look{}
		}
		if err := a.split(ctx, r, e, i, in, tips); err != nil {
			if !r.stopped(ctx) {
				r.fails(err)
			}
			return look{}
		}
	}
	lk, err := a.c.look(ctx, r.Units, fresh)
	if err != nil {
		if !r.stopped(ctx) {
			r.fails(err)
		}
		return look{}
	}
	r.ends(Running, NoCause, "")
	return lk
}

// split asks the effect for the units of one input. A key is one unit, however often it comes.
func (a *acting) split(ctx context.Context, r *record, e sources.Effect, item int, in any, tips map[tip]bool) error {
	in, lacking, err := a.c.toTips(ctx, in, tips)
	if err != nil {
		return err
	}
	units, err := e.Units(ctx, in)
	if err != nil {
		return err
	}
	for _, u := range units {
		if u.PerStep {
			u.Key.Job += " (run " + a.c.l.id + ", step " + a.path + ")"
		}
		if slices.ContainsFunc(r.Units, func(o unitRecord) bool { return o.Key == u.Key }) {
			continue
		}
		raw, err := anything.Marshal(u.In)
		if err != nil {
			return fmt.Errorf("%s: %w", u.What, err)
		}
		r.Units = append(r.Units, unitRecord{Item: item, Key: u.Key, Want: u.Want, More: u.More, Count: u.Count, Manifests: u.Manifests, In: raw, What: u.What, Refusal: u.Refusal, Denied: u.Denied})
	}
	m, _ := in.(map[string]any)
	branch, _ := m["branch"].(string)
	job, _ := m["job"].(string)
	for _, l := range lacking {
		r.Units = append(r.Units, unitRecord{Item: item, Key: sources.Key{Effect: e.Name, Branch: branch, Revision: l.revision, Job: job},
			In: json.RawMessage("null"), What: job + " on " + short(l.revision), Refusal: "there is no such push: " + l.reason})
	}
	return nil
}

// look asks which jobs there are for the units that count them: past every cache where effects are done.
func (c *coordinator) look(ctx context.Context, units []unitRecord, fresh bool) (look, error) {
	if fresh {
		ctx = sources.Fresh(ctx)
	}
	lk := look{at: c.now(), jobs: map[jobsOf][]ci.Job{}}
	for i, u := range units {
		if !u.jobs() || u.never() || slices.ContainsFunc(units[:i], u.together) {
			continue
		}
		q := ci.JobsOn{Branch: u.Key.Branch, Job: u.Key.Job}
		for _, o := range units[i:] {
			if u.together(o) {
				q.Revisions, q.Groups = append(q.Revisions, o.Key.Revision), q.Groups || len(o.Manifests) > 0
			}
		}
		jobs, err := sources.Ask[[]ci.Job](ctx, c.e.cfg.Registry, "jobs.list", q)
		if err != nil && sources.KindOf(err) != sources.ErrNotFilled {
			return look{}, fmt.Errorf("looking which jobs there are: %w", err)
		}
		for _, j := range jobs {
			k := jobsOf{u.Key.Branch, u.Key.Job, j.Revision}
			lk.jobs[k] = append(lk.jobs[k], j)
		}
	}
	return lk, nil
}

// together says whether two units' jobs are learnt by one question.
func (u unitRecord) together(o unitRecord) bool {
	return o.jobs() && !o.never() && o.Key.Branch == u.Key.Branch && o.Key.Job == u.Key.Job
}

func (lk look) of(u unitRecord) []ci.Job {
	return lk.jobs[jobsOf{u.Key.Branch, u.Key.Job, u.Key.Revision}]
}

// foresee fills in what would be done, what is there already, and what would be refused.
func (a *acting) foresee(ctx context.Context, r *record, lk look, left int, asked time.Time) {
	says := func(k int, o ci.Outcome) {
		r.Of = append(r.Of, k)
		a.says(r, r.Units[k], o)
	}
	for k, u := range r.Units {
		if u.never() {
			says(k, u.outcome(ci.Refused, u.Refusal))
			continue
		}
		entries, err := a.c.e.entries(ctx, a.c.e.store.db, `key = ?1`, u.Key.String())
		if err != nil {
			r.fails(err)
			return
		}
		q := question{unit: u, entries: entries, jobs: lk.of(u), run: a.c.l.id, step: a.path, again: a.c.l.again, asked: asked, now: a.c.now()}
		ans := q.answer()
		for _, o := range ans.other {
			says(k, o)
		}
		if ans.need > 0 && u.Denied {
			says(k, u.outcome(ci.Refused, u.Refusal))
			continue
		}
		for n := range ans.need {
			o := u.outcome(ci.Planned, "known after apply")
			o.Ordinal, o.Reason = ans.next+n, q.why(ans)
			if left--; left < 0 {
				o = u.outcome(ci.Refused, a.overLimit())
			}
			says(k, o)
		}
	}
}

// why says why one more is wanted.
func (q question) why(a answer) string {
	switch {
	case q.unit.More > 0:
		return fmt.Sprintf("%d more wanted", q.unit.More)
	case q.again:
		return "wanted again"
	case q.unit.Count && a.have > 0:
		return fmt.Sprintf("only %d of %d there or on the way%s", a.have, q.unit.Want, a.losses())
	case q.unit.Count:
		return "none there yet, and none on the way" + a.losses()
	}
	return "not done before"
}

// losses says which earlier requests were lost.
func (a answer) losses() string {
	s := ""
	for _, en := range a.lost {
		s += fmt.Sprintf("; what run %s asked for at %s was lost: its job was never seen", en.Run, en.At.Format(time.RFC3339))
	}
	return s
}

func (a *acting) overLimit() string {
	if a.c.prog.Limits.Effects == 1 {
		return "the limit of 1 effect for a run is reached"
	}
	return fmt.Sprintf("the limit of %d effects for a run is reached", a.c.prog.Limits.Effects)
}

// says adds an outcome to the record, and tells it.
func (a *acting) says(r *record, u unitRecord, o ci.Outcome) {
	r.Outcomes = append(r.Outcomes, o)
	r.Whats = append(r.Whats, u.What)
	ev := effectEvent(r, len(r.Outcomes)-1, false)
	ev.Time = a.c.now()
	a.c.emit(ev)
}

// decide goes on to do the units, to ask whether to do them, or to leave it at the plan.
func (a *acting) decide(r *record, apply bool) {
	if apply {
		a.do(0)
		return
	}
	for i, k := range r.Of {
		a.outcomes[k] = append(a.outcomes[k], r.Outcomes[i])
	}
	if !r.Yes { // nothing would be done: the step is what it would be
		if slices.ContainsFunc(r.Outcomes, func(o ci.Outcome) bool { return o.Status == ci.Refused && o.Reason == a.overLimit() }) {
			a.worst = &verdict{status: Incomplete, cause: ByLimit, reason: a.overLimit()}
		}
		a.end()
		return
	}
	e, _, _ := a.c.e.cfg.Registry.Effect(a.step.Uses)
	part := PlannedEffect{Step: a.path, Effect: a.step.Uses, Irreversible: e.Terms().Irreversible, Outcomes: r.Outcomes, Whats: r.Whats}
	a.propose(part, func() {
		a.outcomes = make([][]ci.Outcome, len(a.units))
		a.do(0)
	}, func() {
		a.worst = &verdict{status: Planned, cause: ByPlan, reason: fmt.Sprintf("planned: %d to do", part.count())}
		a.end()
	})
}

// do does the units from the k-th on, one by one.
func (a *acting) do(k int) {
	if k == len(a.units) || a.worst != nil {
		a.end()
		return
	}
	c, lk, left, asked := a.c, a.looked, a.c.left(), a.c.asked
	a.launch(record{Stage: "unit", Round: k + 1}, func(ctx context.Context, r *record) {
		p := &performance{acting: a, unit: a.units[k], looked: lk, left: left, asked: asked}
		p.perform(ctx, r)
	}, func(r *record) {
		a.outcomes[k] = r.Outcomes
		for _, o := range r.Outcomes {
			if o.Status == ci.Done || o.Status == ci.Uncertain {
				c.spent++
			}
		}
		if r.Status != Succeeded {
			a.worst = &verdict{status: r.Status, cause: r.Cause, reason: r.Reason, err: r.Error}
		}
		a.do(k + 1)
	})
}

// end puts the outcomes together. Units that were not come to are refused, with the reason.
func (a *acting) end() {
	worst, applied := a.worst, a.c.apply
	a.launch(record{Stage: "end"}, func(ctx context.Context, r *record) {
		r.Inputs = a.inputs
		for k, u := range a.units {
			if a.outcomes[k] != nil || worst == nil {
				continue
			}
			o := u.outcome(ci.Refused, "not come to: "+worst.reason)
			a.outcomes[k] = []ci.Outcome{o}
			a.says(r, u, o)
		}
		v := a.result()
		if worst == nil {
			worst = a.barred(applied)
		}
		if worst == nil {
			a.conclude(ctx, r, a.vars, v)
			return
		}
		if err := r.give(a.step.Type, v); err != nil {
			r.fails(err)
			return
		}
		r.Error = worst.err
		r.ends(worst.status, worst.cause, worst.reason)
	}, a.finish)
}

// barred says why the step has failed: it was to do something for which the credentials do not suffice, or all that was tried was
// refused by the service.
func (a *acting) barred(applied bool) *verdict {
	failed := func(kind error, reason string) *verdict {
		return &verdict{status: Failed, cause: BySource, reason: reason, err: &RecordedError{Kind: kind.Error(), Message: reason}}
	}
	for k, u := range a.units {
		if applied && u.Denied && slices.ContainsFunc(a.outcomes[k], func(o ci.Outcome) bool { return o.Status == ci.Refused }) {
			return failed(sources.ErrUnauthorised, u.What+": "+u.Refusal)
		}
	}
	reason := ""
	for k, u := range a.units {
		for _, o := range a.outcomes[k] {
			if o.Status != ci.Refused {
				return nil
			}
			if u.Refusal == "" {
				reason = o.Reason
			}
		}
	}
	if reason == "" {
		return nil
	}
	return failed(sources.ErrRefused, reason)
}

var outcomeType = schemas.TypeOf[[]ci.Outcome]()

// result is the step's value: a list of outcomes, or with a foreach a list of {item, result}.
func (a *acting) result() any {
	lists := make([][]ci.Outcome, len(a.items))
	for k, u := range a.units {
		lists[u.Item] = append(lists[u.Item], a.outcomes[k]...)
	}
	if a.step.Each == nil {
		return outcomeType.Fact(lists[0])
	}
	out := make([]any, len(a.items))
	for i := range a.items {
		out[i] = map[string]any{"item": a.items[i], "result": outcomeType.Fact(lists[i])}
	}
	return out
}
