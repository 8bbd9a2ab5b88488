package sources

import (
	"slices"
	"strings"

	"github.com/mozci/mozci-run/schemas"
)

// A Part is a query that another one asks to make its answer of.
type Part struct {
	Query string
	// Decides lists the fields of the part's answer by which the other answer is decided, generalised ([].revision). What is handed on as it
	// came, in a member of the same name of the same type, does not stand here.
	Decides []string
}

// Of returns the query with the parts that its answer is made of.
func (q Query) Of(parts ...Part) Query {
	q.Parts = parts
	return q
}

// A Field is a field of a query's answer.
type Field struct {
	Query string
	Path  string // generalised, as schemas.Differences writes it: [].push.revision; empty for the answer as a whole
}

// MovedBy lists the fields that move with a given one, itself first: where another query's answer is made of its query's, the field as it is handed
// on there, or that answer as a whole where the field decides it. Each stands there once.
func MovedBy(queries []Query, f Field) []Field {
	out := []Field{f}
	for i := 0; i < len(out); i++ {
		for _, q := range queries {
			for _, p := range q.Parts {
				if p.Query != out[i].Query {
					continue
				}
				for _, g := range q.moved(p, typeOf(queries, p.Query), out[i].Path) {
					if !slices.Contains(out, g) {
						out = append(out, g)
					}
				}
			}
		}
	}
	return out
}

func typeOf(queries []Query, name string) *schemas.Type {
	i := slices.IndexFunc(queries, func(q Query) bool { return q.Name == name })
	if i < 0 {
		return nil
	}
	return queries[i].Out
}

// moved is what of the query's answer moves with a field of a part of it.
func (q Query) moved(p Part, t *schemas.Type, path string) []Field {
	holder, member := holderOf(t, strings.TrimSuffix(path, "[]"))
	if holder == "" || slices.Contains(p.Decides, path) || slices.Contains(p.Decides, strings.TrimSuffix(path, "[]")) {
		return []Field{{Query: q.Name}}
	}
	var out []Field
	for _, place := range placesOf(q.Out, "", holder, member) {
		out = append(out, Field{q.Name, place})
	}
	return out
}

// holderOf is the name of the type that holds what stands at a path, and what it is called there; empty where that is no member of one that has
// a name.
func holderOf(t *schemas.Type, path string) (holder, member string) {
	for path != "" && t != nil {
		rest, isList := strings.CutPrefix(path, "[]")
		if isList {
			t, path, holder = t.Elem, rest, ""
			continue
		}
		name := strings.TrimPrefix(path, ".")
		end := len(name)
		if i := strings.IndexAny(name, ".["); i >= 0 {
			end = i
		}
		f := t.Field(name[:end])
		if f == nil {
			return "", ""
		}
		holder, member, t, path = t.Name, f.Name, f.Type, name[end:]
	}
	return holder, member
}

// placesOf lists where in a type the member of a type of that name stands.
func placesOf(t *schemas.Type, at, holder, member string) []string {
	if t.Elem != nil {
		return placesOf(t.Elem, at+"[]", holder, member)
	}
	var out []string
	for _, f := range t.Fields {
		below := strings.TrimPrefix(at+"."+f.Name, ".")
		if t.Name == holder && f.Name == member {
			out = append(out, below)
			continue
		}
		out = append(out, placesOf(f.Type, below, holder, member)...)
	}
	return out
}
