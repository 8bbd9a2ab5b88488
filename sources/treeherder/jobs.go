package treeherder

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/mozci/mozci-run/sources/ci"
)

// pushesAtOnce is how many pushes one question for jobs names, so that its URL stays below 4094 bytes.
const pushesAtOnce = 200

// jobsList answers jobs.list: the jobs of the pushes in their order, within one by job id, which is the order in which
// Treeherder heard of them. Revisions that Treeherder does not know have no jobs. Job.Revision is the tip of the push.
//
// Chunks of a suite share a platform and a group, which any job of the type tells. A type that Treeherder has never
// seen in this project has no other chunks.
func (c *Client) jobsList(ctx context.Context, q ci.JobsOn) ([]ci.Job, error) {
	doing := "jobs of " + q.Branch
	if q.Job != "" {
		doing = q.Job + " on " + q.Branch
	}
	revs, err := revisions(q.Revisions, doing)
	if err != nil {
		return nil, err
	}
	project := c.project(q.Branch)
	var known map[string]*push
	var suite *kind
	err = each(ctx, 2, func(ctx context.Context, i int) (err error) {
		if i == 0 {
			known, err = c.findAll(ctx, project, revs, doing)
		} else if q.Chunks && q.Job != "" {
			suite, err = c.sample(ctx, project, q.Job, doing)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	on := inOrder(revs, known)
	got, err := c.onPushes(ctx, project, doing, on, selections(q.Job, suite))
	if err != nil {
		return nil, err
	}
	return c.answer(ctx, q, project, doing, on, got)
}

// answer sorts rows by their pushes and translates them.
func (c *Client) answer(ctx context.Context, q ci.JobsOn, project, doing string, on []*push, got []row) ([]ci.Job, error) {
	byPush := map[int64][]row{}
	for _, r := range got {
		if q.Job == "" || r.Type == q.Job || q.Chunks && ci.SameSuite(q.Job, r.Type) {
			byPush[r.PushID] = append(byPush[r.PushID], r)
		}
	}
	out := []ci.Job{}
	for _, p := range on {
		for _, r := range sorted(byPush[p.ID]) {
			out = append(out, c.job(r, q.Branch, p.Revision))
		}
	}
	if q.Groups {
		return out, c.addGroups(ctx, project, doing, out)
	}
	return out, nil
}

// inOrder lists the pushes of revisions, each once.
func inOrder(revs []string, known map[string]*push) []*push {
	var out []*push
	seen := map[int64]bool{}
	for _, rev := range revs {
		if p := known[rev]; p != nil && !seen[p.ID] {
			seen[p.ID] = true
			out = append(out, p)
		}
	}
	return out
}

// A selection is what a question for jobs asks besides their pushes.
type selection struct {
	params  url.Values
	belongs func(k kind) string
}

// selections says what to ask for a job type, or for its suite where one of its jobs is known. Actions ask for the chunks
// of a suite under group symbols of their own.
func selections(job string, suite *kind) []selection {
	switch {
	case job == "":
		return []selection{{url.Values{}, func(kind) string { return "" }}}
	case suite == nil:
		return []selection{ofType(job)}
	}
	var out []selection
	for _, end := range append([]string{""}, byAction...) {
		group := unmarked(suite.GroupSymbol) + end
		out = append(out, selection{
			url.Values{"platform": {suite.Platform}, "job_group_symbol": {group}},
			func(k kind) string {
				if k.Platform == suite.Platform && k.GroupSymbol == group {
					return ""
				}
				return fmt.Sprintf("%s in the group %s were, and it is %s in %s", suite.Platform, group, k.Platform, k.GroupSymbol)
			},
		})
	}
	return out
}

func ofType(job string) selection {
	return selection{url.Values{"job_type_name": {job}}, func(k kind) string {
		if k.Type == job {
			return ""
		}
		return "it is a " + k.Type
	}}
}

// sample gives any job of a type; nil where there is none, or the type is no chunk.
func (c *Client) sample(ctx context.Context, project, job, doing string) (*kind, error) {
	if !ci.SameSuite(job, job+"0") {
		return nil, nil
	}
	one := ofType(job)
	got, err := c.first(ctx, filter{project: project, doing: doing, params: one.params, belongs: one.belongs})
	if err != nil || got == nil {
		return nil, err
	}
	return &got.kind, nil
}

// onPushes reads the jobs on pushes that any of the selections lets through.
func (c *Client) onPushes(ctx context.Context, project, doing string, on []*push, wanted []selection) ([]row, error) {
	var filters []filter
	for chunk := range slices.Chunk(on, pushesAtOnce) {
		ids := map[int64]bool{}
		names := make([]string, len(chunk))
		for i, p := range chunk {
			ids[p.ID] = true
			names[i] = strconv.FormatInt(p.ID, 10)
		}
		for _, w := range wanted {
			params := maps.Clone(w.params)
			params.Set("push_id__in", strings.Join(names, ","))
			filters = append(filters, filter{project: project, doing: doing, params: params, belongs: func(k kind) string {
				if !ids[k.PushID] {
					return fmt.Sprintf("it is on push %d", k.PushID)
				}
				return w.belongs(k)
			}})
		}
	}
	parts := make([][]row, len(filters))
	err := each(ctx, len(filters), func(ctx context.Context, i int) (err error) {
		parts[i], err = c.all(ctx, filters[i])
		return err
	})
	return slices.Concat(parts...), err
}
