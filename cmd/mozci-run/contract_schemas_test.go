package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
)

// documented opens every adapter that there is, with all that makes an endpoint appear.
func documented(t *testing.T) map[string][]sources.Endpoint {
	t.Helper()
	out := map[string][]sources.Endpoint{}
	for _, a := range adapters {
		src, err := a.make(adapting{client: &http.Client{Transport: nowhere{}}, clock: &jumpingClock{}, asker: newRegistry(), machine: testMachine(nil), base: a.base})
		if err != nil {
			t.Fatal(err)
		}
		d, ok := src.(sources.Documented)
		if !ok {
			t.Fatalf("%s declares no endpoints", a.name)
		}
		out[a.name] = d.Endpoints()
	}
	return out
}

// What an adapter decodes stands in its endpoint's schema, as what it is read as, and is required there where its absence would be read
// as something else; and every schema of a source is some endpoint's.
func TestSchemasHaveWhatAdaptersRead(t *testing.T) {
	used := map[string]bool{}
	for source, list := range documented(t) {
		for _, ep := range list {
			t.Run(source+"/"+ep.Name, func(t *testing.T) {
				if ep.Decode == nil {
					return
				}
				used[ep.Schema] = true
				s, err := schemas.Get(ep.Schema)
				if err != nil {
					t.Fatal(err)
				}
				if len(s.Examples) == 0 {
					t.Error("its schema has no example")
				}
				for _, r := range schemas.ReadsOf(ep.Decode) {
					held(t, ep.Schema, s, r)
				}
				for i, e := range s.Examples {
					decodes(t, ep, i, e)
				}
			})
		}
	}
	for _, name := range schemas.Names() {
		if source, _, _ := strings.Cut(name, "/"); slices.ContainsFunc(adapters, func(a adapter) bool { return a.name == source }) && !used[name] {
			t.Errorf("%s is no endpoint's", name)
		}
	}
}

// held compares what is read with what the schema says of its place.
func held(t *testing.T, name string, s *schemas.Schema, r schemas.Read) {
	t.Helper()
	p, ok := s.Place(r.Path)
	if !ok {
		t.Errorf("%s is read, and %s does not speak of it", r.Path, name)
		return
	}
	if r.Required && !p.Required && !p.Default {
		t.Errorf("%s is taken to be there, and %s neither requires it nor has a default, which says what its absence means", r.Path, name)
	}
	want := map[string][]string{"int": {"integer"}, "number": {"number", "integer"}, "bool": {"boolean"}, "string": {"string"}, "array": {"array"}, "object": {"object"}}[r.Kind]
	for _, typ := range p.Types {
		if want != nil && typ != "null" && !slices.Contains(want, typ) {
			t.Errorf("%s may be %s in %s, and is read as %s", r.Path, typ, name, r.Kind)
		}
	}
	if want != nil && p.Types == nil {
		t.Errorf("%s has no type in %s, and is read as %s", r.Path, name, r.Kind)
	}
}

// decodes holds an example to the endpoint's Go type.
func decodes(t *testing.T, ep sources.Endpoint, i int, example any) {
	t.Helper()
	data, err := json.Marshal(schemas.Columns(example))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, reflect.New(ep.Decode).Interface()); err != nil {
		t.Errorf("%s: example %d does not decode: %v", ep.Schema, i, err)
	}
}

// samples are the files of ../shared/data that are answers of an endpoint. Those that are not stand here as well, with the reason.
var samples = map[string]struct{ schema, not string }{
	"pushlog/v1-full_2015-06.json":                        {not: "version 1, for which nobody asks"},
	"pushlog/v1-one_2015-08.json":                         {not: "version 1"},
	"pushlog/v2-range_2015.json":                          {schema: "hgmo/json-pushes.schema.json"},
	"pushlog/v2-full-try_2019.json":                       {schema: "hgmo/json-pushes.schema.json"},
	"pushlog/unknown-revision_v1-string.json":             {not: "a refusal"},
	"pushlog/unknown-revision_v2-object.json":             {not: "a refusal"},
	"pushlog/server-tests_feed.requests.json":             {not: "triples of requests and answers; sources/hgmo reads them"},
	"treeherder/push-list_autoland_2025.json":             {not: "pushes as Treeherder's tests store them; sources/treeherder reads them"},
	"treeherder/push-list_ui.json":                        {schema: "treeherder/push.schema.json"},
	"treeherder/jobs_1.json":                              {schema: "treeherder/jobs.schema.json"},
	"treeherder/jobs_page-1.json":                         {schema: "treeherder/jobs.schema.json"},
	"treeherder/jobs_page-2.json":                         {schema: "treeherder/jobs.schema.json"},
	"treeherder/full-job.json":                            {schema: "treeherder/job.schema.json"},
	"treeherder/repositories.json":                        {schema: "treeherder/repository.schema.json"},
	"treeherder/failure-classifications.json":             {not: "the table as a database fixture; sources/treeherder reads it"},
	"taskcluster/actions_autoland-109591_2020.json":       {schema: "taskcluster/actions.schema.json"},
	"taskcluster/task_original.json":                      {schema: "taskcluster/task.schema.json"},
	"taskcluster/action_backfill.json":                    {not: "one action out of actions.json; sources/taskcluster reads it"},
	"taskcluster/contract-responses_mozci.json":           {not: "answers by query; several services in one file"},
	"taskcluster/hawk-temporary-credentials_vectors.json": {not: "vectors of a signature"},
}

// sharedData is the folder of real samples, which are not part of the project.
func sharedData(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "shared", "recordings", "README.md")); err == nil {
			return filepath.Join(dir, "shared", "data")
		}
	}
	t.Skip("NOT TESTED: the real samples (shared/data beside the project) are not here")
	return ""
}

func TestRealSamplesFitTheSchemas(t *testing.T) {
	root := sharedData(t)
	for name, s := range samples {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
			if err != nil || s.schema == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			v, err := schemas.DecodeJSON(data)
			if err != nil {
				t.Fatal(err)
			}
			bad, err := schemas.Validate(s.schema, v)
			if err != nil {
				t.Fatal(err)
			}
			for i, b := range bad {
				if i < 5 {
					t.Error(b)
				}
			}
		})
	}
	for _, dir := range []string{"pushlog", "treeherder", "taskcluster"} {
		files, err := filepath.Glob(filepath.Join(root, dir, "*.json"))
		if err != nil || len(files) == 0 {
			t.Errorf("no file in %s: %v", dir, err)
		}
		for _, f := range files {
			if _, known := samples[dir+"/"+filepath.Base(f)]; !known {
				t.Errorf("%s/%s stands in no row of the table", dir, filepath.Base(f))
			}
		}
	}
}

// testMachine is a machine on which nothing happens but what a test lets happen.
func testMachine(env map[string]string) machine {
	m := thisMachine()
	m.getenv = func(name string) string { return env[name] }
	m.terminal = func(any) bool { return false }
	return m
}
