package rules

import (
	"fmt"
	"regexp"

	"github.com/expr-lang/expr/ast"
	"github.com/mozci/mozci-run/schemas"
)

func (c *checker) unary(n *ast.UnaryNode, e env) value {
	switch n.Operator {
	case "!", "not":
		v := c.check(n.Node, e)
		if !c.wants(n.Node, v, typeBool, "! asks for a condition") {
			return value{typ: typeBad, node: v.node}
		}
		v.node = c.operand(n.Node, v.node)
		return value{typ: typeBool, yes: v.no, no: v.yes, node: c.made(&ast.UnaryNode{Operator: "!", Node: v.node}, n, typeBool)}
	}
	v := c.check(n.Node, e)
	switch {
	case v.typ == typeBad || v.typ == typeNever:
		return value{typ: v.typ, node: v.node}
	case v.typ.Nullable:
		return c.report(n.Node, KindNil, "%s asks for a number, and this may be nil%s", n.Operator, c.nilHint(n.Node))
	case !isNumber(v.typ) && v.typ.Kind != schemas.Duration:
		return c.report(n.Node, KindType, "%s asks for a number or a duration, and this is %s", n.Operator, a(v.typ))
	case n.Operator == "+":
		return value{typ: v.typ, node: v.node}
	case v.typ.Kind == schemas.Duration:
		return value{typ: v.typ, node: c.helper(n, "negate$", v.typ, v.node)}
	}
	if _, literal := n.Node.(*ast.IntegerNode); v.typ.Kind == schemas.Int && !literal {
		return value{typ: v.typ, node: c.helper(n, "negate$", v.typ, v.node)}
	}
	return value{typ: v.typ, node: c.made(&ast.UnaryNode{Operator: "-", Node: v.node}, n, v.typ)}
}

func isNot(n ast.Node) bool {
	u, ok := n.(*ast.UnaryNode)
	return ok && (u.Operator == "!" || u.Operator == "not")
}

func (c *checker) binary(n *ast.BinaryNode, e env) value {
	switch n.Operator {
	case "&&", "and":
		return c.and(n, e)
	case "||", "or":
		return c.or(n, e)
	case "==", "!=":
		return c.equal(n, e)
	case "in":
		return c.in(n, e)
	case "??":
		return c.coalesce(n, e)
	case "..":
		return c.upTo(n, e)
	case "<", "<=", ">", ">=":
		return c.compare(n, e)
	case "contains", "startsWith", "endsWith", "matches":
		return c.textTest(n, e)
	}
	return c.arithmetic(n, e)
}

func (c *checker) and(n *ast.BinaryNode, e env) value {
	l := c.check(n.Left, e)
	r := c.check(n.Right, e.knowing(l.yes))
	if !c.bothBool(n, l, r) {
		return value{typ: typeBad, node: l.node}
	}
	return value{
		typ: typeBool, yes: l.yes.and(r.yes...), no: l.no.either(l.yes.and(r.no...)),
		node: c.made(&ast.BinaryNode{Operator: "&&", Left: c.operand(n.Left, l.node), Right: c.operand(n.Right, r.node)}, n, typeBool),
	}
}

func (c *checker) or(n *ast.BinaryNode, e env) value {
	l := c.check(n.Left, e)
	r := c.check(n.Right, e.knowing(l.no))
	if !c.bothBool(n, l, r) {
		return value{typ: typeBad, node: l.node}
	}
	return value{
		typ: typeBool, no: l.no.and(r.no...), yes: l.yes.either(l.no.and(r.yes...)),
		node: c.made(&ast.BinaryNode{Operator: "||", Left: c.operand(n.Left, l.node), Right: c.operand(n.Right, r.node)}, n, typeBool),
	}
}

func (c *checker) bothBool(n *ast.BinaryNode, l, r value) bool {
	left := c.wants(n.Left, l, typeBool, n.Operator+" stands between conditions")
	right := c.wants(n.Right, r, typeBool, n.Operator+" stands between conditions")
	return left && right
}

// guard notes that the name at the start of a chain is read in a way that allows for nil.
func (c *checker) guard(n ast.Node) {
	for {
		switch m := n.(type) {
		case *ast.IdentifierNode:
			if c.guarded == nil {
				c.guarded = map[*ast.IdentifierNode]bool{}
			}
			c.guarded[m] = true
			return
		case *ast.ChainNode: // a?.b: the step itself guards a
			return
		default:
			return
		}
	}
}

