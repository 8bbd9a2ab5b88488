package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mozci/mozci-run/schemas/yamldoc"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/sim"
)

const (
	defaultScenario = "default"
	defaultSpeed    = 600 // ten minutes pass in a second
)

// isScenarioFile says whether a scenario is named by its file, and not as one that ships.
func isScenarioFile(name string) bool { return strings.ContainsAny(name, "/.") }

// scenario reads a scenario: a file, or one that ships.
func scenario(name string) (sim.Scenario, error) {
	if !isScenarioFile(name) {
		sc, err := sim.Named(name)
		if err != nil {
			return sc, usage("mozci-run sim --help lists those that ship; a file is named with its folder or its ending", "%w", err)
		}
		return sc, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return sim.Scenario{}, usage("", "reading the scenario: %w", err)
	}
	sc, err := sim.ParseScenario(name, text)
	if err != nil {
		return sc, usage("", "the scenario %s:\n%w", name, err)
	}
	if sc.Name == "" {
		sc.Name = strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	}
	return sc, nil
}

// simulate makes a simulated CI in this process. journal is the file that keeps what it is asked to do; empty for none.
func (c *command) simulate(p chosen, journal string) (surroundings, error) {
	if p.Clock != nil && p.Clock.Jump {
		journal = "" // later processes would not know how far the clock had jumped
	}
	sc, err := scenario(p.Simulate.Scenario)
	if err != nil {
		return surroundings{}, err
	}
	s, clock, err := c.startSim(sc, p.Simulate.Seed, p.Clock, journal)
	if err != nil {
		return surroundings{}, err
	}
	// What was asked of one simulated CI was not asked of another: the ledger tells them apart by their addresses.
	host := fmt.Sprintf("%s-%d", sc.Name, p.Simulate.Seed)
	if journal == "" {
		host += "-" + strings.ToLower(c.m.nonce()[:8])
	}
	return surroundings{clock: clock, connection: sim.Transport(s), sim: s, scenario: sc, at: "http://" + host + ".sim.invalid", close: func() { s.Close() }}, nil
}

// startSim starts a simulated CI, on a clock that its journal remembers.
func (c *command) startSim(sc sim.Scenario, seed int, spec *clockSpec, journal string) (*sim.Sim, sources.Clock, error) {
	var clock sources.Clock
	s, err := sim.New(sc, uint64(seed), func() time.Time { return clock.Now() }, sim.Options{Journal: journal, Epoch: c.m.now()})
	var file *fs.PathError
	if errors.As(err, &file) && !errors.Is(err, fs.ErrNotExist) { // nobody has said anything wrong: the machine does not let us write
		return nil, nil, fmt.Errorf("starting the simulated CI: %w; mozci-run --db FILE keeps it elsewhere, and mozci-run --db memory nowhere", err)
	}
	if err != nil {
		return nil, nil, usage("mozci-run sim --help says what a simulated CI is made of", "starting the simulated CI: %w", err)
	}
	clock = c.clockOf(spec, s.Start(), s.Epoch())
	start, at := c.pause(s, spec)
	clock = c.clockOf(spec, start, at)
	return s, clock, nil
}

// idle is how far a simulated CI goes on without anybody: long enough for every job that was asked for to end.
const idle = 12 * time.Hour

// pause says what the simulated CI's clock reads, and when. It goes on from where it was, so that a run that was killed finds it again; but where nobody has
// asked for anything for long, it has stood still meanwhile: left alone for a night it would be months older, and its tasks expired.
func (c *command) pause(s *sim.Sim, spec *clockSpec) (start, at time.Time) {
	last := s.Start()
	for _, t := range s.Triggers() {
		if t.Time.After(last) {
			last = t.Time
		}
	}
	speed := 1.0
	if spec != nil && spec.Speed != 0 {
		speed = spec.Speed
	}
	passed := time.Duration(min(float64(c.m.now().Sub(s.Epoch()))*speed, float64(100*365*24*time.Hour)))
	if end := last.Add(idle); s.Start().Add(passed).After(end) {
		return end, c.m.now()
	}
	return s.Start(), s.Epoch()
}

