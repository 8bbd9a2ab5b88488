package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/fixtures"
	"github.com/mozci/mozci-run/schemas"
)

// mutants makes all mutants of an endpoint.
func (s *specimen) mutants() []*mutant {
	out := s.answerMutants()
	for _, spot := range s.shape.List() {
		if spot.Path != "$" {
			out = append(out, s.mutantsAt(spot)...)
		}
	}
	return out
}

// answerMutants are about answers as a whole.
func (s *specimen) answerMutants() []*mutant {
	var out []*mutant
	status := func(code int) func(*fixtures.Interaction) {
		return func(in *fixtures.Interaction) { in.Status, in.Content = code, []byte(`{"detail":"no"}`) }
	}
	for kind, code := range map[string]int{"status 400": 400, "status 403": 403, "status 404": 404, "status 410": 410} {
		out = append(out, &mutant{specimen: s, kind: kind, path: "$", want: []schemas.Change{schemas.Status}, breaks: true, answer: status(code)})
	}
	body := func(text string) func(*fixtures.Interaction) {
		return func(in *fixtures.Interaction) {
			in.Content = []byte(text)
			in.Answer.Set("Content-Type", "text/html; charset=utf-8")
		}
	}
	media := []schemas.Change{schemas.ContentType}
	out = append(out,
		&mutant{specimen: s, kind: "a page in HTML", path: "$", want: media, breaks: true, answer: body("<!doctype html><title>hello</title>")},
		&mutant{specimen: s, kind: "cut in the middle", path: "$", want: media, breaks: true, answer: func(in *fixtures.Interaction) { in.Content = in.Content[:len(in.Content)/2+1] }})
	for _, o := range s.schema.Orders() {
		if s.hasTwo(o) {
			out = append(out, &mutant{specimen: s, kind: "reversed", path: o.Path, want: []schemas.Change{schemas.OrderBroken}, breaks: true, change: s.at(o.Path, reversed)})
		}
	}
	return append(out, s.pageMutants()...)
}

// hasTwo says whether any list has neighbours that tell its order.
func (s *specimen) hasTwo(o schemas.Order) bool {
	two := false
	for _, v := range s.values {
		s.shape.Walk(v, func(path, _ string, v any) {
			list, _ := v.([]any)
			if path != o.Path || len(list) < 2 {
				return
			}
			key := func(e any) any {
				if m, ok := e.(map[string]any); ok && o.By != "" {
					return m[o.By]
				}
				return e
			}
			two = two || key(list[0]) != key(list[len(list)-1])
		})
	}
	return two
}

// pageMutants halve pages that say that more follow.
func (s *specimen) pageMutants() []*mutant {
	var out []*mutant
	for _, member := range []string{"results", "tasks", "lastFires"} {
		cut := false
		halve := func(v any) any {
			top, ok := v.(map[string]any)
			rows, isList := top[member].([]any)
			if !ok || !isList || top["next"] == nil && top["continuationToken"] == nil || len(rows) < 2 {
				return v
			}
			cut = true
			top = maps.Clone(top)
			top[member] = rows[:len(rows)/2]
			return top
		}
		for _, v := range s.values {
			halve(v)
		}
		if cut {
			out = append(out, &mutant{specimen: s, kind: "half a page", path: "$." + member, want: []schemas.Change{schemas.PageSize}, change: halve})
		}
	}
	return out
}

