package rules

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/mozci/mozci-run/schemas"
)

// An Expr is a compiled expression. Any number of goroutines may evaluate it.
type Expr struct{ impl }

// A Text is a compiled string with ${{ }} in it. Any number of goroutines may evaluate it.
type Text struct{ impl }

type impl struct {
	source  string
	typ     *schemas.Type
	refs    []Ref
	reads   []Reading
	ensures []string
	program *program
	fixed   any // the value of a text without ${{ }}; program is nil then
	origin  any // the Scope's

	once     sync.Once
	again    func(*points) *program // compiles it once more, so that it counts what it sees
	counting *program
	points   *points
}

// A Ref is a name that an expression reads.
type Ref struct {
	Name         string
	Line, Column int  // of its first reading, from 1
	Guarded      bool // every reading goes through ?? or ?., compares it with nil, or stands where it is known not to be nil
}

// An EvalError is a failure at run time: an index out of range, a division by 0, a bound of time, memory or size that was reached.
type EvalError struct {
	Line, Column int
	Message      string
	Origin       any // of the rule's text that it is in, as in Problem; the Scope's Origin where it is in the text that was compiled
	err          error
}

func (e *EvalError) Error() string { return e.Message }

// Unwrap gives the context's error where that is what ended the evaluation.
func (e *EvalError) Unwrap() error { return e.err }

// Compile checks and compiles a bare expression. want is the type that it has to have; nil takes any.
// All problems come at once, in the order of the text; the Expr is nil where there is one.
func Compile(src string, sc *Scope, want *schemas.Type) (*Expr, []Problem) {
	t := &text{src: src}
	p, problem := read(t, 0, src)
	if problem != nil {
		return nil, []Problem{*problem}
	}
	e := &Expr{}
	problems := e.compile(src, sc, t, want, func(c *checker, e env) value {
		if want != nil && want.Kind == schemas.Bool && !want.Nullable {
			return c.condition(p.node, e, "")
		}
		v := c.check(p.node, e)
		if !c.wants(p.node, v, want, "") {
			return value{typ: typeBad}
		}
		return c.finish(p.node, v, want)
	})
	if problems != nil {
		return nil, problems
	}
	return e, nil
}

// CompileText checks and compiles a string with ${{ }}. One that is a single ${{ }} and nothing else keeps the expression's
// type and has to fit want; any other is text. A string without ${{ }} is that string, read as want (an int, a duration).
func CompileText(src string, sc *Scope, want *schemas.Type) (*Text, []Problem) {
	t := &text{src: src}
	parts, problems := readText(t)
	if len(problems) > 0 { // what is wrong with the expressions that can be read is told at the same time
		more := new(Text).compile(src, sc, t, nil, func(c *checker, e env) value { return c.textValue(t, parts, e) })
		return nil, append(problems, more...)
	}
	if len(parts) == 0 || len(parts) == 1 && parts[0].piece == nil {
		return fixedText(t, want)
	}
	x := &Text{}
	problems = x.compile(src, sc, t, want, func(c *checker, e env) value {
		v := c.textValue(t, parts, e)
		if len(parts) > 1 {
			if m := fit(v.typ, want); m != nil {
				return c.reportAt(0, utf8.RuneCountInString(src), m.kind, "%s", m.message)
			}
			return v
		}
		return c.checkPiece(parts[0].piece, func() value {
			if !c.wants(parts[0].piece.node, v, want, "") {
				return value{typ: typeBad}
			}
			return c.finish(parts[0].piece.node, v, want)
		})
	})
	if problems != nil {
		return nil, problems
	}
	return x, nil
}

// fixedText is a text without ${{ }}.
func fixedText(t *text, want *schemas.Type) (*Text, []Problem) {
	x := &Text{}
	x.source, x.fixed, x.typ = t.src, t.src, wordType(t.src)
	if want == nil || want.Kind == schemas.Any {
		return x, nil
	}
	m := fit(x.typ, want)
	switch want.Kind {
	case schemas.Bool, schemas.Int, schemas.Float, schemas.Time, schemas.Duration:
		v, err := want.Parse(t.src)
		if err == nil {
			x.fixed, x.typ = v, nonNil(want)
			return x, nil
		}
		m = &misfit{KindType, err.Error()}
	}
	if m != nil {
		return nil, []Problem{t.problem(0, utf8.RuneCountInString(t.src), m.kind, m.message)}
	}
	return x, nil
}