// simulatedSources are the adapters of a simulated CI at a URL.
func simulatedSources(at string, sc sim.Scenario) []sourceSpec {
	repos := map[string]string{}
	var trees []string
	for _, b := range sc.Branches {
		trees = append(trees, b.Name+"="+or(b.Tree, "firefox-"+b.Name))
		if b.Repo != "" {
			repos[b.Name] = b.Repo
		}
	}
	return []sourceSpec{
		{Adapter: "hgmo", Base: at + sim.HGPath, Branches: repos, Options: map[string]string{
			"treestatus": at + sim.TreeStatusPath, "trees": strings.Join(trees, ", ")}},
		{Adapter: "treeherder", Base: at + sim.TreeherderPath + "/api", Credentials: secrets{"token": {Simulated: true}}},
		{Adapter: "taskcluster", Base: at + sim.TaskclusterPath, Credentials: secrets{"client_id": {Simulated: true}, "access_token": {Simulated: true}}},
		{Adapter: "notify"}, // nobody real is told what a simulated CI does
	}
}

const simLong = `sim serves a CI that does not exist, to try things on: pushes, jobs, a culprit somewhere, machines that are slow to come,
and everything that makes the real services hard to ask. It speaks the HTTP of hg's pushlog, Treeherder and
Taskcluster. What it prints is a mozci.yaml with a profile for it.

The profile sim needs no server: there, the simulated CI lives in the process that asks. It is kept with the runs, and
goes on from where it was left; with --db memory it begins anew each time.

Scenarios that ship: `

func (c *command) simCommand() *cobra.Command {
	var listen, journal string
	var spec simulation
	var speed float64
	cmd := &cobra.Command{
		Use: "sim", Short: "serve a simulated CI, and print a profile for it",
		Long: simLong + strings.Join(sim.Scenarios(), ", "), Args: exactly(0, "no argument"),
		Example: `  mozci-run sim --listen 127.0.0.1:0 > mozci.yaml &
  mozci-run backfill --latest --apply`,
		RunE: func(*cobra.Command, []string) error {
			if speed <= 0 {
				return usage("--speed 600 lets ten minutes pass in a second", "a simulated CI runs forward")
			}
			return c.serveSim(listen, spec, speed, journal)
		},
	}
	f := cmd.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:0", "the address to serve at; port 0 takes a free one")
	f.StringVar(&spec.Scenario, "scenario", defaultScenario, "a file, or the name of one that ships")
	f.IntVar(&spec.Seed, "seed", 1, "what settles all that the scenario leaves open")
	f.Float64Var(&speed, "speed", defaultSpeed, "how many times as fast as real time")
	f.StringVar(&journal, "journal", "", "a file that keeps what the CI was asked to do, so that it can be started again")
	return cmd
}

func (c *command) serveSim(listen string, spec simulation, speed float64, journal string) error {
	sc, err := scenario(spec.Scenario)
	if err != nil {
		return err
	}
	s, _, err := c.startSim(sc, spec.Seed, &clockSpec{Speed: speed}, journal)
	if err != nil {
		return err
	}
	defer s.Close()
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return usage("--listen 127.0.0.1:0 takes a free port", "serving the simulated CI: %w", err)
	}
	if err := c.printSimProfile("http://"+l.Addr().String(), s, sc, spec.Seed, speed); err != nil {
		return err
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(c.ctx, func() { server.Close() })()
	c.note("the simulated CI is at http://%s; Ctrl-C ends it", l.Addr())
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the simulated CI: %w", err)
	}
	return nil
}

// printSimProfile writes a mozci.yaml for the simulated CI at a URL.
func (c *command) printSimProfile(at string, s *sim.Sim, sc sim.Scenario, seed int, speed float64) error {
	text, err := yamldoc.Encode(profileFile{Default: "simulated", Profiles: map[string]profile{"simulated": {
		Description: fmt.Sprintf("a simulated CI: scenario %s, seed %d", sc.Name, seed),
		Sources:     simulatedSources(at, sc),
		Inputs:      map[string]any{"branch": sc.Branches[0].Name},
		Clock:       &clockSpec{Speed: speed, Epoch: s.Start(), At: s.Epoch().UTC()},
	}}})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.m.stdout, "# A profile for a simulated CI, as long as it is served.\n%s", text)
	return err
}
