package rules

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

// Bounds of what may be written.
const (
	maxText       = 16 << 10 // characters of one expression, or of one text with its expressions
	maxDepth      = 250      // operators, brackets and calls within one another
	maxPredicates = 6        // predicates within one another, those of the rules that are called included
	maxSize       = 20_000   // nodes, those of the rules that are called included
	maxMembers    = 2_000    // of an object, those of its members included
)

// A piece is an expression that has been read: a tree, and where in which text it stands.
type piece struct {
	text *text
	at   int // the place of its first character in the text
	node ast.Node
}

// read reads the expression src that stands at character at of the text. It returns a problem or a piece.
func read(t *text, at int, src string) (*piece, *Problem) {
	if n := utf8.RuneCountInString(src); n > maxText {
		p := t.problem(at, at, KindBound, fmt.Sprintf("an expression of %d characters: %d is the most; split it into rules or lets", n, maxText))
		return nil, &p
	}
	if !utf8.ValidString(src) {
		p := t.problem(at, at, KindSyntax, "the expression is no valid UTF-8")
		return nil, &p
	}
	if strings.TrimSpace(src) == "" {
		p := t.problem(at, at, KindSyntax, "an expression is wanted, and this is empty")
		return nil, &p
	}
	if deep := bracketsIn([]rune(src)).tooDeep; deep >= 0 {
		p := t.problem(at+deep, at+deep+1, KindBound, fmt.Sprintf("brackets within one another more than %d deep: split it into rules or lets", maxDepth))
		return nil, &p
	}
	tree, err := parser.ParseWithConfig(src, nil)
	if err == nil {
		return &piece{text: t, at: at, node: tree.Node}, nil
	}
	var fe *file.Error
	if !errors.As(err, &fe) {
		p := t.problem(at, at, KindSyntax, err.Error())
		return nil, &p
	}
	from := min(fe.From, utf8.RuneCountInString(src))
	if m := numberPattern.FindStringSubmatch(fe.Message); m != nil { // expr points at the last character
		p := t.problem(at+max(0, from+1-len(m[1])), at+from+1, KindLiteral, "the number "+m[1]+" is too large")
		return nil, &p
	}
	p := t.problem(at+from, at+max(fe.To, from), KindSyntax, syntaxMessage(fe.Message))
	return nil, &p
}

var numberPattern = regexp.MustCompile(`^invalid .* literal: .*"(.*)": value out of range$`)

// syntaxMessage says in our words what expr's parser says in its own, and what would have been right.
func syntaxMessage(m string) string {
	if token, ok := strings.CutPrefix(m, "unexpected token "); ok {
		return unexpected(token)
	}
	switch {
	case m == "unexpected end of expression":
		return unexpected("EOF")
	case m == "literal not terminated":
		return "a text in quotes is not closed on its line"
	case m == "unclosed comment":
		return "a comment is not closed: */ is missing"
	case strings.HasPrefix(m, "expected at least"):
		return "an argument is missing: a list and what to do with each of its elements, as in any(jobs, .tier == 1)"
	case strings.Contains(m, "coalesce expressions"):
		return "?? beside another operator needs parentheses: (a ?? b) && c"
	case strings.Contains(m, "maximum allowed nodes"):
		return "the expression is too large: split it into rules or lets"
	case m == "expected name":
		return "the name of a member is wanted after the dot"
	}
	return m
}

// unexpected reads a token as expr writes it: Operator("="), EOF.
func unexpected(token string) string {
	kind, value, _ := strings.Cut(token, "(")
	value = strings.TrimSuffix(strings.TrimPrefix(value, `"`), `")`)
	switch {
	case kind == "EOF":
		return "the expression ends too early: something is missing at its end"
	case value == "=":
		return "a single = does not compare: == does"
	case value == "&":
		return "a single & means nothing: && does"
	case value == "#" || value == ".":
		return value + " stands for the element that a predicate looks at, as in filter(jobs, .tier == 1): there is none here"
	case value == ":":
		return "unexpected :; an object in a predicate goes into parentheses, as in map(jobs, ({id: .id}))"
	case kind == "Identifier":
		return fmt.Sprintf("unexpected %s: an operator is missing before it", value)
	case kind == "String":
		return fmt.Sprintf("unexpected text %q: an operator is missing before it", value)
	}
	return "unexpected " + value
}

// span is where a node stands: from its first to after its last token, brackets at its ends not counted.
func span(n ast.Node) (from, to int) {
	from, to = n.Location().From, n.Location().To
	if c, ok := n.(*ast.ConditionalNode); ok { // expr gives these the place of what follows
		from, _ = span(c.Cond)
		_, to = span(c.Exp2)
		return from, to
	}
	for _, c := range children(n) {
		f, t := span(c)
		from, to = min(from, f), max(to, t)
	}
	return from, to
}

// children lists the nodes directly below, in the order of the text.
func children(n ast.Node) []ast.Node {
	switch n := n.(type) {
	case *ast.UnaryNode:
		return []ast.Node{n.Node}
	case *ast.BinaryNode:
		return []ast.Node{n.Left, n.Right}
	case *ast.ChainNode:
		return []ast.Node{n.Node}
	case *ast.MemberNode:
		return []ast.Node{n.Node, n.Property}
	case *ast.SliceNode:
		out := []ast.Node{n.Node}
		for _, c := range []ast.Node{n.From, n.To} {
			if c != nil {
				out = append(out, c)
			}
		}
		return out
	case *ast.CallNode:
		return append([]ast.Node{n.Callee}, n.Arguments...)
	case *ast.BuiltinNode:
		return n.Arguments
	case *ast.PredicateNode:
		return []ast.Node{n.Node}
	case *ast.ConditionalNode:
		return []ast.Node{n.Cond, n.Exp1, n.Exp2}
	case *ast.VariableDeclaratorNode:
		return []ast.Node{n.Value, n.Expr}
	case *ast.SequenceNode:
		return n.Nodes
	case *ast.ArrayNode:
		return n.Nodes
	case *ast.MapNode:
		return n.Pairs
	case *ast.PairNode:
		return []ast.Node{n.Key, n.Value}
	}
	return nil
}
