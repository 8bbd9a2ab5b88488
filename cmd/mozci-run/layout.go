package main

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// painted is what paint writes before and after a text.
var painted = regexp.MustCompile(`\x1b\[(?:0|1|2|31|32|33|36)m`)

// visible drops colors.
func visible(s string) string { return painted.ReplaceAllString(s, "") }

// cells is how many columns of a terminal a text takes. Colors take none, nor do marks that combine with the letter before
// them; what is wide in East Asian scripts takes two.
func cells(s string) int {
	n := 0
	for _, r := range visible(s) {
		n += cellsOf(r)
	}
	return n
}

func cellsOf(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// printable is a text that does nothing to a terminal but appear on it. Authors and services write what they like: what
// would move the cursor, or turn the direction of writing, becomes a �. Our own colors stay, where there are colors.
func printable(s string, colored bool) string {
	if !colored {
		return strings.Map(harmless, s)
	}
	var b strings.Builder
	end := 0
	for _, at := range painted.FindAllStringIndex(s, -1) {
		b.WriteString(strings.Map(harmless, s[end:at[0]]))
		b.WriteString(s[at[0]:at[1]])
		end = at[1]
	}
	b.WriteString(strings.Map(harmless, s[end:]))
	return b.String()
}

func harmless(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case unicode.IsControl(r), '\u202a' <= r && r <= '\u202e', '\u2066' <= r && r <= '\u2069':
		return unicode.ReplacementChar
	}
	return r
}

// readable is how many cells a row has to have beside what it is indented.
const readable = 24

// layout breaks a text that follows a lead into rows of at most width cells: between words, with the rows after the first
// indented. A word that is longer than a row stays whole, so that a link can still be clicked. A width of 0 is endless.
func layout(lead, text string, indent, width int) []string {
	if width <= 0 {
		return []string{lead + text}
	}
	if width-indent < readable {
		indent = min(indent, 2, width/2)
	}
	var rows []string
	row, used, begun := lead, cells(lead), false
	for text != "" {
		word := strings.TrimLeft(text, " ")
		gap := text[:len(text)-len(word)]
		word, _, _ = strings.Cut(word, " ")
		text = text[len(gap)+len(word):]
		if begun && used+len(gap)+cells(word) > width {
			rows = append(rows, row)
			row, used, gap = strings.Repeat(" ", indent), indent, ""
		}
		row += gap + word
		used += len(gap) + cells(word)
		begun = true
	}
	return append(rows, row)
}

// fit cuts a row to a width of at least one cell.
func fit(s string, width int) string {
	if cells(s) <= width {
		return s
	}
	var b strings.Builder
	room, end := width-1, 0
	for _, at := range append(painted.FindAllStringIndex(s, -1), []int{len(s), len(s)}) {
		for _, r := range s[end:at[0]] {
			if room -= cellsOf(r); room < 0 {
				return b.String() + "…" + s[at[0]:at[1]]
			}
			b.WriteRune(r)
		}
		b.WriteString(s[at[0]:at[1]])
		end = at[1]
	}
	return b.String()
}
