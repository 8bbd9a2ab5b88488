package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mozci/mozci-run/schemas"
)

// Types that only the checker makes. Each is known by its address.
var (
	typeAny   = &schemas.Type{Kind: schemas.Any, Nullable: true}
	typeNil   = &schemas.Type{Kind: schemas.Any, Nullable: true}
	typeNever = &schemas.Type{Kind: schemas.Any, Name: "nothing"} // of the elements of []
	typeBad   = &schemas.Type{Kind: schemas.Any, Name: "unknown"} // of what has a mistake: nothing more is said about it

	typeBool     = schemas.Of(schemas.Bool)
	typeInt      = schemas.Of(schemas.Int)
	typeFloat    = schemas.Of(schemas.Float)
	typeString   = schemas.Of(schemas.String)
	typeTime     = schemas.Of(schemas.Time)
	typeDuration = schemas.Of(schemas.Duration)
)

// maxWords is how large a vocabulary may grow by joining others; beyond it, it is any text.
const maxWords = 64

// orNil is the type of a value that may also be missing.
func orNil(t *schemas.Type) *schemas.Type {
	switch {
	case t == typeNever:
		return typeNil
	case isVariable(t):
		c := *t
		c.Nullable = true
		return &c
	}
	return t.OrNil()
}

// nonNil is the type of a value that is not missing.
func nonNil(t *schemas.Type) *schemas.Type {
	if t == typeNil {
		return typeNever
	}
	return t.NonNil()
}

func isAny(t *schemas.Type) bool {
	return t.Kind == schemas.Any && t != typeNil && t != typeNever && t != typeBad
}

func isNumber(t *schemas.Type) bool { return t.Kind == schemas.Int || t.Kind == schemas.Float }

// wordType is the type of a text that is written out: a vocabulary of one.
func wordType(s string) *schemas.Type { return schemas.EnumOf("", s) }

// widened is the type with the words forgotten that were only written out: what a value may become later.
func widened(t *schemas.Type) *schemas.Type {
	switch {
	case t.Kind == schemas.String && t.Enum != nil && t.Name == "":
		c := *t
		c.Enum = nil
		return &c
	case t.Kind == schemas.List:
		if e := widened(t.Elem); e != t.Elem {
			c := *t
			c.Elem = e
			return &c
		}
	}
	return t
}

// join returns the type that both fit, and false where there is none but any.
func join(a, b *schemas.Type) (*schemas.Type, bool) {
	switch {
	case a == b:
		return a, true
	case a == typeBad || b == typeBad:
		return typeBad, true
	case a == typeNever:
		return b, true
	case b == typeNever:
		return a, true
	case a == typeNil:
		return orNil(b), true
	case b == typeNil:
		return orNil(a), true
	case isAny(a) || isAny(b):
		return typeAny, true
	}
	t, ok := joinPlain(a, b)
	if ok && (a.Nullable || b.Nullable) {
		t = orNil(t)
	}
	return merged(t, a, b), ok
}

func joinPlain(a, b *schemas.Type) (*schemas.Type, bool) {
	if isNumber(a) && isNumber(b) && a.Kind != b.Kind {
		return typeFloat, true
	}
	if a.Kind != b.Kind {
		return typeAny, false
	}
	switch a.Kind {
	case schemas.String:
		return joinWords(a, b), true
	case schemas.List, schemas.Map:
		e, ok := join(a.Elem, b.Elem)
		return &schemas.Type{Kind: a.Kind, Elem: e}, ok
	case schemas.Object:
		return joinObjects(a, b)
	}
	return nonNil(a), true
}

