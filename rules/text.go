package rules

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"
	"github.com/mozci/mozci-run/schemas"
)

// A textPart is a part of a text with ${{ }}: what is between, or an expression.
type textPart struct {
	plain string
	piece *piece // nil where it is plain
	end   int    // of a piece: where the text goes on behind its }}, in characters
}

const opening = "${{"

var nearlyOpening = regexp.MustCompile(`\$[ \t]+\{\{|\$\{[ \t]+\{`)

// readText takes a text apart.
func readText(t *text) ([]textPart, []Problem) {
	var parts []textPart
	var problems []Problem
	rest, at := t.src, 0 // at counts characters
	if n := utf8.RuneCountInString(t.src); n > maxText*4 {
		return nil, []Problem{t.problem(0, 0, KindBound, fmt.Sprintf("a text of %d characters: %d is the most", n, maxText*4))}
	}
	for {
		i := strings.Index(rest, opening)
		plain := rest
		if i >= 0 {
			plain = rest[:i]
		}
		if m := nearlyOpening.FindStringIndex(plain); m != nil {
			from := at + utf8.RuneCountInString(plain[:m[0]])
			problems = append(problems, t.problem(from, from+m[1]-m[0], KindTextSyntax, "${{ is written without a space"))
		}
		if plain != "" {
			parts = append(parts, textPart{plain: plain})
		}
		if i < 0 {
			return parts, append(problems, stray(t, parts)...)
		}
		at += utf8.RuneCountInString(plain)
		src := rest[i+len(opening):]
		end, p := closing(t, at, src)
		if p != nil {
			return nil, append(problems, *p)
		}
		inner := string([]rune(src)[:end])
		if strings.TrimSpace(inner) == "" {
			problems = append(problems, t.problem(at, at+len(opening)+end+2, KindTextSyntax, "${{ }} is empty: an expression is wanted between"))
		} else if within := strings.Index(inner, opening); within >= 0 && !strings.ContainsAny(inner[:within], "\"'`") {
			from := at + len(opening) + utf8.RuneCountInString(inner[:within])
			problems = append(problems, t.problem(from, from+len(opening), KindTextSyntax, "${{ }} cannot stand within another: leave out the inner one"))
		} else if piece, p := read(t, at+len(opening), inner); p != nil {
			problems = append(problems, *p)
		} else {
			parts = append(parts, textPart{piece: piece, end: at + len(opening) + end + 2})
		}
		at += len(opening) + end + 2
		rest = src[len(inner)+2:]
	}
}

// stray reports a } right behind an expression that closes nothing in the text around it.
func stray(t *text, parts []textPart) []Problem {
	open := 0
	for i, part := range parts {
		for j, r := range part.plain {
			switch {
			case r == '{':
				open++
			case r == '}' && open > 0:
				open--
			case r == '}' && j == 0 && i > 0:
				from := parts[i-1].end
				return []Problem{t.problem(from, from+1, KindTextSyntax, "there is a } too many behind the expression")}
			}
		}
	}
	return nil
}

// StrayEnd is the place, in characters, of a }} in a text without expressions that closes nothing in it; -1 where there is none.
func StrayEnd(text string) int {
	open, at, last := 0, 0, rune(0)
	for _, r := range text {
		switch {
		case r == '{':
			open++
		case r == '}' && open > 0:
			open--
		case r == '}' && last == '}':
			return at - 1
		}
		last = r
		at++
	}
	return -1
}

// closing finds the }} that ends an expression: one within a text in quotes, or that closes an object, is none.
// The place is counted in characters of src.
func closing(t *text, at int, src string) (int, *Problem) {
	l := lexer.New()
	l.Reset(file.NewSource(src))
	var open []string
	var last lexer.Token
	for {
		token, err := l.Next()
		if err != nil || token.Is(lexer.EOF) {
			var fe *file.Error
			if errors.As(err, &fe) {
				from := at + len(opening) + fe.From
				p := t.problem(from, from+1, KindSyntax, syntaxMessage(fe.Message))
				return 0, &p
			}
			p := t.problem(at, at+len(opening), KindTextSyntax, "${{ is not closed: }} is missing")
			return 0, &p
		}
		if token.Is(lexer.Bracket) {
			switch token.Value {
			case "(", "[", "{":
				open = append(open, token.Value)
			case "}":
				if n := len(open); n > 0 && open[n-1] == "{" {
					open = open[:n-1]
					token = lexer.Token{} // ends an object: no half of }}
				} else if last.Is(lexer.Bracket, "}") && last.To == token.From {
					return last.From, nil
				}
			default:
				if n := len(open); n > 0 {
					open = open[:n-1]
				}
			}
		}
		last = token
	}
}

// textValue checks a text with ${{ }}. One that is a single ${{ }} keeps the expression's type.
func (c *checker) textValue(t *text, parts []textPart, e env) value {
	if len(parts) == 0 {
		return c.check(&ast.StringNode{}, e)
	}
	if len(parts) == 1 {
		if p := parts[0].piece; p != nil {
			return c.checkPiece(p, func() value { return c.check(p.node, e) })
		}
		return c.check(&ast.StringNode{Value: parts[0].plain}, e)
	}
	nodes := []ast.Node{c.running(nil)}
	ok := true
	for _, part := range parts {
		if part.piece == nil {
			nodes = append(nodes, c.made(&ast.StringNode{Value: part.plain}, nil, typeString))
			continue
		}
		c.checkPiece(part.piece, func() value {
			v := c.check(part.piece.node, e)
			ok = c.writable(part.piece.node, v) && ok
			nodes = append(nodes, v.node)
			return v
		})
	}
	if !ok {
		return value{typ: typeBad, node: nodes[0]}
	}
	return value{typ: typeString, node: c.helper(nil, "text$", typeString, nodes...)}
}

// writable reports a value that cannot stand within other text.
func (c *checker) writable(n ast.Node, v value) bool {
	t := v.typ
	if t.Kind == schemas.List && !t.Nullable {
		t = t.Elem
	}
	switch {
	case v.typ == typeBad:
		return false
	case isAny(t):
		c.report(n, KindType, "a value of any type cannot stand within other text: string(…) writes it")
	case t.Nullable:
		c.report(n, KindNil, "this may be nil (it is %s), and a text needs something to write%s", a(v.typ), c.nilHint(n))
	case t.Kind == schemas.Object || t.Kind == schemas.Map || t.Kind == schemas.List:
		c.report(n, KindType, "%s cannot stand within other text: name a member of it, or write string(…)", a(v.typ))
	default:
		return true
	}
	return false
}
