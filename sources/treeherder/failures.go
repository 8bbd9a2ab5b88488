package treeherder

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A textLogError is an error line of a job's log.
type textLogError struct {
	Job  int64  `json:"job"`
	Line string `json:"line"`
}

// A bugSuggestion is the same line, cleaned, with what is looked for in the bug tracker.
type bugSuggestion struct {
	Terms []*string `json:"search_terms"`
}

// A jobLog is a log of a job.
type jobLog struct {
	Job    int64  `json:"job_id"`
	Name   string `json:"name"`         // live_backing_log, errorsummary_json
	Status string `json:"parse_status"` // pending, parsed, failed, skipped_size
}

// summaryLog is the log that is read for results by manifest, not for error lines.
const summaryLog = "errorsummary_json"

// logsAtOnce is how many jobs one question for logs names.
const logsAtOnce = 100

// failures answers jobs.failures, in the order of the question.
func (c *Client) failures(ctx context.Context, q ci.FailuresOf) ([]ci.Failure, error) {
	doing := "failures on " + q.Branch
	ids, err := numbers(q.Jobs, doing)
	if err != nil {
		return nil, err
	}
	project := c.project(q.Branch)
	out := make([]ci.Failure, len(ids))
	for i, job := range q.Jobs {
		out[i] = ci.Failure{Job: job, Lines: []string{}, Groups: []string{}, Searched: []string{}}
	}
	n := len(ids)
	err = each(ctx, 2*n+2, func(ctx context.Context, i int) (err error) {
		switch {
		case i == 0:
			return c.markParsed(ctx, project, doing, ids, out)
		case i == 1:
			return c.failedGroups(ctx, project, doing, ids, out)
		case i < n+2:
			out[i-2].Lines, err = c.errorLines(ctx, project, doing, ids[i-2])
		default:
			out[i-2-n].Searched, err = c.searched(ctx, project, doing, ids[i-2-n])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func numbers(texts []string, doing string) ([]int64, error) {
	out := make([]int64, len(texts))
	for i, t := range texts {
		id, err := strconv.ParseInt(t, 10, 64)
		if err != nil || id <= 0 {
			return nil, fail(sources.ErrRefused, doing, "give ids as jobs.list does", "%q is no job id of Treeherder", t)
		}
		out[i] = id
	}
	return out, nil
}

func (c *Client) errorLines(ctx context.Context, project, doing string, id int64) ([]string, error) {
	out := []string{}
	address := c.address(project, fmt.Sprintf("/jobs/%d/text_log_errors/", id), nil)
	err := c.get(ctx, textLogErrors, address, doing, func(dec *json.Decoder) error {
		return list(dec, "$", func() error {
			var e textLogError
			if err := value(dec, "$[]", &e); err != nil {
				return err
			}
			if e.Job != id {
				return changed("$[].job", "a line of job %d was not asked for", e.Job)
			}
			out = append(out, e.Line)
			return nil
		})
	})
	return out, err
}

// searched lists the terms under which bugs are looked for, in the order of their lines, each once.
func (c *Client) searched(ctx context.Context, project, doing string, id int64) ([]string, error) {
	out := []string{}
	address := c.address(project, fmt.Sprintf("/jobs/%d/bug_suggestions/", id), nil)
	err := c.get(ctx, bugSuggestions, address, doing, func(dec *json.Decoder) error {
		return list(dec, "$", func() error {
			var s bugSuggestion
			if err := value(dec, "$[]", &s); err != nil {
				return err
			}
			for _, t := range s.Terms {
				if t != nil && strings.TrimSpace(*t) != "" && !slices.Contains(out, *t) {
					out = append(out, *t)
				}
			}
			return nil
		})
	})
	return out, err
}

// markParsed says of which jobs a log with error lines has been read.
func (c *Client) markParsed(ctx context.Context, project, doing string, ids []int64, out []ci.Failure) error {
	parsed := map[int64]bool{}
	for chunk := range slices.Chunk(ids, logsAtOnce) {
		params := url.Values{}
		for _, id := range chunk {
			params.Add("job_id", strconv.FormatInt(id, 10))
		}
		err := c.get(ctx, jobLogURLs, c.address(project, "/job-log-url/", params), doing, func(dec *json.Decoder) error {
			return list(dec, "$", func() error {
				var l jobLog
				if err := value(dec, "$[]", &l); err != nil {
					return err
				}
				if !slices.Contains(chunk, l.Job) {
					return changed("$[].job_id", "a log of job %d was not asked for", l.Job)
				}
				parsed[l.Job] = parsed[l.Job] || l.Name != summaryLog && l.Status == "parsed"
				return nil
			})
		})
		if err != nil {
			return err
		}
	}
	for i, id := range ids {
		out[i].Parsed = parsed[id]
	}
	return nil
}

// failedGroups lists the manifests that failed, from the results of the jobs' pushes. It fails where a job is unknown.
func (c *Client) failedGroups(ctx context.Context, project, doing string, ids []int64, out []ci.Failure) error {
	byID, err := c.byID(ctx, project, doing, ids)
	if err != nil {
		return err
	}
	tips, err := c.tips(ctx, project, doing, byID)
	if err != nil {
		return err
	}
	list := make([]ci.Job, len(ids))
	for i, id := range ids {
		list[i] = c.job(byID[id], project, tips[byID[id].PushID])
	}
	if err := c.addGroups(ctx, project, doing, list); err != nil {
		return err
	}
	for i := range list {
		for _, g := range list[i].Groups {
			if !g.OK {
				out[i].Groups = append(out[i].Groups, g.Group)
			}
		}
	}
	return nil
}

// byID reads jobs of a project by their ids. An unknown one is an error.
func (c *Client) byID(ctx context.Context, project, doing string, ids []int64) (map[int64]row, error) {
	out := map[int64]row{}
	for chunk := range slices.Chunk(ids, pushesAtOnce) {
		names := make([]string, len(chunk))
		for i, id := range chunk {
			names[i] = strconv.FormatInt(id, 10)
		}
		got, err := c.all(ctx, filter{project: project, doing: doing, params: url.Values{"id__in": {strings.Join(names, ",")}},
			belongs: func(k kind) string {
				if !slices.Contains(chunk, k.ID) {
					return "other ids were"
				}
				return ""
			}})
		if err != nil {
			return nil, err
		}
		for _, r := range got {
			out[r.ID] = r
		}
	}
	for _, id := range ids {
		if _, ok := out[id]; !ok {
			return nil, fail(sources.ErrNotFound, doing, "give ids as jobs.list does", "there is no job %d on %s", id, project)
		}
	}
	return out, nil
}

// tips gives the tip revisions of the pushes of jobs, by push id.
func (c *Client) tips(ctx context.Context, project, doing string, of map[int64]row) (map[int64]string, error) {
	out := map[int64]string{}
	var ids []int64
	for _, r := range of {
		if !slices.Contains(ids, r.PushID) {
			ids = append(ids, r.PushID)
		}
	}
	slices.Sort(ids)
	found := make([]push, len(ids))
	err := each(ctx, len(ids), func(ctx context.Context, i int) (err error) {
		found[i], err = c.pushByID(ctx, project, ids[i], doing)
		return err
	})
	for _, p := range found {
		out[p.ID] = p.Revision
	}
	return out, err
}

// pushByID reads one push.
func (c *Client) pushByID(ctx context.Context, project string, id int64, doing string) (push, error) {
	var out push
	address := c.address(project, fmt.Sprintf("/push/%d/", id), nil)
	err := c.get(sources.Settled(ctx), pushDetail, address, doing, func(dec *json.Decoder) (err error) {
		if out, err = decodePush(dec, "$"); err == nil && out.ID != id {
			return changed("$.id", "push %d was asked for, and %d came", id, out.ID)
		}
		return err
	})
	return out, err
}
