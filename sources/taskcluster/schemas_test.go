package taskcluster

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

func endpoints() []sources.Endpoint { return New(&http.Client{}, rootID, options(nil)).Endpoints() }

// What an endpoint's decode type reads stands in its schema, as what it is read as, and is required there where its absence
// would be read as something else. No schema is without an endpoint.
func TestSchemasHaveWhatIsRead(t *testing.T) {
	var used []string
	for _, e := range endpoints() {
		used = append(used, e.Schema)
		s, err := schemas.Get(e.Schema)
		if err != nil {
			t.Errorf("%s: %v", e.Name, err)
			continue
		}
		var root obj
		if err := json.Unmarshal(s.Text, &root); err != nil {
			t.Fatal(err)
		}
		for _, r := range schemas.ReadsOf(e.Decode) {
			found, required := place(root, r.Path)
			switch {
			case found == nil:
				t.Errorf("%s: %s is read, and %s does not speak of it", e.Name, r.Path, e.Schema)
			case !fits(found, r.Kind):
				t.Errorf("%s: %s is read as %s, and %s says %v", e.Name, r.Path, r.Kind, e.Schema, found)
			case r.Required && !required && !strings.HasPrefix(r.Path, "$.status"):
				t.Errorf("%s: %s is taken to be there, and %s does not require it", e.Name, r.Path, e.Schema)
			}
		}
	}
	for _, name := range schemas.Names() {
		if strings.HasPrefix(name, "taskcluster/") && !slices.Contains(used, name) {
			t.Errorf("%s is no endpoint's", name)
		}
	}
}

// place follows a path of ReadsOf through a schema. required says whether its last member has to be there.
func place(root obj, path string) (at obj, required bool) {
	at, required = root, true
	path = strings.ReplaceAll(strings.TrimPrefix(path, "$"), "[]", ".[]")
	for _, step := range strings.Split(path, ".")[1:] {
		at = resolve(root, at)
		var next any
		required = true
		switch step {
		case "[]":
			next = at["items"]
		case "*":
			next = at["additionalProperties"]
		default:
			p, _ := at["properties"].(obj)
			list, _ := at["required"].([]any)
			next, required = p[step], slices.Contains(list, any(step))
		}
		to, ok := next.(obj)
		if !ok {
			if next == true {
				return obj{}, required
			}
			return nil, false
		}
		at = to
	}
	return resolve(root, at), required
}

func resolve(root, at obj) obj {
	name, ok := strings.CutPrefix(text(at["$ref"]), "#/$defs/")
	if !ok {
		return at
	}
	return root["$defs"].(obj)[name].(obj)
}

func text(v any) string { s, _ := v.(string); return s }

// fits says whether a schema takes what is read as a kind, and nothing that could not be.
func fits(s obj, kind string) bool {
	types := map[string]string{"int": "integer", "bool": "boolean", "number": "number", "string": "string", "array": "array", "object": "object"}
	switch {
	case kind == "any":
		return true
	case s["const"] != nil:
		_, isNumber := s["const"].(float64)
		return isNumber == (kind == "int")
	case s["enum"] != nil:
		return kind == "string"
	}
	return s["type"] == types[kind]
}

// The recorded good answers of an endpoint fit its schema.
func TestRecordingsFitTheirSchemas(t *testing.T) {
	checked := 0
	for _, r := range sourcetest.Recordings(t, "taskcluster") {
		i := slices.IndexFunc(endpoints(), func(e sources.Endpoint) bool {
			return r.Status == 200 && e.Match(r.Method, "", r.URL.EscapedPath()) || r.Status == 200 && e.Match(r.Method, recordedRoot, r.URL.String())
		})
		if i < 0 || r.Method == "HEAD" {
			continue
		}
		checked++
		check(t, r.File, endpoints()[i].Schema, r.Body)
	}
	if checked < 15 {
		t.Errorf("only %d recordings belong to an endpoint", checked)
	}
}

func check(t *testing.T, what, schema string, body []byte) {
	t.Helper()
	v, err := schemas.DecodeJSON(body)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	found, err := schemas.Validate(schema, v)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Errorf("%s: %s", what, f)
	}
}

// Samples from production fit as well.
func TestSharedSamplesFitTheirSchemas(t *testing.T) {
	for name, schema := range map[string]string{
		"actions_autoland-109591_2020.json": "taskcluster/actions.schema.json",
		"task_original.json":                "taskcluster/task.schema.json",
	} {
		t.Run(name, func(t *testing.T) {
			var body json.RawMessage
			readShared(t, "data/taskcluster/"+name, &body)
			check(t, name, schema, body)
		})
	}
	t.Run("action_backfill.json", func(t *testing.T) {
		var body json.RawMessage
		readShared(t, "data/taskcluster/action_backfill.json", &body)
		check(t, "action_backfill.json", "taskcluster/actions.schema.json", []byte(`{"version": 1, "variables": {}, "actions": [`+string(body)+`]}`))
	})
}
