package sim

import (
	"container/heap"
	"encoding/json"
	"sort"
	"time"
)

// A timeline is all that will ever happen, given the writes accepted so far: an event simulation that is run to its end
// each time a write has been accepted. It is causal: a write at one instant changes nothing that was visible before it.
// A timeline does not change once run has returned.
type timeline struct {
	w        *world
	now      time.Time // of the event being handled
	events   events
	seq      int
	tasks    map[string]*task
	order    []*task // by creation
	on       map[*push][]*task
	labels   map[place]*task // the newest task of a label on a push
	count    map[place]int
	pools    map[string]*pool
	asked    []Trigger
	fires    map[string][]fire // by hook
	notes    []note
	ingested []*run // by Treeherder's id, from thJobBase+1
}

// thJobBase is below every job id of Treeherder.
const thJobBase = 490000000

// An event is something that happens at an instant. At one instant the world's own events come before a client's.
type event struct {
	at     time.Time
	client bool
	seq    int
	do     func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	if !e[i].at.Equal(e[j].at) {
		return e[i].at.Before(e[j].at)
	}
	if e[i].client != e[j].client {
		return e[j].client
	}
	return e[i].seq < e[j].seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	old := *e
	x := old[len(old)-1]
	*e = old[:len(old)-1]
	return x
}

// A pool is a worker pool with its queue.
type pool struct {
	machines int // 0 is as many as it takes
	busy     int
	queue    []*run
}

// run computes the timeline of a world with the given writes.
func (w *world) run(entries []entry) *timeline {
	tl := &timeline{w: w, tasks: map[string]*task{}, on: map[*push][]*task{}, labels: map[place]*task{}, count: map[place]int{},
		pools: map[string]*pool{}, fires: map[string][]fire{}}
	for _, p := range w.sc.Pools {
		tl.pools[p.Name] = &pool{machines: p.Machines}
	}
	for _, b := range w.branches {
		for _, p := range b.pushes {
			if p.Empty || p.NoDecision || p.DontBuild {
				continue
			}
			tl.at(p.landed.Add(w.span(30*time.Second, 0.5, "decision", b.Name, p.id)), func() { tl.decide(p) })
		}
	}
	for i, r := range w.sc.Requested {
		tl.at(w.sc.Now.Add(-r.Ago), func() { tl.request(i, r) })
	}
	for _, e := range entries {
		tl.seq++
		heap.Push(&tl.events, event{at: e.At, client: true, seq: tl.seq, do: func() { tl.apply(e) }})
	}
	for len(tl.events) > 0 {
		e := heap.Pop(&tl.events).(event)
		tl.now = e.at
		e.do()
	}
	tl.classify()
	tl.number()
	return tl
}

// at lets something happen.
func (tl *timeline) at(t time.Time, do func()) {
	tl.seq++
	heap.Push(&tl.events, event{at: t, seq: tl.seq, do: do})
}

// decide creates the decision task of a push.
func (tl *timeline) decide(p *push) {
	t := &task{id: p.decision, label: "Gecko Decision Task", kind: "decision-task", push: p, parent: p.decision, pool: "gecko-3/decision-gcp", symbol: "D"}
	tl.create(t)
}

// job creates a task of a job type on a push, and its upstream if the push has none yet.
func (tl *timeline) job(jt *jobType, p *push, parent string, dress func(*task)) *task {
	t := &task{label: jt.label, kind: jt.Kind, jt: jt, push: p, parent: parent, pool: jt.Pool, symbol: jt.symbol, group: jt.GroupSymbol}
	t.deps = []string{p.decision}
	if parent != p.decision { // what an action makes depends on it
		t.deps = append(t.deps, parent)
	}
	if up := jt.upstream; up != nil {
		if tl.labels[place{p, up.label}] == nil {
			tl.job(up, p, parent, nil)
		}
		t.deps = append(t.deps, tl.labels[place{p, up.label}].id)
	}
	if len(jt.family.manifests) > 0 {
		t.manifests = jt.holds(tl.w.seed, p)
	}
	if dress != nil {
		dress(t)
	}
	tl.create(t)
	return t
}

