package workflowtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mozci/mozci-run/engine/workflowtest"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/workflows"
)

// world declares queries and effects with their types, and has no answer to any.
type world struct{}

func (world) Name() string { return "world" }

func none[In, Out any](name string) sources.Query {
	return sources.NewQuery(name, "", func(context.Context, In) (out Out, err error) { return out, sources.ErrNotFilled })
}

func (world) Queries() []sources.Query {
	return []sources.Query{
		none[ci.PushRange, []ci.Push]("pushes.range"), none[ci.PushFind, ci.Push]("pushes.find"), none[ci.HistoryOf, []ci.Row]("jobs.history"),
		none[ci.JobsOn, []ci.Job]("jobs.list"), none[ci.RunnableOn, []ci.Runnable]("pushes.runnable"), none[ci.TreeOf, ci.Tree]("tree.status"),
		none[ci.FailuresOf, []ci.Failure]("jobs.failures"), none[ci.StatusOf, []ci.Request]("jobs.status"), none[ci.EventsSince, []ci.Event]("events.recent"),
		none[ci.AvailableOn, []ci.JobType]("jobs.available"), none[ci.UpstreamOf, []ci.JobType]("jobs.upstream"),
	}
}

type nobody[In any] struct{}

func (nobody[In]) Units(context.Context, In) ([]sources.Unit, error) {
	return nil, sources.ErrNotFilled
}
func (nobody[In]) Do(context.Context, sources.Unit, int) (sources.Receipt, error) {
	return sources.Receipt{}, sources.ErrNotFilled
}
func (nobody[In]) Find(context.Context, sources.Unit, int, time.Time) (sources.Finding, error) {
	return sources.Finding{}, sources.ErrNotFilled
}
func (nobody[In]) Terms() sources.Terms { return sources.Terms{} }

func (world) Effects() []sources.Effect {
	return []sources.Effect{
		sources.NewEffect[ci.Trigger]("jobs.trigger", "", nobody[ci.Trigger]{}), sources.NewEffect[ci.Retrigger]("jobs.retrigger", "", nobody[ci.Retrigger]{}),
		sources.NewEffect[ci.Notice]("notify.webhook", "", nobody[ci.Notice]{}),
	}
}

func config(t *testing.T) workflowtest.Config {
	t.Helper()
	reg, err := sources.NewRegistry(world{})
	if err != nil {
		t.Fatal(err)
	}
	return workflowtest.Config{Catalog: reg, Read: func(file string) ([]byte, error) { return os.ReadFile(file) }, Standard: workflows.Standard(),
		Now: time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC), Temp: t.TempDir(), Workers: 2}
}

func run(t *testing.T, cfg workflowtest.Config, name, text string) *workflowtest.Report {
	t.Helper()
	f, problems := workflowtest.Parse(name, []byte(text))
	if len(problems) > 0 {
		t.Fatalf("%v", problems)
	}
	rep, err := workflowtest.Run(t.Context(), cfg, []*workflowtest.File{f})
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// The tests that ship pass, and together they reach every step and row of what ships, and 95 of 100 operands at least.
func TestShippedTestsPass(t *testing.T) {
	names, err := filepath.Glob("../../workflows/*_test.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no tests: %v", err)
	}
	if raced {
		names = names[:1]
		t.Logf("under the race detector only the first tests of %s are run: it makes SQLite twenty times slower", names[0])
	}
	var files []*workflowtest.File
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, problems := workflowtest.Parse(name, text)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		f.Tests = slices.DeleteFunc(f.Tests, func(t *workflowtest.Test) bool {
			return t.Replay != "" // cassettes want adapters; cmd/mozci-run has them
		})
		if raced {
			f.Tests = f.Tests[:4]
		}
		files = append(files, f)
	}
	rep, err := workflowtest.Run(t.Context(), config(t), files)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	rep.Write(&out, "text", true)
	if rep.Failed() || len(rep.Results) < 10 && !raced {
		t.Errorf("\n%s", out.String())
	}
	if raced {
		return
	}
	for _, s := range workflowtest.Shares(rep.Coverage()) {
		if s.Steps[0] < s.Steps[1] || s.Rows[0] < s.Rows[1] || 100*s.Ops[0] < 95*s.Ops[1] {
			t.Errorf("%s is not covered: %+v\n%s", s.File, s, out.String())
		}
	}
}

