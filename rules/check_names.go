package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/mozci/mozci-run/schemas"
)

func (c *checker) identifier(n *ast.IdentifierNode, e env) value {
	for l := e.locals; l != nil; l = l.outer {
		if l.name == n.Value {
			v := l.value
			id := v.node.(*ast.IdentifierNode)
			v.node = c.made(&ast.IdentifierNode{Value: id.Value}, n, v.typ)
			return v
		}
	}
	v := c.scope.lookup(n.Value)
	if v == nil {
		return c.unknownName(n, e)
	}
	t := v.Type
	guarded := c.guarded[n] || slices.Contains(e.sure, n.Value)
	if v.Skipped {
		if !c.open[n.Value] {
			t = orNil(t)
		}
		if !guarded {
			c.unguarded = append(c.unguarded, n.Value)
		}
	}
	c.refer(n, guarded)
	c.reads.touches(t)
	return value{typ: t, key: n.Value, node: c.made(&ast.IdentifierNode{Value: n.Value}, n, t)}
}

func (c *checker) refer(n *ast.IdentifierNode, guarded bool) {
	for i := range c.refs {
		if c.refs[i].Name == n.Value {
			c.refs[i].Guarded = c.refs[i].Guarded && guarded
			return
		}
	}
	line, column := c.text.lineColumn(c.at + n.Location().From)
	c.refs = append(c.refs, Ref{Name: n.Value, Line: line, Column: column, Guarded: guarded})
}

func (c *checker) unknownName(n *ast.IdentifierNode, e env) value {
	name := n.Value
	if c.rules.rule(name) != nil {
		return c.report(n, KindName, "%s is a rule and has to be called: %s", name, c.rules.rule(name).usage())
	}
	if f := functions().byName[name]; f != nil {
		return c.report(n, KindName, "%s is a function and has to be called: %s", name, f.Signatures[0])
	}
	if word := spelled[strings.ToLower(name)]; word != "" {
		return c.report(n, KindName, "there is no %s here: did you mean %s?", name, word)
	}
	candidates := c.scope.names()
	for l := e.locals; l != nil; l = l.outer {
		candidates = append(candidates, l.name)
	}
	return c.report(n, KindName, "%s", sentence("there is no "+name+" here", meant(name, candidates)))
}

// spelled are the words of other languages for what is written otherwise here.
var spelled = map[string]string{"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false",
	"nil": "nil", "null": "nil", "none": "nil", "undefined": "nil"}

// pointer is #, #index or #acc.
func (c *checker) pointer(n *ast.PointerNode, e env) value {
	if e.item == nil {
		return c.report(n, KindSyntax, "# stands for the element that a predicate looks at: there is none here")
	}
	switch {
	case n.Name == "":
		v := e.item.value
		v.node = c.made(&ast.PointerNode{}, n, v.typ)
		return v
	case n.Name == "index" && e.item.list != "":
		list := c.made(&ast.IdentifierNode{Value: e.item.list}, n, schemas.ListOf(typeAny))
		return value{typ: typeInt, node: c.helper(n, "fromEnd$", typeInt, list, c.made(&ast.PointerNode{Name: "index"}, n, typeInt))}
	case n.Name == "index":
		return value{typ: typeInt, node: c.made(&ast.PointerNode{Name: "index"}, n, typeInt)}
	case n.Name == "acc" && e.item.acc != nil:
		return value{typ: e.item.acc.typ, key: e.item.value.key + "acc", node: c.made(&ast.PointerNode{Name: "acc"}, n, e.item.acc.typ)}
	case n.Name == "acc":
		return c.report(n, KindName, "#acc is there in reduce only")
	}
	return c.report(n, KindName, "there is no #%s: write #.%s for a member of the element, #index for its place", n.Name, n.Name)
}

