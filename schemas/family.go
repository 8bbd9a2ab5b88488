package schemas

import (
	"regexp"
	"slices"
	"strings"
)

// Names are a contract too: builder names and task labels follow patterns, and code on both sides relies on them. A family is what
// names have in common when their numbers and hashes are taken out; a new one is one finding, not one for each of a thousand names.

var (
	hexRun   = regexp.MustCompile(`\b[0-9a-f]{8,}\b`)
	digitRun = regexp.MustCompile(`[0-9]+`)
)

// Family gives the family of a name: test-linux1804-64-qr/opt-mochitest-browser-chrome-1 is of
// test-linuxN-N-qr/opt-mochitest-browser-chrome-N.
func Family(name string) string {
	return digitRun.ReplaceAllString(hexRun.ReplaceAllString(name, "H"), "N")
}

// A NewFamily is names that follow none of the patterns that they should.
type NewFamily struct {
	Family   string
	Examples []string // up to three, sorted
	Count    int
}

// Families groups names by family, in order of the families.
func Families(names []string) []NewFamily {
	by := map[string][]string{}
	for _, n := range names {
		by[Family(n)] = append(by[Family(n)], n)
	}
	out := make([]NewFamily, 0, len(by))
	for f, list := range by {
		count := len(list)
		slices.Sort(list)
		list = slices.Compact(list)
		out = append(out, NewFamily{Family: f, Count: count, Examples: list[:min(3, len(list))]})
	}
	slices.SortFunc(out, func(a, b NewFamily) int { return strings.Compare(a.Family, b.Family) })
	return out
}
