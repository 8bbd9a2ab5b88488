package treeherder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"

	"github.com/mozci/mozci-run/sources"
)

// pageSize is how many jobs either endpoint gives at most.
const pageSize = 2000

// A filter is a question for jobs. belongs says what is wrong with a row of an answer, or nothing.
type filter struct {
	project string
	doing   string
	params  url.Values
	belongs func(k kind) string
}

// all reads every job of a project that a filter lets through, ordered by id.
//
// One page is complete if it is not full. Where it is full, the ordered endpoint tells the ids, and the jobs are read in
// windows of ids, none of which fills a page.
func (c *Client) all(ctx context.Context, f filter) ([]row, error) {
	got, err := c.window(ctx, f, 0, 0)
	if err != nil || len(got) < c.page {
		return sorted(got), err
	}
	for range 2 {
		if got, err = c.windows(ctx, f); !errors.Is(err, errMoved) {
			return sorted(got), err
		}
	}
	return nil, err
}

func sorted(list []row) []row {
	slices.SortFunc(list, func(a, b row) int { return int(a.ID - b.ID) })
	return list
}

// windows reads jobs in windows of their ids.
func (c *Client) windows(ctx context.Context, f filter) ([]row, error) {
	known, err := c.pages(ctx, f)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(known))
	for i, k := range known {
		ids[i] = k.ID
	}
	slices.Sort(ids)
	// a window leaves room in its page for jobs that come meanwhile
	chunks := slices.Collect(slices.Chunk(ids, c.page*9/10))
	parts := make([][]row, len(chunks))
	err = each(ctx, len(chunks), func(ctx context.Context, i int) (err error) {
		var below int64 // the last window is open: what has come since is part of it
		if i+1 < len(chunks) {
			below = chunks[i+1][0]
		}
		if parts[i], err = c.window(ctx, f, chunks[i][0], below); err == nil && len(parts[i]) == c.page {
			return moved(f.doing, "a window of ids is full")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	got := slices.Concat(parts...)
	arrived := map[int64]bool{}
	for _, r := range got {
		arrived[r.ID] = true
	}
	for _, id := range ids {
		if !arrived[id] {
			return nil, moved(f.doing, fmt.Sprintf("job %d was there and is not any more", id))
		}
	}
	return got, nil
}

var errMoved = errors.New("jobs came or went while they were read")

func moved(doing, what string) error {
	return fail(sources.ErrUnavailable, doing, "try again", "%w: %s", errMoved, what)
}

// window reads the jobs with first ≤ id < below, where 0 is no bound: all of them, or exactly a page where there are more.
func (c *Client) window(ctx context.Context, f filter, first, below int64) ([]row, error) {
	params := maps.Clone(f.params)
	params.Set("count", strconv.Itoa(c.page))
	if first > 0 {
		params.Set("id__gte", strconv.FormatInt(first, 10))
	}
	if below > 0 {
		params.Set("id__lt", strconv.FormatInt(below, 10))
	}
	var out jobList
	err := c.get(ctx, projectJobs, c.address(f.project, "/jobs/", params), f.doing, func(dec *json.Decoder) (err error) {
		if out, err = decodeJobs(dec); err != nil {
			return err
		}
		if err := out.check(f.project, c.page); err != nil {
			return err
		}
		seen := map[int64]bool{}
		for _, r := range out.Results {
			wrong := f.belongs(r.kind)
			if r.ID < first || below > 0 && r.ID >= below {
				wrong = fmt.Sprintf("ids from %d to below %d were", first, below)
			}
			if err := accept(r.ID, seen, wrong); err != nil {
				return err
			}
		}
		return nil
	})
	return out.Results, err
}

// check holds an answer to what was asked for: the first count rows of a project.
func (l jobList) check(project string, count int) error {
	switch {
	case l.Meta.Repository != project:
		return changed("$.meta.repository", "jobs of %s were asked for, and those of %q came", project, l.Meta.Repository)
	case l.Meta.Count != count || l.Meta.Offset != 0:
		return changed("$.meta.count", "the first %d rows were asked for, and %d from %d on are announced", count, l.Meta.Count, l.Meta.Offset)
	case len(l.Results) > count:
		return changed("$.results", "%d rows were asked for, and %d came", count, len(l.Results))
	}
	return nil
}

// accept refuses a row that came before, or that does not belong.
func accept(id int64, seen map[int64]bool, wrong string) error {
	if seen[id] {
		return changed("$.results[].id", "job %d came twice", id)
	}
	seen[id] = true
	if wrong != "" {
		return changed("$.results[]", "job %d was not asked for: %s; a parameter may have been ignored", id, wrong)
	}
	return nil
}

// first gives any one job that a filter lets through; nil where there is none.
func (c *Client) first(ctx context.Context, f filter) (*row, error) {
	params := maps.Clone(f.params)
	params.Set("count", "1")
	var out jobList
	err := c.get(ctx, projectJobs, c.address(f.project, "/jobs/", params), f.doing, func(dec *json.Decoder) (err error) {
		if out, err = decodeJobs(dec); err != nil {
			return err
		}
		if err := out.check(f.project, 1); err != nil {
			return err
		}
		for _, r := range out.Results {
			return accept(r.ID, map[int64]bool{}, f.belongs(r.kind))
		}
		return nil
	})
	if err != nil || len(out.Results) == 0 {
		return nil, err
	}
	return &out.Results[0], nil
}
