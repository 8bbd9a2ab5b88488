package rules_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources/ci"
)

var update = flag.Bool("update", false, "rewrite testdata")

// Files under testdata hold rows. A row is an expression after "> " (its further lines after "  "), or a text with ${{ }} after
// "$ ", and what becomes of it: its type after ": ", its value as JSON after "= ", what it ensures after "& ", a failure at run
// time after "x ", problems after "! ". Lines that start with a # are for people.

// now is when the run of these tests looked at the clock.
var now = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

func rowScope(t testing.TB) (*rules.Scope, map[string]any) {
	row := schemas.TypeOf[ci.Row]()
	words := schemas.EnumOf("", "failed", "passed", "skip")
	run := schemas.ObjectOf("Run", schemas.Field{Name: "id", Type: schemas.Of(schemas.String)}, schemas.Field{Name: "now", Type: schemas.Of(schemas.Time)})
	jobs := schemas.ListOf(schemas.TypeOf[ci.Job]())
	history := historyOf("F.xP-r").([]any)
	started, ended := now.Add(-90*time.Minute), now.Add(-30*time.Minute)
	some := ci.Job{ID: "7", Type: "test-linux/opt-1", State: ci.Completed, Result: ci.TestFailed, Classification: ci.NotClassified, Tier: 1, Started: &started, Ended: &ended}
	other := ci.Job{ID: "8", Type: "test-linux/opt-1", State: ci.Running, Result: ci.Unknown, Classification: ci.NotClassified, Tier: 2, Started: &started}
	counts := schemas.MapOf(schemas.Of(schemas.Int))
	type named struct {
		typ   *schemas.Type
		value any
		note  string
	}
	vars := []struct {
		name string
		named
	}{
		{"history", named{schemas.ListOf(row), history, ""}},
		{"row", named{row, history[0], ""}},
		{"last", named{row.OrNil(), nil, "require last != nil above"}},
		{"jobs", named{jobs, jobs.Fact([]ci.Job{some, other}), ""}},
		{"job", named{schemas.TypeOf[ci.Job](), schemas.TypeOf[ci.Job]().Fact(some), ""}},
		{"as", named{words, "skip", ""}},
		{"n", named{schemas.Of(schemas.Int), 4, ""}},
		{"half", named{schemas.Of(schemas.Float), 0.5, ""}},
		{"name", named{schemas.Of(schemas.String), "autoland", ""}},
		{"maybe", named{schemas.Of(schemas.String).OrNil(), nil, ""}},
		{"flag", named{schemas.Of(schemas.Bool), true, ""}},
		{"counts", named{counts, map[string]any{"b": 2, "a": 1}, ""}},
		{"run", named{run, map[string]any{"id": "r1", "now": now}, ""}},
		{"anything", named{schemas.Of(schemas.Any), map[string]any{"x": 1}, ""}},
		{"limit", named{schemas.Of(schemas.Duration), time.Hour, ""}},
	}
	sc, facts := &rules.Scope{Rules: standard(t)}, map[string]any{}
	for _, v := range vars {
		sc.Vars = append(sc.Vars, rules.Var{Name: v.name, Type: v.typ, Note: v.note})
		facts[v.name] = v.value
	}
	sc.Vars = append(sc.Vars, rules.Var{Name: "fill", Type: schemas.ListOf(schemas.TypeOf[ci.Outcome]()), Skipped: true})
	facts["fill"] = nil
	return sc, facts
}

// evaluated is what both kinds of compiled texts can do.
type evaluated interface {
	Type() *schemas.Type
	Refs() []rules.Ref
}

