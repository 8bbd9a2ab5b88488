package engine

import (
	"strings"
	"unicode"

	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// names lists what look like names in an expression: identifiers that are no member of something and stand in no string. Types have to
// be known before an expression is compiled, and so the order in which steps are checked is found with these. What looks like a name and
// is none costs nothing but that order.
func namesIn(expr string) []string {
	var out []string
	r := []rune(expr)
	member := false
	for i := 0; i < len(r); {
		c := r[i]
		switch {
		case c == '"' || c == '\'' || c == '`':
			i = closing(r, i)
			member = false
		case c == '_' || unicode.IsLetter(c):
			start := i
			for i < len(r) && (r[i] == '_' || unicode.IsLetter(r[i]) || unicode.IsDigit(r[i])) {
				i++
			}
			if !member {
				out = append(out, string(r[start:i]))
			}
			member = false
		case c == '.':
			member = true
			i++
		case unicode.IsSpace(c):
			i++
		default:
			member = false
			i++
		}
	}
	return out
}

// closing is where the text after a quoted string goes on.
func closing(r []rune, i int) int {
	quote := r[i]
	for i++; i < len(r); i++ {
		switch {
		case r[i] == '\\' && quote != '`':
			i++
		case r[i] == quote:
			return i + 1
		}
	}
	return len(r)
}

// namesInText is namesIn for what stands between ${{ and }}.
func namesInText(text string) []string {
	var out []string
	for {
		_, rest, ok := strings.Cut(text, "${{")
		if !ok {
			return out
		}
		expr, after, _ := strings.Cut(rest, "}}")
		out = append(out, namesIn(expr)...)
		text = after
	}
}

// namesInValue is namesInText for every text in a node.
func namesInValue(n *yamldoc.Node) []string {
	if n == nil {
		return nil
	}
	var out []string
	if n.Kind == yamldoc.Scalar {
		return namesInText(n.Value)
	}
	for _, i := range n.Items {
		out = append(out, namesInValue(i)...)
	}
	for _, e := range n.Entries {
		out = append(out, namesInValue(e.Value)...)
	}
	return out
}

// reads lists what look like names in a step, those of its inner steps included.
func (s *stepDef) reads() []string {
	var out []string
	for _, n := range []*yamldoc.Node{s.cond, s.let, s.foreach, s.until, s.require, s.repeatUntil} {
		if n != nil {
			out = append(out, namesIn(n.Value)...)
		}
	}
	for _, n := range []*yamldoc.Node{s.with, s.message, s.approve} {
		out = append(out, namesInValue(n)...)
	}
	for _, inner := range s.steps {
		out = append(out, inner.reads()...)
	}
	return out
}
