package schemas

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Kind is the coarse shape of a value.
type Kind int

// The kinds. Any is anything, unchecked.
const (
	Any Kind = iota
	Bool
	Int
	Float
	String
	Time
	Duration
	List   // of Elem
	Map    // from text to Elem
	Object // with Fields
)

func (k Kind) String() string {
	return [...]string{"any", "bool", "int", "float", "string", "time", "duration", "list", "map", "object"}[k]
}

// A Type is the shape of a fact. Types are made once and shared: nobody changes one.
type Type struct {
	Kind     Kind
	Name     string   // the Go type's name where it has one of its own: Push, State
	Doc      string   // a line for the reference, may be empty
	Nullable bool     // may be nil
	Enum     []string // the closed vocabulary of a String; nil where it is open
	Elem     *Type    // of a List or Map
	Fields   []Field  // of an Object, in the order of their declaration
	Origins  []Origin // of what answers a value is a part, where that is followed; it says nothing of what fits
}

// A Field is one member of an Object.
type Field struct {
	Name     string // as in JSON: snake_case
	Doc      string
	Type     *Type
	Optional bool // may be left out of an input
	Default  any  // the fact that an input has where it is left out; nil where there is none
}

// Field returns the member of that name, or nil.
func (t *Type) Field(name string) *Field {
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return &t.Fields[i]
		}
	}
	return nil
}

// OrNil returns the same type, nullable.
func (t *Type) OrNil() *Type {
	if t.Nullable || t.Kind == Any {
		return t
	}
	c := *t
	c.Nullable = true
	return &c
}

// NonNil returns the same type, not nullable.
func (t *Type) NonNil() *Type {
	if !t.Nullable {
		return t
	}
	c := *t
	c.Nullable = false
	return &c
}

// ListOf returns the type of lists of t.
func ListOf(t *Type) *Type { return &Type{Kind: List, Elem: t} }

// MapOf returns the type of maps from text to t.
func MapOf(t *Type) *Type { return &Type{Kind: Map, Elem: t} }

// Of returns the unnamed type of a kind that needs no more said: Bool, Int, Float, String, Time, Duration, Any.
func Of(k Kind) *Type { return &Type{Kind: k} }

// EnumOf returns the type of text out of a closed vocabulary.
func EnumOf(name string, words ...string) *Type { return &Type{Kind: String, Name: name, Enum: words} }

// ObjectOf returns the type of an object with the given members.
func ObjectOf(name string, fields ...Field) *Type {
	return &Type{Kind: Object, Name: name, Fields: fields}
}

// String writes the type as people read it: Push, list of Job, "opt"|"debug", string or nil.
func (t *Type) String() string {
	if t == nil {
		return "nothing"
	}
	s := t.plain()
	if t.Nullable {
		s += " or nil"
	}
	return s
}

func (t *Type) plain() string {
	switch {
	case t.Name != "":
		return t.Name
	case t.Kind == List:
		return "list of " + t.Elem.String()
	case t.Kind == Map:
		return "map of " + t.Elem.String()
	case t.Kind == String && t.Enum != nil:
		q := make([]string, len(t.Enum))
		for i, w := range t.Enum {
			q[i] = strconv.Quote(w)
		}
		return strings.Join(q, "|")
	case t.Kind == Object:
		names := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			names[i] = f.Name
		}
		return "{" + strings.Join(names, ", ") + "}"
	}
	return t.Kind.String()
}

var (
	typesMu sync.Mutex
	types   = map[reflect.Type]*Type{}

	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

// TypeOf describes the Go type T. Structs become objects by their json tags, in order; `doc:"…"` is the line for the
// reference, `default:"…"` an input's default (implies optional), and omitempty or a pointer makes an input optional.
// Pointers are nullable. A string type with Values() []string is a closed vocabulary. It panics on a type that has no
// shape here (channels, functions, recursive structs): a bug of the program.
func TypeOf[T any]() *Type { return typeOf(reflect.TypeFor[T]()) }

// TypeFor is TypeOf for a type that is known at run time only.
func TypeFor(t reflect.Type) *Type { return typeOf(t) }

func typeOf(t reflect.Type) *Type {
	typesMu.Lock()
	defer typesMu.Unlock()
	return describe(t, nil)
}

func describe(t reflect.Type, within []reflect.Type) *Type {
	if d, ok := types[t]; ok {
		return d
	}
	d := build(t, within)
	types[t] = d
	return d
}

func build(t reflect.Type, within []reflect.Type) *Type {
	switch {
	case t == timeType:
		return &Type{Kind: Time}
	case t == durationType:
		return &Type{Kind: Duration}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return describe(t.Elem(), within).OrNil()
	case reflect.Bool:
		return &Type{Kind: Bool}
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Int16, reflect.Int8:
		return &Type{Kind: Int}
	case reflect.Float64, reflect.Float32:
		return &Type{Kind: Float}
	case reflect.String:
		return text(t)
	case reflect.Slice, reflect.Array:
		return &Type{Kind: List, Elem: describe(t.Elem(), within)}
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			return &Type{Kind: Map, Elem: describe(t.Elem(), within)}
		}
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return &Type{Kind: Any, Nullable: true}
		}
	case reflect.Struct:
		return object(t, within)
	}
	panic(fmt.Sprintf("schemas: %s has no shape that a workflow could use", t))
}

func text(t reflect.Type) *Type {
	d := &Type{Kind: String}
	if t.PkgPath() != "" {
		d.Name = t.Name()
	}
	if v, ok := reflect.Zero(t).Interface().(interface{ Values() []string }); ok {
		d.Enum = v.Values()
	}
	return d
}

func object(t reflect.Type, within []reflect.Type) *Type {
	for _, w := range within {
		if w == t {
			panic(fmt.Sprintf("schemas: %s contains itself", t))
		}
	}
	d := &Type{Kind: Object, Name: t.Name()}
	for _, sf := range members(t) {
		d.Fields = append(d.Fields, member(t, sf, append(within, t)))
	}
	return d
}

func member(t reflect.Type, sf structField, within []reflect.Type) Field {
	f := Field{
		Name:     sf.name,
		Doc:      sf.Tag.Get("doc"),
		Type:     describe(sf.Type, within),
		Optional: sf.omitempty || sf.Type.Kind() == reflect.Pointer,
	}
	if def, ok := sf.Tag.Lookup("default"); ok {
		v, err := f.Type.Parse(def)
		if err != nil {
			panic(fmt.Sprintf("schemas: %s.%s: default %q: %v", t, sf.Name, def, err))
		}
		f.Default, f.Optional = v, true
	}
	return f
}

// A structField is a member as JSON sees it.
type structField struct {
	reflect.StructField
	name      string
	omitempty bool
}

// members lists the exported fields of a struct that JSON sees, embedded structs spread out.
func members(t reflect.Type) []structField {
	var out []structField
	for _, sf := range reflect.VisibleFields(t) {
		name, opts, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if !sf.IsExported() || name == "-" || (sf.Anonymous && name == "") {
			continue
		}
		if name == "" {
			name = sf.Name
		}
		out = append(out, structField{sf, name, strings.Contains(opts, "omitempty")})
	}
	return out
}
