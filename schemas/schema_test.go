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
