package sim

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
)

// Transport serves a client from a handler, without sockets, as http.Transport serves it from a server: it asks for gzip
// and unpacks it when the client has not asked itself, sends Go's own User-Agent when the client sends none, ends when
// the request's context ends, and turns a handler that aborts (http.ErrAbortHandler) into a connection that was reset
// or a body that ends too early. Bodies are streamed: a handler waits for its reader.
func Transport(h http.Handler) http.RoundTripper { return &transport{h} }

type transport struct{ handler http.Handler }

// errReset is what a client sees of a connection that ends without an answer.
var errReset = errors.New("read: connection reset by peer")

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	if err := ctx.Err(); err != nil {
		cancel()
		closeBody(req)
		return nil, err
	}
	in := req.Clone(ctx)
	in.RequestURI = req.URL.RequestURI()
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	in.RemoteAddr = "127.0.0.1:1"
	in.Host = or(req.Host, req.URL.Host)
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if in.UserAgent() == "" {
		in.Header.Set("User-Agent", "Go-http-client/1.1")
	}
	unpack := in.Header.Get("Accept-Encoding") == "" && in.Header.Get("Range") == "" && in.Method != http.MethodHead
	if unpack {
		in.Header.Set("Accept-Encoding", "gzip")
	}
	w := newPipeWriter(req)
	go w.run(t.handler, in)
	select {
	case <-w.ready:
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil { // also where the handler gave up for it, and so was ready
		w.body.CloseWithError(err)
		cancel()
		return nil, err
	}
	if w.failed != nil {
		cancel()
		return nil, w.failed
	}
	stop := context.AfterFunc(ctx, func() { w.body.CloseWithError(ctx.Err()) })
	resp := w.response
	resp.Body = &body{Reader: w.reader, closer: w.reader, done: func() { stop(); cancel() }}
	if unpack && resp.Header.Get("Content-Encoding") == "gzip" {
		resp.Header.Del("Content-Encoding")
		resp.Header.Del("Content-Length")
		resp.ContentLength, resp.Uncompressed = -1, true
		resp.Body = &body{Reader: &unzip{from: w.reader}, closer: w.reader, done: func() { stop(); cancel() }}
	}
	return resp, nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

// A body is a response's body; closing it tells the handler that nobody reads on.
type body struct {
	io.Reader
	closer io.Closer
	done   func()
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.done()
	return b.closer.Close()
}

// unzip begins to unpack at the first read, as http.Transport does.
type unzip struct {
	from io.Reader
	z    *gzip.Reader
}

// Read implements io.Reader.
func (u *unzip) Read(p []byte) (int, error) {
	if u.z == nil {
		z, err := gzip.NewReader(u.from)
		if err != nil {
			return 0, err
		}
		u.z = z
	}
	return u.z.Read(p)
}

// A pipeWriter is a ResponseWriter whose body is read on the other side of a pipe.
type pipeWriter struct {
	header   http.Header
	body     *io.PipeWriter
	reader   *io.PipeReader
	ready    chan struct{}
	once     sync.Once
	response *http.Response
	failed   error
	head     bool
}

func newPipeWriter(req *http.Request) *pipeWriter {
	w := &pipeWriter{header: http.Header{}, ready: make(chan struct{}), head: req.Method == http.MethodHead}
	w.reader, w.body = io.Pipe()
	w.response = &http.Response{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req, ContentLength: -1}
	return w
}

// run lets the handler answer.
func (w *pipeWriter) run(h http.Handler, r *http.Request) {
	defer closeBody(r)
	defer func() {
		switch p := recover(); {
		case p == nil:
			w.WriteHeader(http.StatusOK)
			w.body.Close()
		case p == http.ErrAbortHandler:
			w.once.Do(func() {
				w.failed = errReset
				close(w.ready)
			})
			w.body.CloseWithError(io.ErrUnexpectedEOF)
		default:
			panic(p)
		}
	}()
	h.ServeHTTP(w, r)
}

// Header implements http.ResponseWriter.
func (w *pipeWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *pipeWriter) WriteHeader(code int) {
	w.once.Do(func() {
		w.response.StatusCode = code
		w.response.Status = itoa(code) + " " + http.StatusText(code)
		w.response.Header = http.Header{}
		for k, v := range w.header {
			if len(v) > 0 {
				w.response.Header[k] = v
			}
		}
		if n, ok := atoi(w.header.Get("Content-Length")); ok {
			w.response.ContentLength = int64(n)
		}
		close(w.ready)
	})
}

// Write implements http.ResponseWriter.
func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.head {
		return len(p), nil
	}
	return w.body.Write(bytes.Clone(p))
}

// Flush implements http.Flusher: what has been written is on its way already.
func (w *pipeWriter) Flush() {}
