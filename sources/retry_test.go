package sources_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

// script answers one attempt after the other: with a status, an error, or a status and Retry-After.
type script struct {
	steps  []string // "200", "503", "429 7", "429 Sat, 01 Mar 2025 12:00:20 GMT", "reset", "refused"
	made   int
	bodies []string // what the attempts sent
	open   int      // answers whose bodies were not closed
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	step := s.steps[min(s.made, len(s.steps)-1)]
	s.made++
	if req.Body != nil {
		b, _ := io.ReadAll(req.Body)
		s.bodies = append(s.bodies, string(b))
	}
	switch step {
	case "reset":
		return nil, sourcetest.ErrReset
	case "refused":
		return nil, &sources.Error{Kind: sources.ErrRefused}
	}
	word, after, _ := strings.Cut(step, " ")
	status := 0
	fmt.Sscan(word, &status)
	resp := response(req, status, "{}", "Date", "Sat, 01 Mar 2025 12:00:00 GMT", "Retry-After", after)
	s.open++
	resp.Body = closing{resp.Body, func() { s.open-- }}
	return resp, nil
}

type closing struct {
	io.ReadCloser
	closed func()
}

func (c closing) Close() error { c.closed(); return c.ReadCloser.Close() }

func TestRetry(t *testing.T) {
	const s = time.Second
	for _, tt := range []struct {
		name   string
		method string
		steps  []string
		want   string // the status, or the error's words
		made   int
		slept  []time.Duration
	}{
		{"good at once", "GET", []string{"200"}, "200", 1, nil},
		{"better later", "GET", []string{"503", "reset", "502", "200"}, "200", 4, []time.Duration{s, 2 * s, 4 * s}},
		{"HEAD", "HEAD", []string{"504", "200"}, "200", 2, []time.Duration{s}},
		{"never better", "GET", []string{"503"}, "503", 5, []time.Duration{s, 2 * s, 4 * s, 5 * s}},
		{"never a connection", "GET", []string{"reset"}, "reset by peer", 5, []time.Duration{s, 2 * s, 4 * s, 5 * s}},
		{"told when, in seconds", "GET", []string{"429 7", "200"}, "200", 2, []time.Duration{7 * s}},
		{"told when, as a date", "GET", []string{"429 Sat, 01 Mar 2025 12:00:20 GMT", "200"}, "200", 2, []time.Duration{20 * s}},
		{"told a time that has passed", "GET", []string{"429 Sat, 01 Mar 2025 11:00:00 GMT", "200"}, "200", 2, nil},
		{"told nonsense", "GET", []string{"503 soon", "200"}, "200", 2, []time.Duration{s}},
		{"told too long", "GET", []string{"429 3600", "200"}, "429", 1, nil},
		{"told too long in the end", "GET", []string{"429 20", "429 20", "200"}, "429", 2, []time.Duration{20 * s}},
		{"404 stays", "GET", []string{"404", "200"}, "404", 1, nil},
		{"501 stays", "GET", []string{"501", "200"}, "501", 1, nil},
		{"500 may pass", "GET", []string{"500", "200"}, "200", 2, []time.Duration{s}},
		{"a transport of ours has judged", "GET", []string{"refused", "200"}, "refused", 1, nil},
		{"POST is never repeated", "POST", []string{"503", "200"}, "503", 1, nil},
		{"nor when the connection breaks", "POST", []string{"reset", "200"}, "reset by peer", 1, nil},
		{"PUT is never repeated", "PUT", []string{"429 1", "200"}, "429", 1, nil},
		{"DELETE is never repeated", "DELETE", []string{"503", "200"}, "503", 1, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clock, sc := &sourcetest.Clock{}, &script{steps: tt.steps}
			rt := sources.Retry(sc, clock, sources.RetryTerms{Attempts: 5, First: s, Longest: 5 * s, Total: 30 * s})
			req := get(t, "https://ci.example/")
			req.Method = tt.method
			resp, err := rt.RoundTrip(req)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = fmt.Sprint(resp.StatusCode)
				if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "{}" {
					t.Errorf("its body: %q, %v", b, err)
				}
				resp.Body.Close()
			}
			if !strings.Contains(got, tt.want) || sc.made != tt.made {
				t.Errorf("got %s after %d attempts, want %s after %d", got, sc.made, tt.want, tt.made)
			}
			if d := cmp.Diff(tt.slept, clock.Slept()); d != "" {
				t.Errorf("waits (-want +got):\n%s", d)
			}
			if sc.open != 0 {
				t.Errorf("%d bodies were left open", sc.open)
			}
		})
	}
}

func TestRetryJitterShortensByUpToHalf(t *testing.T) {
	clock, numbers := &sourcetest.Clock{}, []float64{0, 0.5, 1}
	rt := sources.Retry(&script{steps: []string{"503"}}, clock, sources.RetryTerms{First: 8 * time.Second, Jitter: func() float64 {
		n := numbers[0]
		numbers = numbers[1:]
		return n
	}})
	resp, err := rt.RoundTrip(get(t, "https://ci.example/"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if d := cmp.Diff([]time.Duration{8 * time.Second, 7500 * time.Millisecond, 5 * time.Second}, clock.Slept()); d != "" {
		t.Errorf("waits (-want +got):\n%s", d)
	}
}

func TestRetrySendsTheSameBodyAgain(t *testing.T) {
	sc := &script{steps: []string{"503", "200"}}
	req, err := http.NewRequest("GET", "https://ci.example/", strings.NewReader("query"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sources.Retry(sc, &sourcetest.Clock{}, sources.RetryTerms{}).RoundTrip(req); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"query", "query"}, sc.bodies); d != "" {
		t.Errorf("bodies (-want +got):\n%s", d)
	}
}

// stopping is a clock on which nobody gets to sleep: the context ends first.
type stopping struct {
	sourcetest.Clock
	cancel context.CancelFunc
}

func (s *stopping) Sleep(ctx context.Context, d time.Duration) error {
	s.cancel()
	return s.Clock.Sleep(ctx, d)
}

func TestRetryObeysCancellation(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	sc := &script{steps: []string{"503"}}
	_, err := sources.Retry(sc, &stopping{cancel: cancel}, sources.RetryTerms{}).RoundTrip(get(t, "https://ci.example/").WithContext(ctx))
	if !errors.Is(err, context.Canceled) || sc.made != 1 || sc.open != 0 {
		t.Errorf("got %v after %d attempts with %d bodies open, want canceled after 1 with none", err, sc.made, sc.open)
	}
	sc = &script{steps: []string{"reset"}}
	if _, err := sources.Retry(sc, &sourcetest.Clock{}, sources.RetryTerms{}).RoundTrip(get(t, "https://ci.example/").WithContext(ctx)); sc.made != 1 || err == nil {
		t.Errorf("a cancelled request was sent %d times: %v", sc.made, err)
	}
}
