package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/mozci/mozci-run/fixtures"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/schemas/yamldoc"
	"github.com/mozci/mozci-run/sources/sim"
)

// readSettings reads a file of profiles and holds it to what such a file may hold. All problems come at once, in the order of the file, and none of
// them shows a secret. What could be read is there all the same.
func readSettings(path string, text []byte) (profileFile, []yamldoc.Problem) {
	file := profileFile{path: path}
	doc, problems := yamldoc.Parse(path, text)
	if len(problems) > 0 {
		return file, conceal(problems, nil)
	}
	file.node = doc
	k := &settingsCheck{file: &file}
	switch {
	case doc.IsNull():
		k.add(doc, "wrong-type", "the file is empty; it holds profiles, such as mozci-run sim prints")
	case doc.Kind == yamldoc.Map && doc.Get("profiles") == nil && (doc.Get("steps") != nil || doc.Get("rules") != nil || doc.Get("tests") != nil):
		k.add(doc, "not-profiles", "this is no file of profiles: it has neither profiles nor default; a workflow is given as an argument")
	default:
		k.problems = append(k.problems, yamldoc.Decode(doc, &file)...)
		k.structure(doc, "the file", "profiles, such as mozci-run sim prints", schemas.TypeOf[profileFile]())
		k.whole(doc)
	}
	return file, conceal(yamldoc.Sort(k.problems), doc)
}

// A settingsCheck finds what the types of a file of profiles do not say.
type settingsCheck struct {
	file     *profileFile
	problems []yamldoc.Problem
}

func (k *settingsCheck) add(n *yamldoc.Node, kind, format string, args ...any) {
	k.problems = append(k.problems, n.Problem(kind, fmt.Sprintf(format, args...)))
}

// structure finds what is empty, and what is missing: the types say what has to be there. That a value is of another kind, or a key unknown, is said
// by who decodes it.
func (k *settingsCheck) structure(n *yamldoc.Node, name, doc string, t *schemas.Type) {
	switch {
	case n.IsNull():
		k.add(n, "wrong-type", "%s is empty: %s", name, doc)
	case t.Kind == schemas.Object && n.Kind == yamldoc.Map:
		for _, f := range t.Fields {
			if v := n.Get(f.Name); v != nil {
				k.structure(v, f.Name, f.Doc, f.Type)
			} else if !f.Optional {
				k.add(n, "missing-key", "%s is missing: %s", f.Name, f.Doc)
			}
		}
	case t.Kind == schemas.Map && t.Elem.Name == "secret": // says itself how it has to be
		for _, e := range n.Entries {
			if e.Value.IsNull() {
				k.add(e.Value, "wrong-type", "%s is empty: say where it is to be found, as {env: NAME} or {file: PATH}", e.Key.Value)
			}
		}
	case t.Kind == schemas.Map:
		for _, e := range n.Entries {
			k.structure(e.Value, e.Key.Value, doc, t.Elem)
		}
	case t.Kind == schemas.List:
		for _, item := range n.Items {
			k.structure(item, "an item of "+name, doc, t.Elem)
		}
	}
}

// whole holds the file to what its parts say of one another.
func (k *settingsCheck) whole(doc *yamldoc.Node) {
	if doc.Kind != yamldoc.Map {
		return
	}
	if doc.Get("profiles") == nil && doc.Get("default") == nil {
		k.add(doc, "missing-key", "profiles is missing: %s", schemas.TypeOf[profileFile]().Field("profiles").Doc)
	}
	if n := doc.Get("default"); n != nil && n.Kind == yamldoc.Scalar && !n.IsNull() {
		names := k.file.names()
		if !slices.Contains(names, n.Value) && !strings.HasPrefix(n.Value, replayPrefix) {
			k.add(n, "unknown-profile", "there is no profile %s; %s", n.Value, oneOf(n.Value, names))
		}
	}
	if profiles := doc.Get("profiles"); profiles != nil {
		for _, e := range profiles.Entries {
			if !profileName.MatchString(e.Key.Value) {
				k.add(e.Key, "bad-name", "%s is no name of a profile: it has letters, digits, - _ and ., and no other", e.Key.Describe())
			}
			k.profile(e.Value, k.file.Profiles[e.Key.Value])
		}
	}
}

// answering are the keys of which a profile has exactly one: what answers.
var answering = []string{"sources", "simulate", "replay"}

func (k *settingsCheck) profile(n *yamldoc.Node, p profile) {
	if n.Kind != yamldoc.Map {
		return
	}
	var given []string
	for _, name := range answering {
		if n.Get(name) != nil {
			given = append(given, name)
		}
	}
	switch len(given) {
	case 0:
		k.add(n, "missing-key", "a profile has one of %s, and this one has none", strings.Join(answering, ", "))
	case 1:
	default:
		k.add(keyOf(n, given[1]), "companion", "%s do not go together: a profile asks services, or a simulated CI, or a replay", strings.Join(given, " and "))
	}
	k.sources(n.Get("sources"), p.Sources)
	k.inputs(n.Get("inputs"))
	k.clock(n, p)
	if s := n.Get("simulate"); s != nil && p.Simulate != nil {
		k.simulation(s, *p.Simulate)
	}
	for _, name := range []string{"call", "beat"} {
		d := map[string]time.Duration{"call": p.Patience.Call, "beat": p.Patience.Beat}[name]
		if v := n.Get("patience").Get(name); v != nil && isDuration(v) && d <= 0 {
			k.add(v, "range", "%s has to be longer than 0s", name)
		}
	}
}

