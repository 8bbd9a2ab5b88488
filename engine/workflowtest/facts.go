package workflowtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/schemas/yamldoc"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// facts is a source that answers from what a test gives, and remembers what it was asked to do.
type facts struct {
	cat    engine.Catalog
	now    time.Time
	phases []map[string]*yamldoc.Node // what is given, what it becomes, and so on
	down   []string                   // sources and queries that are unavailable

	mu       sync.Mutex
	phase    int
	polled   bool // whether this phase's history has been asked for past the cache
	requests int
	dead     bool // a killed process asks and does nothing more
	made     int
}

func newFacts(cat engine.Catalog, now time.Time, t *Test) *facts {
	f := &facts{cat: cat, now: now, phases: []map[string]*yamldoc.Node{t.Given}, down: t.Unavailable}
	if t.Becomes == nil {
		return f
	}
	later := []*yamldoc.Node{t.Becomes}
	if t.Becomes.Kind == yamldoc.List {
		later = t.Becomes.Items
	}
	for _, n := range later {
		phase := map[string]*yamldoc.Node{}
		for k, v := range t.Given {
			phase[k] = v
		}
		for _, e := range n.Entries {
			phase[e.Key.Value] = e.Value
		}
		f.phases = append(f.phases, phase)
	}
	return f
}

// Name is the source's name.
func (f *facts) Name() string { return "facts" }

// Queries are those of the real catalog, with its types.
func (f *facts) Queries() []sources.Query {
	var out []sources.Query
	for _, name := range f.cat.QueryNames() {
		q, from, _ := f.cat.Query(name)
		out = append(out, q.As(func(ctx context.Context, in any) (any, error) { return f.answer(ctx, q, from, in) }))
	}
	return out
}

func (f *facts) answer(ctx context.Context, q sources.Query, from []string, in any) (any, error) {
	f.mu.Lock()
	dead := f.dead
	f.requests++
	f.mu.Unlock()
	if dead {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	if slices.Contains(f.down, q.Name) || slices.ContainsFunc(from, func(s string) bool { return slices.Contains(f.down, s) }) {
		return nil, &sources.Error{Kind: sources.ErrUnavailable, Source: strings.Join(from, ", "), Doing: q.Name, Err: errors.New("the test makes it so")}
	}
	phase := f.step(q.Name, sources.IsFresh(ctx))
	if n := phase[q.Name]; n != nil {
		v := complete(q.Out, n.Any())
		if _, err := q.Out.Conform(v); err != nil {
			return nil, n.Problem("wrong-type", fmt.Sprintf("the answer to %s: %v", q.Name, err))
		}
		return v, nil
	}
	if phase["history"] != nil || phase["jobs.history"] != nil {
		if answer := fromHistory[q.Name]; answer != nil {
			return answer(f, phase, in)
		}
	}
	if q.Name == "tree.status" {
		return map[string]any{"branch": in.(map[string]any)["branch"], "state": string(ci.TreeOpen), "reason": ""}, nil
	}
	return nil, &sources.Error{Kind: sources.ErrNotFilled, Doing: q.Name, Err: errors.New("the test gives no answer to it"), Hint: "add it to given: {" + q.Name + ": …}"}
}

// step says which phase a question meets: each time that the history is asked for again past the cache, after the effects, the next one.
func (f *facts) step(query string, fresh bool) map[string]*yamldoc.Node {
	f.mu.Lock()
	defer f.mu.Unlock()
	if query == "jobs.history" && fresh && f.phase > 0 {
		if f.polled && f.phase < len(f.phases)-1 {
			f.phase++
		}
		f.polled = true
	}
	return f.phases[f.phase]
}

// acted tells the facts that a step with an effect has ended.
func (f *facts) acted() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.phase == 0 && len(f.phases) > 1 {
		f.phase = 1
	}
}

