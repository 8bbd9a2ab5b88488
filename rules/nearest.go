package rules

import "strings"

// Nearest returns the candidate that a misspelt word most probably means, or "" where none is near.
// Case, underscores and hyphens count little: notRunnable is near not_runnable.
func Nearest(word string, candidates []string) string {
	best, least := "", len([]rune(word))/3+2
	for _, c := range candidates {
		if d := distance(plainWord(word), plainWord(c)); d < least && d < len([]rune(c)) {
			best, least = c, d
		}
	}
	return best
}

func plainWord(s string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
}

// distance counts the insertions, deletions, replacements and swaps of neighbours that make b of a.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	before, last, row := []int(nil), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, make([]int, len(t)+1)
	}
	return last[len(t)]
}

// meant says what a misspelt word most probably means, or what there is.
func meant(word string, candidates []string) string {
	if near := Nearest(word, candidates); near != "" {
		return "did you mean " + near + "?"
	}
	if len(candidates) == 0 {
		return ""
	}
	return "there are " + listed(candidates)
}
