package sources

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"time"
)

// A Reader reads JSON from one service. Adapters hold one.
type Reader struct {
	Client *http.Client
	Source string // the adapter's name, for errors
	// Refusal, where set, may turn an answer with a status of 400 and more into a better error (its body is at most 64 KiB);
	// nil leaves the usual one. It sets Kind, Err and Hint; the rest is filled in.
	Refusal func(status int, contentType string, body []byte) *Error
}

// Fetch gets a URL and decodes its JSON. Doing says for what, in an error. The answer is bounded by the endpoint's limit,
// has to be one JSON value, and is decoded by the tags of T. Errors are of this package's kinds.
func Fetch[T any](ctx context.Context, r Reader, ep Endpoint, url, doing string) (T, error) {
	var out T
	err := r.Get(ctx, ep, url, doing, func(body io.Reader) error { return ReadJSON(body, &out) })
	if err != nil {
		var none T
		return none, err
	}
	return out, nil
}

// ReadJSON decodes a body that is one JSON value and nothing else. The body is read to its end before it is looked at, so that
// one that is too large or breaks off costs little.
func ReadJSON(body io.Reader, into any) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	err = json.Unmarshal(data, into)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && json.NewDecoder(bytes.NewReader(data)).Decode(new(json.RawMessage)) == nil {
		return errors.New("something follows the JSON")
	}
	return err
}

// Get gets a URL and hands its body to read, as a stream. An error of read is mapped as Fetch's are.
func (r Reader) Get(ctx context.Context, ep Endpoint, url, doing string, read func(io.Reader) error) error {
	req, err := http.NewRequestWithContext(ctx, ep.Method, url, nil)
	if err != nil {
		return &Error{Kind: ErrRefused, Source: r.Source, Doing: doing, URL: Redact(url), Err: errors.New("this is no URL")}
	}
	if !ep.Text {
		req.Header.Set("Accept", "application/json")
	}
	return r.Do(req, ep, doing, read)
}

// Do sends a request that the adapter made (a POST, a signed one) and hands the body of a good answer to read.
func (r Reader) Do(req *http.Request, ep Endpoint, doing string, read func(io.Reader) error) error {
	fail := func(e *Error) error {
		e.Source, e.Doing, e.URL = r.Source, doing, Redact(req.URL.String())
		return e
	}
	resp, err := r.Client.Do(req)
	if err != nil {
		if cause := context.Cause(req.Context()); cause != nil {
			return fmt.Errorf("%s: %s: %w", r.Source, doing, cause)
		}
		return fail(broken(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fail(r.refusal(resp))
	}
	if !ep.Text && !isJSON(resp.Header.Get("Content-Type")) {
		return fail(&Error{Kind: ErrUnavailable, Status: resp.StatusCode, Err: fmt.Errorf("JSON is wanted, and %q came", resp.Header.Get("Content-Type")),
			Hint: "an unknown address, or a page of a proxy or load balancer; look at the URL"})
	}
	if most := limit(ep); resp.ContentLength > most {
		return fail(&Error{Kind: ErrTooLarge, Status: resp.StatusCode, Err: fmt.Errorf("%d bytes are announced, and %d are the bound", resp.ContentLength, most), Hint: "ask for less at a time"})
	}
	body := &bounded{r: resp.Body, left: limit(ep)}
	if err := read(body); err != nil {
		return fail(unreadable(req.Context(), err, body, resp.StatusCode))
	}
	return nil
}

func limit(ep Endpoint) int64 {
	if ep.Limit > 0 {
		return ep.Limit
	}
	return DefaultLimit
}

func broken(err error) *Error {
	var own *Error
	if errors.As(err, &own) { // a RoundTripper of this package said it better
		c := *own
		return &c
	}
	return &Error{Kind: ErrUnavailable, Err: withoutURL(err), Hint: "try again, or look whether the service is up"}
}

// withoutURL drops the url.Error around a transport's error: its URL is not redacted.
func withoutURL(err error) error {
	var u interface{ Unwrap() error }
	if errors.As(err, &u) && strings.Contains(err.Error(), "://") {
		return u.Unwrap()
	}
	return err
}

func (r Reader) refusal(resp *http.Response) *Error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	var e *Error
	if r.Refusal != nil {
		e = r.Refusal(resp.StatusCode, resp.Header.Get("Content-Type"), body)
	}
	if e == nil {
		e = &Error{Kind: kindOfStatus(resp.StatusCode), Err: words(resp.Header.Get("Content-Type"), body)}
	}
	e.Status = resp.StatusCode
	if e.Kind == ErrRateLimited || e.Kind == ErrUnavailable {
		e.RetryAt = retryAt(resp)
	}
	return e
}

func kindOfStatus(status int) error {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return ErrUnauthorised
	case http.StatusNotFound:
		return ErrNotFound
	case http.StatusConflict:
		return ErrConflict
	case http.StatusGone:
		return ErrGone
	case http.StatusTooManyRequests:
		return ErrRateLimited
	}
	if status >= 500 || status < 400 || status == http.StatusRequestTimeout {
		return ErrUnavailable
	}
	return ErrRefused
}

