package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/mozci/mozci-run/fixtures"
	"github.com/mozci/mozci-run/sources"
)

// A recording is a session of which everything is kept.
type recording struct {
	*session
	at    time.Time // when it began, in the profile's time
	seed  int
	scene string // the scenario's name; empty where nothing is simulated
}

// recordedProfile is the profile with what record was told: a simulated CI stands still but for those who wait for it, so that the same
// scenario and seed give the same cassettes.
func (c *command) recordedProfile(o recordOrder) (chosen, error) {
	p, err := c.choose()
	if err != nil {
		return p, err
	}
	if p.Replay != "" {
		return p, usage("mozci-run contract "+p.Replay+" checks what was recorded there", "the profile %s has only what was recorded: it is not recorded again, and no live service", p.name)
	}
	if p.Simulate == nil {
		if o.scenario != "" || o.seed != 0 {
			return p, usage("--profile sim", "a scenario and a seed are a simulated CI's, and the profile %s is none", p.name)
		}
		return p, nil
	}
	sim := *p.Simulate
	sim.Scenario = or(o.scenario, sim.Scenario)
	if o.seed != 0 {
		sim.Seed = o.seed
	}
	p.Simulate, p.Clock = &sim, &clockSpec{Jump: true}
	return p, nil
}

// openRecording puts the profile together.
func (c *command) openRecording(o recordOrder) (*recording, error) {
	p, err := c.recordedProfile(o)
	if err != nil {
		return nil, err
	}
	c.note("%s", p)
	return c.putTogether(p)
}

// putTogether makes a recording of a profile: of a simulated CI one that begins anew.
func (c *command) putTogether(p chosen) (*recording, error) {
	around, err := c.surround(p, inMemory)
	if err != nil {
		return nil, err
	}
	r := newRecording(newSession(around, p))
	if err := c.wire(r.session, sources.NothingAsked{}, func() bool { return false }); err != nil {
		around.close()
		return nil, err
	}
	return r, nil
}

func newRecording(s *session) *recording {
	r := &recording{session: s, at: s.clock.Now()}
	if s.sim != nil {
		r.scene, r.seed = s.scenario.Name, s.profile.Simulate.Seed
		s.surroundings.at = fmt.Sprintf("http://%s-%d.sim.invalid", r.scene, r.seed) // the same each time, since it stands in cassettes
		s.specs = simulatedSources(s.at, s.scenario)
	}
	return r
}

// specs are the sources as they are recorded.
func (r *recording) branch() string {
	return fmt.Sprint(or(text(r.profile.Inputs["branch"]), "autoland"))
}

// wire is the connection. A simulated CI is asked for plain bodies, which people can read, and answers to the end although
// whoever asked has what it wants from elsewhere: a replay may be slower to see that. A real one sends what it sends.
func (r *recording) wire() http.RoundTripper {
	if r.sim != nil {
		return unhurried{r.connection}
	}
	return r.connection
}

// head says of a cassette where it comes from.
func (r *recording) head(c *command, spec sourceSpec) fixtures.Recorded {
	h := fixtures.Recorded{At: r.at, From: fixtures.Live, Source: spec.Adapter, Base: spec.at(), By: maker(), Branches: maps.Clone(spec.Branches)}
	if r.sim != nil {
		h.From, h.Scenario, h.Seed, h.What = fixtures.Simulator, r.scene, strconv.Itoa(r.seed), "mozci-run sim"
	}
	for name, w := range spec.Options {
		if h.Options == nil {
			h.Options = map[string]string{}
		}
		h.Options[name] = w
	}
	return h
}

// caseOf is the name of a query's cassette.
func (r *recording) caseOf(query string) string {
	if r.sim == nil {
		return query
	}
	name := query + "." + strings.TrimSuffix(filepath.Base(r.scene), filepath.Ext(r.scene))
	if r.seed != 1 {
		name += "." + strconv.Itoa(r.seed)
	}
	return name
}

// validate holds a fresh recording to the schemas: what breaks them is kept out of the folder, since it would be taken for what is right.
func (r *recording) validate(tape *fixtures.Cassette) error {
	a, err := sourceSpec{Adapter: tape.Recorded.Source}.adapter()
	if err != nil {
		return err
	}
	bad, err := expected(a).Faults(tape)
	if err != nil || len(bad) == 0 {
		return err
	}
	return changedFormat(bad, a.name, "mozci-run contract --profile P says what that means", func(fixtures.Fault) string { return "" })
}

// changedFormat says what of a fresh cassette is not as the schemas say, and where it stands.
func changedFormat(bad []fixtures.Fault, doing, hint string, from func(fixtures.Fault) string) error {
	const most = 10
	lines := []string{count(len(bad), "fault", "faults") + ", and the cassette stays as it was:"}
	for _, b := range bad[:min(len(bad), most)] {
		lines = append(lines, "\n  "+from(b)+b.String())
	}
	if more := len(bad) - most; more > 0 {
		lines = append(lines, fmt.Sprintf("\n  and %d more", more))
	}
	return &sources.Error{Kind: sources.ErrChangedFormat, Doing: doing, Hint: hint, Err: errors.New(strings.Join(lines, ""))}
}

// unhurried asks for bodies that are not packed, and waits for them.
type unhurried struct{ next http.RoundTripper }

func (u unhurried) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(context.WithoutCancel(req.Context()))
	req.Header.Set("Accept-Encoding", "identity")
	return u.next.RoundTrip(req)
}
