package sourcetest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"sync"
	"testing"
)

// A Replayer serves recordings: as a handler, and as a transport.
type Replayer struct {
	t    testing.TB
	list []Recording
	mu   sync.Mutex
	used map[string]int
}

// Replay returns a server of recordings. A request is answered by the recording with its method, path and query (in
// any order of parameters), and with its body where one was recorded. Headers that a recording names have to be the request's,
// and the recording that names the most is taken; of equals the first. A request that none answers fails the test.
func Replay(t testing.TB, list ...Recording) *Replayer {
	return &Replayer{t: t, list: list, used: map[string]int{}}
}

// ServeHTTP answers as the recording does, without the headers that belong to its connection.
func (p *Replayer) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	best := p.find(req, body)
	if best == nil {
		p.t.Errorf("no recording answers %s %s", req.Method, req.URL.RequestURI())
		http.Error(w, "no recording answers this", http.StatusNotImplemented)
		return
	}
	for k, vs := range best.Header {
		switch k {
		case "Connection", "Keep-Alive", "Transfer-Encoding":
		case "Content-Length": // the body may have lost its last line end when it was written down
			w.Header().Set(k, strconv.Itoa(len(best.Body)))
		default:
			w.Header()[k] = vs
		}
	}
	w.WriteHeader(best.Status)
	if req.Method != http.MethodHead {
		w.Write(best.Body)
	}
}

// RoundTrip answers as ServeHTTP does.
func (p *Replayer) RoundTrip(req *http.Request) (*http.Response, error) {
	return Transport(p).RoundTrip(req)
}

// Used says how often the recording of a file has answered.
func (p *Replayer) Used(file string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.used[file]
}

func (p *Replayer) find(req *http.Request, body []byte) *Recording {
	p.mu.Lock()
	defer p.mu.Unlock()
	var best *Recording
	for i := range p.list {
		r := &p.list[i]
		if r.Answers(req, body) && (best == nil || len(r.Asked) > len(best.Asked)) {
			best = r
		}
	}
	if best != nil {
		p.used[best.File]++
	}
	return best
}

// Answers says whether the recording is the answer to a request with the given body.
func (r Recording) Answers(req *http.Request, body []byte) bool {
	if r.Method != req.Method || r.URL.EscapedPath() != req.URL.EscapedPath() || !sameQuery(r.URL, req.URL) {
		return false
	}
	for k := range r.Asked {
		got := req.Header.Get(k)
		if k == "Host" {
			got = req.Host
		}
		if got != r.Asked.Get(k) {
			return false
		}
	}
	return r.Sent == nil || sameJSON(r.Sent, body)
}

func sameQuery(a, b *url.URL) bool {
	if len(a.Query()) == 0 && len(b.Query()) == 0 {
		return true
	}
	return reflect.DeepEqual(a.Query(), b.Query())
}

func sameJSON(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return bytes.Equal(a, b)
	}
	return reflect.DeepEqual(x, y)
}
