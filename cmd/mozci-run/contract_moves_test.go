package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/fixtures"
	"github.com/mozci/mozci-run/schemas"
)

// everywhere is those of a source's cassettes of which it is known what was asked, with the value at a path of all answers gone or changed.
func everywhere(t *testing.T, source, path string, schema *schemas.Schema, f func(any) (any, bool)) *fixtures.Library {
	t.Helper()
	isMap := func(p string) bool { return slices.Contains(schema.MapPaths(), p) }
	var tapes []*fixtures.Cassette
	for _, tape := range openCassettes(t, shippedCassettes+"/"+source).Cassettes() {
		if len(tape.Recorded.Asked) == 0 {
			continue
		}
		one := &fixtures.Cassette{File: tape.File, Recorded: tape.Recorded}
		for _, in := range tape.Interactions {
			whole := *in
			var err error
			if whole.Content, err = in.ReadContent(); err != nil {
				t.Fatal(err)
			}
			if v, err := schemas.DecodeJSON(whole.Content); err == nil && in.Status == 200 {
				if whole.Content, err = json.Marshal(schemas.Replace(v, path, isMap, f)); err != nil {
					t.Fatal(err)
				}
			}
			one.Interactions = append(one.Interactions, &whole)
		}
		tapes = append(tapes, one)
	}
	return fixtures.NewLibrary(tapes...)
}

// What has broken every recording, so that the questions fail that would show it, is traced all the same: nothing earlier is needed for it.
func TestWhatMovesWhereNoRecordingIsWhole(t *testing.T) {
	gone := func(any) (any, bool) { return nil, true }
	other := func(any) (any, bool) { return []any{}, false }
	for i, tt := range []struct {
		source, endpoint, path string
		change                 func(any) (any, bool)
		want                   string
	}{
		{"hgmo", "json-pushes", "$.pushes.*.user", gone, "link push.author, pushes.find author, pushes.range [].author"},
		{"hgmo", "json-pushes", "$.pushes.*.changesets[].desc", gone,
			"link push.changesets[].desc, link the whole answer, pushes.find changesets[].desc, pushes.find the whole answer, pushes.range [].changesets[].desc, pushes.range the whole answer"},
		{"hgmo", "json-pushes", "$.lastpushid", gone, "link the whole answer, pushes.find the whole answer, pushes.range the whole answer"},
		{"hgmo", "tree", "$.result.reason", other, "tree.status the whole answer"}, // of an open tree the reason is not told
		{"treeherder", "text-log-errors", "$[].line", other, "jobs.failures [].lines[], jobs.failures the whole answer"},
		{"treeherder", "text-log-errors", "$[].line", gone, "jobs.failures [].lines[]"},
		{"treeherder", "job", "$.machine_name", gone, "link job.machine"},
		{"treeherder", "project-jobs", "$.results[].push_id", gone,
			"events.recent the whole answer, jobs.classify the whole answer, jobs.failures the whole answer, jobs.list the whole answer, link the whole answer, pushes.runnable the whole answer"},
	} {
		t.Run(tt.endpoint+tt.path, func(t *testing.T) {
			t.Parallel()
			if raced && i > 0 {
				t.Skip("SKIPPED: one path shows the race detector all there is; go test without it runs this")
			}
			for _, want := range expectations() {
				if want.Name != tt.source {
					continue
				}
				for _, ep := range want.Endpoints {
					if ep.Name == tt.endpoint {
						want.Endpoints = append(want.Endpoints[:0:0], ep)
					}
				}
				schema, err := schemas.Get(want.Endpoints[0].Schema)
				if err != nil {
					t.Fatal(err)
				}
				rep, err := fixtures.Contract{Sources: []fixtures.Expected{want}}.Check(t.Context(), everywhere(t, tt.source, tt.path, schema, tt.change), nil)
				if err != nil {
					t.Fatal(err)
				}
				if got := movedBy(rep, tt.path); got != tt.want {
					t.Errorf("got  %s\nwant %s", got, tt.want)
				}
			}
		})
	}
}

// movedBy is what moves with a path.
func movedBy(rep *fixtures.Report, path string) string {
	var out []string
	for _, f := range rep.Findings {
		if f.Path != path {
			continue
		}
		for _, m := range f.Moves {
			out = append(out, fmt.Sprintf("%s %s", m.Query, m.Field))
		}
	}
	return strings.Join(out, ", ")
}
