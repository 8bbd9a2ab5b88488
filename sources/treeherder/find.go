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
)

// maxPushes is how many pushes Treeherder gives at a time.
const maxPushes = 1000

// list asks for pushes of a project. Every row is held against the question by belongs, which says what is wrong with it
// or nothing; params hold the count.
func (c *Client) list(ctx context.Context, project, doing string, count int, params url.Values, belongs func(p push) string) ([]push, error) {
	params.Set("count", strconv.Itoa(count))
	var out pushList
	err := c.get(ctx, pushes, c.address(project, "/push/", params), doing, func(dec *json.Decoder) error {
		var err error
		if out, err = decodePushes(dec); err != nil {
			return err
		}
		if out.Meta.Repository != project {
			return changed("$.meta.repository", "pushes of %s were asked for, and those of %q came", project, out.Meta.Repository)
		}
		if len(out.Results) > count {
			return changed("$.results", "%d pushes were asked for, and %d came", count, len(out.Results))
		}
		seen := map[int64]bool{}
		for _, p := range out.Results {
			if seen[p.ID] {
				return changed("$.results[].id", "push %d came twice", p.ID)
			}
			seen[p.ID] = true
			if wrong := belongs(p); wrong != "" {
				return changed("$.results[]", "push %d was not asked for: %s; a parameter may have been ignored", p.ID, wrong)
			}
		}
		return nil
	})
	return out.Results, err
}

// within asks for pushes of a project with first ≤ id ≤ last, where 0 is no bound, newest first by id. Where there are more
// than count, which of them come is Treeherder's choice: the newest by time.
func (c *Client) within(ctx context.Context, project, doing string, first, last int64, count int) ([]push, error) {
	params := url.Values{}
	if first > 0 {
		params.Set("id__gte", strconv.FormatInt(first, 10))
	}
	if last > 0 {
		params.Set("id__lte", strconv.FormatInt(last, 10))
	}
	out, err := c.list(ctx, project, doing, count, params, func(p push) string {
		if p.ID < first || last > 0 && p.ID > last {
			return fmt.Sprintf("ids from %d to %d were", first, last)
		}
		return ""
	})
	slices.SortFunc(out, func(a, b push) int { return int(b.ID - a.ID) })
	return out, err
}

// revision checks that rev can be one and writes it as Treeherder does.
func revision(rev, doing string) (string, error) {
	r := strings.ToLower(rev)
	if len(r) < 12 || len(r) > 40 || !isHex(r) {
		return "", fail(sources.ErrRefused, doing, "give 40 hex digits", "%q is no revision", rev)
	}
	return r, nil
}

// find looks for the push that holds a revision, which revision has checked. It is nil where Treeherder knows none.
// A changeset may be in several pushes, on try: then it is the push whose tip it is, or else the oldest.
// An abbreviated revision is found only where it is a tip.
func (c *Client) find(ctx context.Context, project, rev, doing string) (*push, error) {
	param := "commit_revision"
	if len(rev) < 40 {
		param = "revision"
	}
	found, err := c.list(ctx, project, doing, 100, url.Values{param: {rev}}, func(p push) string {
		if !p.holds(rev) {
			return "it does not hold " + rev
		}
		return ""
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	if len(rev) < 40 && len(found) > 1 {
		return nil, fail(sources.ErrRefused, doing, "give 40 hex digits", "%s is ambiguous: %s and %s", rev, found[0].Revision, found[1].Revision)
	}
	best := &found[0]
	for i := range found {
		p := &found[i]
		tip, bestTip := strings.HasPrefix(p.Revision, rev), strings.HasPrefix(best.Revision, rev)
		if tip && !bestTip || tip == bestTip && p.ID < best.ID {
			best = p
		}
	}
	return best, nil
}

// mustFind is find where an unknown revision is an error.
func (c *Client) mustFind(ctx context.Context, project, rev, doing string) (*push, error) {
	r, err := revision(rev, doing)
	if err != nil {
		return nil, err
	}
	p, err := c.find(ctx, project, r, doing)
	if p == nil && err == nil {
		hint := "Treeherder may not have taken it in yet: try again in a few minutes"
		if len(r) < 40 {
			hint = "Treeherder finds abbreviated revisions among tips only: give 40 hex digits"
		}
		return nil, fail(sources.ErrNotFound, doing, hint, "no push of %s holds %s", project, rev)
	}
	return p, err
}

// revisions checks revisions, writes them as Treeherder does, and drops repeated ones. The order stays.
func revisions(revs []string, doing string) ([]string, error) {
	out := make([]string, 0, len(revs))
	for _, rev := range revs {
		r, err := revision(rev, doing)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out, nil
}

// findAll looks for the pushes that hold given revisions, which revisions has checked. Those that Treeherder does not know
// are missing from the answer. It is findFirst and then findRest.
func (c *Client) findAll(ctx context.Context, project string, revs []string, doing string) (map[string]*push, error) {
	known := map[string]*push{}
	if err := c.findFirst(ctx, project, revs, doing, known); err != nil {
		return nil, err
	}
	return known, c.findRest(ctx, project, revs, doing, known)
}

// findFirst asks side by side for up to ten revisions; where there are more, for the first and the last of them.
// Which push a revision belongs to does not change, and may come from a cache.
func (c *Client) findFirst(ctx context.Context, project string, revs []string, doing string, known map[string]*push) error {
	if len(revs) > atOnce {
		revs = []string{revs[0], revs[len(revs)-1]}
	}
	return c.singly(sources.Settled(ctx), project, revs, doing, known)
}

// findRest asks for what findFirst has not asked for: the pushes between the first and the last at once, and singly what is
// still missing. That a revision belongs to no push may change: in a fresh question it is asked again.
func (c *Client) findRest(ctx context.Context, project string, revs []string, doing string, known map[string]*push) error {
	settled := sources.Settled(ctx)
	if first, last, ok := span(revs, known); ok {
		between, err := c.within(settled, project, doing, first, last, maxPushes)
		if err != nil {
			return err
		}
		for i := range between {
			known[between[i].Revision] = &between[i]
		}
	}
	if len(revs) > atOnce {
		if err := c.singly(settled, project, missing(revs[1:len(revs)-1], known), doing, known); err != nil {
			return err
		}
	}
	if !sources.IsFresh(ctx) {
		return nil
	}
	return c.singly(ctx, project, missing(revs, known), doing, known)
}

// span gives the ids between which the pushes of more than ten revisions lie, where findFirst has found both ends.
func span(revs []string, known map[string]*push) (first, last int64, ok bool) {
	if len(revs) <= atOnce {
		return 0, 0, false
	}
	a, b := known[revs[0]], known[revs[len(revs)-1]]
	if a == nil || b == nil {
		return 0, 0, false
	}
	return min(a.ID, b.ID), max(a.ID, b.ID), true
}

func missing(revs []string, known map[string]*push) []string {
	return slices.DeleteFunc(slices.Clone(revs), func(rev string) bool { return known[rev] != nil })
}

// singly looks for revisions side by side and puts those that are known into known.
func (c *Client) singly(ctx context.Context, project string, revs []string, doing string, known map[string]*push) error {
	found := make([]*push, len(revs))
	err := each(ctx, len(revs), func(ctx context.Context, i int) (err error) {
		found[i], err = c.find(ctx, project, revs[i], doing)
		return err
	})
	for i, p := range found {
		if p != nil {
			known[revs[i]] = p
		}
	}
	return err
}