func joinWords(a, b *schemas.Type) *schemas.Type {
	switch {
	case a.Enum == nil || b.Enum == nil:
		if a.Name == b.Name && a.Enum == nil && b.Enum == nil {
			return nonNil(a)
		}
		return typeString
	case !slices.ContainsFunc(b.Enum, func(w string) bool { return !slices.Contains(a.Enum, w) }):
		return nonNil(a)
	case !slices.ContainsFunc(a.Enum, func(w string) bool { return !slices.Contains(b.Enum, w) }):
		return nonNil(b)
	}
	words := slices.Clone(a.Enum)
	for _, w := range b.Enum {
		if !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	if len(words) > maxWords {
		return typeString
	}
	return schemas.EnumOf("", words...)
}

func joinObjects(a, b *schemas.Type) (*schemas.Type, bool) {
	if len(a.Fields) != len(b.Fields) {
		return typeAny, false
	}
	out := &schemas.Type{Kind: schemas.Object, Doc: a.Doc}
	if a.Name == b.Name {
		out.Name = a.Name
	}
	for _, f := range a.Fields {
		g := b.Field(f.Name)
		if g == nil {
			return typeAny, false
		}
		t, ok := join(f.Type, g.Type)
		if !ok {
			return typeAny, false
		}
		f.Type = t
		out.Fields = append(out.Fields, f)
	}
	return out, true
}

// A misfit says why a value does not fit where it is wanted.
type misfit struct {
	kind, message string
}

// fit says whether a value of type have may stand where want is wanted: nil where it may.
func fit(have, want *schemas.Type) *misfit {
	switch {
	case want == nil || have == want || have == typeBad || want == typeBad || have == typeNever:
		return nil
	case have == typeNil:
		if want.Nullable || want.Kind == schemas.Any {
			return nil
		}
		return &misfit{KindNil, fmt.Sprintf("%s is wanted, and this is nil", a(want))}
	case isAny(want):
		return nil
	case isAny(have):
		return &misfit{KindType, fmt.Sprintf("%s is wanted, and the type of this is not known: turn it into one with int, float, string, date or duration", a(want))}
	}
	if m := fitPlain(have, want); m != nil {
		return m
	}
	if have.Nullable && !want.Nullable {
		return &misfit{KindNil, fmt.Sprintf("%s is wanted, and this may be nil", a(want))}
	}
	return nil
}

func fitPlain(have, want *schemas.Type) *misfit {
	wrong := &misfit{KindType, fmt.Sprintf("%s is wanted, and this is %s", a(want), a(have))}
	if have.Kind == schemas.Int && want.Kind == schemas.Float {
		return nil
	}
	if have.Kind == schemas.Object && want.Kind == schemas.Map {
		for _, f := range have.Fields {
			if m := fit(f.Type, want.Elem); m != nil {
				return &misfit{m.kind, f.Name + ": " + m.message}
			}
		}
		return nil
	}
	if have.Kind != want.Kind {
		return wrong
	}
	switch want.Kind {
	case schemas.String:
		return fitWords(have, want)
	case schemas.List:
		if m := fit(have.Elem, want.Elem); m != nil {
			return &misfit{m.kind, fmt.Sprintf("%s is wanted, and this is %s; of each element: %s", a(want), a(have), m.message)}
		}
	case schemas.Map:
		if m := fit(have.Elem, want.Elem); m != nil {
			return &misfit{m.kind, fmt.Sprintf("%s is wanted, and this is %s; of each value: %s", a(want), a(have), m.message)}
		}
	case schemas.Object:
		return fitObject(have, want)
	}
	return nil
}

func fitWords(have, want *schemas.Type) *misfit {
	if want.Enum == nil {
		return nil
	}
	if have.Enum == nil {
		return &misfit{KindEnum, fmt.Sprintf("one of %s is wanted, and this may be any text", listed(want.Enum))}
	}
	for _, w := range have.Enum {
		if !slices.Contains(want.Enum, w) {
			return &misfit{KindEnum, noWord(w, want)}
		}
	}
	return nil
}

func fitObject(have, want *schemas.Type) *misfit {
	if have.Name != "" && want.Name != "" && have.Name != want.Name {
		return &misfit{KindType, fmt.Sprintf("%s is wanted, and this is %s", a(want), a(have))}
	}
	for _, f := range want.Fields {
		g := have.Field(f.Name)
		if g == nil {
			if f.Optional || f.Default != nil || f.Type.Nullable {
				continue
			}
			return &misfit{KindType, fmt.Sprintf("%s is wanted, and this has no %s", a(want), f.Name)}
		}
		if m := fit(g.Type, f.Type); m != nil {
			return &misfit{m.kind, f.Name + ": " + m.message}
		}
	}
	for _, g := range have.Fields {
		if want.Field(g.Name) == nil {
			return &misfit{KindMember, sentence(fmt.Sprintf("%s has no member %s", want, g.Name), meant(g.Name, memberNames(want)))}
		}
	}
	return nil
}

// same says whether facts of the one type are facts of the other as they stand: where not, they go through Conform.
func same(have, want *schemas.Type) bool {
	if have == want || want == nil || isAny(want) || have.Kind == schemas.Any {
		return true
	}
	if have.Kind != want.Kind {
		return false
	}
	switch want.Kind {
	case schemas.List, schemas.Map:
		return same(have.Elem, want.Elem)
	case schemas.Object:
		for _, f := range want.Fields {
			if g := have.Field(f.Name); g == nil || !same(g.Type, f.Type) {
				return false
			}
		}
	}
	return true
}

// canEqual says whether values of the two types can be equal at all.
func canEqual(a, b *schemas.Type) bool {
	if a.Kind == schemas.Any || b.Kind == schemas.Any || a.Nullable && b.Nullable {
		return true
	}
	if isNumber(a) && isNumber(b) {
		return true
	}
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case schemas.String:
		return a.Enum == nil || b.Enum == nil || slices.ContainsFunc(a.Enum, func(w string) bool { return slices.Contains(b.Enum, w) })
	case schemas.List, schemas.Map:
		return canEqual(a.Elem, b.Elem)
	}
	return true
}

