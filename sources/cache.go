package sources

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
)

// CacheBounds say how much a cache keeps.
type CacheBounds struct {
	Body  int64 // the largest body that is kept; 0 means 16 MiB
	Total int64 // all bodies together; the oldest go first; 0 means 256 MiB
}

// Cache answers a GET that was answered before with the same answer, and lets equal ones that are asked side by side
// share one request. It is made for one run and never asks whether an answer is still true: a question within [Fresh] goes
// past it, and its answer takes the old one's place. Only complete answers with status 200 are kept; one that breaks off is
// asked for again. A body that is larger than the bound is handed on as it comes, to the first who asked; the others ask for
// themselves.
//
// Requests are equal where their URLs, their Accept and their Authorization are; of an Authorization with parameters the
// first counts, which is the client's id in Hawk, because the others are new each time.
func Cache(next http.RoundTripper, bounds CacheBounds) http.RoundTripper {
	if bounds.Body <= 0 {
		bounds.Body = 16 << 20
	}
	if bounds.Total <= 0 {
		bounds.Total = 256 << 20
	}
	return &cache{next: next, bounds: bounds, flights: map[string]*flight{}}
}

type cache struct {
	next    http.RoundTripper
	bounds  CacheBounds
	mu      sync.Mutex
	flights map[string]*flight // under way, or landed with an answer that is kept
	kept    []*flight          // landed, oldest first
	size    int64              // of what is kept
}

// A flight is one request, for everyone who asked for the same while it was under way.
type flight struct {
	key    string
	cancel context.CancelFunc
	riders int // who wait for it; when none is left it is called off. Guarded by cache.mu

	landed chan struct{} // closed when the fields below are set
	head   *http.Response
	body   []byte
	broken error // how the body broke off behind body
	large  bool  // whether more follows than can be shared
	err    error

	rest io.ReadCloser // what follows body where it is large, until a rider takes it; guarded by cache.mu
}

func (c *cache) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet || req.Body != nil && req.Body != http.NoBody || req.Header.Get("Range") != "" {
		return c.next.RoundTrip(req)
	}
	ctx := req.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f := c.board(req)
	select {
	case <-f.landed:
	case <-ctx.Done():
		c.alight(f)
		return nil, ctx.Err()
	}
	if f.err != nil {
		return nil, f.err
	}
	if !f.large {
		return f.answer(req, int64(len(f.body)), io.NopCloser(io.MultiReader(bytes.NewReader(f.body), failing{f.broken}))), nil
	}
	rest := c.takeRest(f)
	if rest == nil {
		return c.next.RoundTrip(req)
	}
	stop := context.AfterFunc(ctx, f.cancel)
	return f.answer(req, -1, &tail{io.MultiReader(bytes.NewReader(f.body), rest), func() error {
		stop()
		defer f.cancel()
		return rest.Close()
	}}), nil
}

// answer is the flight's answer to one of its riders.
func (f *flight) answer(req *http.Request, length int64, body io.ReadCloser) *http.Response {
	resp := *f.head
	resp.Request, resp.Header, resp.ContentLength, resp.Body = req, f.head.Header.Clone(), length, body
	if f.broken != nil {
		resp.ContentLength = -1
	}
	return &resp
}

func keyOf(req *http.Request) string {
	auth, _, _ := strings.Cut(req.Header.Get("Authorization"), ",")
	return strings.Join([]string{req.URL.String(), req.Header.Get("Accept"), auth}, "\x1f")
}

// board finds the flight that answers the request, or starts it.
func (c *cache) board(req *http.Request) *flight {
	key := keyOf(req)
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.flights[key]; f != nil && !IsFresh(req.Context()) {
		f.riders++
		return f
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(req.Context()))
	f := &flight{key: key, cancel: cancel, riders: 1, landed: make(chan struct{})}
	c.drop(c.flights[key])
	c.flights[key] = f
	go c.fly(f, req.Clone(ctx))
	return f
}

// alight lets a rider go. A flight without riders is called off, and nobody boards it any more.
func (c *cache) alight(f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.riders--; f.riders > 0 {
		return
	}
	select {
	case <-f.landed:
		if f.rest != nil { // they have gone without it
			f.rest.Close()
			f.rest = nil
			f.cancel()
		}
	default:
		c.drop(f)
		f.cancel()
	}
}

// landings is how often an answer is asked for that breaks off.
const landings = 3

// fly makes the request and reads its answer, up to the bound. One that breaks off is asked for again: whoever reads it has
// not seen any of it.
func (c *cache) fly(f *flight, req *http.Request) {
	var resp *http.Response
	for n := 1; ; n++ {
		var err error
		if resp, err = c.next.RoundTrip(req.Clone(req.Context())); err != nil {
			f.err = err
			c.land(f, false)
			return
		}
		f.head = resp
		f.body, f.broken = io.ReadAll(io.LimitReader(resp.Body, c.bounds.Body+1))
		if n == landings || !passes(req.Context(), resp, f.broken) || f.broken == nil {
			break
		}
		resp.Body.Close()
	}
	if f.broken == nil && int64(len(f.body)) > c.bounds.Body {
		f.large, f.rest = true, resp.Body
		c.land(f, false)
		return
	}
	resp.Body.Close()
	c.land(f, resp.StatusCode == http.StatusOK && f.broken == nil)
}

// land tells the riders, and keeps the answer or forgets it.
func (c *cache) land(f *flight, keep bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(f.landed)
	switch {
	case !f.large:
		f.cancel()
	case f.riders == 0: // all have gone: nobody will read it
		f.rest.Close()
		f.rest = nil
		f.cancel()
	}
	if !keep || c.flights[f.key] != f { // another has taken its place meanwhile
		c.drop(f)
		return
	}
	c.kept = append(c.kept, f)
	c.size += int64(len(f.body))
	for c.size > c.bounds.Total {
		c.drop(c.kept[0])
	}
}

// drop forgets a flight, where it is the one that answers. c.mu is held.
func (c *cache) drop(f *flight) {
	if f == nil || c.flights[f.key] != f {
		return
	}
	delete(c.flights, f.key)
	for i, k := range c.kept {
		if k == f {
			c.kept = append(c.kept[:i:i], c.kept[i+1:]...)
			c.size -= int64(len(f.body))
			return
		}
	}
}

// takeRest gives the part behind the bound to one rider, and nil to the others.
func (c *cache) takeRest(f *flight) io.ReadCloser {
	c.mu.Lock()
	defer c.mu.Unlock()
	rest := f.rest
	f.rest = nil
	return rest
}

// failing gives an error, or the end where there is none.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// tail is a body with its own way to be closed.
type tail struct {
	io.Reader
	close func() error
}

func (t *tail) Close() error { return t.close() }
