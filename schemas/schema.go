package schemas

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A Schema is a JSON Schema (2020-12) that says what an endpoint of a service answers.
type Schema struct {
	Name     string // hgmo/json-pushes.schema.json
	ID       string // its $id; empty where it has none
	Title    string
	Examples []any  // each of them has to validate
	Text     []byte // as it was written; not to be changed
	compiled *jsonschema.Schema
	maps     []string
	enums    map[string][]string
	places   map[string]Place
	orders   []Order
}

// A Place is what a schema says of one generalised path.
type Place struct {
	Types    []string // the JSON types that it takes, sorted: string, integer, null …; nil where it takes all
	Required bool     // whether a value that has what is above it has it, too
	Default  bool     // whether the schema says what its absence means
}

// NewSchema compiles a schema. It may refer to its own parts only: nothing is fetched.
func NewSchema(name string, text []byte) (*Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("reading the schema %s: %w", name, err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseLoader(noLoader{})
	at := "mozci:///" + name
	if err := c.AddResource(at, doc); err != nil {
		return nil, fmt.Errorf("reading the schema %s: %w", name, err)
	}
	compiled, err := c.Compile(at)
	if err != nil {
		return nil, fmt.Errorf("compiling the schema %s: %w", name, err)
	}
	s := &Schema{Name: name, Title: compiled.Title, Examples: compiled.Examples, Text: text, compiled: compiled, enums: map[string][]string{},
		places: map[string]Place{}}
	if top, ok := doc.(map[string]any); ok {
		s.ID, _ = top["$id"].(string)
		if s.orders, err = ordersOf(top["x-order"]); err != nil {
			return nil, fmt.Errorf("compiling the schema %s: %w", name, err)
		}
	}
	s.walk(compiled, "$", true, nil)
	slices.Sort(s.maps)
	s.maps = slices.Compact(s.maps)
	return s, nil
}

type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("a schema refers to its own parts only, and this is %s", url)
}

// MapPaths lists the paths of the objects whose keys are data, sorted: what has patternProperties, or additionalProperties with true or a
// schema, and no properties.
func (s *Schema) MapPaths() []string { return slices.Clone(s.maps) }

// Enums gives the vocabularies that the schema declares, by generalised path.
func (s *Schema) Enums() map[string][]string { return maps.Clone(s.enums) }

// Place returns what the schema says of a generalised path; false where it does not speak of it.
func (s *Schema) Place(path string) (Place, bool) {
	p, ok := s.places[path]
	return p, ok
}

// walk visits every place that the schema speaks of. required says whether it has to be there.
func (s *Schema) walk(c *jsonschema.Schema, path string, required bool, within []*jsonschema.Schema) {
	if c == nil || slices.Contains(within, c) || len(within) > 40 {
		return
	}
	s.note(c, path, required)
	within = append(within[:len(within):len(within)], c)
	if c.Enum != nil {
		for _, v := range c.Enum.Values {
			if w, ok := v.(string); ok && !slices.Contains(s.enums[path], w) {
				s.enums[path] = append(s.enums[path], w)
			}
		}
	}
	for _, sub := range slices.Concat([]*jsonschema.Schema{c.Ref, c.If, c.Then, c.Else}, c.AllOf, c.AnyOf, c.OneOf) {
		s.walk(sub, path, required, within)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Properties)) {
		s.walk(c.Properties[name], path+"."+name, slices.Contains(c.Required, name), within)
	}
	s.walkKeys(c, path, within)
	for _, sub := range append(slices.Clone(c.PrefixItems), c.Items2020) {
		s.walk(sub, path+"[]", true, within)
	}
}

// note adds what a part of the schema says of a path to what others have said.
func (s *Schema) note(c *jsonschema.Schema, path string, required bool) {
	p := s.places[path]
	p.Required = p.Required || required
	p.Default = p.Default || c.Default != nil
	if c.Types != nil {
		p.Types = append(p.Types, c.Types.ToStrings()...)
	}
	words := []any{}
	if c.Enum != nil {
		words = c.Enum.Values
	}
	if c.Const != nil {
		words = append(slices.Clone(words), *c.Const)
	}
	for _, v := range words {
		switch v.(type) {
		case string:
			p.Types = append(p.Types, "string")
		case nil:
			p.Types = append(p.Types, "null")
		case bool:
			p.Types = append(p.Types, "boolean")
		default:
			p.Types = append(p.Types, "integer")
		}
	}
	slices.Sort(p.Types)
	p.Types = slices.Compact(p.Types)
	s.places[path] = p
}

func (s *Schema) walkKeys(c *jsonschema.Schema, path string, within []*jsonschema.Schema) {
	rest, _ := c.AdditionalProperties.(*jsonschema.Schema)
	anything := c.AdditionalProperties == true || rest != nil && rest.Bool != nil && *rest.Bool
	if len(c.Properties) == 0 && (rest != nil && rest.Bool == nil || len(c.PatternProperties) > 0 || anything) {
		s.maps = append(s.maps, path)
	}
	if anything {
		s.note(&jsonschema.Schema{}, path+".*", true)
	}
	s.walk(rest, path+".*", true, within)
	byPattern := map[string]*jsonschema.Schema{}
	for re, sub := range c.PatternProperties {
		byPattern[re.String()] = sub
	}
	for _, re := range slices.Sorted(maps.Keys(byPattern)) {
		s.walk(byPattern[re], path+".*", true, within)
	}
}

// Validate holds a JSON value to the schema: as encoding/json or DecodeJSON give it. Rows under the names of their columns are
// held to it as objects, as Columns makes them, so that a column is called by the same path here, in shapes and by those who
// read it: $.results[].state. The violations are ordered by place.
func (s *Schema) Validate(value any) []Violation {
	value = Columns(value)
	out := s.disordered(value)
	err := s.compiled.Validate(value)
	switch failed, ok := err.(*jsonschema.ValidationError); {
	case ok:
		s.gather(failed, &out)
	case err != nil:
		return []Violation{{Path: "$", Spot: "$", Message: err.Error()}}
	}
	for i := range out {
		if out[i].Got == nil {
			out[i].Got = resolve(value, out[i].at)
		}
	}
	slices.SortStableFunc(out, func(a, b Violation) int {
		if c := strings.Compare(a.Spot, b.Spot); c != 0 {
			return c
		}
		return strings.Compare(a.Message, b.Message)
	})
	return slices.CompactFunc(out, func(a, b Violation) bool { return a.Spot == b.Spot && a.Message == b.Message })
}
