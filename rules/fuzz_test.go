package rules_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"pgregory.net/rapid"
)

// randomFact is any fact of a type.
func randomFact(r *rand.Rand, t *schemas.Type) any {
	if t.Nullable && r.IntN(3) == 0 {
		return nil
	}
	switch t.Kind {
	case schemas.Bool:
		return r.IntN(2) == 0
	case schemas.Int:
		return []int{0, 1, -1, 2, 7, 1 << 40}[r.IntN(6)]
	case schemas.Float:
		return []float64{0, 0.5, -1, 3}[r.IntN(4)]
	case schemas.String:
		if t.Enum != nil {
			return t.Enum[r.IntN(len(t.Enum))]
		}
		return []string{"", "a", "autoland", "é日", "12", "1h"}[r.IntN(6)]
	case schemas.Time:
		return time.Unix(int64(r.IntN(1e9)), 0).UTC()
	case schemas.Duration:
		return time.Duration(r.IntN(7200)-600) * time.Second
	case schemas.List:
		out := make([]any, r.IntN(4))
		for i := range out {
			out[i] = randomFact(r, t.Elem)
		}
		return out
	case schemas.Map:
		out := map[string]any{}
		for _, k := range []string{"a", "b"}[:r.IntN(3)] {
			out[k] = randomFact(r, t.Elem)
		}
		return out
	case schemas.Object:
		out := map[string]any{}
		for _, f := range t.Fields {
			out[f.Name] = randomFact(r, f.Type)
		}
		return out
	}
	return []any{nil, 1, "x", 0.5, []any{1}, map[string]any{"x": 1}}[r.IntN(6)]
}

// failures are those that a checked expression may end in.
var failures = []string{"a duration of more than 292 years", "a whole number beyond ", "a value of more than 64 MB", "a time in the year ", "there is no element", "nothing can be divided by 0", "more than", "a list of more than", "lists with more than", "the result is no number"}

// mayFail says whether an error is one of these.
func mayFail(err error) bool {
	var e *rules.EvalError
	if !errors.As(err, &e) {
		return false
	}
	for _, f := range failures {
		if strings.HasPrefix(e.Message, f) {
			return true
		}
	}
	return false
}

// holds evaluates what has been compiled with facts of the right types: the value has its type, is the same again, and is the
// same with coverage; an error is one that may be.
func holds(t interface{ Errorf(string, ...any) }, src string, sc *rules.Scope, seed uint64, typ *schemas.Type, eval func(map[string]any, bool) (any, error)) {
	for i := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, i))
		facts := map[string]any{}
		for _, v := range sc.Vars {
			facts[v.Name] = randomFact(r, v.Type)
		}
		got, err := eval(facts, false)
		if err != nil {
			if !mayFail(err) {
				t.Errorf("%s: a checked expression failed: %v", src, err)
			}
			continue
		}
		again, err2 := eval(facts, false)
		covered, err3 := eval(facts, true)
		if err2 != nil || err3 != nil || cmp.Diff(got, again) != "" || cmp.Diff(got, covered) != "" {
			t.Errorf("%s: %v, then %v %v, with coverage %v %v", src, got, again, err2, covered, err3)
		}
		if typ.Kind == schemas.Any {
			continue
		}
		fact, err := typ.Conform(got)
		if err != nil || cmp.Diff(fact, got) != "" {
			t.Errorf("%s: %#v is no %s: %v", src, got, typ, err)
		}
	}
}

func seeds(f *testing.F, text bool) {
	files, _ := filepath.Glob("testdata/*.rows")
	for _, file := range files {
		for _, r := range rowsOf(f, file) {
			if src, is := plainSource(r.source); is == text {
				f.Add(src, uint64(len(src)))
			}
		}
	}
}

func inside(t testing.TB, src string, problems []rules.Problem) {
	for _, p := range problems {
		lines := strings.Split(src, "\n")
		if p.Message == "" || p.Kind == "" || p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > len([]rune(lines[p.Line-1]))+2 {
			t.Errorf("%q: a problem outside of the text: %+v", src, p)
		}
	}
}

func FuzzCompile(f *testing.F) {
	seeds(f, false)
	sc, _ := rowScope(f)
	f.Fuzz(func(t *testing.T, src string, seed uint64) {
		x, problems := rules.Compile(src, sc, nil)
		inside(t, src, problems)
		if (x == nil) != (len(problems) > 0) {
			t.Fatalf("%q: %v and %v", src, x, problems)
		}
		if x == nil {
			return
		}
		scope := *sc
		if !strings.Contains(src, "fill") { // whether it may be nil depends on who reads it: see TestSkipped
			scope.Vars = scope.Vars[:len(scope.Vars)-1]
		}
		cover := rules.WithCoverage(t.Context(), rules.NewCoverage())
		holds(t, src, &scope, seed, x.Type(), func(facts map[string]any, covered bool) (any, error) {
			if covered {
				return x.Eval(cover, facts)
			}
			return x.Eval(t.Context(), facts)
		})
	})
}