func isDuration(n *yamldoc.Node) bool {
	_, err := time.ParseDuration(n.Value)
	return n.Kind == yamldoc.Scalar && err == nil
}

// keyOf is the key of that name, which is there.
func keyOf(n *yamldoc.Node, name string) *yamldoc.Node {
	return n.Entries[slices.IndexFunc(n.Entries, func(e yamldoc.Entry) bool { return e.Key.Value == name })].Key
}

func (k *settingsCheck) simulation(n *yamldoc.Node, s simulation) {
	if s.Seed < 0 {
		k.add(n.Get("seed"), "range", "a seed is 0 or more")
	}
	if name := s.Scenario; name != "" && !isScenarioFile(name) && !slices.Contains(sim.Scenarios(), name) {
		k.add(n.Get("scenario"), "unknown-scenario", "no scenario %s ships; %s; a file is named with its folder or its ending", name, oneOf(name, sim.Scenarios()))
	}
}

func (k *settingsCheck) clock(of *yamldoc.Node, p profile) {
	n := of.Get("clock")
	if n == nil || n.Kind != yamldoc.Map {
		return
	}
	if p.Clock == nil {
		p.Clock = &clockSpec{}
	}
	jump := n.Get("jump") != nil && p.Clock.Jump
	switch {
	case of.Get("replay") != nil:
		k.add(keyOf(of, "clock"), "companion", "replay and clock do not go together: a replay stands at the time at which it was recorded")
	case jump && of.Get("simulate") == nil:
		k.add(n.Get("jump"), "companion", "a clock jumps in a simulated CI only: services go on in real time")
	case jump && n.Get("speed") != nil:
		k.add(keyOf(n, "speed"), "companion", "jump and speed do not go together: a clock that jumps stands still in between")
	}
	if v := n.Get("speed"); v != nil {
		if f, ok := v.Float(); ok && (f <= 0 || f > fastest || math.IsNaN(f)) {
			k.add(v, "range", "a clock runs forward, at most %d times as fast as real time, and this is %s", fastest, v.Value)
		}
	}
	for name, t := range map[string]time.Time{"epoch": p.Clock.Epoch, "at": p.Clock.At} {
		if v := n.Get(name); v != nil && !t.IsZero() && (t.Before(clockFrom) || t.After(clockUntil)) {
			k.add(v, "range", "%s is a time between %d and %d", name, clockFrom.Year(), clockUntil.Year())
		}
	}
	if n.Get("at") != nil && n.Get("epoch") == nil {
		k.add(keyOf(n, "at"), "companion", "at needs epoch beside it: it says when the clock reads that")
	}
}

// inputs holds the values to what inputs of workflows can be: text, whole numbers, true and false, lists of text. Durations are text.
func (k *settingsCheck) inputs(n *yamldoc.Node) {
	if n == nil {
		return
	}
	for _, e := range n.Entries {
		if !inputName.MatchString(e.Key.Value) {
			k.add(e.Key, "bad-name", "%s is no name of an input: it starts with a letter and has letters, digits and _", e.Key.Describe())
		}
		v := e.Value
		items := []*yamldoc.Node{v}
		if v.Kind == yamldoc.List {
			items = v.Items
		}
		for _, item := range items {
			switch {
			case v.IsNull():
			case item.Kind != yamldoc.Scalar, item.Type == yamldoc.Float, item.IsNull(), v.Kind == yamldoc.List && item.Type != yamldoc.String:
				k.add(item, "wrong-type", "an input is text, a whole number, true or false, a duration (90s, 15m, 6h), or a list of text, and this is %s", item.Describe())
			case strings.Contains(item.Value, "${{"):
				k.add(item, "no-expression", "a profile's inputs are the same in every run: no ${{ }} can stand here")
			}
		}
	}
}

// itemOf is an item of a list; nil where there is none.
func itemOf(n *yamldoc.Node, i int) *yamldoc.Node {
	if n == nil || i >= len(n.Items) {
		return nil
	}
	return n.Items[i]
}

// absent finds what a profile names and is not there: a folder of cassettes, a file with a scenario.
func (p profile) absent() []yamldoc.Problem {
	k := settingsCheck{}
	if at := p.node.Get("replay"); at != nil && p.Replay != "" {
		if _, err := fixtures.Open(p.Replay); err != nil {
			k.add(at, "file", "%v; mozci-run record makes cassettes", err)
		}
	}
	if at := p.node.Get("simulate").Get("scenario"); at != nil && isScenarioFile(p.Simulate.Scenario) {
		if _, err := scenario(p.Simulate.Scenario); err != nil {
			k.add(at, "file", "%s", strings.ReplaceAll(err.Error(), "\n", "\n    "))
		}
	}
	return k.problems
}