// noWord says that a vocabulary lacks a word, and which was meant.
func noWord(word string, t *schemas.Type) string {
	wrong := fmt.Sprintf("%q is none of %s", word, listed(t.Enum))
	if t.Name != "" {
		wrong = fmt.Sprintf("%q is no %s (%s)", word, t.Name, listed(t.Enum))
	}
	if near := schemas.Nearest(word, t.Enum); near != "" {
		return fmt.Sprintf("%s: did you mean %q?", wrong, near)
	}
	return wrong
}

func memberNames(t *schemas.Type) []string {
	out := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		out[i] = f.Name
	}
	return out
}

// a writes a type with its article, as it stands in a sentence: a list of Job, an int, the text "opt".
func a(t *schemas.Type) string {
	switch {
	case t == typeNil:
		return "nil"
	case t.Kind == schemas.String && t.Name == "" && t.Enum != nil:
		words := "one of " + listed(t.Enum)
		if len(t.Enum) == 1 {
			words = "the text " + strconv.Quote(t.Enum[0])
		}
		if t.Nullable {
			words += " or nil"
		}
		return words
	}
	s := t.String()
	if t == typeAny || t.Kind == schemas.Any && t.Name == "" {
		return "a value of any type"
	}
	if strings.ContainsRune("aeiouAEIOU", rune(s[0])) || t.Kind == schemas.Object && t.Name == "" {
		return "an " + objectWord(t, s)
	}
	return "a " + s
}

func objectWord(t *schemas.Type, s string) string {
	if t.Kind == schemas.Object && t.Name == "" {
		return "object " + s
	}
	return s
}

// Narrow returns the type in which the member at path (".push.author", or "" for the value itself) is not nil. Elements of lists
// and maps have no type of their own: a path through them changes nothing.
func Narrow(t *schemas.Type, path string) *schemas.Type {
	if path == "" {
		return nonNil(t)
	}
	if t.Kind != schemas.Object || path[0] != '.' {
		return t
	}
	name, rest := path[1:], ""
	if i := strings.IndexAny(name, ".["); i >= 0 {
		name, rest = name[:i], name[i:]
	}
	c := *t
	c.Fields = slices.Clone(t.Fields)
	for i, f := range c.Fields {
		if f.Name == name {
			c.Fields[i].Type = Narrow(f.Type, rest)
		}
	}
	return &c
}

// heldType says whether a value of the type has to be looked at before it leaves: see unwritable.
func heldType(t *schemas.Type) bool {
	switch t.Kind {
	case schemas.Bool, schemas.Int, schemas.String, schemas.Duration:
		return false
	}
	return true
}

// deep says whether values of the type are compared part by part.
func deep(t *schemas.Type) bool {
	switch t.Kind {
	case schemas.List, schemas.Map, schemas.Object, schemas.Any:
		return true
	}
	return false
}