func FuzzCompileText(f *testing.F) {
	seeds(f, true)
	sc, _ := rowScope(f)
	f.Fuzz(func(t *testing.T, src string, seed uint64) {
		x, problems := rules.CompileText(src, sc, nil)
		inside(t, src, problems)
		if x == nil {
			return
		}
		if !strings.Contains(src, "${{") {
			if v, err := x.Eval(t.Context(), nil); v != src || err != nil {
				t.Errorf("%q became %v, %v", src, v, err)
			}
		}
		holds(t, src, sc, seed, x.Type(), func(facts map[string]any, _ bool) (any, error) { return x.Eval(t.Context(), facts) })
	})
}

func FuzzNewSet(f *testing.F) {
	f.Add("n: int", "n + 1", "x > 1", "a ${{ x }}")
	f.Add("n", "a(n)", "b(x)", "${{ x }}")
	f.Fuzz(func(t *testing.T, typ, is, when, then string) {
		set, problems := rules.NewSet(ciTypes, []rules.Rule{
			{Name: "a", Given: []rules.Param{{Name: "n", Type: rules.Snippet{Text: typ}}}, Is: &rules.Snippet{Text: is}},
			{Name: "b", Given: []rules.Param{{Name: "x", Type: rules.Snippet{Text: "int"}}}, First: []rules.RuleRow{
				{When: &rules.Snippet{Text: when}, Then: rules.Snippet{Text: then}}, {Then: rules.Snippet{Text: then}}}},
		})
		if len(problems) > 0 {
			return
		}
		if _, err := set.Decide(t.Context(), "b", 3); err != nil && !mayFail(err) {
			t.Errorf("%q: %q: %v", when, then, err)
		}
	})
}

// A grammar of expressions that are right: each kind of value is one of its templates, in which capital letters in brackets
// stand for others. # is an int in predicates over <LI>, and a row over history.
var grammar = map[string][]string{
	"B": {"true", "flag", "(<B> && <B>)", "(<B> || <B>)", "!<B>", "(<I> < <I>)", "(<I> == <I>)", "(<S> == <S>)", "(<S> in <LS>)", "(<I> in <LI>)",
		"any(<LI>, # > <I>)", "all(<LI>, # != <I>)", "none(<LI>, <B>)", "one(<LI>, # < <I>)", "(<OI> == nil)", "(<OI> != nil)",
		"(last != nil && last.push.order > <I>)", "any(history, verdict(#) == \"passed\")", "(<B> ? <B> : <B>)", "(<S> contains <S>)",
		"(let x = <OI>; x != nil && x > <I>)", "(last?.requested ?? <B>)", "(as in [\"skip\", \"failed\"])", "(<LI> == <LI>)",
		"(job.started == nil || hour(job.started) > <I>)", "any(history, any(.jobs, .tier > <I>))", "reachesDepth(history, as)"},
	"I": {"1", "n", "-3", "(<I> + <I>)", "(<I> * <I>)", "(<I> - <I>)", "len(<LI>)", "len(<S>)", "len(<LR>)", "count(<LI>, # > <I>)", "(<OI> ?? <I>)", "sum(<LI>)",
		"sum(<LI>, # * <I>)", "reduce(<LI>, #acc + #, <I>)", "(<B> ? <I> : <I>)", "(let y = <I>; y + y)", "max(<I>, <I>)", "abs(<I>)", "row.push.order", "len(<LS>)",
		"(<LI>)[<I>]", "len(gap(<LR>, as))", "len(culprits(<LR>, \"failed\"))", "int(<F>)"},
	"OI": {"first(<LI>)", "last(<LI>)", "find(<LI>, # > <I>)", "findLast(<LI>, # > <I>)", "findIndex(<LI>, # < <I>)", "findLastIndex(<LI>, #index < <I> && # > <I>)",
		"counts.a", "get(<LI>, <I>)", "last?.push.order", "(<B> ? <I> : nil)", "int(<S>)", "findLastIndex(<LR>, len(.jobs) > <I>)", "max(<LI>)", "indexOf(<S>, <S>)",
		"firstBad(<LR>, as)?.push.order", "goodAt(<LR>, \"skip\")"},
	"F": {"half", "1.5", "(<F> + <I>)", "(<I> * <F>)", "(<I> / <I>)", "hours(<D>)", "(<F> ?? <F>)", "(<B> ? <F> : <I>)", "(mean(<LI>) ?? <F>)", "floor(<F>)", "min(<F>, <I>)"},
	"D": {"limit", "duration(\"5m\")", "(<D> + <D>)", "(<D> * <I>)", "(run.now - (job.started ?? run.now))", "since(run.now, run.now)", "-<D>", "(duration(string(<S>)) ?? <D>)"},
	"S": {"name", "\"x\"", "(<S> + <S>)", "(maybe ?? <S>)", "upper(<S>)", "string(<I>)", "string(<F>)", "string(<D>)", "verdict(row)", "<S>[0:<I>]", "join(<LS>, <S>)", "(<B> ? <S> : <S>)",
		"(whyNot(row) ?? <S>)", "(lastGood(<LR>, as)?.push.revision ?? <S>)", "toJSON(<LI>)", "type(<OI>)", "(first(<LS>) ?? <S>)", "({a: <S>, b: <I>}.a)"},
	"LI": {"[<I>, <I>]", "[]", "map(<LI>, # + <I>)", "map(<LI>, #index)", "filter(<LI>, # > <I>)", "take(<LI>, <I>)", "concat(<LI>, <LI>)", "reverse(<LI>)", "sortBy(<LI>, -#)",
		"sortBy(<LI>, # * <I>, \"desc\")", "uniq(<LI>)", "(<LI>)[<I>:<I>]", "flatten([<LI>, <LI>])", "everyNth(<LI>, <I>)", "without(<LI>, <LI>)", "map(<LR>, .push.order)",
		"sort(<LI>)", "map(zip(<LI>, <LI>), .left)", "1..3", "(<B> ? <LI> : <LI>)", "filter([<OI>, <I>], # != nil)", "values(counts)", "map(<LI>, let z = #; z * z)",
		"map(<LI>, sum(map(<LI>, # + 1)))", "flatten(values(groupBy(<LI>, string(#))))"},
	"LS": {"[<S>]", "map(<LR>, .push.revision)", "map(<LR>, verdict(#))", "split(<S>, \"a\")", "keys(counts)", "map(<LI>, string(#))", "keys(groupBy(<LR>, verdict(#)))", "concat(<LS>, <LS>)"},
	"LR": {"history", "history[1:]", "filter(<LR>, <B>)", "reverse(<LR>)", "take(<LR>, <I>)", "sortBy(<LR>, .push.order)", "gap(<LR>, as)", "filter(<LR>, .not_runnable != nil)", "[row]"},
}

