package rules_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources/ci"
	"pgregory.net/rapid"
)

// A history is written as a strip, newest push first: F failed, P passed, I intermittent, . missing, x inconclusive,
// ? on its way, r requested and not seen, - empty, 0 without a decision task, d DONTBUILD.
const letters = "FPI.x?r-0d"

func job(state ci.State, result ci.Result) ci.Job {
	return ci.Job{State: state, Result: result, Classification: ci.NotClassified}
}

func rowOf(letter rune, i, n int) ci.Row {
	reason := func(r ci.NotRunnable) *ci.NotRunnable { return &r }
	failed, passed := job(ci.Completed, ci.TestFailed), job(ci.Completed, ci.Success)
	row := ci.Row{Push: ci.Push{
		Revision: fmt.Sprintf("push%d", i), Order: 3*(n-i) + 7, Date: time.Unix(int64(i*7919%1000), 0),
		Changesets: []ci.Changeset{{Revision: fmt.Sprintf("push%d.a", i)}, {Revision: fmt.Sprintf("push%d.b", i)}},
	}}
	switch letter {
	case 'F':
		row.Jobs = []ci.Job{job(ci.Completed, ci.Exception), failed}
	case 'P':
		row.Jobs = []ci.Job{passed, job(ci.Pending, ci.Unknown)}
	case 'I':
		row.Jobs = []ci.Job{failed, passed}
	case 'x':
		row.Jobs = []ci.Job{job(ci.Completed, ci.Superseded), job(ci.Completed, ci.Retry)}
	case '?':
		row.Jobs = []ci.Job{job(ci.Completed, ci.UserCancel), job(ci.Running, ci.Unknown)}
	case 'r':
		row.Requested = true
	case '-':
		row.NotRunnable, row.Push.Changesets, row.Push.Empty = reason(ci.EmptyPush), nil, true
	case '0':
		row.NotRunnable = reason(ci.NoDecision)
	case 'd':
		row.NotRunnable = reason(ci.DontBuild)
	}
	return row
}

var rowsType = schemas.ListOf(schemas.TypeOf[ci.Row]())

func historyOf(strip string) any {
	strip = strings.ReplaceAll(strip, " ", "")
	rows := make([]ci.Row, len(strip))
	for i, letter := range strip {
		rows[i] = rowOf(letter, i, len(strip))
	}
	return rowsType.Fact(rows)
}

// A model is what DESIGN.md says of a history, in plain Go.
type model struct {
	LastGood, FirstBad      int // -1 where there is none
	Gap, Suspects, Culprits []string
	Culprit                 string
}

func modelOf(strip, intermittent string) model {
	m := model{LastGood: -1, FirstBad: -1, Gap: []string{}, Suspects: []string{}, Culprits: []string{}}
	passes := func(c byte) bool { return c == 'P' || c == 'I' && intermittent == "passed" }
	fails := func(c byte) bool { return c == 'F' || c == 'I' && intermittent == "failed" }
	for i := 1; i < len(strip); i++ { // walking older from the given failure, the first push that passed
		if passes(strip[i]) {
			m.LastGood = i
			break
		}
	}
	for i := m.LastGood - 1; i >= 0; i-- { // the oldest failed push newer than last good
		if fails(strip[i]) {
			m.FirstBad = i
			break
		}
	}
	for i := 1; i < m.LastGood; i++ {
		if strip[i] == '.' || strip[i] == 'x' {
			m.Gap = append(m.Gap, fmt.Sprintf("push%d", i))
		}
	}
	for i := m.FirstBad; m.FirstBad >= 0 && i < m.LastGood; i++ {
		m.Suspects = append(m.Suspects, fmt.Sprintf("push%d", i))
		if strip[i] != '-' {
			m.Culprits = append(m.Culprits, fmt.Sprintf("push%d.a", i), fmt.Sprintf("push%d.b", i))
		}
	}
	if len(m.Suspects) == 1 { // no push between lacks evidence
		m.Culprit = m.Suspects[0]
	}
	return m
}

// An asker evaluates one expression over a history.
type asker struct {
	t   testing.TB
	ctx context.Context
	set *rules.Set
	x   map[string]*rules.Expr
}

