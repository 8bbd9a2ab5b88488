package sources

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var secretParams = []string{"bewit", "access_token", "accesstoken", "token", "auth", "authorization", "key", "api_key", "apikey", "secret",
	"password", "signature", "sig", "x-amz-signature", "x-amz-credential", "x-amz-security-token", "mac"}

// userPart is what stands before the host of a URL, as far as it may reach where a password has a slash in it.
var userPart = regexp.MustCompile(`//[^?#]*@`)

// Redact writes a URL without its user part and without the values of parameters that carry secrets, and cut to 400 characters. What is no
// URL, perhaps because of the password in it, loses what may be a user part.
func Redact(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return cut(userPart.ReplaceAllString(raw, "//"))
	}
	u.User = nil
	q := u.Query()
	changed := false
	for k := range q {
		if slices.Contains(secretParams, strings.ToLower(k)) {
			q[k], changed = []string{"REDACTED"}, true
		}
	}
	if changed {
		u.RawQuery = q.Encode()
	}
	return cut(u.String())
}

func cut(s string) string {
	if len(s) > 400 {
		return s[:400] + "…"
	}
	return s
}
