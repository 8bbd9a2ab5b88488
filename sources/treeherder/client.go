package treeherder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/mozci/mozci-run/sources"
)

// Source is the adapter's name.
const Source = "treeherder"

// Options are what a profile says about a Treeherder. The zero value is good for reading.
type Options struct {
	// Projects maps a branch, as the profile names it, to Treeherder's project, where the two differ.
	Projects map[string]string
	// UI is the base of links for people; the API's base without its /api where it is empty.
	UI string
	// Authorize adds credentials to a request that writes. Where it is nil, nothing is written.
	// Its error is not shown to anyone, for it may hold what it was about.
	Authorize func(*http.Request) error
}

// A Client asks one Treeherder. It holds no state and may be used side by side.
type Client struct {
	reader sources.Reader
	base   string // as it was given, perhaps with a user
	public string // the same without
	ui     string
	opts   Options
	page   int // how many jobs are asked for at a time: pageSize, and fewer in tests
}

var (
	_ sources.Actor      = (*Client)(nil)
	_ sources.Documented = (*Client)(nil)
	_ sources.Linker     = (*Client)(nil)
)

// New returns a client of the API at base, which ends in /api: https://treeherder.mozilla.org/api.
// The client has to send a User-Agent of its own: Treeherder turns Go's away.
func New(client *http.Client, base string, opts Options) *Client {
	base = strings.TrimRight(base, "/")
	public := withoutUser(base)
	ui := opts.UI
	if ui == "" {
		ui = strings.TrimSuffix(public, "/api")
	}
	return &Client{
		reader: sources.Reader{Client: client, Source: Source, Refusal: refusal},
		base:   base, public: public, ui: strings.TrimRight(ui, "/"), opts: opts, page: pageSize,
	}
}

func withoutUser(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return "" // what is no URL is refused when it is asked, and shown nowhere
	}
	u.User, u.RawQuery = nil, ""
	return u.String()
}

// Name returns "treeherder".
func (c *Client) Name() string { return Source }

// Queries lists what Treeherder can be asked.
func (c *Client) Queries() []sources.Query {
	return []sources.Query{
		sources.NewQuery("pushes.range", "pushes of a branch, newest first", c.pushesRange),
		sources.NewQuery("pushes.find", "the push that holds a revision", c.pushesFind),
		sources.NewQuery("pushes.runnable", "which of the given pushes nothing can run on", c.runnable),
		sources.NewQuery("jobs.list", "the jobs on given pushes", c.jobsList),
		sources.NewQuery("jobs.failures", "why given jobs failed", c.failures),
		sources.NewQuery("events.recent", "the failures on a branch's newest pushes", c.recent),
	}
}

func (c *Client) project(branch string) string {
	if p, ok := c.opts.Projects[branch]; ok {
		return p
	}
	return branch
}

func (c *Client) branch(project string) string {
	found := project
	for b, p := range c.opts.Projects {
		if p == project && (found == project || b < found) {
			found = b
		}
	}
	return found
}

// address makes the URL of an endpoint of a project; project is empty for endpoints of all projects.
func (c *Client) address(project, path string, params url.Values) string {
	u := c.base
	if project != "" {
		u += "/project/" + url.PathEscape(project)
	}
	u += path
	if len(params) > 0 {
		u += "?" + strings.ReplaceAll(params.Encode(), "%2C", ",")
	}
	return u
}

// get asks for a URL and lets read take the answer apart, which has to be one JSON value and nothing else.
// Where the project is unknown, the error names those that there are.
func (c *Client) get(ctx context.Context, ep sources.Endpoint, address, doing string, read func(*json.Decoder) error) error {
	err := c.reader.Get(ctx, ep, address, doing, whole(read))
	var own *sources.Error
	if errors.As(err, &own) && own.Hint == unknownProject {
		own.Hint += c.projects(ctx)
	}
	return err
}

func whole(read func(*json.Decoder) error) func(io.Reader) error {
	return func(body io.Reader) error {
		dec := json.NewDecoder(body)
		if err := read(dec); err != nil {
			return err
		}
		if _, err := dec.Token(); err != io.EOF {
			return errors.Join(err, errors.New("something follows the JSON"))
		}
		return nil
	}
}

// fail makes an error that is not about one answer.
func fail(kind error, doing, hint, format string, args ...any) error {
	return &sources.Error{Kind: kind, Source: Source, Doing: doing, Err: fmt.Errorf(format, args...), Hint: hint}
}

const unknownProject = "say in the profile which of Treeherder's projects this branch is"

// refusal gives Treeherder's own ways of saying no a hint.
func refusal(status int, contentType string, body []byte) *sources.Error {
	switch {
	case status == http.StatusForbidden && strings.Contains(contentType, "html"):
		return &sources.Error{Kind: sources.ErrUnauthorised, Err: errors.New("a page in HTML came"),
			Hint: "Treeherder turns away the User-Agents of libraries; send one with a contact"}
	case status == http.StatusNotFound && strings.Contains(string(body), "No project with name"):
		var said struct {
			Detail string `json:"detail"`
		}
		_ = json.Unmarshal(body, &said) // the text has been seen: at worst it is not repeated
		return &sources.Error{Kind: sources.ErrNotFound, Err: errors.New(said.Detail),
			Hint: unknownProject}
	}
	return nil
}
