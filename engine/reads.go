package engine

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
)

// A Reading is a query that a workflow asks, and a part of its answer that the workflow reads; or an effect that it has done.
type Reading struct {
	Query string // EventReading for what starts runs; or the effect's name
	Path  string // as schemas.Differences writes it: [].push.revision; empty for the answer itself
	Whole bool   // all that stands there is used: it is compared, written, given to a query or an effect, or handed out as an output
}

// EventReading is the Query of a Reading of what starts a run.
const EventReading = "event"

// Moves says whether a change at a path of the query's answer is one of what is read: there, above it (lists that have other elements), or
// below what is taken whole.
func (r Reading) Moves(path string) bool {
	at, path := strings.TrimSuffix(r.Path, "[]"), strings.TrimSuffix(path, "[]")
	return at == path || isWithin(at, path) || r.Whole && isWithin(path, at)
}

// isWithin says whether a path lies below another one.
func isWithin(path, above string) bool {
	rest, ok := strings.CutPrefix(path, above)
	return ok && (above == "" || rest != "" && (rest[0] == '.' || rest[0] == '['))
}

// Reads lists what a workflow asks and does, and what of the answers it reads: its expressions, the rules that they call, and the workflows that it
// calls. They are sorted by query and path, each query at least once. The problems are those of [Check].
func Reads(def *Definition, cat Catalog) ([]Reading, []Problem) {
	prog, problems := Check(def, &followed{cat, map[string]*schemas.Type{}})
	if prog == nil {
		return nil, problems
	}
	g := gathered{}
	g.program(prog)
	var out []Reading
	for r := range g {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Reading) int {
		whole := map[bool]int{true: 1}
		return cmp.Or(strings.Compare(a.Query, b.Query), strings.Compare(a.Path, b.Path), whole[a.Whole]-whole[b.Whole])
	})
	return out, nil
}

// followed is a catalog whose answers are followed.
type followed struct {
	Catalog
	types map[string]*schemas.Type
}

// Query returns the query of that name, its answer followed.
func (f *followed) Query(name string) (sources.Query, []string, bool) {
	q, from, ok := f.Catalog.Query(name)
	if !ok {
		return q, from, ok
	}
	if f.types[name] == nil { // the same type for the same name
		f.types[name] = q.Out.Followed(name)
	}
	q.Out = f.types[name]
	return q, from, ok
}

// GivesInput says what the profile says.
func (f *followed) GivesInput(name string) bool {
	given, ok := f.Catalog.(profileInputs)
	return ok && given.GivesInput(name)
}

// followEvent is the type of what starts runs, followed where answers are.
func (c *checker) followEvent(t *schemas.Type) *schemas.Type {
	if _, ok := c.cat.(*followed); ok {
		return t.Followed(EventReading)
	}
	return t
}

// gathered is what has been found of a program's readings.
type gathered map[Reading]bool

func (g gathered) program(p *Program) {
	g.steps(p.Steps)
	g.steps(p.Finally)
	for _, o := range p.Outputs {
		g.value(o.Value)
	}
	for _, s := range p.Starts {
		if s.Kind != OnSchedule {
			g[Reading{Query: EventReading}] = true
		}
		g.exprs(s.If)
		g.value(s.Inputs)
	}
}

// called gathers a workflow that is called: nobody starts it otherwise, and an output that is one text keeps its origins for whoever calls.
func (g gathered) called(p *Program) {
	g.steps(p.Steps)
	g.steps(p.Finally)
	for _, o := range p.Outputs {
		if o.Value.Text != nil {
			g.texts(o.Value.Text)
			continue
		}
		g.value(o.Value)
	}
}

func (g gathered) steps(list []*Step) {
	for _, s := range list {
		if s.Kind == QueryStep || s.Kind == EffectStep {
			g[Reading{Query: s.Uses}] = true
		}
		g.exprs(s.If, s.Let, s.Until, s.Require)
		g.texts(s.Message)
		g.value(s.With)
		if s.Each != nil {
			g.exprs(s.Each.List)
		}
		if s.Repeat != nil {
			g.exprs(s.Repeat.Until)
		}
		if s.Approve != nil {
			g.texts(s.Approve.Message)
		}
		if s.Call != nil {
			g.value(s.Call.Inputs)
			g.called(s.Call.Program)
			continue // its Body is the program's steps
		}
		g.steps(s.Body)
	}
}

func (g gathered) exprs(list ...*rules.Expr) {
	for _, e := range list {
		if e != nil {
			g.readings(e.Reads())
		}
	}
}

func (g gathered) texts(list ...*rules.Text) {
	for _, t := range list {
		if t != nil {
			g.readings(t.Reads())
		}
	}
}

// value gathers what is handed on: what a text gives leaves the workflow's expressions here.
func (g gathered) value(v *Value) {
	if v == nil {
		return
	}
	if v.Text != nil {
		g.texts(v.Text)
		g.whole(v.Text.Type())
	}
	for _, part := range slices.Concat(v.List, v.Fields) {
		g.value(part)
	}
}

// whole takes all that a value of the type is made of. A scalar was read where its member was named.
func (g gathered) whole(t *schemas.Type) {
	if t == nil || t.Elem == nil && t.Fields == nil {
		return
	}
	for _, o := range t.AllOrigins() {
		g[Reading{o.Of, o.Path, true}] = true
	}
}

func (g gathered) readings(list []rules.Reading) {
	for _, r := range list {
		g[Reading{r.Of, r.Path, r.Whole}] = true
	}
}
