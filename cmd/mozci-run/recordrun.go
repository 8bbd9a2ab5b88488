package main

import (
	"errors"
	"net/http"
	"path/filepath"
	"slices"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/fixtures"
	"github.com/mozci/mozci-run/sources"
)

// recordRun runs a workflow and keeps all that it asks: a cassette for each source. A run that found nothing is kept as well; one that a
// source has failed is not.
func (c *command) recordRun(args []string, o recordOrder) error {
	if len(args) > 0 || o.dir == "" {
		return usage("-o fixtures/cassettes/scenarios/NAME", "record --run keeps all sources, in a folder that -o names")
	}
	w, err := findWorkflow(o.workflow)
	if err != nil {
		return err
	}
	p, err := c.recordedProfile(o)
	if err != nil {
		return err
	}
	if o.apply && p.Simulate == nil {
		return usage("--profile sim", "a workflow's effects are recorded in a simulated CI only")
	}
	c.note("%s", p)
	around, err := c.surround(p, inMemory)
	if err != nil {
		return err
	}
	s := newSession(around, p)
	r := newRecording(s)
	tap, err := r.tap(c)
	if err != nil {
		around.close()
		return err
	}
	defer tap.discard()
	s.connection = tap
	c.flags.db = inMemory
	h, err := c.house(s, inMemory)
	if err != nil {
		return err
	}
	defer h.close()
	if err := goodEnough(c.runIn(h, w, runOrder{given: o.given, apply: o.apply, latest: true})); err != nil {
		return err
	}
	return r.keep(c, tap, o.dir)
}

// goodEnough passes over the end of a run that ended by itself.
func goodEnough(err error) error {
	var ended *runEnding
	if errors.As(err, &ended) && (ended.result.Status == engine.Succeeded || ended.result.Status == engine.Planned || ended.result.Cause == engine.ByRequire) {
		return nil
	}
	return err
}

// keep writes what was recorded, all of it or nothing.
func (r *recording) keep(c *command, t *tap, dir string) error {
	var tapes []*fixtures.Cassette
	for _, h := range t.heads {
		if h.base == "" {
			continue // it has no service of its own, and so nothing that a cassette could hold
		}
		tape, err := h.rec.Take()
		if err == nil {
			err = r.validate(tape)
		}
		if h.rec.Count() == 0 {
			tape.Recorded.Apart = "this source was not asked" // and a replay opens it all the same, as the run did
		}
		if err != nil {
			return err
		}
		tapes = append(tapes, tape)
	}
	for _, tape := range tapes {
		if err := c.keep(tape, filepath.Join(dir, tape.Recorded.Source+".yaml")); err != nil {
			return err
		}
	}
	return nil
}

// A tap sends each source's requests through a recorder of its own. What follows a redirect belongs to who was redirected.
type tap struct {
	heads []tapped
	wire  http.RoundTripper
}

// tapped is a source's recorder, and which requests are its.
type tapped struct {
	base      string
	endpoints []sources.Endpoint
	rec       *fixtures.Recorder
}

func (r *recording) tap(c *command) (*tap, error) {
	t := &tap{wire: r.wire()}
	for _, spec := range r.specs {
		head := r.head(c, spec)
		rec, err := fixtures.NewRecorder(t.wire, head, fixtures.NewRedactor(c.secrets()...))
		if err != nil {
			t.discard()
			return nil, err
		}
		if r.sim != nil {
			rec.Moments(r.clock.Now)
		}
		one := tapped{base: head.Base, rec: rec}
		t.heads = append(t.heads, one)
		src, err := spec.adapt(adapting{client: &http.Client{Transport: nowhere{}}, clock: r.clock, asker: r.registry, machine: c.m})
		if err != nil {
			t.discard()
			return nil, err
		}
		if d, ok := src.(sources.Documented); ok {
			t.heads[len(t.heads)-1].endpoints = d.Endpoints()
		}
	}
	return t, nil
}

func (t *tap) discard() {
	for _, h := range t.heads {
		h.rec.Discard()
	}
}

// RoundTrip passes a request on through the recorder of its source; what is no source's is passed on unrecorded.
func (t *tap) RoundTrip(req *http.Request) (*http.Response, error) {
	first := req
	for first.Response != nil && first.Response.Request != nil {
		first = first.Response.Request
	}
	for _, h := range t.heads {
		if slices.ContainsFunc(h.endpoints, func(e sources.Endpoint) bool { return e.Match(first.Method, h.base, first.URL.String()) }) {
			return h.rec.RoundTrip(req)
		}
	}
	return t.wire.RoundTrip(req)
}
