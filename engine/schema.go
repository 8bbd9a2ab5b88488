package engine

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/mozci/mozci-run/schemas"
)

// SchemaID is the $id of the schema of workflows.
const SchemaID = "https://mozci.github.io/mozci-run/schemas/workflow.schema.json"

// Schema writes the JSON Schema (2020-12) of workflow files, for editors: from the table of keywords, and from what a catalog's
// queries and effects take. The same catalog gives the same bytes.
func Schema(cat Catalog) []byte {
	w := &schemaWriter{defs: map[string]any{}, cat: cat}
	root := w.object(workflowObject)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = SchemaID
	root["title"] = "mozci-run workflow"
	root["description"] = "A workflow of mozci-run, version 1 of the language. Written from the program's own table of keywords by `mozci-run schema`."
	root["examples"] = []any{map[string]any{"mozci": 1, "name": "hello", "steps": []any{map[string]any{"id": "answer", "let": "6 * 7"}}}}
	w.defs["expression"] = map[string]any{"type": "string", "pattern": `\$\{\{`, "description": "text with ${{ }}"}
	root["$defs"] = w.defs
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(root); err != nil {
		panic(fmt.Sprintf("engine: writing the schema of workflows: %v", err)) // it is made of maps and text
	}
	return b.Bytes()
}

type schemaWriter struct {
	defs map[string]any
	cat  Catalog
}

type node = map[string]any

// ref writes an object among the definitions, once, and refers to it.
func (w *schemaWriter) ref(o *object) node {
	if _, ok := w.defs[o.name]; !ok {
		w.defs[o.name] = nil // while it is written, so that steps within steps end
		w.defs[o.name] = w.object(o)
	}
	return node{"$ref": "#/$defs/" + o.name}
}

func (w *schemaWriter) object(o *object) node {
	properties := node{}
	var required []any
	var rules []any
	for i := range o.keys {
		k := &o.keys[i]
		properties[k.name] = w.key(k)
		if k.required {
			required = append(required, k.name)
		}
		rules = append(rules, companionRules(k)...)
	}
	for _, group := range o.one {
		rules = append(rules, node{"oneOf": eachRequired(group)})
	}
	if o == stepObject {
		rules = append(rules, node{"oneOf": eachRequired(kindKeys)})
		rules = append(rules, w.uses()...)
		properties["uses"].(node)["enum"] = w.names()
	}
	out := node{"type": "object", "description": o.doc, "properties": properties, "additionalProperties": false}
	if required != nil {
		out["required"] = required
	}
	if rules != nil {
		out["allOf"] = rules
	}
	return out
}

// companionRules are what a key wants beside it, and does not want.
func companionRules(k *key) []any {
	var out []any
	has := node{"required": []any{k.name}}
	if len(k.needs) > 0 {
		out = append(out, node{"if": has, "then": node{"anyOf": eachRequired(k.needs)}})
	}
	if len(k.never) > 0 {
		out = append(out, node{"if": has, "then": node{"not": node{"anyOf": eachRequired(k.never)}}})
	}
	return out
}

func eachRequired(names []string) []any {
	out := make([]any, len(names))
	for i, n := range names {
		out[i] = node{"required": []any{n}}
	}
	return out
}

func (w *schemaWriter) key(k *key) node {
	out := w.shape(k)
	if _, refers := out["$ref"]; refers {
		out = node{"allOf": []any{out}}
	}
	out["description"] = k.doc
	if k.def != "" {
		out["description"] = k.doc + " (default: " + k.def + ")"
	}
	return out
}

const namePattern = `^[A-Za-z][A-Za-z0-9_]*$`

func (w *schemaWriter) shape(k *key) node {
	text := node{"type": []any{"string", "number", "boolean"}}
	switch k.shape {
	case aWord:
		return node{"type": "string", "pattern": namePattern}
	case aString:
		if k.required {
			return node{"type": "string", "minLength": 1}
		}
		return node{"type": "string"}
	case aText, anExpr:
		if k.required {
			text["minLength"] = 1
		}
		return text
	case anInt:
		out := node{"type": "integer", "minimum": k.least}
		if k.most > 0 {
			out["maximum"] = k.most
		}
		return out
	case aBool:
		return node{"type": "boolean"}
	case aDuration:
		return node{"type": "string", "pattern": schemas.DurationPattern, "examples": []any{"90s", "15m", "6h"}}
	case aChoice:
		return node{"enum": asAny(k.words)}
	case choices:
		return node{"type": "array", "items": node{"enum": asAny(k.words)}}
	case words:
		return node{"type": "array", "items": node{"type": "string", "pattern": namePattern}}
	case stringList:
		return node{"type": "array", "items": node{"type": "string"}}
	case named:
		return node{"type": "object", "propertyNames": node{"pattern": namePattern}}
	case values, typed:
		return node{"type": "object"}
	case anObject:
		return w.ref(k.object)
	case objects:
		return node{"type": "object", "propertyNames": node{"pattern": namePattern}, "additionalProperties": w.ref(k.object)}
	case listOf:
		return node{"type": "array", "minItems": 1, "items": w.ref(k.object)}
	}
	return node{}
}

func asAny(words []string) []any {
	out := make([]any, len(words))
	for i, s := range words {
		out[i] = s
	}
	return out
}

// names are the queries and effects that uses can name.
func (w *schemaWriter) names() []any {
	return append(asAny(w.cat.QueryNames()), asAny(w.cat.EffectNames())...)
}

// uses says for each query and effect what with takes.
func (w *schemaWriter) uses() []any {
	var out []any
	add := func(name string, in *schemas.Type) {
		out = append(out, node{
			"if":   node{"required": []any{"uses"}, "properties": node{"uses": node{"const": name}}},
			"then": node{"properties": node{"with": w.with(in)}},
		})
	}
	for _, name := range w.cat.QueryNames() {
		q, _, _ := w.cat.Query(name)
		add(name, q.In)
	}
	for _, name := range w.cat.EffectNames() {
		e, _, _ := w.cat.Effect(name)
		add(name, e.In)
	}
	return out
}

func (w *schemaWriter) with(in *schemas.Type) node {
	out := w.typed(in)
	var required []any
	for _, f := range in.Fields {
		if !f.Optional && !f.Type.Nullable {
			required = append(required, f.Name)
		}
	}
	if required != nil {
		out["required"] = required
	}
	return out
}

// typed is the schema of a constant of a type; each part of it may also be text with ${{ }}.
func (w *schemaWriter) typed(t *schemas.Type) node { return t.JSONSchema(w.orExpression) }

func (w *schemaWriter) orExpression(t *schemas.Type) node {
	if t.Kind == schemas.String && t.Enum == nil && !t.Nullable || t.Kind == schemas.Any {
		return w.typed(t)
	}
	branches := []any{w.typed(t), node{"$ref": "#/$defs/expression"}}
	if t.Nullable {
		branches = append(branches, node{"type": "null"})
	}
	return node{"anyOf": branches}
}
