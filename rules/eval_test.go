package rules_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
)

func mustCompile(t testing.TB, src string, sc *rules.Scope) *rules.Expr {
	t.Helper()
	x, problems := rules.Compile(src, sc, nil)
	if problems != nil {
		t.Fatalf("%s: %v", src, problems)
	}
	return x
}

// doubled are lets of which each is a list that holds the one before twice: it takes no room, until somebody goes through it.
func doubled(n int) string {
	src := "let a0 = [1]; "
	for i := range n {
		src += fmt.Sprintf("let a%d = [a%d, a%d]; ", i+1, i, i)
	}
	return src
}

func TestEvalIsBounded(t *testing.T) {
	unraced(t)
	ints := make([]any, 3000)
	for i := range ints {
		ints[i] = i
	}
	sc := &rules.Scope{Vars: []rules.Var{{Name: "list", Type: schemas.ListOf(schemas.Of(schemas.Int))}, {Name: "n", Type: schemas.Of(schemas.Int)},
		{Name: "most", Type: schemas.Of(schemas.Int)}, {Name: "limit", Type: schemas.Of(schemas.Duration)}}}
	for _, tt := range []struct{ src, want string }{
		{"none(list, first(reverse(list)) == nil)", "more than 5000000 steps"},
		{"all(1..2000, list[0] in list)", "more than 5000000 steps"},
		{"len(without(list, list))", "more than 5000000 steps"},
		{"let l = 1..900000; len(concat(l, l, l, l, l, l))", "more than 5000000 steps"},
		{"len(1..n)", "a list of more than 1000000 elements"},
		{"len(-n..n)", "a list of more than 1000000 elements"},
		{`len(reduce(1..60, #acc + #acc, "x"))`, "more than 4194304 bytes of text"},
		{`len(repeat("ab", n))`, "more than 4194304 bytes of text"},
		{`len(replace(repeat("a", 100000), "a", repeat("b", 1000)))`, "more than 4194304 bytes of text"},
		{"len(reduce(1..60, concat(#acc, #acc), [1]))", "more than 5000000 steps"},
		{"map(list, map(list, 1)) | len()", "lists with more than 1000000 elements"},
		{"list[5000]", "there is no element 5000: the list has 3000 elements"},
		{"[1][n]", "there is no element 1000000000: the list has 1 element"},
		{"[1][-n]", "there is no element -1000000000: the list has 1 element"},
		{"1.5 + ([])[1]", "there is no element 1: the list has 0 elements"},
		{"1 in ([])[0]", "there is no element 0: the list has 0 elements"},
		{"2.0 ** n ** n", "the result is no number"},
		{doubled(40) + "a40", "a value of more than 64 MB"},
		{doubled(40) + "len(string(a40))", "more than 5000000 steps"},
		{doubled(40) + "len(toJSON([a40]))", "more than 5000000 steps"},
		{doubled(40) + "a40 == a40", "more than 5000000 steps"},
		{doubled(40) + "a39 not in a40", "more than 5000000 steps"},
		{doubled(40) + "len(uniq(a40))", "more than 5000000 steps"},
		{`map(1..3000, list)`, "a value of more than 64 MB"},
		{`limit * 10000000`, "a duration of more than 292 years"},
		{`limit * 1e10`, "a duration of more than 292 years"},
		{`limit / 1e-10`, "a duration of more than 292 years"},
		{"most + 1", "a whole number beyond 9223372036854775807"},
		{"9223372036854775807 + 1", "a whole number beyond 9223372036854775807"},
		{"-2 - most", "a whole number beyond 9223372036854775807"},
		{"n * n * n", "a whole number beyond 9223372036854775807"},
		{"(-most - 1) * -1", "a whole number beyond 9223372036854775807"},
		{"-(-most - 1)", "a whole number beyond 9223372036854775807"},
		{"abs(-most - 1)", "a whole number beyond 9223372036854775807"},
		{"int(2.0 ** 63)", "a whole number beyond 9223372036854775807"},
		{"sum([most, 1])", "a whole number beyond 9223372036854775807"},
		{"reduce(1..70, #acc * 2, 1)", "a whole number beyond 9223372036854775807"},
		{`limit * 2000000 + limit * 2000000`, "a duration of more than 292 years"},
		{`-(limit * 2000000) - limit * 2000000`, "a duration of more than 292 years"},
		{`sum([limit * 2000000, limit * 2000000])`, "a duration of more than 292 years"},
		{`date("9999-12-31") + duration("48h")`, "a time in the year 10000: 9999 is the last"},
	} {
		t.Run(tt.src[max(0, len(tt.src)-40):], func(t *testing.T) {
			_, err := mustCompile(t, tt.src, sc).Eval(t.Context(), map[string]any{"list": ints, "n": 1_000_000_000, "most": math.MaxInt, "limit": time.Hour})
			var e *rules.EvalError
			if !errors.As(err, &e) || !strings.HasPrefix(e.Message, tt.want) || e.Line != 1 || e.Column == 0 {
				t.Errorf("got %#v, want an EvalError with its place: %s", err, tt.want)
			}
		})
	}
}

