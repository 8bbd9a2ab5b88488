package sources_test

import (
	"testing"

	"github.com/mozci/mozci-run/sources"
)

func TestEndpointMatch(t *testing.T) {
	for _, tt := range []struct {
		method, path, base, url string
		want                    bool
	}{
		{"GET", "/{repo...}/json-pushes", "https://hg.mozilla.org", "https://hg.mozilla.org/integration/autoland/json-pushes?version=2", true},
		{"GET", "/{repo...}/json-pushes", "https://hg.mozilla.org", "https://hg.mozilla.org/json-pushes", false},
		{"GET", "/{repo...}/json-pushes", "https://hg.mozilla.org/", "https://hg.mozilla.org/try/json-pushes/3", false},
		{"GET", "/project/{project}/push/", "https://t/api", "https://t/api/project/autoland/push/?count=1", true},
		{"GET", "/project/{project}/push/", "https://t/api", "https://t/api/project/autoland/push?count=1", false},
		{"GET", "/project/{project}/push/", "https://t/api", "https://other/api/project/autoland/push/", false},
		{"POST", "/project/{project}/push/", "https://t/api", "https://t/api/project/autoland/push/", false},
		{"POST", "/hooks/{group}/{hook}/trigger", "https://t", "https://t/hooks/g/in-tree%2Fx/trigger", true},
	} {
		ep := sources.Endpoint{Method: "GET", Path: tt.path}
		if tt.method == "POST" && tt.want {
			ep.Method = "POST"
		}
		if got := ep.Match(tt.method, tt.base, tt.url); got != tt.want {
			t.Errorf("%s below %s: %s %s: %t, want %t", tt.path, tt.base, tt.method, tt.url, got, tt.want)
		}
	}
}

func TestEndpointMatchesBelowItsOwnBase(t *testing.T) {
	ep := sources.Endpoint{Method: "GET", Base: "https://lando.example/api/treestatus", Path: "/trees/{tree}"}
	if !ep.Match("GET", "https://hg.example", "https://lando.example/api/treestatus/trees/firefox-autoland") {
		t.Error("an endpoint does not match below its own base")
	}
	if ep.Match("GET", "https://hg.example", "https://hg.example/trees/firefox-autoland") {
		t.Error("an endpoint with a base of its own matches below the source's")
	}
}
