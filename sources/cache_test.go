package sources_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

// read returns an answer's body, or the error as text.
func read(rt http.RoundTripper, req *http.Request) string {
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return string(b) + " and " + err.Error()
	}
	return string(b)
}

// counting answers with how often it was asked.
func counting(status int) (http.RoundTripper, *atomic.Int32) {
	var n atomic.Int32
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		return response(req, status, fmt.Sprint(n.Add(1))), nil
	}), &n
}

func TestCache(t *testing.T) {
	fresh := func(r *http.Request) *http.Request { return r.WithContext(sources.Fresh(r.Context())) }
	as := func(r *http.Request, k, v string) *http.Request { r.Header.Set(k, v); return r }
	method := func(r *http.Request, m string) *http.Request { r.Method = m; return r }
	a, b := "https://ci.example/a", "https://ci.example/b"
	next, n := counting(200)
	rt := sources.Cache(next, sources.CacheBounds{})
	for _, tt := range []struct {
		name string
		req  *http.Request
		want string
	}{
		{"asked once", get(t, a), "1"},
		{"known", get(t, a), "1"},
		{"another URL", get(t, b), "2"},
		{"fresh", fresh(get(t, a)), "3"},
		{"the fresh one took its place", get(t, a), "3"},
		{"another Accept", as(get(t, a), "Accept", "text/plain"), "4"},
		{"another Authorization", as(get(t, a), "Authorization", "Bearer x"), "5"},
		{"signed", as(get(t, a), "Authorization", `Hawk id="x", ts="1"`), "6"},
		{"signed anew by the same", as(get(t, a), "Authorization", `Hawk id="x", ts="2"`), "6"},
		{"signed by another", as(get(t, a), "Authorization", `Hawk id="y", ts="2"`), "7"},
		{"POST", method(get(t, a), "POST"), "8"},
		{"HEAD", method(get(t, a), "HEAD"), "9"},
		{"a part", as(get(t, a), "Range", "bytes=0-1"), "10"},
		{"still known", get(t, b), "2"},
	} {
		if got := read(rt, tt.req); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	if n.Load() != 10 {
		t.Errorf("%d requests", n.Load())
	}
}

func TestCacheKeepsNoErrors(t *testing.T) {
	for _, status := range []int{201, 204, 303, 404, 429, 500} {
		next, _ := counting(status)
		rt := sources.Cache(next, sources.CacheBounds{})
		if one, two := read(rt, get(t, "https://ci.example/")), read(rt, get(t, "https://ci.example/")); one != "1" || two != "2" {
			t.Errorf("%d: got %s and %s", status, one, two)
		}
	}
	tries := 0
	rt := sources.Cache(roundTrip(func(req *http.Request) (*http.Response, error) {
		switch tries++; tries {
		case 1:
			return nil, sourcetest.ErrReset
		case 2, 3, 4:
			resp := response(req, 200, "")
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("half"), failingReader{}))
			return resp, nil
		}
		return response(req, 200, "whole"), nil
	}), sources.CacheBounds{})
	for _, want := range []string{sourcetest.ErrReset.Error(), "half and " + io.ErrUnexpectedEOF.Error(), "whole", "whole"} {
		if got := read(rt, get(t, "https://ci.example/")); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// An answer that breaks off is asked for again, up to three times in all; one that is too large is not.
func TestCacheAsksAgainForWhatBreaksOff(t *testing.T) {
	for _, tt := range []struct {
		name   string
		breaks int
		how    error
		want   string
		asked  int
	}{
		{"once", 1, io.ErrUnexpectedEOF, "whole", 2},
		{"twice", 2, io.ErrUnexpectedEOF, "whole", 3},
		{"each time", 9, io.ErrUnexpectedEOF, "half and " + io.ErrUnexpectedEOF.Error(), 3},
		{"for a reason of ours", 9, &sources.Error{Kind: sources.ErrTooLarge}, "half and too large", 1},
	} {
		asked := 0
		rt := sources.Cache(roundTrip(func(req *http.Request) (*http.Response, error) {
			if asked++; asked > tt.breaks {
				return response(req, 200, "whole"), nil
			}
			resp := response(req, 200, "")
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(tt.how)))
			return resp, nil
		}), sources.CacheBounds{})
		if got := read(rt, get(t, "https://ci.example/")); got != tt.want || asked != tt.asked {
			t.Errorf("%s: got %q after %d requests, want %q after %d", tt.name, got, asked, tt.want, tt.asked)
		}
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestCacheForgetsTheOldestBeyondItsBound(t *testing.T) {
	next, _ := counting(200)
	rt := sources.Cache(next, sources.CacheBounds{Total: 2})
	var got []string
	for _, p := range []string{"a", "b", "a", "c", "b", "a"} {
		got = append(got, read(rt, get(t, "https://ci.example/"+p)))
	}
	if s := strings.Join(got, " "); s != "1 2 1 3 2 4" {
		t.Errorf("got %s", s)
	}
}

func TestCacheHandsOnWhatIsTooLarge(t *testing.T) {
	asked := 0
	rt := sources.Cache(roundTrip(func(req *http.Request) (*http.Response, error) {
		asked++
		return response(req, 200, "0123456789"), nil
	}), sources.CacheBounds{Body: 4})
	for range 2 {
		if got := read(rt, get(t, "https://ci.example/")); got != "0123456789" {
			t.Errorf("got %q", got)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times, want 2", asked)
	}
}

func TestCacheSharesOneFlight(t *testing.T) {
	for name, body := range map[string]string{"short": "{}", "too large to share": "0123456789"} {
		t.Run(name, func(t *testing.T) {
			g := newGate()
			rt := sources.Cache(roundTrip(func(req *http.Request) (*http.Response, error) {
				if _, err := g.RoundTrip(req); err != nil {
					return nil, err
				}
				return response(req, 200, body), nil
			}), sources.CacheBounds{Body: 4})
			var wg sync.WaitGroup
			for range 5 {
				req := get(t, "https://ci.example/")
				wg.Go(func() {
					if got := read(rt, req); got != body {
						t.Errorf("got %q", got)
					}
				})
			}
			<-g.arrived
			close(g.pass)
			wg.Wait()
			if more := len(g.arrived); name == "short" && more != 0 {
				t.Errorf("%d more requests were made", more)
			}
		})
	}
}

func TestCacheRidersComeAndGo(t *testing.T) {
	g := newGate()
	called := make(chan error, 1)
	rt := sources.Cache(roundTrip(func(req *http.Request) (*http.Response, error) {
		resp, err := g.RoundTrip(req)
		called <- err
		return resp, err
	}), sources.CacheBounds{})
	ride := func(ctx context.Context) chan string {
		req, got := get(t, "https://ci.example/").WithContext(ctx), make(chan string, 1)
		go func() { got <- read(rt, req) }()
		return got
	}
	// The one who started it leaves; the one who joined gets the answer.
	ctx, leave := context.WithCancel(t.Context())
	starter := ride(ctx)
	<-g.arrived
	joiner := ride(t.Context())
	leave()
	if got := <-starter; got != context.Canceled.Error() {
		t.Errorf("who left got %q", got)
	}
	select {
	case err := <-called: // the joiner had not boarded yet when the last rider left: its own flight is under way
		if !errors.Is(err, context.Canceled) {
			t.Errorf("called off with %v", err)
		}
		<-g.arrived
	case g.pass <- struct{}{}:
		if err := <-called; err != nil {
			t.Errorf("the flight ended with %v", err)
		}
		if got := <-joiner; got != "{}" {
			t.Errorf("who joined got %q", got)
		}
		return
	}
	g.pass <- struct{}{}
	if got := <-joiner; got != "{}" {
		t.Errorf("who came later got %q", got)
	}
}

func TestCacheCallsOffAFlightWithoutRiders(t *testing.T) {
	g := newGate()
	called := make(chan error, 1)
	rt := sources.Cache(roundTrip(func(req *http.Request) (*http.Response, error) {
		resp, err := g.RoundTrip(req)
		called <- err
		return resp, err
	}), sources.CacheBounds{})
	ctx, leave := context.WithCancel(t.Context())
	req, ended := get(t, "https://ci.example/").WithContext(ctx), make(chan string, 1)
	go func() { ended <- read(rt, req) }()
	<-g.arrived
	leave()
	if err := <-called; !errors.Is(err, context.Canceled) {
		t.Errorf("the request ended with %v, want canceled", err)
	}
	if got := <-ended; got != context.Canceled.Error() {
		t.Errorf("got %q", got)
	}
}

func TestCacheAnswersDoNotShareHeaders(t *testing.T) {
	next, _ := counting(200)
	rt := sources.Cache(next, sources.CacheBounds{})
	one, err := rt.RoundTrip(get(t, "https://ci.example/"))
	if err != nil {
		t.Fatal(err)
	}
	one.Header.Set("Content-Type", "changed")
	two, err := rt.RoundTrip(get(t, "https://ci.example/"))
	if err != nil || two.Header.Get("Content-Type") != "application/json" || two.ContentLength != 1 {
		t.Errorf("got %v, %v", two, err)
	}
}