// What whole numbers and durations can hold, they hold.
func TestEvalAtTheBounds(t *testing.T) {
	sc := &rules.Scope{Vars: []rules.Var{{Name: "most", Type: schemas.Of(schemas.Int)}, {Name: "longest", Type: schemas.Of(schemas.Duration)}}}
	facts := map[string]any{"most": math.MaxInt, "longest": time.Duration(math.MaxInt64)}
	for _, tt := range []struct {
		src  string
		want any
	}{
		{"most - 1 + 1", math.MaxInt}, {"-most - 1", math.MinInt}, {"-1 - most", math.MinInt}, {"most + -most", 0}, {"most * 1", math.MaxInt}, {"-most * 1", -math.MaxInt},
		{"0 * (-most - 1)", 0}, {"(-most - 1) * 0", 0}, {"1 * (-most - 1)", math.MinInt}, {"most - 0", math.MaxInt}, {"0 + most", math.MaxInt},
		{"sum([most, -1, 1])", math.MaxInt}, {"int(2.0 ** 62)", 1 << 62}, {"longest - longest", time.Duration(0)}, {"sum([1, 0.5])", 1.5}, {"abs(-most)", math.MaxInt},
	} {
		if got, err := mustCompile(t, tt.src, sc).Eval(t.Context(), facts); got != tt.want || err != nil {
			t.Errorf("%s: got %v, %v, want %v", tt.src, got, err, tt.want)
		}
	}
}

