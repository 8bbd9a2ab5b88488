package sourcetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// A mutation is an answer with one value replaced by one of another type.
type mutation struct {
	path    string // $.pushes.*.changesets[0]
	becomes string
	data    []byte
}

// mutations replaces one value at a time. Of lists whose elements are alike, and of objects whose members are called by
// numbers or hashes, the first stands for all. Nulls stay: they may stand for anything.
func mutations(data []byte) []mutation {
	root, ok := decode(data)
	if !ok {
		return nil
	}
	var out []mutation
	var walk func(v any, path string, set func(any))
	walk = func(v any, path string, set func(any)) {
		if v == nil {
			return
		}
		becomes := other(v)
		set(becomes)
		changed, err := json.Marshal(root)
		set(v)
		if err != nil {
			panic(err) // it came from JSON
		}
		shown, _ := json.Marshal(becomes)
		out = append(out, mutation{path, string(shown), changed})
		switch x := v.(type) {
		case []any:
			for i := range x[:standing(x)] {
				walk(x[i], path+"["+strconv.Itoa(i)+"]", func(n any) { x[i] = n })
			}
		case map[string]any:
			for _, k := range members(x) {
				walk(x[k], path+"."+k, func(n any) { x[k] = n })
			}
		}
	}
	walk(root, "$", func(n any) { root = n })
	return out[1:] // the whole answer is another fault's
}

func decode(data []byte) (v any, ok bool) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return v, dec.Decode(&v) == nil
}

// other returns a value of another type.
func other(v any) any {
	switch v.(type) {
	case []any, map[string]any:
		return "unexpected"
	}
	return map[string]any{"unexpected": true}
}

// standing says how many elements of a list stand for all of it.
func standing(list []any) int {
	for _, e := range list {
		if kind(e) != kind(list[0]) {
			return len(list)
		}
	}
	return min(1, len(list))
}

func kind(v any) string { return fmt.Sprintf("%T", v) }

var byNumber = regexp.MustCompile(`^([0-9]+|[0-9a-f]{12,}|[A-Za-z0-9_-]{22})$`)

// members returns the names of the members that stand for all of an object, sorted.
func members(m map[string]any) []string {
	var names []string
	numbered := false
	for _, k := range sorted(m) {
		if byNumber.MatchString(k) {
			if numbered {
				continue
			}
			numbered = true
		}
		names = append(names, k)
	}
	return names
}

func sorted(m map[string]any) []string {
	names := make([]string, 0, len(m))
	for k := range m {
		names = append(names, k)
	}
	slices.Sort(names)
	return names
}

// backwards writes the same JSON with the members of every object in the reverse order of their names.
func backwards(data []byte) []byte {
	v, ok := decode(data)
	if !ok {
		return data
	}
	var b bytes.Buffer
	writeBackwards(&b, v)
	return b.Bytes()
}

func writeBackwards(b *bytes.Buffer, v any) {
	switch x := v.(type) {
	case []any:
		b.WriteByte('[')
		for i, e := range x {
			if i > 0 {
				b.WriteByte(',')
			}
			writeBackwards(b, e)
		}
		b.WriteByte(']')
	case map[string]any:
		b.WriteByte('{')
		names := sorted(x)
		slices.Reverse(names)
		for i, k := range names {
			if i > 0 {
				b.WriteByte(',')
			}
			writeBackwards(b, k)
			b.WriteByte(':')
			writeBackwards(b, x[k])
		}
		b.WriteByte('}')
	default:
		data, err := json.Marshal(x)
		if err != nil {
			panic(err) // it came from JSON
		}
		b.Write(data)
	}
}