func (a *asker) ask(src string, history any, intermittent string) any {
	x := a.x[src]
	if x == nil {
		sc := &rules.Scope{Rules: a.set, Vars: []rules.Var{{Name: "history", Type: rowsType}, {Name: "as", Type: schemas.EnumOf("", "failed", "passed", "skip")}}}
		var problems []rules.Problem
		if x, problems = rules.Compile(src, sc, nil); problems != nil {
			a.t.Fatalf("%s: %v", src, problems)
		}
		a.x[src] = x
	}
	v, err := x.Eval(a.ctx, map[string]any{"history": history, "as": intermittent})
	if err != nil {
		a.t.Fatalf("%s: %v", src, err)
	}
	return v
}

func (a *asker) texts(src string, history any, intermittent string) []string {
	out := []string{}
	for _, e := range a.ask(src, history, intermittent).([]any) {
		out = append(out, e.(string))
	}
	return out
}

// place is which row a push is, or -1 for nil.
func place(revision any) int {
	if revision == nil {
		return -1
	}
	var i int
	fmt.Sscanf(revision.(string), "push%d", &i)
	return i
}

func (a *asker) model(strip, as string) model {
	h := historyOf(strip)
	m := model{
		LastGood: place(a.ask("lastGood(history, as)?.push.revision", h, as)),
		FirstBad: place(a.ask("firstBad(history, as)?.push.revision", h, as)),
		Gap:      a.texts("map(gap(history, as), .push.revision)", h, as),
		Suspects: a.texts("map(suspects(history, as), .revision)", h, as),
		Culprits: a.texts("map(culprits(history, as), .revision)", h, as),
	}
	m.Culprit, _ = a.ask("culprit(history, as)?.revision", h, as).(string)
	return m
}

func newAsker(t testing.TB) *asker {
	return &asker{t: t, ctx: t.Context(), set: standard(t), x: map[string]*rules.Expr{}}
}

func TestHistories(t *testing.T) {
	a := newAsker(t)
	for _, tt := range []struct {
		strip, as string
		want      model
	}{
		{"FP", "skip", model{1, 0, []string{}, []string{"push0"}, []string{"push0.a", "push0.b"}, "push0"}},
		{"FPFP", "skip", model{1, 0, []string{}, []string{"push0"}, []string{"push0.a", "push0.b"}, "push0"}},
		{"FFP", "skip", model{2, 1, []string{}, []string{"push1"}, []string{"push1.a", "push1.b"}, "push1"}},
		{"F.xP", "skip", model{3, 0, []string{"push1", "push2"}, []string{"push0", "push1", "push2"},
			[]string{"push0.a", "push0.b", "push1.a", "push1.b", "push2.a", "push2.b"}, ""}},
		{"F?rP", "skip", model{3, 0, []string{}, []string{"push0", "push1", "push2"},
			[]string{"push0.a", "push0.b", "push1.a", "push1.b", "push2.a", "push2.b"}, ""}},
		{"F-P", "skip", model{2, 0, []string{}, []string{"push0", "push1"}, []string{"push0.a", "push0.b"}, ""}},
		{"FIP", "skip", model{2, 0, []string{}, []string{"push0", "push1"}, []string{"push0.a", "push0.b", "push1.a", "push1.b"}, ""}},
		{"FIP", "failed", model{2, 1, []string{}, []string{"push1"}, []string{"push1.a", "push1.b"}, "push1"}},
		{"FIP", "passed", model{1, 0, []string{}, []string{"push0"}, []string{"push0.a", "push0.b"}, "push0"}},
		{"F..", "skip", model{-1, -1, []string{}, []string{}, []string{}, ""}},
		{"", "skip", model{-1, -1, []string{}, []string{}, []string{}, ""}},
	} {
		t.Run(tt.strip+" "+tt.as, func(t *testing.T) {
			if d := cmp.Diff(tt.want, a.model(tt.strip, tt.as)); d != "" {
				t.Errorf("the rules say something else (-want +got):\n%s", d)
			}
		})
	}
}

