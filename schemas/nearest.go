package schemas

import (
	"strings"
	"unicode/utf8"
)

// Nearest returns the name that someone who wrote got most likely meant, or "" where none is near: it differs by a
// third of its letters at most (or by one), is the same but for case and separators, or is longer at its end. The first of equals wins.
func Nearest(got string, names []string) string {
	limit := max(1, utf8.RuneCountInString(got)/3)
	best, bestDistance := "", limit+1
	plain := flat(got)
	for _, name := range names {
		if flat(name) == plain && name != got {
			return name
		}
		d := distance(got, name, bestDistance)
		if len(name) > 2 && strings.HasPrefix(got, name) {
			d = min(d, limit)
		}
		if d < bestDistance {
			best, bestDistance = name, d
		}
	}
	return best
}

var separators = strings.NewReplacer("_", "", "-", "", ".", "", " ", "")

func flat(s string) string { return strings.ToLower(separators.Replace(s)) }

// distance counts the letters to insert, remove, replace or swap with their neighbour; above limit it may say limit+1.
func distance(a, b string, limit int) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > limit || len(y)-len(x) > limit || len(x) > 100 {
		return limit + 1
	}
	before, last, now := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		now[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(y)]
}
