package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mozci/mozci-run/fixtures"
)

// Which workflows a change concerns is what the checker knows of them, and not which words stand in their files.
func TestWorkflowsThatUseAField(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range map[string]string{
		"who.yaml": `mozci: 1
name: who
description: Says who broke it; names a machine and a result in words only.
inputs: {branch: {type: string}, job: {type: string}}
import: [own.rules.yaml]
steps:
  - id: history
    uses: jobs.history
    with: {branch: "${{ inputs.branch }}", job: "${{ inputs.job }}"}
outputs: {result: '${{ map(history, blamed(#)) }}', machine: "job.machine"}
`,
		"own.rules.yaml": `mozci: 1
name: own
rules:
  blamed: {given: {row: Row}, is: 'row.push.author'}
`,
		"tree.yaml": `mozci: 1
name: tree
description: Says why a tree is closed.
inputs: {branch: {type: string}}
steps:
  - id: tree
    uses: tree.status
    with: {branch: "${{ inputs.branch }}"}
outputs: {tree: "${{ tree }}"}
`,
		"bad.yaml":      "mozci: 1\nname: bad\nsteps: [{uses: nothing.such}]\n",
		"backfill.yaml": "mozci: 1\nname: backfill\ndescription: In the place of the one that ships.\nsteps: [{let: 1}]\n",
	} {
		must(os.MkdirAll("workflows", 0o700))
		if err := os.WriteFile(filepath.Join("workflows", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	c := &command{m: testMachine(nil), ctx: t.Context()}
	c.m.stderr = &said
	uses := c.usersOf()
	for _, tt := range []struct{ query, field, want string }{
		{"jobs.list", "[].machine", ""},
		{"jobs.list", "[].result", "bisect missing-tests permanent-failures retrigger trigger-range workflows/who.yaml"}, // history is decided by it
		{"jobs.list", "[]", "bisect missing-tests permanent-failures retrigger trigger-range workflows/who.yaml"},
		{"pushes.range", "[].author", "bisect workflows/who.yaml"},
		{"pushes.range", "[].changesets[].author", "bisect"},
		{"pushes.find", "author", ""},
		{"pushes.find", "order", "trigger-range"},
		{"jobs.failures", "[].lines[]", "retrigger"},
		{"jobs.available", "[].upstream", "missing-tests"},
		{"tree.status", "reason", "workflows/tree.yaml"},
		{"tree.status", fixtures.WholeAnswer, "workflows/tree.yaml"},
		{"jobs.upstream", fixtures.WholeAnswer, ""},
		{"events.recent", "[].job.tier", "bisect missing-tests permanent-failures retrigger"}, // it starts them
		{"events.recent", "[].backed_out", ""},
		{fixtures.LinkQuestion, "job.tier", "bisect missing-tests permanent-failures retrigger"},
		{"jobs.retrigger", "[].request", "retrigger"},
		{"jobs.classify", fixtures.WholeAnswer, ""},
	} {
		if d := cmp.Diff(tt.want, strings.Join(uses(tt.query, tt.field), " ")); d != "" {
			t.Errorf("%s %s (-want +got):\n%s", tt.query, tt.field, d)
		}
	}
	if want := "workflows/bad.yaml has mistakes"; strings.Count(said.String(), want) != 1 {
		t.Errorf("%q is not said once in %q", want, said.String())
	}
}