// fromHistory answers queries from a history.
var fromHistory = map[string]func(f *facts, phase map[string]*yamldoc.Node, in any) (any, error){
	"jobs.history":    (*facts).jobsHistory,
	"jobs.list":       (*facts).jobsList,
	"jobs.status":     (*facts).jobsStatus,
	"pushes.range":    (*facts).pushesRange,
	"pushes.find":     (*facts).pushesFind,
	"pushes.runnable": (*facts).pushesRunnable,
	"events.recent":   (*facts).eventsRecent,
}

func question[T any](in any) T {
	var q T
	if err := schemas.TypeOf[T]().Bind(in, &q); err != nil {
		panic(fmt.Sprintf("workflowtest: a question that its own type does not take: %v", err))
	}
	return q
}

func fact[T any](v T) any { return schemas.TypeOf[T]().Fact(v) }

// rows are a phase's history of a job type. An empty job takes the only history that there is, or those of all types.
func (f *facts) rows(phase map[string]*yamldoc.Node, branch, job string) ([]ci.Row, error) {
	n := phase["history"]
	if n.Kind == yamldoc.Map && n.Get("strip") == nil {
		if job == "" {
			return f.merged(n, branch)
		}
		if n = n.Get(job); n == nil {
			return nil, phase["history"].Problem("wrong-test", fmt.Sprintf("history says nothing of the job type %s", job))
		}
	}
	return f.oneHistory(n, branch, job)
}

func (f *facts) merged(n *yamldoc.Node, branch string) ([]ci.Row, error) {
	var all []ci.Row
	for _, e := range n.Entries {
		rows, err := f.oneHistory(e.Value, branch, e.Key.Value)
		if err != nil {
			return nil, err
		}
		for i, r := range rows {
			if i == len(all) {
				all = append(all, r)
			} else {
				all[i].Jobs = append(all[i].Jobs, r.Jobs...)
			}
		}
	}
	return all, nil
}

func (f *facts) oneHistory(n *yamldoc.Node, branch, job string) ([]ci.Row, error) {
	signs, over := n, (*yamldoc.Node)(nil)
	if n.Kind == yamldoc.Map {
		signs, over = n.Get("strip"), n.Get("rows")
	}
	if signs.Kind == yamldoc.List {
		return f.wholeRows(signs, branch)
	}
	rows, err := strip(signs.Value, branch, job, f.now)
	if err != nil {
		return nil, signs.Problem("wrong-test", err.Error())
	}
	if over == nil {
		return rows, nil
	}
	for _, e := range over.Entries {
		i := slices.IndexFunc(rows, func(r ci.Row) bool { return r.Push.Revision == e.Key.Value })
		if i < 0 {
			return nil, e.Key.Problem("wrong-test", fmt.Sprintf("the strip has no push %s: it goes from push0 to push%d", e.Key.Value, len(rows)-1))
		}
		v := complete(rowType, overlay(rowType.Fact(rows[i]), e.Value.Any()))
		if err := rowType.Bind(v, &rows[i]); err != nil {
			return nil, e.Value.Problem("wrong-type", err.Error())
		}
	}
	return rows, nil
}

