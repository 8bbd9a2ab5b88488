package schemas

import (
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Shape is what a number of JSON answers looked like: for every path the types that stood there, how often it was
// present where it could have been, and which words it held. Array indices and keys of maps are generalised:
// $.pushes.*.changesets[] is every changeset of every push.
//
// A JSON object counts as a map, and its keys as data, where the schema says so (additionalProperties or
// patternProperties with a schema, and no properties), or, without a schema, where its keys look like identifiers: numbers, hashes, slugs.
type Shape struct {
	Samples int              // how many answers
	Paths   map[string]*Spot // by generalised path
	maps    map[string]bool  // paths of objects that are maps
}

// A Spot is what stood at one path.
type Spot struct {
	Path    string
	Could   int            // how many times its parent was there
	Present int            // how many times it was there itself, null included
	Types   map[string]int // null, bool, int, number, string, array, object → how often
	Words   map[string]int // the strings that stood there, up to maxWords different ones; nil when there were more
	Numeric int            // how many of the strings can be read as a number
	MaxLen  int            // of arrays: the longest
	Rising  int            // of arrays: pairs of neighbours in rising order
	Falling int            // and in falling order
	Example string         // the first value seen, cut short

	members        map[string]*Spot // of an object, by key
	values, inside *Spot            // of a map, and of an array: nil before the first
}

const maxWords = 64

// NewShape returns an empty shape. mapPaths are the paths (of the objects, generalised) whose keys are data.
func NewShape(mapPaths ...string) *Shape {
	s := &Shape{Paths: map[string]*Spot{}, maps: map[string]bool{}}
	for _, p := range mapPaths {
		s.maps[p] = true
	}
	return s
}

// Add takes one answer in, as DecodeJSON or encoding/json gives it. Rows that are arrays under the names of their columns
// ({"results":[[…]],"job_property_names":[…]}, Treeherder's way) are taken as objects.
func (s *Shape) Add(v any) {
	s.Samples++
	s.add(s.spot("$"), Columns(v), 1)
}

// Columns turns rows that are arrays under the names of their columns into objects, and leaves everything else alone: a row that has more
// cells than there are names, or fewer, too.
func Columns(v any) any {
	o, ok := v.(map[string]any)
	if !ok {
		return v
	}
	names, ok := o["job_property_names"].([]any)
	rows, ok2 := o["results"].([]any)
	if !ok || !ok2 {
		return v
	}
	out := maps.Clone(o)
	list := make([]any, len(rows))
	for i, row := range rows {
		list[i] = columnRow(names, row)
	}
	out["results"] = list
	return out
}

func columnRow(names []any, row any) any {
	cells, ok := row.([]any)
	if !ok || len(cells) != len(names) {
		return row
	}
	m := make(map[string]any, len(cells))
	for i, cell := range cells {
		if name, ok := names[i].(string); ok {
			m[name] = cell
		}
	}
	return m
}

func (s *Shape) spot(path string) *Spot {
	p := s.Paths[path]
	if p == nil {
		p = &Spot{Path: path, Types: map[string]int{}, Words: map[string]int{}}
		s.Paths[path] = p
	}
	return p
}

// member, element and value give what stands below a spot: its path is put together once.
func (s *Shape) member(p *Spot, key string) *Spot {
	below := p.members[key]
	if below == nil {
		if p.members == nil {
			p.members = map[string]*Spot{}
		}
		below = s.spot(p.Path + "." + key)
		p.members[key] = below
	}
	return below
}

func (s *Shape) element(p *Spot) *Spot {
	if p.inside == nil {
		p.inside = s.spot(p.Path + "[]")
	}
	return p.inside
}

func (s *Shape) value(p *Spot) *Spot {
	if p.values == nil {
		p.values = s.spot(p.Path + ".*")
	}
	return p.values
}

func (s *Shape) add(p *Spot, v any, could int) {
	p.Could += could
	p.Present++
	p.Types[typeName(v)]++
	if p.Example == "" {
		p.Example = short(v)
	}
	switch x := v.(type) {
	case string:
		p.word(x)
	case []any:
		p.MaxLen = max(p.MaxLen, len(x))
		p.order(x)
		for _, e := range x {
			s.add(s.element(p), e, 1)
		}
	case map[string]any:
		s.addObject(p, x)
	}
}

func (s *Shape) addObject(p *Spot, m map[string]any) {
	if s.isMap(p.Path, m) {
		for _, k := range sortedKeys(m) {
			s.add(s.value(p), m[k], 1)
		}
		return
	}
	for k, v := range m {
		s.add(s.member(p, k), v, 0)
	}
}

// isMap decides once for a path, by what was said or by the first keys that are seen.
func (s *Shape) isMap(path string, m map[string]any) bool {
	if is, known := s.maps[path]; known {
		return is
	}
	if len(m) == 0 {
		return false
	}
	is := true
	for k := range m {
		is = is && looksLikeID(k)
	}
	s.maps[path] = is
	return is
}

// IsMap says whether the object at a path is a map, as far as is known.
func (s *Shape) IsMap(path string) bool { return s.maps[path] }

var idKey = regexp.MustCompile(`^([0-9]+|[0-9a-f]{12,40}|[A-Za-z0-9_-]{22})$`)

func looksLikeID(k string) bool { return idKey.MatchString(k) }

// Finish works out how often each path could have been there. Presence is asked for below an object only.
func (s *Shape) Finish() *Shape {
	for path, p := range s.Paths {
		if parent := ParentPath(path); parent != "" && !strings.HasSuffix(path, "[]") && !strings.HasSuffix(path, ".*") {
			if up := s.Paths[parent]; up != nil {
				p.Could = up.Types["object"]
			}
		}
	}
	return s
}

// ParentPath is the path of what holds the given path: $.a for $.a.b, $.a[] and $.a.*; empty for $.
func ParentPath(path string) string {
	if strings.HasSuffix(path, "[]") {
		return path[:len(path)-2]
	}
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i]
	}
	return ""
}