// let binds a name to a value for the expression after it.
func (c *checker) let(n *ast.VariableDeclaratorNode, e env) value {
	v := c.check(n.Value, e)
	if why := c.taken(n.Name, e); why != "" {
		c.reportAt(n.Location().From, n.Location().To, KindDuplicate, "the name %s is taken: it is %s", n.Name, why)
	}
	c.unique++
	inner := fmt.Sprintf("%s·%d", n.Name, c.unique)
	bound := v
	bound.node = c.made(&ast.IdentifierNode{Value: inner}, n, v.typ)
	bound.short, bound.lit, bound.elems = false, nil, nil
	if bound.key == "" {
		bound.key = inner
	}
	e.locals = &local{name: n.Name, value: bound, outer: e.locals}
	body := c.check(n.Expr, e)
	body.node = c.made(&ast.VariableDeclaratorNode{Name: inner, Value: v.node, Expr: body.node}, n, body.typ)
	return body
}

// taken says what a name is already, or "".
func (c *checker) taken(name string, e env) string {
	for l := e.locals; l != nil; l = l.outer {
		if l.name == name {
			return "bound by a let or a parameter"
		}
	}
	switch {
	case c.scope.lookup(name) != nil:
		return "a name of the workflow"
	case functions().byName[name] != nil || functions().forbidden[name] != "":
		return "a function"
	case c.rules.rule(name) != nil:
		return "a rule"
	}
	return ""
}

// member is a.b, a?.b, a[0] or a["b"].
func (c *checker) member(n *ast.MemberNode, e env) value {
	if n.Optional {
		c.guard(n.Node)
	}
	base := c.start(n.Node, e)
	name, named := n.Property.(*ast.StringNode)
	var index value
	if !named {
		index = c.check(n.Property, e)
	}
	if base.typ == typeBad || index.typ == typeBad {
		return value{typ: typeBad, node: base.node}
	}
	out := value{short: base.short, open: base.open}
	t, missing := nonNil(base.typ), base.typ.Nullable && !isAny(base.typ)
	if missing && n.Optional {
		out.short = true
		out.open = out.open.and(base.key)
	}
	if base.typ == typeNil && !n.Optional {
		return c.report(n.Node, KindNil, "this is nil, which has no members")
	}
	var prop ast.Node
	if named {
		out.typ = c.memberType(n, t, name)
		prop = c.made(&ast.StringNode{Value: name.Value}, name, typeString)
		if base.key != "" {
			out.key = base.key + "." + name.Value
		}
	} else {
		out.typ = c.elementType(n, t, index)
		prop = index.node
		if base.key != "" && index.key != "" {
			out.key = base.key + "[" + index.key + "]"
		}
	}
	if out.typ == typeBad {
		return value{typ: typeBad, node: base.node}
	}
	if missing && !n.Optional {
		return c.nilMember(n, base)
	}
	out.node = c.made(&ast.MemberNode{Node: base.node, Property: prop, Optional: n.Optional}, n, out.typ)
	return out
}

func (c *checker) nilMember(n *ast.MemberNode, base value) value {
	what := "this"
	if id, ok := n.Node.(*ast.IdentifierNode); ok {
		what = id.Value
	}
	from, to := span(n.Property)
	if _, ok := n.Property.(*ast.StringNode); !ok {
		from, to = span(n.Node)
	}
	access := "?.[…]"
	if name, ok := n.Property.(*ast.StringNode); ok {
		access = "?." + name.Value
	}
	return c.reportAt(from, to, KindNil, "%s may be nil (it is %s): write %s%s", what, a(base.typ), access, c.nilHint(n.Node))
}

func (c *checker) memberType(n *ast.MemberNode, t *schemas.Type, name *ast.StringNode) *schemas.Type {
	switch t.Kind {
	case schemas.Object:
		if f := t.Field(name.Value); f != nil {
			c.reads.touches(f.Type)
			return f.Type
		}
		return c.report(name, KindMember, "%s", sentence(fmt.Sprintf("%s has no member %s", t, name.Value), meant(name.Value, memberNames(t)))).typ
	case schemas.Map:
		c.reads.touches(t.Elem)
		return orNil(t.Elem)
	case schemas.List:
		hint := fmt.Sprintf("map(…, .%s) takes it of every element, first(…)?.%s of the first", name.Value, name.Value)
		return c.report(name, KindMember, "%s has no members: %s", a(t), hint).typ
	case schemas.Any:
		if t == typeNever {
			return typeNever
		}
		return c.report(name, KindType, "a value of any type has no members that are known here").typ
	}
	return c.report(name, KindMember, "%s has no members", a(t)).typ
}