// equal is == and !=.
func (c *checker) equal(n *ast.BinaryNode, e env) value {
	_, leftNil := n.Left.(*ast.NilNode)
	_, rightNil := n.Right.(*ast.NilNode)
	if rightNil {
		c.guard(n.Left)
	}
	if leftNil {
		c.guard(n.Right)
	}
	l, r := c.check(n.Left, e), c.check(n.Right, e)
	if l.typ == typeBad || r.typ == typeBad {
		return value{typ: typeBad, node: l.node}
	}
	if !c.equalTypes(n, l, r) {
		return value{typ: typeBad, node: l.node}
	}
	if !leftNil && !rightNil {
		c.reads.takes(l.typ)
		c.reads.takes(r.typ)
	}
	var yes, no keys
	switch {
	case rightNil:
		no = l.there()
	case leftNil:
		no = r.there()
	default:
		if !r.typ.Nullable {
			yes = yes.and(l.there()...)
		}
		if !l.typ.Nullable {
			yes = yes.and(r.there()...)
		}
	}
	out := value{typ: typeBool, yes: yes, no: no}
	if n.Operator == "!=" {
		out.yes, out.no = out.no, out.yes
	}
	if leftNil || rightNil || !deep(l.typ) || !deep(r.typ) {
		out.node = c.made(&ast.BinaryNode{Operator: n.Operator, Left: l.node, Right: r.node}, n, typeBool)
		return out
	}
	out.node = c.helper(n, "same$", typeBool, c.running(n), l.node, r.node)
	if n.Operator == "!=" {
		out.node = c.made(&ast.UnaryNode{Operator: "!", Node: out.node}, n, typeBool)
	}
	return out
}

// equalTypes reports a comparison whose answer is known before anything is fetched.
func (c *checker) equalTypes(n *ast.BinaryNode, l, r value) bool {
	if canEqual(l.typ, r.typ) {
		return true
	}
	if l.typ.Kind == schemas.String && r.typ.Kind == schemas.String {
		switch {
		case r.lit != nil:
			c.report(n.Right, KindEnum, "%s", noWord(r.lit.(string), l.typ))
		case l.lit != nil:
			c.report(n.Left, KindEnum, "%s", noWord(l.lit.(string), r.typ))
		default:
			c.report(n.Right, KindEnum, "%s and %s have no word in common", a(l.typ), a(r.typ))
		}
		return false
	}
	c.report(n.Right, KindType, "%s never equals %s%s", a(l.typ), a(r.typ), textHint(l, r))
	return false
}

// textHint says how to write a time or a duration that was written as a text.
func textHint(l, r value) string {
	if l.lit != nil {
		l, r = r, l
	}
	text, written := r.lit.(string)
	if _, err := l.typ.Parse(text); !written || err != nil {
		return ""
	}
	switch l.typ.Kind {
	case schemas.Time:
		return fmt.Sprintf("; write date(%q)", text)
	case schemas.Duration:
		return fmt.Sprintf("; write duration(%q)", text)
	}
	return ""
}

// in is x in list, and key in map.
func (c *checker) in(n *ast.BinaryNode, e env) value {
	l, r := c.check(n.Left, e), c.check(n.Right, e)
	if l.typ == typeBad || r.typ == typeBad {
		return value{typ: typeBad, node: l.node}
	}
	switch {
	case r.typ == typeNever: // of the elements of []: asking for one fails
		return value{typ: typeBool, node: r.node}
	case r.typ.Nullable:
		return c.report(n.Right, KindNil, "in asks for a list, and this may be nil%s", c.nilHint(n.Right))
	case r.typ.Kind == schemas.Map:
		if !c.wants(n.Left, l, typeString, "the key of a map") {
			return value{typ: typeBad, node: l.node}
		}
	case r.typ.Kind != schemas.List:
		return c.report(n.Right, KindType, "in asks for a list or a map, and this is %s", a(r.typ))
	case !c.inElements(n, l, r):
		return value{typ: typeBad, node: l.node}
	}
	c.reads.takes(l.typ)
	c.reads.takes(r.typ)
	out := value{typ: typeBool}
	if r.typ.Elem == nil || !r.typ.Elem.Nullable {
		out.yes = l.there()
	}
	out.node = c.inNode(n, l, r)
	return out
}

