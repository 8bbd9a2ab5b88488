package treeherder

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A target is what a link points at.
type target struct {
	project  string
	shown    *ci.Span // the range of pushes that the page shows
	revision string   // 12 to 40 hex digits, or empty
	task     string
	run      int // -1 where the link does not say
	job      int64
}

// Link reads a link of Treeherder's pages into an event: of the job that is selected in it, or of its push.
//
// It takes /jobs?repo=…&revision=…&selectedTaskRun=TASK.RUN (or TASK-RUN), selectedJob=ID, the same behind a #/jobs?, a range
// (fromchange, tochange), which becomes the event's, with a selected job or without one, and /logviewer?job_id=…&repo=…, also with a #.
// Events of links do not say whether their push has been backed out.
func (c *Client) Link(ctx context.Context, link string) (ci.Event, error) {
	const doing = "reading the link"
	params, ours := c.params(link)
	if !ours {
		return ci.Event{}, fail(sources.ErrNotFilled, doing, "", "%q is no link to %s", sources.Redact(link), c.ui)
	}
	t, err := parseTarget(params)
	if err != nil {
		return ci.Event{}, fail(sources.ErrRefused, doing, "open the failing job in Treeherder and copy the address from there", "%w", err)
	}
	ev, err := c.look(ctx, t, doing)
	ev.Range, ev.Link = t.shown, sources.Redact(strings.TrimSpace(link))
	return ev, err
}

// params gives the parameters of a link to one of the UI's pages, whether they stand before the # or behind it.
func (c *Client) params(link string) (url.Values, bool) {
	u, err := url.Parse(strings.TrimSpace(link))
	ui, uiErr := url.Parse(c.ui)
	if err != nil || uiErr != nil || !strings.EqualFold(u.Host, ui.Host) || u.Scheme != "https" && u.Scheme != "http" {
		return nil, false
	}
	page, below := strings.CutPrefix(u.Path, strings.TrimRight(ui.Path, "/"))
	if !below {
		return nil, false
	}
	path, query, _ := strings.Cut(u.Fragment, "?")
	if page == "" || page == "/" {
		page = path
	}
	switch strings.Trim(page, "/") {
	case "jobs", "logviewer", "logviewer.html", "push-health/push", "push-health":
	default:
		return nil, false
	}
	params := u.Query()
	behind, err := url.ParseQuery(query)
	if err != nil {
		behind = nil
	}
	for k, v := range behind {
		params[k] = v
	}
	return params, true
}

var taskRun = regexp.MustCompile(`^([A-Za-z0-9_-]{22})(?:[.-](\d{1,4}))?$`)

// parseTarget says what the parameters of a link point at, or what is missing.
func parseTarget(params url.Values) (target, error) {
	t := target{project: params.Get("repo"), run: -1, revision: strings.ToLower(params.Get("revision"))}
	from, to := strings.ToLower(params.Get("fromchange")), strings.ToLower(params.Get("tochange"))
	if isRevision(from) && isRevision(to) {
		t.shown = &ci.Span{From: from, To: to} // here both are of the range; in a pushlog, from is not
	}
	if t.project == "" {
		return t, fmt.Errorf("it does not name its repository: repo=autoland is missing")
	}
	task := params.Get("selectedTaskRun")
	if task == "" {
		task = params.Get("task") // of the log viewer, beside job_id
	}
	if task != "" {
		m := taskRun.FindStringSubmatch(task)
		if m == nil {
			return t, fmt.Errorf("%q is no task and run: 22 characters, a point and a number are wanted", task)
		}
		t.task = m[1]
		if m[2] != "" {
			t.run, _ = strconv.Atoi(m[2]) // four digits at most
		}
	}
	id := params.Get("selectedJob")
	if id == "" {
		id = params.Get("job_id")
	}
	if id != "" {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || n <= 0 {
			return t, fmt.Errorf("%q is no job id", id)
		}
		t.job = n
	}
	if t.task == "" && t.job == 0 && t.revision == "" {
		t.revision = to
	}
	if r := t.revision; r != "" && !isRevision(r) {
		return t, fmt.Errorf("%q is no revision: 12 to 40 hex digits are wanted", r)
	}
	if t.task == "" && t.job == 0 && t.revision == "" {
		return t, fmt.Errorf("it selects neither a job nor a push: selectedTaskRun=, revision= or tochange= is missing")
	}
	return t, nil
}

func isRevision(text string) bool { return len(text) >= 12 && len(text) <= 40 && isHex(text) }

// look fetches what a link points at.
func (c *Client) look(ctx context.Context, t target, doing string) (ci.Event, error) {
	branch := c.branch(t.project)
	var r row
	var err error
	switch {
	case t.task != "":
		r, err = c.byTask(ctx, t, doing)
	case t.job != 0:
		r, err = c.jobByID(ctx, t.project, t.job, doing)
	default:
		p, err := c.mustFind(ctx, t.project, t.revision, doing)
		if err != nil {
			return ci.Event{}, err
		}
		out := c.push(*p, branch, true)
		return ci.Event{Kind: ci.PushEvent, Push: &out}, nil
	}
	if err != nil {
		return ci.Event{}, err
	}
	p, err := c.pushByID(ctx, t.project, r.PushID, doing)
	if err != nil {
		return ci.Event{}, err
	}
	if t.revision != "" && !p.holds(t.revision) {
		return ci.Event{}, fail(sources.ErrRefused, doing, "", "job %d ran on %s, and the link says %s", r.ID, p.Revision, t.revision)
	}
	return c.event(r, p, branch, false), nil
}

// byTask reads the job of a task's run; of its newest run where the link says none.
func (c *Client) byTask(ctx context.Context, t target, doing string) (row, error) {
	params := url.Values{"task_id": {t.task}}
	if t.run >= 0 {
		params.Set("retry_id", strconv.Itoa(t.run))
	}
	got, err := c.all(ctx, filter{project: t.project, doing: doing, params: params, belongs: func(kind) string { return "" }})
	if err != nil {
		return row{}, err
	}
	var best *row
	for i := range got {
		r := &got[i]
		if r.task() != t.task || t.run >= 0 && r.run() != t.run {
			return row{}, fail(sources.ErrChangedFormat, doing, "a parameter may have been ignored", "job %d is of task %s, and %s was asked for", r.ID, r.task(), t.task)
		}
		if best == nil || r.run() > best.run() {
			best = r
		}
	}
	if best == nil && t.run >= 0 {
		return row{}, fail(sources.ErrNotFound, doing, "Treeherder may not have taken it in yet, or has forgotten it after four months",
			"there is no run %d of task %s on %s", t.run, t.task, t.project)
	}
	if best == nil {
		return row{}, fail(sources.ErrNotFound, doing, "Treeherder may not have taken it in yet, or has forgotten it after four months",
			"there is no job of task %s on %s", t.task, t.project)
	}
	return *best, nil
}

func (c *Client) jobByID(ctx context.Context, project string, id int64, doing string) (row, error) {
	var out row
	address := c.address(project, fmt.Sprintf("/jobs/%d/", id), nil)
	err := c.get(ctx, jobDetail, address, doing, func(dec *json.Decoder) (err error) {
		if out, err = decodeJob(dec); err == nil && out.ID != id {
			return changed("$.id", "job %d was asked for, and %d came", id, out.ID)
		}
		return err
	})
	return out, err
}
