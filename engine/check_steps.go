package engine

import (
	"regexp"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// A stepCheck is one step while it is checked.
type stepCheck struct {
	*level
	i     int
	d     *stepDef
	s     *Step
	loop  []rules.Var     // the name of foreach's item
	sure  []string        // what the step's own if rules out
	reads map[string]bool // names that it reads unguarded before it starts: where one of them was skipped, so is the step
}

// step checks and compiles step i.
func (lv *level) step(i int) {
	d := lv.defs[i]
	s := &Step{ID: d.id, Index: i, Kind: d.kind(), Place: placeOf(d.node)}
	if d.name != nil {
		s.Name = d.name.Value
	}
	lv.steps[i] = s
	k := &stepCheck{level: lv, i: i, d: d, s: s, reads: map[string]bool{}}
	s.If = lv.c.expr(d.cond, "if", k.within(nil), schemas.Of(schemas.Bool))
	k.sure = ensures(s.If, d.cond)
	k.foreach()
	result := k.kind()
	if result == nil {
		result = rules.Unknown()
	}
	k.until(result)
	s.Type = result
	if d.foreach != nil {
		if s.GoOn {
			result = result.OrNil()
		}
		s.Type = eachType(s.Each, result)
	}
	k.require()
	lv.types[i] = s.Type
	lv.skippable[i] = d.cond != nil || s.GoOn && s.Each == nil || k.skippedWithOthers()
}

func eachType(each *Each, result *schemas.Type) *schemas.Type {
	item := rules.Unknown()
	if each != nil {
		if t := each.List.Type(); t != nil && t.Elem != nil {
			item = t.Elem
		}
	}
	return schemas.ListOf(schemas.ObjectOf("",
		schemas.Field{Name: "item", Type: item, Doc: "the item"},
		schemas.Field{Name: "result", Type: result, Doc: "what came of it"}))
}

// within is where the step's expressions stand before it starts.
func (k *stepCheck) within(more []rules.Var) within {
	w := k.place(k.i, more, k.sure)
	read := w.read
	w.read = func(at *yamldoc.Node, refs []rules.Ref) {
		for _, r := range refs {
			if !r.Guarded {
				k.reads[r.Name] = true
			}
		}
		read(at, refs)
	}
	return w
}

// skippedWithOthers says whether the step reads one, unguarded, that may be skipped.
func (k *stepCheck) skippedWithOthers() bool {
	return slices.ContainsFunc(k.place(k.i, nil, nil).scope.Vars, func(v rules.Var) bool { return v.Skipped && k.reads[v.Name] })
}

// afterwards is where until, require and message stand: they see the step's own id. What may have been skipped, and did not skip
// this step, may be nil here.
func (k *stepCheck) afterwards(own *schemas.Type) within {
	w := k.place(k.i, nil, k.sure)
	w.own = ""
	vars := slices.DeleteFunc(w.scope.Vars, func(v rules.Var) bool { return v.Name == k.d.id })
	for i, v := range vars {
		if v.Skipped {
			vars[i].Skipped = false
			if !k.reads[v.Name] {
				vars[i].Type = v.Type.OrNil()
			}
		}
	}
	if k.d.idNode != nil {
		vars = append(vars, rules.Var{Name: k.d.id, Type: own})
	}
	w.scope.Vars = vars
	return w
}

func (k *stepCheck) foreach() {
	d := k.d
	if d.foreach == nil {
		return
	}
	each := &Each{As: "item", Parallel: 1}
	if d.as != nil {
		each.As = d.as.Value
	} else if k.taken(each.As) {
		k.c.problem(d.foreach, "duplicate-name", "the name item is taken; give the item another one with as")
	}
	if d.parallel != nil {
		each.Parallel, _ = d.parallel.Int()
	}
	if each.Parallel > 1 {
		k.oneByOne(d.steps)
	}
	item := rules.Unknown()
	each.List = k.c.expr(d.foreach, "foreach", k.within(nil), schemas.ListOf(schemas.Of(schemas.Any).OrNil()))
	if each.List != nil {
		k.s.Each = each
		if t := each.List.Type(); t != nil && t.Elem != nil {
			item = t.Elem
		}
	}
	k.loop = []rules.Var{{Name: each.As, Type: item, Doc: "the item of foreach"}}
}

// oneByOne reports steps that wait for a person, where several items are gone through at a time.
func (k *stepCheck) oneByOne(steps []*stepDef) {
	for _, d := range steps {
		if d.kind() == ApproveStep {
			k.c.problem(k.d.parallel, "companion", "parallel is for queries: an approve among the steps (%s:%d) asks a person, and a person is asked one thing at a time",
				d.node.File(), d.node.Line)
			return
		}
		k.oneByOne(d.steps)
		if d.callee != nil {
			k.oneByOne(d.callee.Steps)
		}
	}
}

// taken says whether a name means something where the step stands.
func (k *stepCheck) taken(name string) bool {
	return slices.ContainsFunc(k.vars(k.i), func(v rules.Var) bool { return v.Name == name })
}

// kind compiles what the step is, and returns the type of its result (for foreach: of one item's). Nil where it is not known.
func (k *stepCheck) kind() *schemas.Type {
	d, s := k.d, k.s
	switch {
	case d.broken:
		if d.with != nil { // its expressions are checked even where nobody knows who takes it
			k.c.value(d.with, nil, k.within(k.loop))
		}
		return nil
	case s.Kind == CallStep:
		return k.call()
	case s.Kind == RepeatStep:
		return k.repeatSteps()
	case s.Kind == GroupStep:
		return k.group()
	case s.Kind == ApproveStep:
		return k.approve()
	case s.Kind == LetStep:
		s.Let = k.c.expr(d.let, "let", k.within(k.loop), nil) // that a let goes with no foreach was said
		if s.Let == nil {
			return nil
		}
		return s.Let.Type()
	}
	return k.uses()
}

// uses finds the query or the effect, and holds with to what it takes.
func (k *stepCheck) uses() *schemas.Type {
	d, s := k.d, k.s
	s.Uses = d.uses.Value
	w := k.within(k.loop)
	if q, _, ok := k.c.cat.Query(s.Uses); ok {
		s.With = k.given(d.uses, q.In, w)
		k.retry()
		s.Timeout = duration(d.timeout)
		s.GoOn = d.onTime != nil && d.onTime.Value == "continue"
		return q.Out
	}
	if e, _, ok := k.c.cat.Effect(s.Uses); ok {
		s.Kind, s.Effect = EffectStep, true
		s.With = k.given(d.uses, e.In, w)
		k.queriesOnly()
		return e.Out
	}
	k.c.unknownUse(d.uses)
	if d.with != nil {
		k.c.value(d.with, nil, w)
	}
	return nil
}

// given holds with to what the step's query, effect or workflow takes. Where with is no map, that was said, and nothing is missing in it.
func (k *stepCheck) given(who *yamldoc.Node, takes *schemas.Type, w within) *Value {
	if k.d.badWith {
		return nil
	}
	return k.c.object(k.d.with, who, who.Value, takes, w)
}

func (c *checker) unknownUse(n *yamldoc.Node) {
	queries, effects := c.cat.QueryNames(), c.cat.EffectNames()
	message := "no source of this profile answers or does " + n.Value
	if near := schemas.Nearest(n.Value, slices.Concat(queries, effects)); near != "" {
		message += "; did you mean " + near + "?"
	} else {
		message += "; it can be asked " + strings.Join(queries, ", ")
		if len(effects) > 0 {
			message += ", and can do " + strings.Join(effects, ", ")
		}
	}
	c.problem(n, "unknown-query", "%s", message)
}

// queriesOnly refuses what goes with queries and not with effects.
func (k *stepCheck) queriesOnly() {
	d := k.d
	for _, bar := range []struct {
		node *yamldoc.Node
		name string
		why  string
	}{
		{d.until, "until", "an effect is done once, and is not asked again: look at what came of it in a step below, with a query"},
		{d.attempts, "retry", "an effect that may have arrived is never repeated"},
		{d.timeout, "timeout", "an effect is either done or not; a query below it can wait for what comes of it"},
	} {
		if bar.node != nil {
			k.c.problem(bar.node, "effect", "%s is an effect, and %s goes with queries only: %s", d.uses.Value, bar.name, bar.why)
		}
	}
	if d.parallel != nil && d.parallel.Value != "1" {
		k.c.problem(d.parallel, "effect", "%s is an effect, and effects go one by one", d.uses.Value)
	}
}

func (k *stepCheck) retry() {
	if k.d.attempts == nil {
		return
	}
	k.s.Retry = &Retry{Backoff: DefaultBackoff}
	k.s.Retry.Attempts, _ = k.d.attempts.Int()
	if k.d.backoff != nil {
		k.s.Retry.Backoff = duration(k.d.backoff)
	}
}

func (k *stepCheck) until(round *schemas.Type) {
	d := k.d
	if d.until == nil || d.foreach != nil {
		return
	}
	if k.s.Effect {
		return // that was said
	}
	k.s.Every = DefaultEvery
	if d.every != nil {
		k.s.Every = duration(d.every)
	}
	k.onceOnly()
	k.s.Until = k.c.expr(d.until, "until", k.afterwards(round), schemas.Of(schemas.Bool))
	k.changing()
	if !k.s.GoOn {
		k.level.sure[k.i] = append(k.level.sure[k.i], ensures(k.s.Until, d.until)...)
	}
}

// changing reports an until that no answer can change: it reads nothing that comes of a round.
func (k *stepCheck) changing() {
	d := k.d
	switch {
	case k.s.Until == nil || d.uses == nil:
	case d.idNode == nil:
		k.c.problem(d.until, "never-changes", "this is the same in every round: give the step an id, and read its answer by that")
	case !slices.ContainsFunc(k.s.Until.Refs(), func(r rules.Ref) bool { return r.Name == d.id }):
		k.c.problem(d.until, "never-changes", "this is the same in every round: until looks at the answer of the round, whose name is %s", d.id)
	}
}

// onceOnly reports a pause that outlasts the time there is, so that nothing would be asked again.
func (k *stepCheck) onceOnly() {
	every, within := yamldoc.FormatDuration(k.s.Every), k.c.prog.Limits.Runtime
	switch {
	case k.s.Timeout > 0 && k.s.Every > k.s.Timeout:
		k.c.problem(nodeOr(k.d.every, k.d.until), "bounds", "every is %s and the timeout %s: the query would never be asked again", every, yamldoc.FormatDuration(k.s.Timeout))
	case k.s.Every > within:
		k.c.problem(nodeOr(k.d.every, k.d.until), "bounds", "every is %s and the run takes %s at most (limits.runtime): the query would never be asked again", every, yamldoc.FormatDuration(within))
	}
}

// nodeOr is the node, or where it was not given the other.
func nodeOr(n, other *yamldoc.Node) *yamldoc.Node {
	if n != nil {
		return n
	}
	return other
}

func (k *stepCheck) require() {
	d := k.d
	w := k.afterwards(k.s.Type)
	k.s.Require = k.c.expr(d.require, "require", w, schemas.Of(schemas.Bool))
	k.s.Message = k.c.message(d.message, w)
	k.level.sure[k.i] = append(k.level.sure[k.i], ensures(k.s.Require, d.require)...)
}

var pathPattern = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*(?:\??\.[A-Za-z_][A-Za-z0-9_]*)*`)

// ensures is what a condition rules out to be nil. Of one with a mistake nobody knows: it is taken to rule out all that it names, so that
// what stands below is not reported as well.
func ensures(e *rules.Expr, n *yamldoc.Node) []string {
	switch {
	case e != nil:
		return e.Ensures()
	case n == nil:
		return nil
	}
	var out []string
	for _, path := range pathPattern.FindAllString(n.Value, -1) {
		path = strings.ReplaceAll(path, "?", "")
		for i, r := range path + "." {
			if r == '.' {
				out = append(out, path[:i])
			}
		}
	}
	return out
}
