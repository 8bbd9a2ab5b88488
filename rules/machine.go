package rules

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/checker/nature"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
	"github.com/expr-lang/expr/vm/runtime"
)

// Bounds of one evaluation. They are counted and not timed, so that the same facts always reach them.
const (
	maxSteps   = 5_000_000 // elements that are walked over, each loop counting 16 more
	maxWritten = 4 << 20   // bytes of text that are made
	maxMemory  = 1_000_000 // elements of lists that are made
	maxValue   = 64 << 20  // bytes that a value takes when it is written, roughly: lists share elements until then
)

// runName is under which name a program finds its run. No expression can write it: there is no such name in a Scope.
const runName = "$run"

// A run is one evaluation: what it has used of its bounds, and who wants to know what it sees.
type run struct {
	ctx     context.Context
	steps   int
	written int
	cover   *Coverage
}

// A bound is an error of an evaluation that was stopped.
type bound string

func (b bound) Error() string { return string(b) }

// spend counts n elements. It panics where the run has to end, which the machine turns into an error with its place.
func (r *run) spend(n int) {
	r.steps += n + 16
	if r.steps > maxSteps {
		panic(bound(fmt.Sprintf("more than %d steps: a loop within a loop over long lists", maxSteps)))
	}
	if err := r.ctx.Err(); err != nil {
		panic(err)
	}
}

// write counts n bytes of text.
func (r *run) write(n int) {
	if r.written += n; r.written > maxWritten {
		panic(bound(fmt.Sprintf("more than %d bytes of text", maxWritten)))
	}
}

// A program is bytecode, and what its places are.
type program struct {
	code  *vm.Program
	names []string // of the scope that it reads
	texts []*text  // in the order of their bases
	held  bool     // its value may be larger than what it was made of, or hold what cannot be written
}

// generate makes bytecode of the tree that the checker has made.
func generate(root ast.Node, names []string, texts []*text) (*program, error) {
	config := machineConfig()
	code, err := compiler.Compile(&parser.Tree{Node: root, Source: file.NewSource("")}, config)
	if err != nil {
		return nil, err
	}
	return &program{code: code, names: names, texts: texts}, nil
}

var machine = machineBase()

// machineConfig is the compiler's configuration: our functions, and names from a map.
func machineConfig() *conf.Config {
	c := machine // a copy, with a cache of its own: the compiler writes into it
	c.NtCache = nature.Cache{}
	return &c
}

func machineBase() conf.Config {
	c := conf.Config{Optimize: true, ShortCircuit: true, Functions: map[string]*builtin.Function{}}
	c.WithEnv(map[string]any{})
	for _, f := range functions().list {
		if f.run != nil {
			c.Functions[f.Name] = &builtin.Function{Name: f.Name, Func: f.run}
		}
	}
	for name, f := range map[string]func(...any) (any, error){
		"walk$": walk, "upto$": upTo, "part$": part, "glue$": glue, "negate$": negate, "plus$": plus, "minus$": minus, "product$": product, "times$": times, "divide$": divide,
		"modulo$": modulo, "conform$": conform, "same$": sameAs, "has$": has, "sum$": total, "groups$": groups, "ordered$": ordered, "text$": glueAll,
		"fromEnd$": indexFromEnd, "seen$": seen, "chosen$": chosen,
	} {
		c.Functions[name] = &builtin.Function{Name: name, Func: f}
	}
	return c
}

var typedFunc = reflect.TypeFor[func(any) bool]()

// walk counts a list that is about to be walked over.
func walk(args ...any) (any, error) {
	list := args[1].([]any)
	args[0].(*run).spend(len(list))
	return list, nil
}

func upTo(args ...any) (any, error) {
	from, to := args[1].(int), args[2].(int)
	if from > to {
		return []any{}, nil
	}
	n := uint(to) - uint(from) + 1
	if n > maxMemory {
		return nil, bound(fmt.Sprintf("a list of more than %d elements", maxMemory))
	}
	args[0].(*run).spend(int(n))
	out := make([]any, n)
	for i := range out {
		out[i] = from + i
	}
	return out, nil
}

// glueAll writes the parts of a text one after the other.
func glueAll(args ...any) (any, error) {
	var b strings.Builder
	for _, arg := range args[1:] {
		args[0].(*run).walkThrough(arg)
		s := listWritten(arg)
		args[0].(*run).write(len(s))
		b.WriteString(s)
	}
	return b.String(), nil
}

