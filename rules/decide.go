package rules

import (
	"context"
	"fmt"

	"github.com/expr-lang/expr/ast"
)

// A Decision is what a rule decided, and why.
type Decision struct {
	Rule   string
	Row    int    // of a table: from 0, the row that held; -1 where none did, or the rule is no table
	When   string // its condition as it was written; "else" for the row without one; empty where Row is -1
	Value  any
	Origin any // of the row's condition, or of its then where it has none; nil where Row is -1
}

// A decision is a rule compiled by itself: which row holds, and what each row gives.
type decision struct {
	which *program // gives the row's number; nil for a rule that is no table
	gives []*program
	err   error
}

// Decide evaluates a rule with arguments in the order of its parameters, and says which row held.
// The error is an *EvalError.
func (s *Set) Decide(ctx context.Context, name string, args ...any) (Decision, error) {
	if coverageOf(ctx) != nil {
		s = s.counts()
		coverageOf(ctx).know(s.cover)
	}
	out := Decision{Rule: name, Row: -1}
	r := s.rule(name)
	if r == nil {
		return out, &EvalError{Message: sentence("there is no rule "+name, meant(name, s.names()))}
	}
	if len(args) != len(r.params) {
		return out, &EvalError{Message: fmt.Sprintf("%s has %s, and here it has %s", r.usage(), counted(len(r.params), "parameter"), counted(len(args), "argument"))}
	}
	vars := make(map[string]any, len(args))
	for i, p := range r.params {
		v, err := p.typ.Conform(args[i])
		if err != nil {
			return out, &EvalError{Message: fmt.Sprintf("%s of %s: %v", p.name, r.usage(), err), err: err}
		}
		vars[p.key] = v
	}
	r.once.Do(func() { r.decision = s.decide(r) })
	return r.decision.run(ctx, r, vars, out)
}

func (d *decision) run(ctx context.Context, r *rule, vars map[string]any, out Decision) (Decision, error) {
	if d.err != nil {
		return out, d.err
	}
	give := d.gives[0]
	if d.which != nil {
		row, err := d.which.run(ctx, vars)
		if err != nil {
			return out, err
		}
		if out.Row = row.(int); out.Row < 0 {
			return out, nil
		}
		give = d.gives[out.Row]
		out.When, out.Origin = "else", r.First[out.Row].Then.Origin
		if w := r.First[out.Row].When; w != nil {
			out.When, out.Origin = w.Text, w.Origin
		}
	}
	v, err := give.run(ctx, vars)
	out.Value = v
	return out, err
}

// decide compiles a rule by itself.
func (s *Set) decide(r *rule) *decision {
	if r.bad {
		return &decision{err: &EvalError{Message: fmt.Sprintf("the rule %s has mistakes", r.Name)}}
	}
	d := &decision{}
	c := &checker{scope: &Scope{}, rules: s, text: &text{}, cover: s.cover, reads: readings{}}
	e := env{}
	var names []string
	for _, p := range r.params {
		e.locals = bindParam(p, p.typ, e.locals)
		names = append(names, p.key)
	}
	program := func(v value) *program {
		p, err := generate(v.node, names, s.texts)
		if err != nil {
			d.err = &EvalError{Message: fmt.Sprintf("compiling the rule %s: %v", r.Name, err)}
			return nil
		}
		p.held = heldType(v.typ)
		return p
	}
	if r.is != nil {
		d.gives = append(d.gives, program(c.checkBody(r, e)))
		return d
	}
	t, whens, thens := c.checkRows(r, e)
	which := ast.Node(&ast.IntegerNode{Value: -1})
	for i := len(whens) - 1; i >= 0; i-- {
		row := ast.Node(&ast.IntegerNode{Value: i})
		if r.rows[i].when == nil {
			which = row
			continue
		}
		which = &ast.ConditionalNode{Cond: whens[i].node, Exp1: row, Exp2: which}
	}
	d.which = program(value{typ: typeInt, node: which})
	for i := range thens {
		v := c.finish(nil, thens[i], t)
		v.node = c.chosenRow(r, i, v.node)
		d.gives = append(d.gives, program(v))
	}
	return d
}
