package schemas

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// A Read is a place of an answer that an adapter's decode type takes in.
type Read struct {
	Path     string // generalised: $.pushes.*.changesets[]
	Kind     string // bool, int, number, string, array, object, or any
	Nullable bool   // whether null changes nothing that would break: a pointer, a slice, a map, any
	Required bool   // whether its absence would be read as something else: everything but pointers and omitempty members
}

// Reader may be implemented by a decode type that reads its JSON by hand: it says what it reads, below its own path ($).
type Reader interface{ Reads() []Read }

// ReadsOf lists what decoding into t takes in, derived from the type: written once, there. Sorted by path.
func ReadsOf(t reflect.Type) []Read {
	if t == nil {
		return nil
	}
	var out []Read
	reads(t, "$", true, &out, 0)
	slices.SortFunc(out, func(a, b Read) int { return strings.Compare(a.Path, b.Path) })
	return slices.CompactFunc(out, func(a, b Read) bool { return a.Path == b.Path })
}

var (
	readerType = reflect.TypeFor[Reader]()
	jsonType   = reflect.TypeFor[json.Unmarshaler]()
	textType   = reflect.TypeFor[encoding.TextUnmarshaler]()
	rawType    = reflect.TypeFor[json.RawMessage]()
)

func reads(t reflect.Type, path string, required bool, out *[]Read, depth int) {
	r := Read{Path: path, Required: required}
	if t.Kind() == reflect.Pointer {
		reads(t.Elem(), path, false, out, depth)
		last(*out, path).Nullable = true
		return
	}
	if implements(t, readerType) {
		for _, in := range reflect.New(t).Interface().(Reader).Reads() {
			in.Path = path + strings.TrimPrefix(in.Path, "$")
			*out = append(*out, in)
		}
		return
	}
	switch {
	case depth > 12 || t == rawType || t.Kind() == reflect.Interface || implements(t, jsonType):
		r.Kind, r.Nullable = "any", true
		*out = append(*out, r)
	case implements(t, textType):
		r.Kind = "string"
		*out = append(*out, r)
	case t.Kind() == reflect.Struct:
		r.Kind = "object"
		*out = append(*out, r)
		for _, sf := range members(t) {
			reads(sf.Type, path+"."+sf.name, required && !sf.omitempty, out, depth+1)
		}
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		r.Kind, r.Nullable = "array", true
		*out = append(*out, r)
		reads(t.Elem(), path+"[]", true, out, depth+1)
	case t.Kind() == reflect.Map:
		r.Kind, r.Nullable = "object", true
		*out = append(*out, r)
		reads(t.Elem(), path+".*", true, out, depth+1)
	default:
		r.Kind = scalar(t.Kind())
		*out = append(*out, r)
	}
}

func scalar(k reflect.Kind) string {
	switch k {
	case reflect.Bool:
		return "bool"
	case reflect.String:
		return "string"
	case reflect.Float32, reflect.Float64:
		return "number"
	}
	return "int"
}

func implements(t, iface reflect.Type) bool {
	return t.Implements(iface) || reflect.PointerTo(t).Implements(iface)
}

func last(list []Read, path string) *Read {
	for i := range list {
		if list[i].Path == path {
			return &list[i]
		}
	}
	return &Read{}
}
