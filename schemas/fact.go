package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// Fact turns a Go value of the type that t was derived from into a fact. Nil slices become empty lists; times are in
// UTC and cut to microseconds, which is what every store keeps. It panics where v is of another Go type: a bug.
func (t *Type) Fact(v any) any { return t.fact(reflect.ValueOf(v)) }

func (t *Type) fact(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	if v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return nil
		}
		if t.Kind == Any {
			return v.Elem().Interface()
		}
		return t.fact(v.Elem())
	}
	switch t.Kind {
	case Any:
		return v.Interface()
	case Bool:
		return v.Bool()
	case Int:
		return int(v.Int())
	case Float:
		return v.Float()
	case String:
		return v.String()
	case Time:
		return v.Interface().(time.Time).UTC().Round(0).Truncate(time.Microsecond)
	case Duration:
		return time.Duration(v.Int())
	case List:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = t.Elem.fact(v.Index(i))
		}
		return out
	case Map:
		out := make(map[string]any, v.Len())
		for it := v.MapRange(); it.Next(); {
			out[it.Key().String()] = t.Elem.fact(it.Value())
		}
		return out
	}
	out := make(map[string]any, len(t.Fields))
	for _, sf := range members(v.Type()) {
		out[sf.name] = t.Field(sf.name).Type.fact(v.FieldByIndex(sf.Index))
	}
	return out
}

// Conform checks a fact against the type, fills in the defaults of members that were left out, and returns the fact
// as the type has it: text is read as a time or a duration, a float without a fraction as an int where one is wanted.
// The error names the spot: revisions[2]: a string is wanted, and this is 7 (an int).
func (t *Type) Conform(v any) (any, error) { return t.conform(v, "") }

func (t *Type) conform(v any, at string) (any, error) {
	if t.Kind == Any {
		return v, nil
	}
	if v == nil {
		if t.Nullable {
			return nil, nil
		}
		return nil, wanted(t, v, at)
	}
	switch t.Kind {
	case List:
		return t.conformList(v, at)
	case Map:
		return t.conformMap(v, at)
	case Object:
		return t.conformObject(v, at)
	}
	return t.conformScalar(v, at)
}

func (t *Type) conformScalar(v any, at string) (any, error) {
	switch x := v.(type) {
	case bool:
		if t.Kind == Bool {
			return x, nil
		}
	case int:
		switch t.Kind {
		case Int:
			return x, nil
		case Float:
			return float64(x), nil
		}
	case float64:
		switch {
		case t.Kind == Float:
			return x, nil
		case t.Kind == Int && x == math.Trunc(x) && math.Abs(x) < 1<<53:
			return int(x), nil
		}
	case time.Time:
		if t.Kind == Time {
			return x.UTC().Round(0).Truncate(time.Microsecond), nil
		}
	case time.Duration:
		if t.Kind == Duration {
			return x, nil
		}
	case string:
		switch t.Kind {
		case String:
			if t.Enum != nil && !slices.Contains(t.Enum, x) {
				return nil, fmt.Errorf("%s%q is none of %s", place(at), x, EnumOf("", t.Enum...).plain())
			}
			return x, nil
		case Time, Duration:
			p, err := t.Parse(x)
			if err != nil {
				return nil, fmt.Errorf("%s%w", place(at), err)
			}
			return p, nil
		}
	}
	return nil, wanted(t, v, at)
}

func (t *Type) conformList(v any, at string) (any, error) {
	in, ok := v.([]any)
	if !ok {
		return nil, wanted(t, v, at)
	}
	out := make([]any, len(in))
	for i, e := range in {
		c, err := t.Elem.conform(e, at+"["+strconv.Itoa(i)+"]")
		if err != nil {
			return nil, err
		}
		out[i] = c
	}
	return out, nil
}

func (t *Type) conformMap(v any, at string) (any, error) {
	in, ok := v.(map[string]any)
	if !ok {
		return nil, wanted(t, v, at)
	}
	out := make(map[string]any, len(in))
	for _, k := range sortedKeys(in) {
		c, err := t.Elem.conform(in[k], dot(at, k))
		if err != nil {
			return nil, err
		}
		out[k] = c
	}
	return out, nil
}