// run evaluates.
func (p *program) run(ctx context.Context, vars map[string]any) (any, error) {
	env := make(map[string]any, len(p.names)+1)
	for _, name := range p.names {
		env[name] = vars[name]
	}
	env[runName] = &run{ctx: ctx, cover: coverageOf(ctx)}
	m := vm.VM{MemoryBudget: maxMemory}
	out, err := m.Run(p.code, env)
	if err != nil {
		return nil, p.failure(err)
	}
	if p.held {
		left := maxValue
		if why := unwritable(out, &left); why != "" {
			e := &EvalError{Message: why}
			e.Line, e.Column, e.Origin = p.place(0)
			return nil, e
		}
	}
	return out, nil
}

// failure says in our words what the machine says in its own.
func (p *program) failure(err error) error {
	e := &EvalError{Message: err.Error(), err: err}
	var fe *file.Error
	if !errors.As(err, &fe) {
		return e
	}
	e.Message, e.err = fe.Message, fe.Prev
	e.Line, e.Column, e.Origin = p.place(fe.From)
	var index, size int
	if _, err := fmt.Sscanf(fe.Message, "index out of range: %d (array length is %d)", &index, &size); err == nil {
		if index < 0 {
			index -= size // as it was written: the machine has counted from the end
		}
		e.Message = fmt.Sprintf("there is no element %d: the list has %d", index, size)
		if size == 1 {
			e.Message += " element"
		} else {
			e.Message += " elements"
		}
	}
	if fe.Message == "memory budget exceeded" {
		e.Message = fmt.Sprintf("lists with more than %d elements in all", maxMemory)
	}
	return e
}

// place finds the text of a character, and where in it that is.
func (p *program) place(from int) (line, column int, origin any) {
	for i := len(p.texts) - 1; i >= 0; i-- {
		if t := p.texts[i]; from >= t.base {
			line, column = t.lineColumn(from - t.base)
			return line, column, t.origin
		}
	}
	return 1, 1, nil
}

// unwritable says why a fact cannot be written as JSON and read again: a number beyond all bounds, a time after the year 9999, or
// more than left bytes, of which it takes what it counts. "" where it can.
func unwritable(v any, left *int) string {
	if *left -= 8; *left < 0 {
		return fmt.Sprintf("a value of more than %d MB", maxValue>>20)
	}
	switch x := v.(type) {
	case string:
		*left -= len(x)
	case float64:
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return "the result is no number: it has grown beyond all bounds"
		}
	case time.Time:
		if y := x.UTC().Year(); y < 0 || y > 9999 {
			return fmt.Sprintf("a time in the year %d: 9999 is the last", y)
		}
	case []any:
		for _, e := range x {
			if why := unwritable(e, left); why != "" {
				return why
			}
		}
	case map[string]any:
		for name, e := range x {
			*left -= len(name)
			if why := unwritable(e, left); why != "" {
				return why
			}
		}
	}
	return ""
}

// walked counts n parts of a fact: spend without what a loop costs.
func (r *run) walked(n int) {
	if r.steps += n + 1; r.steps > maxSteps {
		r.spend(0)
	}
}

// walkThrough counts all parts of facts that are about to be gone through: the same list may stand in one of them many times.
func (r *run) walkThrough(facts ...any) {
	r.walked(len(facts))
	for _, v := range facts {
		switch x := v.(type) {
		case []any:
			r.walkThrough(x...)
		case map[string]any:
			for _, e := range x {
				r.walkThrough(e)
			}
		}
	}
}

// equal compares facts, and counts the lists and maps that it goes through. An int and a float of one value are equal.
func (r *run) equal(a, b any) bool {
	switch x := a.(type) {
	case []any:
		r.walked(len(x))
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, r.equal)
	case map[string]any:
		r.walked(len(x))
		y, ok := b.(map[string]any)
		return ok && maps.EqualFunc(x, y, r.equal)
	}
	return runtime.Equal(a, b)
}

// sameAs is == where it has to go through lists, objects and maps.
func sameAs(args ...any) (any, error) { return args[0].(*run).equal(args[1], args[2]), nil }

// has is in for a list of lists, objects or maps.
func has(args ...any) (any, error) {
	r := args[0].(*run)
	return r.contains(args[2].([]any), args[1]), nil
}

func (r *run) contains(list []any, e any) bool {
	return slices.ContainsFunc(list, func(o any) bool { return r.equal(o, e) })
}
