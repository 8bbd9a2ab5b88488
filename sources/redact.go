package sources

import (
	"net/url"
	"slices"
	"strings"
)

var secretParams = []string{"bewit", "access_token", "accesstoken", "token", "auth", "authorization", "key", "api_key", "apikey", "secret",
	"password", "signature", "sig", "x-amz-signature", "x-amz-credential", "x-amz-security-token", "mac"}

// Redact writes a URL without its user part and without the values of parameters that carry secrets; what is no URL
// is returned cut to 200 characters.
func Redact(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return cut(raw)
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
