package main

import (
	"slices"
	"strings"

	"github.com/mozci/mozci-run/sources/ci"
)

// A strip is a history on a line: one letter for each push, newest first.
type strip struct {
	rows     []ci.Row
	verdicts []string // one for each row; empty where no rule has judged it
}

// letters are how verdicts are written, as in tests of workflows.
var letters = map[string]struct {
	letter string
	color  color
}{
	"passed": {"P", green}, "failed": {"F", red}, "intermittent": {"I", yellow}, "unsettled": {"?", cyan},
	"missing": {".", yellow}, "inconclusive": {"x", yellow}, "not_runnable": {"-", dim}, "": {" ", noColor},
}

// bounds finds the oldest failure since the last good push, and that push; -1 for what there is not. The first row is
// the given failure, and bounds nothing on its good side.
func (s strip) bounds() (firstBad, lastGood int) {
	firstBad, lastGood = -1, -1
	for i, v := range s.verdicts {
		switch {
		case v == "failed":
			firstBad = i
		case v == "passed" && i > 0:
			return firstBad, i
		}
	}
	return firstBad, lastGood
}

// draw writes the strip and the line of marks below it: ! the first bad push, ^ the last good one, ~ what lies between
// and has no evidence.
func (s strip) draw(p *painter, width int) (line, marks string) {
	gap := " "
	if width > 0 && 2*len(s.rows) > width {
		gap = ""
	}
	firstBad, lastGood := s.bounds()
	var b, m strings.Builder
	for i, v := range s.verdicts {
		if i > 0 {
			b.WriteString(gap)
			m.WriteString(gap)
		}
		l, ok := letters[v]
		if !ok {
			l.letter = "#"
		}
		b.WriteString(p.paint(l.color, l.letter))
		m.WriteString(p.paint(s.mark(i, firstBad, lastGood)))
	}
	return b.String(), strings.TrimRight(m.String(), " ")
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

// plain is the strip without marks and colors: what is compared to see whether it has changed.
func (s strip) plain() string {
	line, _ := s.draw(&painter{}, 0)
	return line
}
