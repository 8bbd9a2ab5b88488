package rules

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/checker/nature"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// Bounds of one evaluation. They are counted and not timed, so that the same facts always reach them.
const (
	maxSteps   = 5_000_000 // elements that are walked over, each loop counting 16 more
	maxWritten = 4 << 20   // bytes of text that are made
	maxMemory  = 1_000_000 // elements of lists that are made
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
	code   *vm.Program
	names  []string // of the scope that it reads
	texts  []*text  // in the order of their bases
	finite bool     // its value may hold a float
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
		"walk$": walk, "upto$": upTo, "part$": part, "glue$": glue, "negate$": negate, "times$": times, "divide$": divide,
		"modulo$": modulo, "conform$": conform, "sum$": total, "groups$": groups, "ordered$": ordered, "text$": glueAll,
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
	if p.finite && !finite(out) {
		e := &EvalError{Message: "the result is no number: it has grown beyond all bounds"}
		e.Line, e.Column, e.Origin = p.place(0)
		return nil, e
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

// finite says that a fact holds no number beyond all bounds, which JSON could not write.
func finite(v any) bool {
	switch x := v.(type) {
	case float64:
		return !math.IsInf(x, 0) && !math.IsNaN(x)
	case []any:
		for _, e := range x {
			if !finite(e) {
				return false
			}
		}
	case map[string]any:
		for _, e := range x {
			if !finite(e) {
				return false
			}
		}
	}
	return true
}
