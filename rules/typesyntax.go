package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/mozci/mozci-run/schemas"
)

// plainTypes are the types with a name of their own in the language.
var plainTypes = map[string]*schemas.Type{
	"any": typeAny, "bool": typeBool, "int": typeInt, "float": typeFloat,
	"string": typeString, "time": typeTime, "duration": typeDuration,
}

// A typeReader reads a type as it is written: Row, [Row], {int}, Row?, failed|passed|skip.
type typeReader struct {
	src   []rune
	pos   int
	named func(string) *schemas.Type // nil where there is no such type
	names []string                   // those that there are, for a nearest one
	err   *Problem
	text  *text
}

// readType reads a parameter's type from all of the text.
func readType(t *text, types map[string]*schemas.Type) (*schemas.Type, *Problem) {
	r := &typeReader{src: []rune(t.src), text: t}
	r.named = func(name string) *schemas.Type {
		if p := plainTypes[name]; p != nil {
			return p
		}
		return types[name]
	}
	r.names = append([]string{"any", "bool", "int", "float", "string", "time", "duration"}, slices.Sorted(maps.Keys(types))...)
	out := r.whole()
	return out, r.err
}

func (r *typeReader) whole() *schemas.Type {
	t := r.next(0)
	r.space()
	if r.err == nil && r.pos < len(r.src) {
		r.fail(r.pos, len(r.src), KindUnknownType, fmt.Sprintf("unexpected %q in a type: one is written Row, [Row], Row?, int or failed|passed", string(r.src[r.pos:])))
	}
	if r.err != nil {
		return typeBad
	}
	return t
}

func (r *typeReader) fail(from, to int, kind, message string) *schemas.Type {
	if r.err == nil {
		p := r.text.problem(from, to, kind, message)
		r.err = &p
	}
	return typeBad
}

func (r *typeReader) space() {
	for r.pos < len(r.src) && unicode.IsSpace(r.src[r.pos]) {
		r.pos++
	}
}

func (r *typeReader) accept(c rune) bool {
	r.space()
	if r.pos < len(r.src) && r.src[r.pos] == c {
		r.pos++
		return true
	}
	return false
}

func (r *typeReader) word() (string, int) {
	r.space()
	start := r.pos
	for r.pos < len(r.src) && (unicode.IsLetter(r.src[r.pos]) || unicode.IsDigit(r.src[r.pos]) || strings.ContainsRune("_-", r.src[r.pos])) {
		r.pos++
	}
	return string(r.src[start:r.pos]), start
}

// next reads one type; depth bounds the brackets.
func (r *typeReader) next(depth int) *schemas.Type {
	if depth > 8 {
		return r.fail(r.pos, r.pos, KindUnknownType, "too many brackets in a type")
	}
	var t *schemas.Type
	switch {
	case r.accept('['):
		t = schemas.ListOf(r.next(depth + 1))
		if !r.accept(']') {
			return r.fail(r.pos, r.pos, KindUnknownType, "a list's type is not closed: ] is missing")
		}
	case r.accept('{'):
		t = r.braces(depth)
		if !r.accept('}') {
			return r.fail(r.pos, r.pos, KindUnknownType, "a map's type is not closed: } is missing")
		}
	default:
		t = r.oneOf()
	}
	if r.accept('?') {
		return orNil(t)
	}
	return t
}

// braces reads {T}, a map from text, or {a: T, b: U}, an object.
func (r *typeReader) braces(depth int) *schemas.Type {
	before := r.pos
	name, start := r.word()
	if name == "" || !r.accept(':') {
		r.pos = before
		return schemas.MapOf(r.next(depth + 1))
	}
	t := &schemas.Type{Kind: schemas.Object}
	for {
		if t.Field(name) != nil {
			return r.fail(start, r.pos, KindDuplicate, "there is a member "+name+" already")
		}
		t.Fields = append(t.Fields, schemas.Field{Name: name, Type: r.next(depth + 1)})
		if !r.accept(',') {
			return t
		}
		if name, start = r.word(); name == "" || !r.accept(':') {
			return r.fail(start, r.pos, KindUnknownType, "a member is written name: type")
		}
	}
}

func (r *typeReader) oneOf() *schemas.Type {
	first, start := r.word()
	if first == "" {
		return r.fail(start, len(r.src), KindUnknownType, "a type is wanted: Row, [Row], Row?, int, or words such as failed|passed")
	}
	words := []string{first}
	for r.accept('|') {
		w, at := r.word()
		if w == "" || slices.Contains(words, w) {
			return r.fail(at, r.pos, KindUnknownType, "words are written failed|passed|skip, each once")
		}
		words = append(words, w)
	}
	if len(words) > 1 {
		return schemas.EnumOf("", words...)
	}
	if t := r.named(first); t != nil {
		return t
	}
	return r.fail(start, r.pos, KindUnknownType, sentence("there is no type "+first, meant(first, r.names)))
}
