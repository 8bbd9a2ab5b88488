package rules

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/mozci/mozci-run/schemas"
)

// A Rule is a rule as it was written: either Is or First is set.
type Rule struct {
	Name   string
	Doc    string
	NameAt Snippet // the name as it was written, for its place
	Given  []Param
	Is     *Snippet
	First  []RuleRow
}

// A Snippet is a text with a handle that finds its place in a file again. Handles have to be comparable.
type Snippet struct {
	Text   string
	Origin any
}

// A Param is a parameter of a rule. Its type is written Job, string, int, bool, [Row] (a list), {int} (a map from text),
// Row? (may be nil), failed|passed (words).
type Param struct {
	Name   string
	NameAt Snippet // the name as it was written, for its place; the rule's is taken where there is none
	Type   Snippet
}

// A RuleRow is a row of a decision table. The row without a condition is its else.
type RuleRow struct {
	When *Snippet // nil for else
	Then Snippet  // text, or ${{ }}
}

// A rule is one that has been read, and once NewSet is through with it, checked.
type rule struct {
	Rule
	params  []parameter
	is      *piece
	rows    []tableRow
	state   int  // unchecked, being checked, checked
	bad     bool // has mistakes of its own: nothing more is said where it is called
	generic bool // takes values of any type, and so is checked anew at each call
	body    value
	size    int // nodes of its body
	nested  int // predicates within one another in its body

	once     sync.Once
	decision *decision // see Decide
}

type parameter struct {
	name string
	typ  *schemas.Type
	key  string // its key, and the name of the let that binds it; see known.go
}

type tableRow struct {
	when *piece // nil for else
	then []textPart
	text *text // of then
}

const (
	unchecked = iota
	beingChecked
	checked
)

// usage is how it is called: verdict(row).
func (r *rule) usage() string {
	names := make([]string, len(r.params))
	for i, p := range r.params {
		names[i] = p.name
	}
	return r.Name + "(" + strings.Join(names, ", ") + ")"
}

func (s *Set) rule(name string) *rule {
	if s == nil {
		return nil
	}
	return s.byName[name]
}

func (s *Set) names() []string {
	if s == nil {
		return nil
	}
	out := make([]string, len(s.list))
	for i, r := range s.list {
		out[i] = r.Name
	}
	return out
}

// isName says whether expressions can write the name.
func isName(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != "" && !slices.Contains(reserved, s)
}

var reserved = []string{"true", "false", "nil", "let", "if", "else", "in", "not", "and", "or", "matches", "contains", "startsWith", "endsWith"}

// checkBody checks what a rule says, with its parameters in e.
func (c *checker) checkBody(r *rule, e env) value {
	if r.is != nil {
		return c.checkPiece(r.is, func() value {
			v := c.check(r.is.node, e)
			if v.typ.Kind == schemas.Bool && !v.typ.Nullable && !isNot(r.is.node) {
				v.node = c.covered(r.is.node, v.node)
			}
			return v
		})
	}
	return c.checkTable(r, e)
}

// checkPiece checks an expression of another text, and comes back.
func (c *checker) checkPiece(p *piece, f func() value) value {
	text, at := c.text, c.at
	c.text, c.at = p.text, p.at
	defer func() { c.text, c.at = text, at }()
	return f()
}

// checkTable checks the rows of a decision table, and makes one tree of them.
func (c *checker) checkTable(r *rule, e env) value {
	t, whens, thens := c.checkRows(r, e)
	if t == typeBad {
		return value{typ: typeBad, node: &ast.NilNode{}}
	}
	return c.table(r, t, whens, thens)
}

// checkRows checks the rows of a decision table, each knowing that those above it did not hold. The type is what all fit.
func (c *checker) checkRows(r *rule, e env) (t *schemas.Type, whens, thens []value) {
	whens, thens = make([]value, len(r.rows)), make([]value, len(r.rows))
	out, ok, closed := typeNever, true, false
	var seen wordsSeen
	asked := map[string]int{} // the conditions so far, and their rows
	for i, row := range r.rows {
		inner := e
		if row.when != nil {
			whens[i] = c.checkPiece(row.when, func() value { return c.condition(row.when.node, e, "when asks for a condition") })
			c.unreachable(r, i, whens[i], closed, asked)
			inner = e.knowing(whens[i].yes)
			e = e.knowing(whens[i].no)
			seen.row(row.when.node)
		} else if closed {
			c.rowProblem(row, "nothing reaches this row: a row above it always holds")
		} else if seen.all(r) {
			c.rowProblem(row, "nothing reaches this row: those above it name every word that "+seen.of+" may be")
		}
		closed = closed || row.when == nil || whens[i].lit == true
		thens[i] = c.checkThen(row, inner)
		if row.when != nil && whens[i].typ == typeBad || thens[i].typ == typeBad {
			ok = false
			continue
		}
		joined, fits := join(out, thens[i].typ)
		if !fits {
			c.checkPiece(&piece{text: row.text}, func() value {
				return c.reportAt(0, utf8.RuneCountInString(row.text.src), KindType, "the rows of a table give one type: this is %s, and those above it %s", a(thens[i].typ), a(out))
			})
			ok = false
			continue
		}
		out = joined
	}
	if !ok {
		return typeBad, nil, nil
	}
	if !closed && !seen.all(r) {
		out = orNil(out)
	}
	return out, whens, thens
}

