package yamldoc

import (
	"regexp"
	"strings"
)

// Quote writes text as a YAML scalar of one line that stands for exactly this text.
func Quote(text string) string {
	if strings.ContainsAny(text, "\n\r\t\u0085\u2028\u2029\uFEFF") || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return doubleQuote(text)
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

func doubleQuote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\t':
			b.WriteString(`\t`)
		case '\r':
			b.WriteString(`\r`)
		case '\u0085':
			b.WriteString(`\N`)
		case '\u2028':
			b.WriteString(`\L`)
		case '\u2029':
			b.WriteString(`\P`)
		case '\uFEFF':
			b.WriteString(`\uFEFF`)
		default:
			if r < ' ' || r == 0x7f {
				b.WriteString(`\x` + string("0123456789abcdef"[r>>4]) + string("0123456789abcdef"[r&15]))
				continue
			}
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Misread says what YAML made of a value that was meant to be one line of text, such as an expression, and how to write
// it; "" where it read what was written. It finds a ` #` that became a comment, and { }, [ ], - and ? that became maps and lists.
// (What became a tag, an alias or a mistake of syntax is found by Parse.)
func (n *Node) Misread() string {
	raw := n.restOfLine()
	switch {
	case n.Kind == List && n.Flow:
		return "YAML takes [ ] for a list of its own; quote the text: " + Quote(raw[:flowEnd(raw)])
	case n.Kind == Map && n.Flow:
		return "YAML takes { } for a map of its own; quote the text: " + Quote(raw[:flowEnd(raw)])
	case n.Kind == Scalar && n.Style == Plain && n.Comment() != "":
		return "YAML takes everything from ` #` on for a comment; quote the text: " + Quote(raw)
	case n.Kind == List:
		return "YAML takes - at the start for a list; quote the text: " + Quote(raw)
	case n.Kind == Map && strings.Contains(raw, ": "):
		return "YAML takes what is before `: ` for a key; quote the text: " + Quote(raw)
	}
	return ""
}

var commentAfter = regexp.MustCompile(`^[ \t]+(#.*)$`)

// Comment is the comment that follows a scalar on its last line, with its #; "" where there is none.
func (n *Node) Comment() string {
	if n.Kind != Scalar || n.Style == Literal || n.Style == Folded {
		return ""
	}
	spots := n.spots()
	if spots == nil {
		return ""
	}
	last := spots[len(spots)-1]
	line := []rune(n.src.line(last.line))
	from := last.column - 1
	if n.Style != Plain {
		from++
	}
	if from > len(line) {
		return ""
	}
	if m := commentAfter.FindStringSubmatch(string(line[from:])); m != nil {
		return m[1]
	}
	return ""
}