func TestEvalEndsWithItsContext(t *testing.T) {
	x := mustCompile(t, "any(1..2000, let x = #; any(1..2000, # + x < 0))", &rules.Scope{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := x.Eval(ctx, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestEvalNeverPanics(t *testing.T) {
	sc, _ := rowScope(t)
	x := mustCompile(t, "map(history, .push.revision + name) | len() + n", sc)
	for _, facts := range []map[string]any{nil, {"history": 1, "name": 2, "n": "x"}, {"history": []any{nil, 3}}, {"history": []any{map[string]any{"push": map[string]any{}}}}} {
		if _, err := x.Eval(t.Context(), facts); err == nil {
			t.Errorf("facts of other types gave no error: %v", facts)
		}
	}
}

func TestEvalInManyGoroutines(t *testing.T) {
	sc, facts := rowScope(t)
	x := mustCompile(t, "map(history, verdict(#)) == map(history, verdict(#)) && firstBad(history, as) != nil", sc)
	cover := rules.NewCoverage()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, ctx := range []context.Context{t.Context(), rules.WithCoverage(t.Context(), cover)} {
				if v, err := x.Eval(ctx, facts); err != nil || v != true {
					t.Errorf("got %v, %v", v, err)
				}
				if d, err := sc.Rules.Decide(ctx, "verdict", facts["row"]); err != nil || d.Value != "failed" {
					t.Errorf("got %v, %v", d, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestResultsAreFacts(t *testing.T) {
	x, problems := rules.Compile("[1, 2]", nil, schemas.ListOf(schemas.Of(schemas.Float)))
	if problems != nil {
		t.Fatal(problems)
	}
	got, err := x.Eval(t.Context(), nil)
	if d := cmp.Diff([]any{1.0, 2.0}, got); err != nil || d != "" {
		t.Errorf("ints where floats are wanted: %v %s", err, d)
	}
	if x.Type().String() != "list of float" || x.Source() != "[1, 2]" {
		t.Errorf("type %s, source %s", x.Type(), x.Source())
	}
}

func TestConditionsAreBool(t *testing.T) {
	sc, _ := rowScope(t)
	for src, want := range map[string]string{
		"n":               "1:1 a bool is wanted, and this is an int [wrong-type]",
		"row.jobs":        "1:1 a bool is wanted, and this is a list of Job [wrong-type]",
		"last?.jobs":      "1:1 a bool is wanted, and this is a list of Job or nil [wrong-type]",
		"nil":             "1:1 a bool is wanted, and this is nil [possible-nil]",
		"last?.requested": "1:1 a bool is wanted, and this may be nil; give it another value with ??, or test it for nil before; require last != nil above [possible-nil]",
		"anything":        "1:1 a bool is wanted, and the type of this is not known: turn it into one with int, float, string, date or duration [wrong-type]",
	} {
		_, problems := rules.Compile(src, sc, schemas.Of(schemas.Bool))
		if got := first(problems); got != want {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
}

func TestTextsAreReadAsWanted(t *testing.T) {
	sc, facts := rowScope(t)
	words := schemas.EnumOf("", "failed", "passed", "skip")
	of := schemas.Of
	for _, tt := range []struct {
		src     string
		want    *schemas.Type
		value   any
		problem string
	}{
		{"20", of(schemas.Int), 20, ""},
		{"0.5", of(schemas.Float), 0.5, ""},
		{"15m", of(schemas.Duration), 15 * time.Minute, ""},
		{"2025-03-01", of(schemas.Time), time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC), ""},
		{"true", of(schemas.Bool), true, ""},
		{"skip", words, "skip", ""},
		{"20", of(schemas.String), "20", ""},
		{"20", of(schemas.Any), "20", ""},
		{"${{ n }}", of(schemas.Float), 4.0, ""},
		{"${{ as }}", words, "skip", ""},
		{"x ${{ n }}", of(schemas.String), "x 4", ""},
		{"many", of(schemas.Int), nil, `1:1 "many" is no int (20) [wrong-type]`},
		{"skp", words, nil, `1:1 "skp" is none of failed, passed, skip: did you mean "skip"? [enum]`},
		{"one", schemas.ListOf(of(schemas.String)), nil, `1:1 a list of string is wanted, and this is the text "one" [wrong-type]`},
		{"${{ name }}", words, nil, `1:5 one of failed, passed, skip is wanted, and this may be any text [enum]`},
		{"s${{ name }}", words, nil, `1:1 one of failed, passed, skip is wanted, and this may be any text [enum]`},
		{"${{ n }} ", of(schemas.Int), nil, `1:1 an int is wanted, and this is a string [wrong-type]`},
		{"${{ n }}", of(schemas.String), nil, `1:5 a string is wanted, and this is an int [wrong-type]`},
		{"${{ maybe }}", of(schemas.String), nil, `1:5 a string is wanted, and this may be nil; give it another value with ??, or test it for nil before [possible-nil]`},
		{"${{ map(history, .push) }}", schemas.ListOf(of(schemas.String)), nil, `1:5 a list of string is wanted, and this is a list of Push; of each element: a string is wanted, and this is a Push [wrong-type]`},
	} {
		x, problems := rules.CompileText(tt.src, sc, tt.want)
		if problems != nil || tt.problem != "" {
			if got := first(problems); got != tt.problem {
				t.Errorf("%s as %s: got %s, want %s", tt.src, tt.want, got, tt.problem)
			}
			continue
		}
		got, err := x.Eval(t.Context(), facts)
		if d := cmp.Diff(tt.value, got); err != nil || d != "" {
			t.Errorf("%s as %s: %v %s", tt.src, tt.want, err, d)
		}
	}
}

func TestRefs(t *testing.T) {
	sc, _ := rowScope(t)
	for src, want := range map[string][]rules.Ref{
		"n + len(history) + n":                  {{Name: "n", Line: 1, Column: 1}, {Name: "history", Line: 1, Column: 9}},
		"fill ?? []":                            {{Name: "fill", Line: 1, Column: 1, Guarded: true}},
		"fill != nil && len(fill) > 0":          {{Name: "fill", Line: 1, Column: 1, Guarded: true}},
		"len(fill)":                             {{Name: "fill", Line: 1, Column: 5}},
		"len(fill ?? []) + len(fill)":           {{Name: "fill", Line: 1, Column: 5}},
		"fill":                                  {{Name: "fill", Line: 1, Column: 1}},
		"last?.push.revision":                   {{Name: "last", Line: 1, Column: 1, Guarded: true}},
		"nil == last":                           {{Name: "last", Line: 1, Column: 8, Guarded: true}},
		"let h = history; map(h, verdict(#))":   {{Name: "history", Line: 1, Column: 9}},
		"gap(history, as) | map(.push.order)":   {{Name: "history", Line: 1, Column: 5}, {Name: "as", Line: 1, Column: 14}},
		"fill?.[0].status ?? \"none\" == \"x\"": nil,
	} {
		x, problems := rules.Compile(src, sc, nil)
		if want == nil {
			continue
		}
		if problems != nil {
			t.Errorf("%s: %v", src, problems)
			continue
		}
		if d := cmp.Diff(want, x.Refs()); d != "" {
			t.Errorf("%s reads something else (-want +got):\n%s", src, d)
		}
	}
}

// TestSkipped: a name whose step may have been skipped is nil only for those who allow for it.
func TestSkipped(t *testing.T) {
	sc, _ := rowScope(t)
	for src, want := range map[string]string{
		"map(fill, .request)":                 "list of string",
		"map(fill ?? [], .request)":           "list of string",
		"fill":                                "list of Outcome",
		"fill == nil":                         "bool",
		"fill ?? []":                          "list of Outcome",
		"fill == nil ? 0 : len(fill)":         "int",
		"fill?.[0].status":                    "OutcomeStatus or nil",
		"len(fill) + len(last?.jobs ?? fill)": "",
	} {
		x, problems := rules.Compile(src, sc, nil)
		switch {
		case want == "" && problems == nil:
			t.Errorf("%s has no problem", src)
		case want != "" && (problems != nil || x.Type().String() != want):
			t.Errorf("%s: %v, want %s", src, problems, want)
		}
	}
}

func TestSure(t *testing.T) {
	sc, facts := rowScope(t)
	require := mustCompile(t, "last != nil && row.not_runnable == nil && job.started != nil && first(jobs) != nil", sc)
	want := []string{"last", "job.started", "first(jobs)"}
	if d := cmp.Diff(want, require.Ensures()); d != "" {
		t.Errorf("ensures something else (-want +got):\n%s", d)
	}
	below := *sc
	below.Sure = require.Ensures()
	x := mustCompile(t, "hour(job.started) + first(jobs).tier + len(last.jobs)", &below)
	if _, problems := rules.Compile(x.Source(), sc, nil); len(problems) != 3 {
		t.Errorf("without the require: %v, want three problems", problems)
	}
	facts["last"] = facts["row"]
	if got, err := x.Eval(t.Context(), facts); err != nil || got != 10+1+2 {
		t.Errorf("got %v, %v", got, err)
	}
}

// first writes the first of some problems.
func first(problems []rules.Problem) string {
	if len(problems) == 0 {
		return ""
	}
	p := problems[0]
	return strings.TrimPrefix(placed(p.Origin, p.Line, p.Column), "text:") + " " + p.Message + " [" + p.Kind + "]"
}

// TestLargeTexts: whatever is repeated, the answer is a problem, and comes at once.
func TestLargeTexts(t *testing.T) {
	unraced(t)
	sc, _ := rowScope(t)
	for _, part := range []string{"(", "[", "{a:", "!", "-", "not ", "1+", "1 ? ", "1 ?: ", "n|", "let x = ", "if flag {", "any(jobs,", "row.", "last?.", "n ?? ", "n ** ", "1;", "verdict(", "${{", "\"", "/*", "1 < "} {
		for _, n := range []int{300, 16000, 70_000} {
			src := strings.Repeat(part, n)
			for _, s := range []string{src, src + "1", src + "1" + strings.Repeat(")", n)} {
				if _, problems := rules.Compile(s, sc, nil); len(problems) == 0 || len(problems) > 2*n {
					t.Errorf("%s × %d: %d problems", part, n, len(problems))
				}
			}
			rules.CompileText("${{"+src+"}}", sc, nil)
		}
	}
}
