package yamldoc

import "unicode"

// combining says whether a character is drawn over the one before it.
func combining(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me) || r == '\u200d' || r == '\u200b'
}
