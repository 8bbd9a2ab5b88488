package schemas

import (
	"maps"
	"slices"
	"strings"
)

// Replace returns a copy of an answer in which every value at a generalised path went through f; where f says drop, a member, a key or an
// element is left out. isMap says whether the object at a path is a map. Rows under the names of their columns are reached by
// these names; dropping one leaves the column, and its name, out of all rows. Nothing of the old value is changed.
func Replace(v any, path string, isMap func(path string) bool, f func(old any) (now any, drop bool)) any {
	if top, ok := v.(map[string]any); ok && strings.HasPrefix(path, "$.results[].") {
		if names, ok := top["job_property_names"].([]any); ok {
			return replaceColumn(top, names, strings.TrimPrefix(path, "$.results[]."), f)
		}
	}
	now, _ := replace(v, "$", path, isMap, f)
	return now
}

func replace(v any, at, path string, isMap func(string) bool, f func(any) (any, bool)) (any, bool) {
	if at == path {
		return f(v)
	}
	switch x := v.(type) {
	case []any:
		if !strings.HasPrefix(path, at+"[]") {
			return v, false
		}
		out := make([]any, 0, len(x))
		for _, e := range x {
			if now, drop := replace(e, at+"[]", path, isMap, f); !drop {
				out = append(out, now)
			}
		}
		return out, false
	case map[string]any:
		if !strings.HasPrefix(path, at+".") {
			return v, false
		}
		return replaceMembers(x, at, path, isMap, f), false
	}
	return v, false
}

func replaceMembers(x map[string]any, at, path string, isMap func(string) bool, f func(any) (any, bool)) map[string]any {
	out := make(map[string]any, len(x))
	for k, e := range x {
		next := at + "." + k
		if isMap(at) {
			next = at + ".*"
		}
		if next != path && !strings.HasPrefix(path, next+".") && !strings.HasPrefix(path, next+"[]") {
			out[k] = e
			continue
		}
		if now, drop := replace(e, next, path, isMap, f); !drop {
			out[k] = now
		}
	}
	return out
}

func replaceColumn(top map[string]any, names []any, column string, f func(any) (any, bool)) any {
	i := slices.Index(names, any(column))
	rows, ok := top["results"].([]any)
	if i < 0 || !ok {
		return top
	}
	dropped := false
	list := make([]any, len(rows))
	for n, row := range rows {
		cells, ok := row.([]any)
		if !ok || i >= len(cells) {
			list[n] = row
			continue
		}
		cells = slices.Clone(cells)
		now, drop := f(cells[i])
		cells[i] = now
		if drop {
			cells, dropped = slices.Delete(cells, i, i+1), true
		}
		list[n] = cells
	}
	out := maps.Clone(top)
	out["results"] = list
	if dropped {
		out["job_property_names"] = slices.Delete(slices.Clone(names), i, i+1)
	}
	return out
}

// Differences lists the generalised paths at which two facts differ: lists of other lengths differ as a whole.
func Differences(a, b any) []string {
	set := map[string]bool{}
	differ(a, b, "", set)
	return slices.Sorted(maps.Keys(set))
}

func differ(a, b any, path string, set map[string]bool) {
	switch x := a.(type) {
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			set[path+"[]"] = true
			return
		}
		for i := range x {
			differ(x[i], y[i], path+"[]", set)
		}
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			set[path] = true
			return
		}
		for k := range x {
			differ(x[k], y[k], strings.TrimPrefix(path+"."+k, "."), set)
		}
	default:
		if !equalScalar(a, b) {
			set[path] = true
		}
	}
}

func equalScalar(a, b any) bool {
	switch b.(type) {
	case []any, map[string]any:
		return false
	}
	return a == b
}
