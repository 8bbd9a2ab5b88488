package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mozci/mozci-run/schemas"
)

// builtIn lists the profiles that ship. replay:DIR comes with the cassettes.
func builtIn() []profile {
	autoland := map[string]any{"branch": "autoland"}
	return []profile{
		{
			name: "mozilla", Description: "Mozilla's CI of today: hg.mozilla.org, Treeherder, Taskcluster",
			Sources: []sourceSpec{{Adapter: "hgmo"}, {Adapter: "treeherder"}, {Adapter: "taskcluster", Account: taskclusterAccount},
				{Adapter: "notify", Credentials: secrets{"url": {Env: "MOZCI_WEBHOOK"}}}},
			Inputs: autoland,
		},
		{
			name: "sim", Description: "a simulated CI in this process: nothing real is asked or changed",
			Simulate: &simulation{Scenario: defaultScenario, Seed: 1},
			Inputs:   autoland, Clock: &clockSpec{Speed: defaultSpeed},
		},
	}
}

// chosen is the profile that a command works with, and why it is that one.
type chosen struct {
	profile
	because string
}

// choose finds the profile: the flag's, then MOZCI_PROFILE's, then the one that mozci.yaml names, then mozilla.
func (c *command) choose() (chosen, error) {
	file, err := c.settings()
	if err != nil {
		return chosen{}, err
	}
	name, because := c.wants(file)
	if dir, ok := strings.CutPrefix(name, replayPrefix); ok {
		p, err := replayed(dir)
		return chosen{p, because}, err
	}
	all := append(c.profilesOf(file), builtIn()...) // whoever calls a profile of his mozilla means it
	if i := slices.IndexFunc(all, func(p profile) bool { return p.name == name }); i >= 0 {
		p := all[i]
		if err := wrongSettings(p.from, p.absent()); err != nil {
			return chosen{p, because}, err
		}
		p, err := p.complete()
		if err == nil {
			p, err = c.based(p)
		}
		return chosen{p, because}, err
	}
	if c.flags.run != "" {
		return chosen{}, usage("go on where it was started, or name its file of profiles: --config FILE", "%s was started with the profile %q, and there is none of that name here", because, name)
	}
	names := file.names()
	hint := "there are " + strings.Join(names, ", ")
	if near := schemas.Nearest(name, names); near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	return chosen{}, usage(hint, "there is no profile %q, which %s names", name, because)
}

// wants is the name of the profile that is wanted, and who wants it.
func (c *command) wants(file profileFile) (name, because string) {
	switch {
	case c.flags.replay != "":
		return replayPrefix + c.flags.replay, "--replay"
	case c.flags.run != "":
		return c.flags.profile, "run " + c.flags.run
	case c.flags.profile != "":
		return c.flags.profile, "--profile"
	case c.m.getenv("MOZCI_PROFILE") != "":
		return c.m.getenv("MOZCI_PROFILE"), "MOZCI_PROFILE"
	}
	name = file.standard()
	if dir, ok := strings.CutPrefix(name, replayPrefix); ok {
		name = replayPrefix + c.pathFrom(filepath.Dir(file.path), dir)
	}
	if name == "" {
		return "mozilla", "default"
	}
	return name, file.path
}

// complete fills in what a profile leaves to others: the scenario that nobody names, and what was recorded in the folder of a replay.
func (p profile) complete() (profile, error) {
	if p.Simulate != nil && p.Simulate.Scenario == "" {
		p.Simulate = &simulation{Scenario: defaultScenario, Seed: p.Simulate.Seed}
	}
	if p.Replay == "" {
		return p, nil
	}
	r, err := replayed(p.Replay)
	if err != nil {
		return p, err
	}
	r.name, r.Description, r.from, r.Patience = p.name, or(p.Description, r.Description), p.from, p.Patience
	if p.Inputs != nil {
		r.Inputs = p.Inputs
	}
	return r, nil
}

// String says which profile it is, for the first line that a command prints.
func (p chosen) String() string {
	s := "profile " + p.name
	if p.Simulate != nil {
		s += fmt.Sprintf(" (simulated: scenario %s, seed %d)", p.Simulate.Scenario, p.Simulate.Seed)
	}
	if p.elsewhere != "" {
		s += " (" + p.elsewhere + ")"
	}
	if p.Replay != "" {
		s += ", recorded " + p.Clock.Epoch.Format(time.DateTime) + " UTC"
	}
	return s + ", by " + p.because
}
