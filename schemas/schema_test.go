package schemas_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/schemas"
)

const pushesSchema = `{
  "$id": "https://example.org/pushes", "title": "pushes", "type": "object", "required": ["pushes"],
  "properties": {
    "pushes": {"type": "object", "patternProperties": {"^[0-9]+$": {"$ref": "#/$defs/push"}}, "additionalProperties": false},
    "state": {"enum": ["open", "closed"]},
    "note": {"anyOf": [{"type": "null"}, {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}]}
  },
  "$defs": {"push": {"type": "object", "required": ["date", "changesets"], "properties": {
    "date": {"type": "integer"}, "changesets": {"type": "array", "items": {"type": "string", "pattern": "^[0-9a-f]{40}$"}}}}},
  "examples": [{"pushes": {}}]
}`

func TestSchemaValidate(t *testing.T) {
	s, err := schemas.NewSchema("pushes", []byte(pushesSchema))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"$.pushes"}, s.MapPaths()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string][]string{"$.state": {"open", "closed"}}, s.Enums()); d != "" {
		t.Error(d)
	}
	for _, tt := range []struct{ name, in, want string }{
		{"right", `{"pushes":{"1":{"date":1,"changesets":[]}},"more":1}`, ""},
		{"missing", `{}`, "$.pushes removed: $.pushes: pushes is missing"},
		{"retyped below a map", `{"pushes":{"12":{"date":"1","changesets":[]}}}`, "$.pushes.*.date retyped: $.pushes.12.date: integer is wanted, and this is string"},
		{"null", `{"pushes":{"12":{"date":null,"changesets":[]}}}`, "$.pushes.*.date made nullable: $.pushes.12.date: integer is wanted, and this is null"},
		{"pattern in a list", `{"pushes":{"1":{"date":1,"changesets":["zz"]}}}`,
			"$.pushes.*.changesets[] pattern broken: $.pushes.1.changesets[0]: \"zz\" (a string) does not match ^[0-9a-f]{40}$"},
		{"enumeration", `{"pushes":{},"state":"shut"}`, `$.state enumeration grown: $.state: "shut" (a string) is none of "open", "closed"`},
		{"unknown key", `{"pushes":{"x":1}}`, "$.pushes.x added: $.pushes.x: x is not known"},
		{"the branch that came furthest", `{"pushes":{},"note":{"text":1}}`, "$.note.text retyped: $.note.text: string is wanted, and this is number"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, err := schemas.DecodeJSON([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range s.Validate(v) {
				got = append(got, w.Path+" "+string(w.Change)+": "+w.String())
			}
			if g := strings.Join(got, "|"); g != tt.want {
				t.Errorf("got  %s\nwant %s", g, tt.want)
			}
		})
	}
}

func TestSchemaFetchesNothing(t *testing.T) {
	_, err := schemas.NewSchema("x", []byte(`{"$ref": "https://example.org/other"}`))
	if err == nil || !strings.Contains(err.Error(), "refers to its own parts only") {
		t.Errorf("got %v", err)
	}
}

// Every schema that ships compiles, says what it is, and accepts its own examples.
func TestShippedSchemas(t *testing.T) {
	var ids []string
	for _, name := range schemas.Names() {
		t.Run(name, func(t *testing.T) {
			s, err := schemas.Get(name)
			if err != nil {
				t.Fatal(err)
			}
			if s.ID == "" || s.Title == "" {
				t.Error("it has no $id, or no title")
			}
			if slices.Contains(ids, s.ID) {
				t.Errorf("its $id %s is another's too", s.ID)
			}
			ids = append(ids, s.ID)
			for i, e := range s.Examples {
				for _, v := range s.Validate(e) {
					t.Errorf("examples[%d]: %s", i, v)
				}
			}
		})
	}
}

// A key that follows no pattern is told by its place, and of several branches the one that came furthest is.
func TestKeysAndBranches(t *testing.T) {
	s, err := schemas.NewSchema("keys", []byte(`{"type":"object","properties":{
		"map":{"type":"object","propertyNames":{"pattern":"^[a-z]+$"},"additionalProperties":{"type":"integer"}},
		"one":{"oneOf":[{"type":"string"},{"type":"object","required":["a"],"properties":{"a":{"type":"object","required":["b"],"properties":{"b":{"const":1}}}}}]},
		"at":{"type":"string","format":"date-time"},"kind":{"const":"x"},"few":{"type":"array","maxItems":1}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ in, want string }{
		{`{"map":{"a":1,"B2":1}}`, `$.map.* pattern broken $.map.B2: "B2" (a string) does not match ^[a-z]+$`},
		{`{"map":{"a":"1"}}`, "$.map.* retyped $.map.a: integer is wanted, and this is string"},
		{`{"one":{"a":{"b":2}}}`, "$.one.a.b enumeration grown $.one.a.b: 1 is wanted, and this is 2 (an int)"},
		{`{"one":{"a":{}}}`, "$.one.a.b removed $.one.a.b: b is missing"},
		{`{"at":"yesterday"}`, `$.at pattern broken $.at: "yesterday" (a string) is no date-time`},
		{`{"kind":"y"}`, `$.kind enumeration grown $.kind: "x" is wanted, and this is "y" (a string)`},
		{`{"few":[1,2]}`, "$.few  $.few: maxItems: got 2, want 1"},
	} {
		v, err := schemas.DecodeJSON([]byte(tt.in))
		if err != nil {
			t.Fatal(err)
		}
		bad := s.Validate(v)
		if len(bad) != 1 || bad[0].Path+" "+string(bad[0].Change)+" "+bad[0].String() != tt.want {
			t.Errorf("%s:\ngot  %+v\nwant %s", tt.in, bad, tt.want)
		}
	}
}

func TestSchemasByName(t *testing.T) {
	bad, err := schemas.Validate("hgmo/tree.schema.json", map[string]any{"result": 7})
	if err != nil || len(bad) != 1 || bad[0].Path != "$.result" {
		t.Errorf("%v %v", bad, err)
	}
	for name, want := range map[string]string{"hgmo/tre.schema.json": "there is no schema hgmo/tre.schema.json; did you mean hgmo/tree.schema.json?", "nothing": "there is no schema nothing"} {
		if _, err := schemas.Validate(name, nil); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if got := len(schemas.Names()); got < 30 {
		t.Errorf("%d schemas", got)
	}
}

func TestPlaces(t *testing.T) {
	s, err := schemas.NewSchema("pushes", []byte(pushesSchema))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]schemas.Place{
		"$.pushes":              {Types: []string{"object"}, Required: true},
		"$.pushes.*.date":       {Types: []string{"integer"}, Required: true},
		"$.state":               {Types: []string{"string"}},
		"$.note":                {Types: []string{"null", "object"}},
		"$.pushes.*.changesets": {Types: []string{"array"}, Required: true},
	} {
		if got, ok := s.Place(path); !ok || !cmp.Equal(want, got) {
			t.Errorf("%s: %+v %t", path, got, ok)
		}
	}
	if _, ok := s.Place("$.nowhere"); ok || s.Orders() != nil {
		t.Error("it speaks of what it does not")
	}
}
