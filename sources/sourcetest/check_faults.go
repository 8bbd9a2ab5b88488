package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/mozci/mozci-run/sources"
)

// checkFault puts a fault upon each request of a question, one at a time.
func (s Suite) checkFault(ctx context.Context, q Question, f Fault, good outcome) (problems []string) {
	name := ""
	for i, ex := range good.made {
		if !f.concerns(ex) {
			continue
		}
		for _, v := range f.variants(ex) {
			src, _ := s.open(v.upon(ex.request, false), bare)
			name = src.Name()
			if p := s.judge(q, f, good, s.put(ctx, src, q), name); p != "" {
				problems = append(problems, fmt.Sprintf("%s, upon %s: %s", v.what, ex, p))
			}
		}
		if f == WrongTypeInside || f == OtherOrder || i > 0 && (f == Huge || f == GzipBomb) {
			continue // no transport looks into a body, or at which request it is that costs so much time
		}
		o := s.ask(ctx, q, variant{string(f), f.serve}.upon(ex.request, true), stacked)
		if p := s.judgeOnce(q, f, ex, good, o, name); p != "" {
			problems = append(problems, fmt.Sprintf("%s, once upon %s, behind the transports: %s", f, ex, p))
		}
	}
	return problems
}

// stacked puts the transports of package sources between the adapter and the wire.
func stacked(wire http.RoundTripper) http.RoundTripper {
	return sources.Stack(sources.StackOptions{Connection: wire, Clock: &Clock{}})
}

// judgeOnce is judge for a fault that was met once, where what can be asked again has to give the complete answer.
func (s Suite) judgeOnce(q Question, f Fault, ex exchange, good, o outcome, name string) string {
	reads := ex.method == http.MethodGet || ex.method == http.MethodHead
	if passing[f] && reads && o.err != nil {
		return fmt.Sprintf("the complete answer is wanted, and this came: %v", o.err)
	}
	return s.judge(q, f, good, o, name)
}

// judge says what is wrong with what came of a question, one of whose requests met a fault; "" where nothing is.
func (s Suite) judge(q Question, f Fault, good, o outcome, name string) string {
	switch {
	case o.panic != "" || o.loss != "":
		return o.String()
	case o.err == nil && o.text != good.text:
		return fmt.Sprintf("neither an error nor the complete answer came, but %s instead of %s", o, good)
	case o.err == nil:
		return ""
	}
	if secret := s.shown(o.err.Error()); secret != "" {
		return fmt.Sprintf("the error shows the secret %q: %v", secret, o.err)
	}
	var own *sources.Error
	if !errors.As(o.err, &own) {
		return fmt.Sprintf("the error is no *sources.Error: %v", o.err)
	}
	if own.Source != name {
		return fmt.Sprintf("the error does not name the source %s: %v", name, o.err)
	}
	allowed := slices.Clone(q.Also[f])
	if wants[f] != nil {
		allowed = append(allowed, wants[f])
	}
	if !slices.ContainsFunc(allowed, func(kind error) bool { return errors.Is(o.err, kind) }) {
		return fmt.Sprintf("%v is wanted, and this came: %v", allowed, o.err)
	}
	if f == RateLimited && errors.Is(o.err, sources.ErrRateLimited) && own.RetryAt.IsZero() {
		return fmt.Sprintf("the error does not say when to come back: %v", o.err)
	}
	return ""
}

// concerns says whether a fault has anything to do to an answer: what changes a body is for good answers, and what
// is about JSON for those in JSON.
func (f Fault) concerns(ex exchange) bool {
	fine := ex.status >= 200 && ex.status < 300 && ex.method != http.MethodHead
	switch f {
	case Truncated, Huge, GzipBomb:
		return fine && len(ex.answer) > 0
	case CutClean, Empty, WrongType, WrongTypeInside, OtherOrder, HTML200:
		return fine && isJSON(ex.header.Get("Content-Type"))
	}
	return true
}

func isJSON(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	return err == nil && (t == "application/json" || strings.HasSuffix(t, "+json"))
}

// A variant is one way in which a fault changes an answer.
type variant struct {
	what  string
	serve func(req *http.Request, good func() (*http.Response, error)) (*http.Response, error)
}

func (f Fault) variants(ex exchange) []variant {
	switch f {
	case WrongTypeInside:
		var out []variant
		for _, m := range mutations(ex.answer) {
			out = append(out, variant{fmt.Sprintf("%s being %s", m.path, m.becomes), instead(m.data)})
		}
		return out
	case OtherOrder:
		return []variant{{string(f), instead(backwards(ex.answer))}}
	}
	return []variant{{string(f), f.serve}}
}

// instead serves another body with the good answer's header.
func instead(data []byte) func(*http.Request, func() (*http.Response, error)) (*http.Response, error) {
	return func(_ *http.Request, good func() (*http.Response, error)) (*http.Response, error) {
		resp, err := good()
		if err == nil {
			resp.Header.Del("Content-Length")
			resp.ContentLength, resp.Body = int64(len(data)), io.NopCloser(bytes.NewReader(data))
		}
		return resp, err
	}
}

// upon puts the variant upon one request: each time that it is made, or only the first time.
func (v variant) upon(at request, once bool) hook {
	var first sync.Once
	return func(r request, req *http.Request, good func() (*http.Response, error)) (*http.Response, error) {
		if once {
			r.nth = at.nth // another attempt at the same
		}
		if r != at {
			return good()
		}
		meets := !once
		first.Do(func() { meets = true })
		if !meets {
			return good()
		}
		return v.serve(req, good)
	}
}
