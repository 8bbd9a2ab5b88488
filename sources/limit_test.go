package sources_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

// gate holds requests until it is told to let one through.
type gate struct {
	arrived chan string
	pass    chan struct{}
}

func newGate() *gate { return &gate{make(chan string, 100), make(chan struct{})} }

func (g *gate) RoundTrip(req *http.Request) (*http.Response, error) {
	g.arrived <- req.URL.String()
	select {
	case <-g.pass:
		return response(req, 200, "{}"), nil
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

func TestLimitPerHost(t *testing.T) {
	g := newGate()
	rt := sources.Limit(g, &sourcetest.Clock{}, 2, 0)
	var wg sync.WaitGroup
	bodies := make(chan io.Closer, 10)
	ask := func(url string) {
		req := get(t, url)
		wg.Go(func() {
			resp, err := rt.RoundTrip(req)
			if err != nil {
				t.Error(err)
				return
			}
			bodies <- resp.Body
		})
	}
	for range 5 {
		ask("https://one.example/")
	}
	<-g.arrived
	<-g.arrived
	ask("https://two.example/") // another host has its own lane
	if got := <-g.arrived; got != "https://two.example/" {
		t.Fatalf("a third request went to one.example at the same time: %s", got)
	}
	ask("https://ONE.example/") // the same host
	for range 7 {
		g.pass <- struct{}{}
		(<-bodies).Close()
	}
	wg.Wait()
}

func TestLimitHoldsItsBound(t *testing.T) {
	var mu sync.Mutex
	now, most := 0, 0
	rt := sources.Limit(roundTrip(func(req *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		now++
		most = max(most, now)
		resp := response(req, 200, "{}")
		resp.Body = closing{resp.Body, func() { mu.Lock(); now--; mu.Unlock() }}
		return resp, nil
	}), &sourcetest.Clock{}, 0, 0)
	var wg sync.WaitGroup
	for range 200 {
		req := get(t, "https://one.example/")
		wg.Go(func() {
			resp, err := rt.RoundTrip(req)
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
		})
	}
	wg.Wait()
	if most > sources.PerHost || now != 0 {
		t.Errorf("%d at a time, %d left; want at most %d, and none", most, now, sources.PerHost)
	}
}

func TestLimitGivesPlacesBack(t *testing.T) {
	for name, next := range map[string]roundTrip{
		"after an error": func(*http.Request) (*http.Response, error) { return nil, sourcetest.ErrReset },
		"without a body": func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 204, Body: http.NoBody}, nil
		},
		"at the body's end": func(req *http.Request) (*http.Response, error) { return response(req, 200, "{}"), nil },
	} {
		t.Run(name, func(t *testing.T) {
			rt := sources.Limit(next, &sourcetest.Clock{}, 1, 0)
			for range 3 {
				if resp, err := rt.RoundTrip(get(t, "https://one.example/")); err == nil {
					io.Copy(io.Discard, resp.Body) // gives it back, and closing does not give back another
					resp.Body.Close()
				}
			}
		})
	}
}

// A body that has been read to its end holds no place, closed or not.
func TestLimitCountsBodiesUntilTheirEnd(t *testing.T) {
	rt := sources.Limit(roundTrip(func(req *http.Request) (*http.Response, error) { return response(req, 200, "{}"), nil }), &sourcetest.Clock{}, 1, 0)
	resp, err := rt.RoundTrip(get(t, "https://one.example/"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := rt.RoundTrip(get(t, "https://one.example/").WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("while it is unread: %v", err)
	}
	io.Copy(io.Discard, resp.Body)
	ctx, cancel = context.WithTimeout(t.Context(), 5*time.Second) // is waited for only where the place is lost
	defer cancel()
	if _, err := rt.RoundTrip(get(t, "https://one.example/").WithContext(ctx)); err != nil {
		t.Errorf("behind its end: %v", err)
	}
}

func TestLimitObeysCancellation(t *testing.T) {
	g := newGate()
	rt := sources.Limit(g, &sourcetest.Clock{}, 1, 0)
	ended := make(chan error, 1)
	first := get(t, "https://one.example/")
	go func() { _, err := rt.RoundTrip(first); ended <- err }()
	<-g.arrived
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := rt.RoundTrip(get(t, "https://one.example/").WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for a place: %v, want canceled", err)
	}
	close(g.pass)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestLimitSpacing(t *testing.T) {
	clock := &sourcetest.Clock{}
	rt := sources.Limit(roundTrip(func(req *http.Request) (*http.Response, error) { return response(req, 200, ""), nil }), clock, 10, time.Second)
	for _, url := range []string{"https://one.example/", "https://one.example/", "https://two.example/", "https://one.example/"} {
		resp, err := rt.RoundTrip(get(t, url))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	if d := cmp.Diff([]time.Duration{time.Second, time.Second}, clock.Slept()); d != "" {
		t.Errorf("waits (-want +got):\n%s", d)
	}
	ctx, cancel := context.WithCancel(t.Context())
	rt = sources.Limit(newGate(), &stopping{cancel: cancel}, 1, time.Second)
	for range 2 { // the place was given back, or the second would hang
		if _, err := rt.RoundTrip(get(t, "https://one.example/").WithContext(ctx)); !errors.Is(err, context.Canceled) {
			t.Errorf("waiting for its turn: %v, want canceled", err)
		}
	}
}
