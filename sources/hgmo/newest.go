package hgmo

import (
	"context"
	"net/url"
	"strconv"
	"sync"
)

const (
	perPage  = 10 // numbers on a page of the pushlog
	maxPages = 5  // how many are asked for side by side
)

// A page is one page of the pushlog.
type page struct {
	list []landing // newest first
	last int       // the branch's newest number when it was asked for
}

// newest asks for the branch's newest pushes: for pages side by side, and for what is then missing by numbers.
func (r repo) newest(ctx context.Context, depth int) ([]landing, error) {
	pages, err := r.pages(ctx, min((depth+perPage-1)/perPage, maxPages))
	if err != nil {
		return nil, err
	}
	var list []landing
	to := pages[0].last
	for _, p := range pages {
		if p.last != pages[0].last || len(p.list) > 0 && p.list[0].id > to {
			break // pushes landed meanwhile, and moved the pages
		}
		if list = append(list, p.list...); len(p.list) > 0 {
			to = p.list[len(p.list)-1].id - 1
		}
	}
	return r.deepen(ctx, list, to, depth)
}

// pages asks for the newest n pages, newest first. The first failure calls the others off, and is the error.
func (r repo) pages(ctx context.Context, n int) ([]page, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var failed sync.Once
	var first error
	out := make([]page, n)
	var wg sync.WaitGroup
	for i := range out {
		wg.Go(func() {
			ep, path := jsonPushes, "/json-pushes"
			if i > 0 {
				ep, path = jsonPushesPage, "/json-pushes/"+strconv.Itoa(i+1)
			}
			var err error
			if out[i].list, out[i].last, err = r.read(ctx, ep, path, url.Values{}); err != nil {
				failed.Do(func() { first = err; cancel() })
			}
		})
	}
	wg.Wait()
	return out, first
}
