package treeherder

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"strconv"

	"github.com/mozci/mozci-run/sources"
)

// pages reads every page of /jobs/ that a filter lets through: all rows, each once.
//
// The first page tells the total and how many rows the server gives at a time, which may be fewer than were asked for. The
// others are read side by side. Where the total moves, or a row is met twice, everything is read once more.
func (c *Client) pages(ctx context.Context, f filter) ([]kind, error) {
	for attempt := 0; ; attempt++ {
		got, err := c.pagesOnce(ctx, f)
		if !errors.Is(err, errMoved) || attempt == 1 {
			return got, err
		}
	}
}

func (c *Client) pagesOnce(ctx context.Context, f filter) ([]kind, error) {
	first, err := c.onePage(ctx, f, 1)
	if err != nil {
		return nil, err
	}
	size, total := len(first.Results), first.Count
	if first.Next == nil || size == 0 {
		if size != total {
			return nil, fail(sources.ErrChangedFormat, f.doing, "mozci-run contract says what else has changed",
				"%d jobs are announced, and %d came on the only page", total, size)
		}
		return first.Results, nil
	}
	parts := make([]jobTable, (total+size-1)/size)
	if len(parts) < 2 {
		return nil, fail(sources.ErrChangedFormat, f.doing, "mozci-run contract says what else has changed",
			"%d jobs are announced, %d came on the first page, and it says that there is a second", total, size)
	}
	parts[0] = first
	err = each(ctx, len(parts)-1, func(ctx context.Context, i int) (err error) {
		parts[i+1], err = c.onePage(ctx, f, i+2)
		var own *sources.Error
		if errors.As(err, &own) && cause(own) == "Invalid page." { // there are fewer now
			return moved(f.doing, "a page is not there any more")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return join(parts, f.doing)
}

// join puts the pages of one listing together, which have to be of one moment.
func join(parts []jobTable, doing string) ([]kind, error) {
	seen := map[int64]bool{}
	out := make([]kind, 0, parts[0].Count)
	for i, p := range parts {
		last := i == len(parts)-1
		if p.Count != parts[0].Count || (p.Next == nil) != last {
			return nil, moved(doing, "the number of jobs changed from page to page")
		}
		for _, k := range p.Results {
			if seen[k.ID] {
				return nil, moved(doing, "job "+strconv.FormatInt(k.ID, 10)+" came on two pages")
			}
			seen[k.ID] = true
			out = append(out, k)
		}
	}
	if len(out) != parts[0].Count {
		return nil, moved(doing, strconv.Itoa(parts[0].Count)+" jobs are announced, and "+strconv.Itoa(len(out))+" came")
	}
	return out, nil
}

func (c *Client) onePage(ctx context.Context, f filter, n int) (jobTable, error) {
	params := url.Values{}
	maps.Copy(params, f.params)
	params.Set("count", strconv.Itoa(c.page))
	if n > 1 {
		params.Set("page", strconv.Itoa(n))
	}
	var out jobTable
	err := c.get(ctx, jobs, c.address("", "/jobs/", params), f.doing, func(dec *json.Decoder) (err error) {
		if out, err = decodeTable(dec); err != nil {
			return err
		}
		seen := map[int64]bool{}
		for _, k := range out.Results {
			if err := accept(k.ID, seen, f.belongs(k)); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}