// inElements reports the elements of a list that is written out which the left side never equals.
func (c *checker) inElements(n *ast.BinaryNode, l, r value) bool {
	ok := true
	list, written := n.Right.(*ast.ArrayNode)
	if !written {
		if !canEqual(l.typ, r.typ.Elem) {
			if word, is := l.lit.(string); is && r.typ.Elem.Enum != nil {
				c.report(n.Left, KindEnum, "%s", noWord(word, r.typ.Elem))
				return false
			}
			c.report(n.Right, neverKind(l.typ, r.typ.Elem), "%s is never in %s", a(l.typ), a(r.typ))
			return false
		}
		return true
	}
	for i, m := range list.Nodes {
		elem := r.elems[i]
		if canEqual(l.typ, elem.typ) {
			continue
		}
		ok = false
		if word, is := elem.lit.(string); is && l.typ.Kind == schemas.String {
			c.report(m, KindEnum, "%s", noWord(word, l.typ))
		} else {
			c.report(m, neverKind(l.typ, elem.typ), "%s never equals %s", a(l.typ), a(elem.typ))
		}
	}
	return ok
}

// neverKind is the kind of problem of two types whose values are never equal: two texts have no word in common.
func neverKind(a, b *schemas.Type) string {
	if a.Kind == schemas.String && b.Kind == schemas.String {
		return KindEnum
	}
	return KindType
}

// inNode compiles a list of words that is written out into a set.
func (c *checker) inNode(n *ast.BinaryNode, l, r value) ast.Node {
	if r.typ.Kind == schemas.List && len(r.elems) > 0 {
		words := make(wordSet, 0, len(r.elems))
		for _, v := range r.elems {
			w, ok := v.lit.(string)
			if !ok {
				words = nil
				break
			}
			words = append(words, w)
		}
		if words != nil {
			return c.made(&ast.CallNode{Callee: c.typed(n, words.has), Arguments: []ast.Node{l.node}}, n, typeBool)
		}
	}
	if r.typ.Kind == schemas.List && deep(r.typ.Elem) {
		return c.helper(n, "has$", typeBool, c.running(n), l.node, r.node)
	}
	right := r.node
	if r.typ.Kind == schemas.List && r.elems == nil {
		right = c.charged(n, right)
	}
	return c.made(&ast.BinaryNode{Operator: "in", Left: l.node, Right: right}, n, typeBool)
}

// coalesce is a ?? b.
func (c *checker) coalesce(n *ast.BinaryNode, e env) value {
	c.guard(n.Left)
	l, r := c.check(n.Left, e), c.check(n.Right, e)
	if l.typ == typeBad || r.typ == typeBad {
		return value{typ: typeBad, node: l.node}
	}
	left := nonNil(l.typ)
	t, ok := join(left, r.typ)
	if !ok {
		return c.report(n.Right, KindType, "the two sides of ?? have one type: this is %s, and the other %s", a(r.typ), a(left))
	}
	out := value{typ: t}
	if r.lit == false { // x?.flag ?? false
		out.yes = l.there().and(l.yes...)
	}
	if r.lit == true {
		out.no = l.there().and(l.no...)
	}
	ln, rn := l, r
	if !same(left, t) {
		c.reads.takes(left)
		ln.node = c.helper(n, "conform$", t, c.running(n), c.constant(orNil(t)), l.node)
	}
	rn = c.finish(n.Right, r, t)
	out.node = c.made(&ast.BinaryNode{Operator: "??", Left: ln.node, Right: rn.node}, n, t)
	return out
}

// upTo is 1..n.
func (c *checker) upTo(n *ast.BinaryNode, e env) value {
	l, r := c.check(n.Left, e), c.check(n.Right, e)
	if !c.wants(n.Left, l, typeInt, "an end of ..") || !c.wants(n.Right, r, typeInt, "an end of ..") {
		return value{typ: typeBad, node: l.node}
	}
	t := schemas.ListOf(typeInt)
	return value{typ: t, node: c.helper(n, "upto$", t, c.running(n), l.node, r.node)}
}

// compare is <, <=, > and >=.
func (c *checker) compare(n *ast.BinaryNode, e env) value {
	l, r := c.check(n.Left, e), c.check(n.Right, e)
	if !c.plain(n.Left, l, n.Operator) || !c.plain(n.Right, r, n.Operator) {
		return value{typ: typeBad, node: l.node}
	}
	lk, rk := l.typ.Kind, r.typ.Kind
	switch {
	case isNumber(l.typ) && isNumber(r.typ):
	case l.typ == typeNever || r.typ == typeNever:
	case lk == rk && (lk == schemas.String || lk == schemas.Time || lk == schemas.Duration):
	default:
		at := n.Right
		if l.lit != nil && r.lit == nil {
			at = n.Left
		}
		return c.report(at, KindType, "%s compares numbers, texts, times or durations with their like, and these are %s and %s%s", n.Operator, a(l.typ), a(r.typ), textHint(l, r))
	}
	return value{typ: typeBool, node: c.made(&ast.BinaryNode{Operator: n.Operator, Left: l.node, Right: r.node}, n, typeBool)}
}

