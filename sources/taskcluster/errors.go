package taskcluster

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/sources"
)

// A Problem is what Taskcluster itself said about a call that it did not do. An error without one came from elsewhere: a
// proxy, a load balancer, an artifact's store.
type Problem struct {
	Code    string   // InsufficientScopes, ResourceNotFound, RequestConflict, …
	Message string   // its first paragraph, without secrets
	Missing []string // the scopes that the call needs, where it was refused for want of scopes
}

func (p *Problem) Error() string { return p.Code + ": " + p.Message }

// problemBody is the body of an error of every Taskcluster service; reason is there for artifacts that are errors.
type problemBody struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Reason  string `json:"reason"`
}

// refusal maps an answer of 400 and more. It leaves what is not Taskcluster's own to the usual rules.
func (c *Client) refusal(status int, contentType string, body []byte) *sources.Error {
	media, _, _ := mime.ParseMediaType(contentType)
	var b problemBody
	if media != "application/json" || json.Unmarshal(body, &b) != nil {
		return nil
	}
	if status == http.StatusFailedDependency {
		return &sources.Error{Kind: sources.ErrNotFound, Err: errors.New(c.opts.Credentials.hide(oneLine(b.Reason + ": " + b.Message))),
			Hint: "the artifact is an error: its task could not write it"}
	}
	if b.Code == "" {
		return nil
	}
	p := &Problem{Code: b.Code, Message: c.opts.Credentials.hide(oneLine(firstParagraph(b.Message)))}
	e := &sources.Error{Kind: kindOfProblem(status, b), Err: p}
	switch b.Code {
	case "InsufficientScopes":
		p.Missing = scopesIn(b.Message)
		p.Message = "needs " + strings.Join(p.Missing, ", ")
		e.Hint = "ask for these scopes, or give the credentials of a client that has them"
		if strings.HasPrefix(b.Message, "The role `hook-id:") {
			p.Message = "the hook's own role may not create its task; it " + p.Message
			e.Hint = "tell those who look after the hook"
		}
	case "AuthenticationFailed":
		e.Hint = "look at the client id, the access token and the clock of this machine"
	case "InvalidRequestArguments":
		e.Hint = "look at the id: it has not the shape of one"
	}
	return e
}

// kindOfProblem gives the kind of a problem by its code, and by its status where the code is new.
func kindOfProblem(status int, b problemBody) error {
	switch b.Code {
	case "InsufficientScopes", "AuthenticationFailed", "AuthorizationFailed":
		return sources.ErrUnauthorised
	case "ResourceNotFound":
		return sources.ErrNotFound
	case "RequestConflict":
		return sources.ErrConflict
	case "ResourceExpired":
		return sources.ErrGone
	case "InputError":
		return kindOfInputError(b.Message)
	case "MalformedPayload", "InvalidRequestArguments", "InputValidationError", "InputTooLarge":
		return sources.ErrRefused
	case "InternalServerError":
		return sources.ErrUnavailable
	}
	switch {
	case status == http.StatusTooManyRequests:
		return sources.ErrRateLimited
	case status >= 500:
		return sources.ErrUnavailable
	}
	return sources.ErrRefused
}

// kindOfInputError tells apart what hooks pack into one code: an id that is taken means that it had been done before,
// and a failure while the hook was firing leaves open whether its task was made.
func kindOfInputError(message string) error {
	switch {
	case strings.Contains(message, "hooks_last_fires_pkey"), strings.Contains(message, "RequestConflict"):
		return sources.ErrConflict
	case strings.HasPrefix(message, "While firing hook:"):
		return sources.ErrUnavailable
	}
	return sources.ErrRefused
}

// firstParagraph drops what Taskcluster appends to its messages about method, code, status and time.
func firstParagraph(message string) string {
	message, _, _ = strings.Cut(message, "\n\n---\n")
	return strings.TrimSpace(message)
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if len(s) > 400 {
		return strings.ToValidUTF8(s[:400], "") + "…"
	}
	return s
}

// scopesIn reads the scopes that a call would need out of the fenced block of an InsufficientScopes message. The block
// holds one scope, or an expression of scopes in JSON, or a scope on each line.
func scopesIn(message string) []string {
	_, rest, ok := strings.Cut(message, "```")
	block, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		return []string{"scopes that the service does not name"}
	}
	block = strings.TrimSpace(block)
	var expression any
	if json.Unmarshal([]byte(block), &expression) == nil {
		return scopesOf(expression, nil)
	}
	var out []string
	for _, line := range strings.Split(block, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, oneLine(line))
		}
	}
	return out
}

func scopesOf(expression any, out []string) []string {
	switch x := expression.(type) {
	case string:
		if !slices.Contains(out, x) {
			out = append(out, oneLine(x))
		}
	case []any:
		for _, e := range x {
			out = scopesOf(e, out)
		}
	case map[string]any:
		for _, k := range []string{"AllOf", "AnyOf"} {
			out = scopesOf(x[k], out)
		}
	}
	return out
}

// certain says whether an error of a call that acts means that certainly nothing happened: Taskcluster itself said so.
func certain(err error) bool {
	var p *Problem
	if !errors.As(err, &p) {
		return false
	}
	return errors.Is(err, sources.ErrRefused) || errors.Is(err, sources.ErrUnauthorised) || errors.Is(err, sources.ErrNotFound)
}

// open gives an error of a call that acts the kind that it deserves: what was refused by somebody other than Taskcluster
// (a proxy, say) may have happened all the same.
func open(err error) error {
	var e *sources.Error
	if !errors.As(err, &e) || e.Status == 0 || certain(err) || errors.Is(err, sources.ErrConflict) {
		return err
	}
	if errors.Is(err, sources.ErrRefused) || errors.Is(err, sources.ErrUnauthorised) || errors.Is(err, sources.ErrNotFound) {
		c := *e
		c.Kind = sources.ErrUnavailable
		c.Hint = "this answer is not Taskcluster's own: whether the call arrived is open"
		return &c
	}
	return err
}
