package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// A profile says which adapters answer, and where. The built-in ones are written here; mozci.yaml may define others.
type profile struct {
	Description string         `yaml:"description,omitempty"`
	Simulate    *simulation    `yaml:"simulate,omitempty"` // where set, no request leaves the process
	Replay      string         `yaml:"replay,omitempty"`   // where set, the folder of the cassettes that answer
	Sources     []sourceSpec   `yaml:"sources"`            // in the order in which they are asked
	Inputs      map[string]any `yaml:"inputs,omitempty"`   // defaults for workflows' inputs of these names
	Clock       *clockSpec     `yaml:"clock,omitempty"`    // real where it is left out

	Patience patience `yaml:"patience,omitempty"`

	name string
	from string // where it is written, for people: built in, or the file
}

// A sourceSpec is an adapter and what it is told.
type sourceSpec struct {
	Adapter     word              `yaml:"adapter"`
	Base        word              `yaml:"base,omitempty"`     // the service's base URL; the public service's where it is left out
	Fallback    bool              `yaml:"fallback,omitempty"` // whether the next source is asked where this one is unavailable
	Branches    map[string]string `yaml:"branches,omitempty"` // what the service calls a branch, where that differs
	Options     map[string]word   `yaml:"options,omitempty"`  // the adapter's own; see its row in adapters.go
	Credentials map[string]secret `yaml:"credentials,omitempty"`
}

// A secret names where a credential is to be found. Nobody writes one into a file of settings.
type secret struct {
	Env  string `yaml:"env,omitempty"`  // a variable of the environment
	File string `yaml:"file,omitempty"` // a file that holds it and nothing else

	Simulated bool `yaml:"simulated,omitempty"` // made up: for a simulated CI, which wants one and does not look at it
}

// A patience says how long this process waits, in real time, before it takes silence for an answer.
type patience struct {
	Call time.Duration `yaml:"call,omitempty"` // how long one call that changes something may take; the adapter's word where it is left out
	Beat time.Duration `yaml:"beat,omitempty"` // how often a process says that it is alive: after eight of them it counts as dead; 1s where it is left out
}

// A clockSpec is the time of a profile.
type clockSpec struct {
	Speed float64   `yaml:"speed,omitempty"` // how many times as fast as real time; 0 is 1
	Epoch time.Time `yaml:"epoch,omitempty"` // what it reads,
	At    time.Time `yaml:"at,omitempty"`    // when the machine's clock reads this
	Jump  bool      `yaml:"jump,omitempty"`  // whether it stands still, and jumps over what somebody waits for
}

// A simulation is a simulated CI within the process.
type simulation struct {
	Scenario string `yaml:"scenario,omitempty"` // a file, or the name of one that ships; default where it is left out
	Seed     int    `yaml:"seed,omitempty"`
}

// A word is a text of a file of settings, with its place.
type word struct {
	text string
	node *yamldoc.Node // nil where it is built in
}

// UnmarshalNode takes any scalar.
func (w *word) UnmarshalNode(n *yamldoc.Node) []yamldoc.Problem {
	if n.Kind != yamldoc.Scalar {
		return []yamldoc.Problem{n.Problem("wrong-type", "text is wanted, and this is "+n.Describe())}
	}
	w.text, w.node = n.Value, n
	return nil
}

// MarshalText writes the word without its place.
func (w word) MarshalText() ([]byte, error) { return []byte(w.text), nil }

func plain(s string) word { return word{text: s} }

// blame puts an error at the place of a word, where it has one.
func (w word) blame(kind, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if w.node == nil {
		return fmt.Errorf("%s", text)
	}
	return yamldoc.AsError([]yamldoc.Problem{w.node.Problem(kind, text)})
}

// builtIn lists the profiles that ship. replay:DIR comes with the cassettes.
func builtIn() []profile {
	autoland := map[string]any{"branch": "autoland"}
	return []profile{
		{
			name: "mozilla", Description: "Mozilla's CI of today: hg.mozilla.org, Treeherder, Taskcluster",
			Sources: []sourceSpec{{Adapter: plain("hgmo")}, {Adapter: plain("treeherder")}, {Adapter: plain("taskcluster"), Credentials: taskclusterVariables},
				{Adapter: plain("notify"), Credentials: map[string]secret{"url": {Env: "MOZCI_WEBHOOK"}}}},
			Inputs: autoland,
		},
		{
			name: "sim", Description: "a simulated CI in this process: nothing real is asked or changed",
			Simulate: &simulation{Scenario: defaultScenario, Seed: 1},
			Inputs:   autoland, Clock: &clockSpec{Speed: defaultSpeed},
		},
	}
}

// taskclusterVariables are the names that Taskcluster's own tools use.
var taskclusterVariables = map[string]secret{
	"client_id": {Env: "TASKCLUSTER_CLIENT_ID"}, "access_token": {Env: "TASKCLUSTER_ACCESS_TOKEN"}, "certificate": {Env: "TASKCLUSTER_CERTIFICATE"},
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
	all := append(file.list(), builtIn()...)
	name, because := "mozilla", "nothing names another"
	switch {
	case c.flags.replay != "":
		name, because = replayPrefix+c.flags.replay, "--replay"
	case c.flags.profile != "":
		name, because = c.flags.profile, "--profile"
	case c.m.getenv("MOZCI_PROFILE") != "":
		name, because = c.m.getenv("MOZCI_PROFILE"), "MOZCI_PROFILE"
	case file.standard() != "":
		name, because = file.standard(), file.path
	}
	if dir, ok := strings.CutPrefix(name, replayPrefix); ok {
		p, err := replayed(dir)
		return chosen{p, because}, err
	}
	for _, p := range all {
		if p.name == name {
			if p.Simulate != nil && p.Simulate.Scenario == "" {
				p.Simulate = &simulation{Scenario: defaultScenario, Seed: p.Simulate.Seed}
			}
			return chosen{p, because}, nil
		}
	}
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.name
	}
	slices.Sort(names)
	names = slices.Compact(names)
	hint := "there are " + strings.Join(names, ", ")
	if near := schemas.Nearest(name, names); near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	return chosen{}, usage(hint, "there is no profile %q, which %s names", name, because)
}

// String says which profile it is, for the first line that a command prints.
func (p chosen) String() string {
	s := "profile " + p.name
	if p.Simulate != nil {
		s += fmt.Sprintf(" (simulated: scenario %s, seed %d)", p.Simulate.Scenario, p.Simulate.Seed)
	}
	if p.Replay != "" {
		s += ", recorded " + p.Clock.Epoch.Format(time.DateTime) + " UTC"
	}
	return s + ", by " + p.because
}
