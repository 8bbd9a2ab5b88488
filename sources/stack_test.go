package sources_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

func TestUserAgent(t *testing.T) {
	for _, tt := range []struct{ own, agent, want string }{
		{"", "", sources.DefaultUserAgent},
		{"", "robot (ci@example.org)", "robot (ci@example.org)"},
		{"mine (me@example.org)", "robot", "mine (me@example.org)"},
	} {
		got := ""
		rt := sources.UserAgent(roundTrip(func(req *http.Request) (*http.Response, error) {
			got = req.Header.Get("User-Agent")
			return response(req, 200, ""), nil
		}), tt.agent)
		req := get(t, "https://ci.example/")
		if tt.own != "" {
			req.Header.Set("User-Agent", tt.own)
		}
		if _, err := rt.RoundTrip(req); err != nil || got != tt.want {
			t.Errorf("%+v: got %q, %v", tt, got, err)
		}
		if req.Header.Get("User-Agent") != tt.own {
			t.Error("the caller's request was changed")
		}
	}
}

func TestDryRun(t *testing.T) {
	sent := 0
	rt := sources.DryRun(roundTrip(func(req *http.Request) (*http.Response, error) {
		sent++
		return response(req, 200, ""), nil
	}))
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		req := get(t, "https://ci.example/")
		req.Method = method
		before, closed := sent, false
		req.Body = closing{io.NopCloser(strings.NewReader("")), func() { closed = true }}
		_, err := rt.RoundTrip(req)
		reads := method == "GET" || method == "HEAD"
		if reads != (err == nil) || reads != (sent > before) || !reads && (!errors.Is(err, sources.ErrRefused) || !closed) {
			t.Errorf("%s: %v, sent %d, closed %t", method, err, sent-before, closed)
		}
	}
}

func TestStack(t *testing.T) {
	clock := &sourcetest.Clock{}
	sc := &script{steps: []string{"503", "200", "503", "200"}}
	rt := sources.Stack(sources.StackOptions{Connection: roundTrip(func(req *http.Request) (*http.Response, error) {
		if req.Header.Get("User-Agent") != sources.DefaultUserAgent || req.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("asked with %v", req.Header)
		}
		return sc.RoundTrip(req)
	}), Clock: clock, DryRun: true})
	for range 3 {
		if got := read(rt, get(t, "https://ci.example/")); got != "{}" {
			t.Errorf("got %q", got)
		}
	}
	if sc.made != 2 || len(clock.Slept()) != 1 {
		t.Errorf("%d attempts, waits %v; want 2 attempts with one wait: the rest is known", sc.made, clock.Slept())
	}
	req := get(t, "https://ci.example/")
	req.Method = "POST"
	if _, err := rt.RoundTrip(req); !errors.Is(err, sources.ErrRefused) {
		t.Errorf("POST in a plan: %v", err)
	}
}

func TestStackRetriesWithoutHoldingAPlace(t *testing.T) {
	sc := &script{steps: []string{"503", "503", "200"}}
	rt := sources.Stack(sources.StackOptions{Connection: sc, Clock: &sourcetest.Clock{}, PerHost: 1, NoCache: true, Spacing: time.Second})
	for range 2 {
		if got := read(rt, get(t, "https://ci.example/")); got != "{}" {
			t.Errorf("got %q", got)
		}
	}
	if sc.made != 4 {
		t.Errorf("%d attempts, want 4: three, and one that no cache has", sc.made)
	}
}
