package sourcetest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/mozci/mozci-run/sources"
)

// A Fault is what goes wrong with one request.
type Fault string

// The faults.
const (
	Unauthorised    Fault = "401"
	Forbidden       Fault = "403"
	NotFound        Fault = "404"
	Conflict        Fault = "409"
	RateLimited     Fault = "429 with Retry-After"
	ServerError     Fault = "500"
	HTML503         Fault = "503 in HTML"
	Reset           Fault = "connection reset"
	Truncated       Fault = "truncated"                   // the connection breaks within the body
	CutClean        Fault = "truncated without a trace"   // the body ends early, as if it were whole
	Empty           Fault = "an empty body"               // where JSON is wanted
	WrongType       Fault = "another type of JSON"        // a list for an object, an object for a list
	WrongTypeInside Fault = "another type inside of JSON" // one value at a time; what is not read may change
	OtherOrder      Fault = "members in another order"    // which is no fault: the answer has to be the same
	HTML200         Fault = "200 in HTML"
	Huge            Fault = "a body of 100 MB"
	GzipBomb        Fault = "a gzip bomb"
)

// Faults lists all of them.
var Faults = []Fault{Unauthorised, Forbidden, NotFound, Conflict, RateLimited, ServerError, HTML503, Reset, Truncated, CutClean,
	Empty, WrongType, WrongTypeInside, OtherOrder, HTML200, Huge, GzipBomb}

// wants is the kind of error that a fault gives; nil where it has to give none.
var wants = map[Fault]error{
	Unauthorised: sources.ErrUnauthorised, Forbidden: sources.ErrUnauthorised, NotFound: sources.ErrNotFound, Conflict: sources.ErrConflict,
	RateLimited: sources.ErrRateLimited, ServerError: sources.ErrUnavailable, HTML503: sources.ErrUnavailable, Reset: sources.ErrUnavailable,
	Truncated: sources.ErrUnavailable, CutClean: sources.ErrUnavailable, Empty: sources.ErrUnavailable, WrongType: sources.ErrChangedFormat,
	WrongTypeInside: sources.ErrChangedFormat, OtherOrder: nil, HTML200: sources.ErrUnavailable, Huge: sources.ErrTooLarge, GzipBomb: sources.ErrTooLarge,
}

// passing are the faults that a transport may ask again for.
var passing = map[Fault]bool{RateLimited: true, ServerError: true, HTML503: true, Reset: true, Truncated: true}

const (
	date = "Sat, 01 Mar 2025 12:00:00 GMT"
	page = "<!DOCTYPE html>\n<html><head><title>Service Temporarily Unavailable</title></head><body><h1>Sorry</h1></body></html>\n"
)

// serve answers a request with a fault.
func (f Fault) serve(req *http.Request, good func() (*http.Response, error)) (*http.Response, error) {
	switch f {
	case Unauthorised:
		return answer(req, 401, "application/json", `{"error": "who are you?"}`), nil
	case Forbidden:
		return answer(req, 403, "application/json", `{"error": "you may not"}`), nil
	case NotFound:
		return answer(req, 404, "application/json", `{"error": "there is no such thing"}`), nil
	case Conflict:
		return answer(req, 409, "application/json", `{"error": "it is there already"}`), nil
	case RateLimited:
		resp := answer(req, 429, "application/json", `{"error": "too many requests"}`)
		resp.Header.Set("Retry-After", "30")
		return resp, nil
	case ServerError:
		return answer(req, 500, "text/plain", "Internal Server Error"), nil
	case HTML503:
		return answer(req, 503, "text/html; charset=utf-8", page), nil
	case HTML200:
		return answer(req, 200, "text/html; charset=utf-8", page), nil
	case Reset:
		return nil, ErrReset
	}
	resp, err := good()
	if err != nil {
		return nil, err
	}
	return f.spoil(resp)
}

// spoil changes a good answer.
func (f Fault) spoil(resp *http.Response) (*http.Response, error) {
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	body := func(r io.Reader) (*http.Response, error) {
		resp.Header.Del("Content-Length")
		resp.ContentLength, resp.Body = -1, io.NopCloser(r)
		return resp, nil
	}
	switch f {
	case Truncated:
		return body(io.MultiReader(bytes.NewReader(data[:len(data)/2]), broken{io.ErrUnexpectedEOF}))
	case CutClean:
		return body(bytes.NewReader(data[:len(data)/2]))
	case Empty:
		return body(strings.NewReader(""))
	case WrongType:
		if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
			return body(strings.NewReader(`{"unexpected": true}`))
		}
		return body(strings.NewReader(`["unexpected"]`))
	case Huge:
		return body(io.MultiReader(strings.NewReader(`["`), io.LimitReader(endless{}, 100<<20), strings.NewReader(`"]`)))
	case GzipBomb:
		resp.Header.Set("Content-Encoding", "gzip")
		return body(bytes.NewReader(bomb()))
	}
	return nil, fmt.Errorf("the fault %q is none that changes a whole answer", f)
}

// bomb is a string of JSON of 512 MB, packed: 64 times the same 8 MB, one packet behind the other.
var bomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	b.Write(packed(strings.NewReader(`["`)))
	b.Write(bytes.Repeat(packed(io.LimitReader(endless{}, 8<<20)), 64))
	b.Write(packed(strings.NewReader(`"]`)))
	return b.Bytes()
})

func packed(r io.Reader) []byte {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	if _, err := io.Copy(zw, r); err != nil {
		panic(err) // writing to memory
	}
	if err := zw.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func answer(req *http.Request, status int, contentType, body string) *http.Response {
	return &http.Response{
		Status: fmt.Sprint(status, " ", http.StatusText(status)), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  http.Header{"Content-Type": {contentType}, "Date": {date}},
		Request: req, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)),
	}
}

// endless gives the letter a for ever.
type endless struct{}

var letters = bytes.Repeat([]byte("a"), 64<<10)

func (endless) Read(p []byte) (n int, err error) {
	for n < len(p) {
		n += copy(p[n:], letters)
	}
	return n, nil
}

// broken gives an error.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
