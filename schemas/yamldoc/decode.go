package yamldoc

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/mozci/mozci-run/schemas"
)

// An Unmarshaler fills itself from a node: what may be written in more than one way.
type Unmarshaler interface {
	UnmarshalNode(n *Node) []Problem
}

// Unmarshal parses a text and decodes it into what v points to. The error shows every problem.
func Unmarshal(file string, text []byte, v any) error {
	n, problems := Parse(file, text)
	if len(problems) == 0 {
		problems = Decode(n, v)
	}
	return AsError(problems)
}

// Decode fills what v points to. A struct takes the keys that its fields name: by a yaml tag, else a json tag, else the field's
// name in lower case; "-" takes none, and embedded structs are spread out. A key that no field takes is a problem, and so is a value of
// another type; numbers and booleans are not text unless they are quoted. Durations are written as 15m, times as RFC 3339.
// A null leaves what was there; pointers become new values; *Node takes the node itself and any takes facts: nil, bool, int,
// float64, string, []any and map[string]any. All problems come at once, in the order of the file.
func Decode(n *Node, v any) []Problem {
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		panic(fmt.Sprintf("yamldoc: Decode into %T, which is no pointer", v))
	}
	var d decoder
	d.decode(n, p.Elem())
	return Sort(d.problems)
}

type decoder struct{ problems []Problem }

func (d *decoder) add(n *Node, kind, format string, args ...any) {
	d.problems = append(d.problems, n.Problem(kind, fmt.Sprintf(format, args...)))
}