// plain reports an operand that may be nil.
func (c *checker) plain(n ast.Node, v value, operator string) bool {
	if v.typ != typeBad && v.typ.Nullable && !isAny(v.typ) {
		c.report(n, KindNil, "%s asks for a value, and this may be nil (it is %s)%s", operator, a(v.typ), c.nilHint(n))
		return false
	}
	return v.typ != typeBad
}

// textTest is contains, startsWith, endsWith and matches.
func (c *checker) textTest(n *ast.BinaryNode, e env) value {
	l, r := c.check(n.Left, e), c.check(n.Right, e)
	if l.typ != typeBad && l.typ.Kind == schemas.List && n.Operator == "contains" {
		return c.report(n.Left, KindType, "contains asks for a text, and this is %s: write x in list", a(l.typ))
	}
	left := c.wants(n.Left, l, typeString, n.Operator)
	if !c.wants(n.Right, r, typeString, n.Operator) || !left {
		return value{typ: typeBad, node: l.node}
	}
	if n.Operator == "matches" {
		pattern, ok := r.lit.(string)
		if !ok {
			return c.report(n.Right, KindLiteral, "a pattern has to be written out, so that it can be checked")
		}
		if _, err := regexp.Compile(pattern); err != nil {
			return c.report(n.Right, KindLiteral, "no pattern: %v", err)
		}
	}
	return value{typ: typeBool, node: c.made(&ast.BinaryNode{Operator: n.Operator, Left: l.node, Right: r.node}, n, typeBool)}
}

// conditional is test ? a : b, and if test { a } else { b }.
func (c *checker) conditional(n *ast.ConditionalNode, e env) value {
	test := c.condition(n.Cond, e, "a condition is wanted before ?")
	var yes value
	if n.Exp1 == n.Cond { // a ?: b
		yes = c.check(n.Cond, e.knowing(test.yes))
	} else {
		yes = c.check(n.Exp1, e.knowing(test.yes))
	}
	no := c.check(n.Exp2, e.knowing(test.no))
	if test.typ == typeBad || yes.typ == typeBad || no.typ == typeBad {
		return value{typ: typeBad, node: test.node}
	}
	t, ok := join(yes.typ, no.typ)
	if !ok {
		return c.report(n.Exp2, KindType, "both branches have one type: this is %s, and the other %s", a(no.typ), a(yes.typ))
	}
	yes, no = joined(yes, test.yes), joined(no, test.no)
	return value{
		typ: t, yes: branches(yes.yes, no.yes, yes.lit == false, no.lit == false), no: branches(yes.no, no.no, yes.lit == true, no.lit == true),
		node: c.made(&ast.ConditionalNode{Cond: test.node, Exp1: c.finish(n.Exp1, yes, t).node, Exp2: c.finish(n.Exp2, no, t).node}, n.Cond, t),
	}
}

// branches is what is known where one of two branches has an answer; never says that a branch never has it, because it is
// written out as the other one.
func branches(yes, no keys, neverYes, neverNo bool) keys {
	switch {
	case neverNo:
		return yes
	case neverYes:
		return no
	}
	return yes.either(no)
}

// joined adds to what a branch knows what its test knows.
func joined(v value, test keys) value {
	v.yes, v.no = v.yes.and(test...), v.no.and(test...)
	return v
}

// A sum says what an operator makes of two kinds, and by which function where the machine's own will not do.
type sum struct {
	left, right, result schemas.Kind
	helper              string
}

var sums = map[string][]sum{
	"+": {
		{schemas.String, schemas.String, schemas.String, "glue$"},
		{schemas.Time, schemas.Duration, schemas.Time, ""},
		{schemas.Duration, schemas.Time, schemas.Time, ""},
		{schemas.Duration, schemas.Duration, schemas.Duration, "plus$"},
	},
	"-": {
		{schemas.Time, schemas.Time, schemas.Duration, ""},
		{schemas.Time, schemas.Duration, schemas.Time, ""},
		{schemas.Duration, schemas.Duration, schemas.Duration, "minus$"},
	},
	"*": {
		{schemas.Duration, schemas.Int, schemas.Duration, "times$"},
		{schemas.Duration, schemas.Float, schemas.Duration, "times$"},
		{schemas.Int, schemas.Duration, schemas.Duration, "times$"},
		{schemas.Float, schemas.Duration, schemas.Duration, "times$"},
	},
	"/": {
		{schemas.Duration, schemas.Int, schemas.Duration, "divide$"},
		{schemas.Duration, schemas.Float, schemas.Duration, "divide$"},
		{schemas.Duration, schemas.Duration, schemas.Float, "divide$"},
	},
}

