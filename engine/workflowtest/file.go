package workflowtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// A File is a file of tests as it was written.
type File struct {
	Name     string         `yaml:"-"`
	Workflow string         `yaml:"workflow"`
	Rules    string         `yaml:"rules"`
	Now      *time.Time     `yaml:"now"`
	Inputs   map[string]any `yaml:"inputs"`
	Tests    []*Test        `yaml:"tests"`

	node *yamldoc.Node
}

// A Test is one test of a workflow, or the cases of one rule.
type Test struct {
	Name string `yaml:"name"`

	Given       map[string]*yamldoc.Node `yaml:"given"`
	Becomes     *yamldoc.Node            `yaml:"becomes"`
	Replay      string                   `yaml:"replay"`
	Sim         *Sim                     `yaml:"sim"`
	Inputs      map[string]any           `yaml:"inputs"`
	Event       map[string]any           `yaml:"event"`
	Apply       *bool                    `yaml:"apply"`
	Unavailable []string                 `yaml:"unavailable"`
	KillAfter   string                   `yaml:"kill_after"`
	Expect      *Expect                  `yaml:"expect"`

	Rule  string  `yaml:"rule"`
	Cases []*Case `yaml:"cases"`

	node *yamldoc.Node
}

// Sim is a simulated CI as the source of facts.
type Sim struct {
	Scenario string `yaml:"scenario"`
	Seed     int    `yaml:"seed"`
}

// A Case is one row of a rule's tests.
type Case struct {
	Name  string         `yaml:"name"`
	Given map[string]any `yaml:"given"`
	Then  *yamldoc.Node  `yaml:"then"`
	Row   *int           `yaml:"row"` // which row of the table holds, from 0; not compared where it is left out

	node *yamldoc.Node
}

// Expect is what a test expects. What is nil is not compared.
type Expect struct {
	Status    string            `yaml:"status"`
	Reason    string            `yaml:"reason"`
	Messages  []string          `yaml:"messages"`
	Steps     map[string]string `yaml:"steps"`
	Outputs   map[string]any    `yaml:"outputs"`
	Effects   *yamldoc.Node     `yaml:"effects"`
	Refused   []string          `yaml:"refused"`
	Decisions map[string]string `yaml:"decisions"`
	Requests  *int              `yaml:"requests"`
	Golden    string            `yaml:"golden"` // a file beside the tests with all that came

	node *yamldoc.Node
}

// UnmarshalNode remembers where the expectation stands.
func (e *Expect) UnmarshalNode(n *yamldoc.Node) []yamldoc.Problem {
	type plain Expect
	e.node = n
	return yamldoc.Decode(n, (*plain)(e))
}

// UnmarshalNode remembers where the case stands.
func (c *Case) UnmarshalNode(n *yamldoc.Node) []yamldoc.Problem {
	type plain Case
	c.node = n
	return yamldoc.Decode(n, (*plain)(c))
}

// UnmarshalNode remembers where the test stands.
func (t *Test) UnmarshalNode(n *yamldoc.Node) []yamldoc.Problem {
	type plain Test
	t.node = n
	return yamldoc.Decode(n, (*plain)(t))
}

// Parse reads a file of tests. All problems come at once, in the order of the file.
func Parse(name string, text []byte) (*File, []yamldoc.Problem) {
	doc, problems := yamldoc.Parse(name, text)
	if len(problems) > 0 {
		return nil, problems
	}
	f := &File{Name: name, node: doc}
	problems = yamldoc.Decode(doc, f)
	problems = append(problems, f.check(doc)...)
	return f, yamldoc.Sort(problems)
}

// check finds what is wrong with a file as it was written.
func (f *File) check(doc *yamldoc.Node) []yamldoc.Problem {
	var out []yamldoc.Problem
	switch list := doc.Get("tests"); {
	case f.Workflow == "" && f.Rules == "":
		out = append(out, doc.Problem("missing-key", "a file of tests names what it tests: workflow: NAME.yaml, or rules: NAME.rules.yaml"))
	case f.Workflow != "" && f.Rules != "":
		out = append(out, doc.Get("rules").Problem("wrong-test", "a file of tests names a workflow or rules, not both: the rules of a workflow are tested beside it"))
	case list == nil || list.Kind == yamldoc.List && len(list.Items) == 0:
		out = append(out, doc.Problem("missing-key", "a file of tests has tests: [{name: …, given: …, expect: …}]"))
	}
	lines := map[string]int{}
	for i, t := range f.Tests {
		if t == nil {
			out = append(out, doc.Get("tests").Items[i].Problem("wrong-test", "a test is a map: {name: …, given: …, expect: …}"))
			continue
		}
		out = append(out, t.check()...)
		if line, known := lines[t.Name]; known && t.Name != "" {
			out = append(out, t.at("name").Problem("wrong-test", fmt.Sprintf("there is a test of this name already, in line %d", line)))
		}
		lines[t.Name] = t.node.Line
	}
	return append(out, f.checkGolden()...)
}

