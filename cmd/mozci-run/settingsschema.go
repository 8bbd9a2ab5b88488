package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources/sim"
)

// settingsSchemaID is the $id of the schema of files of profiles.
const settingsSchemaID = "https://mozci.github.io/mozci-run/schemas/mozci.schema.json"

type node = map[string]any

// settingsSchema writes the JSON Schema (2020-12) of files of profiles, for editors: from the types that the loader fills, and from the list of
// adapters, with their options and credentials by name. It finds what a file has of its own; what the world has to do with it (a
// folder that is missing, a variable that is not set) is for check.
func settingsSchema() []byte {
	root := settingsPart(schemas.TypeOf[profileFile]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = settingsSchemaID
	root["title"] = "mozci.yaml"
	root["description"] = "The profiles of mozci-run: which adapters answer, and where. Written from the program's own types by `mozci-run schema --of profiles`."
	root["examples"] = []any{node{"default": "ours", "profiles": node{"ours": node{
		"sources": []any{node{"adapter": "treeherder", "base": "https://treeherder.example/api", "credentials": node{"token": node{"env": "TREEHERDER_TOKEN"}}},
			node{"adapter": "taskcluster", "account": taskclusterAccount}},
		"inputs": node{"branch": "autoland"}}}}}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	must(enc.Encode(root)) // it is made of maps and text
	return b.Bytes()
}

// settingsPart is the schema of a part of the file: what its type says, and what is to be said of it besides.
func settingsPart(t *schemas.Type) node {
	out := t.JSONSchema(settingsPart)
	var required []any
	for _, f := range t.Fields {
		if !f.Optional {
			required = append(required, f.Name)
		}
	}
	if required != nil {
		out["required"] = required
	}
	settingsBesides(t.Name, out)
	return out
}

// settingsBesides says of a part, by the name of its type, what the type does not. It is the same that settingsCheck holds a file to.
func settingsBesides(part string, n node) {
	switch part {
	case "profileFile":
		n["anyOf"] = eachRequired("profiles", "default")
		property(n, "profiles")["propertyNames"] = node{"pattern": profileNames}
		property(n, "default")["anyOf"] = []any{node{"pattern": profileNames}, node{"pattern": "^" + replayPrefix}}
	case "profile":
		profileBesides(n)
	case "sourceSpec":
		sourceBesides(n)
	case "secret":
		n["oneOf"] = eachRequired(findings...)
		property(n, "env")["pattern"] = variables
		property(n, "simulated")["const"] = true
	case "clockSpec":
		n["dependentRequired"] = node{"at": []any{"epoch"}}
		speed := property(n, "speed")
		speed["exclusiveMinimum"], speed["maximum"] = 0, fastest
		n["allOf"] = []any{node{"if": node{"required": []any{"jump"}, "properties": node{"jump": node{"const": true}}}, "then": node{"not": node{"required": []any{"speed"}}}}}
	case "simulation":
		property(n, "seed")["minimum"] = 0
		property(n, "scenario")["anyOf"] = []any{node{"enum": anyOf(sim.Scenarios())}, node{"pattern": `[./]`}}
	}
}

func profileBesides(n node) {
	n["oneOf"] = eachRequired(answering...)
	n["allOf"] = []any{never("replay", "clock"), node{"if": node{"required": []any{"sources"}},
		"then": node{"properties": node{"clock": node{"properties": node{"jump": node{"const": false}}}}}}}
	property(n, "sources")["minItems"] = 1
	property(n, "sources")["allOf"] = eachOnce()
	inputs := property(n, "inputs")
	inputs["propertyNames"] = node{"pattern": inputNames}
	text := node{"type": "string", "not": node{"pattern": `\$\{\{`}}
	inputs["additionalProperties"] = node{"anyOf": []any{text, node{"type": []any{"integer", "boolean"}}, node{"type": "array", "items": text}}}
}

func property(n node, name string) node { return n["properties"].(node)[name].(node) }

func eachRequired(names ...string) []any {
	var out []any
	for _, n := range names {
		out = append(out, node{"required": []any{n}})
	}
	return out
}

func never(one, other string) node { return node{"not": node{"required": []any{one, other}}} }

func anyOf(words []string) []any {
	out := make([]any, len(words))
	for i, w := range words {
		out[i] = w
	}
	return out
}

// eachOnce says that no adapter is named twice.
func eachOnce() []any {
	var out []any
	for _, name := range adapterNames() {
		out = append(out, node{"contains": node{"properties": node{"adapter": node{"const": name}}, "required": []any{"adapter"}}, "minContains": 0, "maxContains": 1})
	}
	return out
}

// sourceBesides says for each adapter what it is told.
func sourceBesides(n node) {
	property(n, "adapter")["enum"] = anyOf(adapterNames())
	rules := []any{never("account", "credentials")}
	for _, a := range adapters {
		rules = append(rules, node{
			"if":   node{"required": []any{"adapter"}, "properties": node{"adapter": node{"const": a.name}}},
			"then": node{"properties": adapterBesides(a)},
		})
	}
	n["allOf"] = rules
}

func adapterBesides(a adapter) node {
	credentials := settingNames(a.credentials, func(setting) node { return settingsPart(schemas.TypeOf[secret]()) })
	needs := node{}
	for _, c := range a.credentials {
		if c.needs != nil {
			needs[c.name] = anyOf(c.needs)
		}
	}
	if len(needs) > 0 {
		credentials.(node)["dependentRequired"] = needs
	}
	options := settingNames(a.options, func(s setting) node {
		return node{"type": "string", "pattern": map[settingKind]string{isName: plainNames, isURL: baseURLs, isPairs: treePairs}[s.kind]}
	})
	of := node{"adapter": node{"description": a.doc}, "base": false, "account": false, "credentials": credentials, "options": options}
	if a.base != "" {
		base := node{"type": "string", "pattern": baseURLs, "examples": []any{a.base}}
		if pages, is := strings.CutSuffix(a.base, "/api"); is {
			base["not"] = node{"enum": []any{pages, pages + "/"}}
		}
		of["base"] = base
	}
	if a.account != "" {
		of["account"] = node{"const": a.account}
	}
	return of
}

// settingNames is the schema of a map with the names of settings and no other; false where there is none.
func settingNames(list []setting, value func(setting) node) any {
	if len(list) == 0 {
		return false
	}
	properties := node{}
	for _, s := range list {
		v := value(s)
		v["description"] = s.doc
		properties[s.name] = v
	}
	return node{"type": "object", "properties": properties, "additionalProperties": false}
}