// create registers a task, and schedules it once its dependencies have completed.
func (tl *timeline) create(t *task) {
	at := place{t.push, t.label}
	t.ordinal = tl.count[at]
	tl.count[at]++
	if t.id == "" {
		t.id = tl.w.slug("task", t.push.branch.Name, t.push.id, t.label, t.ordinal)
	}
	if letters := tl.w.letters[at]; t.ordinal < len(letters) && t.kind != "action-callback" {
		t.letter = letters[t.ordinal : t.ordinal+1]
	}
	t.created = tl.now
	t.late = tl.w.span(tl.w.sc.Ingestion.Delay, tl.w.sc.Ingestion.Jitter, "ingest", t.id)
	tl.tasks[t.id] = t
	tl.order = append(tl.order, t)
	tl.on[t.push] = append(tl.on[t.push], t)
	tl.labels[at] = t
	for _, d := range t.deps {
		up := tl.tasks[d]
		if up == nil || up.stateAt(tl.now) == "completed" {
			continue
		}
		t.waiting++
		up.dependents = append(up.dependents, t)
	}
	if t.waiting == 0 {
		tl.schedule(t, "scheduled")
	}
}

// schedule adds a pending run to a task.
func (tl *timeline) schedule(t *task, why string) {
	r := &run{task: t, id: len(t.runs), why: why, scheduled: tl.now}
	t.runs = append(t.runs, r)
	p := tl.pools[t.pool]
	if p == nil || p.machines == 0 || tl.now.Before(tl.w.sc.Now) {
		tl.claim(r, nil)
		return
	}
	p.queue = append(p.queue, r)
	tl.dispatch(p)
}

// dispatch gives machines to the runs that have waited longest.
func (tl *timeline) dispatch(p *pool) {
	for p.busy < p.machines && len(p.queue) > 0 {
		r := p.queue[0]
		p.queue = p.queue[1:]
		if r.resolved.IsZero() {
			p.busy++
			tl.claim(r, p)
		}
	}
}

// claim has a worker take a run a little later. The machine goes back to its pool when the run is resolved.
func (tl *timeline) claim(r *run, p *pool) {
	t := r.task
	r.from = p
	key := []any{t.push.branch.Name, t.push.id, t.label, t.ordinal, r.id}
	start := tl.now.Add(tl.w.span(20*time.Second, 0.7, append([]any{"claim"}, key...)...))
	if t.letter == "~" && start.Before(tl.w.sc.Now) {
		start = tl.w.sc.Now.Add(tl.w.span(5*time.Minute, 0.6, append([]any{"held"}, key...)...))
	}
	tl.at(start, func() {
		if r.resolved.IsZero() {
			r.started = tl.now
			r.worker = "i-0" + tl.w.hex40(append([]any{"worker"}, key...)...)[:16]
			end := tl.now.Add(tl.duration(r, key))
			if t.letter == "?" && r.id == 0 && end.Before(tl.w.sc.Now) {
				end = tl.w.sc.Now.Add(tl.w.span(8*time.Minute, 0.6, append([]any{"held"}, key...)...))
			}
			tl.at(end, func() { tl.finish(r) })
		}
	})
}

// duration is how long a run takes.
func (tl *timeline) duration(r *run, key []any) time.Duration {
	key = append([]any{"duration"}, key...)
	switch t := r.task; {
	case t.kind == "decision-task":
		return tl.w.span(3*time.Minute, 0.3, key...)
	case t.action != nil:
		return tl.w.span(tl.w.sc.Actions.Delay, 0.2, key...)
	case t.jt == nil:
		return tl.w.span(5*time.Minute, 0.3, key...)
	default:
		return tl.w.span(t.jt.Duration, t.jt.Jitter, key...)
	}
}

