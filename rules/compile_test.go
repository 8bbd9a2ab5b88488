package rules_test

import (
	"testing"

	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources/ci"
)

func TestEvalKeepsTypes(t *testing.T) {
	rows := schemas.ListOf(schemas.TypeOf[ci.Row]())
	sc := &rules.Scope{Vars: []rules.Var{{Name: "history", Type: rows}}}
	x, problems := rules.CompileText("${{ map(history, .push.revision) }}", sc, schemas.ListOf(schemas.Of(schemas.String)))
	if problems != nil {
		t.Fatal(problems)
	}
	history := rows.Fact([]ci.Row{{Push: ci.Push{Revision: "b"}}, {Push: ci.Push{Revision: "a"}}})
	got, err := x.Eval(t.Context(), map[string]any{"history": history})
	if list, _ := got.([]any); err != nil || len(list) != 2 || list[0] != "b" {
		t.Errorf("got %v, %v, want the revisions in their order", got, err)
	}
}
