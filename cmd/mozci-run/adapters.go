package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/hgmo"
	"github.com/mozci/mozci-run/sources/notify"
	"github.com/mozci/mozci-run/sources/taskcluster"
	"github.com/mozci/mozci-run/sources/treeherder"
)

// adapters is the list of those that there are. A new one is a new row.
var adapters = []adapter{
	{
		name: "hgmo", doc: "pushes and their changesets, and whether trees are open", base: hgmo.Base,
		options: []setting{
			{name: "treestatus", kind: isURL, doc: "the base of the tree status service; there is no tree.status where it is left out, but for Mozilla's own server"},
			{name: "trees", kind: isPairs, doc: "what the tree status service calls branches, where that differs: autoland=firefox-autoland, beta=firefox-beta"},
		},
		make: newHgmo,
	},
	{
		name: "treeherder", doc: "what ran on which push, and how it ended", base: "https://treeherder.mozilla.org/api",
		options:     []setting{{name: "ui", kind: isURL, doc: "the base of links for people; the API's base without /api where it is left out"}},
		credentials: []setting{{name: "token", doc: "what is sent as a bearer token"}},
		make: func(a adapting) (sources.Source, error) {
			o := treeherder.Options{Projects: a.branches, UI: a.options["ui"]}
			if token := a.credentials["token"]; token != "" {
				o.Authorize = func(r *http.Request) error {
					r.Header.Set("Authorization", "Bearer "+token)
					return nil
				}
			}
			return treeherder.New(a.client, a.base, o), nil
		},
	},
	{
		name: "taskcluster", doc: "what runs on a push, and who can be asked to run it", base: "https://firefox-ci-tc.services.mozilla.com", account: taskclusterAccount,
		options: []setting{
			{name: "trust_domain", kind: isName, doc: "under which decision tasks are indexed; gecko where it is left out"},
			{name: "links", kind: isURL, doc: "the base of links for people; the root URL where it is left out"},
		},
		credentials: []setting{
			{name: "client_id", doc: "who we are", needs: []string{"access_token"}},
			{name: "access_token", doc: "what proves it", needs: []string{"client_id"}},
			{name: "certificate", doc: "what makes them temporary, as JSON", needs: []string{"client_id", "access_token"}},
		},
		make: newTaskcluster,
	},
	{
		name: "notify", doc: "tells people something, through a webhook whose URL is its credential",
		credentials: []setting{{name: "url", doc: "the webhook's URL, which is a secret"}},
		make:        func(a adapting) (sources.Source, error) { return notify.New(a.client, a.credentials["url"]), nil },
	},
}

// An adapter is a row of the list of adapters: how a source is made of what a profile says.
type adapter struct {
	name        string
	doc         string
	base        string // of the public service; empty where there is none, and then none can be given
	account     string // whose tools may keep the credentials; empty for nobody's
	options     []setting
	credentials []setting
	make        func(a adapting) (sources.Source, error)
}

// A setting is an option of an adapter, or one of its credentials.
type setting struct {
	name, doc string
	kind      settingKind // of an option
	needs     []string    // those that have to be beside it
}

// A settingKind is what the text of an option has to be.
type settingKind int

const (
	isName  settingKind = iota // letters, digits, - and _
	isURL                      // the base of a service or of its pages
	isPairs                    // a=b, c=d
)

// wrong says what is wrong with an option's text; empty where nothing is.
func (k settingKind) wrong(text string) string {
	switch k {
	case isName:
		if !plainName.MatchString(text) {
			return "this is a name of letters, digits, - and _"
		}
	case isURL:
		return wrongBase(text)
	case isPairs:
		if !treePair.MatchString(text) {
			return "this is written as branch=tree, and so on: autoland=firefox-autoland, beta=firefox-beta"
		}
	}
	return ""
}