// What a test expects and does not get is shown with its place; a test that could not fail is refused.
func TestFailuresAreShown(t *testing.T) {
	unraced(t)
	for _, tt := range []struct{ name, test, want string }{
		{"status", `{name: x, given: {history: "F P"}, expect: {status: failed}}`, "w_test.yaml:3:61: status: failed is expected, and it was succeeded"},
		{"effects", `{name: x, given: {history: "F . P"}, expect: {effects: []}}`, "effects: (-expected +came)"},
		{"outputs", `{name: x, given: {history: "F P"}, expect: {outputs: {first_bad: {revision: push1}}}}`, `"push1"`},
		{"a sign that is none", `{name: x, given: {history: "F Q P"}, expect: {status: succeeded}}`, "'Q' is no sign of a history"},
		{"a rule", `{rule: verdict, cases: [{given: {row: {}}, then: passed}]}`, `"missing"`},
		{"a rule's row", `{rule: verdict, cases: [{given: {row: {}}, row: 1}]}`, "row 5 held"},
		{"no such rule", `{rule: verdicts, cases: [{given: {row: {}}, then: passed}]}`, "there is no rule verdicts"},
		{"no such step to be killed after", `{name: x, given: {history: "F P"}, kill_after: nothing, expect: {status: succeeded}}`, `w_test.yaml:3:56: backfill has no step nothing: there are history`},
		{"a step after which it is killed, and that is not run", `{name: x, given: {history: "F"}, kill_after: fill, expect: {status: failed}}`, `kill_after: the step fill has not been run`},
		{"a sign that is none, in what comes later", `{name: x, given: {history: F P}, becomes: [{history: F P}, {history: F Q}], expect: {status: succeeded}}`, `3:78: "F Q": 'Q' is no sign`},
		{"no push at all", `{name: x, given: {history: {j: ""}}, expect: {status: failed}}`, "w_test.yaml:3:40: a history has one push at least"},
		{"rows over no strip", `{name: x, given: {history: {rows: {}}}, expect: {status: failed}}`, `3:37: a history that is refined is {strip: "F . P", rows`},
		{"rows of no push", `{name: x, given: {history: {strip: F P, rows: {push7: {}}}}, expect: {status: failed}}`, "3:56: the strip has no push push7"},
		{"rows that are none", `{name: x, given: {history: {strip: F P, rows: [1]}}, expect: {status: failed}}`, "3:55: rows are a map of what is otherwise of a push"},
		{"a strip that becomes shorter", `{name: x, given: {history: F . P}, becomes: [{history: F P P}, {history: F P}], expect: {status: failed}}`, "3:82: the history has 3 pushes, and becomes one of 2"},
		{"a strip that becomes longer, of one type", `{name: x, given: {history: {j: F P}}, becomes: {history: {j: {strip: P F P}}}, expect: {status: failed}}`, "the history has 2 pushes, and becomes one of 3"},
		{"a query that is none", `{name: x, given: {histroy: F}, expect: {status: failed}}`, "3:27: there is no query histroy; did you mean history?"},
		{"an answer that is none, to a question that is not asked", `{name: x, given: {history: F P, tree.status: 5}, expect: {status: succeeded}}`, "3:54: the answer to tree.status: a Tree is wanted"},
		{"a source that is none", `{name: x, given: {history: F P}, unavailable: [wrold], expect: {status: succeeded}}`, "3:56: there is no source and no query wrold; did you mean world?"},
		{"a step that is none", `{name: x, given: {history: F P}, expect: {steps: {fil: skipped}}}`, "3:59: backfill has no step fil; did you mean fill?"},
		{"a step that is none, with its decisions", `{name: x, given: {history: F P}, expect: {decisions: {histroy: F P}}}`, "3:63: backfill has no step histroy; did you mean history?"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rep := run(t, config(t), "../../workflows/w_test.yaml", "workflow: backfill.yaml\ninputs: {job: j, revision: push0}\ntests: ["+tt.test+"]\n")
			var out bytes.Buffer
			rep.Write(&out, "text", false)
			if !rep.Failed() || !strings.Contains(out.String(), tt.want) {
				t.Errorf("%q is not in\n%s", tt.want, out.String())
			}
		})
	}
}

