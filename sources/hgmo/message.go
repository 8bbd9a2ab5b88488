package hgmo

import (
	"regexp"
	"slices"
	"time"
)

var (
	bugNumber   = regexp.MustCompile(`(?i)\bbug[ #:]*([0-9]{3,8})\b`)
	backoutLine = regexp.MustCompile(`(?im)^[ \t*-]*(?:back(?:ed|ing|s)?[ -]?out|reverts?)\b.*$`)
	hash        = regexp.MustCompile(`\b[0-9a-f]{12,40}\b`)
)

// bugs lists the bug numbers in a message, in the order in which they first appear. It is never nil.
func bugs(message string) []string {
	out := []string{}
	for _, m := range bugNumber.FindAllStringSubmatch(message, -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

// backsOut lists the revisions, 12 to 40 hex digits, that a message says it backs out, in lines that begin with
// these words: what the server itself reads there for its own pages. It is never nil.
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

func unix(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
