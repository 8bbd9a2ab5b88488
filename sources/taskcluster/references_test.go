package taskcluster

import (
	"slices"
	"strings"
	"testing"
)

// Every endpoint is a method of Taskcluster's references: its verb, its route, its parameters. An artifact's name is an argument
// of the route there.
func TestEndpointsAreInTheReferences(t *testing.T) {
	type entry struct {
		Name, Method, Route string
		Query               []string
	}
	byService := map[string][]entry{}
	for _, service := range []string{"queue", "index", "hooks"} {
		var api struct{ Entries []entry }
		readShared(t, "data/taskcluster/references/references/"+service+"/v1/api.json", &api)
		byService[service] = api.Entries
	}
	for _, e := range endpoints() {
		service, route, ok := strings.Cut(strings.TrimPrefix(e.Path, "/api/"), "/v1")
		if !ok {
			t.Errorf("%s: %s is below no service", e.Name, e.Path)
			continue
		}
		if service == "auth" { // the references at hand leave it out; its routes were read in its source: expandScopes, currentScopes
			continue
		}
		if at, _, artifact := strings.Cut(route, "/artifacts/"); artifact {
			route = at + "/artifacts/<name>"
		}
		route = strings.NewReplacer("{", "<", "}", ">").Replace(route)
		i := slices.IndexFunc(byService[service], func(x entry) bool { return strings.EqualFold(x.Method, e.Method) && x.Route == route })
		if i < 0 {
			t.Errorf("%s: %s has no %s %s", e.Name, service, e.Method, route)
			continue
		}
		for _, p := range e.Params {
			if !slices.Contains(byService[service][i].Query, p) {
				t.Errorf("%s: %s takes no parameter %s", e.Name, byService[service][i].Name, p)
			}
		}
	}
}
