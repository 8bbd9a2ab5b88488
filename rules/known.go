package rules

import (
	"slices"
	"strings"
)

// A value that does not change has a key: the text under which it is known what it is, such as row.push or
// first(history). Facts are never changed, and so what is known of a key stays true. An empty key is none.

// keys are those that are known not to be nil, under some condition.
type keys []string

func (k keys) and(more ...string) keys {
	out := slices.Clone(k)
	for _, m := range more {
		if m != "" && !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out
}

// there is what is not nil where the value is not.
func (v value) there() keys {
	if v.typ.Nullable {
		return v.open.and(v.key)
	}
	return v.open
}

// either is what is known where one of two conditions holds, and nobody knows which.
func (k keys) either(other keys) keys {
	var out keys
	for _, m := range k {
		if slices.Contains(other, m) {
			out = append(out, m)
		}
	}
	return out
}

// callKey is the key of a call whose arguments have these.
func callKey(name string, args []string) string {
	if slices.Contains(args, "") {
		return ""
	}
	return name + "(" + strings.Join(args, ",") + ")"
}

// renamed is what a caller knows when a rule's body knows k: the keys of parameters become those of the arguments,
// and those that have none are forgotten.
func (k keys) renamed(params, args []string) keys {
	var out keys
	for _, key := range k {
		if r, ok := rename(key, params, args); ok {
			out = append(out, r)
		}
	}
	return out
}

func rename(key string, params, args []string) (string, bool) {
	own := key
	for _, p := range params {
		own = strings.ReplaceAll(own, p, "")
	}
	if own == key || strings.ContainsAny(own, "·#") { // of no parameter, or of something that the body has bound
		return "", false
	}
	for i, p := range params {
		if strings.Contains(key, p) {
			if args[i] == "" {
				return "", false
			}
			key = strings.ReplaceAll(key, p, args[i])
		}
	}
	return key, true
}