// at is what a test has under a key; the test itself where it has nothing there.
func (t *Test) at(key string) *yamldoc.Node {
	if n := t.node.Get(key); n != nil {
		return n
	}
	return t.node
}

// check finds what is wrong with a test as it was written.
func (t *Test) check() []yamldoc.Problem {
	if t.node == nil { // it could not be read, and that was said
		return nil
	}
	say := func(msg string) []yamldoc.Problem { return []yamldoc.Problem{t.node.Problem("wrong-test", msg)} }
	if t.Rule != "" {
		if len(t.Cases) == 0 {
			return say("a test of a rule has cases: [{given: {…}, then: …}]")
		}
		if t.Given != nil || t.Replay != "" || t.Sim != nil || t.Expect != nil {
			return say("a test of a rule has cases and nothing else")
		}
		return t.checkCases()
	}
	facts := 0
	for _, has := range []bool{t.Given != nil, t.Replay != "", t.Sim != nil} {
		if has {
			facts++
		}
	}
	switch {
	case t.Name == "":
		return say("a test needs a name")
	case facts != 1:
		return say("a test has one of given, replay and sim")
	case t.Expect == nil || t.Expect.isEmpty():
		return say("a test that expects nothing cannot fail: say at least expect: {status: succeeded}")
	case t.Becomes != nil && t.Given == nil:
		return say("becomes goes with given")
	case t.Unavailable != nil && t.Given == nil:
		return say("unavailable goes with given; a scenario of the simulated CI has faults of its own")
	}
	out := append(t.Expect.check(), t.checkBecomes()...)
	if t.Expect.Requests != nil && t.Given == nil {
		out = append(out, t.Expect.node.Get("requests").Problem("wrong-test", "requests goes with given: of a replay and of a simulated CI they are not counted"))
	}
	return out
}

func (t *Test) checkCases() []yamldoc.Problem {
	var out []yamldoc.Problem
	for i, c := range t.Cases {
		switch {
		case c == nil:
			out = append(out, t.node.Get("cases").Items[i].Problem("wrong-test", "a case is a map: {given: {…}, then: …}"))
		case c.node != nil && c.Then == nil && c.Row == nil:
			out = append(out, c.node.Problem("wrong-test", "a case that expects nothing cannot fail: say then: or row:"))
		}
	}
	return out
}

func (t *Test) checkBecomes() []yamldoc.Problem {
	if t.Becomes == nil {
		return nil
	}
	list := []*yamldoc.Node{t.Becomes}
	if t.Becomes.Kind == yamldoc.List && len(t.Becomes.Items) > 0 {
		list = t.Becomes.Items
	}
	var out []yamldoc.Problem
	for _, n := range list {
		if n.Kind != yamldoc.Map || len(n.Entries) == 0 {
			out = append(out, n.Problem("wrong-test", `becomes is facts, as given is: {history: "F F P"}, or a list of them`))
		}
	}
	return out
}

// isEmpty says whether an expectation names nothing.
func (e *Expect) isEmpty() bool { return e.node != nil && len(e.node.Entries) == 0 }

// statuses are those in which a run ends, and those that only steps have.
var (
	statuses     = []string{string(engine.Succeeded), string(engine.Failed), string(engine.Planned), string(engine.Incomplete), string(engine.Cancelled), string(engine.Interrupted)}
	stepStatuses = append(slices.Clone(statuses), string(engine.Skipped), string(engine.NotRun))
)

func (e *Expect) check() []yamldoc.Problem {
	if e.node == nil {
		return nil
	}
	var out []yamldoc.Problem
	word := func(n *yamldoc.Node, list []string) {
		if n != nil && n.Kind == yamldoc.Scalar && !slices.Contains(list, n.Value) {
			out = append(out, n.Problem("wrong-test", fmt.Sprintf("there is no status %q: %s", n.Value, strings.Join(list, ", "))))
		}
	}
	word(e.node.Get("status"), statuses)
	if steps := e.node.Get("steps"); steps != nil {
		for _, s := range steps.Entries {
			word(s.Value, stepStatuses)
		}
	}
	if e.Requests != nil && *e.Requests < 0 {
		out = append(out, e.node.Get("requests").Problem("wrong-test", "requests is how many questions are asked at most, and that is not below 0"))
	}
	return append(out, e.checkEffects()...)
}

func (e *Expect) checkEffects() []yamldoc.Problem {
	list := e.Effects
	if list != nil && list.Kind == yamldoc.Map {
		list = list.Get("contain")
	}
	if e.Effects == nil || e.Effects.IsNull() {
		return nil
	}
	if list == nil || list.Kind != yamldoc.List {
		return []yamldoc.Problem{e.Effects.Problem("wrong-test", "effects is a list of what is done, [{jobs.trigger: {revisions: [push1]}}], or {contain: [ … ]}")}
	}
	var out []yamldoc.Problem
	for _, n := range list.Items {
		if n.Kind != yamldoc.Map || len(n.Entries) != 1 {
			out = append(out, n.Problem("wrong-test", "an effect is its name and what it is done with: {jobs.trigger: {revisions: [push1]}}"))
		}
	}
	return out
}