func (c *checker) elementType(n *ast.MemberNode, t *schemas.Type, index value) *schemas.Type {
	switch t.Kind {
	case schemas.List:
		if !c.wants(n.Property, index, typeInt, "the index of a list") {
			return typeBad
		}
		return t.Elem
	case schemas.Map:
		if !c.wants(n.Property, index, typeString, "the key of a map") {
			return typeBad
		}
		c.reads.touches(t.Elem)
		return orNil(t.Elem)
	case schemas.Object:
		return c.report(n.Property, KindType, "%s", sentence("the members of "+a(t)+" have to be named", listed(memberNames(t)))).typ
	case schemas.String:
		return c.report(n.Property, KindType, "a text has no elements: write s[0:1] for a part of it").typ
	}
	if t == typeNever {
		return typeNever
	}
	return c.report(n.Property, KindType, "%s has no elements", a(t)).typ
}

// slice is list[from:to] or text[from:to].
func (c *checker) slice(n *ast.SliceNode, e env) value {
	v := c.check(n.Node, e)
	from, to := ast.Node(c.made(&ast.IntegerNode{}, n, typeInt)), ast.Node(nil)
	for _, end := range []ast.Node{n.From, n.To} {
		if end == nil {
			continue
		}
		b := c.check(end, e)
		if !c.wants(end, b, typeInt, "the end of a part") {
			return value{typ: typeBad, node: v.node}
		}
		if end == n.To {
			to = b.node
		} else {
			from = b.node
		}
	}
	if to == nil {
		to = c.made(&ast.IntegerNode{Value: 1 << 40}, n, typeInt)
	}
	switch {
	case v.typ == typeBad || v.typ == typeNever:
		return value{typ: v.typ, node: v.node}
	case v.typ.Nullable:
		return c.report(n.Node, KindNil, "this may be nil, and nil has no parts%s", c.nilHint(n.Node))
	case v.typ.Kind == schemas.String:
		return value{typ: typeString, node: c.helper(n, "part$", typeString, v.node, from, to)}
	case v.typ.Kind == schemas.List:
		return value{typ: v.typ, node: c.made(&ast.SliceNode{Node: v.node, From: from, To: to}, n, v.typ)}
	}
	return c.report(n.Node, KindType, "a list or a text is wanted before [ : ], and this is %s", a(v.typ))
}

// array is [a, b].
func (c *checker) array(n *ast.ArrayNode, e env) value {
	elem := typeNever
	out := value{}
	nodes := make([]ast.Node, len(n.Nodes))
	for i, m := range n.Nodes {
		v := c.check(m, e)
		out.elems = append(out.elems, v)
		nodes[i] = v.node
		t, ok := join(elem, v.typ)
		if !ok {
			return c.report(m, KindType, "the elements of a list have one type: this is %s, and those before it %s", a(v.typ), a(elem))
		}
		elem = t
	}
	for i, m := range n.Nodes {
		nodes[i] = c.finish(m, out.elems[i], elem).node
	}
	out.typ = schemas.ListOf(elem)
	if elem == typeBad {
		out.typ = typeBad
	}
	out.node = c.made(&ast.ArrayNode{Nodes: nodes}, n, out.typ)
	return out
}

// object is {name: value}.
func (c *checker) object(n *ast.MapNode, e env) value {
	t := &schemas.Type{Kind: schemas.Object}
	pairs := make([]ast.Node, len(n.Pairs))
	for i, p := range n.Pairs {
		pair := p.(*ast.PairNode)
		v := c.check(pair.Value, e)
		key, ok := pair.Key.(*ast.StringNode)
		if !ok {
			return c.report(pair.Key, KindType, "the name of a member has to be written out; fromPairs makes a map of names that are computed")
		}
		if t.Field(key.Value) != nil {
			return c.report(key, KindDuplicate, "there is a member %s already", strconv.Quote(key.Value))
		}
		t.Fields = append(t.Fields, schemas.Field{Name: key.Value, Type: v.typ})
		k := c.made(&ast.StringNode{Value: key.Value}, key, typeString)
		pairs[i] = c.made(&ast.PairNode{Key: k, Value: v.node}, p, v.typ)
	}
	return value{typ: t, node: c.made(&ast.MapNode{Pairs: pairs}, n, t)}
}
