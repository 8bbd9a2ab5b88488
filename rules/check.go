package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/expr-lang/expr/ast"
	"github.com/mozci/mozci-run/schemas"
)

// A value is what the checker knows of a node, and the node that is compiled in its place.
type value struct {
	typ  *schemas.Type
	node ast.Node

	key   string  // see known.go
	open  keys    // what is not nil where the value is not nil: a and a.b for a?.b?.c
	yes   keys    // what is not nil where the value is true
	no    keys    // what is not nil where the value is false
	short bool    // within a chain: an optional step to the left may have ended it with nil
	elems []value // of a list that is written out
	lit   any     // the value itself, where it is written out: a string, an int, a bool
	item  *item   // of a predicate: what it looks at
}

// A local is a name that a let or a parameter binds.
type local struct {
	name  string
	value value
	outer *local
}

// An item is what # stands for in a predicate.
type item struct {
	value value
	acc   *value // #acc in reduce
	list  string // the let that binds the list, where it is walked from its end; see loop
	outer *item
	depth int
}

// An env is what is known where a node stands.
type env struct {
	locals *local
	item   *item
	sure   keys
}

func (e env) knowing(more keys) env {
	if len(more) > 0 {
		e.sure = e.sure.and(more...)
	}
	return e
}

// A checker finds the type of every node of an expression, and rewrites the tree into what is compiled. It reads trees and
// never changes one: a rule's tree is checked as often as the rule is called with other types.
type checker struct {
	scope   *Scope
	rules   *Set
	text    *text // that is being checked, and where in it the expression starts
	at      int
	calls   []Frame
	cover   *points // nil where nobody asks for coverage
	guarded map[*ast.IdentifierNode]bool

	problems  []Problem
	unguarded []string // Vars that may be skipped and are read as if they were not
	refs      []Ref
	reads     readings        // of answers that are followed
	open      map[string]bool // of these it is known, and so they are never nil: whoever reads so is skipped too
	nested    int             // how deep predicates stand within one another
	size      int
	depth     int
	unique    int
	stopped   bool
}

func (c *checker) report(n ast.Node, kind, format string, args ...any) value {
	from, to := span(n)
	from, to = c.text.bracketed(c.at+from, c.at+to)
	return c.reportAt(from-c.at, to-c.at, kind, format, args...)
}

// reportAt reports a problem at characters of the expression that is being checked.
func (c *checker) reportAt(from, to int, kind, format string, args ...any) value {
	p := c.text.problem(c.at+from, c.at+to, kind, fmt.Sprintf(format, args...))
	p.Called = slices.Clone(c.calls)
	slices.Reverse(p.Called)
	c.problems = append(c.problems, p)
	return value{typ: typeBad, node: c.made(&ast.NilNode{}, nil, typeBad)}
}

// made gives a node that the checker makes its place, and the type by which expr chooses its instructions.
func (c *checker) made(n ast.Node, from ast.Node, t *schemas.Type) ast.Node {
	if from != nil {
		loc := from.Location()
		loc.From += c.text.base + c.at
		loc.To += c.text.base + c.at
		n.SetLocation(loc)
	}
	n.SetType(machineType(t))
	c.size++
	return n
}

// Types as expr's compiler wants to know them. opaque stands for what may be nil: neither a pointer nor an interface,
// which would be dereferenced at each step, nor a text or a number, which would be compared as such.
var (
	opaque      = reflect.TypeFor[chan struct{}]()
	machineKind = map[schemas.Kind]reflect.Type{
		schemas.Bool: reflect.TypeFor[bool](), schemas.Int: reflect.TypeFor[int](), schemas.Float: reflect.TypeFor[float64](),
		schemas.String: reflect.TypeFor[string](), schemas.List: reflect.TypeFor[[]any](),
		schemas.Map: reflect.TypeFor[map[string]any](), schemas.Object: reflect.TypeFor[map[string]any](),
	}
)

func machineType(t *schemas.Type) reflect.Type {
	if t.Nullable {
		return opaque
	}
	if r := machineKind[t.Kind]; r != nil {
		return r
	}
	return opaque
}

// check finds the type of a node and rewrites it.
func (c *checker) check(n ast.Node, e env) value {
	v := c.start(n, e)
	if v.short { // a chain ends here
		v.short = false
		v.typ = orNil(v.typ)
		v.node = c.made(&ast.ChainNode{Node: v.node}, n, v.typ)
		c.narrowed(&v, e)
	}
	return v
}

// narrowed takes the nil from the type of a value that is known not to be nil here.
func (c *checker) narrowed(v *value, e env) {
	if v.typ.Nullable && v.key != "" && slices.Contains(e.sure, v.key) {
		v.typ = nonNil(v.typ)
		v.node.SetType(machineType(v.typ))
	}
}

// start is check for what a step of a chain starts from: a ?. to the left that finds nil ends the whole chain.
func (c *checker) start(n ast.Node, e env) value {
	if c.stopped {
		return value{typ: typeBad, node: c.made(&ast.NilNode{}, n, typeBad)}
	}
	c.depth++
	defer func() { c.depth-- }()
	if c.depth > maxDepth || c.size > maxSize {
		c.stopped = true
		if c.depth > maxDepth {
			return c.report(n, KindBound, "nested more than %d deep: split it into rules or lets", maxDepth)
		}
		return c.report(n, KindBound, "more than %d nodes, those of the rules that are called included: split it", maxSize)
	}
	v := c.node(n, e)
	if left := maxMembers; !countMembers(v.typ, &left) {
		c.stopped = true
		return c.report(n, KindBound, "a value with more than %d members, those of its members included: name the few that are needed", maxMembers)
	}
	c.narrowed(&v, e)
	return v
}

