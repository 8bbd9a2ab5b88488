package treeherder

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// pushesAtOnce is how many pushes one question for jobs names, so that its URL stays below 4094 bytes.
const pushesAtOnce = 200

// A selection is what a question for jobs asks besides their pushes. Belongs says what is wrong with a row, or nothing.
type selection struct {
	params  url.Values
	belongs func(k kind) string
}

// A question is one for jobs on the pushes of given revisions, which revisions has checked.
type question struct {
	project, doing string
	revs           []string
	narrow         bool                        // whether few jobs of a push are wanted
	first          func(context.Context) error // is called beside the first look-up of pushes; may be nil
	wanted         func() []selection          // is called after that; jobs that any of them lets through are wanted
}

// jobsOf gives the pushes that Treeherder knows, by revision, and the jobs on them, perhaps with some on pushes between.
//
// It takes two round trips. Up to ten pushes are looked up first, and then their jobs are asked for. Of more, the ends are
// looked up first, and then the pushes between them and the jobs on all of these are asked for side by side, unless there
// are more than a page of such jobs.
func (c *Client) jobsOf(ctx context.Context, q question) (map[string]*push, []row, error) {
	known := map[string]*push{}
	err := each(ctx, 2, func(ctx context.Context, i int) error {
		switch {
		case i == 0:
			return c.findFirst(ctx, q.project, q.revs, q.doing, known)
		case q.first != nil:
			return q.first(ctx)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	wanted := q.wanted()
	first, last, between := span(q.revs, known)
	between = between && q.narrow
	var got []row
	err = each(ctx, 2, func(ctx context.Context, i int) (err error) {
		if i == 0 {
			return c.findRest(ctx, q.project, q.revs, q.doing, known)
		}
		if between {
			got, between, err = c.onSpan(ctx, q.project, q.doing, first, last, wanted)
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	others := slices.DeleteFunc(inOrder(q.revs, known), func(p *push) bool { return between && first <= p.ID && p.ID <= last })
	more, err := c.onPushes(ctx, q.project, q.doing, others, wanted)
	return known, append(got, more...), err
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

// onSpan reads the jobs on all pushes with first ≤ id ≤ last; false where there are more than a page holds.
func (c *Client) onSpan(ctx context.Context, project, doing string, first, last int64, wanted []selection) ([]row, bool, error) {
	parts := make([][]row, len(wanted))
	err := each(ctx, len(wanted), func(ctx context.Context, i int) (err error) {
		params := maps.Clone(wanted[i].params)
		params.Set("push_id__gte", strconv.FormatInt(first, 10))
		params.Set("push_id__lte", strconv.FormatInt(last, 10))
		parts[i], err = c.window(ctx, filter{project: project, doing: doing, params: params, belongs: func(k kind) string {
			if k.PushID < first || k.PushID > last {
				return fmt.Sprintf("it is on push %d", k.PushID)
			}
			return wanted[i].belongs(k)
		}}, 0, 0)
		return err
	})
	for _, part := range parts {
		if len(part) == c.page {
			return nil, false, err
		}
	}
	return slices.Concat(parts...), true, err
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
