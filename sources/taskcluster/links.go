package taskcluster

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

func (c *Client) taskLink(id string) string { return c.links + "/tasks/" + id }

func (c *Client) runLink(id string, run int) string {
	return fmt.Sprintf("%s/tasks/%s/runs/%d", c.links, id, run)
}

// A target is what a link points at.
type target struct {
	task  string // empty where it is a group
	group string // empty where it is a task
	run   int    // -1 where it names none
}

// Link reads the link of a task, of one of its runs (with logs, artifacts and what else follows), or of a task group, from the
// web page or from the queue's API, into an event: a job, or the push of a group.
func (c *Client) Link(ctx context.Context, link string) (ci.Event, error) {
	t, ok, err := c.target(link)
	if err != nil {
		return ci.Event{}, err
	}
	if !ok {
		return ci.Event{}, &sources.Error{Kind: sources.ErrNotFilled, Source: Name, Doing: "reading a link"}
	}
	if t.task == "" {
		return c.groupEvent(ctx, t.group, link)
	}
	return c.taskEvent(ctx, t, link)
}

// target finds what a link points at. ok is false where it is no link of this deployment.
func (c *Client) target(link string) (t target, ok bool, err error) {
	u, err := url.Parse(strings.TrimSpace(link))
	if err != nil {
		return target{}, false, nil
	}
	for _, base := range []string{c.links, c.root} {
		rest, below := strip(u, base)
		if !below {
			continue
		}
		for _, prefix := range []string{"tasks/groups/", "api/queue/v1/task-group/", "tasks/", "api/queue/v1/task/"} {
			if path, ok := strings.CutPrefix(rest, prefix); ok {
				t, err := parseTarget(path, strings.Contains(prefix, "group"))
				return t, true, err
			}
		}
	}
	return target{}, false, nil
}

// strip removes a base from a URL's path, without the slash between them.
func strip(u *url.URL, base string) (string, bool) {
	b, err := url.Parse(base)
	if err != nil || !strings.EqualFold(u.Host, b.Host) || (u.Scheme != "http" && u.Scheme != "https") {
		return "", false
	}
	rest, ok := strings.CutPrefix(u.Path, strings.TrimSuffix(b.Path, "/")+"/")
	return rest, ok
}

// parseTarget reads ID[/runs/N[/…]] or, for a group, ID[/tasks/ID[/runs/N[/…]]].
func parseTarget(path string, group bool) (target, error) {
	parts := strings.Split(path, "/")
	t := target{run: -1}
	if group {
		t.group, parts = parts[0], parts[1:]
		if len(parts) > 1 && parts[0] == "tasks" {
			parts = parts[1:]
		} else {
			return t, wantTaskID(t.group)
		}
	}
	t.task, t.group = parts[0], ""
	if len(parts) > 2 && parts[1] == "runs" {
		n, err := strconv.Atoi(parts[2])
		if err != nil || n < 0 {
			return t, refused("reading a link", fmt.Errorf("%q is no number of a run", shorten(parts[2])), "runs are numbered from 0")
		}
		t.run = n
	}
	return t, wantTaskID(t.task)
}

func (c *Client) groupEvent(ctx context.Context, group, link string) (ci.Event, error) {
	t, err := c.task(ctx, group)
	if err != nil {
		return ci.Event{}, err
	}
	p, err := c.pushOf(group, t)
	return ci.Event{Kind: ci.PushEvent, Push: p, Link: sources.Redact(link)}, err
}

func (c *Client) taskEvent(ctx context.Context, t target, link string) (ci.Event, error) {
	m, err := c.member(ctx, t.task)
	if err != nil {
		return ci.Event{}, err
	}
	p, err := c.pushOf(t.task, m.Task)
	if err != nil {
		return ci.Event{}, err
	}
	r, err := c.request(t.task, m, "")
	if err != nil {
		return ci.Event{}, err
	}
	ev := ci.Event{Kind: ci.JobEvent, Push: p, Backfill: m.Task.byAction(), Link: sources.Redact(link)}
	for i := range r.Jobs {
		if t.run < 0 || r.Jobs[i].Attempt == t.run {
			ev.Job = &r.Jobs[i]
		}
	}
	if ev.Job == nil && t.run >= 0 {
		return ci.Event{}, &sources.Error{Kind: sources.ErrNotFound, Source: Name, Doing: "reading a link", Err: fmt.Errorf("task %s has no run %d", t.task, t.run)}
	}
	if ev.Job == nil {
		ev.Job = c.waiting(t.task, m.Task, r)
	}
	return ev, nil
}

// waiting stands for the job of a task that has no run yet.
func (c *Client) waiting(id string, t task, r ci.Request) *ci.Job {
	return &ci.Job{
		ID: id, Type: r.Type, Branch: r.Branch, Revision: r.Revision, State: r.State, Result: ci.Unknown, Classification: ci.NotClassified,
		Request: id, Requests: []string{id}, Backfill: t.byAction(), Group: t.TaskGroupID, Submitted: r.Submitted, Link: c.taskLink(id),
	}
}

// pushOf is the push of a task, as far as the task knows it.
func (c *Client) pushOf(id string, t task) (*ci.Push, error) {
	project, revision, push := t.push()
	if revision == "" || project == "" {
		return nil, refused("reading a link", fmt.Errorf("task %s (%s) does not say to which push it belongs", id, t.label()), "give a link of a task of a push, or inputs with -i")
	}
	return &ci.Push{Branch: c.branchOf(project, ""), Revision: revision, ID: push, Changesets: []ci.Changeset{}}, nil
}
