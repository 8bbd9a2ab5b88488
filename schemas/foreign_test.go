package schemas

import (
	"strings"
	"testing"
)

func TestForeign(t *testing.T) {
	const doc = `{"type": "object", "required": ["tasks"], "properties": {"tasks": {"type": "array", "items": {"type": "string"}},
		"times": {"type": "integer", "default": 1, "maximum": 100}, "no": false}, "additionalProperties": false}`
	s, err := CompileForeign([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		name string
		in   any
		want string // what the error holds; empty for none
	}{
		{"a fact", map[string]any{"tasks": []any{"a"}, "times": 3}, ""},
		{"as JSON is decoded", map[string]any{"tasks": []any{"a"}, "times": 3.0}, ""},
		{"defaults are not applied", map[string]any{"tasks": []any{}}, ""},
		{"missing", map[string]any{}, "missing property 'tasks'"},
		{"all at once", map[string]any{"tasks": []any{7}, "times": 200}, "at '/tasks/0': got number, want string; at '/times': maximum: got 200, want 100"},
		{"unknown member", map[string]any{"tasks": []any{}, "x": 1}, "additional properties 'x' not allowed"},
		{"a schema that is false", map[string]any{"tasks": []any{}, "no": 1}, "at '/no': false schema"},
		{"nothing", nil, "got null, want object"},
	}
	for _, r := range rows {
		err := s.Validate(r.in)
		if (err == nil) != (r.want == "") || (err != nil && !strings.Contains(err.Error(), r.want)) {
			t.Errorf("%s: got %v, want %q", r.name, err, r.want)
		}
		if err != nil && strings.Contains(err.Error(), "foreign://") {
			t.Errorf("%s: the error shows an address of ours: %v", r.name, err)
		}
	}
}

func TestForeignRefusals(t *testing.T) {
	for doc, want := range map[string]string{
		`{`:           "reading a schema",
		`{"type": 7}`: "reading a schema",
		`{"$ref": "https://elsewhere.example/s.json"}`: "which is not followed",
		`{"$ref": "file:///etc/passwd"}`:               "which is not followed",
	} {
		if _, err := CompileForeign([]byte(doc)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", doc, err, want)
		}
	}
}
