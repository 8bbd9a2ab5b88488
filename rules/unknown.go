package rules

import (
	"slices"

	"github.com/mozci/mozci-run/schemas"
)

// Unknown is the type of what has a mistake that was reported: nothing more is said about a value of it, or of what is made of it.
func Unknown() *schemas.Type { return typeBad }

// Nil is the type of nil alone: what a name has while nothing is known of its value but that it may be missing.
func Nil() *schemas.Type { return typeNil }

// vague says whether names are read whose type is unknown, or rules may be called that have mistakes: what is made of them
// cannot always be compiled, and nobody is going to evaluate it.
func (s *Scope) vague(refs []Ref) bool {
	for _, r := range refs {
		if v := s.lookup(r.Name); v != nil && !Known(v.Type) {
			return true
		}
	}
	return s.Rules != nil && slices.ContainsFunc(s.Rules.list, func(r *rule) bool { return r.bad })
}

// Known says whether no part of a type is Unknown; nil is unknown.
func Known(t *schemas.Type) bool {
	if t == nil || t == typeBad {
		return false
	}
	return (t.Elem == nil || Known(t.Elem)) && !slices.ContainsFunc(t.Fields, func(f schemas.Field) bool { return !Known(f.Type) })
}
