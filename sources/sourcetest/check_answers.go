package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// checkAnswers holds that a question has the same answer each time: of a new adapter, of the same one, and side by side.
func (s Suite) checkAnswers(ctx context.Context, q Question, good outcome) (problems []string) {
	compare := func(when string, o outcome) {
		if o.panic != "" || o.err != nil || o.loss != "" || o.text != good.text {
			problems = append(problems, fmt.Sprintf("%s: the answer is %s, and it was %s", when, o, good))
		}
	}
	compare("asked again of a new adapter", s.ask(ctx, q, nil, bare))
	src, _ := s.open(nil, bare)
	compare("asked once", s.put(ctx, src, q))
	compare("asked twice", s.put(ctx, src, q))
	var wg sync.WaitGroup
	var side [3]outcome
	for i := range side {
		wg.Go(func() { side[i] = s.put(ctx, src, q) })
	}
	wg.Wait()
	for _, o := range side {
		compare("asked side by side", o)
	}
	return problems
}

// String says what came, for an error.
func (o outcome) String() string {
	switch {
	case o.panic != "":
		return "a panic: " + o.panic
	case o.err != nil:
		return "the error " + o.err.Error()
	case o.loss != "":
		return "an answer, but " + o.loss
	}
	if len(o.text) > 2000 {
		return o.text[:2000] + "…"
	}
	return o.text
}

// patience is how long a cancelled question may take to return, on a machine that is busy with other things.
const patience = 10 * time.Second

// checkCancelled holds that a question returns when it is cancelled, with the context's error.
func (s Suite) checkCancelled(q Question, good outcome) (problems []string) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	problems = append(problems, wrongEnd("cancelled beforehand", s.ask(ctx, q, nil, bare).err)...)
	for _, ex := range good.made {
		for _, within := range []bool{false, true} {
			when := fmt.Sprintf("cancelled before the header of %s", ex)
			if within {
				when = fmt.Sprintf("cancelled within the body of %s", ex)
			}
			problems = append(problems, s.cancelAt(q, ex.request, within, when)...)
		}
	}
	return problems
}

func (s Suite) cancelAt(q Question, at request, within bool, when string) []string {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	release := make(chan struct{}) // lets go of an adapter that does not obey
	defer close(release)
	hanging := make(chan struct{})
	var once sync.Once
	hang := func(req *http.Request) error {
		once.Do(func() { close(hanging) })
		select {
		case <-req.Context().Done():
			return req.Context().Err()
		case <-release:
			return ErrReset
		}
	}
	h := func(r request, req *http.Request, good func() (*http.Response, error)) (*http.Response, error) {
		if r != at {
			return good()
		}
		if !within {
			return nil, hang(req)
		}
		resp, err := good()
		if err == nil {
			first := make([]byte, 1)
			n, _ := io.ReadFull(resp.Body, first)
			resp.Body = io.NopCloser(&hangs{first: first[:n], hang: func() error { return hang(req) }})
			resp.Header.Del("Content-Length")
			resp.ContentLength = -1
		}
		return resp, err
	}
	ended := make(chan outcome, 1)
	go func() { ended <- s.ask(ctx, q, h, bare) }()
	select {
	case <-hanging:
	case o := <-ended: // it did not need that body: fine, where it has its answer
		if o.err != nil || o.panic != "" {
			return []string{fmt.Sprintf("%s: it ended before it was cancelled, with %s", when, o)}
		}
		return nil
	case <-time.After(patience):
		return []string{when + ": the request was not made"}
	}
	cancel()
	select {
	case o := <-ended:
		if o.panic != "" {
			return []string{when + ": " + o.String()}
		}
		return wrongEnd(when, o.err)
	case <-time.After(patience):
		return []string{fmt.Sprintf("%s: it did not return within %v", when, patience)}
	}
}

func wrongEnd(when string, err error) []string {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return []string{fmt.Sprintf("%s: the context's error is wanted, and this came: %v", when, err)}
}

// hangs is a body that gives its first byte and then hangs.
type hangs struct {
	first []byte
	hang  func() error
}

func (h *hangs) Read(p []byte) (int, error) {
	if len(h.first) == 0 {
		return 0, h.hang()
	}
	n := copy(p, h.first)
	h.first = h.first[n:]
	return n, nil
}
