package rules

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

func textFunctions() []*function {
	return []*function{
		fn("upper", "the text in capitals", text1(strings.ToUpper), "upper(string) string"),
		fn("lower", "the text in small letters", text1(strings.ToLower), "lower(string) string"),
		fn("trim", "the text without white space, or the characters of the second, at its ends", trim, "trim(string) string", "trim(string, string) string"),
		fn("trimPrefix", "the text without that at its start", text2(strings.TrimPrefix), "trimPrefix(string, string) string"),
		fn("trimSuffix", "the text without that at its end", text2(strings.TrimSuffix), "trimSuffix(string, string) string"),
		fn("hasPrefix", "whether the text starts with the other", test2(strings.HasPrefix), "hasPrefix(string, string) bool"),
		fn("hasSuffix", "whether the text ends with the other", test2(strings.HasSuffix), "hasSuffix(string, string) bool"),
		fn("indexOf", "where the other starts in the text, in characters from 0; nil where it does not", indexOf(strings.Index), "indexOf(string, string) int?"),
		fn("lastIndexOf", "where the other starts for the last time; nil where it does not", indexOf(strings.LastIndex), "lastIndexOf(string, string) int?"),
		costly(fn("replace", "the text with every occurrence of the second replaced by the third", replace, "replace(string, string, string) string")),
		costly(fn("repeat", "the text n times", repeat, "repeat(string, int) string")),
		costly(fn("split", "the parts of the text between the separators; at most n of them, the last one unsplit", split,
			"split(string, string) [string]", "split(string, string, int) [string]")),
		costly(fn("join", "the texts, with the second between them", joinTexts, "join([string]) string", "join([string], string) string")),
		fn("toBase64", "the text in base 64", text1(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }), "toBase64(string) string"),
		fn("fromBase64", "the text that is written in base 64; nil where it is none", fromBase64, "fromBase64(string) string?"),
	}
}

func text1(f func(string) string) func(...any) (any, error) {
	return func(args ...any) (any, error) { return f(args[0].(string)), nil }
}

func text2(f func(a, b string) string) func(...any) (any, error) {
	return func(args ...any) (any, error) { return f(args[0].(string), args[1].(string)), nil }
}

func test2(f func(a, b string) bool) func(...any) (any, error) {
	return func(args ...any) (any, error) { return f(args[0].(string), args[1].(string)), nil }
}

func trim(args ...any) (any, error) {
	if len(args) == 2 {
		return strings.Trim(args[0].(string), args[1].(string)), nil
	}
	return strings.TrimSpace(args[0].(string)), nil
}

func indexOf(find func(s, part string) int) func(...any) (any, error) {
	return func(args ...any) (any, error) {
		s := args[0].(string)
		i := find(s, args[1].(string))
		if i < 0 {
			return nil, nil
		}
		return utf8.RuneCountInString(s[:i]), nil
	}
}

func replace(args ...any) (any, error) {
	r, s, old, by := args[0].(*run), args[1].(string), args[2].(string), args[3].(string)
	r.write(len(s) + strings.Count(s, old)*len(by))
	return strings.ReplaceAll(s, old, by), nil
}

func repeat(args ...any) (any, error) {
	s, n := args[1].(string), max(0, args[2].(int))
	if n > 0 && len(s) > maxWritten/n {
		n = maxWritten/max(1, len(s)) + 1 // beyond the bound, and not so far that it overflows
	}
	args[0].(*run).write(len(s) * n)
	return strings.Repeat(s, n), nil
}

func split(args ...any) (any, error) {
	s, sep, n := args[1].(string), args[2].(string), -1
	if len(args) == 4 {
		n = args[3].(int)
	}
	parts := strings.SplitN(s, sep, n)
	args[0].(*run).spend(len(parts))
	out := make([]any, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	return out, nil
}

func joinTexts(args ...any) (any, error) {
	list, sep := charge(args), ""
	if len(args) == 3 {
		sep = args[2].(string)
	}
	var b strings.Builder
	for i, e := range list {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(e.(string))
		args[0].(*run).write(len(sep) + len(e.(string)))
	}
	return b.String(), nil
}

func fromBase64(args ...any) (any, error) {
	b, err := base64.StdEncoding.DecodeString(args[0].(string))
	if err != nil || !utf8.Valid(b) {
		return nil, nil
	}
	return string(b), nil
}

// part is text[from:to], in characters; negative ends count from the end, and ends beyond it are the end.
func part(args ...any) (any, error) {
	runes := []rune(args[0].(string))
	bound := func(i int) int {
		if i < 0 {
			i += len(runes)
		}
		return min(max(0, i), len(runes))
	}
	from, to := bound(args[1].(int)), bound(args[2].(int))
	return string(runes[min(from, to):to]), nil
}

func glue(args ...any) (any, error) {
	a, b := args[1].(string), args[2].(string)
	args[0].(*run).write(len(a) + len(b))
	return a + b, nil
}