// wrongBase says why a text is no base of a service, without repeating it: there may be a password in it.
func wrongBase(text string) string {
	switch u, err := url.Parse(text); {
	case baseURL.MatchString(text) && err == nil && u.Hostname() != "":
		return ""
	case err == nil && u.User != nil || userPart.MatchString(text):
		return "a base has no user and no password in it, since it is shown and kept; what a service wants is named under credentials"
	case err == nil && (u.RawQuery != "" || u.ForceQuery || u.Fragment != ""):
		return "a base has no ? and no # in it, since paths are put behind it; what a service wants is named under credentials"
	}
	return "a base is a URL: http:// or https://, a host, and perhaps a path"
}

// named gives the names of settings.
func named(list []setting) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.name
	}
	return out
}

// adapting is what an adapter is made of.
type adapting struct {
	client   *http.Client
	clock    sources.Clock
	asker    sources.Asker // the profile's registry, for what an adapter may ask others
	machine  machine
	base     string
	branches map[string]string
	options  map[string]string
	closed   bool // whether jobs are asked for although the tree is closed
	found
}

// adapt makes a source of what a profile says.
func (s sourceSpec) adapt(with adapting) (sources.Source, error) {
	a, err := s.adapter()
	if err != nil {
		return nil, err
	}
	with.base, with.branches, with.options, with.found = s.at(), s.Branches, s.Options, s.found
	return a.make(with)
}

// at is the base URL: the public service's where the profile names none.
func (s sourceSpec) at() string {
	a, err := s.adapter()
	if s.Base != "" || err != nil {
		return s.Base
	}
	return a.base
}

// adapter finds the row of the spec.
func (s sourceSpec) adapter() (adapter, error) {
	i := slices.IndexFunc(adapters, func(a adapter) bool { return a.name == s.Adapter })
	if i >= 0 {
		return adapters[i], nil
	}
	return adapter{}, fmt.Errorf("there is no adapter %s; %s", s.Adapter, oneOf(s.Adapter, adapterNames()))
}

func adapterNames() []string {
	names := make([]string, len(adapters))
	for i, a := range adapters {
		names[i] = a.name
	}
	return names
}

// oneOf says what a name may be, the nearest first.
func oneOf(got string, names []string) string {
	if near := schemas.Nearest(got, names); near != "" {
		return "did you mean " + near + "?"
	}
	if len(names) == 0 {
		return "it takes none"
	}
	return "there are " + strings.Join(names, ", ")
}

func newHgmo(a adapting) (sources.Source, error) {
	o := hgmo.Options{Repositories: map[string]string{}, Trees: map[string]string{}}
	if strings.TrimRight(a.base, "/") == hgmo.Base {
		o = hgmo.Mozilla()
	}
	maps.Copy(o.Repositories, a.branches)
	if at := a.options["treestatus"]; at != "" {
		o.TreeStatus = at
	}
	for pair := range strings.SplitSeq(a.options["trees"], ",") {
		branch, tree, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok && pair != "" { // check has seen to it in a profile; a cassette may hold anything
			return nil, fmt.Errorf("hgmo: the option trees is written as branch=tree, and this is %q", pair)
		}
		o.Trees[branch] = tree
	}
	return hgmo.New(a.client, a.base, o), nil
}

func newTaskcluster(a adapting) (sources.Source, error) {
	o := taskcluster.Options{Branches: map[string]taskcluster.Branch{}, Now: a.clock.Now, Nonce: a.machine.nonce, Links: a.options["links"], Domain: a.options["trust_domain"],
		Credentials: a.taskcluster(), Without: a.without}
	for name, project := range a.branches {
		o.Branches[name] = taskcluster.Branch{Project: project}
	}
	if a.closed {
		return taskcluster.New(a.client, a.base, o), nil
	}
	o.Tree = func(ctx context.Context, branch string) (ci.Tree, error) {
		t, err := sources.Ask[ci.Tree](ctx, a.asker, "tree.status", ci.TreeOf{Branch: branch})
		if errors.Is(err, sources.ErrNotFilled) { // this profile has nobody who knows
			return ci.Tree{Branch: branch, State: ci.TreeOpen}, nil
		}
		return t, err
	}
	return taskcluster.New(a.client, a.base, o), nil
}
