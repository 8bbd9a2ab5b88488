// Package rules compiles and evaluates the expressions of workflows, and the named rules and decision tables that they call.
package rules

import (
	"context"

	"github.com/mozci/mozci-run/schemas"
)

// A Scope is what an expression may name.
type Scope struct {
	Vars  []Var
	Rules *Set // may be nil
}

// A Var is a name with its type.
type Var struct {
	Name string
	Type *schemas.Type
	Doc  string
	Note string // added to an error about it: why it may be nil, and what to do
}

// A Problem is a mistake in a text, at a place in it.
type Problem struct {
	Line, Column int    // from 1, within the text; 0 where only the text as a whole is known
	Length       int    // how many characters are meant; 0 where only a point is
	Message      string // what is wrong, and what would have been right
	Kind         string // a short stable word: expr-syntax, unknown-name, wrong-type, possible-nil, enum, ...
	Origin       any    // the handle of the text that it is in, as given in a Snippet; nil where it is the text being compiled
	Called       []Frame
}

// A Frame says from where a rule was called.
type Frame struct {
	Rule         string // the rule that was called
	Origin       any    // the text with the call; nil for the text being compiled
	Line, Column int
}

// A Snippet is a text with a handle that finds its place in a file again.
type Snippet struct {
	Text   string
	Origin any
}

// An Expr is a compiled expression.
type Expr struct{ impl }

// A Text is a compiled string with ${{ }} in it.
type Text struct{ impl }

type impl struct{}

// Compile checks and compiles a bare expression. want is the type that it has to have; nil takes any.
// All problems come at once, in the order of the text; the Expr is nil where there is one.
func Compile(src string, sc *Scope, want *schemas.Type) (*Expr, []Problem) { panic("contract") }

// CompileText checks and compiles a string with ${{ }}. One that is a single ${{ }} and nothing else keeps the expression's
// type and has to fit want; any other is text. A string without ${{ }} is that string, read as want (an int, a duration).
func CompileText(src string, sc *Scope, want *schemas.Type) (*Text, []Problem) { panic("contract") }

// Type is the type of the value.
func (impl) Type() *schemas.Type { panic("contract") }

// Source is the text as it was written.
func (impl) Source() string { panic("contract") }

// Refs lists the names of the scope that are read, in the order of their first reading.
func (impl) Refs() []Ref { panic("contract") }

// Eval evaluates. vars holds facts by name. It never panics; the error is an *EvalError.
func (impl) Eval(ctx context.Context, vars map[string]any) (any, error) { panic("contract") }

// Ensures lists the names (and paths such as row.push) that are not nil wherever the expression is true.
func (e *Expr) Ensures() []string { panic("contract") }

// A Ref is a name that an expression reads.
type Ref struct {
	Name         string
	Line, Column int
	Guarded      bool // every reading goes through ?? or ?. or compares it with nil
}

// An EvalError is a failure at run time: an index out of range, a bound of time, memory or size that was reached.
type EvalError struct {
	Line, Column int
	Message      string
	Origin       any
}

func (e *EvalError) Error() string { return e.Message }

// A Rule is a rule as it was written: either Is or First is set.
type Rule struct {
	Name  string
	Doc   string
	Name_ Snippet // the name, for its place
	Given []Param
	Is    *Snippet
	First []RuleRow
}

// A Param is a parameter of a rule. Its type is written Job, string, int, bool, [Row] (a list), Row? (may be nil), failed|passed (words).
type Param struct {
	Name string
	Type Snippet
}

// A RuleRow is a row of a decision table. Else is the row without a condition.
type RuleRow struct {
	When *Snippet // nil for else
	Then Snippet  // text, or ${{ }}
}

// A Set is rules by name. A later file's rule of the same name is an error of whoever adds it.
type Set struct{ impl }

// NewSet checks rules against one another and against the types that may be named. The Set is usable where there are no problems.
func NewSet(types map[string]*schemas.Type, list []Rule) (*Set, []Problem) { panic("contract") }

// A Decision is what a table decided, and why.
type Decision struct {
	Rule   string
	Row    int    // from 0; the row that held
	When   string // its condition as written; "else" for the last
	Value  any
	Origin any // of the row's condition, or of its then where it has none
}

// Decide evaluates a rule with arguments in the order of its parameters, and says which row held.
func (s *Set) Decide(ctx context.Context, name string, args ...any) (Decision, error) {
	panic("contract")
}