// countMembers takes the members of a type from left, and says whether there were enough. What has a name of its own counts as one.
func countMembers(t *schemas.Type, left *int) bool {
	if *left--; *left < 0 {
		return false
	}
	if t.Name != "" {
		return true
	}
	return (t.Elem == nil || countMembers(t.Elem, left)) && !slices.ContainsFunc(t.Fields, func(f schemas.Field) bool { return !countMembers(f.Type, left) })
}

func (c *checker) node(n ast.Node, e env) value {
	switch n := n.(type) {
	case *ast.NilNode:
		return value{typ: typeNil, node: c.made(&ast.NilNode{}, n, typeNil)}
	case *ast.BoolNode:
		return value{typ: typeBool, node: c.made(&ast.BoolNode{Value: n.Value}, n, typeBool), lit: n.Value}
	case *ast.IntegerNode:
		return value{typ: typeInt, node: c.made(&ast.IntegerNode{Value: n.Value}, n, typeInt), lit: n.Value, key: strconv.Itoa(n.Value)}
	case *ast.FloatNode:
		return value{typ: typeFloat, node: c.made(&ast.FloatNode{Value: n.Value}, n, typeFloat), lit: n.Value}
	case *ast.StringNode:
		return value{typ: wordType(n.Value), node: c.made(&ast.StringNode{Value: n.Value}, n, typeString), lit: n.Value, key: strconv.Quote(n.Value)}
	case *ast.BytesNode:
		return c.report(n, KindForbidden, "there are no bytes here: write the text without the b")
	case *ast.IdentifierNode:
		return c.identifier(n, e)
	case *ast.PointerNode:
		return c.pointer(n, e)
	case *ast.ChainNode:
		return c.start(n.Node, e)
	case *ast.MemberNode:
		return c.member(n, e)
	case *ast.SliceNode:
		return c.slice(n, e)
	case *ast.UnaryNode:
		return c.unary(n, e)
	case *ast.BinaryNode:
		return c.binary(n, e)
	case *ast.ConditionalNode:
		return c.conditional(n, e)
	case *ast.VariableDeclaratorNode:
		return c.let(n, e)
	case *ast.ArrayNode:
		return c.array(n, e)
	case *ast.MapNode:
		return c.object(n, e)
	case *ast.CallNode:
		return c.call(n, e)
	case *ast.BuiltinNode:
		return c.named(n, n.Name, n.Arguments, e)
	case *ast.SequenceNode:
		return c.report(n.Nodes[0], KindSyntax, "the value before ; is never used: only let NAME = …; goes before another expression")
	}
	return c.report(n, KindSyntax, "this cannot be used here")
}

// condition checks a node that has to be true or false, and counts it for coverage.
func (c *checker) condition(n ast.Node, e env, where string) value {
	v := c.check(n, e)
	if !c.wants(n, v, typeBool, where) {
		return value{typ: typeBad, node: v.node}
	}
	if !isNot(n) {
		v.node = c.covered(n, v.node)
	}
	return v
}

// wants reports where a value does not fit a type; where says what wants it.
func (c *checker) wants(n ast.Node, v value, want *schemas.Type, where string) bool {
	if v.typ == typeBad {
		return false
	}
	m := fit(v.typ, want)
	if m == nil {
		return true
	}
	if where != "" {
		m.message = where + ": " + m.message
	}
	if m.kind == KindNil && v.typ != typeNil {
		m.message += c.nilHint(n)
	}
	c.report(n, m.kind, "%s", m.message)
	return false
}

// nilHint says what to do about a value that may be nil.
func (c *checker) nilHint(n ast.Node) string {
	hint := "; give it another value with ??, or test it for nil before"
	if id := root(n); id != nil {
		if v := c.scope.lookup(id.Value); v != nil && v.Note != "" {
			hint += "; " + v.Note
		}
	}
	return hint
}

// root is the name at which a chain of members starts, or nil.
func root(n ast.Node) *ast.IdentifierNode {
	for {
		switch m := n.(type) {
		case *ast.IdentifierNode:
			return m
		case *ast.MemberNode:
			n = m.Node
		case *ast.ChainNode:
			n = m.Node
		case *ast.SliceNode:
			n = m.Node
		default:
			return nil
		}
	}
}

// finish makes a value what is wanted: an int becomes a float where one is.
func (c *checker) finish(n ast.Node, v value, want *schemas.Type) value {
	if v.typ == typeBad || same(v.typ, want) {
		return v
	}
	c.reads.takes(v.typ)
	v.node = c.helper(n, "conform$", want, c.running(n), c.constant(want), v.node)
	v.typ = want
	return v
}

// helper calls one of our own functions.
func (c *checker) helper(n ast.Node, name string, t *schemas.Type, args ...ast.Node) ast.Node {
	callee := c.made(&ast.IdentifierNode{Value: name}, n, typeBad)
	return c.made(&ast.CallNode{Callee: callee, Arguments: args}, n, t)
}

func (c *checker) constant(v any) ast.Node {
	return c.made(&ast.ConstantNode{Value: v}, nil, typeBad)
}

// running is the run that a helper charges its work to.
func (c *checker) running(n ast.Node) ast.Node {
	return c.made(&ast.IdentifierNode{Value: runName}, n, typeBad)
}

// charged makes a list that is about to be walked count against the run's budget.
func (c *checker) charged(n ast.Node, list ast.Node) ast.Node {
	return c.helper(n, "walk$", &schemas.Type{Kind: schemas.List, Elem: typeAny}, c.running(n), list)
}
