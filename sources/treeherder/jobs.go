package treeherder

import (
	"context"
	"fmt"
	"net/url"

	"github.com/mozci/mozci-run/sources/ci"
)

// jobsList answers jobs.list: the jobs of the pushes in their order, within one by job id, which is the order in which
// Treeherder heard of them. Revisions that Treeherder does not know have no jobs. Job.Revision is the tip of the push.
//
// Chunks of a suite share a platform and a group. Any job of the type tells them, so that they can be asked for at once; groups
// change, and where the type's own jobs on these pushes tell others, these are asked for too. A type that Treeherder has
// never seen in this project has no other chunks.
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
	var suite *kind
	known, got, err := c.jobsOf(ctx, question{
		project: project, doing: doing, revs: revs, narrow: q.Job != "",
		first: func(ctx context.Context) (err error) {
			if q.Chunks {
				suite, err = c.sample(ctx, project, q.Job, doing)
			}
			return err
		},
		wanted: func() []selection { return selections(q.Job, suite) },
	})
	if err != nil {
		return nil, err
	}
	on := inOrder(revs, known)
	if suite != nil {
		more, err := c.onPushes(ctx, project, doing, on, elsewhere(q.Job, *suite, got))
		if err != nil {
			return nil, err
		}
		got = append(got, more...)
	}
	return c.answer(ctx, q, project, doing, on, got)
}

// answer sorts rows by their pushes and translates them. A row that two selections let through is taken once.
func (c *Client) answer(ctx context.Context, q ci.JobsOn, project, doing string, on []*push, got []row) ([]ci.Job, error) {
	byPush := map[int64][]row{}
	taken := map[int64]bool{}
	for _, r := range got {
		if taken[r.ID] {
			continue
		}
		taken[r.ID] = true
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

// selections says what to ask for a job type, and for its suite where one of its jobs is known.
func selections(job string, suite *kind) []selection {
	switch {
	case job == "":
		return []selection{{url.Values{}, func(kind) string { return "" }}}
	case suite == nil:
		return []selection{ofType(job)}
	}
	return append([]selection{ofType(job)}, ofGroup(suite.Platform, unmarked(suite.GroupSymbol))...)
}

// elsewhere says what to ask for besides, because jobs of the type ran on other platforms or in other groups than one did.
func elsewhere(job string, suite kind, got []row) []selection {
	type place struct{ platform, group string }
	asked := map[place]bool{{suite.Platform, unmarked(suite.GroupSymbol)}: true}
	var out []selection
	for _, r := range sorted(got) {
		at := place{r.Platform, unmarked(r.GroupSymbol)}
		if r.Type == job && !asked[at] {
			asked[at] = true
			out = append(out, ofGroup(at.platform, at.group)...)
		}
	}
	return out
}

// ofGroup selects a group on a platform. Actions put what they ask for into groups of their own.
func ofGroup(platform, group string) []selection {
	var out []selection
	for _, end := range append([]string{""}, byAction...) {
		symbol := group + end
		out = append(out, selection{
			url.Values{"platform": {platform}, "job_group_symbol": {symbol}},
			func(k kind) string {
				if k.Platform == platform && k.GroupSymbol == symbol {
					return ""
				}
				return fmt.Sprintf("%s in the group %s were, and it is %s in %s", platform, symbol, k.Platform, k.GroupSymbol)
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
