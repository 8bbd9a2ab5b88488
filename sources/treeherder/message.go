package treeherder

import (
	"regexp"
	"slices"
)

var (
	bugNumber = regexp.MustCompile(`(?i)\bbug[ #:]*(\d{3,8})\b`)
	// a line that says what is backed out, as Mercurial's oops extension, sheriffs and git write it
	backoutLine = regexp.MustCompile(`(?im)^.*\b(?:back(?:ed|ing|s)?[ -]?out|reverts? (?:commit|changeset)s?)\b.*$`)
	hash        = regexp.MustCompile(`\b[0-9a-f]{12,40}\b`)
)

// bugs lists the bug numbers in a message, in the order of their first appearance. It is never nil.
func bugs(message string) []string {
	out := []string{}
	for _, m := range bugNumber.FindAllStringSubmatch(message, -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

// backsOut lists the revisions, 12 to 40 hex digits, that a message says it backs out. It is never nil.
func backsOut(message string) []string {
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
