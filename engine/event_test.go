package engine_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mozci/mozci-run/engine"
)

// The stream of a run as JSON: what a script reads. It changes only by members that are added.
func TestEventsAsJSON(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	w.run(`
inputs: {n: {type: int, default: 1}}
steps:
  - {id: a, name: Ask it, uses: test.ask, with: {name: a, n: "${{ inputs.n }}"}}
  - {id: fill, uses: jobs.trigger, with: {branch: b, job: j, revisions: [r1]}}
outputs: {n: "${{ a.n }}", took: "${{ a.took }}"}
`, nil, engine.Options{Apply: true, RunID: "run-1"})
	var got strings.Builder
	enc := json.NewEncoder(&got)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if err := enc.Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	const at = `"time":"2025-03-01T12:00:00Z","run":"run-1",`
	want := strings.Join([]string{
		`{"seq":1,` + at + `"kind":"run-started","workflow":"under-test","file":"test.yaml","profile":"test","inputs":{"n":1}}`,
		`{"seq":2,` + at + `"kind":"step-started","step":"a","name":"Ask it","step_kind":"query","uses":"test.ask"}`,
		`{"seq":3,` + at + `"kind":"step-ended","inputs":{"name":"a","n":1,"see":[]},"step":"a","name":"Ask it","step_kind":"query","uses":"test.ask","status":"succeeded","value":{"name":"a","n":1,"at":"2025-03-01T12:00:00Z","took":"1m0s","done":false},"source":"service"}`,
		`{"seq":4,` + at + `"kind":"step-started","step":"fill","step_kind":"effect","uses":"jobs.trigger"}`,
		`{"seq":5,` + at + `"kind":"effect","step":"fill","uses":"jobs.trigger","outcome":{"status":"done","effect":"jobs.trigger","branch":"b","revision":"r1","job":"j","ordinal":1,"request":"r1/1","reason":"none there yet, and none on the way","run":"run-1","link":"","at":"2025-03-01T12:00:00Z"},"what":"j on r1"}`,
		`{"seq":6,` + at + `"kind":"step-ended","inputs":{"branch":"b","job":"j","revisions":["r1"],"total":1,"manifests":[],"like":""},"step":"fill","step_kind":"effect","uses":"jobs.trigger","status":"succeeded","value":[{"status":"done","effect":"jobs.trigger","branch":"b","revision":"r1","job":"j","ordinal":1,"request":"r1/1","reason":"none there yet, and none on the way","run":"run-1","link":"","at":"2025-03-01T12:00:00Z"}]}`,
		`{"seq":7,` + at + `"kind":"run-ended","status":"succeeded","outputs":{"n":1,"took":"1m0s"}}`,
	}, "\n") + "\n"
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Error(diff)
	}
}
