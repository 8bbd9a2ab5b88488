package rules

import (
	"slices"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm/runtime"
)

func listFunctions() []*function {
	return []*function{
		looping("all", "whether the condition holds for every element; true for an empty list", "all([T], T => bool) bool"),
		looping("any", "whether the condition holds for an element", "any([T], T => bool) bool"),
		looping("none", "whether the condition holds for no element", "none([T], T => bool) bool"),
		looping("one", "whether the condition holds for exactly one element", "one([T], T => bool) bool"),
		looping("filter", "the elements for which the condition holds; what it tests for nil is known of them", "filter([T], T => bool) [T]"),
		looping("map", "what the predicate gives for each element", "map([T], T => U) [U]"),
		looping("find", "the first element for which the condition holds", "find([T], T => bool) T?"),
		fromEnd(looping("findLast", "the last element for which the condition holds", "findLast([T], T => bool) T?")),
		looping("findIndex", "the place of the first element for which the condition holds, from 0", "findIndex([T], T => bool) int?"),
		fromEnd(looping("findLastIndex", "the place of the last element for which the condition holds, from 0", "findLastIndex([T], T => bool) int?")),
		looping("count", "how many elements the condition holds for", "count([bool]) int", "count([T], T => bool) int"),
		madeBy("sum$", "sum", "the sum of the elements, or of what the predicate gives for each", "sum([N]) N", "sum([T], T => N) N"),
		madeBy("groups$", "groupBy", "the elements by what the predicate gives for each", "groupBy([T], T => string) {[T]}"),
		madeBy("ordered$", "sortBy", "the elements ordered by what the predicate gives for each; equal ones keep their order",
			"sortBy([T], T => K) [T]", "sortBy([T], T => K, asc|desc) [T]"),
		looping("reduce", "starts with the third argument as #acc, and makes it what the predicate gives for each element", "reduce([T], T => U, U) U"),

		fn("first", "the first element", first, "first([T]) T?"),
		fn("last", "the last element", last, "last([T]) T?"),
		fn("get", "the element at a place (from the end where it is negative) or of a name", get, "get([T], int) T?", "get({T}, string) T?"),
		costly(fn("take", "the first n elements, or all where there are fewer", take, "take([T], int) [T]")),
		costly(fn("everyNth", "the n-th element, the 2n-th, and so on: everyNth([1, 2, 3, 4, 5], 2) is [2, 4]", everyNth, "everyNth([T], int) [T]")),
		comparing(fn("without", "the elements of the first list that are not in the second", without, "without([T], [T]) [T]")),
		costly(fn("zip", "the elements of two lists side by side, as far as the shorter one goes", zip, "zip([T], [U]) [{left: T, right: U}]")),
		costly(fn("flatten", "the elements of the lists in a list, one level deep", flatten, "flatten([[T]]) [T]")),
		costly(fn("concat", "the lists one after the other", concat, "concat([T]...) [T]")),
		costly(fn("reverse", "the list from its end", reverse, "reverse([T]) [T]")),
		comparing(fn("uniq", "the list without what was in it before", uniq, "uniq([T]) [T]")),
		costly(fn("sort", "the list in order; equal elements keep theirs", sortPlain, "sort([K]) [K]", "sort([K], asc|desc) [K]")),
		fn("min", "the least", least, "min([K]) K?", "min(K...) K"),
		fn("max", "the greatest", greatest, "max([K]) K?", "max(K...) K"),
		fn("mean", "the mean", mean, "mean([float]) float?"),
		fn("median", "the middle one in order, or the mean of the two in the middle", median, "median([float]) float?"),
		costly(fn("keys", "the names in a map, in order", keysOf, "keys({T}) [string]")),
		costly(fn("values", "the values of a map, in the order of their names", valuesOf, "values({T}) [T]")),
		costly(fn("toPairs", "a map as a list, in the order of its names", toPairs, "toPairs({T}) [{key: string, value: T}]")),
		costly(fn("fromPairs", "a list of names and values as a map; the last of equal names wins", fromPairs, "fromPairs([{key: string, value: T}]) {T}")),
	}
}

func fromEnd(f *function) *function {
	f.backwards = true
	return f
}

// indexFromEnd turns a place counted from a list's end into one from its start; nil stays nil.
func indexFromEnd(args ...any) (any, error) {
	if args[1] == nil {
		return nil, nil
	}
	return len(args[0].([]any)) - 1 - args[1].(int), nil
}

func first(args ...any) (any, error) { return at(args[0].([]any), 0), nil }

func last(args ...any) (any, error) { return at(args[0].([]any), -1), nil }

// at returns nil where there is no such place.
func at(list []any, i int) any {
	if i < 0 {
		i += len(list)
	}
	if i < 0 || i >= len(list) {
		return nil
	}
	return list[i]
}

func get(args ...any) (any, error) {
	if m, ok := args[0].(map[string]any); ok {
		return m[args[1].(string)], nil
	}
	return at(args[0].([]any), args[1].(int)), nil
}

// charge counts the elements of lists against the run, and returns the first of them.
func charge(args []any) []any {
	r := args[0].(*run)
	for _, arg := range args[1:] {
		if list, ok := arg.([]any); ok {
			r.spend(len(list))
		}
	}
	list, _ := args[1].([]any)
	return list
}

func take(args ...any) (any, error) {
	list := charge(args)
	return list[:min(max(0, args[2].(int)), len(list))], nil
}

func everyNth(args ...any) (any, error) {
	list, n, out := charge(args), max(1, args[2].(int)), []any{}
	for i := n; i > 0 && i <= len(list); i += n {
		out = append(out, list[i-1])
	}
	return out, nil
}

