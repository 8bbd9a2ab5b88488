package rules_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
)

func counted(c *rules.Coverage) []string {
	var out []string
	for _, n := range c.Counts() {
		what := "operand"
		if n.Row >= 0 {
			what = fmt.Sprintf("row %d of %s", n.Row, n.Rule)
		}
		out = append(out, fmt.Sprintf("%s %s: %d true, %d false", placed(n.Origin, n.Line, n.Column), what, n.True, n.False))
	}
	return out
}

func TestCoverage(t *testing.T) {
	set := mustSet(t, readRules(t, "r.yaml", `
rules:
  size:
    given: {n: int}
    first:
      - {when: n > 100 && n < 1000, then: large}
      - {when: n > 1, then: many}
      - {else: few}
`))
	sc := &rules.Scope{Rules: set, Vars: []rules.Var{{Name: "n", Type: schemas.Of(schemas.Int)}, {Name: "m", Type: schemas.Of(schemas.Int).OrNil()}}}
	x, problems := rules.Compile(`!(size(n) == "many") && (m == nil || any([1, 2], # > m ? true : false))`, sc, schemas.Of(schemas.Bool))
	if problems != nil {
		t.Fatal(problems)
	}
	cover := rules.NewCoverage()
	cover.Expect(set)
	cover.Expect(x)
	ctx := rules.WithCoverage(t.Context(), cover)
	for _, facts := range []map[string]any{{"n": 5}, {"n": 1}, {"n": 0, "m": 1}} {
		plain, err := x.Eval(t.Context(), facts)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := x.Eval(ctx, facts); err != nil || got != plain {
			t.Errorf("with coverage %v, %v, and without it %v", got, err, plain)
		}
	}
	want := []string{
		"6:16 operand: 0 true, 3 false", // n > 100
		"6:27 operand: 0 true, 0 false", // n < 1000 was never reached
		"6:16 operand: 0 true, 3 false", // the whole condition
		"7:16 operand: 1 true, 2 false", // n > 1
		"8:16 row 2 of size: 2 true, 0 false",
		"7:16 row 1 of size: 1 true, 0 false",
		"6:16 row 0 of size: 0 true, 0 false",
		"text:1:3 operand: 1 true, 2 false",  // size(n) == "many"
		"text:1:50 operand: 1 true, 1 false", // # > m
		"text:1:50 operand: 1 true, 1 false", // the predicate
		"text:1:26 operand: 1 true, 1 false", // m == nil
		"text:1:38 operand: 1 true, 0 false", // any(…)
		"text:1:1 operand: 2 true, 1 false",  // the whole
	}
	if d := cmp.Diff(want, counted(cover)); d != "" {
		t.Errorf("other counts (-want +got):\n%s", d)
	}
}

// TestCoverageKeepsValues evaluates every row of testdata with and without coverage.
func TestCoverageKeepsValues(t *testing.T) {
	sc, facts := rowScope(t)
	cover := rules.NewCoverage()
	for _, r := range rowsOf(t, "testdata/values.rows") {
		src, _ := plainSource(r.source)
		x, problems := rules.Compile(src, sc, nil)
		if problems != nil {
			continue
		}
		want, wantErr := x.Eval(t.Context(), facts)
		got, err := x.Eval(rules.WithCoverage(t.Context(), cover), facts)
		if (err == nil) != (wantErr == nil) || cmp.Diff(want, got) != "" {
			t.Errorf("%s: %v, %v with coverage, %v, %v without", src, got, err, want, wantErr)
		}
	}
	if len(cover.Counts()) < 50 {
		t.Errorf("%d points in all of the rows", len(cover.Counts()))
	}
}

// TestStandardRulesAreCovered: the histories of these tests reach every row of the standard rules.
func TestStandardRulesAreCovered(t *testing.T) {
	a := newAsker(t)
	cover := rules.NewCoverage()
	cover.Expect(a.set)
	a.ctx = rules.WithCoverage(t.Context(), cover)
	for _, strip := range []string{"F-0d.x?rIP", "IF.xP", "F..", "FP"} {
		for _, as := range []string{"failed", "passed", "skip"} {
			a.model(strip, as)
			a.ask("evidenceBy(history)", historyOf(strip), as)
			a.ask("reachesDepth(history, as)", historyOf(strip), as)
			a.ask("map(history, whyNot(#))", historyOf(strip), as)
		}
	}
	a.ask("evidenceBy(history)", historyOf("."), "skip")
	for _, n := range cover.Counts() {
		if n.Row >= 0 && n.True == 0 {
			t.Errorf("%s: row %d of %s was never chosen", placed(n.Origin, n.Line, n.Column), n.Row, n.Rule)
		}
	}
}
