package sourcetest

import (
	"errors"
	"net/http"
	"net/http/httptest"
)

// ErrReset is what a connection that was reset gives.
var ErrReset = errors.New("read: connection reset by peer")

// Client returns a client whose requests h answers, without a connection.
func Client(h http.Handler) *http.Client { return &http.Client{Transport: Transport(h)} }

// Transport returns a transport whose requests h answers, without a connection. A handler that panics with
// http.ErrAbortHandler resets the connection. Bodies are not unpacked.
func Transport(h http.Handler) http.RoundTripper { return transport{h} }

type transport struct{ h http.Handler }

func (t transport) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler {
				panic(p)
			}
			resp, err = nil, ErrReset
		}
	}()
	r := req.Clone(req.Context())
	r.RequestURI = req.URL.RequestURI()
	if r.Host == "" {
		r.Host = req.URL.Host
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	t.h.ServeHTTP(w, r)
	resp = w.Result()
	resp.Request = req
	return resp, nil
}
