package schemas

import (
	"fmt"
	"strings"
)

// DurationPattern is what a duration looks like as text: 90s, 15m, 1h30m.
const DurationPattern = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`

// JSONSchema writes the type as a JSON Schema, for editors: what a constant of it looks like in YAML. part writes the schemas of what is within a
// list, a map or an object, so that a caller can allow more there. Members are described by their docs and defaults; none is required, and none
// but them may stand there. What is nullable is not said.
func (t *Type) JSONSchema(part func(*Type) map[string]any) map[string]any {
	switch t.Kind {
	case Bool:
		return map[string]any{"type": "boolean"}
	case Int:
		return map[string]any{"type": "integer"}
	case Float:
		return map[string]any{"type": "number"}
	case String:
		if t.Enum != nil {
			return map[string]any{"enum": asAny(t.Enum)}
		}
		return map[string]any{"type": "string"}
	case Time:
		return map[string]any{"type": "string"}
	case Duration:
		return map[string]any{"type": "string", "pattern": DurationPattern}
	case List:
		return map[string]any{"type": "array", "items": part(t.Elem)}
	case Map:
		return map[string]any{"type": "object", "additionalProperties": part(t.Elem)}
	case Object:
		properties := map[string]any{}
		for _, f := range t.Fields {
			p := part(f.Type)
			doc := f.Doc
			if f.Default != nil {
				doc += fmt.Sprintf(" (default: %v)", f.Default)
			}
			p["description"] = strings.TrimSpace(doc)
			properties[f.Name] = p
		}
		return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	}
	return map[string]any{}
}

func asAny(words []string) []any {
	out := make([]any, len(words))
	for i, s := range words {
		out[i] = s
	}
	return out
}
