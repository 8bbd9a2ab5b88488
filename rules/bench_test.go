package rules_test

import (
	"strings"
	"testing"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/types"
	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/workflows"
)

// What is asked of a history of 200 rows, in our language and, for expr alone, with its rules written out.
var asked = []struct{ name, ours, raw string }{
	{"count", `count(history, .requested || len(.jobs) > 1)`, ""},
	{"failures", `count(history, any(.jobs, .state == "completed" && .result in ["testfailed", "busted"]))`, ""},
	{"revisions", `map(filter(history, .not_runnable == nil), .push.revision)`, ""},
	{"verdict", `count(history, verdict(#) == "passed")`, `count(history, (
		.not_runnable != nil ? "not_runnable"
		: any(.jobs, .result == "success") && any(.jobs, .state == "completed" && .result in ["testfailed", "busted"]) ? "intermittent"
		: any(.jobs, .result == "success") ? "passed"
		: any(.jobs, .state == "completed" && .result in ["testfailed", "busted"]) ? "failed"
		: .requested || any(.jobs, .state in ["unscheduled", "pending", "running"]) ? "unsettled"
		: len(.jobs) == 0 ? "missing" : "inconclusive") == "passed")`},
}

func benchHistory() any { return historyOf(strings.Repeat("F.xPI?-r", 25)) }

// BenchmarkEval compares with expr alone, which knows the same types: the aim is 1.3 times its time.
func BenchmarkEval(b *testing.B) {
	history := benchHistory()
	sc := &rules.Scope{Rules: standard(b), Vars: []rules.Var{{Name: "history", Type: rowsType}}}
	for _, q := range asked {
		facts := map[string]any{"history": history}
		b.Run(q.name+"/rules", func(b *testing.B) {
			x := mustCompile(b, q.ours, sc)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := x.Eval(b.Context(), facts); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(q.name+"/expr", func(b *testing.B) {
			src := q.raw
			if src == "" {
				src = q.ours
			}
			p, err := expr.Compile(src, expr.Env(types.Map{"history": exprType(rowsType)}))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := expr.Run(p, facts); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// exprType declares a type to expr.
func exprType(t *schemas.Type) types.Type {
	switch {
	case t.Nullable:
		return types.Any
	case t.Kind == schemas.List:
		return types.Array(exprType(t.Elem))
	case t.Kind == schemas.Object:
		m := types.Map{}
		for _, f := range t.Fields {
			m[f.Name] = exprType(f.Type)
		}
		return m
	}
	switch t.Kind {
	case schemas.Bool:
		return types.Bool
	case schemas.Int:
		return types.Int
	case schemas.String:
		return types.String
	}
	return types.Any
}

func BenchmarkCompile(b *testing.B) {
	list := readRules(b, workflows.StandardRules, workflows.Standard())
	b.Run("standard rules", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, problems := rules.NewSet(ciTypes, list); problems != nil {
				b.Fatal(problems)
			}
		}
	})
	set, _ := rules.NewSet(ciTypes, list)
	sc := &rules.Scope{Rules: set, Vars: []rules.Var{{Name: "history", Type: rowsType}, {Name: "row", Type: rowsType.Elem}}}
	for _, src := range []string{"row.push.revision", `none(history, verdict(#) == "unsettled")`, `culprits(history, "skip")`} {
		b.Run(src, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				mustCompile(b, src, sc)
			}
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	set, row := standard(b), historyOf("x").([]any)[0]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := set.Decide(b.Context(), "verdict", row); err != nil {
			b.Fatal(err)
		}
	}
}
