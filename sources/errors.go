package sources

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The kinds of failure. Compare with errors.Is; what happened is in the [Error] around them.
var (
	ErrNotFilled     = errors.New("not filled")     // this source has no answer: ask the next one
	ErrNotFound      = errors.New("not found")      // the service answered that it does not exist
	ErrUnauthorised  = errors.New("unauthorised")   // 401, 403: credentials or scopes are missing
	ErrRateLimited   = errors.New("rate limited")   // 429: Error.RetryAt says when to come back
	ErrUnavailable   = errors.New("unavailable")    // 5xx, HTML from a load balancer, no connection, a broken answer
	ErrChangedFormat = errors.New("changed format") // the answer is not what it was: Error.Path says where
	ErrGone          = errors.New("gone")           // 410, or expired: it existed and will not come back
	ErrRefused       = errors.New("refused")        // the service, or we, found the question or the action wrong
	ErrConflict      = errors.New("conflict")       // 409: it exists already, differently or alike
	ErrTooLarge      = errors.New("too large")      // the answer is larger than the endpoint's bound
)

var kinds = []error{ErrNotFilled, ErrNotFound, ErrUnauthorised, ErrRateLimited, ErrUnavailable, ErrChangedFormat, ErrGone,
	ErrRefused, ErrConflict, ErrTooLarge}

// An Error is a failure of a source.
type Error struct {
	Kind    error     // one of the kinds above
	Source  string    // the adapter: treeherder
	Doing   string    // what was being done: pushes of autoland
	URL     string    // what was asked, without secrets; empty where nothing was
	Status  int       // the HTTP status; 0 where there was none
	Path    string    // the JSON path of what changed: $.results[].revision
	RetryAt time.Time // when to come back; zero where the service did not say
	Err     error     // more about it; may be nil
	Hint    string    // what to do next; may be empty
}

// Error says what was being done, what came, and what to do next.
func (e *Error) Error() string {
	var parts []string
	for _, s := range []string{e.Source, e.Doing} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	what := e.Kind.Error()
	if e.Status != 0 {
		what += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	if e.Path != "" {
		what += " at " + e.Path
	}
	if !e.RetryAt.IsZero() {
		what += ", come back at " + e.RetryAt.UTC().Format(time.RFC3339)
	}
	parts = append(parts, what)
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	s := strings.Join(parts, ": ")
	if e.URL != "" {
		s += " [" + e.URL + "]"
	}
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// KindOf returns the sentinel that err is, or nil where it is none of them.
func KindOf(err error) error {
	for _, k := range kinds {
		if errors.Is(err, k) {
			return k
		}
	}
	return nil
}

// KindNamed returns the sentinel of that name, or nil: how a recorded error gets its kind back.
func KindNamed(name string) error {
	for _, k := range kinds {
		if k.Error() == name {
			return k
		}
	}
	return nil
}