var (
	nodeType     = reflect.TypeFor[*Node]()
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

func (d *decoder) decode(n *Node, v reflect.Value) {
	if v.Type() == nodeType {
		v.Set(reflect.ValueOf(n))
		return
	}
	if u, ok := v.Addr().Interface().(Unmarshaler); ok {
		d.problems = append(d.problems, u.UnmarshalNode(n)...)
		return
	}
	if n.IsNull() {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.decode(n, v.Elem())
	case reflect.Struct:
		if v.Type() != timeType {
			d.structure(n, v)
			return
		}
		d.scalar(n, v)
	case reflect.Map:
		d.mapping(n, v)
	case reflect.Slice:
		d.list(n, v)
	case reflect.Interface:
		v.Set(reflect.ValueOf(n.Any()))
	default:
		d.scalar(n, v)
	}
}

func (d *decoder) list(n *Node, v reflect.Value) {
	if n.Kind != List {
		d.add(n, "wrong-type", "a list is wanted, and this is %s", n.Describe())
		return
	}
	s := reflect.MakeSlice(v.Type(), len(n.Items), len(n.Items))
	for i, item := range n.Items {
		d.decode(item, s.Index(i))
	}
	v.Set(s)
}

func (d *decoder) mapping(n *Node, v reflect.Value) {
	if n.Kind != Map {
		d.add(n, "wrong-type", "a map is wanted, and this is %s", n.Describe())
		return
	}
	m := reflect.MakeMapWithSize(v.Type(), len(n.Entries))
	for _, e := range n.Entries {
		key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		key.SetString(e.Key.Value)
		d.decode(e.Value, elem)
		m.SetMapIndex(key, elem)
	}
	v.Set(m)
}

func (d *decoder) structure(n *Node, v reflect.Value) {
	if n.Kind != Map {
		d.add(n, "wrong-type", "a map is wanted, and this is %s", n.Describe())
		return
	}
	names, index := fields(v.Type())
	for _, e := range n.Entries {
		at, ok := index[e.Key.Value]
		if !ok {
			d.problems = append(d.problems, UnknownKey(e.Key, names))
			continue
		}
		d.decode(e.Value, v.FieldByIndex(at))
	}
}

// UnknownKey is the problem of a key that is none of names, the nearest of which it tells.
func UnknownKey(key *Node, names []string) Problem {
	message := fmt.Sprintf("there is no key %s here", key.Value)
	switch near := schemas.Nearest(key.Value, names); {
	case near != "":
		message += "; did you mean " + near + "?"
	case len(names) == 0:
		message += "; no key may stand here"
	case len(names) <= 24:
		message += "; it may be " + strings.Join(names, ", ")
	}
	return key.Problem("unknown-key", message)
}

// fields lists the keys of a struct in the order of its fields.
func fields(t reflect.Type) (names []string, index map[string][]int) {
	index = map[string][]int{}
	for _, f := range reflect.VisibleFields(t) {
		name, inline := keyOf(f)
		if !f.IsExported() || name == "-" || inline {
			continue
		}
		if _, ok := index[name]; !ok {
			names = append(names, name)
			index[name] = f.Index
		}
	}
	return names, index
}

// keyOf is the key of a field, and whether it is an embedded struct that is spread out.
func keyOf(f reflect.StructField) (name string, inline bool) {
	tag, ok := f.Tag.Lookup("yaml")
	if !ok {
		tag = f.Tag.Get("json")
	}
	name, _, _ = strings.Cut(tag, ",")
	if name == "" {
		return strings.ToLower(f.Name), f.Anonymous
	}
	return name, false
}

func (d *decoder) scalar(n *Node, v reflect.Value) {
	if n.Kind != Scalar {
		d.add(n, "wrong-type", "%s is wanted, and this is %s", wanted(v.Type()), n.Describe())
		return
	}
	if err := setScalar(n, v); err != nil {
		d.add(n, "wrong-type", "%v", err)
	}
}

func setScalar(n *Node, v reflect.Value) error {
	refuse := fmt.Errorf("%s is wanted, and this is %s", wanted(v.Type()), n.Describe())
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok && v.Type() != timeType {
		return u.UnmarshalText([]byte(n.Value))
	}
	switch v.Type() {
	case timeType:
		t, err := schemas.Of(schemas.Time).Parse(n.Value)
		if err != nil {
			return refuse
		}
		v.Set(reflect.ValueOf(t))
		return nil
	case durationType:
		t, err := time.ParseDuration(n.Value)
		if err != nil {
			return refuse
		}
		v.SetInt(int64(t))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		if n.Type != String && n.Type != Time {
			return fmt.Errorf("%w; quote it if it is text: %s", refuse, Quote(n.Value))
		}
		v.SetString(n.Value)
		return nil
	case reflect.Bool:
		if n.Type == Bool {
			v.SetBool(strings.EqualFold(n.Value, "true"))
			return nil
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if i, ok := n.Int(); ok && !v.OverflowInt(int64(i)) {
			v.SetInt(int64(i))
			return nil
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if i, ok := n.Int(); ok && i >= 0 && !v.OverflowUint(uint64(i)) {
			v.SetUint(uint64(i))
			return nil
		}
	case reflect.Float32, reflect.Float64:
		if f, ok := n.Float(); ok {
			v.SetFloat(f)
			return nil
		}
	default:
		panic(fmt.Sprintf("yamldoc: Decode into %s", v.Type()))
	}
	return refuse
}

func wanted(t reflect.Type) string {
	switch {
	case t == timeType:
		return "a time (2025-03-01T12:00:00Z)"
	case t == durationType:
		return "a duration (90s, 15m, 6h)"
	}
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

var leadingZero = regexp.MustCompile(`^[-+]?0[0-9]`)

// Int is the value of a scalar that YAML takes for a whole number. One with zeros before it is none: 010 is 8 for YAML 1.1, and 10
// for YAML 1.2 and for people; 0o10 is 8 for all.
func (n *Node) Int() (int, bool) {
	if n.Kind != Scalar || n.Type != Int {
		return 0, false
	}
	text := strings.ReplaceAll(n.Value, "_", "")
	if leadingZero.MatchString(text) {
		return 0, false
	}
	if rest, ok := strings.CutPrefix(text, "0o"); ok {
		i, err := strconv.ParseInt(rest, 8, 64)
		return int(i), err == nil
	}
	i, err := strconv.ParseInt(text, 0, 64)
	return int(i), err == nil
}

// Float is the value of a scalar that YAML takes for a number. Infinities and NaN are none.
func (n *Node) Float() (float64, bool) {
	if i, ok := n.Int(); ok {
		return float64(i), true
	}
	if n.Kind != Scalar || n.Type != Float && n.Type != Int {
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(n.Value, "_", ""), 64)
	return f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
}

// Any is the node as a fact: nil, bool, int, float64, string, []any or map[string]any. Times stay text.
func (n *Node) Any() any {
	switch n.Kind {
	case Map:
		m := make(map[string]any, len(n.Entries))
		for _, e := range n.Entries {
			m[e.Key.Value] = e.Value.Any()
		}
		return m
	case List:
		l := make([]any, len(n.Items))
		for i, item := range n.Items {
			l[i] = item.Any()
		}
		return l
	}
	switch n.Type {
	case Null:
		return nil
	case Bool:
		return strings.EqualFold(n.Value, "true")
	case Int:
		if i, ok := n.Int(); ok {
			return i
		}
	case Float:
		if f, ok := n.Float(); ok {
			return f
		}
	}
	return n.Value
}
