package engine

import (
	"slices"
	"strings"

	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// A level is the steps of one list, while they are checked: a workflow's, those of a foreach or of a repeat, those of finally.
type level struct {
	c      *checker
	outer  *level // nil for a workflow's steps
	parent int    // which step of outer it belongs to
	base   []rules.Var
	repeat bool // a step sees those below it, and itself, as they were in the round before
	last   bool // finally: of the steps in outer any may not have run

	defs      []*stepDef
	steps     []*Step
	index     map[string]int
	types     []*schemas.Type // nil while not known
	before    []*schemas.Type // of a repeat: what was found in the pass before
	skippable []bool          // it may have no result
	sure      [][]string      // what its require rules out to be nil
	edges     []map[int]edge  // by step: what it waits for, and why
	visiting  []bool
}

// An edge is a reason to wait.
type edge struct {
	at           *yamldoc.Node // nil for a barrier
	line, column int
}

func (c *checker) level(defs []*stepDef, outer *level, parent int, base []rules.Var) *level {
	n := len(defs)
	lv := &level{c: c, outer: outer, parent: parent, base: base, defs: defs, index: make(map[string]int, n)}
	for i, d := range defs {
		if _, twice := lv.index[d.id]; !twice && d.idNode != nil {
			lv.index[d.id] = i
		}
	}
	lv.reset()
	return lv
}

// reset forgets what a pass has found.
func (lv *level) reset() {
	n := len(lv.defs)
	lv.steps, lv.types, lv.sure = make([]*Step, n), make([]*schemas.Type, n), make([][]string, n)
	lv.skippable, lv.visiting = make([]bool, n), make([]bool, n)
	lv.edges = make([]map[int]edge, n)
	for i := range lv.edges {
		lv.edges[i] = map[int]edge{}
	}
}

// check checks the steps, each after those that it reads, and finds out who waits for whom.
func (lv *level) check() {
	for i := range lv.defs {
		lv.visit(i)
	}
	for i, d := range lv.defs {
		lv.after(i, d)
	}
	lv.barriers()
	lv.circles()
	for i, s := range lv.steps {
		for n := range lv.edges[i] {
			s.Needs = append(s.Needs, n)
		}
		slices.Sort(s.Needs)
	}
}

func (lv *level) visit(i int) {
	if lv.steps[i] != nil || lv.visiting[i] {
		return
	}
	lv.visiting[i] = true
	if lv.c.visits++; lv.c.visits > maxVisits && lv.c.tired == nil {
		lv.c.tired = lv.defs[i].node
	}
	for _, name := range lv.defs[i].reads() {
		if j, ok := lv.index[name]; ok && j != i && !(lv.repeat && j > i) {
			lv.visit(j)
		}
	}
	lv.step(i)
}

// vars are the names that step i sees, without its own id. i is len(defs) for what comes after all of them.
func (lv *level) vars(i int) []rules.Var {
	var out []rules.Var
	switch {
	case lv.outer == nil:
	case lv.last:
		out = lv.outer.ended()
	default:
		out = lv.outer.vars(lv.parent)
	}
	out = append(out, lv.base...)
	for j, d := range lv.defs {
		if v, ok := lv.varOf(i, j, d); ok {
			out = append(out, v)
		}
	}
	return out
}

func (lv *level) varOf(i, j int, d *stepDef) (rules.Var, bool) {
	if d.idNode == nil {
		return rules.Var{}, false
	}
	t := lv.types[j]
	if lv.repeat && j >= i {
		if lv.before != nil {
			t = lv.before[j]
		}
		if t == nil {
			t = rules.Nil() // in the first pass
		}
		return rules.Var{Name: d.id, Type: t.OrNil(), Note: d.id + " is here that of the round before, and nil in the first"}, true
	}
	if j == i {
		return rules.Var{}, false
	}
	if t == nil {
		t = rules.Unknown()
	}
	v := rules.Var{Name: d.id, Type: t, Skipped: lv.skippable[j]}
	if v.Skipped {
		for _, p := range lv.sure[j] {
			if root(p) == d.id {
				v.Type = rules.Narrow(v.Type, p[len(d.id):])
			}
		}
		v.Note = "the step " + d.id + " may be skipped, or end without an answer"
	}
	return v, true
}

// ended are the names of steps any of which may not have run.
func (lv *level) ended() []rules.Var {
	var out []rules.Var
	for j, d := range lv.defs {
		t := lv.types[j]
		if d.idNode == nil {
			continue
		}
		if t == nil {
			t = rules.Unknown()
		}
		out = append(out, rules.Var{Name: d.id, Type: t, Skipped: true, Note: "the step " + d.id + " may not have run"})
	}
	return out
}

// known are the names and paths that requires have ruled out to be nil where step i stands: its own level's above it, those of what it
// belongs to, and those that are about the step that requires them, wherever that stands. The require of a step that was skipped rules
// out nothing, and so it counts only where the step cannot be skipped; what it says of the step itself is part of the step's type then
// (see varOf), since who reads that unguarded is skipped with it.
func (lv *level) known(i int) []string {
	if lv.last {
		return nil
	}
	var out []string
	if lv.outer != nil {
		out = lv.outer.known(lv.parent)
	}
	for j, paths := range lv.sure {
		for _, p := range paths {
			if j != i && !lv.skippable[j] && (j < i || root(p) == lv.defs[j].id) && !(lv.repeat && j > i) {
				out = append(out, p)
			}
		}
	}
	return out
}

// root is the name at the start of a path.
func root(path string) string {
	if i := strings.IndexFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == '?' || r == '(' }); i >= 0 {
		return path[:i]
	}
	return path
}

