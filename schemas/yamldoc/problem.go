package yamldoc

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/width"
)

// A Problem is a mistake at a place in a file.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`    // from 1
	Column  int    `json:"column"`  // from 1, in characters
	Length  int    `json:"length"`  // how many characters are meant, at least 1
	Message string `json:"message"` // what is wrong, and what would have been right
	Kind    string `json:"kind"`    // a short stable word: yaml-syntax, duplicate-key, unknown-key, wrong-type, …
	Source  string `json:"source"`  // the line
}

// Error is the problem on one line: file:line:column: message [kind].
func (p Problem) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s [%s]", p.File, p.Line, p.Column, p.Message, p.Kind)
}

// Show is the problem, then the line and a caret under it.
func (p Problem) Show() string {
	return p.Error() + "\n" + Excerpt(p.Source, p.Column, p.Length)
}

// Sort puts problems in the order of file and place, and drops those that are there twice.
func Sort(list []Problem) []Problem {
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(list)
}

// AsError joins problems into one error that shows each of them; nil where there are none.
func AsError(list []Problem) error {
	if len(list) == 0 {
		return nil
	}
	shown := make([]string, len(list))
	for i, p := range list {
		shown[i] = p.Show()
	}
	return errors.New(strings.Join(shown, "\n"))
}

// excerptWidth is how many columns of a terminal an excerpt takes at most.
const excerptWidth = 100

// excerptReach is how many characters around the caret are looked at: a line may have millions.
const excerptReach = 4 * excerptWidth

// Excerpt is a line with a caret under length characters from column (from 1). Tabs become spaces, wide characters are counted as
// two columns, and of a long line the part around the caret is shown. It is indented by four spaces and has no line end after it.
func Excerpt(line string, column, length int) string {
	runes := []rune(line)
	from := min(max(column-1, 0), len(runes))
	upto := min(from+min(max(length, 1), excerptReach), max(len(runes), from+1))
	lead := min(max(excerptWidth-20-columns(runes[from:min(upto, len(runes))]), 20), excerptWidth-20) // what is seen before the caret
	first := max(0, from-excerptReach)
	for columns(runes[first:from]) > lead {
		first++
	}
	last := min(len(runes), upto+excerptReach)
	for last > from+1 && columns(runes[first:last]) > excerptWidth {
		last--
	}
	upto = max(min(upto, last), from+1)
	head, tail := "", ""
	if first > 0 {
		head = "…"
	}
	if last < len(runes) {
		tail = "…"
	}
	shown := head + printable(runes[first:last]) + tail
	pad := columns([]rune(head)) + columns(runes[first:from])
	carets := max(columns(runes[from:min(upto, len(runes))]), 1)
	return "    " + strings.TrimRight(shown, " ") + "\n    " + strings.Repeat(" ", pad) + strings.Repeat("^", carets)
}

func printable(runes []rune) string {
	var b strings.Builder
	for _, r := range runes {
		switch {
		case r == '\t':
			b.WriteByte(' ')
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\uFEFF' || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069':
			b.WriteRune('\uFFFD')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// columns is how many columns of a terminal the characters take.
func columns(runes []rune) int {
	n := 0
	for _, r := range runes {
		switch k := width.LookupRune(r).Kind(); {
		case k == width.EastAsianWide || k == width.EastAsianFullwidth:
			n += 2
		case combining(r):
		default:
			n++
		}
	}
	return n
}
