package schemas

import (
	"maps"
	"slices"
)

// Mend returns a copy of an answer in which what breaks the schema is as in its examples: a member that is missing is there, and a value that is
// none that the schema takes is another. What no example shows stays as it is, and so do orders, keys and members too many. Rows
// under the names of their columns stay such rows. did says whether anything breaks it.
func (s *Schema) Mend(v any) (now any, did bool) {
	bad := s.Validate(v)
	if len(bad) == 0 {
		return v, false
	}
	shown := s.shown()
	now = copied(Columns(v))
	for _, b := range bad {
		if good, ok := shown[b.Path]; ok {
			now = b.mend(now, copied(good))
		}
	}
	return underColumns(v, now), true
}

// shown gives the first value that the examples have for each path, and one with something in it where there is one.
func (s *Schema) shown() map[string]any {
	out := map[string]any{}
	for _, e := range s.Examples {
		NewShape(s.maps...).Walk(e, func(path, _ string, v any) {
			if old, known := out[path]; !known || hollow(old) && !hollow(v) {
				out[path] = v
			}
		})
	}
	return out
}

// hollow says whether a value has nothing in it.
func hollow(v any) bool {
	switch x := v.(type) {
	case []any:
		return len(x) == 0
	case map[string]any:
		return len(x) == 0
	}
	return v == nil
}

// mend puts a value where a violation is, and returns the whole.
func (v Violation) mend(whole, good any) any {
	at := v.at
	switch v.Change {
	case Removed:
		at = append(slices.Clone(at), v.Member)
	case Added, OrderBroken:
		return whole
	case Pattern:
		if _, ok := resolve(whole, at).(map[string]any); ok { // it is about a key
			return whole
		}
	}
	if len(at) == 0 {
		return good
	}
	last := at[len(at)-1]
	switch up := resolve(whole, at[:len(at)-1]).(type) {
	case map[string]any:
		up[last] = good
	case []any:
		if i, ok := index(up, last); ok {
			up[i] = good
		}
	}
	return whole
}

// copied is a value of which a change is none of the other's.
func copied(v any) any {
	switch x := v.(type) {
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = copied(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = copied(e)
		}
		return out
	}
	return v
}

// underColumns turns rows that Columns has made objects of into rows again, under all the names that they have now.
func underColumns(v, now any) any {
	was, ok := v.(map[string]any)
	names, ok2 := was["job_property_names"].([]any)
	top, ok3 := now.(map[string]any)
	rows, ok4 := top["results"].([]any)
	if !ok || !ok2 || !ok3 || !ok4 {
		return now
	}
	names = slices.Clone(names)
	for _, row := range rows {
		o, _ := row.(map[string]any)
		for _, k := range sortedKeys(o) {
			if !slices.Contains(names, any(k)) {
				names = append(names, k)
			}
		}
	}
	out := maps.Clone(top)
	out["job_property_names"] = names
	list := make([]any, len(rows))
	for i, row := range rows {
		list[i] = row
		if o, ok := row.(map[string]any); ok {
			cells := make([]any, len(names))
			for n, name := range names {
				k, _ := name.(string)
				cells[n] = o[k]
			}
			list[i] = cells
		}
	}
	out["results"] = list
	return out
}
