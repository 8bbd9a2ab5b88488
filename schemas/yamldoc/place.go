package yamldoc

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// At finds the place in the file of a character of a scalar's text, given as line and column within the text (from 1; one
// beyond the end is allowed). It is not ok where the place cannot be known: in a folded scalar, for example.
func (n *Node) At(line, column int) (fileLine, fileColumn int, ok bool) {
	if n.Kind != Scalar || line < 1 || column < 1 {
		return 0, 0, false
	}
	if n.Style == Literal {
		return n.TextLine + line - 1, n.Indent + column, true
	}
	offset, ok := offsetOf(n.Value, line, column)
	if !ok {
		return 0, 0, false
	}
	spots := n.spots()
	if offset >= len(spots) {
		return 0, 0, false
	}
	return spots[offset].line, spots[offset].column, true
}

// offsetOf counts the characters before a line and column of a text.
func offsetOf(text string, line, column int) (int, bool) {
	lines := strings.Split(text, "\n")
	if line > len(lines) || column > utf8.RuneCountInString(lines[line-1])+1 {
		return 0, false
	}
	offset := column - 1
	for _, l := range lines[:line-1] {
		offset += utf8.RuneCountInString(l) + 1
	}
	return offset, true
}

// maxReread is how long a scalar may be, in bytes, for the places of its characters to be looked for.
const maxReread = 64 << 10

type spot struct{ line, column int }

// spots gives the place of each character of a flow scalar's text and of its end; nil where it cannot be told.
// It reads the scalar again, and believes what it read only if that is what YAML read.
func (n *Node) spots() []spot {
	if n.Style == Folded || len(n.Value) > maxReread {
		return nil
	}
	r := reread{n: n, line: n.Line, rest: []rune(n.src.line(n.Line)), column: n.Column}
	if r.column-1 > len(r.rest) {
		return nil
	}
	r.onLine(r.rest[r.column-1:])
	for r.more() {
		if !r.next() {
			return nil
		}
	}
	if r.value.String() != n.Value {
		return nil
	}
	return append(r.spots, r.here())
}

// A reread goes through the text of a flow scalar once more.
type reread struct {
	n      *Node
	line   int
	column int
	rest   []rune // of the line
	solid  int    // how many characters of rest come before the blanks at the end of the line
	value  strings.Builder
	spots  []spot
	opened bool
}

func (r *reread) here() spot { return spot{r.line, r.column} }

// more says whether the scalar's text has not been read whole. Its quote is skipped first.
func (r *reread) more() bool {
	if !r.opened && r.n.Style != Plain {
		r.skip(1)
	}
	r.opened = true
	return r.value.Len() < len(r.n.Value) && r.line <= len(r.n.src.lines)
}

func (r *reread) skip(k int) {
	k = min(k, len(r.rest))
	r.rest, r.column, r.solid = r.rest[k:], r.column+k, r.solid-k
}

func (r *reread) onLine(rest []rune) {
	r.rest, r.solid = rest, len(rest)
	for r.solid > 0 && (rest[r.solid-1] == ' ' || rest[r.solid-1] == '\t') {
		r.solid--
	}
}

func (r *reread) give(c rune, skip int) {
	r.spots = append(r.spots, r.here())
	r.value.WriteRune(c)
	r.skip(skip)
}

// next reads one character of the text, or one break of lines. It is false where it does not know how.
func (r *reread) next() bool {
	if r.solid <= 0 {
		return r.fold()
	}
	c := r.rest[0]
	switch {
	case r.n.Style == Single && c == '\'':
		r.give('\'', 2)
	case r.n.Style == Double && c == '\\':
		return r.escape()
	default:
		r.give(c, 1)
	}
	return true
}

// fold reads the end of a line: one break is a blank, more are one less.
func (r *reread) fold() bool {
	r.spotBreak(' ')
	blanks := 0
	for {
		r.line++
		if r.line > len(r.n.src.lines) {
			return false
		}
		line := []rune(r.n.src.line(r.line))
		start := 0
		for start < len(line) && (line[start] == ' ' || line[start] == '\t') {
			start++
		}
		r.onLine(line[start:])
		r.column = start + 1
		if len(r.rest) > 0 {
			break
		}
		blanks++
	}
	if blanks > 0 { // the blank that stands for the break becomes the first of the line ends
		s := r.value.String()
		r.value.Reset()
		r.value.WriteString(s[:len(s)-1] + strings.Repeat("\n", blanks))
		for range blanks - 1 {
			r.spots = append(r.spots, r.here())
		}
	}
	return true
}

func (r *reread) spotBreak(c rune) {
	r.spots = append(r.spots, r.here())
	r.value.WriteRune(c)
}

var escapes = map[rune]rune{'0': 0, 'a': 7, 'b': 8, 't': '\t', '\t': '\t', 'n': '\n', 'v': 11, 'f': 12, 'r': '\r', 'e': 27, ' ': ' ', '"': '"', '/': '/',
	'\\': '\\', 'N': 0x85, '_': 0xa0, 'L': 0x2028, 'P': 0x2029}

// escape reads a backslash and what follows it. An escaped end of line is not read.
func (r *reread) escape() bool {
	if len(r.rest) < 2 {
		return false
	}
	if c, ok := escapes[r.rest[1]]; ok {
		r.give(c, 2)
		return true
	}
	digits := map[rune]int{'x': 2, 'u': 4, 'U': 8}[r.rest[1]]
	if digits == 0 || len(r.rest) < 2+digits {
		return false
	}
	c, err := strconv.ParseUint(string(r.rest[2:2+digits]), 16, 31)
	if err != nil {
		return false
	}
	r.give(rune(c), 2+digits)
	return true
}

// span returns the rest of the scalar's first line, and where in it the scalar ends (0 where it cannot be told).
func (n *Node) span() (rest []rune, end int) {
	line := []rune(n.src.line(n.Line))
	if n.Column-1 > len(line) {
		return nil, 0
	}
	rest = line[n.Column-1:]
	spots := n.spots()
	if spots == nil {
		return rest, 0
	}
	last := spots[len(spots)-1]
	if last.line != n.Line {
		return rest, len(rest)
	}
	end = last.column - n.Column
	if n.Style != Plain {
		end++
	}
	return rest, min(end, len(rest))
}

// restOfLine is the file's text from the node's start to the end of the line.
func (n *Node) restOfLine() string {
	line := []rune(n.src.line(n.Line))
	if n.Column-1 > len(line) {
		return ""
	}
	return strings.TrimRight(string(line[n.Column-1:]), " \t")
}
