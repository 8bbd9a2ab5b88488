package sim

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// hookGroup is the group of all in-tree action hooks.
const hookGroup = "project-gecko"

// A hookPayload is what the hooks of in-tree actions take.
type hookPayload struct {
	TaskID   string `json:"taskId"`
	Decision struct {
		Action struct {
			TaskGroupID string `json:"taskGroupId"`
			CallbackID  string `json:"cb_name"`
		} `json:"action"`
		Push struct {
			Revision  string `json:"revision"`
			PushlogID string `json:"pushlog_id"`
		} `json:"push"`
		Repository struct {
			Project string `json:"project"`
		} `json:"repository"`
	} `json:"decision"`
	User struct {
		Input       json.RawMessage `json:"input"`
		TaskID      *string         `json:"taskId"`
		TaskGroupID string          `json:"taskGroupId"`
	} `json:"user"`
}

// A fire is one firing of a hook.
type fire struct {
	task string
	at   time.Time
}

// A note is a classification. at is when it was made; r is the run it is about.
type note struct {
	id    int
	at    time.Time
	run   *run
	class int
	who   string
	text  string
}

// noteBody is what a client posts to note/.
type noteBody struct {
	JobID int    `json:"job_id"`
	Class int    `json:"failure_classification_id"`
	Who   string `json:"who"`
	Text  string `json:"text"`
}

// apply lets a client's write happen.
func (tl *timeline) apply(e entry) {
	switch e.Op {
	case "trigger":
		tl.trigger(e)
		return
	case "create":
		tl.made(e)
		return
	}
	t := tl.tasks[e.TaskID]
	if t == nil {
		return // a journal that somebody has edited
	}
	switch e.Op {
	case "cancel":
		tl.cancel(t)
	case "rerun":
		if tl.rerun(t) {
			tl.ask(&action{name: "rerun", write: &e}, nil, t)
		}
	case "schedule":
		if len(t.runs) == 0 {
			tl.schedule(t, "scheduled")
		}
	case "cancel-group":
		for _, x := range tl.on[t.push] {
			tl.cancel(x)
		}
	case "note":
		var b noteBody
		if err := json.Unmarshal(e.Payload, &b); err == nil && e.Run < len(t.runs) {
			tl.notes = append(tl.notes, note{id: 1000 + e.N, at: e.At, run: t.runs[e.Run], class: b.Class, who: or(b.Who, "sheriff@example.org"), text: b.Text})
		}
	}
}

// trigger fires a hook: an action task appears.
func (tl *timeline) trigger(e entry) {
	tl.fires[e.Hook] = append(tl.fires[e.Hook], fire{task: e.TaskID, at: e.At})
	var in hookPayload
	if err := json.Unmarshal(e.Payload, &in); err != nil {
		return // the hook had checked it
	}
	a := &action{name: in.Decision.Action.CallbackID, write: &e}
	a.push = tl.w.pushOfPayload(in)
	if a.push == nil {
		a.push = tl.w.branches[0].pushes[0]
		a.bad = errors.New("the push of this payload does not exist")
	}
	if in.User.TaskID != nil {
		a.task = *in.User.TaskID
	}
	if actionTitles[a.name] == "" {
		a.bad = errors.New("unknown action " + strconv.Quote(a.name))
	}
	if a.bad == nil {
		a.input, a.bad = readInput(in.User.Input)
	}
	tl.start(a, e.TaskID)
}

// pushOfPayload finds the push that a payload is about, by its decision task.
func (w *world) pushOfPayload(in hookPayload) *push {
	for _, b := range w.branches {
		for _, p := range b.pushes {
			if p.decision == in.Decision.Action.TaskGroupID {
				return p
			}
		}
	}
	return nil
}

// made creates a task that a client has defined. Where its label is a job type's, it behaves as one.
func (tl *timeline) made(e entry) {
	d := &definition{raw: e.Payload}
	if json.Unmarshal(e.Payload, &d.body) != nil {
		return // createTask had checked it
	}
	t := &task{id: e.TaskID, made: d, kind: "other", label: d.text("metadata", "name"), pool: d.text("taskQueueId"), symbol: d.text("extra", "treeherder", "symbol")}
	t.label = or(d.text("tags", "label"), t.label)
	t.push = tl.w.pushOfRoutes(d.list("routes"))
	if group := tl.tasks[d.text("taskGroupId")]; t.push == nil && group != nil {
		t.push = group.push
	}
	if t.push == nil {
		t.push = tl.w.branches[0].pushes[0]
	}
	t.parent = or(d.text("extra", "parent"), or(d.text("taskGroupId"), t.id))
	t.deps = d.list("dependencies")
	if jt := tl.w.byLabel[t.label]; jt != nil {
		t.jt, t.kind, t.symbol, t.group = jt, jt.Kind, or(t.symbol, jt.symbol), jt.GroupSymbol
		if len(jt.family.manifests) > 0 {
			t.manifests = jt.holds(tl.w.seed, t.push)
		}
	}
	tl.create(t)
	tl.ask(&action{name: "create", write: &e}, nil, t)
}

// text reads a string of the definition by its path, or "".
func (d *definition) text(path ...string) string {
	at := any(d.body)
	for _, key := range path {
		m, _ := at.(map[string]any)
		at = m[key]
	}
	s, _ := at.(string)
	return s
}

// list reads a list of strings of the definition, or nil.
func (d *definition) list(key string) []string {
	var out []string
	items, _ := d.body[key].([]any)
	for _, x := range items {
		if s, ok := x.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// pushOfRoutes finds a push by a route to Treeherder: tc-treeherder.v2.<project>.<revision>.<pushlog id>.
func (w *world) pushOfRoutes(routes []string) *push {
	for _, r := range routes {
		part := strings.Split(r, ".")
		if len(part) < 4 || part[0] != "tc-treeherder" {
			continue
		}
		if b := w.branch(part[2]); b != nil && b.byRev[part[3]] != nil {
			return b.byRev[part[3]].push
		}
	}
	return nil
}

// classify adds what sheriffs had classified before the start, in front of what clients have.
func (tl *timeline) classify() {
	var before []note
	for i, c := range tl.w.sc.Classified {
		b := tl.w.branch(c.Branch)
		if b == nil {
			continue
		}
		for _, t := range tl.on[b.positioned(c.At)] {
			if t.label != c.Label {
				continue
			}
			for _, r := range t.runs {
				if r.state == "failed" {
					before = append(before, note{id: i + 1, at: r.resolved.Add(10 * time.Minute), run: r, class: c.Classification, who: "sheriff@example.org", text: c.Text})
				}
			}
		}
	}
	tl.notes = append(before, tl.notes...)
}

// classification is that of a run at an instant: the newest note's, or 1 (not classified).
func (tl *timeline) classification(r *run, now time.Time) int {
	class := 1
	for _, n := range tl.notes {
		if n.run == r && past(n.at, now) {
			class = n.class
		}
	}
	return class
}
