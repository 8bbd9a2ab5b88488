package main

import (
	"maps"
	"slices"
	"time"

	"github.com/mozci/mozci-run/fixtures"
	"github.com/mozci/mozci-run/sources"
)

// replayPrefix begins the names of profiles whose answers come from a folder of cassettes: replay:DIR.
const replayPrefix = "replay:"

// replayed makes the profile of a folder of cassettes: the adapters that they were recorded by, opened as they were then, on a clock
// that begins when the oldest of them was recorded, and jumps.
func replayed(dir string) (profile, error) {
	if dir == "" {
		return profile{}, usage("replay:fixtures/cassettes/scenarios/gap-of-three", "replay: wants the folder of the cassettes behind it")
	}
	lib, err := fixtures.Open(dir)
	if err != nil {
		return profile{}, usage("mozci-run record makes cassettes; fixtures/cassettes/scenarios has a folder for each situation", "%w", err)
	}
	p := profile{name: replayPrefix + dir, Description: "what was recorded in " + dir, Replay: dir, Inputs: map[string]any{"branch": "autoland"}}
	began := time.Time{}
	heads := map[string]fixtures.Recorded{}
	for _, tape := range lib.Cassettes() {
		r := tape.Recorded
		first, known := heads[r.Source]
		if known && (first.Base != r.Base || !maps.Equal(first.Branches, r.Branches) || !maps.Equal(first.Options, r.Options)) {
			return profile{}, usage("name a folder whose cassettes were recorded together, such as one below fixtures/cassettes/scenarios",
				"the cassettes in %s come from more than one %s: %s and %s", dir, r.Source, first.Base, r.Base)
		}
		heads[r.Source] = r
		if began.IsZero() || r.At.Before(began) {
			began = r.At
		}
	}
	p.Clock = &clockSpec{Jump: true, Epoch: began}
	for _, a := range adapters {
		r, ok := heads[a.name]
		switch {
		case ok:
			p.Sources = append(p.Sources, replayedSource(a, r))
			delete(heads, a.name)
		case a.base == "": // without a service of its own it has no cassette
			p.Sources = append(p.Sources, sourceSpec{Adapter: a.name})
		}
	}
	if left := inOrder(slices.Collect(maps.Keys(heads))); len(left) > 0 {
		return profile{}, usage("", "the cassettes in %s are of %s, for which there is no adapter", dir, left[0])
	}
	return p, nil
}

func replayedSource(a adapter, r fixtures.Recorded) sourceSpec {
	spec := sourceSpec{Adapter: a.name, Base: r.Base, Branches: r.Branches, Options: r.Options, Credentials: secrets{}}
	for _, name := range named(a.credentials) {
		if slices.Contains(unseenCredentials, name) {
			spec.Credentials[name] = secret{Simulated: true} // a cassette does not look at it
		}
	}
	return spec
}

// replay makes the surroundings of a replay: nothing leaves the process.
func (c *command) replay(p chosen) (surroundings, error) {
	lib, err := fixtures.Open(p.Replay)
	if err != nil {
		return surroundings{}, usage("mozci-run record makes cassettes", "%w", err)
	}
	return surroundings{clock: c.clockOf(p.Clock, time.Time{}, time.Time{}), connection: lib, replay: lib, close: func() {}}, nil
}

// tellUnused says what of a replay nobody has asked for.
func (h *house) tellUnused(c *command) {
	if h.replay == nil {
		return
	}
	all := 0
	for _, tape := range h.replay.Cassettes() {
		all += len(tape.Interactions)
	}
	unused := h.replay.Unused()
	if len(unused) == 0 {
		return
	}
	c.note("%d of %d recorded answers were not asked for; the first is to %s %s", len(unused), all, unused[0].Method, sources.Redact(unused[0].URL))
}
