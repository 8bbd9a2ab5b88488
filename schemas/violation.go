package schemas

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// A Violation is a place of a value that is not as its schema says.
type Violation struct {
	Path    string // generalised: $.pushes.*.changesets[]
	Spot    string // exact: $.pushes.98304.changesets[0]
	Change  Change // what kind of change it is, where it is one of those; else empty
	Member  string // of Removed and Added: the member that is missing, or not known
	Message string // what was wanted and what came
	Got     any    // what stands there; where a member is missing, the object that lacks it; of a key, the key

	at []string // where Got stands
}

func (v Violation) String() string { return v.Spot + ": " + v.Message }

var english = message.NewPrinter(language.English)

// gather collects what is wrong at the leaves. Of the branches of an anyOf or oneOf it takes the one that came furthest.
func (s *Schema) gather(e *jsonschema.ValidationError, out *[]Violation) {
	if len(e.Causes) == 0 {
		*out = append(*out, s.violations(e)...)
		return
	}
	switch e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf:
		s.gather(slices.MaxFunc(e.Causes, func(a, b *jsonschema.ValidationError) int { return reach(a) - reach(b) }), out)
		return
	case *kind.PropertyNames:
		*out = append(*out, s.keys(e)...)
		return
	}
	for _, c := range e.Causes {
		s.gather(c, out)
	}
}

// keys is about a key that is none of those that the schema lets a map have.
func (s *Schema) keys(e *jsonschema.ValidationError) []Violation {
	var found []Violation
	for _, c := range e.Causes {
		s.gather(c, &found)
	}
	path, spot := s.locate(e.InstanceLocation)
	key := e.ErrorKind.(*kind.PropertyNames).Property
	for i := range found {
		found[i].Path, found[i].Spot, found[i].Change, found[i].Got = path+".*", spot+"."+key, Pattern, key
	}
	return found
}

// reach is how deep in the value the mistakes lie; one about the type of the whole counts least.
func reach(e *jsonschema.ValidationError) int {
	if len(e.Causes) == 0 {
		n := 2 * len(e.InstanceLocation)
		if _, wrongType := e.ErrorKind.(*kind.Type); !wrongType {
			n++
		}
		return n
	}
	n := 0
	for _, c := range e.Causes {
		n = max(n, reach(c))
	}
	return n
}

func (s *Schema) violations(e *jsonschema.ValidationError) []Violation {
	v := Violation{at: e.InstanceLocation}
	v.Path, v.Spot = s.locate(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		return v.each(Removed, k.Missing, "is missing")
	case *kind.AdditionalProperties:
		return v.each(Added, k.Properties, "is not known")
	case *kind.Type:
		v.Change = Retyped
		if k.Got == "null" {
			v.Change = Nullable
		}
		v.Message = fmt.Sprintf("%s is wanted, and this is %s", strings.Join(k.Want, " or "), k.Got)
	case *kind.Enum:
		v.Change, v.Message = EnumGrown, fmt.Sprintf("%s is none of %s", Describe(k.Got), list(k.Want))
	case *kind.Const:
		v.Change, v.Message = EnumGrown, fmt.Sprintf("%s is wanted, and this is %s", list([]any{k.Want}), Describe(k.Got))
	case *kind.Pattern:
		v.Change, v.Message = Pattern, fmt.Sprintf("%s does not match %s", Describe(k.Got), k.Want)
	case *kind.Format:
		v.Change, v.Message = Pattern, fmt.Sprintf("%s is no %s", Describe(k.Got), k.Want)
	default:
		v.Message = e.ErrorKind.LocalizedString(english)
	}
	return []Violation{v}
}

// resolve finds what stands at a place.
func resolve(v any, at []string) any {
	for _, t := range at {
		switch x := v.(type) {
		case map[string]any:
			v = x[t]
		case []any:
			i, ok := index(x, t)
			if !ok {
				return nil
			}
			v = x[i]
		}
	}
	return v
}

// index reads the index of an element that is there.
func index(list []any, token string) (int, bool) {
	i, err := strconv.Atoi(token)
	return i, err == nil && i >= 0 && i < len(list)
}

func (v Violation) each(change Change, members []string, what string) []Violation {
	var out []Violation
	for _, m := range members {
		w := v
		w.Path, w.Spot = v.Path+"."+m, v.Spot+"."+m
		w.Change, w.Member, w.Message = change, m, m+" "+what
		out = append(out, w)
	}
	return out
}

func list(words []any) string {
	var out []string
	for _, w := range words {
		if s, ok := w.(string); ok {
			out = append(out, strconv.Quote(s))
		} else {
			out = append(out, fmt.Sprint(w))
		}
	}
	return strings.Join(out, ", ")
}

// locate writes a place generalised and exact.
func (s *Schema) locate(tokens []string) (path, spot string) {
	path, spot = "$", "$"
	for _, t := range tokens {
		_, isMap := slices.BinarySearch(s.maps, path)
		_, err := strconv.Atoi(t)
		switch {
		case isMap:
			path, spot = path+".*", spot+"."+t
		case err == nil:
			path, spot = path+"[]", spot+"["+t+"]"
		default:
			path, spot = path+"."+t, spot+"."+t
		}
	}
	return path, spot
}
