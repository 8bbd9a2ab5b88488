package main

import (
	"net/http"
	"time"

	"github.com/mozci/mozci-run/fixtures"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/sim"
)

// Surroundings are what a profile's sources live in: a clock, and what makes their requests.
type surroundings struct {
	clock      sources.Clock
	connection http.RoundTripper
	sim        *sim.Sim // nil where the CI is not simulated in this process
	scenario   sim.Scenario
	at         string            // the simulated CI's base URL
	replay     *fixtures.Library // nil where nothing is replayed
	close      func()
}

// timeOf is what the time of a session is called; empty where it is everybody's.
func (s *session) timeOf() string {
	switch {
	case s.sim != nil:
		return "simulated time"
	case s.replay != nil:
		return "recorded time"
	case s.profile.Clock != nil:
		return "the profile's time"
	}
	return ""
}

// surround makes the surroundings of a profile. db is where its runs are kept: a simulated CI is kept beside it.
func (c *command) surround(p chosen, db string) (surroundings, error) {
	s, err := c.surroundings(p, db)
	if err == nil && c.m.around != nil {
		s.connection = c.m.around(s.connection)
	}
	return s, err
}

func (c *command) surroundings(p chosen, db string) (surroundings, error) {
	if p.Simulate != nil {
		return c.simulate(p, journalBeside(db, p.Simulate.Scenario, p.Simulate.Seed))
	}
	if p.Replay != "" {
		return c.replay(p)
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: sources.PerHost,
		IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 15 * time.Second, ResponseHeaderTimeout: 2 * time.Minute}
	return surroundings{clock: c.clockOf(p.Clock, time.Time{}, time.Time{}), connection: transport, close: transport.CloseIdleConnections}, nil
}

// clockOf makes the clock that a profile wants. start and at are what it reads, and when, where the profile does not say.
func (c *command) clockOf(spec *clockSpec, start, at time.Time) sources.Clock {
	if spec == nil {
		return realClock{c.m}
	}
	if !spec.Epoch.IsZero() {
		start, at = spec.Epoch, spec.At
	}
	if at.IsZero() {
		at = c.m.now()
	}
	if start.IsZero() {
		start = at
	}
	if spec.Jump {
		return &jumpingClock{now: start.UTC()}
	}
	speed := spec.Speed
	if speed == 0 {
		speed = 1
	}
	return fastClock{m: c.m, start: start, at: at, speed: speed}
}
