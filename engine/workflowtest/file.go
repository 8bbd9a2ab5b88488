package workflowtest

import (
	"time"

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
	f := &File{Name: name}
	problems = yamldoc.Decode(doc, f)
	if f.Workflow == "" && f.Rules == "" {
		problems = append(problems, doc.Problem("missing-key", "a file of tests names what it tests: workflow: NAME.yaml, or rules: NAME.rules.yaml"))
	}
	for _, t := range f.Tests {
		problems = append(problems, t.check()...)
	}
	return f, yamldoc.Sort(problems)
}

// check finds what is wrong with a test as it was written.
func (t *Test) check() []yamldoc.Problem {
	if t == nil || t.node == nil {
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
		return nil
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
	case t.Expect == nil:
		return say("a test that expects nothing cannot fail: say at least expect: {status: succeeded}")
	case t.Becomes != nil && t.Given == nil:
		return say("becomes goes with given")
	case t.Unavailable != nil && t.Given == nil:
		return say("unavailable goes with given; a scenario of the simulated CI has faults of its own")
	}
	return nil
}
