package sourcetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/mozci/mozci-run/sources"
)

// A request is one that a question made, told apart by what it asks and by how often that was asked before.
type request struct {
	method, url, body string
	nth               int // from 0
}

func (r request) String() string {
	s := r.method + " " + r.url
	if r.body != "" {
		s += " " + r.body
	}
	if r.nth > 0 {
		s += fmt.Sprintf(" (no. %d)", r.nth+1)
	}
	return s
}

// An exchange is one request with its good answer's body.
type exchange struct {
	request
	address *url.URL // without the user part
	status  int
	header  http.Header
	answer  []byte
}

// An outcome is what became of a question.
type outcome struct {
	text  string // the answer as JSON; empty where there is none
	err   error
	panic string
	made  []exchange // in the order in which they were made
	loss  string     // how the answer changed on its way through JSON; empty where it did not
}

// hook may answer a request in the service's place; good gives the service's own answer.
type hook func(r request, req *http.Request, good func() (*http.Response, error)) (*http.Response, error)

// above puts transports between the adapter and the wire; bare puts none but the one that unpacks.
type above func(wire http.RoundTripper) http.RoundTripper

func bare(wire http.RoundTripper) http.RoundTripper { return sources.Unpack(wire, 0) }

// open returns a new adapter over a new service.
func (s Suite) open(h hook, up above) (sources.Source, *wire) {
	w := &wire{next: Transport(s.Serve()), hook: h, seen: map[request]int{}}
	return s.New(&http.Client{Transport: up(w)}, s.base()), w
}

// ask asks a question of a new adapter over a new service.
func (s Suite) ask(ctx context.Context, q Question, h hook, up above) outcome {
	src, w := s.open(h, up)
	out := s.put(ctx, src, q)
	out.made = w.exchanges()
	return out
}

// put puts a question to a source.
func (s Suite) put(ctx context.Context, src sources.Source, q Question) (out outcome) {
	query, ok := queryOf(src, q.Query)
	if !ok {
		return outcome{err: fmt.Errorf("%s has no query %s", src.Name(), q.Query)}
	}
	in := q.In
	if _, isFact := in.(map[string]any); !isFact {
		in = query.In.Fact(in)
	}
	defer func() {
		if p := recover(); p != nil {
			out = outcome{panic: fmt.Sprintf("%v\n%s", p, debug.Stack())}
		}
	}()
	fact, err := query.Call(ctx, in)
	if err != nil {
		if fact != nil {
			out.loss = fmt.Sprintf("an answer came beside the error %v", err)
		}
		out.err = err
		return out
	}
	data, err := query.Out.Marshal(fact)
	if err != nil {
		return outcome{err: fmt.Errorf("writing the answer as JSON: %w", err)}
	}
	out.text = string(data)
	back, err := query.Out.Unmarshal(data)
	if err != nil {
		out.loss = "it does not fit its type: " + err.Error()
		return out
	}
	if again, _ := query.Out.Marshal(back); !bytes.Equal(again, data) {
		out.loss = fmt.Sprintf("it changes on its way through JSON: %s became %s", data, again)
	}
	return out
}

// problems says what is wrong with an outcome that ought to be an answer.
func (o outcome) problems(s Suite) []string {
	switch {
	case o.panic != "":
		return []string{"it panicked: " + o.panic}
	case o.err != nil:
		return []string{"an answer is wanted, and this came: " + o.err.Error()}
	case o.loss != "":
		return []string{o.loss}
	case len(o.made) == 0:
		return []string{"it was answered without a request, so that nothing can be tested"}
	}
	if secret := s.shown(o.text); secret != "" {
		return []string{fmt.Sprintf("its answer shows the secret %q: %s", secret, o.text)}
	}
	return nil
}

// shown returns the secret that a text shows, or "".
func (s Suite) shown(text string) string {
	for _, secret := range append([]string{Canary, "canary-user"}, s.Secrets...) {
		if strings.Contains(text, secret) {
			return secret
		}
	}
	return ""
}

func queryOf(src sources.Source, name string) (sources.Query, bool) {
	for _, q := range src.Queries() {
		if q.Name == name {
			return q, true
		}
	}
	return sources.Query{}, false
}

// wire stands where the connection would be. It notes what is asked, and lets a hook answer.
type wire struct {
	next http.RoundTripper
	hook hook
	mu   sync.Mutex
	seen map[request]int // how often, by what is asked
	made []*exchange
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body.Close()
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	w.mu.Lock()
	key := request{method: req.Method, url: req.URL.RequestURI(), body: string(body)}
	n := w.seen[key]
	w.seen[key]++
	key.nth = n
	address := *req.URL
	address.User = nil
	ex := &exchange{request: key, address: &address}
	w.made = append(w.made, ex)
	w.mu.Unlock()
	good := func() (*http.Response, error) { return w.good(req, ex) }
	if w.hook == nil {
		return good()
	}
	return w.hook(key, req, good)
}

// good gives the service's own answer, and notes it.
func (w *wire) good(req *http.Request, ex *exchange) (*http.Response, error) {
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(data))
	w.mu.Lock()
	ex.status, ex.header, ex.answer = resp.StatusCode, resp.Header.Clone(), data
	w.mu.Unlock()
	return resp, nil
}

func (w *wire) exchanges() []exchange {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]exchange, len(w.made))
	for i, ex := range w.made {
		out[i] = *ex
	}
	return out
}