func TestTestsThatCannotFailAreRefused(t *testing.T) {
	for _, tt := range []struct{ test, want string }{
		{`{name: x, given: {history: F}}`, "a test that expects nothing cannot fail"},
		{`{name: x, expect: {status: failed}}`, "one of given, replay and sim"},
		{`{given: {history: F}, expect: {status: failed}}`, "a test needs a name"},
		{`{name: x, given: {history: F}, expct: {}}`, "did you mean"},
		{`{rule: verdict}`, "has cases"},
		{`{rule: verdict, cases: [{given: {row: {}}}]}`, "w_test.yaml:2:33: a case that expects nothing cannot fail"},
		{`{rule: verdict, cases: [null]}`, "w_test.yaml:2:33: a case is a map"},
		{`{rule: verdict, cases: [5, {given: 5}]}`, "w_test.yaml:2:33"},
		{`null`, "w_test.yaml:2:9: a test is a map"},
		{`5`, "w_test.yaml:2:9"},
		{``, "a file of tests has tests"},
		{`{name: x, given: {history: F}, expect: {}}`, "a test that expects nothing cannot fail"},
		{`{name: x, given: {history: F}, expect: {status: failed}}, {name: x, given: {history: F}, expect: {status: failed}}`, "w_test.yaml:2:74: there is a test of this name already, in line 2"},
		{`{name: x, given: {history: F}, expect: {status: suceeded}}`, `2:57: there is no status "suceeded": succeeded, failed`},
		{`{name: x, given: {history: F}, expect: {status: skipped}}`, `there is no status "skipped"`},
		{`{name: x, given: {history: F}, expect: {steps: {fill: skiped}}}`, `there is no status "skiped": `},
		{`{name: x, given: {history: F}, expect: {effects: 5}}`, "2:58: effects is a list of what is done"},
		{`{name: x, given: {history: F}, expect: {effects: {contains: []}}}`, "or {contain: [ … ]}"},
		{`{name: x, given: {history: F}, expect: {effects: [jobs.trigger]}}`, "2:59: an effect is its name and what it is done with"},
		{`{name: x, given: {history: F}, expect: {requests: -1}}`, "2:59: requests is how many questions"},
		{`{name: x, given: {history: F}, expect: {golden: backfill.yaml}}`, "2:57: a golden file lies beside the tests or below, and is called NAME.golden"},
		{`{name: x, given: {history: F}, expect: {golden: ../x.golden}}`, "2:57: a golden file lies beside"},
		{`{name: x, given: {history: F}, expect: {golden: x.golden}}, {name: y, given: {history: F}, expect: {golden: ./x.golden}}`, "2:117: this golden file is that of the test in line 2"},
		{`{name: x, sim: {scenario: default, seed: 1}, expect: {requests: 4}}`, "2:73: requests goes with given"},
		{`{name: x, given: {history: F}, becomes: [], expect: {status: failed}}`, "2:49: becomes is facts"},
		{`{name: x, given: {history: F}, becomes: {history: F}, replay: x, expect: {status: failed}}`, "one of given, replay and sim"},
	} {
		_, problems := workflowtest.Parse("w_test.yaml", []byte("workflow: backfill.yaml\ntests: ["+tt.test+"]\n"))
		if len(problems) == 0 || !strings.Contains(fmt.Sprint(problems), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.test, problems, tt.want)
		}
	}
}

