package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
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
			{"treestatus", "the base of the tree status service; there is no tree.status where it is left out, but for Mozilla's own server"},
			{"trees", "what the tree status service calls branches, where that differs: autoland=firefox-autoland, beta=firefox-beta"},
		},
		make: newHgmo,
	},
	{
		name: "treeherder", doc: "what ran on which push, and how it ended", base: "https://treeherder.mozilla.org/api",
		options:     []setting{{"ui", "the base of links for people; the API's base without /api where it is left out"}},
		credentials: []string{"token"},
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
		name: "taskcluster", doc: "what runs on a push, and who can be asked to run it", base: "https://firefox-ci-tc.services.mozilla.com",
		options:     []setting{{"trust_domain", "under which decision tasks are indexed; gecko where it is left out"}, {"links", "the base of links for people; the root URL where it is left out"}},
		credentials: []string{"client_id", "access_token", "certificate"},
		make:        newTaskcluster,
	},
	{
		name: "notify", doc: "tells people something, through a webhook whose URL is its credential", credentials: []string{"url"},
		make: func(a adapting) (sources.Source, error) {
			if a.base != "" {
				return nil, errors.New("notify: the webhook's URL is a secret, and has no base: name where it is found, as credentials: {url: {env: MOZCI_WEBHOOK}}")
			}
			return notify.New(a.client, a.credentials["url"]), nil
		},
	},
}

// An adapter is a row of the list of adapters: how a source is made of what a profile says.
type adapter struct {
	name        string
	doc         string
	base        string    // of the public service; empty where there is none
	options     []setting // by name
	credentials []string  // names of credentials
	make        func(a adapting) (sources.Source, error)
}

// A setting is an option of an adapter.
type setting struct{ name, doc string }

// adapting is what an adapter is made of.
type adapting struct {
	client      *http.Client
	clock       sources.Clock
	asker       sources.Asker // the profile's registry, for what an adapter may ask others
	machine     machine
	base        string
	branches    map[string]string
	options     map[string]string
	credentials map[string]string // those that there are
}

// adapt makes a source of what a profile says.
func (c *command) adapt(spec sourceSpec, with adapting) (sources.Source, error) {
	a, err := spec.adapter()
	if err != nil {
		return nil, err
	}
	with.base, with.branches = a.base, spec.Branches
	if spec.Base.text != "" {
		with.base = spec.Base.text
	}
	with.options, with.credentials = map[string]string{}, map[string]string{}
	for name, w := range spec.Options {
		with.options[name] = w.text
	}
	for name, where := range spec.Credentials {
		value, err := where.read(c.m.getenv)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.name, err)
		}
		if value != "" {
			with.credentials[name] = value
		}
	}
	return a.make(with)
}

// baseOf is where the adapter's public service is.
func baseOf(s sourceSpec) string {
	a, err := s.adapter()
	if err != nil {
		return ""
	}
	return a.base
}

// adapter finds the row of the spec.
func (s sourceSpec) adapter() (adapter, error) {
	i := slices.IndexFunc(adapters, func(a adapter) bool { return a.name == s.Adapter.text })
	if i >= 0 {
		return adapters[i], nil
	}
	names := make([]string, len(adapters))
	for i, a := range adapters {
		names[i] = a.name
	}
	return adapter{}, s.Adapter.blame("unknown-adapter", "there is no adapter %s; %s", s.Adapter.text, oneOf(s.Adapter.text, names))
}

// check finds what an adapter is told in vain.
func (s sourceSpec) check() error {
	a, err := s.adapter()
	if err != nil {
		return err
	}
	var known []string
	for _, o := range a.options {
		known = append(known, o.name)
	}
	for name, w := range s.Options {
		if !slices.Contains(known, name) {
			return w.blame("unknown-option", "the adapter %s has no option %s; %s", a.name, name, oneOf(name, known))
		}
	}
	for name := range s.Credentials {
		if !slices.Contains(a.credentials, name) {
			return s.Adapter.blame("unknown-credential", "the adapter %s takes no credential %s; %s", a.name, name, oneOf(name, a.credentials))
		}
	}
	if base := s.Base.text; base != "" && !strings.HasPrefix(base, "http://") && !strings.HasPrefix(base, "https://") {
		return s.Base.blame("wrong-type", "a base is a URL such as %s", a.base)
	}
	return nil
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
	if a.base == hgmo.Base {
		o = hgmo.Mozilla()
	}
	maps.Copy(o.Repositories, a.branches)
	if at := a.options["treestatus"]; at != "" {
		o.TreeStatus = at
	}
	for pair := range strings.SplitSeq(a.options["trees"], ",") {
		branch, tree, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok && pair != "" {
			return nil, fmt.Errorf("hgmo: the option trees is written as branch=tree, and this is %q", pair)
		}
		o.Trees[branch] = tree
	}
	return hgmo.New(a.client, a.base, o), nil
}

func newTaskcluster(a adapting) (sources.Source, error) {
	o := taskcluster.Options{Branches: map[string]taskcluster.Branch{}, Now: a.clock.Now, Nonce: a.machine.nonce, Links: a.options["links"]}
	for name, project := range a.branches {
		o.Branches[name] = taskcluster.Branch{Project: project, Domain: a.options["trust_domain"]}
	}
	if a.credentials["client_id"] != "" && a.credentials["access_token"] != "" {
		o.Credentials = &taskcluster.Credentials{ClientID: a.credentials["client_id"], AccessToken: a.credentials["access_token"], Certificate: a.credentials["certificate"]}
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
