package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// An action is what an action task does when it ends: the callbacks of gecko's taskgraph, as far as they create or stop
// jobs on the pushes of a scenario.
type action struct {
	name  string // cb_name
	push  *push  // whose decision task's graph it belongs to
	task  string // the task it was asked for; "" for actions of the whole push
	input actionInput
	bad   error  // why the input was no good: the hook takes it, the task turns red
	write *entry // the client's write it goes back to, or nil
}

// actionInput is the union of the inputs of all actions.
type actionInput struct {
	Tasks    []string `json:"tasks"`
	Times    int      `json:"times"`
	Requests []struct {
		Tasks []string `json:"tasks"`
		Times int      `json:"times"`
	} `json:"requests"`
	Depth         int          `json:"depth"`
	Inclusive     bool         `json:"inclusive"`
	Retrigger     *bool        `json:"retrigger"`
	Slices        int          `json:"slices"`
	Downstream    bool         `json:"downstream"`
	Force         any          `json:"force"`
	TestPath      string       `json:"testPath"`
	Label         string       `json:"label"`
	Revision      string       `json:"revision"`
	Symbol        string       `json:"symbol"`
	TestManifests manifestList `json:"test_manifests"`
}

// A manifestList is manifests as backfill-task takes them: a list, as its schema says, or by suite, as gecko's own backfill sends
// them and as the test harness reads them.
type manifestList []string

func (m *manifestList) UnmarshalJSON(text []byte) error {
	var bySuite map[string][]string
	if json.Unmarshal(text, &bySuite) == nil {
		*m = nil
		for _, suite := range slices.Sorted(maps.Keys(bySuite)) {
			*m = append(*m, bySuite[suite]...)
		}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(m))
}

// readInput decodes an action's input; null is the empty input. The action task itself checks no more than types and bounds.
func readInput(raw json.RawMessage) (in actionInput, err error) {
	if len(raw) == 0 || bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return in, nil
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return in, fmt.Errorf("input does not fit the action's schema: %w", err)
	}
	if in.Times < 0 || in.Times > 100 || in.Depth < 0 || in.Depth > 25 || in.Slices < 0 || in.Slices > 25 {
		return in, fmt.Errorf("input does not fit the action's schema: times %d, depth %d", in.Times, in.Depth)
	}
	return in, nil
}

// start creates the action task.
func (tl *timeline) start(a *action, id string) *task {
	sym, ok := actionSymbols[a.name]
	if !ok {
		sym = "Act"
	}
	t := &task{id: id, label: "Action: " + actionTitles[a.name], kind: "action-callback", push: a.push, parent: id, pool: "gecko-3/decision-gcp", symbol: sym, action: a}
	t.deps = []string{a.push.decision}
	tl.create(t)
	return t
}

// check says why an action task fails, or nil.
func (tl *timeline) check(t *task) error {
	a := t.action
	if a.bad != nil {
		return a.bad
	}
	labels := append([]string(nil), a.input.Tasks...)
	for _, r := range a.input.Requests {
		labels = append(labels, r.Tasks...)
	}
	if a.name == "backfill-task" {
		labels = append(labels, a.input.Label)
	}
	for _, l := range labels {
		if tl.w.byLabel[l] == nil {
			return fmt.Errorf("%s was not found in the task-graph", l)
		}
	}
	switch a.name {
	case "retrigger", "retrigger-disabled", "backfill", "confirm-failures", "rerun", "cancel":
		if tl.tasks[a.task] == nil {
			return fmt.Errorf("task %q does not exist", a.task)
		}
	}
	return nil
}

// act does what the action is for.
func (tl *timeline) act(t *task) {
	a := t.action
	switch a.name {
	case "add-new-jobs":
		for _, l := range a.input.Tasks {
			tl.again(t, l, a.input.Times, "", nil)
		}
	case "retrigger-multiple":
		for _, r := range a.input.Requests {
			for _, l := range r.Tasks {
				tl.again(t, l, r.Times, "", nil)
			}
		}
	case "retrigger", "retrigger-disabled":
		if of := tl.tasks[a.task]; a.name == "retrigger" || a.input.Force == true || a.input.Force == "true" {
			tl.again(t, of.label, a.input.Times, "", of.manifests)
		}
	case "confirm-failures":
		of := tl.tasks[a.task]
		tl.again(t, of.label, a.input.Times, "-cf", of.manifests)
	case "backfill":
		tl.backfill(t)
	case "backfill-task":
		tl.again(t, a.input.Label, a.input.Times, "-bk", a.input.TestManifests)
	case "run-missing-tests":
		for _, jt := range tl.w.jobs {
			if jt.Kind == "test" && tl.labels[place{a.push, jt.label}] == nil {
				tl.again(t, jt.label, 1, "", nil)
			}
		}
	case "rerun":
		tl.rerun(tl.tasks[a.task])
	case "cancel":
		tl.cancel(tl.tasks[a.task])
	case "cancel-all":
		for _, x := range tl.on[a.push] {
			if x.kind != "action-callback" {
				tl.cancel(x)
			}
		}
	}
}

