package treeherder

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// recent answers events.recent with the failures (testfailed, busted) on the newest pushes: newest push first, within a
// push tier 1 first and jobs without a tier last, within a tier newest job first. A push has been backed out where the
// message of a newer one of these pushes says so of any of its changesets.
func (c *Client) recent(ctx context.Context, q ci.EventsSince) ([]ci.Event, error) {
	doing := "events of " + q.Branch
	if q.Pushes < 1 || q.Pushes > maxPushes {
		return nil, fail(sources.ErrRefused, doing, "", "%d pushes are asked for; ask for 1 to %d", q.Pushes, maxPushes)
	}
	project := c.project(q.Branch)
	found, err := c.within(ctx, project, doing, 0, 0, q.Pushes)
	if err != nil {
		return nil, err
	}
	on := make([]*push, len(found))
	for i := range found {
		on[i] = &found[i]
	}
	failed, err := c.onPushes(ctx, project, doing, on, []selection{withResult("testfailed"), withResult("busted")})
	if err != nil {
		return nil, err
	}
	byPush := map[int64][]row{}
	for _, r := range failed {
		if r.Result != "testfailed" && r.Result != "busted" || states[r.State] != ci.Completed {
			return nil, fail(sources.ErrChangedFormat, doing, "a parameter may have been ignored", "job %d is %s, and failures were asked for", r.ID, r.Result)
		}
		byPush[r.PushID] = append(byPush[r.PushID], r)
	}
	out := []ci.Event{}
	backedOut := backedOut(found)
	for i, p := range found {
		list := byPush[p.ID]
		slices.SortFunc(list, func(a, b row) int {
			return cmp.Or(cmp.Compare(tierOrder(a), tierOrder(b)), cmp.Compare(b.ID, a.ID))
		})
		for _, r := range list {
			out = append(out, c.event(r, p, q.Branch, backedOut[i]))
		}
	}
	return out, nil
}

func withResult(word string) selection {
	return selection{url.Values{"result": {word}}, func(kind) string { return "" }}
}

func tierOrder(r row) int {
	if r.Tier <= 0 {
		return 1 << 30
	}
	return r.Tier
}

func (c *Client) event(r row, p push, branch string, backedOut bool) ci.Event {
	job, of := c.job(r, branch, p.Revision), c.push(p, branch, true)
	return ci.Event{Kind: ci.JobEvent, Push: &of, Job: &job, Backfill: job.Backfill, BackedOut: backedOut}
}

// backedOut says which pushes, newest first, are backed out by a newer one among them.
func backedOut(list []push) []bool {
	out := make([]bool, len(list))
	var gone []string // what newer pushes back out
	for i, p := range list {
		out[i] = slices.ContainsFunc(gone, func(h string) bool {
			return strings.HasPrefix(p.Revision, h) ||
				slices.ContainsFunc(p.Revisions, func(c commit) bool { return strings.HasPrefix(c.Revision, h) })
		})
		for _, c := range p.Revisions {
			gone = append(gone, ci.BackedOutIn(c.Comments)...)
		}
	}
	return out
}
