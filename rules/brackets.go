package rules

// Brackets are no nodes of a tree, and so the place of a node lacks those at its ends: whoever reads f(a) under a caret wants to see
// the last one too.

var closedBy = map[rune]rune{'(': ')', '[': ']', '{': '}'}

var openedBy = map[rune]rune{')': '(', ']': '[', '}': '{'}

// brackets are those of a part of an expression.
type brackets struct {
	open     []rune // opened and not closed in it, in order
	unopened []rune // closed and not opened in it, in order
	tooDeep  int    // where the first stands that lies within more than maxDepth others; -1 where none does
}

// bracketsIn reads them, and passes over what stands in quotes. In comments it may be wrong.
func bracketsIn(part []rune) brackets {
	b := brackets{tooDeep: -1}
	for i := 0; i < len(part); i++ {
		switch r := part[i]; {
		case r == '"' || r == '\'' || r == '`':
			i = endOfQuote(part, i)
		case closedBy[r] != 0:
			b.open = append(b.open, r)
			if len(b.open) > maxDepth && b.tooDeep < 0 {
				b.tooDeep = i
			}
		case openedBy[r] != 0 && len(b.open) > 0:
			b.open = b.open[:len(b.open)-1]
		case openedBy[r] != 0:
			b.unopened = append(b.unopened, r)
		}
	}
	return b
}

// endOfQuote is where the quoted text ends that starts at i.
func endOfQuote(part []rune, i int) int {
	quote := part[i]
	for i++; i < len(part) && part[i] != quote; i++ {
		if part[i] == '\\' && quote != '`' {
			i++
		}
	}
	return i
}

// bracketed widens a part of the text, from a character to before another, by the brackets that are missing at its ends.
func (t *text) bracketed(from, to int) (int, int) {
	src := []rune(t.src)
	if from < 0 || to > len(src) || from >= to {
		return from, to
	}
	b := bracketsIn(src[from:to])
	start, end := from, to
	for i := len(b.open) - 1; i >= 0; i-- {
		for end < len(src) && isSpace(src[end]) {
			end++
		}
		if end == len(src) || src[end] != closedBy[b.open[i]] {
			return from, to
		}
		end++
	}
	for _, r := range b.unopened {
		for start > 0 && isSpace(src[start-1]) {
			start--
		}
		if start == 0 || src[start-1] != openedBy[r] {
			return from, to
		}
		start--
	}
	return start, end
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' }
