package rules

import (
	"slices"
	"strings"

	"github.com/mozci/mozci-run/schemas"
)

// A Problem is a mistake in a text, at a place in it.
type Problem struct {
	Line, Column int    // from 1, within the text; columns count characters
	Length       int    // how many characters are meant; 0 where only a point is
	Message      string // what is wrong, and what would have been right
	Kind         string // one of the kinds below: a short stable word
	Origin       any    // the handle of the text that it is in, as given in a Snippet; nil where it is the text being compiled
	Called       []Frame
}

// The kinds of problems.
const (
	KindSyntax      = "expr-syntax"      // cannot be read
	KindTextSyntax  = "text-syntax"      // ${{ }} cannot be read
	KindName        = "unknown-name"     // nothing of that name here
	KindMember      = "unknown-member"   // the object has no such member
	KindFunction    = "unknown-function" // neither a function nor a rule
	KindForbidden   = "not-allowed"      // expr has it, and workflows do not
	KindType        = "wrong-type"       // a value of another type is wanted
	KindNil         = "possible-nil"     // may be nil, where nil will not do
	KindEnum        = "enum"             // a word that the vocabulary lacks
	KindArguments   = "arguments"        // too many or too few
	KindLiteral     = "literal"          // a date, duration, pattern or number that is none
	KindBound       = "too-large"        // too long, too deep, or too many predicates within one another
	KindDuplicate   = "duplicate-name"   // the name is taken
	KindUnknownType = "unknown-type"     // a parameter's type is none
	KindCircle      = "rule-circle"      // a rule that reaches itself
	KindUnreachable = "unreachable-row"  // a row of a table that never holds
	KindRule        = "rule"             // a rule that is not put together as one
)

// A Frame says from where a rule was called.
type Frame struct {
	Rule         string // the rule that was called
	Origin       any    // the text with the call; nil for the text being compiled
	Line, Column int
}

// A text is what was written, and where its characters stand among those of all texts that make up one program:
// its first character is number base, and expr's locations, which count characters from 0, are shifted by that.
type text struct {
	src    string
	origin any
	base   int
}

// lineColumn counts from 1.
func (t *text) lineColumn(offset int) (line, column int) {
	line, column = 1, 1
	for _, r := range t.src {
		if offset == 0 {
			break
		}
		offset--
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
	}
	return line, column
}

// problem reports a mistake at characters [from, to) of the text, counted from its first.
func (t *text) problem(from, to int, kind, message string) Problem {
	line, column := t.lineColumn(from)
	return Problem{Line: line, Column: column, Length: max(0, to-from), Kind: kind, Message: message, Origin: t.origin}
}

// inOrder sorts the problems of one text by place, and drops what was found twice.
func inOrder(list []Problem) []Problem {
	slices.SortStableFunc(list, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return distinct(list)
}

// distinct drops what was found twice: an expression such as 1 < x < 3 holds its x two times.
func distinct(list []Problem) []Problem {
	var out []Problem
	for _, p := range list {
		same := func(q Problem) bool {
			return p.Line == q.Line && p.Column == q.Column && p.Kind == q.Kind && p.Message == q.Message && p.Origin == q.Origin
		}
		if !slices.ContainsFunc(out, same) {
			out = append(out, p)
		}
	}
	return out
}

// sentence joins what is wrong with what would have been right.
func sentence(wrong, right string) string {
	if right == "" {
		return wrong
	}
	return wrong + ": " + right
}

// listed writes words for a person: a, b, c and 12 more.
func listed(words []string) string {
	const most = 12
	if len(words) > most+1 {
		words = append(slices.Clone(words[:most]), "…")
	}
	return strings.Join(words, ", ")
}

// meant says what a misspelt word most probably means, or what there is.
func meant(word string, candidates []string) string {
	if near := schemas.Nearest(word, candidates); near != "" {
		return "did you mean " + near + "?"
	}
	if len(candidates) == 0 {
		return ""
	}
	return "there are " + listed(candidates)
}
