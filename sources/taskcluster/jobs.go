package taskcluster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/sources/ci"
)

// label is the job type of a task.
func (t task) label() string { return cmp.Or(t.Tags["label"], t.Metadata.Name) }

// treeherderRoutes is the route under which a task is reported: version, project, revision, push id.
var treeherderRoutes = regexp.MustCompile(`^tc-treeherder\.v2\.([A-Za-z0-9_-]+)\.([0-9a-f]{40})(?:\.([0-9]+))?$`)

// sourceRevisions finds the revision in the address of the file that defines a task.
var sourceRevisions = regexp.MustCompile(`/(?:file|rev|blob|raw-file)/([0-9a-f]{40})(?:/|$)`)

// push is the project, tip revision and push id of a task; each is empty where the task does not say.
func (t task) push() (project, revision, id string) {
	for _, r := range t.Routes {
		if m := treeherderRoutes.FindStringSubmatch(r); m != nil {
			return m[1], m[2], m[3]
		}
	}
	project = t.Tags["project"]
	for _, name := range []string{"GECKO_HEAD_REV", "HEAD_REV"} {
		if rev, ok := t.Payload.Env[name].(string); ok && revisions.MatchString(rev) {
			return project, rev, ""
		}
	}
	if m := sourceRevisions.FindStringSubmatch(t.Metadata.Source); m != nil {
		return project, m[1], ""
	}
	return project, "", ""
}

// byAction says whether an action made the task. What a decision task makes has the decision task as its parent, which is
// also its group; what an action makes is in the same group, with the action's own task as its parent.
func (t task) byAction() bool {
	return t.Tags["action"] != "" || (t.Extra.Parent != "" && t.Extra.Parent != t.TaskGroupID && t.Extra.Action == nil)
}

// isTest says whether a failure of the task is one of tests.
func (t task) isTest() bool {
	if t.Extra.Treeherder != nil && t.Extra.Treeherder.JobKind != "" {
		return t.Extra.Treeherder.JobKind == "test"
	}
	return t.Tags["kind"] == "test"
}

// states are the states of runs and tasks. The three last ones are ends.
var states = map[string]ci.State{
	"unscheduled": ci.Unscheduled, "pending": ci.Pending, "running": ci.Running,
	"completed": ci.Completed, "failed": ci.Completed, "exception": ci.Completed,
}

// result translates how run i of a task ended.
func result(t task, runs []run, i int) ci.Result {
	r := runs[i]
	if i+1 < len(runs) && r.State == "exception" && slices.Contains([]string{"retry", "task-retry"}, runs[i+1].ReasonCreated) {
		return ci.Retry
	}
	switch r.State {
	case "completed":
		return ci.Success
	case "failed":
		if t.isTest() {
			return ci.TestFailed
		}
		return ci.Busted
	case "exception":
		switch r.ReasonResolved {
		case "canceled":
			return ci.UserCancel
		case "superseded":
			return ci.Superseded
		}
		return ci.Exception
	}
	return ci.Unknown
}

// jobsOf translates the runs of a task, oldest first. A task that waits for another one has none.
func (c *Client) jobsOf(id string, t task, s status, branch string) ([]ci.Job, error) {
	project, revision, _ := t.push()
	base := ci.Job{
		Type: t.label(), Branch: c.branchOf(project, branch), Revision: revision, Classification: ci.NotClassified,
		Request: id, Requests: []string{id}, Backfill: t.byAction(), Group: t.TaskGroupID,
	}
	if th := t.Extra.Treeherder; th != nil {
		base.Tier, base.Platform, base.Symbol, base.Option = th.Tier, th.Machine.Platform, symbol(th), option(th)
	}
	out := []ci.Job{}
	for i, r := range s.Runs {
		state, known := states[r.State]
		if !known {
			return nil, changed("status of task "+id, "$.status.runs[].state", fmt.Errorf("%q is a new word", shorten(r.State)))
		}
		j := base
		j.ID = fmt.Sprintf("%s/%d", id, r.RunID)
		j.State, j.Result, j.Attempt, j.Reason = state, result(t, s.Runs, i), r.RunID, r.ReasonCreated
		j.Submitted, j.Started, j.Ended, j.Machine = r.Scheduled, r.Started, r.Resolved, r.WorkerID
		j.Link = c.runLink(id, r.RunID)
		out = append(out, j)
	}
	return out, nil
}

func symbol(th *treeherder) string {
	if th.GroupSymbol == "" || th.GroupSymbol == "?" {
		return th.Symbol
	}
	return th.GroupSymbol + "(" + th.Symbol + ")"
}