// A golden file is compared, and written only where that is wanted.
func TestGoldenFiles(t *testing.T) {
	dir := t.TempDir()
	golden := filepath.Join(dir, "down", "x.golden")
	if err := os.WriteFile(filepath.Join(dir, "w.yaml"), []byte("mozci: 1\nname: w\nsteps: [{id: sum1, let: 1 + 1}]\noutputs: {two: '${{ sum1 }}'}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "w_test.yaml")
	check := func(update bool, want string) *workflowtest.Report {
		t.Helper()
		cfg := config(t)
		cfg.Update = update
		rep := run(t, cfg, file, "workflow: w.yaml\ntests: [{name: x, given: {}, expect: {golden: down/x.golden}}]\n")
		var out bytes.Buffer
		rep.Write(&out, "text", false)
		if rep.Failed() != (want != "") || !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
		return rep
	}
	check(false, "w_test.yaml:2:47: golden: there is no file "+filepath.ToSlash(golden)+" yet; --update writes it")
	if rep := check(true, ""); len(rep.Written()) != 1 {
		t.Errorf("written: %v", rep.Written())
	}
	text, err := os.ReadFile(golden)
	if want := "{\n  \"status\": \"succeeded\",\n  \"steps\": {\n    \"sum1\": \"succeeded\"\n  },\n  \"outputs\": {\n    \"two\": 2\n  },\n  \"effects\": [],\n  \"decisions\": {}\n}\n"; err != nil || string(text) != want {
		t.Errorf("%v\n%s", err, text)
	}
	check(false, "")
	if rep := check(true, ""); len(rep.Written()) != 0 {
		t.Errorf("what is as it was is written: %v", rep.Written())
	}
	other := bytes.Replace(text, []byte("2"), []byte("3"), 1)
	if err := errors.Join(os.WriteFile(golden, other, 0o600), os.Chmod(golden, 0o400)); err != nil {
		t.Fatal(err)
	}
	check(false, `"two": 2`)
	check(true, "golden: writing it: "+filepath.ToSlash(golden)+" is read-only")
	if again, _ := os.ReadFile(golden); !bytes.Equal(again, other) {
		t.Error("a read-only file was written")
	}
}

func TestReportsAndCoverage(t *testing.T) {
	const text = "workflow: backfill.yaml\ninputs: {job: j, revision: push0}\ntests: [{name: x, given: {history: \"F P\"}, expect: {status: failed}}]\n"
	rep := run(t, config(t), "../../workflows/w_test.yaml", text)
	var junit, js, lcov bytes.Buffer
	if err := errors.Join(rep.Write(&junit, "junit", false), rep.Write(&js, "json", false), workflowtest.WriteLCOV(&lcov, rep.Coverage())); err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]string{
		"junit": {junit.String(), `failures="1"`}, "json": {js.String(), `"passed": false`}, "lcov": {lcov.String(), "SF:../../workflows/backfill.yaml\n"},
	} {
		if !strings.Contains(pair[0], pair[1]) {
			t.Errorf("%s: %q is not in\n%s", what, pair[1], pair[0])
		}
	}
	if !json.Valid(js.Bytes()) {
		t.Error("this is no JSON")
	}
	for _, r := range rep.Coverage() {
		if r.What == "step run" && r.Name == "fill" && r.Hits != 1 {
			t.Errorf("fill ran %d times", r.Hits)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("workflow: x\ntests: [{name: x, given: {history: F}, becomes: [1], expect: {effects: {contain: 1}}}, {rule: a, cases: [null]}, null]"))
	f.Fuzz(func(t *testing.T, text []byte) { workflowtest.Parse("x_test.yaml", text) })
}
