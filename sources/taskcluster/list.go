package taskcluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/mozci/mozci-run/sources/ci"
)

// jobsList answers jobs.list from the task groups of the pushes' decision tasks: the jobs of the pushes in their order, within one
// by the times at which their tasks were made. A push without a decision task that ended well has none. A task that waits for
// another one is a job that is unscheduled. Results by manifest are not known here.
func (c *Client) jobsList(ctx context.Context, q ci.JobsOn) ([]ci.Job, error) {
	lists, err := sideBySide(ctx, q.Revisions, func(ctx context.Context, revision string) ([]ci.Job, error) {
		row, err := c.decisionOf(ctx, q.Branch, revision)
		if isNotFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return c.jobsOfGroup(ctx, q, revision, row.TaskID)
	})
	return slices.Concat([]ci.Job{}, slices.Concat(lists...)), err
}

// jobsOfGroup lists the jobs of a push that a question is about.
func (c *Client) jobsOfGroup(ctx context.Context, q ci.JobsOn, revision, group string) ([]ci.Job, error) {
	list, err := c.group(ctx, group)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b member) int {
		return cmp.Or(a.Task.Created.Compare(b.Task.Created), cmp.Compare(a.Status.TaskID, b.Status.TaskID))
	})
	var out []ci.Job
	for _, m := range list {
		if m.Task.TaskGroupID != group {
			return nil, changed("tasks of group "+group, "$.tasks[].task.taskGroupId", fmt.Errorf("task %s of another group came", m.Status.TaskID))
		}
		if label := m.Task.label(); q.Job != "" && label != q.Job && !(q.Chunks && ci.SameSuite(q.Job, label)) {
			continue
		}
		jobs, err := c.jobsOfMember(m, q.Branch)
		if err != nil {
			return nil, err
		}
		for _, j := range jobs {
			j.Branch, j.Revision = q.Branch, revision // not every task says to which push it belongs
			out = append(out, j)
		}
	}
	return out, nil
}

// jobsOfMember are the runs of a task, or what stands for them while it waits. A job that an action asked for names that action's
// task as a request as well: its id is all that whoever asked has.
func (c *Client) jobsOfMember(m member, branch string) ([]ci.Job, error) {
	r, err := c.request(m.Status.TaskID, m, branch)
	if err != nil {
		return nil, err
	}
	if len(r.Jobs) == 0 {
		r.Jobs = []ci.Job{*c.waiting(m.Status.TaskID, m.Task, r)}
	}
	if parent := m.Task.Extra.Parent; m.Task.byAction() && IsTaskID(parent) {
		for i := range r.Jobs {
			r.Jobs[i].Requests = append(r.Jobs[i].Requests, parent)
		}
	}
	return r.Jobs, nil
}
