package rules

import (
	"fmt"
	"strings"
	"sync"

	"github.com/mozci/mozci-run/schemas"
)

// A signature is one way to call a function, as its text says: filter([T], T => bool) [T].
//
// T and U stand for any type, N for int, float or duration, K for what has an order (int, float, string, time or
// duration). [T] is a list, {T} a map from text, {a: T} an object, T? may be nil, T... comes one or more times, and
// T => U is a predicate: an expression in which # is the element.
type signature struct {
	params   []param
	variadic bool
	result   *schemas.Type
}

type param struct {
	typ       *schemas.Type
	predicate *schemas.Type // what a predicate gives; nil where the parameter is none
}

var (
	varT = &schemas.Type{Kind: schemas.Any, Name: "T"}
	varU = &schemas.Type{Kind: schemas.Any, Name: "U"}
	varN = &schemas.Type{Kind: schemas.Any, Name: "N"}
	varK = &schemas.Type{Kind: schemas.Any, Name: "K"}

	variables = map[string]*schemas.Type{"T": varT, "U": varU, "N": varN, "K": varK}
)

func isVariable(t *schemas.Type) bool { return t == varT || t == varU || t == varN || t == varK }

func (s *signature) param(i int) param {
	return s.params[min(i, len(s.params)-1)]
}

func (s *signature) takes(n int) bool {
	return n == len(s.params) || s.variadic && n >= len(s.params)
}

// readSignature reads a signature; one that cannot be read is a bug of the table in functions.go.
func readSignature(src string) *signature {
	r := &typeReader{src: []rune(src), text: &text{src: src}}
	r.named = func(name string) *schemas.Type {
		if v := variables[name]; v != nil {
			return v
		}
		return plainTypes[name]
	}
	s := &signature{}
	r.word()
	r.accept('(')
	for !r.accept(')') && r.err == nil {
		p := param{typ: r.next(0)}
		if r.accept('=') && r.accept('>') {
			p.predicate = r.next(0)
		}
		for r.accept('.') {
			s.variadic = true
		}
		s.params = append(s.params, p)
		r.accept(',')
	}
	s.result = r.whole()
	if r.err != nil {
		panic(fmt.Sprintf("rules: signature %q: %s", src, r.err.Message))
	}
	return s
}

// A binding is what the variables of a signature stand for in one call.
type binding struct {
	names [4]string
	types [4]*schemas.Type
	n     int
}

func (b *binding) of(name string) *schemas.Type {
	for i := range b.n {
		if b.names[i] == name {
			return b.types[i]
		}
	}
	return nil
}

func (b *binding) bind(name string, t *schemas.Type) {
	for i := range b.n {
		if b.names[i] == name {
			b.types[i] = t
			return
		}
	}
	b.names[b.n], b.types[b.n] = name, t
	b.n++
}

// unify holds a type against a pattern, and binds its variables.
func (b *binding) unify(pattern, have *schemas.Type) *misfit {
	switch {
	case have == typeBad:
		return nil
	case isVariable(pattern):
		return b.variable(pattern, have)
	case have == typeNever:
		return nil
	}
	if have.Nullable && !pattern.Nullable && !isAny(have) && pattern.Kind != schemas.Any {
		return &misfit{KindNil, fmt.Sprintf("%s is wanted, and this may be nil (it is %s)", patternName(pattern), a(have))}
	}
	wrong := &misfit{KindType, fmt.Sprintf("%s is wanted, and this is %s", patternName(pattern), a(have))}
	switch pattern.Kind {
	case schemas.List:
		if have.Kind != schemas.List {
			return wrong
		}
		return b.unify(pattern.Elem, have.Elem)
	case schemas.Map:
		return b.unifyMap(pattern, have, wrong)
	case schemas.Object:
		if have.Kind != schemas.Object {
			return wrong
		}
		for _, f := range pattern.Fields {
			g := have.Field(f.Name)
			if g == nil {
				return wrong
			}
			if m := b.unify(f.Type, g.Type); m != nil {
				return m
			}
		}
		return nil
	}
	return fit(have, pattern)
}

func (b *binding) unifyMap(pattern, have *schemas.Type, wrong *misfit) *misfit {
	switch have.Kind {
	case schemas.Map:
		return b.unify(pattern.Elem, have.Elem)
	case schemas.Object:
		for _, f := range have.Fields {
			if m := b.unify(pattern.Elem, f.Type); m != nil {
				return wrong
			}
		}
		return nil
	}
	return wrong
}

func (b *binding) variable(v, have *schemas.Type) *misfit {
	if v == varN || v == varK {
		if have.Nullable && !isAny(have) {
			return &misfit{KindNil, fmt.Sprintf("%s is wanted, and this may be nil (it is %s)", patternName(v), a(have))}
		}
		ok := isNumber(have) || have.Kind == schemas.Duration || have == typeNever
		if v == varK {
			ok = ok || have.Kind == schemas.String || have.Kind == schemas.Time
		}
		if !ok {
			return &misfit{KindType, fmt.Sprintf("%s is wanted, and this is %s", patternName(v), a(have))}
		}
	}
	before := b.of(v.Name)
	if before == nil {
		b.bind(v.Name, have)
		return nil
	}
	t, ok := join(before, have)
	if !ok {
		return &misfit{KindType, fmt.Sprintf("this is %s, and elsewhere %s", a(have), a(before))}
	}
	b.bind(v.Name, t)
	return nil
}

func patternName(t *schemas.Type) string {
	switch {
	case t == varN:
		return "a number or a duration"
	case t == varK:
		return "a number, text, time or duration"
	case t.Kind == schemas.List && isVariable(t.Elem):
		if t.Elem == varT || t.Elem == varU {
			return "a list"
		}
		return "a list of " + strings.TrimPrefix(patternName(t.Elem), "a ")
	case t.Kind == schemas.List && t.Elem.Kind == schemas.List && isVariable(t.Elem.Elem):
		return "a list of lists"
	case t.Kind == schemas.Map && isVariable(t.Elem):
		return "a map"
	}
	return a(t)
}

// result is a pattern with what its variables stand for.
func (b *binding) result(pattern *schemas.Type) *schemas.Type {
	t := pattern
	switch {
	case pattern.Kind == schemas.Any && variables[pattern.Name] != nil:
		if t = b.of(pattern.Name); t == nil {
			t = typeNever
		}
		if t == typeNever && pattern.Name == varN.Name { // the sum of []
			t = typeInt
		}
		if pattern.Nullable {
			t = orNil(t)
		}
		return t
	case pattern.Kind == schemas.List, pattern.Kind == schemas.Map:
		e := b.result(pattern.Elem)
		if e != pattern.Elem {
			t = &schemas.Type{Kind: pattern.Kind, Elem: e, Nullable: pattern.Nullable}
		}
	case pattern.Kind == schemas.Object:
		t = &schemas.Type{Kind: schemas.Object, Nullable: pattern.Nullable}
		for _, f := range pattern.Fields {
			f.Type = b.result(f.Type)
			t.Fields = append(t.Fields, f)
		}
	}
	return t
}

// fitting lists the signatures that take n arguments.
func (f *function) fitting(n int) []*signature {
	f.once.Do(func() {
		for _, s := range f.Signatures {
			f.read = append(f.read, readSignature(s))
		}
	})
	var out []*signature
	for _, s := range f.read {
		if s.takes(n) {
			out = append(out, s)
		}
	}
	return out
}

type onceReader struct {
	once sync.Once
	read []*signature
}
