package engine_test

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/rules"
)

// A file of rules is checked by itself, over the standard ones.
func TestCheckRules(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"right, and calls a standard rule", "mozci: 1\nrules:\n  red: {given: {row: Row}, is: 'verdict(row) == \"failed\"'}\n", ""},
		{"in a standard rule's place", "mozci: 1\nrules:\n  failedJob: {given: {job: Job}, is: 'job.result == \"busted\"'}\n", ""},
		{"types as YAML reads them", "mozci: 1\nrules:\n  a: {given: {rows: [Row], counts: {int}, o: {x: int, y: [string]}, m: failed|passed}, is: len(rows) + len(counts) + o.x}\n", ""},
		{"wrong", "mozci: 1\nrules:\n  red: {given: {row: Row}, is: 'verdict(row) == \"fialed\"'}\n",
			"a.yaml:3:49: \"fialed\" is none of not_runnable, intermittent, passed, failed, unsettled, missing, inconclusive: did you mean \"failed\"? [enum]\n" +
				"      red: {given: {row: Row}, is: 'verdict(row) == \"fialed\"'}\n                                                    ^^^^^^^^\n"},
		{"no rules", "mozci: 1\n", "a.yaml:1:1: rules is missing: the rules [missing-key]\n    mozci: 1\n    ^\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			read := engine.ReadFrom(fstest.MapFS{"a.yaml": {Data: []byte(tt.text)}})
			if d := cmp.Diff(tt.want, engine.ShowAll(engine.CheckRules(read, "a.yaml", standard(t)))); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestNamedTypes(t *testing.T) {
	types := engine.NamedTypes()
	for _, name := range []string{"Push", "Changeset", "Row", "Job", "JobType", "Request", "Failure", "Event", "Outcome", "State", "Result", "NotRunnable", "TreeState"} {
		if types[name] == nil || types[name].Nullable {
			t.Errorf("%s is %v", name, types[name])
		}
	}
}

// What the file says under the keywords of a step reaches the program.
func TestCompiledStep(t *testing.T) {
	p, problems := checkedText(t, steps(
		treeOf("a", "name: the tree", `until: 'a.state == "open"'`, "every: 30s", "timeout: 1h", "on_timeout: continue"),
		treeOf("c", "retry: {attempts: 4}"),
		`  - {id: d, foreach: '["x"]', as: branch, parallel: 3, uses: tree.status, with: {branch: "${{ branch }}"}}`)+
		"limits: {effects: 0, runtime: 90m}\non: {schedule: {every: 15m}}\n")
	if len(problems) > 0 {
		t.Fatal(engine.ShowAll(problems))
	}
	a, c, d := p.Steps[0], p.Steps[1], p.Steps[2]
	if a.Name != "the tree" || a.Every != 30*time.Second || a.Timeout != time.Hour || !a.GoOn || a.Until == nil || a.Uses != "tree.status" || a.Kind != engine.QueryStep {
		t.Errorf("a is %+v", a)
	}
	if c.Retry == nil || c.Retry.Attempts != 4 || c.Retry.Backoff != engine.DefaultBackoff {
		t.Errorf("retry is %+v", c.Retry)
	}
	if d.Each == nil || d.Each.As != "branch" || d.Each.Parallel != 3 {
		t.Errorf("each is %+v", d.Each)
	}
	if p.Limits != (engine.Limits{Effects: 0, Runtime: 90 * time.Minute}) {
		t.Errorf("limits are %+v", p.Limits)
	}
	if len(p.Starts) != 1 || p.Starts[0].Every != 15*time.Minute || p.Starts[0].Kind != engine.OnSchedule {
		t.Errorf("starts are %+v", p.Starts)
	}
	if a.Place != (engine.Place{File: "a.yaml", Line: 6, Column: 5}) {
		t.Errorf("a stands at %+v", a.Place)
	}
}

// The standard rules are read and checked once for all workflows that have no rule beside them, and anew for those of another text.
func TestStandardRulesAreShared(t *testing.T) {
	set := func(own, standard string) *rules.Set {
		t.Helper()
		def, _ := engine.LoadBundle(engine.Bundle{Entry: "a.yaml", Files: map[string]string{"a.yaml": steps("  - {id: a, let: 1}") + own, engine.StandardRules: standard}})
		p, problems := engine.Check(def, catalog(t))
		if len(problems) > 0 {
			t.Fatal(engine.ShowAll(problems))
		}
		return p.Rules
	}
	text, older := standard(t), "mozci: 1\nrules:\n  old: {given: {row: Row}, is: len(row.jobs)}\n"
	first := set("", text)
	if set("", text) != first {
		t.Error("two workflows without rules of their own have two sets")
	}
	if own := set("rules: {old: {given: {n: int}, is: n}}\n", text); own == first || len(own.List()) != len(first.List())+1 {
		t.Error("a workflow with a rule of its own has not its own set")
	}
	if other := set("", older); len(other.List()) != 1 {
		t.Errorf("another text of the standard rules gives %d rules", len(other.List()))
	}
	if again := set("", text); len(again.List()) != len(first.List()) {
		t.Errorf("after another text there are %d rules", len(again.List()))
	}
	if def, problems := engine.LoadBundle(engine.Bundle{Entry: "a.yaml", Files: map[string]string{"a.yaml": steps("  - {id: a, let: 1}"), engine.StandardRules: "mozci: 1\nrules: [\n"}}); len(problems) == 0 {
		t.Errorf("standard rules with a mistake are taken: %v", def.Rules)
	}
}
