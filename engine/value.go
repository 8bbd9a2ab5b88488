package engine

import (
	"context"

	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
)

// A Value is what the file gives under with, inputs or outputs: a constant, a text with ${{ }}, a list or an object of them.
type Value struct {
	Place  Place
	Type   *schemas.Type
	Const  any         // a fact; used where the others are nil
	Text   *rules.Text // or this
	List   []*Value    // or these
	Names  []string    // or these members, in the order of the file,
	Fields []*Value    // with these values
}

// Eval evaluates the value to a fact.
func (v *Value) Eval(ctx context.Context, vars map[string]any) (any, error) {
	switch {
	case v.Text != nil:
		return v.Text.Eval(ctx, vars)
	case v.Names != nil:
		out := make(map[string]any, len(v.Names))
		for i, name := range v.Names {
			e, err := v.Fields[i].Eval(ctx, vars)
			if err != nil {
				return nil, err
			}
			out[name] = e
		}
		return out, nil
	case v.List != nil:
		out := make([]any, len(v.List))
		for i, item := range v.List {
			e, err := item.Eval(ctx, vars)
			if err != nil {
				return nil, err
			}
			out[i] = e
		}
		return out, nil
	}
	return v.Const, nil
}

// Refs lists the names that the value reads, each once.
func (v *Value) Refs() []rules.Ref {
	if v == nil {
		return nil
	}
	var out []rules.Ref
	if v.Text != nil {
		out = append(out, v.Text.Refs()...)
	}
	for _, item := range append(v.List, v.Fields...) {
		out = append(out, item.Refs()...)
	}
	return out
}