// outcome writes what becomes of a row.
func outcome(t testing.TB, src string, text bool, sc *rules.Scope, facts map[string]any) string {
	var b strings.Builder
	var x evaluated
	var problems []rules.Problem
	var v any
	var err error
	var ensures []string
	if text {
		var c *rules.Text
		if c, problems = rules.CompileText(src, sc, nil); problems == nil {
			x = c
			v, err = c.Eval(t.Context(), facts)
		}
	} else {
		var c *rules.Expr
		if c, problems = rules.Compile(src, sc, nil); problems == nil {
			x, ensures = c, c.Ensures()
			v, err = c.Eval(t.Context(), facts)
		}
	}
	for _, p := range problems {
		fmt.Fprintf(&b, "! %d:%d+%d %s: %s\n", p.Line, p.Column, p.Length, p.Kind, p.Message)
	}
	if problems != nil {
		return b.String()
	}
	fmt.Fprintf(&b, ": %s\n", x.Type())
	if err != nil {
		fmt.Fprintf(&b, "x %d:%d %s\n", err.(*rules.EvalError).Line, err.(*rules.EvalError).Column, err)
	} else {
		data, err := x.Type().Marshal(v)
		if err != nil {
			t.Errorf("%s: %v", src, err)
		}
		if len(data) > 300 {
			data = append(data[:300], "…"...)
		}
		fmt.Fprintf(&b, "= %s\n", data)
	}
	if len(ensures) > 0 {
		fmt.Fprintf(&b, "& %s\n", strings.Join(ensures, " "))
	}
	return b.String()
}

// rowsOf takes a file apart: comments as they are, and each row's source with what was there of it.
func rowsOf(t testing.TB, file string) (out []struct{ source, outcome, before string }) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, started := "", false
	for _, line := range strings.SplitAfter(string(data), "\n") {
		last := len(out) - 1
		switch {
		case strings.HasPrefix(line, "> ") || strings.HasPrefix(line, "$ "):
			out = append(out, struct{ source, outcome, before string }{line, "", before})
			before, started = "", true
		case strings.HasPrefix(line, "  ") && started && out[last].outcome == "":
			out[last].source += line
		case line == "" || line == "\n" || strings.HasPrefix(line, "#"):
			before += line
		default:
			out[last].outcome += line
		}
	}
	return out
}

func plainSource(source string) (src string, text bool) {
	lines := strings.Split(strings.TrimSuffix(source, "\n"), "\n")
	for i := range lines {
		lines[i] = lines[i][2:]
	}
	return strings.Join(lines, "\n"), source[0] == '$'
}

func TestRows(t *testing.T) {
	files, err := filepath.Glob("testdata/*.rows")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			sc, facts := rowScope(t)
			var after strings.Builder
			for _, r := range rowsOf(t, file) {
				src, text := plainSource(r.source)
				got := outcome(t, src, text, sc, facts)
				fmt.Fprint(&after, r.before, r.source, got)
				if d := cmp.Diff(r.outcome, got); d != "" && !*update {
					t.Errorf("%s (-want +got):\n%s", src, d)
				}
			}
			if *update {
				if err := os.WriteFile(file, []byte(after.String()), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestRowsStandAnywhere evaluates every row between other values: what is left over on the machine's stack would be seen.
func TestRowsStandAnywhere(t *testing.T) {
	sc, facts := rowScope(t)
	files, _ := filepath.Glob("testdata/*.rows")
	seen := 0
	for _, file := range files {
		for _, r := range rowsOf(t, file) {
			src, text := plainSource(r.source)
			alone, problems := rules.Compile(src, sc, nil)
			if text || problems != nil || strings.Contains(src, "//") {
				continue
			}
			within, problems := rules.Compile("{a: 1, x: ("+src+"), b: "+"any([1, 2], # > 1)}", sc, nil)
			if problems != nil {
				t.Errorf("%s: within an object: %v", src, problems)
				continue
			}
			want, err := alone.Eval(t.Context(), facts)
			got, err2 := within.Eval(t.Context(), facts)
			if err != nil || err2 != nil {
				if (err == nil) != (err2 == nil) {
					t.Errorf("%s: %v alone, %v within an object", src, err, err2)
				}
				continue
			}
			seen++
			if d := cmp.Diff(map[string]any{"a": 1, "x": want, "b": true}, got); d != "" {
				t.Errorf("%s: within an object (-want +got):\n%s", src, d)
			}
		}
	}
	if seen < 100 {
		t.Errorf("%d rows were tried: there are more", seen)
	}
}
