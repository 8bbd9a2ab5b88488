package sources

import (
	"net/url"
	"strings"
)

// Match says whether a request goes to this endpoint of a service at base. A {name} in Path stands for one segment that is
// not empty, {name...} for one or more; escaped slashes within a segment belong to it.
// An endpoint with a base of its own is at that one.
func (e Endpoint) Match(method, base, address string) bool {
	if method != e.Method && !(method == "HEAD" && e.Method == "GET") {
		return false
	}
	if e.Base != "" {
		base = e.Base
	}
	b, err := url.Parse(base)
	if err != nil {
		return false
	}
	u, err := url.Parse(address)
	if err != nil || !strings.EqualFold(u.Host, b.Host) {
		return false
	}
	rest, below := strings.CutPrefix(u.EscapedPath(), strings.TrimSuffix(b.EscapedPath(), "/"))
	return below && matchSegments(split(e.Path), split(rest))
}

// split keeps the empty segment that a trailing slash leaves: services tell /push/ from /push.
func split(path string) []string { return strings.Split(strings.TrimPrefix(path, "/"), "/") }

func matchSegments(pattern, path []string) bool {
	if len(pattern) == 0 {
		return len(path) == 0
	}
	if len(path) == 0 {
		return false
	}
	p := pattern[0]
	switch {
	case strings.HasPrefix(p, "{") && strings.HasSuffix(p, "...}"):
		for n := 1; n <= len(path); n++ {
			if path[n-1] == "" {
				return false
			}
			if matchSegments(pattern[1:], path[n:]) {
				return true
			}
		}
		return false
	case strings.HasPrefix(p, "{") && strings.HasSuffix(p, "}"):
		return path[0] != "" && matchSegments(pattern[1:], path[1:])
	}
	return p == path[0] && matchSegments(pattern[1:], path[1:])
}
