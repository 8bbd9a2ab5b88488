package ci

import (
	"slices"
	"testing"
)

func TestMessages(t *testing.T) {
	const long = "0123456789012345678901234567890123456789"
	rows := []struct {
		message    string
		bugs, outs []string
	}{
		{"Bug 1100050 - Part 1. r=a, also bug 7 and bug #1100051, Bug 1100050", []string{"1100050", "1100051"}, nil},
		{"Bug 1948118 - Reword message; r=dminor\n\nDifferential Revision: https://phabricator.example.com/D239274", []string{"1948118"}, nil},
		{"Backed out changeset abcdef012345 (bug 1234567) for failures CLOSED TREE", []string{"1234567"}, []string{"abcdef012345"}},
		{"Backed out 2 changesets (bug 1, bug 1853108) for causing failures\n\nBacked out changeset abcdef012345 (bug 1853108)\nBacked out changeset " + long + " (bug 1853108)",
			[]string{"1853108"}, []string{"abcdef012345", long}},
		{"Back out abcdef012345, 0123456789ab, abcdef012345", nil, []string{"abcdef012345", "0123456789ab"}},
		{"Backout\n\n * backs out abcdef012345", nil, []string{"abcdef012345"}},
		{"Revert \"Bug 1853108 - x\"\n\nThis reverts commit " + long + ".", []string{"1853108"}, []string{long}},
		{"Bug 1234567 - explain what abcdef012345 did", []string{"1234567"}, nil},
		{"Bug 1234567 - let users back out of abcdef012345", []string{"1234567"}, nil},
		{"Bug 12345: follow up to abcdef012345", []string{"12345"}, nil},
		{"No bug, update " + long, nil, nil},
		{"", nil, nil},
	}
	for _, r := range rows {
		if got := BugsIn(r.message); got == nil || !slices.Equal(got, r.bugs) {
			t.Errorf("bugs in %q: %q, want %q", r.message, got, r.bugs)
		}
		if got := BackedOutIn(r.message); got == nil || !slices.Equal(got, r.outs) {
			t.Errorf("backed out in %q: %q, want %q", r.message, got, r.outs)
		}
	}
}
