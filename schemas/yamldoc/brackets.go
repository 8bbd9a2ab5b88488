package yamldoc

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// A bracket is a { or [ that YAML reads as its own, and its place.
type bracket struct {
	sign         rune
	line, column int
}

var (
	flowStart = regexp.MustCompile(`^\s*(?:- +)*(?:[\w-]+:[ \t]+)?([{\[])`)
	closers   = map[rune]rune{'{': '}', '[': ']'}
)

// flowReach is how many lines above a mistake an open bracket is looked for.
const flowReach = 50

// openAt lists the brackets that are open at the end of a line, the outermost first, those of the nearest value that has any.
// wrong is one that another's sign was to close; nil where there is none.
func (s *source) openAt(line int) (open []bracket, wrong *bracket) {
	for start := line; start > max(0, line-flowReach); start-- {
		if m := flowStart.FindStringSubmatchIndex(s.line(start)); m != nil {
			if open, wrong := s.openFrom(start, m[2], line); len(open) > 0 || wrong != nil {
				return open, wrong
			}
		}
	}
	return nil, nil
}

// openFrom is openAt for the value that starts at a byte of a line.
func (s *source) openFrom(start, from, end int) (open []bracket, wrong *bracket) {
	var quote rune
	for n := start; n <= end; n++ {
		text := s.line(n)
		column := utf8.RuneCountInString(text[:from])
		last := ' '
		for _, r := range text[from:] {
			column++
			if quote == 0 && r == '#' && strings.ContainsRune(" \t", last) {
				break
			}
			switch {
			case quote != 0:
				if r == quote && last != '\\' {
					quote = 0
				}
			case strings.ContainsRune(`"'`, r) && strings.ContainsRune(" \t,:[{", last):
				quote = r
			case closers[r] != 0:
				open = append(open, bracket{r, n, column})
			case r == '}' || r == ']':
				top := open[len(open)-1]
				if closers[top.sign] != r {
					return nil, &top
				}
				if open = open[:len(open)-1]; len(open) == 0 {
					return nil, nil
				}
			}
			last = r
		}
		from = 0
	}
	return open, nil
}

// unclosed finds the bracket that nothing closes, where a mistake on a line is of that kind.
func (s *source) unclosed(line int, message string) *Problem {
	if !strings.HasPrefix(message, "did not find expected ',' or") {
		return nil
	}
	open, wrong := s.openAt(line)
	if wrong == nil && len(open) == 0 {
		open, wrong = s.openAt(line - 1)
	}
	if wrong == nil {
		if len(open) == 0 {
			return nil
		}
		wrong = &open[len(open)-1]
	}
	p := s.problem(wrong.line, wrong.column, "yaml-syntax", fmt.Sprintf("this %c is not closed: %c is missing", wrong.sign, closers[wrong.sign]))
	return &p
}

var questionPattern = regexp.MustCompile(`[^\s,:{}\[\]"'][^,:{}\[\]"']*\?[^,:{}\[\]"']*`)

// questioned finds a ? at a mistake within { } or [ ], where it ends a text for YAML: Row? and a ?? b.
func (s *source) questioned(line, column int, message string) *Problem {
	if !strings.HasPrefix(message, "did not find expected ',' or") && message != "did not find expected node content" {
		return nil
	}
	text := s.line(line)
	for _, at := range questionPattern.FindAllStringIndex(text, -1) {
		from, to := 1+utf8.RuneCountInString(text[:at[0]]), 1+utf8.RuneCountInString(text[:at[1]])
		if column < from || column > to {
			continue
		}
		written := strings.TrimSpace(text[at[0]:at[1]])
		p := s.problem(line, from, "yaml-syntax", "within { } and [ ] a text with ? has to be quoted: "+Quote(written))
		p.Length = utf8.RuneCountInString(written)
		return &p
	}
	return nil
}