func (t *Type) conformObject(v any, at string) (any, error) {
	in, ok := v.(map[string]any)
	if !ok {
		return nil, wanted(t, v, at)
	}
	out := make(map[string]any, len(t.Fields))
	for _, f := range t.Fields {
		e, given := in[f.Name]
		switch {
		case given && !(e == nil && f.Optional):
			c, err := f.Type.conform(e, dot(at, f.Name))
			if err != nil {
				return nil, err
			}
			out[f.Name] = c
		case f.Default != nil:
			out[f.Name] = f.Default
		case f.Optional || f.Type.Nullable:
			out[f.Name] = f.Type.Zero()
		default:
			return nil, fmt.Errorf("%s%s is missing (%s)", place(at), f.Name, f.Type)
		}
	}
	for _, k := range sortedKeys(in) {
		if t.Field(k) == nil {
			return nil, fmt.Errorf("%sthere is no member %q in %s", place(at), k, t)
		}
	}
	return out, nil
}

// Zero returns the fact that stands for nothing of this type: nil, false, 0, "", an empty list.
func (t *Type) Zero() any {
	if t.Nullable {
		return nil
	}
	switch t.Kind {
	case Bool:
		return false
	case Int:
		return 0
	case Float:
		return 0.0
	case String:
		return ""
	case Time:
		return time.Time{}
	case Duration:
		return time.Duration(0)
	case List:
		return []any{}
	case Map:
		return map[string]any{}
	case Object:
		out := make(map[string]any, len(t.Fields))
		for _, f := range t.Fields {
			out[f.Name] = f.Type.Zero()
		}
		return out
	}
	return nil
}

// Parse reads a scalar of this type from text, as a command line gives it. Lists take commas between their elements.
func (t *Type) Parse(s string) (any, error) {
	switch t.Kind {
	case String, Any:
		return t.conform(s, "")
	case Bool:
		if s == "true" || s == "false" {
			return s == "true", nil
		}
	case Int:
		if n, err := strconv.Atoi(s); err == nil {
			return n, nil
		}
	case Float:
		if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f, nil
		}
	case Time:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02"} {
			if x, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
				return x.UTC().Truncate(time.Microsecond), nil
			}
		}
	case Duration:
		if d, err := time.ParseDuration(s); err == nil {
			return d, nil
		}
	case List:
		return t.parseList(s)
	}
	return nil, fmt.Errorf("%q is no %s%s", s, t.Kind, example(t.Kind))
}