// words finds what an error body says: an error, detail, message or msg member, a bare string, or its first line of text.
func words(contentType string, body []byte) error {
	if isJSON(contentType) {
		var o map[string]any
		if json.Unmarshal(body, &o) == nil {
			for _, k := range []string{"error", "detail", "message", "msg"} {
				if s, ok := o[k].(string); ok && s != "" {
					return errors.New(cut(firstLine(s)))
				}
			}
		}
		var s string
		if json.Unmarshal(body, &s) == nil && s != "" {
			return errors.New(cut(firstLine(s)))
		}
	}
	if strings.Contains(contentType, "html") {
		return errors.New("a page in HTML came")
	}
	if s := strings.TrimSpace(string(bytes.ToValidUTF8(body, []byte("?")))); s != "" {
		return errors.New(cut(firstLine(s)))
	}
	return nil
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}

// retryAt is when the service wants us to come back: a date, or so many seconds after the answer's own Date, and no more than a week. Zero where
// it does not say.
func retryAt(resp *http.Response) time.Time {
	if at, err := http.ParseTime(resp.Header.Get("Retry-After")); err == nil {
		return at
	}
	wait, told := retryAfter(resp)
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if !told || err != nil || wait > 7*24*time.Hour {
		return time.Time{}
	}
	return date.Add(wait)
}

func isJSON(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	return err == nil && (t == "application/json" || strings.HasSuffix(t, "+json"))
}

func unreadable(ctx context.Context, err error, body *bounded, status int) *Error {
	var own *Error
	var typ *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &own):
		c := *own
		c.Status = status
		return &c
	case body.over:
		return &Error{Kind: ErrTooLarge, Status: status, Err: fmt.Errorf("more than %d bytes came", body.n-1), Hint: "ask for less at a time"}
	case body.err != nil && context.Cause(ctx) != nil:
		return &Error{Kind: context.Cause(ctx), Status: status}
	case body.err != nil:
		return &Error{Kind: ErrUnavailable, Status: status, Err: fmt.Errorf("the answer broke off after %d bytes: %w", body.n, body.err)}
	case errors.As(err, &typ):
		return &Error{Kind: ErrChangedFormat, Status: status, Path: strings.TrimSuffix("$."+typ.Field, "."), Err: fmt.Errorf("%s is wanted, and %s came", inWords(typ.Type), typ.Value),
			Hint: "mozci-run contract says what else has changed"}
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &Error{Kind: ErrUnavailable, Status: status, Err: fmt.Errorf("after %d bytes the answer is no JSON: %w", body.n, err)}
	}
	return &Error{Kind: ErrChangedFormat, Status: status, Path: "$", Err: err}
}

// inWords is what JSON calls what a Go type takes.
func inWords(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return inWords(t.Elem())
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice, reflect.Array:
		return "list"
	}
	return t.Kind().String()
}

// bounded reads at most left bytes and remembers how it ended.
type bounded struct {
	r    io.Reader
	left int64
	n    int64
	over bool
	err  error
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	b.n, b.left = b.n+int64(n), b.left-int64(n)
	if b.left < 0 {
		b.over = true
		return 0, io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}