// compile checks by f, and makes a program where there is no problem.
func (x *impl) compile(src string, sc *Scope, t *text, want *schemas.Type, f func(*checker, env) value) []Problem {
	if sc == nil {
		sc = &Scope{}
	}
	c, v := x.check(sc, t, nil, f)
	if len(c.problems) > 0 {
		return inOrder(c.problems)
	}
	x.source, x.typ, x.refs, x.reads = src, v.typ, c.refs, c.reads.sorted()
	x.origin = sc.Origin
	for _, key := range v.yes {
		if !strings.ContainsAny(key, "·#") {
			x.ensures = append(x.ensures, key)
		}
	}
	p, err := x.generate(c, v)
	if err != nil && (v.typ == typeBad || sc.vague(c.refs)) {
		return nil // what it is made of has mistakes, and those were reported
	}
	if err != nil { // a bug of the compiler, which the fuzz tests have not found yet
		message, _, _ := strings.Cut(err.Error(), "\n")
		return []Problem{t.problem(0, 0, KindSyntax, "this cannot be compiled: "+message)}
	}
	x.program = p
	x.again = func(cover *points) *program {
		c, v := x.check(sc, t, cover, f)
		p, err := x.generate(c, v)
		if err != nil {
			return x.program
		}
		return p
	}
	return nil
}

// check checks by f. Names whose steps may be skipped are nil first; where one of them is read as if it were not, whoever
// reads it is skipped with it, and so it is checked again as never nil.
func (x *impl) check(sc *Scope, t *text, cover *points, f func(*checker, env) value) (*checker, value) {
	open := map[string]bool{}
	for {
		c := &checker{scope: sc, rules: sc.Rules, text: t, cover: cover, open: open, reads: readings{}}
		if cover != nil {
			c.rules = sc.Rules.counts()
		}
		v := f(c, env{sure: sc.Sure})
		more := false
		for _, name := range c.unguarded {
			more = more || !open[name]
			open[name] = true
		}
		if !more {
			return c, v
		}
	}
}

func (x *impl) generate(c *checker, v value) (*program, error) {
	names := make([]string, len(c.refs))
	for i, r := range c.refs {
		names[i] = r.Name
	}
	texts := []*text{c.text}
	if c.rules != nil {
		texts = append(texts, c.rules.texts...)
	}
	p, err := generate(v.node, names, texts)
	if err != nil {
		return nil, err
	}
	p.held = heldType(v.typ)
	return p, nil
}

// Type is the type of the value.
func (x *impl) Type() *schemas.Type { return x.typ }

// Source is the text as it was written.
func (x *impl) Source() string { return x.source }

// Refs lists the names of the scope that are read, in the order of their first reading.
func (x *impl) Refs() []Ref { return slices.Clone(x.refs) }

// Reads lists what is read of answers that are followed, by whose they are and by path: by the text itself, and by the rules that it calls. What
// it gives, its type says ([schemas.Type.AllOrigins]). It is empty where no name of the scope is followed.
func (x *impl) Reads() []Reading { return slices.Clone(x.reads) }

// Ensures lists the names (and paths such as row.push) that are not nil wherever the expression is true.
func (e *Expr) Ensures() []string { return slices.Clone(e.ensures) }

// Eval evaluates. vars holds facts by name, of the types that the Scope said. It never panics; the error is an *EvalError.
func (x *impl) Eval(ctx context.Context, vars map[string]any) (any, error) {
	if x.program == nil {
		return x.fixed, nil
	}
	if cover := coverageOf(ctx); cover != nil {
		x.count()
		cover.know(x.points)
		return x.placed(x.counting.run(ctx, vars))
	}
	return x.placed(x.program.run(ctx, vars))
}

// placed adds to an error which text it is in.
func (x *impl) placed(v any, err error) (any, error) {
	if e, ok := err.(*EvalError); ok && e.Origin == nil {
		e.Origin = x.origin
	}
	return v, err
}

// count makes the program that counts what it sees.
func (x *impl) count() {
	x.once.Do(func() {
		x.points = &points{}
		if x.again != nil {
			x.counting = x.again(x.points)
		}
	})
}

// String is the source, for messages.
func (x *impl) String() string { return fmt.Sprintf("%q", x.source) }
