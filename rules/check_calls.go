package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/mozci/mozci-run/schemas"
)

// call is f(…) or x.f(…).
func (c *checker) call(n *ast.CallNode, e env) value {
	id, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		return c.report(n, KindFunction, "values have no methods here: functions are called as f(x), or x | f()")
	}
	return c.named(n, id.Value, n.Arguments, e)
}

// named is the call of a function or a rule.
func (c *checker) named(n ast.Node, name string, args []ast.Node, e env) value {
	if r := c.rules.rule(name); r != nil {
		return c.expand(n, r, args, e)
	}
	fs := functions()
	if f := fs.byName[name]; f != nil {
		return c.apply(n, f, args, e)
	}
	at, end := n.Location().From, n.Location().To
	if why := fs.forbidden[name]; why != "" {
		return c.reportAt(at, end, KindForbidden, "%s is not for workflows: %s", name, why)
	}
	for l := e.locals; l != nil; l = l.outer {
		if l.name == name {
			return c.reportAt(at, end, KindFunction, "%s is no function: it is a value", name)
		}
	}
	if c.scope.lookup(name) != nil {
		return c.reportAt(at, end, KindFunction, "%s is no function: it is a value", name)
	}
	near := schemas.Nearest(name, append(c.rules.names(), fs.names...))
	if near == "" {
		return c.reportAt(at, end, KindFunction, "there is no function or rule %s", name)
	}
	return c.reportAt(at, end, KindFunction, "there is no function or rule %s: did you mean %s?", name, near)
}

// apply checks the call of a function against its signatures.
func (c *checker) apply(n ast.Node, f *function, args []ast.Node, e env) value {
	vals := make([]value, len(args))
	bad := false
	for i, arg := range args {
		if _, ok := arg.(*ast.PredicateNode); ok {
			continue
		}
		vals[i] = c.check(arg, e)
		bad = bad || vals[i].typ == typeBad
	}
	sigs := f.fitting(len(args))
	if len(sigs) == 0 {
		return c.reportAt(n.Location().From, n.Location().To, KindArguments, "%s is called as %s, and here it has %s",
			f.Name, strings.Join(f.Signatures, " or "), counted(len(args), "argument"))
	}
	if bad {
		c.predicatesAnyway(args, vals, e)
		return value{typ: typeBad, node: c.made(&ast.NilNode{}, n, typeBad)}
	}
	sig, b, ok := c.choose(n, f, sigs, args, vals, e)
	if !ok {
		return value{typ: typeBad, node: c.made(&ast.NilNode{}, n, typeBad)}
	}
	for i, v := range vals {
		if f.takesWhole(sig.param(i), v.typ) {
			c.reads.takes(v.typ)
		}
	}
	out := value{typ: b.result(sig.result)}
	if f.Name == "first" || f.Name == "last" || f.Name == "get" {
		out.key = callKey(f.Name, keysOfAll(vals))
	}
	c.element(f, vals, &out)
	if f.special != nil {
		if v, done := f.special(c, n, args, vals, out); done {
			return v
		}
	}
	out.node = c.lower(n, f, sig, b, args, vals, out.typ)
	return out
}

