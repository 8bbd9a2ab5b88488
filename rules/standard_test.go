package rules_test

import (
	"fmt"
	"testing"

	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/schemas/yamldoc"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/workflows"
)

var ciTypes = map[string]*schemas.Type{
	"Job": schemas.TypeOf[ci.Job](), "Row": schemas.TypeOf[ci.Row](), "Push": schemas.TypeOf[ci.Push](), "Changeset": schemas.TypeOf[ci.Changeset](),
}

// readRules reads a file of rules as far as these tests need it; the engine's loader is the one that counts.
func readRules(t testing.TB, file, text string) []rules.Rule {
	t.Helper()
	doc, problems := yamldoc.Parse(file, []byte(text))
	if len(problems) > 0 {
		t.Fatal(yamldoc.AsError(problems))
	}
	snippet := func(n *yamldoc.Node) *rules.Snippet {
		if n == nil {
			return nil
		}
		return &rules.Snippet{Text: n.Value, Origin: n}
	}
	var out []rules.Rule
	for _, e := range doc.Get("rules").Entries {
		r := rules.Rule{Name: e.Key.Value, NameAt: *snippet(e.Key), Is: snippet(e.Value.Get("is"))}
		if given := e.Value.Get("given"); given != nil {
			for _, p := range given.Entries {
				typ := rules.Snippet{Text: p.Value.Value, Origin: p.Value}
				if p.Value.Kind == yamldoc.List {
					typ.Text = "[" + p.Value.Items[0].Value + "]"
				}
				r.Given = append(r.Given, rules.Param{Name: p.Key.Value, Type: typ})
			}
		}
		if first := e.Value.Get("first"); first != nil {
			for _, row := range first.Items {
				if then := row.Get("else"); then != nil {
					r.First = append(r.First, rules.RuleRow{Then: *snippet(then)})
					continue
				}
				r.First = append(r.First, rules.RuleRow{When: snippet(row.Get("when")), Then: *snippet(row.Get("then"))})
			}
		}
		out = append(out, r)
	}
	return out
}

// mustSet makes a set of rules that has no problems.
func mustSet(t testing.TB, list []rules.Rule) *rules.Set {
	t.Helper()
	set, problems := rules.NewSet(ciTypes, list)
	for _, p := range problems {
		at := ""
		if n, ok := p.Origin.(*yamldoc.Node); ok {
			at = n.ProblemAt(p.Line, p.Column, p.Length, p.Kind, p.Message).Show()
		}
		t.Errorf("%d:%d %s [%s]\n%s", p.Line, p.Column, p.Message, p.Kind, at)
	}
	if t.Failed() {
		t.FailNow()
	}
	return set
}

func standard(t testing.TB) *rules.Set {
	t.Helper()
	return mustSet(t, readRules(t, workflows.StandardRules, workflows.Standard()))
}

func TestStandardRulesGive(t *testing.T) {
	set := standard(t)
	want := map[string]string{
		"verdict":      `"not_runnable"|"intermittent"|"passed"|"failed"|"unsettled"|"missing"|"inconclusive"`,
		"standing":     `"not_runnable"|"intermittent"|"passed"|"failed"|"unsettled"|"missing"|"inconclusive"`,
		"evidence":     "list of Job",
		"failedJob":    "bool",
		"goodAt":       "int or nil",
		"badAt":        "int or nil",
		"lastGood":     "Row or nil",
		"firstBad":     "Row or nil",
		"gap":          "list of Row",
		"suspects":     "list of Push",
		"culprits":     "list of Changeset",
		"culprit":      "Push or nil",
		"reachesDepth": "bool",
		"whyNot":       "string or nil",
		"evidenceBy":   `"label"|"manifest"`,
	}
	for _, r := range set.List() {
		_, got, _ := set.Types(r.Name)
		if got.String() != want[r.Name] {
			t.Errorf("%s gives %s, want %s", r.Name, got, want[r.Name])
		}
	}
	if len(set.List()) != len(want) {
		t.Errorf("%d rules, and this test knows %d", len(set.List()), len(want))
	}
}

// placed is where in its file a place in a text is.
func placed(origin any, line, column int) string {
	n, ok := origin.(*yamldoc.Node)
	if !ok {
		return fmt.Sprintf("text:%d:%d", line, column)
	}
	if l, c, ok := n.At(line, column); ok {
		return fmt.Sprintf("%d:%d", l, c)
	}
	return fmt.Sprintf("%d:%d", n.Line, n.Column)
}