func (t *Type) parseList(s string) (any, error) {
	out := []any{}
	if s == "" {
		return out, nil
	}
	for _, part := range bytes.Split([]byte(s), []byte(",")) {
		v, err := t.Elem.Parse(string(bytes.TrimSpace(part)))
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func example(k Kind) string {
	return map[Kind]string{
		Bool:     " (true or false)",
		Int:      " (20)",
		Float:    " (0.5)",
		Time:     " (2025-03-01T12:00:00Z)",
		Duration: " (90s, 15m, 6h)",
	}[k]
}

// Marshal writes a fact as JSON: members in the order of their declaration, times in RFC 3339, durations as text.
func (t *Type) Marshal(fact any) ([]byte, error) {
	var b bytes.Buffer
	if err := t.write(&b, fact); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (t *Type) write(b *bytes.Buffer, v any) error {
	switch x := v.(type) {
	case nil:
		b.WriteString("null")
	case time.Time:
		return writeJSON(b, x.UTC().Format(time.RFC3339Nano))
	case time.Duration:
		return writeJSON(b, x.String())
	case []any:
		return t.writeList(b, x)
	case map[string]any:
		return t.writeMembers(b, x)
	default:
		return writeJSON(b, x)
	}
	return nil
}

func (t *Type) writeList(b *bytes.Buffer, list []any) error {
	b.WriteByte('[')
	for i, e := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := t.elem().write(b, e); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	return nil
}

func (t *Type) writeMembers(b *bytes.Buffer, m map[string]any) error {
	b.WriteByte('{')
	for i, k := range t.keys(m) {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeJSON(b, k); err != nil {
			return err
		}
		b.WriteByte(':')
		et := t.elem()
		if f := t.Field(k); f != nil {
			et = f.Type
		}
		if err := et.write(b, m[k]); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

// keys gives declared members first, in their order, then the rest by name.
func (t *Type) keys(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for _, f := range t.Fields {
		if _, ok := m[f.Name]; ok {
			out = append(out, f.Name)
		}
	}
	for _, k := range sortedKeys(m) {
		if t.Field(k) == nil {
			out = append(out, k)
		}
	}
	return out
}

var anyType = &Type{Kind: Any, Nullable: true}

func (t *Type) elem() *Type {
	if t.Elem != nil {
		return t.Elem
	}
	return anyType
}

func writeJSON(b *bytes.Buffer, v any) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing a fact as JSON: %w", err)
	}
	b.Truncate(b.Len() - 1) // Encode ends each value with a newline
	return nil
}

// Unmarshal reads a fact that Marshal wrote. A value of another shape is an error, with its spot.
func (t *Type) Unmarshal(data []byte) (any, error) {
	v, err := DecodeJSON(data)
	if err != nil {
		return nil, err
	}
	return t.Conform(v)
}

// DecodeJSON reads JSON into facts without a type: whole numbers that fit become ints, others float64.
func DecodeJSON(data []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("reading JSON: %w", err)
	}
	if dec.More() {
		return nil, fmt.Errorf("reading JSON: more than one value")
	}
	return numbers(v), nil
}

func numbers(v any) any {
	switch x := v.(type) {
	case json.Number:
		if n, err := strconv.Atoi(x.String()); err == nil {
			return n
		}
		f, _ := x.Float64()
		return f
	case []any:
		for i := range x {
			x[i] = numbers(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = numbers(x[k])
		}
	}
	return v
}

// Bind fills the Go value that into points to from a fact, after Conform.
func (t *Type) Bind(fact, into any) error {
	v, err := t.Conform(fact)
	if err != nil {
		return err
	}
	bind(reflect.ValueOf(into).Elem(), v)
	return nil
}

// bind sets dst from a fact that conforms to dst's type.
func bind(dst reflect.Value, fact any) {
	if fact == nil {
		dst.SetZero()
		return
	}
	switch dst.Kind() {
	case reflect.Pointer:
		p := reflect.New(dst.Type().Elem())
		bind(p.Elem(), fact)
		dst.Set(p)
		return
	case reflect.Slice:
		list := fact.([]any)
		s := reflect.MakeSlice(dst.Type(), len(list), len(list))
		for i, e := range list {
			bind(s.Index(i), e)
		}
		dst.Set(s)
		return
	case reflect.Map:
		bindMap(dst, fact.(map[string]any))
		return
	case reflect.Struct:
		if dst.Type() != timeType {
			m := fact.(map[string]any)
			for _, sf := range members(dst.Type()) {
				bind(dst.FieldByIndex(sf.Index), m[sf.name])
			}
			return
		}
	}
	dst.Set(reflect.ValueOf(fact).Convert(dst.Type()))
}

func bindMap(dst reflect.Value, m map[string]any) {
	out := reflect.MakeMapWithSize(dst.Type(), len(m))
	for k, e := range m {
		v := reflect.New(dst.Type().Elem()).Elem()
		bind(v, e)
		out.SetMapIndex(reflect.ValueOf(k).Convert(dst.Type().Key()), v)
	}
	dst.Set(out)
}

func wanted(t *Type, v any, at string) error {
	return fmt.Errorf("%s%s is wanted, and this is %s", place(at), article(t), Describe(v))
}

// Describe says what a fact is, shortly, for an error: "7 (an int)", nil, a list of 3.
func Describe(v any) string {
	switch x := v.(type) {
	case nil:
		return "nil"
	case string:
		if len(x) > 60 {
			x = x[:57] + "…"
		}
		return strconv.Quote(x) + " (a string)"
	case []any:
		return fmt.Sprintf("a list of %d", len(x))
	case map[string]any:
		return "an object"
	case int:
		return fmt.Sprintf("%d (an int)", x)
	case float64:
		return fmt.Sprintf("%v (a float)", x)
	}
	return fmt.Sprintf("%v (a %T)", v, v)
}

func article(t *Type) string {
	s := t.String()
	if t.Kind == Int && t.Name == "" || t.Kind == Object && t.Name == "" {
		return "an " + s
	}
	return "a " + s
}

func place(at string) string {
	if at == "" {
		return ""
	}
	return at + ": "
}

func dot(at, k string) string {
	if at == "" {
		return k
	}
	return at + "." + k
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
