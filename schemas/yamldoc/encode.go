package yamldoc

import (
	"bytes"
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Encode writes a Go value as YAML, by the names that Decode takes: structs in the order of their fields, maps by key, fields
// with omitempty left out where they are zero, durations as 15m, text of several lines as |. What it writes, Decode reads.
func Encode(v any) ([]byte, error) {
	n, err := encode(reflect.ValueOf(v))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(n); err != nil {
		return nil, fmt.Errorf("writing YAML: %w", err)
	}
	return b.Bytes(), nil
}

func encode(v reflect.Value) (*yaml.Node, error) {
	for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) {
		if v.IsNil() {
			return scalar("!!null", "null"), nil
		}
		if v.Type() == nodeType {
			return v.Interface().(*Node).tree(), nil
		}
		v = v.Elem()
	}
	if !v.IsValid() {
		return scalar("!!null", "null"), nil
	}
	switch x := v.Interface().(type) {
	case time.Time:
		return scalar("!!timestamp", x.UTC().Format(time.RFC3339Nano)), nil
	case time.Duration:
		return scalar("!!str", FormatDuration(x)), nil
	case encoding.TextMarshaler:
		b, err := x.MarshalText()
		if err != nil {
			return nil, fmt.Errorf("writing YAML: %w", err)
		}
		return text(string(b)), nil
	}
	switch v.Kind() {
	case reflect.Bool:
		return scalar("!!bool", strconv.FormatBool(v.Bool())), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return scalar("!!int", strconv.FormatInt(v.Int(), 10)), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return scalar("!!int", strconv.FormatUint(v.Uint(), 10)), nil
	case reflect.Float32, reflect.Float64:
		return float(v.Float())
	case reflect.String:
		return text(v.String()), nil
	case reflect.Slice, reflect.Array:
		return encodeList(v)
	case reflect.Map:
		return encodeMap(v)
	case reflect.Struct:
		return encodeStruct(v)
	}
	return nil, fmt.Errorf("writing YAML: a %s cannot be written", v.Type())
}

func scalar(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

// float writes a number so that it reads as no whole one.
func float(f float64) (*yaml.Node, error) {
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, fmt.Errorf("writing YAML: %s is no number", s)
	}
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return scalar("!!float", s), nil
}

func text(s string) *yaml.Node {
	n := scalar("!!str", s)
	if strings.Contains(s, "\n") && !strings.HasPrefix(s, " ") {
		n.Style = yaml.LiteralStyle
	}
	return n
}

func encodeList(v reflect.Value) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	if v.Len() == 0 {
		n.Style = yaml.FlowStyle
	}
	for i := range v.Len() {
		e, err := encode(v.Index(i))
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, e)
	}
	return n, nil
}

func encodeMap(v reflect.Value) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	if v.Type().Key().Kind() != reflect.String {
		return nil, fmt.Errorf("writing YAML: a %s cannot be written", v.Type())
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		e, err := encode(v.MapIndex(k))
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, text(k.String()), e)
	}
	if len(keys) == 0 {
		n.Style = yaml.FlowStyle
	}
	return n, nil
}

func encodeStruct(v reflect.Value) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	names, index := fields(v.Type())
	for _, name := range names {
		f := v.Type().FieldByIndex(index[name])
		fv, err := v.FieldByIndexErr(index[name])
		if err != nil || omitted(f, fv) {
			continue
		}
		e, err := encode(fv)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, text(name), e)
	}
	if len(n.Content) == 0 {
		n.Style = yaml.FlowStyle
	}
	return n, nil
}

func omitted(f reflect.StructField, v reflect.Value) bool {
	tag, ok := f.Tag.Lookup("yaml")
	if !ok {
		tag = f.Tag.Get("json")
	}
	_, options, _ := strings.Cut(tag, ",")
	empty := v.IsZero() || (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0
	return empty && (strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero"))
}

// tree is the node as the library has it, to be written again.
func (n *Node) tree() *yaml.Node {
	y := &yaml.Node{}
	if n.Flow {
		y.Style = yaml.FlowStyle
	}
	switch n.Kind {
	case Map:
		y.Kind, y.Tag = yaml.MappingNode, "!!map"
		for _, e := range n.Entries {
			y.Content = append(y.Content, e.Key.tree(), e.Value.tree())
		}
		return y
	case List:
		y.Kind, y.Tag = yaml.SequenceNode, "!!seq"
		for _, item := range n.Items {
			y.Content = append(y.Content, item.tree())
		}
		return y
	}
	y.Kind, y.Value = yaml.ScalarNode, n.Value
	y.Tag = map[Type]string{String: "!!str", Int: "!!int", Float: "!!float", Bool: "!!bool", Null: "!!null", Time: "!!timestamp"}[n.Type]
	y.Style = map[Style]yaml.Style{Single: yaml.SingleQuotedStyle, Double: yaml.DoubleQuotedStyle, Literal: yaml.LiteralStyle, Folded: yaml.FoldedStyle}[n.Style]
	return y
}

// FormatDuration writes a duration as people write it: 15m, 1h30m, 0s.
func FormatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
