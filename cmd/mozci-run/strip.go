package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/sources/ci"
)

// A strip is a history on a line: one letter for each push, newest first.
type strip struct {
	rows         []ci.Row
	verdicts     []string // one for each row; empty where no rule has judged it
	intermittent string   // what a push counts as on which the job both failed and passed: failed, passed, or nothing
}

// A letter is how a verdict is written.
type letter struct {
	letter string
	color  color
}

// letters are those of the standard verdicts, as in tests of workflows.
var letters = map[string]letter{
	"passed": {"P", green}, "failed": {"F", red}, "intermittent": {"I", yellow}, "unsettled": {"?", cyan},
	"missing": {".", yellow}, "inconclusive": {"x", yellow}, "not_runnable": {"-", dim}, "": {" ", noColor},
}

// verdicts are the standard ones, in the order in which they are explained.
var verdicts = []string{"failed", "passed", "intermittent", "unsettled", "missing", "inconclusive", "not_runnable"}

// spoken is a word of a vocabulary as people write it.
func spoken(word string) string { return strings.ReplaceAll(word, "_", " ") }

// bounds finds the oldest failure since the last good push, and that push; -1 for what there is not. The first row is
// the given failure, and bounds nothing on its good side.
func (s strip) bounds() (firstBad, lastGood int) {
	firstBad, lastGood = -1, -1
	for i, v := range s.verdicts {
		if v == "intermittent" {
			v = s.intermittent
		}
		switch {
		case v == "failed":
			firstBad = i
		case v == "passed" && i > 0:
			return firstBad, i
		}
	}
	return firstBad, lastGood
}

// draw writes the strip in rows of at most width cells, each with a row of marks below it where it has any: ! the first bad
// push, ^ the last good one, ~ what lies between and has no evidence. Where not all pushes fit into a row, those are left out
// that are older than the last good one. A width of 0 is endless.
func (s strip) draw(p *painter, width int) []string {
	firstBad, lastGood := s.bounds()
	gap, end, per := " ", len(s.rows), max(1, len(s.rows))
	if width > 0 && 2*end-1 > width {
		gap, per = "", max(1, width)
		if end > per && lastGood >= 0 {
			end = lastGood + 1
		}
	}
	var out []string
	for from := 0; from < end; from += per {
		var b, m strings.Builder
		for i := from; i < min(end, from+per); i++ {
			if i > from {
				b.WriteString(gap)
				m.WriteString(gap)
			}
			l := s.letter(i)
			b.WriteString(p.paint(l.color, l.letter))
			m.WriteString(p.paint(s.mark(i, firstBad, lastGood)))
		}
		out = append(out, b.String())
		if marks := strings.TrimRight(m.String(), " "); marks != "" {
			out = append(out, marks)
		}
	}
	if end < len(s.rows) {
		out = append(out, p.paint(dim, fmt.Sprintf("and %d older", len(s.rows)-end)))
	}
	return out
}

func (s strip) letter(i int) letter {
	l, ok := letters[s.verdicts[i]]
	if !ok {
		l.letter = "#"
	}
	return l
}

func (s strip) mark(i, firstBad, lastGood int) (color, string) {
	switch {
	case firstBad < 0 || lastGood < 0:
		return noColor, " "
	case i == firstBad:
		return red, "!"
	case i == lastGood:
		return green, "^"
	case 0 < i && i < lastGood && s.open(i):
		return yellow, "~"
	}
	return noColor, " "
}

// open says whether a push still lacks evidence.
func (s strip) open(i int) bool {
	return slices.Contains([]string{"missing", "inconclusive", "unsettled"}, s.verdicts[i])
}

// legend explains the letters and marks that a strip has. Those that are known are left out; what is explained becomes so.
func (s strip) legend(known map[string]bool) string {
	news := func(mark, meaning string) []string {
		if known[mark] {
			return nil
		}
		if known != nil {
			known[mark] = true
		}
		return []string{mark + " " + meaning}
	}
	var letterings, marks []string
	for _, v := range verdicts {
		if slices.Contains(s.verdicts, v) {
			letterings = append(letterings, news(letters[v].letter, spoken(v))...)
		}
	}
	if firstBad, lastGood := s.bounds(); firstBad >= 0 && lastGood >= 0 {
		marks = slices.Concat(news("!", "first bad"), news("~", "no answer yet"), news("^", "last good"))
	}
	var parts []string
	for _, part := range [][]string{letterings, marks} {
		if len(part) > 0 {
			parts = append(parts, strings.Join(part, ", "))
		}
	}
	if len(parts) > 0 && !known["newest"] {
		parts = append(parts, "newest first")
	}
	if known != nil {
		known["newest"] = true
	}
	return strings.Join(parts, "; ")
}

// plain is the strip without marks and colors: what is compared to see whether it has changed.
func (s strip) plain() string {
	var b strings.Builder
	for i := range s.rows {
		b.WriteString(s.letter(i).letter)
	}
	return b.String()
}