// wholeSums are the functions of the operators that make an int of two.
var wholeSums = map[string]string{"+": "plus$", "-": "minus$", "*": "product$"}

// arithmetic is + - * / % ** and ^.
func (c *checker) arithmetic(n *ast.BinaryNode, e env) value {
	l, r := c.check(n.Left, e), c.check(n.Right, e)
	left := c.plain(n.Left, l, n.Operator)
	if !c.plain(n.Right, r, n.Operator) || !left {
		return value{typ: typeBad, node: l.node}
	}
	if isNumber(l.typ) && isNumber(r.typ) {
		return c.numbers(n, l, r)
	}
	switch { // of the elements of []: asking for one fails
	case l.typ == typeNever:
		return value{typ: typeNever, node: l.node}
	case r.typ == typeNever:
		return value{typ: typeNever, node: r.node}
	}
	for _, s := range sums[n.Operator] {
		if s.left != l.typ.Kind || s.right != r.typ.Kind {
			continue
		}
		t := schemas.Of(s.result)
		switch s.helper {
		case "":
			return value{typ: t, node: c.made(&ast.BinaryNode{Operator: n.Operator, Left: l.node, Right: r.node}, n, t)}
		case "glue$":
			return value{typ: t, node: c.helper(n, s.helper, t, c.running(n), l.node, r.node)}
		}
		return value{typ: t, node: c.helper(n, s.helper, t, l.node, r.node)}
	}
	return c.noSum(n, l, r)
}

var datePattern = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)

func (c *checker) numbers(n *ast.BinaryNode, l, r value) value {
	t := typeInt
	if l.typ.Kind == schemas.Float || r.typ.Kind == schemas.Float {
		t = typeFloat
	}
	switch n.Operator {
	case "-":
		from, to := span(n)
		if written := string([]rune(c.text.src)[c.at+from : c.at+to]); datePattern.MatchString(written) {
			return c.report(n, KindLiteral, "this subtracts numbers; a date is written date(%q)", written)
		}
	case "/":
		if r.lit == 0 || r.lit == 0.0 {
			return c.report(n.Right, KindLiteral, "nothing can be divided by 0")
		}
		return value{typ: typeFloat, node: c.helper(n, "divide$", typeFloat, l.node, r.node)}
	case "%":
		switch {
		case t != typeInt:
			return c.report(n.Right, KindType, "%% asks for ints, and these are %s and %s", a(l.typ), a(r.typ))
		case r.lit == 0:
			return c.report(n.Right, KindLiteral, "nothing can be divided by 0")
		}
		return value{typ: t, node: c.helper(n, "modulo$", t, l.node, r.node)}
	case "**", "^":
		return value{typ: typeFloat, node: c.made(&ast.BinaryNode{Operator: "**", Left: l.node, Right: r.node}, n, typeFloat)}
	}
	if t == typeInt { // the machine's own would begin again at the other end
		return value{typ: t, node: c.helper(n, wholeSums[n.Operator], t, l.node, r.node)}
	}
	return value{typ: t, node: c.made(&ast.BinaryNode{Operator: n.Operator, Left: l.node, Right: r.node}, n, t)}
}

func (c *checker) noSum(n *ast.BinaryNode, l, r value) value {
	hint := ""
	switch {
	case n.Operator == "+" && l.typ.Kind == schemas.List:
		hint = "concat(a, b) joins lists"
	case n.Operator == "-" && l.typ.Kind == schemas.List:
		hint = "without(a, b) takes elements out of a list"
	case n.Operator == "+" && l.typ.Kind == schemas.String:
		hint = "string(…) makes a text of a value"
	case n.Operator == "+" && r.typ.Kind == schemas.String:
		hint = "string(…) makes a text of a value"
	case l.typ.Kind == schemas.Time || r.typ.Kind == schemas.Time:
		hint = `a time takes a duration: t + duration("1h")`
	}
	wrong := fmt.Sprintf("%s cannot be used between %s and %s", n.Operator, a(l.typ), a(r.typ))
	return c.reportAt(n.Location().From, n.Location().To, KindType, "%s", sentence(wrong, hint))
}
