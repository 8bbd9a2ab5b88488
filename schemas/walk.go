package schemas

import "strconv"

// Walk calls f for every place of an answer with its generalised path, its path in this answer, and the value. Which objects are maps is
// as the shape has it. Members go by name.
func (s *Shape) Walk(v any, f func(path, exact string, v any)) { s.walk("$", "$", Columns(v), f) }

func (s *Shape) walk(path, exact string, v any, f func(path, exact string, v any)) {
	f(path, exact, v)
	switch x := v.(type) {
	case []any:
		for i, e := range x {
			s.walk(path+"[]", exact+"["+strconv.Itoa(i)+"]", e, f)
		}
	case map[string]any:
		is := s.isMap(path, x)
		for _, k := range sortedKeys(x) {
			if is {
				s.walk(path+".*", exact+"."+k, x[k], f)
			} else {
				s.walk(path+"."+k, exact+"."+k, x[k], f)
			}
		}
	}
}