// again creates further jobs of a label on the action's push, in its name.
func (tl *timeline) again(t *task, label string, times int, suffix string, manifests []string) {
	jt, a := tl.w.byLabel[label], t.action
	if jt == nil {
		return // a task that a client made up cannot be cloned
	}
	for range max(1, times) {
		x := tl.job(jt, a.push, t.id, func(x *task) {
			if len(manifests) > 0 {
				x.manifests = manifests
			}
			if suffix == "-bk" {
				x.symbol += "-" + a.input.Revision[:min(11, len(a.input.Revision))]
				x.group += "-bk"
			}
			if suffix != "" {
				x.symbol += suffix
			}
		})
		tl.ask(a, t, x)
	}
}

// ask notes that a client has asked for a job.
func (tl *timeline) ask(a *action, by, x *task) {
	if a.write == nil {
		return
	}
	tr := Trigger{Branch: x.push.branch.Name, Revision: x.push.tip(), PushID: x.push.id, Label: x.label, Time: a.write.At, TaskID: x.id, Action: a.name}
	if by != nil {
		tr.ActionID = by.id
	}
	tl.asked = append(tl.asked, tr)
}

// backfill triggers backfill-task on earlier pushes, each through that push's own hook.
func (tl *timeline) backfill(t *task) {
	a, of := t.action, tl.tasks[t.action.task]
	if of.jt == nil {
		return
	}
	for i, p := range tl.targets(a, of) {
		in := actionInput{Label: of.label, Revision: a.push.tip(), Symbol: of.symbol, Times: a.input.Times, TestManifests: of.manifests}
		child := &action{name: "backfill-task", push: p, input: in, write: a.write}
		id := tl.w.slug("backfill", t.id, p.id)
		tl.at(tl.now.Add(time.Duration(i+1)*300*time.Millisecond), func() { tl.start(child, id) })
	}
}

// targets are the pushes that a backfill triggers, newest first. With slices it goes back to the push that has had the
// label, at most a hundred, and takes so many of those between, evenly spread, or all where there are few.
func (tl *timeline) targets(a *action, of *task) []*push {
	pushes := a.push.branch.pushes
	has := func(p *push) bool { return tl.labels[place{p, of.label}] != nil }
	able := func(p *push) bool {
		decision := tl.tasks[p.decision]
		return !p.Expired && decision != nil && decision.stateAt(tl.now) == "completed"
	}
	var list []*push
	if a.input.Slices > 0 {
		for i := a.push.index - 1; i >= max(0, a.push.index-100) && !has(pushes[i]); i-- {
			if able(pushes[i]) {
				list = append(list, pushes[i])
			}
		}
		if n := len(list); n >= 7 {
			var pivots []*push
			for i := 1; i <= a.input.Slices; i++ {
				pivots = append(pivots, list[i*n/(a.input.Slices+1)])
			}
			return pivots
		}
		return list
	}
	first := a.push.index - 1
	if a.input.Inclusive {
		first = a.push.index
	}
	for i := first; i >= max(0, a.push.index-or(a.input.Depth, 9)); i-- {
		keep := a.input.Retrigger == nil || *a.input.Retrigger || !has(pushes[i])
		if able(pushes[i]) && keep {
			list = append(list, pushes[i])
		}
	}
	return list
}

// cancel ends a task that has not been resolved; another one stays as it is.
func (tl *timeline) cancel(t *task) {
	if n := len(t.runs); n == 0 {
		r := &run{task: t, why: "exception", state: "exception", reason: "canceled", scheduled: tl.now, resolved: tl.now}
		t.runs = append(t.runs, r)
	} else if r := t.runs[n-1]; r.resolved.IsZero() {
		r.state, r.reason, r.retried = "exception", "canceled", false
		tl.end(r)
	}
}

// rerun gives a resolved task another run; any other stays as it is.
func (tl *timeline) rerun(t *task) bool {
	if n := len(t.runs); n == 0 || t.runs[n-1].resolved.IsZero() {
		return false
	}
	tl.schedule(t, "rerun")
	return true
}
