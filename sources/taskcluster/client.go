package taskcluster

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// Name is the adapter's name.
const Name = "taskcluster"

// Options are what a deployment and a profile settle.
type Options struct {
	// Branches says for each branch, as the profile names it, where its decision tasks are indexed.
	// A branch that is not in it is its own project in the domain Domain.
	Branches map[string]Branch
	// Domain is the trust domain of branches that name none; gecko where it is empty.
	Domain string
	// Credentials sign what acts, and reads where the deployment wants that. nil is anonymous: everything can then be read
	// and planned that the deployment shows to everybody, and nothing can be done.
	Credentials *Credentials
	// Without says why there are no credentials, to those who would act; empty where there is nothing to say.
	Without string
	// Now is the profile's time. It has to be given.
	Now func() time.Time
	// Nonce gives a text of letters and digits that it has never given before. It has to be given with Credentials.
	Nonce func() string
	// Links is below what people look at tasks; the root URL where it is empty.
	Links string
	// Tree says whether a branch takes jobs. nil leaves that to the workflow.
	Tree func(ctx context.Context, branch string) (ci.Tree, error)
}

// A Branch is where the decision tasks of a branch are indexed: DOMAIN.v2.PROJECT.revision.REVISION.taskgraph.decision.
type Branch struct {
	Project string // autoland; the branch's own name where it is empty
	Domain  string // the trust domain; Options.Domain where it is empty
}

// A Client reads one deployment of Taskcluster and acts on it.
type Client struct {
	reader sources.Reader
	root   string // without a slash at its end
	links  string // likewise
	opts   Options
	signed atomic.Bool // whether this deployment wants reads to be signed
}

var (
	_ sources.Actor      = (*Client)(nil)
	_ sources.Documented = (*Client)(nil)
	_ sources.Linker     = (*Client)(nil)
)

// New returns the adapter of the deployment at rootURL (https://firefox-ci-tc.services.mozilla.com). It fetches nothing.
// It panics where Options lacks a clock, or a nonce for its credentials: bugs of the program.
func New(client *http.Client, rootURL string, opts Options) *Client {
	if opts.Now == nil || (opts.Credentials != nil && opts.Nonce == nil) {
		panic("taskcluster: New needs a clock, and a nonce where there are credentials")
	}
	own := *client
	own.CheckRedirect = unsigned
	c := &Client{root: strings.TrimRight(rootURL, "/"), opts: opts}
	c.links = bare(c.root)
	if opts.Links != "" {
		c.links = bare(strings.TrimRight(opts.Links, "/"))
	}
	c.reader = sources.Reader{Client: &own, Source: Name, Refusal: c.refusal}
	return c
}

// unsigned follows a redirect, as artifacts are answered, without the signature: it is good for one address only.
func unsigned(req *http.Request, via []*http.Request) error {
	if len(via) > 5 {
		return errors.New("more than 5 redirects")
	}
	req.Header.Del("Authorization")
	return nil
}

// Name is the adapter's name.
func (c *Client) Name() string { return Name }

// Queries lists what can be asked.
func (c *Client) Queries() []sources.Query {
	return []sources.Query{
		sources.NewQuery("jobs.available", "job types that can run on a push, in order of their names", c.available),
		sources.NewQuery("jobs.list", "the jobs on given pushes, without results by manifest", c.jobsList),
		sources.NewQuery("jobs.status", "requests (tasks, or actions that ask for tasks) with their jobs", c.status),
		sources.NewQuery("jobs.upstream", "job types that have to end before a given one, nearest first", c.upstream),
		sources.NewQuery("pushes.runnable", "which pushes have a decision task, so that jobs can run on them", c.runnable),
	}
}

// Effects lists what can be done.
func (c *Client) Effects() []sources.Effect {
	return []sources.Effect{
		sources.NewEffect("jobs.cancel", "stop tasks that have not ended", canceller{c}),
		sources.NewEffect("jobs.retrigger", "run a job further times on pushes", retrigger(c)),
		sources.NewEffect("jobs.trigger", "run a job on pushes", trigger(c)),
	}
}

// base is the deployment in a key.
func (c *Client) base() string { return bare(c.root) }

// bare is a URL without user and query; what is no URL stays as it is.
func bare(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

func (c *Client) branch(name string) Branch {
	b := c.opts.Branches[name]
	if b.Project == "" {
		b.Project = name
	}
	b.Domain = cmp.Or(b.Domain, c.opts.Domain, "gecko")
	return b
}

// branchOf is the profile's name of a project; the project's own where no branch of the profile has it.
func (c *Client) branchOf(project, asked string) string {
	if asked != "" && c.branch(asked).Project == project {
		return asked
	}
	found := ""
	for name, b := range c.opts.Branches {
		if (b.Project == project || b.Project == "" && name == project) && (found == "" || name < found) {
			found = name
		}
	}
	if found == "" {
		return project
	}
	return found
}

// A call is one request to an endpoint.
type call struct {
	ep    sources.Endpoint
	args  []string   // for the names in the endpoint's path, in order
	query url.Values // may be nil
	body  any        // written as JSON; nil for none
	doing string     // for errors
	sign  bool       // whether it has to be signed; reads are signed where the deployment wants it
}

func (c *Client) address(k call) string {
	u := c.root + fill(k.ep.Path, k.args)
	if len(k.query) > 0 {
		u += "?" + k.query.Encode()
	}
	return u
}

// fill puts arguments in the places of a path, escaped: a slash stays one where several segments may stand.
func fill(path string, args []string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(path, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		if strings.HasSuffix(name, "...") {
			b.WriteString(strings.ReplaceAll(url.PathEscape(args[0]), "%2F", "/"))
		} else {
			b.WriteString(url.PathEscape(args[0]))
		}
		args, path = args[1:], after
	}
}

// ask does a call and decodes its answer.
func ask[T any](ctx context.Context, c *Client, k call) (T, error) {
	var out T
	err := c.do(ctx, k, func(body io.Reader) error {
		dec := json.NewDecoder(body)
		if err := dec.Decode(&out); err != nil {
			return err
		}
		if _, err := dec.Token(); err != io.EOF {
			return errors.Join(err, errors.New("something follows the JSON"))
		}
		return nil
	})
	return out, err
}

// do does a call and hands the body of a good answer to read. A read that is refused to everybody is asked again, signed,
// where there are credentials; reads are signed from then on.
func (c *Client) do(ctx context.Context, k call, read func(io.Reader) error) error {
	sign := k.sign || c.signed.Load()
	err := c.send(ctx, k, sign, read)
	if sign || c.opts.Credentials == nil || !lacksScopes(err) {
		return err
	}
	if err = c.send(ctx, k, true, read); err == nil {
		c.signed.Store(true)
	}
	return err
}

func lacksScopes(err error) bool {
	var p *Problem
	return errors.As(err, &p) && p.Code == "InsufficientScopes"
}

func (c *Client) send(ctx context.Context, k call, sign bool, read func(io.Reader) error) error {
	address := c.address(k)
	wrong := func(err error) error {
		return &sources.Error{Kind: sources.ErrRefused, Source: Name, Doing: k.doing, URL: sources.Redact(address), Err: err}
	}
	var body []byte
	var reader io.Reader
	if k.body != nil {
		var err error
		if body, err = json.Marshal(k.body); err != nil {
			return wrong(errors.New("the payload cannot be written as JSON"))
		}
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, k.ep.Method, address, reader)
	if err != nil {
		return wrong(errors.New("this is no URL"))
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if sign {
		if err := c.sign(req, body); err != nil {
			return err
		}
	}
	return c.reader.Do(req, k.ep, k.doing, read)
}