// option is the build option: opt, debug; several are joined by commas, in order of their names.
func option(th *treeherder) string {
	var names []string
	for name, on := range th.Collection {
		if on {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

// status answers jobs.status. See the package essay for what it answers about an action.
func (c *Client) status(ctx context.Context, q ci.StatusOf) ([]ci.Request, error) {
	for _, id := range q.Requests {
		if err := wantTaskID(id); err != nil {
			return nil, err
		}
	}
	return sideBySide(ctx, q.Requests, func(ctx context.Context, id string) (ci.Request, error) {
		m, err := c.member(ctx, id)
		if err != nil {
			return ci.Request{}, err
		}
		labels, err := labelsOf(id, m.Task)
		if err != nil {
			return ci.Request{}, err
		}
		if len(labels) > 0 {
			return c.actionStatus(ctx, id, m, labels, q.Branch)
		}
		return c.request(id, m, q.Branch)
	})
}

// member asks for the definition and the status of a task at once.
func (c *Client) member(ctx context.Context, id string) (member, error) {
	both := []func(context.Context, *member) error{
		func(ctx context.Context, m *member) (err error) { m.Task, err = c.task(ctx, id); return },
		func(ctx context.Context, m *member) (err error) { m.Status, err = c.statusOf(ctx, id); return },
	}
	parts, err := sideBySide(ctx, both, func(ctx context.Context, f func(context.Context, *member) error) (m member, err error) {
		err = f(ctx, &m)
		return
	})
	if err != nil {
		return member{}, err
	}
	return member{Task: parts[0].Task, Status: parts[1].Status}, nil
}

func (c *Client) request(id string, m member, branch string) (ci.Request, error) {
	state, known := states[m.Status.State]
	if !known {
		return ci.Request{}, changed("status of task "+id, "$.status.state", fmt.Errorf("%q is a new word", shorten(m.Status.State)))
	}
	jobs, err := c.jobsOf(id, m.Task, m.Status, branch)
	if err != nil {
		return ci.Request{}, err
	}
	project, revision, _ := m.Task.push()
	created := m.Task.Created
	return ci.Request{
		ID: id, Type: m.Task.label(), Branch: c.branchOf(project, branch), Revision: revision, State: state, Submitted: &created, Jobs: jobs, Link: c.taskLink(id),
	}, nil
}

// actionStatus answers for a task that carries out an action: its jobs are those of the tasks that it was asked to make.
func (c *Client) actionStatus(ctx context.Context, id string, action member, labels []string, branch string) (ci.Request, error) {
	r, err := c.request(id, action, branch)
	if err != nil {
		return ci.Request{}, err
	}
	made, err := c.dependents(ctx, id)
	if err != nil {
		return ci.Request{}, err
	}
	r.Type, r.Jobs = labels[0], []ci.Job{}
	if r.State != ci.Completed { // the action is under way; its jobs wait for it
		r.State = ci.Pending
	}
	slices.SortStableFunc(made, func(a, b member) int {
		return cmp.Or(a.Task.Created.Compare(b.Task.Created), cmp.Compare(a.Status.TaskID, b.Status.TaskID))
	})
	for _, m := range made {
		if m.Task.Extra.Parent != id || !slices.Contains(labels, m.Task.label()) {
			continue
		}
		one, err := c.request(m.Status.TaskID, m, branch)
		if err != nil {
			return ci.Request{}, err
		}
		for i := range one.Jobs {
			one.Jobs[i].Requests = append(one.Jobs[i].Requests, id)
			one.Jobs[i].Backfill = true
		}
		r.State = one.State
		r.Jobs = append(r.Jobs, one.Jobs...)
	}
	return r, nil
}

// An askedFor is what an action was asked for, as far as it is about job types: tasks of add-new-jobs, requests[].tasks of
// retrigger-multiple, label of backfill-task.
type askedFor struct {
	Tasks    []string `json:"tasks"`
	Requests []struct {
		Tasks []string `json:"tasks"`
	} `json:"requests"`
	Label string `json:"label"`
}

// labelsOf are the job types that an action's task was asked to make; none for other tasks and other actions.
func labelsOf(id string, t task) ([]string, error) {
	if t.Extra.Action == nil || len(t.Extra.Action.Context.Input) == 0 {
		return nil, nil
	}
	var in askedFor
	if err := json.Unmarshal(t.Extra.Action.Context.Input, &in); err != nil {
		return nil, changed("task "+id, "$.extra.action.context.input", errors.New("it is not the input of an action that asks for jobs"))
	}
	out := in.Tasks
	for _, r := range in.Requests {
		out = append(out, r.Tasks...)
	}
	if in.Label != "" {
		out = append(out, in.Label)
	}
	return out, nil
}
