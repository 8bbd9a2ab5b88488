package sourcetest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/sources"
)

// checkSource looks at what a source says of itself.
func (s Suite) checkSource() (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	src, w := s.open(nil, bare)
	if src.Name() == "" {
		say("it has no name")
	}
	known := map[string]bool{}
	for _, q := range src.Queries() {
		if known[q.Name] {
			say("it declares %s twice", q.Name)
		}
		known[q.Name] = true
		if q.Doc == "" {
			say("%s has no line for the reference", q.Name)
		}
		if !slices.ContainsFunc(s.Questions, func(x Question) bool { return x.Query == q.Name }) {
			say("the suite asks no %s; give a Question", q.Name)
		}
	}
	if a, ok := src.(sources.Actor); ok {
		for _, e := range a.Effects() {
			known[e.Name] = true
		}
	}
	if d, ok := src.(sources.Documented); ok {
		problems = append(problems, checkDeclared(d, known)...)
	}
	if n := len(w.exchanges()); n > 0 {
		say("it makes %d requests before it is asked anything", n)
	}
	return problems
}

func checkDeclared(d sources.Documented, known map[string]bool) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	names := map[string]bool{}
	for _, e := range d.Endpoints() {
		switch {
		case e.Name == "" || names[e.Name]:
			say("the endpoint %q has no name of its own", e.Name)
		case e.Doc == "":
			say("the endpoint %s has no line for the reference", e.Name)
		case e.Method == "" || !strings.HasPrefix(e.Path, "/"):
			say("the endpoint %s has no method, or a path without / at its beginning", e.Name)
		case !slices.IsSorted(e.Params):
			say("the parameters of %s are not in the order of their names", e.Name)
		case len(e.Feeds) == 0:
			say("the endpoint %s feeds no query and no effect", e.Name)
		case e.Schema != "" && (e.Decode == nil && !e.Text):
			say("the endpoint %s has a schema, and no type that is decoded from it", e.Name)
		}
		names[e.Name] = true
		for _, f := range e.Feeds {
			if !known[f] {
				say("the endpoint %s feeds %s, which the source has not", e.Name, f)
			}
		}
	}
	return problems
}

// checkEndpoints holds that every request that a question made is one that the source declares for it.
func (s Suite) checkEndpoints(q Question, good outcome) (problems []string) {
	src, _ := s.open(nil, bare)
	d, ok := src.(sources.Documented)
	if !ok {
		return nil
	}
	for i, ex := range good.made {
		if i > 0 && isRedirectTo(good.made[:i], ex) {
			continue
		}
		if why := s.undeclared(d.Endpoints(), q, ex); why != "" {
			problems = append(problems, fmt.Sprintf("%s: %s", ex, why))
		}
	}
	return problems
}

func (s Suite) undeclared(list []sources.Endpoint, q Question, ex exchange) string {
	for _, e := range list {
		if !e.Match(ex.method, s.base(), ex.address.String()) {
			continue
		}
		if !slices.Contains(e.Feeds, q.Query) {
			return fmt.Sprintf("the endpoint %s does not say that it feeds %s", e.Name, q.Query)
		}
		for k := range ex.address.Query() {
			if !slices.Contains(e.Params, k) {
				return fmt.Sprintf("the endpoint %s does not declare the parameter %s", e.Name, k)
			}
		}
		return ""
	}
	return "the source declares no endpoint of this method and path"
}

// isRedirectTo says whether one of the earlier answers sent the client there.
func isRedirectTo(earlier []exchange, ex exchange) bool {
	return slices.ContainsFunc(earlier, func(e exchange) bool {
		to, err := e.address.Parse(e.header.Get("Location"))
		return e.status >= http.StatusMultipleChoices && e.status < http.StatusBadRequest && err == nil && to.String() == ex.address.String()
	})
}