// table makes one tree of a table: when ? then : when ? then : else.
func (c *checker) table(r *rule, t *schemas.Type, whens, thens []value) value {
	acc := value{typ: typeNil, node: c.made(&ast.NilNode{}, nil, t)}
	for i := len(r.rows) - 1; i >= 0; i-- {
		then := thens[i]
		then.node = c.chosenRow(r, i, then.node)
		if r.rows[i].when == nil {
			acc = c.finish(nil, then, t)
			continue
		}
		c.checkPiece(r.rows[i].when, func() value {
			then = c.finish(r.rows[i].when.node, then, t)
			from := r.rows[i].when.node
			then, acc = joined(then, whens[i].yes), joined(acc, whens[i].no)
			acc = value{
				typ: t,
				yes: branches(then.yes, acc.yes, then.lit == false, acc.lit == false), no: branches(then.no, acc.no, then.lit == true, acc.lit == true),
				node: c.made(&ast.ConditionalNode{Cond: whens[i].node, Exp1: then.node, Exp2: acc.node}, from, t),
			}
			return acc
		})
	}
	acc.typ = t
	return acc
}

// checkThen checks what a row gives: text, or ${{ }}.
func (c *checker) checkThen(row tableRow, e env) value {
	return c.checkPiece(&piece{text: row.text}, func() value { return c.textValue(row.text, row.then, e) })
}

func (c *checker) rowProblem(row tableRow, message string) {
	t, n := row.text, len([]rune(row.text.src))
	if row.when != nil {
		t, n = row.when.text, len([]rune(row.when.text.src))
	}
	c.checkPiece(&piece{text: t}, func() value { return c.reportAt(0, n, KindUnreachable, "%s", message) })
}

// unreachable reports a row that never holds.
func (c *checker) unreachable(r *rule, i int, when value, closed bool, asked map[string]int) {
	row := r.rows[i]
	same := row.when.node.String()
	above, twice := asked[same]
	switch {
	case closed:
		c.rowProblem(row, "nothing reaches this row: a row above it always holds")
	case when.lit == false:
		c.rowProblem(row, "this never holds")
	case twice:
		c.rowProblem(row, fmt.Sprintf("nothing reaches this row: row %d asks the same", above+1))
	default:
		asked[same] = i
	}
}

// wordsSeen follows a table that goes through the words of a vocabulary: x == "a", x in ["b", "c"].
type wordsSeen struct {
	of    string // what is compared, as it was written
	node  ast.Node
	words []string
	other bool // a row asks something else
}

func (s *wordsSeen) row(n ast.Node) {
	b, ok := n.(*ast.BinaryNode)
	if !ok || s.of != "" && b.Left.String() != s.of {
		s.other = true
		return
	}
	s.of, s.node = b.Left.String(), b.Left
	var list []ast.Node
	switch r := b.Right.(type) {
	case *ast.StringNode:
		list = []ast.Node{r}
		s.other = s.other || b.Operator != "=="
	case *ast.ArrayNode:
		list = r.Nodes
		s.other = s.other || b.Operator != "in"
	}
	for _, e := range list {
		word, ok := e.(*ast.StringNode)
		s.other = s.other || !ok
		if ok {
			s.words = append(s.words, word.Value)
		}
	}
	s.other = s.other || list == nil
}

// all says whether the table has a row for every word of what it compares: a parameter, or what a rule gives.
func (s *wordsSeen) all(r *rule) bool {
	if s.other || s.node == nil {
		return false
	}
	id, ok := s.node.(*ast.IdentifierNode)
	if !ok {
		return false
	}
	for _, p := range r.params {
		if p.name == id.Value && p.typ.Kind == schemas.String && !p.typ.Nullable && p.typ.Enum != nil {
			return !slices.ContainsFunc(p.typ.Enum, func(w string) bool { return !slices.Contains(s.words, w) })
		}
	}
	return false
}