// mutantsAt are about one place.
func (s *specimen) mutantsAt(spot *schemas.Spot) []*mutant {
	path := spot.Path
	place, spoken := s.schema.Place(path)
	read := s.read(path)
	member := !strings.HasSuffix(path, "[]") && !strings.HasSuffix(path, ".*")
	needed := read != nil && spoken && place.Required && !place.Default
	var out []*mutant
	add := func(kind string, breaks bool, change func(any) any, want ...schemas.Change) {
		out = append(out, &mutant{specimen: s, kind: kind, path: path, want: want, breaks: breaks, change: change})
	}
	if member {
		add("removed", needed, s.at(path, dropped), schemas.Removed)
		add("renamed", needed, s.renamed(path), schemas.Removed)
		if spot.Present >= 3 {
			add("removed now and then", needed && spot.Present == spot.Could, s.now(path), schemas.Optional, schemas.Removed)
		}
	}
	onlyNull := spot.Types["null"] == spot.Present
	if onlyNull {
		return out
	}
	firm := read != nil && read.Kind != "any"
	if !anyType(place, spoken) || read == nil {
		add("retyped", firm, s.at(path, wrapped), schemas.Retyped)
	}
	if spot.Types["int"] == spot.Present && !takes(place, "string") {
		add("a number as text", firm, s.at(path, asText), schemas.Retyped)
	}
	if spot.Types["string"] == spot.Present && !takes(place, "integer") {
		add("text as a number", firm, s.at(path, func(any) (any, bool) { return 7, false }), schemas.Retyped)
	}
	if spot.Types["null"] == 0 && !(spoken && takes(place, "null")) && !(spoken && place.Types == nil) {
		add("null", firm && spoken, s.at(path, func(any) (any, bool) { return nil, false }), schemas.Nullable)
	}
	if words := s.schema.Enums()[path]; len(words) > 1 && spot.Types["string"] > 0 {
		add("a new word", false, s.at(path, func(any) (any, bool) { return "a-new-word", false }), schemas.EnumGrown)
	}
	if member && nameOfJobs(path) && spot.Types["string"] > 0 {
		add("a new family of names", false, s.at(path, func(any) (any, bool) { return "<<Zweig 7 × entirely new>>", false }), schemas.Pattern)
	}
	return out
}

// nameOfJobs says whether names of job types stand at a path.
func nameOfJobs(path string) bool { return strings.HasSuffix(path, ".job_type_name") }

func takes(p schemas.Place, typ string) bool { return slices.Contains(p.Types, typ) }

// anyType says whether the schema takes everything at a place, so that no type is wrong there.
func anyType(p schemas.Place, spoken bool) bool { return spoken && p.Types == nil }

// at changes the values at a path.
func (s *specimen) at(path string, f func(any) (any, bool)) func(any) any {
	return func(v any) any { return schemas.Replace(v, path, s.shape.IsMap, f) }
}

// now leaves every other value out.
func (s *specimen) now(path string) func(any) any {
	n := 0
	return s.at(path, func(v any) (any, bool) { n++; return v, n%2 == 0 })
}

// renamed gives a member another name.
func (s *specimen) renamed(path string) func(any) any {
	up, name := schemas.ParentPath(path), path[strings.LastIndexByte(path, '.')+1:]
	rename := func(v any) (any, bool) {
		m, ok := v.(map[string]any)
		if !ok {
			return v, false
		}
		m = maps.Clone(m)
		if old, there := m[name]; there {
			delete(m, name)
			m[name+"_anew"] = old
		}
		return m, false
	}
	return func(v any) any {
		if top, ok := v.(map[string]any); ok && up == "$.results[]" {
			if names, ok := top["job_property_names"].([]any); ok {
				top, names = maps.Clone(top), slices.Clone(names)
				if i := slices.Index(names, any(name)); i >= 0 {
					names[i] = name + "_anew"
				}
				top["job_property_names"] = names
				return top
			}
		}
		return schemas.Replace(v, up, s.shape.IsMap, rename)
	}
}

func dropped(any) (any, bool) { return nil, true }

func wrapped(v any) (any, bool) {
	switch v.(type) {
	case []any:
		return "a list", false
	case map[string]any:
		return []any{v}, false
	}
	return map[string]any{"value": v}, false
}

func asText(v any) (any, bool) {
	return schemas.Describe(v)[:max(1, strings.IndexByte(schemas.Describe(v)+" ", ' '))], false
}

func reversed(v any) (any, bool) {
	list, ok := v.([]any)
	if !ok {
		return v, false
	}
	list = slices.Clone(list)
	slices.Reverse(list)
	return list, false
}