func (f *facts) wholeRows(n *yamldoc.Node, branch string) ([]ci.Row, error) {
	var rows []ci.Row
	for i, item := range n.Items {
		base := rowType.Fact(ci.Row{Push: push(i, branch, f.now)})
		var row ci.Row
		if err := rowType.Bind(complete(rowType, overlay(base, item.Any())), &row); err != nil {
			return nil, item.Problem("wrong-type", err.Error())
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// from is where a revision stands in a history; 0 for none.
func from(rows []ci.Row, revision string) (int, error) {
	if revision == "" {
		return 0, nil
	}
	i := slices.IndexFunc(rows, func(r ci.Row) bool {
		return r.Push.Revision == revision || slices.ContainsFunc(r.Push.Changesets, func(c ci.Changeset) bool { return c.Revision == revision })
	})
	if i < 0 {
		return 0, &sources.Error{Kind: sources.ErrNotFound, Doing: "revision " + revision, Err: fmt.Errorf("the history has push0 to push%d", len(rows)-1)}
	}
	return i, nil
}

func (f *facts) jobsHistory(phase map[string]*yamldoc.Node, in any) (any, error) {
	q := question[ci.HistoryOf](in)
	rows, err := f.rows(phase, q.Branch, q.Job)
	if err != nil {
		return nil, err
	}
	i, err := from(rows, q.UpTo)
	if err != nil {
		return nil, err
	}
	return fact(rows[i:min(len(rows), i+q.Depth)]), nil
}

func (f *facts) pushesRange(phase map[string]*yamldoc.Node, in any) (any, error) {
	q := question[ci.PushRange](in)
	rows, err := f.rows(phase, q.Branch, "")
	if err != nil {
		return nil, err
	}
	i, err := from(rows, q.UpTo)
	if err != nil {
		return nil, err
	}
	end := len(rows)
	if q.After != "" {
		if end, err = from(rows, q.After); err != nil {
			return nil, err
		}
	}
	if q.Depth > 0 {
		end = min(end, i+q.Depth)
	}
	out := []ci.Push{}
	for ; i < end; i++ {
		out = append(out, rows[i].Push)
	}
	return fact(out), nil
}

func (f *facts) pushesFind(phase map[string]*yamldoc.Node, in any) (any, error) {
	q := question[ci.PushFind](in)
	rows, err := f.rows(phase, q.Branch, "")
	if err != nil {
		return nil, err
	}
	i, err := from(rows, q.Revision)
	if err != nil {
		return nil, err
	}
	return fact(rows[i].Push), nil
}

func (f *facts) pushesRunnable(phase map[string]*yamldoc.Node, in any) (any, error) {
	q := question[ci.RunnableOn](in)
	rows, err := f.rows(phase, q.Branch, "")
	if err != nil {
		return nil, err
	}
	out := []ci.Runnable{}
	for _, rev := range q.Revisions {
		i, err := from(rows, rev)
		if err != nil {
			return nil, err
		}
		r := ci.Runnable{Revision: rev, NotRunnable: rows[i].NotRunnable}
		if r.NotRunnable == nil {
			r.Decision = "decision-" + rev
		}
		out = append(out, r)
	}
	return fact(out), nil
}

func (f *facts) jobsList(phase map[string]*yamldoc.Node, in any) (any, error) {
	q := question[ci.JobsOn](in)
	rows, err := f.rows(phase, q.Branch, q.Job)
	if err != nil {
		return nil, err
	}
	out := []ci.Job{}
	for _, rev := range q.Revisions {
		i, err := from(rows, rev)
		if err != nil {
			return nil, err
		}
		for _, j := range rows[i].Jobs {
			if q.Job == "" || j.Type == q.Job {
				out = append(out, j)
			}
		}
	}
	return fact(out), nil
}

func (f *facts) jobsStatus(phase map[string]*yamldoc.Node, in any) (any, error) {
	q := question[ci.StatusOf](in)
	rows, err := f.rows(phase, q.Branch, "")
	if err != nil {
		return nil, err
	}
	out := []ci.Request{}
	for _, id := range q.Requests {
		r := ci.Request{ID: id, Branch: q.Branch, State: ci.Pending, Jobs: []ci.Job{}}
		for _, row := range rows {
			for _, j := range row.Jobs {
				if j.Request == id {
					r.Type, r.Revision, r.State = j.Type, j.Revision, j.State
					r.Jobs = append(r.Jobs, j)
				}
			}
		}
		out = append(out, r)
	}
	return fact(out), nil
}

func (f *facts) eventsRecent(phase map[string]*yamldoc.Node, in any) (any, error) {
	q := question[ci.EventsSince](in)
	rows, err := f.rows(phase, q.Branch, "")
	if err != nil {
		return nil, err
	}
	out := []ci.Event{}
	for _, row := range rows[:min(len(rows), q.Pushes)] {
		for _, j := range row.Jobs {
			if j.Result == ci.TestFailed || j.Result == ci.Busted {
				out = append(out, ci.Event{Kind: ci.JobEvent, Push: &row.Push, Job: &j, Backfill: j.Backfill})
			}
		}
	}
	return fact(out), nil
}
