package ci

import (
	"regexp"
	"slices"
)

var (
	bugNumber = regexp.MustCompile(`(?i)\bbug[ #:]*([0-9]{3,8})\b`)
	// A line that says what is backed out begins with these words, as hg.mozilla.org reads it, sheriffs and git write it.
	backoutLine = regexp.MustCompile(`(?im)^[ \t*-]*(?:this )?(?:back(?:ed|ing|s)?[ -]?out|reverts?)\b.*$`)
	hash        = regexp.MustCompile(`\b[0-9a-f]{12,40}\b`)
)

// BugsIn lists the bug numbers in a changeset's message, in the order in which they first appear. It is never nil.
func BugsIn(message string) []string {
	out := []string{}
	for _, m := range bugNumber.FindAllStringSubmatch(message, -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

// BackedOutIn lists the revisions, 12 to 40 hex digits, that a changeset's message says it backs out, in the order in
// which they first appear. It is never nil.
func BackedOutIn(message string) []string {
	out := []string{}
	for _, line := range backoutLine.FindAllString(message, -1) {
		for _, h := range hash.FindAllString(line, -1) {
			if !slices.Contains(out, h) {
				out = append(out, h)
			}
		}
	}
	return out
}
