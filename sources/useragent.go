package sources

import "net/http"

// DefaultUserAgent says who asks, and where to complain: hg.mozilla.org wants a contact, and Treeherder answers 403 to Go's own.
const DefaultUserAgent = "mozci-run (+https://github.com/mozci/mozci-run)"

// UserAgent names us to the service. Empty means DefaultUserAgent; a request that names its own keeps it.
func UserAgent(next http.RoundTripper, agent string) http.RoundTripper {
	if agent == "" {
		agent = DefaultUserAgent
	}
	return userAgent{next, agent}
}

type userAgent struct {
	next  http.RoundTripper
	agent string
}

func (u userAgent) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get("User-Agent") == "" {
		req = req.Clone(req.Context())
		req.Header.Set("User-Agent", u.agent)
	}
	return u.next.RoundTrip(req)
}
