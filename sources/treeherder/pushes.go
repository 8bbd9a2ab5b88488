package treeherder

import (
	"context"
	"fmt"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// maxDepth is the greatest depth: as many pushes as come at a time may have been cut.
const maxDepth = maxPushes - 1

// pushesFind answers pushes.find.
func (c *Client) pushesFind(ctx context.Context, q ci.PushFind) (ci.Push, error) {
	doing := fmt.Sprintf("the push of %s on %s", q.Revision, q.Branch)
	p, err := c.mustFind(ctx, c.project(q.Branch), q.Revision, doing)
	if err != nil {
		return ci.Push{}, err
	}
	if err := allWhole([]push{*p}, doing); err != nil {
		return ci.Push{}, err
	}
	return c.push(*p, q.Branch, q.Full), nil
}

// pushesRange answers pushes.range, newest first by Treeherder's push id.
func (c *Client) pushesRange(ctx context.Context, q ci.PushRange) ([]ci.Push, error) {
	doing := "pushes of " + q.Branch
	switch {
	case q.Depth < 0, (q.Depth == 0) == (q.After == ""):
		return nil, fail(sources.ErrRefused, doing, "", "give either a depth of 1 to %d, or the revision after which to begin", maxDepth)
	case q.Depth > maxDepth:
		return nil, fail(sources.ErrRefused, doing, "ask for less at a time", "a depth of %d is asked for, and %d is the most that can be told to be complete", q.Depth, maxDepth)
	}
	found, err := c.span(ctx, q, doing)
	if err != nil {
		return nil, err
	}
	if err := allWhole(found, doing); err != nil {
		return nil, err
	}
	out := make([]ci.Push, len(found))
	for i, p := range found {
		out[i] = c.push(p, q.Branch, q.Full)
	}
	return out, nil
}

func (c *Client) span(ctx context.Context, q ci.PushRange, doing string) ([]push, error) {
	project := c.project(q.Branch)
	ends, err := c.ends(ctx, project, doing, q.UpTo, q.After)
	if err != nil {
		return nil, err
	}
	last, after := ends[0], ends[1]
	if q.After == "" {
		return c.newest(ctx, project, doing, last, q.Depth)
	}
	if last > 0 && last <= after {
		if last == after {
			return nil, nil
		}
		return nil, fail(sources.ErrRefused, doing, "", "%s is newer than %s", q.After, q.UpTo)
	}
	found, err := c.within(ctx, project, doing, after+1, last, maxPushes)
	if err == nil && len(found) == maxPushes {
		return nil, fail(sources.ErrRefused, doing, "ask for less at a time", "%d pushes and perhaps more lie in the range, and Treeherder gives %d", len(found), maxPushes)
	}
	return found, err
}

// ends looks for the ids of the pushes that hold given revisions, side by side; 0 where the revision is empty.
func (c *Client) ends(ctx context.Context, project, doing string, revs ...string) ([]int64, error) {
	ids := make([]int64, len(revs))
	return ids, each(ctx, len(revs), func(ctx context.Context, i int) error {
		if revs[i] == "" {
			return nil
		}
		p, err := c.mustFind(ctx, project, revs[i], doing)
		if err == nil {
			ids[i] = p.ID
		}
		return err
	})
}

// newest gives the depth pushes with the largest ids up to last, or up to the newest where last is 0.
//
// Treeherder's own cut goes by time. Where it cut, the ids down to the lowest that are wanted of those that it gave are asked for
// again as a window: what is wanted is among them, whatever its time. A window that is full may be cut as well, and
// tells a narrower one.
func (c *Client) newest(ctx context.Context, project, doing string, last int64, depth int) ([]push, error) {
	found, err := c.within(ctx, project, doing, 0, last, depth)
	if err != nil || len(found) < depth {
		return found, err
	}
	for {
		found, err = c.within(ctx, project, doing, found[depth-1].ID, last, maxPushes)
		switch {
		case err != nil:
			return nil, err
		case len(found) < depth:
			return nil, fail(sources.ErrUnavailable, doing, "try again", "%d pushes came where %d had come before", len(found), depth)
		case len(found) < maxPushes:
			return found[:depth], nil
		}
	}
}

// allWhole refuses to hand on a push of which Treeherder lists only some changesets.
func allWhole(list []push, doing string) error {
	for _, p := range list {
		if !p.whole() {
			return fail(sources.ErrNotFilled, doing, "put a pushlog into the profile, which has them all",
				"push %d (%s) has %d changesets, and Treeherder lists %d", p.ID, p.Revision, p.Count, len(p.Revisions))
		}
	}
	return nil
}