// expand checks the call of a rule, and puts its body in the call's place: the parameters become lets.
func (c *checker) expand(n ast.Node, r *rule, args []ast.Node, e env) value {
	at, end := n.Location().From, n.Location().To
	if c.rules.building != nil && r.state == unchecked {
		c.rules.building(r)
	}
	if r.state == beingChecked {
		return c.reportAt(at, end, KindCircle, "%s reaches itself: %s", r.Name, c.rules.circle(r))
	}
	if r.bad { // what it takes may be among its mistakes
		for _, arg := range args {
			c.check(arg, e)
		}
		return value{typ: typeBad, node: c.made(&ast.NilNode{}, n, typeBad)}
	}
	vals, ok := c.arguments(n, r, args, e)
	if !ok {
		return value{typ: typeBad, node: c.made(&ast.NilNode{}, n, typeBad)}
	}
	if depth := r.nested + depthOf(e); depth > maxPredicates {
		return c.reportAt(at, end, KindBound, "predicates more than %d deep within one another, those of %s included", maxPredicates, r.Name)
	}
	body := r.body
	if r.generic || isFollowed(vals) {
		body = c.expandFor(n, r, vals)
	} else {
		c.size += r.size
		c.nested = max(c.nested, r.nested+depthOf(e))
	}
	if c.size > maxSize && !c.stopped {
		c.stopped = true
		return c.reportAt(at, end, KindBound, "more than %d nodes, those of the rules that are called included: split it", maxSize)
	}
	if body.typ == typeBad {
		return value{typ: typeBad, node: c.made(&ast.NilNode{}, n, typeBad)}
	}
	return c.bound(n, r, vals, body)
}

func depthOf(e env) int {
	if e.item == nil {
		return 0
	}
	return e.item.depth
}

// arguments checks those of a call against the parameters.
func (c *checker) arguments(n ast.Node, r *rule, args []ast.Node, e env) ([]value, bool) {
	vals, ok := make([]value, len(args)), true
	for i, arg := range args {
		vals[i] = c.check(arg, e)
		if i < len(r.params) {
			p := r.params[i]
			if !c.wants(arg, vals[i], p.typ, fmt.Sprintf("%s of %s", p.name, r.usage())) {
				ok = ok && p.typ == typeBad
				continue
			}
			vals[i] = c.finish(arg, vals[i], p.typ)
		}
	}
	if len(args) != len(r.params) {
		c.reportAt(n.Location().From, n.Location().To, KindArguments, "%s has %s: it is called as %s, and here it has %s",
			r.Name, counted(len(r.params), "parameter"), r.usage(), counted(len(args), "argument"))
		return nil, false
	}
	return vals, ok
}

// expandFor checks the body of a rule anew: one that takes any type for the types that it gets here, and one that gets parts of answers for
// what it reads of them.
func (c *checker) expandFor(n ast.Node, r *rule, vals []value) value {
	line, column := c.text.lineColumn(c.at + n.Location().From)
	calls, scope := c.calls, c.scope
	c.calls = append(slices.Clone(calls), Frame{Rule: r.Name, Origin: c.text.origin, Line: line, Column: column})
	c.scope = &Scope{}
	defer func() { c.calls, c.scope = calls, scope }()
	inner := env{}
	for i, p := range r.params {
		t := special(p.typ, vals[i].typ)
		if t.Kind == schemas.Map && vals[i].typ.Kind == schemas.Object {
			c.reads.takes(vals[i].typ)
		}
		inner.locals = bindParam(p, following(t, vals[i].typ), inner.locals)
	}
	return c.checkBody(r, inner)
}

// special is a parameter's type with what an argument says of the parts that may be any.
func special(want, have *schemas.Type) *schemas.Type {
	switch {
	case isAny(want):
		return have
	case want.Kind == have.Kind && want.Elem != nil && have.Elem != nil:
		if e := special(want.Elem, have.Elem); e != want.Elem {
			return &schemas.Type{Kind: want.Kind, Elem: e, Nullable: want.Nullable}
		}
	}
	return want
}

func hasAny(t *schemas.Type) bool {
	return isAny(t) || t.Elem != nil && hasAny(t.Elem) || slices.ContainsFunc(t.Fields, func(f schemas.Field) bool { return hasAny(f.Type) })
}

func bindParam(p parameter, t *schemas.Type, outer *local) *local {
	id := &ast.IdentifierNode{Value: p.key}
	id.SetType(machineType(t))
	return &local{name: p.name, value: value{typ: t, key: p.key, node: id}, outer: outer}
}

// bound puts lets for the parameters around a rule's body, and says what the caller learns.
func (c *checker) bound(n ast.Node, r *rule, vals []value, body value) value {
	params, keys := make([]string, len(r.params)), make([]string, len(r.params))
	for i, p := range r.params {
		params[i], keys[i] = p.key, vals[i].key
	}
	if len(vals) == 0 {
		return value{typ: body.typ, node: body.node}
	}
	out := value{typ: body.typ, key: callKey(r.Name, keys), yes: body.yes.renamed(params, keys), no: body.no.renamed(params, keys)}
	out.node = body.node
	for i := len(r.params) - 1; i >= 0; i-- {
		out.node = c.made(&ast.VariableDeclaratorNode{Name: r.params[i].key, Value: vals[i].node, Expr: out.node}, n, body.typ)
	}
	return out
}
