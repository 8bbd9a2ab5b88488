package main

import (
	"net/http"

	"github.com/mozci/mozci-run/fixtures"
	"github.com/mozci/mozci-run/sources"
)

// expectations are what every adapter expects of its service.
func expectations() []fixtures.Expected {
	var out []fixtures.Expected
	for _, a := range adapters {
		if want := expected(a); want.Endpoints != nil {
			out = append(out, want)
		}
	}
	return out
}

// expected is what one adapter expects of its service.
func expected(a adapter) fixtures.Expected {
	open := func(client *http.Client, rec fixtures.Recorded) (sources.Source, error) {
		return reopen(a, client, rec)
	}
	src, err := open(&http.Client{Transport: nowhere{}}, fixtures.Recorded{Source: a.name, Base: a.base})
	must(err) // of the public service, and nobody is asked
	want := fixtures.Expected{Name: a.name, New: open}
	if d, ok := src.(sources.Documented); ok {
		want.Endpoints = d.Endpoints()
	}
	return want
}

// unseenCredentials are those that stand in headers alone, at which neither a cassette nor a simulated CI looks.
var unseenCredentials = []string{"client_id", "access_token", "token"}

// reopen opens an adapter as it was when a cassette was recorded, on a clock that stands there. Where it wants credentials it gets some:
// a cassette does not look at them.
func reopen(a adapter, client *http.Client, rec fixtures.Recorded) (sources.Source, error) {
	made := map[string]string{}
	for _, name := range named(a.credentials) {
		made[name] = ""
	}
	for _, name := range unseenCredentials {
		if _, wanted := made[name]; wanted {
			made[name] = "replayed"
		}
	}
	return a.make(adapting{client: client, clock: &jumpingClock{now: rec.At}, asker: newRegistry(), machine: machine{nonce: func() string { return "replayed" }},
		base: rec.Base, branches: rec.Branches, options: rec.Options, found: found{credentials: made}})
}
