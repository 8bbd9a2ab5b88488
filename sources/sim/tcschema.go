package sim

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

// violations holds a value against a schema and says in the words of Taskcluster's validator what is wrong. It knows the
// keywords that the schemas of this package use: type, required, properties, additionalProperties, pattern of slugs.
func violations(schema obj, v any, at string) []string {
	var out []string
	if want := types(schema["type"]); len(want) > 0 && !contains(want, typeOf(v)) {
		return []string{at + " must be " + strings.Join(want, ",")}
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	required, _ := schema["required"].([]string)
	for _, name := range required {
		if _, has := m[name]; !has {
			out = append(out, fmt.Sprintf("%s must have required property '%s'", at, name))
		}
	}
	properties, _ := schema["properties"].(obj)
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		if sub, known := properties[k].(obj); known {
			out = append(out, violations(sub, m[k], at+"/"+k)...)
		} else if schema["additionalProperties"] == false {
			out = append(out, fmt.Sprintf("%s must NOT have additional properties: %q", at, k))
		}
	}
	return out
}

func types(t any) []string {
	switch t := t.(type) {
	case string:
		return []string{t}
	case []string:
		return t
	}
	return nil
}

func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
	}
	return "number"
}

// decoded is JSON as any; it has been found valid before. Nothing at all is an empty object.
func decoded(raw json.RawMessage) any {
	if len(raw) == 0 {
		return map[string]any{}
	}
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	return v
}
