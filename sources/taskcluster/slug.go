package taskcluster

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
)

// slugs is the pattern of a task id: a UUID of version 4 in URL-safe base64 without padding (queue's references).
var slugs = regexp.MustCompile(`^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$`)

// IsTaskID says whether s has the shape of a task id.
func IsTaskID(s string) bool { return slugs.MatchString(s) }

// slugOf turns 32 hex digits into a task id: the same digits always give the same id. The bits that a UUID of version 4
// fixes are overwritten, and the first bit is cleared, so that no id begins with a dash and is taken for a flag.
func slugOf(token string) string {
	b, err := hex.DecodeString(token)
	if err != nil || len(b) != 16 {
		panic("taskcluster: a token is 32 hex digits, and this is " + token)
	}
	b[0] &= 0x7f
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return base64.RawURLEncoding.EncodeToString(b)
}
