package sources

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// RetryTerms say how often, and how long, a transport asks again.
type RetryTerms struct {
	Attempts int            // how many requests one may become; 0 means 4
	First    time.Duration  // the wait after the first attempt, before jitter, doubled each time; 0 means half a second
	Longest  time.Duration  // the longest wait of our own; 0 means 10 seconds
	Total    time.Duration  // how long all waits together may take; 0 means a minute
	Jitter   func() float64 // a number from 0 to 1, by which a wait is shortened to between half and all of itself; nil means no jitter
}

// Retry asks again for what may go better the next time: GET and HEAD that met a network error, 429, 500, 502, 503 or 504.
// Where the service says when to come back (Retry-After), that is when; where that is further away than Total has left,
// the answer is returned at once, and whoever asked learns it from the error. Waits are on the clock and end with the
// request's context. What comes of the last attempt is returned as it is.
func Retry(next http.RoundTripper, clock Clock, terms RetryTerms) http.RoundTripper {
	if terms.Attempts <= 0 {
		terms.Attempts = 4
	}
	for d, usual := range map[*time.Duration]time.Duration{&terms.First: time.Second / 2, &terms.Longest: 10 * time.Second, &terms.Total: time.Minute} {
		if *d <= 0 {
			*d = usual
		}
	}
	if terms.Jitter == nil {
		terms.Jitter = func() float64 { return 0 }
	}
	return retry{next, clock, terms}
}

type retry struct {
	next  http.RoundTripper
	clock Clock
	terms RetryTerms
}

func (r retry) RoundTrip(req *http.Request) (*http.Response, error) {
	if !repeatable(req) {
		return r.next.RoundTrip(req)
	}
	left, pause := r.terms.Total, r.terms.First
	for attempt := 1; ; attempt++ {
		again, err := anew(req, attempt)
		if err != nil {
			return nil, err
		}
		resp, err := r.next.RoundTrip(again)
		if attempt == r.terms.Attempts || !passes(req.Context(), resp, err) {
			return resp, err
		}
		wait := pause - time.Duration(r.terms.Jitter()*float64(pause)/2)
		if told, ok := retryAfter(resp); ok {
			wait = told
		}
		if wait > left {
			return resp, err
		}
		if resp != nil {
			drain(resp.Body)
		}
		if err := r.clock.Sleep(req.Context(), wait); err != nil {
			return nil, err
		}
		left -= wait
		pause = min(2*pause, r.terms.Longest)
	}
}

// repeatable says whether a request may be sent twice: it changes nothing, and its body, if any, can be had again.
func repeatable(req *http.Request) bool {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return false
	}
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
}

// anew returns the request for an attempt: itself, then copies with a fresh body.
func anew(req *http.Request, attempt int) (*http.Request, error) {
	if attempt == 1 || req.GetBody == nil {
		return req, nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	again := req.Clone(req.Context())
	again.Body = body
	return again, nil
}

// passes says whether what came of an attempt may pass by itself.
func passes(ctx context.Context, resp *http.Response, err error) bool {
	if err != nil {
		var own *Error // a transport of ours has judged it
		return ctx.Err() == nil && !errors.As(err, &own)
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retryAfter says how long the service wants us to wait, from its own Date on where it names a time.
func retryAfter(resp *http.Response) (time.Duration, bool) {
	if resp == nil {
		return 0, false
	}
	s := resp.Header.Get("Retry-After")
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && n < 1<<31 {
		return time.Duration(n) * time.Second, true
	}
	at, err := http.ParseTime(s)
	now, nowErr := http.ParseTime(resp.Header.Get("Date"))
	if err != nil || nowErr != nil {
		return 0, false
	}
	return max(0, at.Sub(now)), true
}

// drain reads what is left of a short body, so that its connection can be used again, and closes it.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 64<<10) // what cannot be read is given up with the connection
	body.Close()
}
