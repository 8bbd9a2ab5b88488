package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// Check holds a definition to what its expressions may name and to what a profile's sources answer and do, and compiles it.
// All problems come at once, those of Load among them, in the order of the file; the Program is nil where there is one.
func Check(def *Definition, cat Catalog) (*Program, []Problem) {
	c := &checker{def: def, cat: cat, problems: slices.Clone(def.problems)}
	c.program()
	list := sorted(c.problems, def.Bundle.Entry)
	if len(list) > 0 {
		return nil, list
	}
	return c.prog, nil
}

// A checker checks one workflow; those that it calls have checkers of their own.
type checker struct {
	def      *Definition
	cat      Catalog
	prog     *Program
	problems []Problem
	last     bool          // it is called by a step of finally
	visits   int           // how often a step was checked: those of a repeat are, once and again
	tired    *yamldoc.Node // the step at which that was too often; nil where it was not
}

// maxVisits is how often the steps of a workflow are checked in all.
const maxVisits = 5_000

func (c *checker) add(p Problem) { c.problems = append(c.problems, p) }

func (c *checker) problem(n *yamldoc.Node, kind, format string, args ...any) {
	c.add(Problem{Problem: n.Problem(kind, fmt.Sprintf(format, args...))})
}

// problemAt is about a reference in the text of a node.
func (c *checker) problemAt(n *yamldoc.Node, line, column, length int, kind, format string, args ...any) {
	c.add(Problem{Problem: spotIn(n, line, column, length, kind, fmt.Sprintf(format, args...))})
}

func (c *checker) program() {
	c.prog = &Program{Bundle: c.def.Bundle, Include: c.def.Include}
	if c.def.Name != nil {
		c.prog.Name = c.def.Name.Value
	}
	if c.def.Description != nil {
		c.prog.Description = c.def.Description.Value
	}
	c.inputs()
	c.prog.Limits = c.limits()
	c.rules()
	c.namespace()
	main := c.level(c.def.Steps, nil, 0, c.globals(false))
	main.check()
	c.prog.Steps = main.steps
	if len(main.defs) > 0 { // a workflow without steps was reported, and its outputs read them
		c.outputs(main)
	}
	last := c.level(c.def.Finally, main, 0, c.globals(true))
	last.last = true
	last.check()
	c.prog.Finally = last.steps
	c.starts()
	if c.tired != nil {
		c.problem(c.tired, "too-large", "repeats within repeats, whose steps read so many rounds before that it takes too long to find their types")
	}
}

// globals are the names that every expression of the steps sees.
func (c *checker) globals(ended bool) []rules.Var {
	inputs := c.prog.inputsType()
	if c.def.badInputs {
		inputs = rules.Unknown()
	}
	return []rules.Var{
		{Name: "inputs", Type: inputs, Doc: "the values that the run was started with"},
		{Name: "event", Type: c.followEvent(namedTypes()["Event"].OrNil()), Doc: "what started the run", Note: "event is nil in a run that was started by hand or by the clock"},
		{Name: "run", Type: runType(ended), Doc: "this run"},
	}
}

// rules checks the rules against one another.
func (c *checker) rules() {
	if c.def.shared != nil {
		if c.prog.Rules = c.def.shared.set(); c.prog.Rules != nil {
			return
		}
	}
	set, problems := rules.NewSet(namedTypes(), c.def.Rules)
	problems = c.displaced(problems)
	for _, p := range problems {
		if p.Kind == rules.KindRule && len(c.def.problems) > 0 {
			continue // a part of it was not as the table of keywords says, and that was said
		}
		n := origin(c.def.doc, p.Origin)
		if hint := n.Misread(); hint != "" && p.Kind == rules.KindSyntax {
			c.problem(n, "yaml-misread", "%s", hint)
			continue
		}
		if p.Kind == rules.KindDuplicate && strings.HasSuffix(p.Message, " already") {
			p.Message += c.firstOf(n)
		}
		c.add(fromRules(n, p))
	}
	c.prog.Rules = set
}

// firstOf says where the other rule stands whose name a rule takes.
func (c *checker) firstOf(n *yamldoc.Node) string {
	for _, r := range c.def.Rules {
		if other, ok := r.NameAt.Origin.(*yamldoc.Node); ok && other != n && other.Value == n.Value {
			return fmt.Sprintf(" (%s:%d)", other.File(), other.Line)
		}
	}
	return ""
}