func without(args ...any) (any, error) {
	list, others, out := charge(args), args[2].([]any), []any{}
	r := args[0].(*run)
	r.spend(len(list) * len(others))
	for _, e := range list {
		if !r.contains(others, e) {
			out = append(out, e)
		}
	}
	return out, nil
}

func zip(args ...any) (any, error) {
	a, b := charge(args), args[2].([]any)
	out := make([]any, min(len(a), len(b)))
	for i := range out {
		out[i] = map[string]any{"left": a[i], "right": b[i]}
	}
	return out, nil
}

func flatten(args ...any) (any, error) {
	out := []any{}
	for _, e := range charge(args) {
		args[0].(*run).spend(len(e.([]any)))
		out = append(out, e.([]any)...)
	}
	return out, nil
}

func concat(args ...any) (any, error) {
	charge(args)
	out := []any{}
	for _, e := range args[1:] {
		out = append(out, e.([]any)...)
	}
	return out, nil
}

func reverse(args ...any) (any, error) {
	out := slices.Clone(charge(args))
	slices.Reverse(out)
	return out, nil
}

func uniq(args ...any) (any, error) {
	out := []any{}
	for _, e := range charge(args) {
		args[0].(*run).spend(len(out))
		if !args[0].(*run).contains(out, e) {
			out = append(out, e)
		}
	}
	return out, nil
}

func sortPlain(args ...any) (any, error) {
	list := charge(args)
	order := ""
	if len(args) == 3 {
		order = args[2].(string)
	}
	return inOrderOf(list, list, order), nil
}

// inOrderOf returns the elements ordered by their keys.
func inOrderOf(list, by []any, order string) []any {
	places := make([]int, len(list))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(i, j int) int {
		if order == "desc" {
			i, j = j, i
		}
		switch {
		case runtime.Less(by[i], by[j]):
			return -1
		case runtime.Less(by[j], by[i]):
			return 1
		}
		return 0
	})
	out := make([]any, len(list))
	for i, p := range places {
		out[i] = list[p]
	}
	return out
}

// ordered is sortBy: the list, what to order by, and perhaps asc or desc.
func ordered(args ...any) (any, error) {
	order := ""
	if len(args) == 3 {
		order = args[2].(string)
	}
	return inOrderOf(args[0].([]any), args[1].([]any), order), nil
}

// groups is groupBy: the list, and the name of each element's group.
func groups(args ...any) (any, error) {
	out := map[string]any{}
	for i, name := range args[1].([]any) {
		group, _ := out[name.(string)].([]any)
		out[name.(string)] = append(group, args[0].([]any)[i])
	}
	return out, nil
}

// total is sum: nothing of its kind, and then the list itself, or the list and what to add of each element.
func total(args ...any) (any, error) {
	out := args[0]
	for i, e := range args[len(args)-1].([]any) {
		if i == 0 {
			out = e
			continue
		}
		var err error
		if out, err = sumOf(out, e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// sumOf adds two numbers, or two durations.
func sumOf(a, b any) (any, error) {
	_, whole := a.(int)
	_, both := b.(int)
	if _, lasts := a.(time.Duration); lasts || whole && both {
		return plus(a, b)
	}
	return runtime.Add(a, b), nil
}

func least(args ...any) (any, error) { return extreme(args, runtime.Less), nil }

func greatest(args ...any) (any, error) { return extreme(args, runtime.More), nil }

func extreme(args []any, before func(a, b any) bool) any {
	if list, ok := args[0].([]any); ok {
		args = list
	}
	var out any
	for i, e := range args {
		if i == 0 || before(e, out) {
			out = e
		}
	}
	return out
}

func mean(args ...any) (any, error) {
	list := args[0].([]any)
	if len(list) == 0 {
		return nil, nil
	}
	sum := 0.0
	for _, e := range list {
		sum += e.(float64)
	}
	return sum / float64(len(list)), nil
}

func median(args ...any) (any, error) {
	list := args[0].([]any)
	if len(list) == 0 {
		return nil, nil
	}
	list = inOrderOf(list, list, "")
	m := len(list) / 2
	if len(list)%2 == 1 {
		return list[m], nil
	}
	return (list[m-1].(float64) + list[m].(float64)) / 2, nil
}

func namesIn(args []any) []string {
	m := args[1].(map[string]any)
	args[0].(*run).spend(len(m))
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func keysOf(args ...any) (any, error) {
	out := []any{}
	for _, name := range namesIn(args) {
		out = append(out, name)
	}
	return out, nil
}

func valuesOf(args ...any) (any, error) {
	out := []any{}
	for _, name := range namesIn(args) {
		out = append(out, args[1].(map[string]any)[name])
	}
	return out, nil
}

func toPairs(args ...any) (any, error) {
	out := []any{}
	for _, name := range namesIn(args) {
		out = append(out, map[string]any{"key": name, "value": args[1].(map[string]any)[name]})
	}
	return out, nil
}

func fromPairs(args ...any) (any, error) {
	out := map[string]any{}
	for _, e := range charge(args) {
		pair := e.(map[string]any)
		out[pair["key"].(string)] = pair["value"]
	}
	return out, nil
}

// A wordSet is a list of words that was written out, for in.
type wordSet []string

func (s wordSet) has(v any) bool {
	w, ok := v.(string)
	return ok && slices.Contains(s, w)
}

// typed is a Go function that is called without a list of arguments being made.
func (c *checker) typed(n ast.Node, f func(any) bool) ast.Node {
	node := c.made(&ast.ConstantNode{Value: f}, n, typeBad)
	node.SetType(typedFunc)
	return node
}
