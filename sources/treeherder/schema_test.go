package treeherder

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

// Every endpoint has its schema, whose examples decode into the endpoint's type without loss of what is read.
func TestSchemas(t *testing.T) {
	c := (&fake{}).client(Options{})
	used := map[string]bool{}
	for _, ep := range c.Endpoints() {
		used[ep.Schema] = true
		s, err := schemas.Get(ep.Schema)
		if err != nil {
			t.Errorf("%s: %v", ep.Name, err)
			continue
		}
		if len(s.Examples) == 0 {
			t.Errorf("%s has no example", ep.Schema)
		}
		for i, e := range s.Examples {
			data, err := json.Marshal(schemas.Columns(e))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(data, reflect.New(ep.Decode).Interface()); err != nil {
				t.Errorf("%s: example %d does not decode: %v", ep.Schema, i, err)
			}
		}
	}
	for _, name := range schemas.Names() {
		if strings.HasPrefix(name, "treeherder/") && !used[name] {
			t.Errorf("%s belongs to no endpoint", name)
		}
	}
}

// What real servers answered well is as the schemas say.
func TestRecordingsFitTheirSchemas(t *testing.T) {
	c := (&fake{}).client(Options{})
	checked := map[string]int{}
	for _, r := range sourcetest.Recordings(t, "treeherder") {
		if r.Status != 200 || r.Header.Get("Content-Encoding") != "" || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			continue
		}
		for _, ep := range c.Endpoints() {
			if !ep.Match(r.Method, "http://"+r.URL.Host+"/api", r.URL.String()) {
				continue
			}
			if r.URL.Query().Get("return_type") == "list" {
				break // which the adapter reads, and does not ask for
			}
			v, err := schemas.DecodeJSON(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			bad, err := schemas.Validate(ep.Schema, v)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range bad {
				t.Errorf("%s: %s", r.File, b)
			}
			checked[ep.Name]++
			break
		}
	}
	for _, name := range []string{"push", "push-detail", "jobs", "project-jobs", "text-log-errors", "job-log-url", "note", "group-results"} {
		if checked[name] == 0 {
			t.Errorf("no recording of %s was checked", name)
		}
	}
}