// displaced takes out the problems of the standard rules, which have none by themselves, and says in their stead which rule has taken the
// place of one of them and does not go with the others.
func (c *checker) displaced(list []rules.Problem) []rules.Problem {
	var own []rules.Problem
	var first *rules.Problem
	more := 0
	for _, p := range list {
		n, ok := p.Origin.(*yamldoc.Node)
		switch {
		case !ok || n.File() != StandardRules:
			own = append(own, p)
		case first == nil:
			first = &p
		default:
			more++
		}
	}
	n := c.replacing(first)
	if n == nil {
		return list
	}
	spot := fromRules(n, *first)
	message := fmt.Sprintf("%s takes the place of the standard rule, which others call, and does not go with them: %s:%d: %s", n.Value, spot.File, spot.Line, spot.Message)
	if more > 0 {
		message += fmt.Sprintf(" (and %d more)", more)
	}
	c.add(Problem{Problem: n.Problem("rule", message)})
	return own
}

// replacing is the name of the rule that stands in for a standard one, of which a standard rule's problem speaks; nil where there is none.
func (c *checker) replacing(p *rules.Problem) *yamldoc.Node {
	if p == nil {
		return nil
	}
	var found *yamldoc.Node
	for _, r := range c.def.Rules {
		n, ok := r.NameAt.Origin.(*yamldoc.Node)
		if !ok || n.File() == StandardRules || !c.def.standard[r.Name] {
			continue
		}
		if found == nil || slices.Contains(namesIn(origin(n, p.Origin).Value), r.Name) {
			found = n
		}
	}
	return found
}

// namespace sees to it that no name means two things: inputs, event, run, ids, loop names, rules and functions share one namespace.
func (c *checker) namespace() {
	taken := map[string]string{"inputs": "the inputs", "event": "what started the run", "run": "this run"}
	for _, f := range rules.Functions() {
		taken[f.Name] = "a function"
	}
	for _, r := range c.def.Rules {
		n, ok := r.NameAt.Origin.(*yamldoc.Node)
		if is := taken[r.Name]; ok && (is == "the inputs" || is == "what started the run" || is == "this run") {
			c.problem(n, "duplicate-name", "the name %s is taken: it is %s", r.Name, is)
		}
		if taken[r.Name] == "" {
			taken[r.Name] = "a rule"
		}
	}
	for _, in := range c.def.Inputs {
		c.claim(in.name, taken, "an input")
	}
	c.ids(c.def.Steps, taken)
	c.ids(c.def.Finally, taken)
}

func (c *checker) ids(list []*stepDef, taken map[string]string) {
	for _, s := range list {
		if s.idNode != nil {
			c.claim(s.idNode, taken, fmt.Sprintf("a step's id (line %d)", s.idNode.Line))
		}
	}
	for _, s := range list {
		if s.as != nil {
			within := map[string]string{}
			for k, v := range taken {
				within[k] = v
			}
			c.claim(s.as, within, "a loop's item")
		}
		c.ids(s.steps, taken)
	}
}

func (c *checker) claim(n *yamldoc.Node, taken map[string]string, what string) {
	if is := taken[n.Value]; is != "" {
		c.problem(n, "duplicate-name", "the name %s is taken: it is %s", n.Value, is)
		return
	}
	if reserved[n.Value] {
		c.problem(n, "bad-name", "%s is a word of expressions, and cannot be a name", n.Value)
	}
	taken[n.Value] = what
}

var reserved = map[string]bool{"true": true, "false": true, "nil": true, "let": true, "if": true, "else": true, "in": true, "not": true, "and": true, "or": true,
	"matches": true, "contains": true, "startsWith": true, "endsWith": true}

// outputs compiles what a run ends with. An output that reads a skipped step is nil.
func (c *checker) outputs(main *level) {
	for _, e := range c.def.Outputs {
		skipped := false
		w := main.whole(func(refs []rules.Ref) {
			for _, r := range refs {
				if i, ok := main.index[r.Name]; ok && main.skippable[i] && !r.Guarded {
					skipped = true
				}
			}
		})
		v := c.value(e.Value, nil, w)
		if v == nil {
			continue
		}
		if skipped {
			v.Type = v.Type.OrNil()
		}
		c.prog.Outputs = append(c.prog.Outputs, Output{Name: e.Key.Value, Value: v, Place: placeOf(e.Key)})
	}
}

// outputsType is the type of a workflow's outputs as one object: the result of a step that calls it.
func (p *Program) outputsType() *schemas.Type {
	fields := make([]schemas.Field, len(p.Outputs))
	for i, o := range p.Outputs {
		fields[i] = schemas.Field{Name: o.Name, Type: o.Value.Type}
	}
	return schemas.ObjectOf("", fields...)
}
