package sources

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// PerHost is how many requests at a time a host gets where nothing is said: hg.mozilla.org asks for at most 10.
const PerHost = 10

// Limit lets at most n requests at a time go to one host (0 means PerHost), and starts them at least spacing apart (0 means
// no such bound). A request is over when its body has been read to its end or closed, so whoever reads one body while asking for
// others holds a place. Waiting ends with the request's context.
func Limit(next http.RoundTripper, clock Clock, n int, spacing time.Duration) http.RoundTripper {
	if n <= 0 {
		n = PerHost
	}
	return &limited{next: next, clock: clock, n: n, spacing: spacing, hosts: map[string]*lane{}}
}

type limited struct {
	next    http.RoundTripper
	clock   Clock
	n       int
	spacing time.Duration
	mu      sync.Mutex
	hosts   map[string]*lane
}

// A lane leads to one host.
type lane struct {
	places chan struct{}
	free   time.Time // when the next request may start; guarded by limited.mu
}

func (l *limited) RoundTrip(req *http.Request) (*http.Response, error) {
	ln := l.lane(strings.ToLower(req.URL.Host))
	if err := l.enter(req, ln); err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	leave := sync.OnceFunc(func() { <-ln.places })
	resp, err := l.next.RoundTrip(req)
	if err != nil {
		leave()
		return nil, err
	}
	if resp.Body == nil || resp.Body == http.NoBody {
		leave()
		return resp, nil
	}
	resp.Body = &leaving{resp.Body, leave}
	return resp, nil
}

func (l *limited) lane(host string) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	ln := l.hosts[host]
	if ln == nil {
		ln = &lane{places: make(chan struct{}, l.n)}
		l.hosts[host] = ln
	}
	return ln
}

// enter takes a place in the lane, and waits for its turn.
func (l *limited) enter(req *http.Request, ln *lane) error {
	ctx := req.Context()
	select {
	case ln.places <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if l.spacing <= 0 {
		return nil
	}
	l.mu.Lock()
	now := l.clock.Now()
	start := now
	if ln.free.After(now) {
		start = ln.free
	}
	ln.free = start.Add(l.spacing)
	l.mu.Unlock()
	if err := l.clock.Sleep(ctx, start.Sub(now)); err != nil {
		<-ln.places
		return err
	}
	return nil
}

// leaving is a body that gives its place back when it ends.
type leaving struct {
	io.ReadCloser
	leave func()
}

func (b *leaving) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.leave()
	}
	return n, err
}

func (b *leaving) Close() error {
	defer b.leave()
	return b.ReadCloser.Close()
}