// List gives the spots by path.
func (s *Shape) List() []*Spot {
	out := make([]*Spot, 0, len(s.Paths))
	for _, p := range s.Paths {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b *Spot) int { return strings.Compare(a.Path, b.Path) })
	return out
}

func (p *Spot) word(w string) {
	if isNumber(w) {
		p.Numeric++
	}
	if p.Words == nil {
		return
	}
	p.Words[w]++
	if len(p.Words) > maxWords {
		p.Words = nil
	}
}

// isNumber says whether a text can be read as a number. Most texts begin as none does; of these strconv would make an error each.
func isNumber(w string) bool {
	if w == "" || !strings.ContainsRune("+-.0123456789iInN", rune(w[0])) {
		return false
	}
	_, err := strconv.ParseFloat(w, 64)
	return err == nil
}

// order counts neighbours in rising and falling order, by their number, or by the member that tells their order.
func (p *Spot) order(list []any) {
	prev, ok := math.NaN(), false
	for _, e := range list {
		n, is := orderOf(e)
		if is && ok {
			switch {
			case n > prev:
				p.Rising++
			case n < prev:
				p.Falling++
			}
		}
		prev, ok = n, is
	}
}

func orderOf(e any) (float64, bool) {
	switch x := e.(type) {
	case int:
		return float64(x), true
	case float64:
		return x, true
	case map[string]any:
		for _, k := range []string{"id", "push_timestamp", "pushid"} {
			switch n := x[k].(type) {
			case int:
				return float64(n), true
			case float64:
				return n, true
			}
		}
	}
	return 0, false
}

func typeName(v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case bool:
		return "bool"
	case int:
		return "int"
	case float64:
		if x == math.Trunc(x) {
			return "int"
		}
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

func short(v any) string {
	switch x := v.(type) {
	case []any:
		return "[…]"
	case map[string]any:
		return "{…}"
	case string:
		if len(x) > 80 {
			x = x[:80] + "…"
		}
		return strconv.Quote(x)
	}
	return Describe(v)
}
