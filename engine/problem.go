package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// A Problem is a mistake in a workflow or in a file of rules.
type Problem struct {
	yamldoc.Problem
	Called []CalledFrom `json:"called,omitempty"` // for a mistake inside a rule: the calls that led there, the innermost first
}

// CalledFrom is a call of a rule.
type CalledFrom struct {
	Rule   string `json:"rule"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Source string `json:"source"` // the line
}

// Show is the problem on one line, then the source line with a caret, then from where its rule was called.
func (p Problem) Show() string {
	var b strings.Builder
	b.WriteString(p.Problem.Show())
	for _, f := range p.Called {
		fmt.Fprintf(&b, "\n  %s was called from %s:%d:%d\n%s", f.Rule, f.File, f.Line, f.Column, yamldoc.Excerpt(f.Source, f.Column, len(f.Rule)))
	}
	return b.String()
}

// ShowAll shows problems one after the other, with a line end after each.
func ShowAll(list []Problem) string {
	var b strings.Builder
	for _, p := range list {
		b.WriteString(p.Show())
		b.WriteByte('\n')
	}
	return b.String()
}

// sorted puts problems in the order of file and place, those of the entry's own file first, and drops what is there twice.
func sorted(list []Problem, entry string) []Problem {
	slices.SortStableFunc(list, func(a, b Problem) int {
		if (a.File == entry) != (b.File == entry) {
			if a.File == entry {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(list, func(a, b Problem) bool {
		return a.Problem == b.Problem && slices.Equal(a.Called, b.Called)
	})
}

// fromRules places a problem of package rules: in the text at, or in the rule whose snippet has an origin.
func fromRules(at *yamldoc.Node, p rules.Problem) Problem {
	out := Problem{Problem: spotIn(origin(at, p.Origin), p.Line, p.Column, p.Length, p.Kind, p.Message)}
	for _, f := range p.Called {
		spot := spotIn(origin(at, f.Origin), f.Line, f.Column, 1, "", "")
		out.Called = append(out.Called, CalledFrom{Rule: f.Rule, File: spot.File, Line: spot.Line, Column: spot.Column, Source: spot.Source})
	}
	return out
}

func origin(at *yamldoc.Node, handle any) *yamldoc.Node {
	if n, ok := handle.(*yamldoc.Node); ok && n != nil {
		return n
	}
	return at
}

func spotIn(n *yamldoc.Node, line, column, length int, kind, message string) yamldoc.Problem {
	if line == 0 {
		return n.Problem(kind, message)
	}
	return n.ProblemAt(line, column, max(length, 1), kind, message)
}

func placeOf(n *yamldoc.Node) Place {
	return Place{File: n.File(), Line: n.Line, Column: n.Column}
}
