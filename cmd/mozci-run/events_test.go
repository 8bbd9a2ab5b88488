package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
)

// Every kind of event that the engine emits is in run --help.
func TestEveryKindOfEventIsExplained(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "../../engine/event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := spec.Type.(*ast.Ident); ok && id.Name == "EventKind" {
			kind, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, kind)
		}
		return true
	})
	var got []string
	for _, k := range eventKinds {
		got = append(got, string(k.kind))
	}
	slices.Sort(got)
	slices.Sort(want)
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("explained are %v, and there are %v", got, want)
	}
}
