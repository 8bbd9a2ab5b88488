package rules

import (
	"context"
	"slices"
	"sync"

	"github.com/expr-lang/expr/ast"
)

// A Point is a place that tests can reach: an operand of a condition, which is true or false, or a row of a table.
type Point struct {
	Origin       any // the handle of its text: a Snippet's, or the Scope's
	Line, Column int // from 1, in its text
	Length       int
	Rule         string // of a row: the rule's name
	Row          int    // of a row: which one, from 0; -1 for an operand
}

// A Count says how often a point was seen: an operand true and false, a row chosen (as True).
type Count struct {
	Point
	True, False int
}

// A Coverage counts what evaluations see. Any number of goroutines may use one.
type Coverage struct {
	mu     sync.Mutex
	order  []Point
	counts map[Point]*Count
	known  map[*points]bool
}

// NewCoverage returns an empty one.
func NewCoverage() *Coverage {
	return &Coverage{counts: map[Point]*Count{}, known: map[*points]bool{}}
}

type coverageKey struct{}

// WithCoverage returns a context in which evaluations count what they see. Without it, counting costs nothing.
func WithCoverage(ctx context.Context, c *Coverage) context.Context {
	return context.WithValue(ctx, coverageKey{}, c)
}

func coverageOf(ctx context.Context) *Coverage {
	c, _ := ctx.Value(coverageKey{}).(*Coverage)
	return c
}

// Expect makes the points of an expression part of the counts, so that one that is never evaluated is seen to be missing.
// x is an *Expr, a *Text or a *Set.
func (c *Coverage) Expect(x interface{ reachable() []*points }) {
	for _, p := range x.reachable() {
		c.know(p)
	}
}

func (x *impl) reachable() []*points {
	x.count()
	return []*points{x.points}
}

func (s *Set) reachable() []*points {
	if s == nil {
		return nil
	}
	return []*points{s.counts().cover}
}

func (c *Coverage) know(p *points) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known[p] {
		return
	}
	c.known[p] = true
	for _, q := range p.all() {
		c.count(q)
	}
}

func (c *Coverage) count(p Point) *Count {
	n := c.counts[p]
	if n == nil {
		n = &Count{Point: p}
		c.counts[p] = n
		c.order = append(c.order, p)
	}
	return n
}

func (c *Coverage) see(p Point, yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.count(p); yes {
		n.True++
	} else {
		n.False++
	}
}

// Counts lists every point that was expected or seen, in the order in which they became known.
func (c *Coverage) Counts() []Count {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]Count, len(c.order))
	for i, p := range c.order {
		out[i] = *c.counts[p]
	}
	return out
}

// points are those of one compilation.
// Rules are compiled when they are first decided, by whoever does that first: several goroutines may add to one.
type points struct {
	mu   sync.Mutex
	list []Point
}

func (p *points) add(q Point) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, q)
}

func (p *points) all() []Point {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.list)
}

// counts is the set whose rules count what they see.
func (s *Set) counts() *Set {
	if s == nil {
		return nil
	}
	s.once.Do(func() { s.counting, _ = newSet(s.types, s.written, &points{}) })
	return s.counting
}

// covered counts whether a condition, or an operand of one, is true or false.
func (c *checker) covered(n ast.Node, node ast.Node) ast.Node {
	if c.cover == nil {
		return node
	}
	from, to := span(n)
	p := c.point(from, to)
	p.Row = -1
	c.cover.add(p)
	return c.helper(n, "seen$", typeBool, c.running(n), c.constant(&p), node)
}

func (c *checker) point(from, to int) Point {
	line, column := c.text.lineColumn(c.at + from)
	p := Point{Origin: c.text.origin, Line: line, Column: column, Length: max(0, to-from)}
	if c.text.base < ruleBase {
		p.Origin = c.scope.Origin
	}
	return p
}

// operand counts an operand of && || or !. Operands that are themselves put together are counted by theirs.
func (c *checker) operand(n ast.Node, node ast.Node) ast.Node {
	if b, ok := n.(*ast.BinaryNode); ok {
		switch b.Operator {
		case "&&", "and", "||", "or":
			return node
		}
	}
	if isNot(n) {
		return node
	}
	return c.covered(n, node)
}

// chosenRow counts that a row of a table was chosen.
func (c *checker) chosenRow(r *rule, i int, then ast.Node) ast.Node {
	if c.cover == nil {
		return then
	}
	t := r.rows[i].text
	if r.rows[i].when != nil {
		t = r.rows[i].when.text
	}
	var p Point
	c.checkPiece(&piece{text: t}, func() value {
		p = c.point(0, len([]rune(t.src)))
		return value{}
	})
	p.Rule, p.Row = r.Name, i
	c.cover.add(p)
	return c.helper(nil, "chosen$", typeAny, c.running(nil), c.constant(&p), then)
}

func seen(args ...any) (any, error) {
	yes := args[2].(bool)
	if c := args[0].(*run).cover; c != nil {
		c.see(*args[1].(*Point), yes)
	}
	return yes, nil
}

// chosen gives what the row gives.
func chosen(args ...any) (any, error) {
	if c := args[0].(*run).cover; c != nil {
		c.see(*args[1].(*Point), true)
	}
	return args[2], nil
}
