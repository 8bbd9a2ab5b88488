package rules_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/rules"
)

// problemsOf makes a set of YAML rules and writes its problems, each with its source line and a caret.
func problemsOf(t *testing.T, src string) string {
	t.Helper()
	_, problems := rules.NewSet(ciTypes, readRules(t, "r.yaml", "rules:\n"+src))
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintf(&b, "%s %s [%s]", placed(p.Origin, p.Line, p.Column), p.Message, p.Kind)
		for _, f := range p.Called {
			fmt.Fprintf(&b, " from %s of %s", placed(f.Origin, f.Line, f.Column), f.Rule)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestSetProblems(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"a body that does not fit its parameters", `
  bad: {given: {row: Row}, is: row.pushes}`, `3:36 Row has no member pushes: did you mean push? [unknown-member]
`},
		{"an unknown type", `
  bad: {given: {row: Roww, n: "[Jobb]"}, is: row.push}`, `3:22 there is no type Roww: did you mean Row? [unknown-type]
3:33 there is no type Jobb: did you mean Job? [unknown-type]
`},
		{"types that cannot be read", `
  a: {given: {x: "[Row"}, is: "1"}
  b: {given: {x: "a|a"}, is: "1"}
  c: {given: {x: "Row Row"}, is: "1"}`, `3:23 a list's type is not closed: ] is missing [unknown-type]
4:21 words are written failed|passed|skip, each once [unknown-type]
5:23 unexpected "Row" in a type: one is written Row, [Row], Row?, int or failed|passed [unknown-type]
`},
		{"a rule that reaches itself", `
  a: {given: {n: int}, is: b(n)}
  b: {given: {n: int}, is: c(n) + 1}
  c: {given: {n: int}, is: a(n)}`, `5:28 a reaches itself: a calls b calls c calls a [rule-circle]
`},
		{"a rule that calls itself", `
  a: {given: {n: int}, is: "n > 0 ? a(n - 1) : 0"}`, `3:37 a reaches itself: a calls a [rule-circle]
`},
		{"wrong arguments between rules", `
  a: {given: {n: int}, is: n + 1}
  b: {given: {row: Row}, is: 'a(row) + a() + a(1, 2)'}`, `4:33 n of a(n): an int is wanted, and this is a Row [wrong-type]
4:40 a has 1 parameter: it is called as a(n), and here it has 0 arguments [arguments]
4:46 a has 1 parameter: it is called as a(n), and here it has 2 arguments [arguments]
`},
		{"a mistake is reported once, not at each call", `
  a: {given: {row: Row}, is: row.pushes}
  b: {given: {row: Row}, is: a(row)}
  c: {given: {row: Row}, is: b(row) == 1}`, `3:34 Row has no member pushes: did you mean push? [unknown-member]
`},
		{"a word that a table never gives", `
  a: {given: {n: int}, first: [{when: n > 1, then: many}, {else: few}]}
  b: {given: {n: int}, is: 'a(n) == "fwe"'}`, `4:37 "fwe" is none of many, few: did you mean "few"? [enum]
`},
		{"rows that are never reached", `
  a:
    given: {n: int}
    first:
      - {when: n > 1, then: many}
      - {when: n  >  1, then: more}
      - {when: "false", then: never}
      - {when: "true", then: rest}
      - {when: n > 5, then: five}
      - {else: few}`, `7:16 nothing reaches this row: row 1 asks the same [unreachable-row]
8:17 this never holds [unreachable-row]
10:16 nothing reaches this row: a row above it always holds [unreachable-row]
11:16 nothing reaches this row: a row above it always holds [unreachable-row]
`},
		{"rows of different types", `
  a: {given: {n: int}, first: [{when: n > 1, then: many}, {else: "${{ n }}"}]}`, `3:67 the rows of a table give one type: this is an int, and those above it the text "many" [wrong-type]
`},
		{"a when that is no condition, and a then with a mistake", `
  a: {given: {n: int}, first: [{when: n, then: many}, {else: "x ${{ m }}"}]}`, `3:39 when asks for a condition: a bool is wanted, and this is an int [wrong-type]
3:69 there is no m here: did you mean n? [unknown-name]
`},
		{"names that are taken", `
  filter: {given: {n: int}, is: n}
  now: {given: {n: int}, is: n}
  in: {given: {n: int}, is: n}`, `3:3 the name filter is taken: it is a function [duplicate-name]
4:3 the name now is taken: it is a function [duplicate-name]
5:3 in is a word of expressions, and cannot be a name [rule]
`},
		{"neither is nor first", `
  a: {given: {n: int}}`, `3:3 a rule has is, an expression, or first, the rows of a table [rule]
`},
		{"syntax", `
  a: {given: {n: int}, is: n +}`, `3:30 the expression ends too early: something is missing at its end [expr-syntax]
`},
		{"what takes any type is checked for what it gets", `
  same: {given: {a: any, b: any}, is: a == b}
  use: {given: {row: Row}, is: "same(row.push.revision, row.push.order)"}`, `3:44 a string never equals an int [wrong-type] from 4:33 of same
`},
		{"what takes a list of any keeps its elements' type", `
  second: {given: {list: [any]}, is: "get(list, 1)"}
  use: {given: {row: Row}, is: "second(row.jobs)?.statee"}`, `4:51 Job has no member statee: did you mean state? [unknown-member]
`},
		{"a part of what is any", `
  a: {given: {x: any}, is: x + 1}`, `3:30 + cannot be used between a value of any type and an int [wrong-type]
`},
		{"a table that may give nothing", `
  a: {given: {n: int}, first: [{when: n > 1, then: many}]}
  b: {given: {n: int}, is: 'upper(a(n))'}`, `4:35 upper: a string is wanted, and this may be nil (it is the text "many" or nil); give it another value with ??, or test it for nil before [possible-nil]
`},
		{"a table with a row for every word", `
  a: {given: {w: x|y|z}, first: [{when: 'w == "x"', then: one}, {when: 'w in ["y", "z"]', then: two}]}
  b: {given: {w: x|y|z}, is: 'upper(a(w))'}`, ``},
		{"what one rule tests, its caller knows", `
  started: {given: {job: Job}, is: 'job.started != nil && job.state != "unscheduled"'}
  b: {given: {job: Job}, is: 'started(job) && hour(job.started) > 3'}
  c: {given: {jobs: [Job]}, is: 'map(filter(jobs, started(#)), hour(.started))'}
  d: {given: {job: Job}, is: 'started(job) || hour(job.started) > 3'}`, `6:52 hour: a time is wanted, and this may be nil (it is a time or nil); give it another value with ??, or test it for nil before [possible-nil]
`},
		{"predicates too deep through rules", `
  a: {given: {rows: [Row]}, is: 'any(rows, any(rows, any(rows, true)))'}
  b: {given: {rows: [Row]}, is: 'any(rows, any(rows, a(rows)))'}
  c: {given: {rows: [Row]}, is: 'any(rows, any(rows, b(rows)))'}`, `5:54 predicates more than 6 deep within one another, those of b included [too-large]
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, problemsOf(t, tt.src)); d != "" {
				t.Errorf("other problems (-want +got):\n%s", d)
			}
		})
	}
}

func TestCallsGrowWithinBounds(t *testing.T) {
	src := "  r0: {given: {n: int}, is: n + 1}\n"
	for i := 1; i < 40; i++ {
		src += fmt.Sprintf("  r%d: {given: {n: int}, is: r%d(n) + r%d(n)}\n", i, i-1, i-1)
	}
	got := problemsOf(t, src)
	if !strings.Contains(got, "[too-large]") || strings.Count(got, "\n") > 3 {
		t.Errorf("rules that double at each call: %s", got)
	}
}

func TestDecideErrors(t *testing.T) {
	set := standard(t)
	for _, tt := range []struct {
		name string
		args []any
		want string
	}{
		{"verdikt", nil, "there is no rule verdikt: did you mean verdict?"},
		{"verdict", nil, "verdict(row) has 1 parameter, and here it has 0 arguments"},
		{"verdict", []any{7}, "row of verdict(row): a Row is wanted, and this is 7 (an int)"},
	} {
		_, err := set.Decide(t.Context(), tt.name, tt.args...)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s%v: %v, want %s", tt.name, tt.args, err, tt.want)
		}
	}
	var none *rules.Set
	if _, err := none.Decide(t.Context(), "verdict"); err == nil {
		t.Error("a set of nothing has decided")
	}
}

func TestDecideSaysWhatIsNoTable(t *testing.T) {
	set := mustSet(t, readRules(t, "r.yaml", `
rules:
  twice: {given: {n: int}, is: n * 2}
  some:  {given: {n: int}, first: [{when: n > 1, then: 'has ${{ n }}'}]}
  late:  {given: {list: [int]}, is: 'list[3]'}
`))
	got, err := set.Decide(context.Background(), "twice", 4)
	if want := (rules.Decision{Rule: "twice", Row: -1, Value: 8}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if got, err = set.Decide(t.Context(), "some", 4); err != nil || got.Row != 0 || got.When != "n > 1" || got.Value != "has 4" {
		t.Errorf("got %v, %v, want row 0", got, err)
	}
	if got, err = set.Decide(t.Context(), "some", 0); err != nil || got.Row != -1 || got.Value != nil {
		t.Errorf("got %v, %v, want no row", got, err)
	}
	_, err = set.Decide(t.Context(), "late", []any{1})
	e, ok := err.(*rules.EvalError)
	if !ok || e.Origin == nil || e.Column != 5 {
		t.Errorf("got %#v, want an error with its place in the rule", err)
	}
}