// reads notes that step i reads names: it waits for their steps, and for the requires above it that speak of them.
func (lv *level) reads(i int, at *yamldoc.Node, refs []rules.Ref) {
	for _, r := range refs {
		lv.read(i, at, r)
	}
}

func (lv *level) read(i int, at *yamldoc.Node, r rules.Ref) {
	if i < len(lv.defs) {
		for j := range min(i, len(lv.sure)) {
			if slices.ContainsFunc(lv.sure[j], func(p string) bool { return root(p) == r.Name }) {
				lv.wait(i, j, at, r)
			}
		}
	}
	if j, ok := lv.index[r.Name]; ok {
		if j != i && !(lv.repeat && j > i) && i < len(lv.defs) {
			lv.wait(i, j, at, r)
		}
		return
	}
	if lv.outer != nil && !lv.last {
		lv.outer.read(lv.parent, at, r)
	}
}

func (lv *level) wait(i, j int, at *yamldoc.Node, r rules.Ref) {
	if _, ok := lv.edges[i][j]; !ok {
		lv.edges[i][j] = edge{at, r.Line, r.Column}
	}
}

// place is where step i's expressions stand: what they may name, and what is known.
func (lv *level) place(i int, more []rules.Var, sure []string) within {
	w := within{
		scope: &rules.Scope{Vars: append(lv.vars(i), more...), Rules: lv.c.prog.Rules, Sure: append(lv.known(i), sure...)},
		read:  func(at *yamldoc.Node, refs []rules.Ref) { lv.reads(i, at, refs) },
	}
	if i < len(lv.defs) && lv.defs[i].idNode != nil && !lv.repeat {
		w.own = lv.defs[i].id
	}
	return w
}

// whole is where an expression stands that comes after all steps.
func (lv *level) whole(read func([]rules.Ref)) within {
	w := lv.place(len(lv.defs), nil, nil)
	w.read = func(_ *yamldoc.Node, refs []rules.Ref) { read(refs) }
	return w
}

// result is the type of the steps' results as one object, by id: what foreach and repeat give.
func (lv *level) result() *schemas.Type {
	var fields []schemas.Field
	for i, d := range lv.defs {
		t := lv.types[i]
		if d.idNode == nil || t == nil {
			continue
		}
		if lv.skippable[i] {
			t = t.OrNil()
		}
		fields = append(fields, schemas.Field{Name: d.id, Type: t})
	}
	return schemas.ObjectOf("", fields...)
}
