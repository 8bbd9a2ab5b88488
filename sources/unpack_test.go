package sources_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/sources"
)

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func response(req *http.Request, status int, body string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Request: req, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body))}
}

func get(t *testing.T, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func packed(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	if _, err := io.WriteString(zw, s); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestUnpack(t *testing.T) {
	whole := packed(t, "0123456789")
	for _, tt := range []struct {
		name, packing, body, want string
		kind                      error // of RoundTrip or Read; nil where there is none
	}{
		{"plain", "", "0123456789", "0123456789", nil},
		{"identity", "identity", "0123456789", "0123456789", nil},
		{"packed", "gzip", whole, "0123456789", nil},
		{"packed, old word", "x-gzip", whole, "0123456789", nil},
		{"two packets", "gzip", packed(t, "01") + packed(t, "23"), "0123", nil},
		{"an empty body", "gzip", "", "", nil},
		{"too large", "gzip", packed(t, "0123456789a"), "", sources.ErrTooLarge},
		{"a bomb", "gzip", packed(t, strings.Repeat("0", 1<<20)), "", sources.ErrTooLarge},
		{"no gzip", "gzip", "0123456789 0123456789", "", gzip.ErrHeader},
		{"broken off", "gzip", whole[:len(whole)-9], "", io.ErrUnexpectedEOF},
		{"another packing", "br", "xyz", "", sources.ErrUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked := ""
			rt := sources.Unpack(roundTrip(func(req *http.Request) (*http.Response, error) {
				asked = req.Header.Get("Accept-Encoding")
				return response(req, 200, tt.body, "Content-Encoding", tt.packing), nil
			}), 10)
			req := get(t, "https://ci.example/")
			resp, err := rt.RoundTrip(req)
			var body []byte
			if err == nil {
				body, err = io.ReadAll(resp.Body)
			}
			if !errors.Is(err, tt.kind) || err == nil && string(body) != tt.want {
				t.Fatalf("got %q, %v; want %q, %v", body, err, tt.want, tt.kind)
			}
			if asked != "gzip" || req.Header.Get("Accept-Encoding") != "" {
				t.Errorf("asked for %q; the caller's request has %q", asked, req.Header.Get("Accept-Encoding"))
			}
			if err == nil && tt.packing == "gzip" && tt.body != "" && resp.Header.Get("Content-Encoding") != "" {
				t.Errorf("the answer still says that it is packed: %v", resp.Header)
			}
		})
	}
}

func TestUnpackLeavesHEAD(t *testing.T) {
	rt := sources.Unpack(roundTrip(func(req *http.Request) (*http.Response, error) {
		return response(req, 200, "", "Content-Encoding", "gzip", "Content-Length", "99"), nil
	}), 0)
	req := get(t, "https://ci.example/")
	req.Method = http.MethodHead
	resp, err := rt.RoundTrip(req)
	if err != nil || resp.Header.Get("Content-Length") != "99" {
		t.Errorf("got %v, %v", resp, err)
	}
}
