package hgmo

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/sources"
)

// Source is the adapter's name.
const Source = "hgmo"

// Options are what a profile says about a server.
type Options struct {
	// Repositories maps a branch, as the profile names it, to its repository's path: autoland to integration/autoland.
	// A branch with a slash in it that is not named here is a path itself.
	Repositories map[string]string
	// TreeStatus is the base of the tree status service; where it is empty, there is no tree.status.
	TreeStatus string
	// Trees maps a branch to the name of its tree, where the two differ.
	Trees map[string]string
}

// Base is where Mozilla's server is.
const Base = "https://hg.mozilla.org"

// Mozilla returns the options for Mozilla's own server, at [Base].
func Mozilla() Options {
	return Options{
		Repositories: map[string]string{
			"autoland":        "integration/autoland",
			"fx-team":         "integration/fx-team",
			"mozilla-beta":    "releases/mozilla-beta",
			"mozilla-central": "mozilla-central",
			"mozilla-esr115":  "releases/mozilla-esr115",
			"mozilla-esr128":  "releases/mozilla-esr128",
			"mozilla-esr140":  "releases/mozilla-esr140",
			"mozilla-inbound": "integration/mozilla-inbound",
			"mozilla-release": "releases/mozilla-release",
			"try":             "try",
		},
		TreeStatus: "https://lando.moz.tools/api/treestatus",
		Trees:      map[string]string{"autoland": "firefox-autoland"},
	}
}

// A Client asks one server. It holds no state and may be used side by side.
type Client struct {
	reader sources.Reader
	tree   sources.Reader // for the tree status service
	base   string         // as it was given, perhaps with a user
	public string         // the same without
	trees  string         // the tree status's base
	opts   Options
}

var (
	_ sources.Documented = (*Client)(nil)
	_ sources.Linker     = (*Client)(nil)
)

// New returns a client of the server at base. It keeps opts, which nobody may change from then on.
func New(client *http.Client, base string, opts Options) *Client {
	base = strings.TrimRight(base, "/")
	return &Client{
		reader: sources.Reader{Client: client, Source: Source, Refusal: refusal},
		tree:   sources.Reader{Client: client, Source: Source},
		base:   base, public: withoutUser(base), trees: strings.TrimRight(opts.TreeStatus, "/"), opts: opts,
	}
}

func withoutUser(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return "" // what is no URL is refused when it is asked, and shown nowhere
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// Name returns "hgmo".
func (c *Client) Name() string { return Source }

// Queries lists what the server can be asked.
func (c *Client) Queries() []sources.Query {
	list := []sources.Query{
		sources.NewQuery("pushes.range", "pushes of a branch, newest first", c.pushesRange),
		sources.NewQuery("pushes.find", "the push that holds a revision", c.pushesFind),
		sources.NewQuery("pushes.backouts", "which changesets of a push were backed out, and by what", c.pushesBackouts),
	}
	if c.trees != "" {
		list = append(list, sources.NewQuery("tree.status", "whether a branch takes pushes", c.treeStatus))
	}
	return list
}

var pathOfRepository = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$`)

// repository returns the path of a branch's repository.
func (c *Client) repository(branch, doing string) (string, error) {
	path, known := c.opts.Repositories[branch]
	if !known && strings.Contains(branch, "/") {
		path = branch
	}
	switch {
	case path == "":
		there := "the profile names none"
		if names := slices.Sorted(maps.Keys(c.opts.Repositories)); len(names) > 0 {
			there = "there are " + strings.Join(names, ", ")
		}
		return "", fail(sources.ErrRefused, doing, "name its repository in the profile, or give the repository's path",
			"the branch %q has no repository here; %s", branch, there)
	case !pathOfRepository.MatchString(path):
		return "", fail(sources.ErrRefused, doing, "", "%q is no path of a repository: integration/autoland would be one", path)
	}
	return path, nil
}

// branch returns what the profile calls a repository: its path where it has no name for it.
func (c *Client) branch(path string) string {
	for _, b := range slices.Sorted(maps.Keys(c.opts.Repositories)) {
		if c.opts.Repositories[b] == path {
			return b
		}
	}
	return path
}

var wholeRevision = regexp.MustCompile(`^[0-9a-f]{40}$`)
var revisionShape = regexp.MustCompile(`^[0-9a-f]{12,40}$`)

// revision checks that text is 12 to 40 hex digits, and returns them in lower case.
func revision(text, doing string) (string, error) {
	r := strings.ToLower(text)
	if !revisionShape.MatchString(r) {
		return "", fail(sources.ErrRefused, doing, "", "%.60q is no revision: 12 to 40 hex digits are wanted", text)
	}
	return r, nil
}

// fail makes an error that is not about one answer's HTTP.
func fail(kind error, doing, hint, format string, args ...any) error {
	return &sources.Error{Kind: kind, Source: Source, Doing: doing, Err: fmt.Errorf(format, args...), Hint: hint}
}

// changed makes an error about a place of an answer, whose source and URL are filled in by whoever read it.
func changed(path, format string, args ...any) *sources.Error {
	return &sources.Error{Kind: sources.ErrChangedFormat, Path: path, Err: fmt.Errorf(format, args...), Hint: "mozci-run contract says what else has changed"}
}

// notHere is what to do about a revision that a repository does not have.
const notHere = "it may be on another branch, mistyped, or so new that not all of the service's copies have it"

// refusal gives the server's own ways of saying no a better name.
func refusal(status int, contentType string, body []byte) *sources.Error {
	switch {
	case status == http.StatusNotFound && strings.Contains(contentType, "html"):
		return &sources.Error{Kind: sources.ErrNotFound, Err: errors.New("the server has no repository at this path"), Hint: "correct its path in the profile"}
	case status == http.StatusNotFound && kindOfComplaint(complaint(body)) == sources.ErrNotFound:
		return &sources.Error{Kind: sources.ErrNotFound, Err: fmt.Errorf("%.200s", complaint(body)), Hint: notHere}
	case status == http.StatusInternalServerError && strings.Contains(string(body), "version parameter must be"):
		return &sources.Error{Kind: sources.ErrRefused, Err: errors.New("the server does not know this version of the pushlog's format")}
	}
	return nil
}
