package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/derived"
	"github.com/mozci/mozci-run/sources/sim"
)

// A session is a profile put together: what answers, and on which clock.
type session struct {
	surroundings
	profile  chosen
	specs    []sourceSpec // the profile's, or those of its simulated CI, with what was found of their credentials
	registry *sources.Registry
	offline  bool // whether nothing is fetched, and no credential read
}

// open chooses the profile, says which it is, and puts it together for commands that only ask.
func (c *command) open() (*session, error) {
	p, err := c.choose()
	if err != nil {
		return nil, err
	}
	c.note("%s", p)
	db, err := c.besides()
	if err != nil {
		return nil, err
	}
	around, err := c.surround(p, db)
	if err != nil {
		return nil, err
	}
	s := newSession(around, p)
	if err := c.wire(s, sources.NothingAsked{}, func() bool { return false }); err != nil {
		around.close()
		return nil, err
	}
	return s, nil
}

// openOffline chooses the profile and puts it together for commands that fetch nothing.
func (c *command) openOffline() (*session, error) {
	p, err := c.choose()
	if err != nil {
		return nil, err
	}
	c.note("%s", p)
	s := newSession(surroundings{clock: realClock{c.m}, connection: nowhere{}, close: func() {}}, p)
	s.offline = true
	if p.Simulate != nil {
		s.at, s.specs = "http://sim.invalid", simulatedSources("http://sim.invalid", sim.Scenario{})
	}
	return s, c.wire(s, sources.NothingAsked{}, func() bool { return false })
}

// nowhere is a connection that there is not.
type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("this command fetches nothing")
}

func newSession(around surroundings, p chosen) *session {
	s := &session{surroundings: around, profile: p, registry: newRegistry(), specs: slices.Clone(p.Sources)}
	if s.sim != nil && len(s.specs) == 0 {
		s.specs = simulatedSources(s.at, s.scenario)
	}
	return s
}

func newRegistry() *sources.Registry {
	r, err := sources.NewRegistry()
	must(err) // nothing can be wrong with no source
	return r
}

// wire puts the profile's sources into the session's registry. The ledger says what we have asked for; until apply says so,
// nothing leaves but GET and HEAD.
func (c *command) wire(s *session, ledger sources.Ledger, apply func() bool) error {
	stack := sources.Stack(sources.StackOptions{Connection: s.connection, Clock: s.clock, Retry: sources.RetryTerms{Jitter: rand.Float64}})
	door := &gate{open: stack, shut: sources.DryRun(stack), apply: apply}
	client := &http.Client{Transport: door}
	if !s.offline {
		if err := wrongSettings(s.profile.from, c.unread(s.profile.profile)); err != nil {
			return err
		}
	}
	for i := range s.specs {
		if err := c.join(s, &s.specs[i], client, door); err != nil {
			return usage("mozci-run sources list shows the profile's sources", "the profile %s: %w", s.profile.name, err)
		}
	}
	if err := s.registry.Add(derived.New(s.registry, ledger, s.clock)); err != nil {
		return fmt.Errorf("the profile %s: %w", s.profile.name, err)
	}
	return nil
}

// join makes a source of what the profile says, and puts it behind those that are there.
func (c *command) join(s *session, spec *sourceSpec, client *http.Client, door *gate) error {
	if !s.offline {
		var err error
		if spec.found, err = c.find(s.profile.profile, *spec); err != nil {
			return err
		}
		if why := spec.found.unusable(s.clock.Now()); why != "" {
			c.note("%s", why)
		}
	}
	one, err := spec.adapt(adapting{client: client, clock: s.clock, asker: s.registry, machine: c.m, closed: c.flags.closed})
	if err != nil {
		return err
	}
	door.learn(one, spec.at())
	if spec.Fallback {
		s.registry.PassOver(one.Name())
	}
	return s.registry.Add(one)
}

// A gate lets through what changes the world only where a run is to be applied. What asks by POST may pass always.
type gate struct {
	open, shut http.RoundTripper
	apply      func() bool
	asks       []asking
}

// An asking is an endpoint that is asked by POST, at its base.
type asking struct {
	endpoint sources.Endpoint
	base     string
}

// learn hears which endpoints of a source are asked by POST. It is called before the first request.
func (g *gate) learn(s sources.Source, base string) {
	d, ok := s.(sources.Documented)
	if !ok {
		return
	}
	for _, e := range d.Endpoints() {
		if e.Asks {
			g.asks = append(g.asks, asking{e, base})
		}
	}
}

func (g *gate) RoundTrip(req *http.Request) (*http.Response, error) {
	asks := slices.ContainsFunc(g.asks, func(a asking) bool { return a.endpoint.Match(req.Method, a.base, req.URL.String()) })
	if asks || g.apply() {
		return g.open.RoundTrip(req)
	}
	return g.shut.RoundTrip(req)
}
