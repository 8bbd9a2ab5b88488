package rules

import (
	"slices"
	"sync"

	"github.com/expr-lang/expr/ast"
)

// A Function is what expressions can call, for the reference and for completion.
type Function struct {
	Name       string
	Signatures []string // filter([T], T => bool) [T]; see the package's essay for how to read them
	Doc        string   // a line
}

// A function is one with what the checker and the machine need of it.
type function struct {
	Function
	onceReader
	loop      bool   // takes a list and perhaps a predicate, and is compiled to a loop
	over      string // the helper that gets the list and the predicate's values, where expr's own loop will not do
	backwards bool   // walks the list from its end
	compares  bool   // compares the elements of its lists with one another
	costly    bool   // the Go function gets the run first, and charges its work to it
	run       func(args ...any) (any, error)
	special   func(c *checker, n ast.Node, args []ast.Node, vals []value, out value) (value, bool)
}

type functionTable struct {
	list      []*function
	names     []string
	byName    map[string]*function
	forbidden map[string]string // expr has these, and workflows do not: why
}

// Functions lists what expressions can call, by name.
func Functions() []Function {
	t := functions()
	out := make([]Function, len(t.list))
	for i, f := range t.list {
		out[i] = f.Function
		out[i].Signatures = slices.Clone(f.Signatures)
	}
	return out
}

var functions = sync.OnceValue(func() *functionTable {
	t := &functionTable{byName: map[string]*function{}, forbidden: forbidden}
	t.list = slices.Concat(listFunctions(), textFunctions(), valueFunctions())
	slices.SortFunc(t.list, func(a, b *function) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	for _, f := range t.list {
		t.byName[f.Name] = f
		t.names = append(t.names, f.Name)
	}
	return t
})

const noBits = "workflows have no use for bits"

var forbidden = map[string]string{
	"now":      "the same facts always give the same answer; run.now is when the run looked at the clock",
	"timezone": "all times are in UTC",
	"bitand":   noBits, "bitor": noBits, "bitxor": noBits, "bitnand": noBits, "bitnot": noBits,
	"bitshl": noBits, "bitshr": noBits, "bitushr": noBits,
	"splitAfter": "split gives the parts without what separates them",
}

// fn makes an entry of the table.
func fn(name, doc string, run func(args ...any) (any, error), signatures ...string) *function {
	return &function{Function: Function{Name: name, Doc: doc, Signatures: signatures}, run: run}
}

// looping makes an entry for what expr compiles to a loop of its own.
func looping(name, doc string, signatures ...string) *function {
	f := fn(name, doc, nil, signatures...)
	f.loop = true
	return f
}

// madeBy makes an entry for what is made of the values of its predicate, by one of our helpers.
func madeBy(helper, name, doc string, signatures ...string) *function {
	f := looping(name, doc, signatures...)
	f.over = helper
	return f
}

func costly(f *function) *function {
	f.costly = true
	return f
}

func comparing(f *function) *function {
	f.compares = true
	return costly(f)
}
