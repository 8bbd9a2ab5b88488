package main

import (
	"errors"
	"fmt"

	"github.com/mozci/mozci-run/fixtures"
	"github.com/mozci/mozci-run/sources"
)

// recordLive asks the profile's services the standard questions, and keeps the answers in memory. unreached is about services that did
// not answer; that an answer was not what it should be is no matter of it: the contract says so.
func (c *command) recordLive() (*fixtures.Library, []error, error) {
	s, err := c.openRecording(recordOrder{})
	if err != nil {
		return nil, nil, err
	}
	defer s.close()
	asked, err := standardQuestions(c.ctx, s.registry, s.branch())
	if err != nil && !changed(err) {
		return nil, nil, fmt.Errorf("finding something to ask about: %w", err)
	}
	if len(asked) == 0 {
		asked = firstQuestions(s.branch()) // what shows that the format has changed is asked all the same
	}
	var tapes []*fixtures.Cassette
	var unreached []error
	for _, spec := range s.specs {
		for _, name := range inOrder(keys(asked)) {
			tape, err := c.ask(s, spec, name, asked[name])
			if tape != nil {
				tape.File = spec.Adapter + " " + name
				tapes = append(tapes, tape)
			}
			if err != nil && !changed(err) {
				unreached = append(unreached, err)
			}
		}
	}
	return fixtures.NewLibrary(tapes...), unreached, nil
}

// changed says whether an error is about what came, and not about whether anything came.
func changed(err error) bool {
	for _, kind := range []error{sources.ErrChangedFormat, sources.ErrNotFound, sources.ErrGone, sources.ErrRefused} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// firstQuestions need nothing to be known.
func firstQuestions(branch string) questions {
	out := questions{}
	for name, with := range map[string]map[string]any{
		"pushes.range": {"branch": branch, "depth": 10}, "events.recent": {"branch": branch, "pushes": 3}, "tree.status": {"branch": branch},
	} {
		out.ask(name, with)
	}
	return out
}
