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
	s := &Schema{Name: name, Title: compiled.Title, Examples: compiled.Examples, Text: text, compiled: compiled, enums: map[string][]string{}}
	if top, ok := doc.(map[string]any); ok {
		s.ID, _ = top["$id"].(string)
	}
	s.walk(compiled, "$", nil)
	slices.Sort(s.maps)
	s.maps = slices.Compact(s.maps)
	return s, nil
}

type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("a schema refers to its own parts only, and this is %s", url)
}

// MapPaths lists the paths of the objects whose keys are data, sorted: what has patternProperties, or additionalProperties with a
// schema, and no properties.
func (s *Schema) MapPaths() []string { return slices.Clone(s.maps) }

// Enums gives the vocabularies that the schema declares, by generalised path.
func (s *Schema) Enums() map[string][]string { return maps.Clone(s.enums) }

// walk visits every place that the schema speaks of.
func (s *Schema) walk(c *jsonschema.Schema, path string, within []*jsonschema.Schema) {
	if c == nil || slices.Contains(within, c) || len(within) > 40 {
		return
	}
	within = append(within[:len(within):len(within)], c)
	if c.Enum != nil {
		for _, v := range c.Enum.Values {
			if w, ok := v.(string); ok && !slices.Contains(s.enums[path], w) {
				s.enums[path] = append(s.enums[path], w)
			}
		}
	}
	for _, sub := range slices.Concat([]*jsonschema.Schema{c.Ref, c.If, c.Then, c.Else}, c.AllOf, c.AnyOf, c.OneOf) {
		s.walk(sub, path, within)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Properties)) {
		s.walk(c.Properties[name], path+"."+name, within)
	}
	s.walkKeys(c, path, within)
	for _, sub := range append(slices.Clone(c.PrefixItems), c.Items2020) {
		s.walk(sub, path+"[]", within)
	}
}

func (s *Schema) walkKeys(c *jsonschema.Schema, path string, within []*jsonschema.Schema) {
	rest, _ := c.AdditionalProperties.(*jsonschema.Schema)
	if len(c.Properties) == 0 && (rest != nil && rest.Bool == nil || len(c.PatternProperties) > 0) {
		s.maps = append(s.maps, path)
	}
	s.walk(rest, path+".*", within)
	byPattern := map[string]*jsonschema.Schema{}
	for re, sub := range c.PatternProperties {
		byPattern[re.String()] = sub
	}
	for _, re := range slices.Sorted(maps.Keys(byPattern)) {
		s.walk(byPattern[re], path+".*", within)
	}
}

// Validate holds a JSON value to the schema: as encoding/json or DecodeJSON give it. The violations are ordered by place.
func (s *Schema) Validate(value any) []Violation {
	err := s.compiled.Validate(value)
	if err == nil {
		return nil
	}
	failed, ok := err.(*jsonschema.ValidationError)
	if !ok {
		return []Violation{{Path: "$", Spot: "$", Message: err.Error()}}
	}
	var out []Violation
	s.gather(failed, &out)
	slices.SortStableFunc(out, func(a, b Violation) int {
		if c := strings.Compare(a.Spot, b.Spot); c != 0 {
			return c
		}
		return strings.Compare(a.Message, b.Message)
	})
	return slices.CompactFunc(out, func(a, b Violation) bool { return a.Spot == b.Spot && a.Message == b.Message })
}
