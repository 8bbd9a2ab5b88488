package rules

import (
	"cmp"
	"slices"

	"github.com/mozci/mozci-run/schemas"
)

// A Reading is a part of an answer that an expression reads, or that a rule reads which it calls. See [schemas.Type.Followed].
type Reading struct {
	schemas.Origin
	Whole bool // it is compared, written or handed on with all that it holds; else its members are read on their own, or not at all
}

// readings are those of one expression.
type readings map[Reading]bool

// touches notes that a value is looked at.
func (r readings) touches(t *schemas.Type) {
	for _, o := range t.Origins {
		r[Reading{Origin: o}] = true
	}
}

// takes notes that a value is taken as a whole.
func (r readings) takes(t *schemas.Type) {
	if !t.IsFollowed() {
		return
	}
	if t.Elem == nil && t.Fields == nil {
		r.touches(t)
		return
	}
	for _, o := range t.AllOrigins() {
		r[Reading{Origin: o, Whole: true}] = true
	}
}

func (r readings) sorted() []Reading {
	var out []Reading
	for one := range r {
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b Reading) int {
		whole := map[bool]int{true: 1}
		return cmp.Or(cmp.Compare(a.Of, b.Of), cmp.Compare(a.Path, b.Path), whole[a.Whole]-whole[b.Whole])
	})
	return out
}

// takesWhole says whether what a function is given is looked at in all its parts, and not only where a predicate reads them.
func (f *function) takesWhole(p param, have *schemas.Type) bool {
	switch {
	case f.compares || isAny(p.typ) && !isVariable(p.typ):
		return true
	}
	return p.typ.Kind == schemas.Map && have.Kind == schemas.Object
}

// merged is the type that two were joined to, with the origins of both.
func merged(t, a, b *schemas.Type) *schemas.Type {
	if t.Kind == schemas.Any || len(a.Origins) == 0 && len(b.Origins) == 0 {
		return t
	}
	c := *t
	c.Origins = slices.Clone(a.Origins)
	for _, o := range b.Origins {
		if !slices.Contains(c.Origins, o) {
			c.Origins = append(c.Origins, o)
		}
	}
	return &c
}

// following is a parameter's type with the origins of what it is given.
func following(want, have *schemas.Type) *schemas.Type {
	if want == have || !have.IsFollowed() {
		return want
	}
	c := *want
	c.Origins = have.Origins
	if want.Elem != nil && have.Elem != nil {
		c.Elem = following(want.Elem, have.Elem)
	}
	c.Fields = slices.Clone(want.Fields)
	for i, f := range c.Fields {
		if g := have.Field(f.Name); g != nil {
			c.Fields[i].Type = following(f.Type, g.Type)
		}
	}
	return &c
}

// isFollowed says whether one of the values is a part of an answer that is followed.
func isFollowed(vals []value) bool {
	return slices.ContainsFunc(vals, func(v value) bool { return v.typ.IsFollowed() })
}
