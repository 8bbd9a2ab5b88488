package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// inputs reads the declarations of inputs: each default fits its type and its bounds.
func (c *checker) inputs() {
	for _, in := range c.def.Inputs {
		c.prog.Inputs = append(c.prog.Inputs, c.input(in))
	}
}

func (c *checker) input(in *inputDef) Input {
	out := Input{Name: in.name.Value, Place: placeOf(in.name), Type: rules.Unknown()}
	if in.doc != nil {
		out.Doc = in.doc.Value
	}
	if in.typ == nil {
		return out
	}
	out.Type = c.inputType(in)
	ordered := out.Type.Kind == schemas.Int || out.Type.Kind == schemas.Duration
	for _, bound := range []struct {
		name string
		node *yamldoc.Node
		into *any
	}{{"min", in.min, &out.Min}, {"max", in.max, &out.Max}} {
		switch {
		case bound.node == nil:
		case !ordered:
			c.problem(bound.node, "companion", "%s goes with an int or a duration, and %s is %s", bound.name, out.Name, withArticle(in.typ.Value))
		default:
			*bound.into = c.fits(bound.node, out.Type, bound.name)
		}
	}
	if low, ok := amount(out.Min); ok {
		if high, ok := amount(out.Max); ok && low > high {
			c.problem(in.max, "bounds", "max is below min")
		}
	}
	c.defaultOf(in, &out)
	return out
}

func (c *checker) inputType(in *inputDef) *schemas.Type {
	var enum []string
	if in.enum != nil {
		if len(in.enum.Items) == 0 {
			c.problem(in.enum, "wrong-type", "enum is an empty list: no value could be given")
		}
		for _, w := range in.enum.Items {
			if slices.Contains(enum, w.Value) {
				c.problem(w, "duplicate-word", "%s is in the list twice", w.Value)
				continue
			}
			enum = append(enum, w.Value)
		}
	}
	text := schemas.Of(schemas.String)
	if len(enum) > 0 {
		text = schemas.EnumOf("", enum...)
	}
	switch in.typ.Value {
	case "string":
		return text
	case "list":
		return schemas.ListOf(text)
	}
	if in.enum != nil {
		c.problem(in.enum, "companion", "enum goes with a string or a list, and %s is %s", in.name.Value, withArticle(in.typ.Value))
	}
	switch in.typ.Value {
	case "int":
		return schemas.Of(schemas.Int)
	case "bool":
		return schemas.Of(schemas.Bool)
	}
	return schemas.Of(schemas.Duration)
}

func (c *checker) defaultOf(in *inputDef, out *Input) {
	if in.def == nil {
		return
	}
	if in.def.IsNull() {
		out.Type = out.Type.OrNil()
		return
	}
	out.Default = c.fits(in.def, out.Type, "default")
	out.faulty = out.Default == nil
	n, ok := amount(out.Default)
	if !ok {
		return
	}
	if low, ok := amount(out.Min); ok && n < low {
		c.problem(in.def, "bounds", "default is below min, which is %s", in.min.Value)
	}
	if high, ok := amount(out.Max); ok && n > high {
		c.problem(in.def, "bounds", "default is above max, which is %s", in.max.Value)
	}
}

// fits reads a constant of an input's declaration; nil where it does not fit.
func (c *checker) fits(n *yamldoc.Node, t *schemas.Type, what string) any {
	if n.Kind == yamldoc.Scalar && strings.Contains(n.Value, "${{") {
		c.problem(n, "no-expression", "%s is the same in every run: no ${{ }} can stand here", what)
		return nil
	}
	said := len(c.problems)
	if n.Kind == yamldoc.List && t.Kind == schemas.List {
		for _, item := range n.Items {
			c.fits(item, t.Elem, what)
		}
	}
	v, err := conform(n, t)
	if err == nil {
		return v
	}
	if len(c.problems) == said {
		c.problem(n, "wrong-type", "%s: %v", what, err)
	}
	return nil
}

func amount(v any) (float64, bool) {
	switch x := v.(type) {
	case int:
		return float64(x), true
	case time.Duration:
		return float64(x), true
	}
	return 0, false
}

// inputsType is the type of inputs as expressions see them.
func (p *Program) inputsType() *schemas.Type {
	fields := make([]schemas.Field, len(p.Inputs))
	for i, in := range p.Inputs {
		fields[i] = schemas.Field{Name: in.Name, Doc: in.Doc, Type: in.Type, Default: in.Default, Optional: in.Default != nil || in.Type.Nullable || in.faulty}
	}
	return schemas.ObjectOf("inputs", fields...)
}

// limits reads what a run may do.
func (c *checker) limits() Limits {
	out := Limits{Effects: DefaultEffects, Runtime: DefaultRuntime}
	if n := c.def.Limits.effects; n != nil {
		out.Effects, _ = n.Int()
	}
	if n := c.def.Limits.runtime; n != nil {
		out.Runtime = duration(n)
	}
	return out
}

// duration is the value of a node that the loader held to being one; 0 where there is none.
func duration(n *yamldoc.Node) time.Duration {
	if n == nil {
		return 0
	}
	d, err := time.ParseDuration(n.Value)
	if err != nil {
		panic(fmt.Sprintf("engine: %s was let through as a duration", n.Value))
	}
	return d
}