var hole = regexp.MustCompile(`<(B|I|OI|F|D|S|LI|LS|LR)>`)

// grow makes an expression of a kind; fuel runs out.
func grow(t *rapid.T, kind string, fuel int) string {
	src := map[string]string{"LI": "[1, 2]", "OI": "counts.a", "LS": "[name]"}[kind]
	if fuel > 0 {
		src = rapid.SampledFrom(grammar[kind]).Draw(t, kind)
	} else if src == "" {
		src = grammar[kind][0]
	}
	return hole.ReplaceAllStringFunc(src, func(h string) string { return grow(t, h[1:len(h)-1], fuel-1) })
}

// TestWhatIsRightIsTaken makes expressions that are right, and holds each to its promises, alone and among others.
func TestWhatIsRightIsTaken(t *testing.T) {
	sc, _ := rowScope(t)
	sc.Vars = sc.Vars[:len(sc.Vars)-1]
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom([]string{"B", "I", "OI", "F", "D", "S", "LI", "LS", "LR"}).Draw(rt, "kind")
		src := grow(rt, kind, 4)
		x, problems := rules.Compile(src, sc, nil)
		if len(problems) > 0 {
			for _, p := range problems {
				if p.Kind != rules.KindBound && p.Kind != rules.KindEnum && p.Kind != rules.KindDuplicate {
					rt.Fatalf("%s: %+v", src, p)
				}
			}
			return
		}
		within, problems := rules.Compile("[7, "+fmt.Sprintf("len(string(%s))", src)+", 8]", sc, nil)
		if len(problems) > 0 {
			return // too large by a little
		}
		cover := rules.WithCoverage(t.Context(), rules.NewCoverage())
		holds(rt, src, sc, rapid.Uint64().Draw(rt, "seed"), x.Type(), func(facts map[string]any, covered bool) (any, error) {
			if covered {
				return x.Eval(cover, facts)
			}
			if got, err := within.Eval(t.Context(), facts); err == nil {
				if list := got.([]any); len(list) != 3 || list[0] != 7 || list[2] != 8 {
					rt.Errorf("%s: left something on the stack: %v", src, got)
				}
			}
			return x.Eval(t.Context(), facts)
		})
	})
}