// finish lets a run come to the end that the truth has for it.
func (tl *timeline) finish(r *run) {
	if !r.resolved.IsZero() {
		return // canceled meanwhile
	}
	tl.judge(r)
	tl.resolve(r)
}

// resolve ends a run: what depended on it goes on, and what it was to do is done.
func (tl *timeline) resolve(r *run) {
	t := r.task
	tl.end(r)
	if r.retried {
		tl.schedule(t, "retry")
		return
	}
	if r.state != "completed" {
		tl.retriggerIntermittent(t)
		return
	}
	for _, d := range t.dependents {
		if d.waiting--; d.waiting == 0 && len(d.runs) == 0 {
			tl.schedule(d, "scheduled")
		}
	}
	t.dependents = nil
	switch {
	case t.kind == "decision-task":
		tl.graph(t)
	case t.action != nil:
		tl.act(t)
	}
}

// end marks a run as resolved, and hands its machine to the next one.
func (tl *timeline) end(r *run) {
	r.resolved = tl.now
	if r.from != nil {
		r.from.busy--
		tl.dispatch(r.from)
	}
}

// graph creates what the decision task has scheduled, builds before their tests.
func (tl *timeline) graph(decision *task) {
	for _, jt := range tl.w.jobs {
		done := tl.labels[place{decision.push, jt.label}] != nil // as another job's upstream
		if !done && tl.w.scheduled(jt, decision.push) {
			tl.job(jt, decision.push, decision.id, nil)
		}
	}
}

// retriggerIntermittent is somebody who retriggers the failure of a job that a History calls intermittent.
func (tl *timeline) retriggerIntermittent(t *task) {
	if t.ordinal != 0 || t.jt == nil || len(tl.w.letters[place{t.push, t.label}]) < 2 {
		return
	}
	id := tl.w.slug("retrigger", t.push.branch.Name, t.push.id, t.label)
	tl.at(tl.now.Add(90*time.Second), func() {
		tl.start(&action{name: "retrigger", push: t.push, task: t.id}, id)
	})
}

// request is an action that somebody triggered before the start.
func (tl *timeline) request(n int, r Requested) {
	p := tl.w.branch(r.Branch).positioned(r.At)
	a := &action{name: r.Action, push: p, input: actionInput{Depth: r.Depth}}
	if t := tl.labels[place{p, r.Label}]; t != nil {
		a.task = t.id
	}
	if r.Action != "backfill" {
		a.input = actionInput{Tasks: []string{r.Label}}
	}
	tl.start(a, tl.w.slug("requested", n))
}

// number gives Treeherder's job ids, in the order in which Treeherder first sees the runs.
func (tl *timeline) number() {
	for _, t := range tl.order {
		tl.ingested = append(tl.ingested, t.runs...)
	}
	sort.SliceStable(tl.ingested, func(i, j int) bool {
		return tl.ingested[i].firstSeen().Before(tl.ingested[j].firstSeen())
	})
	for i, r := range tl.ingested {
		r.thID = thJobBase + i + 1
	}
}

// firstSeen is when Treeherder first shows a run: never before its push.
func (r *run) firstSeen() time.Time {
	at := r.scheduled.Add(r.task.late)
	if at.Before(r.task.push.ingested) {
		return r.task.push.ingested
	}
	return at
}

// Trigger is a job that a client has asked for.
type Trigger struct {
	Branch   string
	Revision string // tip of the push
	PushID   int    // in the pushlog
	Label    string
	Time     time.Time // when the write was accepted
	TaskID   string    // of the job
	Action   string    // add-new-jobs, retrigger, backfill, create, rerun, …
	ActionID string    // task id of the action task, "" where there is none
}

// A definition is what a client gave to createTask.
type definition struct {
	raw  json.RawMessage
	body map[string]any
}