func keysOfAll(vals []value) []string {
	out := make([]string, len(vals))
	for i, v := range vals {
		out[i] = v.key
	}
	return out
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// choose finds the first signature that the arguments fit, and reports where there is none.
func (c *checker) choose(n ast.Node, f *function, sigs []*signature, args []ast.Node, vals []value, e env) (*signature, *binding, bool) {
	for _, sig := range sigs {
		b := &binding{}
		wrong, why := -1, (*misfit)(nil)
		for j := range args {
			if sig.param(j).predicate != nil {
				continue
			}
			if why = b.unify(sig.param(j).typ, vals[j].typ); why != nil {
				wrong = j
				break
			}
		}
		if why == nil {
			return sig, b, c.predicates(f, sig, b, args, vals, e)
		}
		if len(sigs) == 1 {
			m := &misfit{why.kind, fmt.Sprintf("%s: %s", f.Name, why.message)}
			if why.kind == KindNil {
				m.message += c.nilHint(args[wrong])
			}
			c.predicatesAnyway(args, vals, e)
			c.report(args[wrong], m.kind, "%s", m.message)
			return nil, nil, false
		}
	}
	c.noSignature(f, sigs, args, vals)
	c.predicatesAnyway(args, vals, e)
	return nil, nil, false
}

// noSignature reports the first argument that keeps every signature from fitting.
func (c *checker) noSignature(f *function, sigs []*signature, args []ast.Node, vals []value) {
	for j := range args {
		if !fitsOne(sigs, j, vals[j].typ) {
			if vals[j].typ.Nullable && fitsOne(sigs, j, nonNil(vals[j].typ)) {
				c.report(args[j], KindNil, "%s asks for a value, and this may be nil (it is %s)%s", f.Name, a(vals[j].typ), c.nilHint(args[j]))
				return
			}
			c.report(args[j], KindType, "%s is called as %s, and this is %s", f.Name, strings.Join(f.Signatures, " or "), a(vals[j].typ))
			return
		}
	}
	c.report(args[0], KindType, "%s is called as %s: its arguments do not go together", f.Name, strings.Join(f.Signatures, " or "))
}

// fitsOne says whether a type may be argument j of one of the signatures.
func fitsOne(sigs []*signature, j int, t *schemas.Type) bool {
	for _, sig := range sigs {
		if p := sig.param(j); p.predicate != nil || (&binding{}).unify(p.typ, t) == nil {
			return true
		}
	}
	return false
}

// predicatesAnyway looks for mistakes in a predicate although its list has one: names that are not there at all.
func (c *checker) predicatesAnyway(args []ast.Node, vals []value, e env) {
	for i, arg := range args {
		if p, ok := arg.(*ast.PredicateNode); ok {
			it := c.newItem(typeBad, e)
			it.acc = &value{typ: typeBad}
			e.item = it
			vals[i] = c.check(p.Node, e)
		}
	}
}

func (c *checker) newItem(t *schemas.Type, e env) *item {
	c.unique++
	it := &item{outer: e.item, depth: 1}
	if e.item != nil {
		it.depth = e.item.depth + 1
	}
	it.value = value{typ: t, key: "#" + strconv.Itoa(c.unique) + "#"}
	return it
}

// predicates checks what is done with each element.
func (c *checker) predicates(f *function, sig *signature, b *binding, args []ast.Node, vals []value, e env) bool {
	for j, arg := range args {
		p, ok := arg.(*ast.PredicateNode)
		if !ok {
			if sig.param(j).predicate != nil {
				c.report(arg, KindArguments, "%s is called as %s", f.Name, f.Signatures[0])
				return false
			}
			continue
		}
		par := sig.param(j)
		if par.predicate == nil {
			c.report(p.Node, KindArguments, "%s is called as %s", f.Name, f.Signatures[0])
			return false
		}
		it := c.newItem(b.result(par.typ), e)
		c.nested = max(c.nested, it.depth)
		if f.backwards {
			c.unique++
			it.list = fmt.Sprintf("list·%d", c.unique)
		}
		if it.depth > maxPredicates {
			c.report(p.Node, KindBound, "predicates more than %d deep within one another, those of the rules that are called included", maxPredicates)
			return false
		}
		inner := e
		inner.item = it
		if f.Name == "reduce" {
			it.acc = &value{typ: c.accumulated(p, inner, vals[2].typ)}
			b.bind("U", it.acc.typ)
		}
		if par.predicate == typeBool {
			vals[j] = c.condition(p.Node, inner, f.Name+" asks a condition of each element")
		} else {
			vals[j] = c.check(p.Node, inner)
		}
		if vals[j].typ == typeBad {
			return false
		}
		if !c.predicateResult(f, par, b, it, p, &vals[j]) {
			return false
		}
	}
	return true
}

// accumulated is the type of #acc: that of what reduce starts with. Where that says nothing of the elements, as [] and nil
// do, it is found by looking at what the predicate makes of it.
func (c *checker) accumulated(p *ast.PredicateNode, e env, start *schemas.Type) *schemas.Type {
	t := widened(start)
	if t != typeNil && !(t.Kind == schemas.List && t.Elem == typeNever) {
		return t
	}
	e.item.acc = &value{typ: t}
	if t == typeNil {
		e.item.acc.typ = typeNever
	}
	before := len(c.problems)
	v := c.check(p.Node, e)
	if len(c.problems) > before { // they are found again
		c.problems = c.problems[:before]
		return t
	}
	if j, ok := join(t, v.typ); ok {
		return widened(j)
	}
	return t
}

func (c *checker) predicateResult(f *function, par param, b *binding, it *item, p *ast.PredicateNode, v *value) bool {
	if it.acc != nil {
		if !c.wants(p.Node, *v, it.acc.typ, "reduce gives what it starts with") {
			return false
		}
		*v = c.finish(p.Node, *v, it.acc.typ)
	} else if m := b.unify(par.predicate, v.typ); m != nil {
		hint := ""
		if m.kind == KindNil {
			hint = c.nilHint(p.Node)
		}
		c.report(p.Node, m.kind, "%s: %s%s", f.Name, m.message, hint)
		return false
	}
	v.item = it
	return true
}

// element narrows what filter and find give by what their predicate tests.
func (c *checker) element(f *function, vals []value, out *value) {
	if f.Name != "filter" && f.Name != "find" && f.Name != "findLast" {
		return
	}
	item := vals[1].item.value.key
	elem := out.typ
	if f.Name == "filter" {
		elem = out.typ.Elem
	}
	elem = nonNil(elem)
	if vals[0].typ.Elem.Nullable { // an element may itself be nil, unless the predicate says no
		elem = vals[0].typ.Elem
	}
	for _, key := range vals[1].yes {
		if rest, ok := strings.CutPrefix(key, item); ok {
			elem = Narrow(elem, rest)
		}
	}
	if f.Name == "filter" {
		out.typ = schemas.ListOf(elem)
	} else {
		out.typ = orNil(elem)
	}
}

// lower compiles a call: expr's own loops for what takes a predicate, our functions for the rest.
func (c *checker) lower(n ast.Node, f *function, sig *signature, b *binding, args []ast.Node, vals []value, t *schemas.Type) ast.Node {
	nodes := make([]ast.Node, 0, len(vals)+1)
	for i, v := range vals {
		switch {
		case f.loop && i == 0:
			v.node = c.charged(args[0], v.node)
		case sig.param(i).predicate != nil:
			v.node = c.made(&ast.PredicateNode{Node: v.node}, args[i], v.typ)
		default:
			v = c.finish(args[i], v, b.result(sig.param(i).typ))
		}
		nodes = append(nodes, v.node)
	}
	if f.backwards {
		return c.backwards(n, f, nodes, vals[1].item.list, t)
	}
	if f.loop {
		return c.loop(n, f, nodes, t)
	}
	if f.costly {
		nodes = append([]ast.Node{c.running(n)}, nodes...)
	}
	return c.helper(n, f.Name, t, nodes...)
}

// loop compiles what takes a predicate. expr's sort and groups are not stable, or no facts: these are made of a map.
func (c *checker) loop(n ast.Node, f *function, nodes []ast.Node, t *schemas.Type) ast.Node {
	if f.over == "" {
		return c.made(&ast.BuiltinNode{Name: f.Name, Arguments: nodes}, n, t)
	}
	var before []ast.Node
	if f.over == "sum$" {
		before = []ast.Node{c.constant(t.Zero())}
	}
	if len(nodes) == 1 {
		return c.helper(n, f.over, t, append(before, nodes[0])...)
	}
	c.unique++
	name := fmt.Sprintf("list·%d", c.unique)
	list := func() ast.Node { return c.made(&ast.IdentifierNode{Value: name}, n, schemas.ListOf(typeAny)) }
	mapped := c.made(&ast.BuiltinNode{Name: "map", Arguments: []ast.Node{list(), nodes[1]}}, n, schemas.ListOf(typeAny))
	call := c.helper(n, f.over, t, append(append(before, list(), mapped), nodes[2:]...)...)
	return c.made(&ast.VariableDeclaratorNode{Name: name, Value: nodes[0], Expr: call}, n, t)
}

// backwards compiles findLast and findLastIndex as a search from the other end: expr's own leave what they compare on the
// machine's stack, where the expression around them takes it for its operand.
func (c *checker) backwards(n ast.Node, f *function, nodes []ast.Node, name string, t *schemas.Type) ast.Node {
	list := func() ast.Node { return c.made(&ast.IdentifierNode{Value: name}, n, schemas.ListOf(typeAny)) }
	forwards := map[string]string{"findLast": "find", "findLastIndex": "findIndex"}[f.Name]
	turned := c.helper(n, "reverse", schemas.ListOf(typeAny), c.running(n), list())
	found := c.made(&ast.BuiltinNode{Name: forwards, Arguments: []ast.Node{turned, nodes[1]}}, n, t)
	if f.Name == "findLastIndex" {
		found = c.helper(n, "fromEnd$", t, list(), found)
	}
	return c.made(&ast.VariableDeclaratorNode{Name: name, Value: nodes[0], Expr: found}, n, t)
}