// TestHistoriesHoldTheModel holds the standard rules against the model over random histories, and each promise by itself.
func TestHistoriesHoldTheModel(t *testing.T) {
	a := newAsker(t)
	rapid.Check(t, func(rt *rapid.T) {
		strip := rapid.StringOfN(rapid.SampledFrom([]rune(letters)), 0, 24, -1).Draw(rt, "strip")
		as := rapid.SampledFrom([]string{"failed", "passed", "skip"}).Draw(rt, "intermittent")
		got, h := a.model(strip, as), historyOf(strip)
		if d := cmp.Diff(modelOf(strip, as), got); d != "" {
			rt.Fatalf("the rules and the model differ (-model +rules):\n%s", d)
		}
		for _, bound := range []int{got.LastGood, got.FirstBad} {
			if bound >= 0 && strings.ContainsRune(".x?r-0d", rune(strip[bound])) {
				rt.Fatalf("%c at %d is a bound, and says nothing", strip[bound], bound)
			}
			if bound >= 0 && strip[bound] == 'I' && as == "skip" {
				rt.Fatalf("an intermittent push at %d is a bound, and was to be skipped", bound)
			}
		}
		for _, revision := range got.Gap {
			i := place(revision)
			if !strings.ContainsRune(".x", rune(strip[i])) {
				rt.Fatalf("%c at %d is in the gap", strip[i], i)
			}
			if a.ask(fmt.Sprintf("whyNot(history[%d])", i), h, as) != nil {
				rt.Fatalf("push%d is in the gap, and there is a reason not to trigger it", i)
			}
		}
		if reaches := a.ask("reachesDepth(history, as)", h, as); reaches != (got.LastGood < 0) {
			rt.Fatalf("reachesDepth = %v, and last good is %d", reaches, got.LastGood)
		}
		if got.Culprit != "" && (got.LastGood != got.FirstBad+1 || len(got.Suspects) != 1) {
			rt.Fatalf("%s is named alone, between %d and %d", got.Culprit, got.FirstBad, got.LastGood)
		}
	})
}

func TestVerdicts(t *testing.T) {
	set := standard(t)
	words := map[rune]string{'F': "failed", 'P': "passed", 'I': "intermittent", '.': "missing", 'x': "inconclusive",
		'?': "unsettled", 'r': "unsettled", '-': "not_runnable", '0': "not_runnable", 'd': "not_runnable"}
	whys := map[rune]any{'F': "has an answer: failed", 'P': "has an answer: passed", 'I': "has an answer: intermittent", '.': nil, 'x': nil,
		'?': "is on its way", 'r': "has been asked for and not been seen yet", '-': "its changesets have been removed",
		'0': "its service has scheduled nothing for it and cannot be asked to", 'd': "its author asked for no automation (DONTBUILD)"}
	for letter, want := range words {
		row := historyOf(string(letter)).([]any)[0]
		got, err := set.Decide(t.Context(), "verdict", row)
		if err != nil || got.Value != want {
			t.Errorf("the verdict on %c is %v, %v, want %s", letter, got.Value, err, want)
		}
		why, err := set.Decide(t.Context(), "whyNot", row)
		if err != nil || why.Value != whys[letter] {
			t.Errorf("whyNot of %c is %v, %v, want %v", letter, why.Value, err, whys[letter])
		}
	}
	got, _ := set.Decide(t.Context(), "verdict", historyOf("r").([]any)[0])
	if got.Row != 4 || !strings.HasPrefix(got.When, "row.requested || ") || got.Origin == nil {
		t.Errorf("the verdict on a requested row: row %d, %q, %v: want row 4 with its condition and place", got.Row, got.When, got.Origin)
	}
}

func TestEvidenceByManifestIsSaid(t *testing.T) {
	a := newAsker(t)
	history := historyOf("F.P").([]any)
	if got := a.ask("evidenceBy(history)", history, "skip"); got != "label" {
		t.Errorf("got %v for rows that were compared by label", got)
	}
	compared := slices.Clone(history)
	for i, r := range history {
		row := map[string]any{}
		for k, v := range r.(map[string]any) {
			row[k] = v
		}
		row["by_manifest"] = i != 1 // the row without evidence was compared with nothing
		compared[i] = row
	}
	if got := a.ask("evidenceBy(history)", compared, "skip"); got != "manifest" {
		t.Errorf("got %v for rows that were compared by manifest", got)
	}
}
