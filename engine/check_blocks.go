package engine

import (
	"slices"

	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
)

// group checks the steps of a foreach, and returns the type of one item's result.
func (k *stepCheck) group() *schemas.Type {
	inner := k.c.level(k.d.steps, k.level, k.i, k.loop)
	inner.check()
	k.s.Body = inner.steps
	k.effectWithin()
	if k.s.Effect && k.d.parallel != nil && k.d.parallel.Value != "1" {
		k.c.problem(k.d.parallel, "effect", "there is an effect among the steps, and effects go one by one")
	}
	return inner.result()
}

// effectWithin makes a barrier of a step with an effect among its steps.
func (k *stepCheck) effectWithin() {
	for _, s := range k.s.Body {
		if s.Effect {
			k.s.Effect = true
		}
	}
}

// repeatSteps checks the steps of a repeat, and returns the type of its result.
func (k *stepCheck) repeatSteps() *schemas.Type {
	d := k.d
	inner := k.c.level(d.steps, k.level, k.i, nil)
	inner.repeat = true
	inner.rounds()
	k.s.Body = inner.steps
	k.effectWithin()
	k.s.Repeat = &Repeat{}
	if d.repeatMost != nil {
		k.s.Repeat.Max, _ = d.repeatMost.Int()
	}
	w := inner.whole(func(refs []rules.Ref) { k.level.reads(k.i, d.repeatUntil, refs) })
	for i, v := range w.scope.Vars {
		if v.Skipped && inner.has(v.Name) {
			w.scope.Vars[i].Skipped, w.scope.Vars[i].Type = false, v.Type.OrNil()
		}
	}
	k.s.Repeat.Until = k.c.expr(d.repeatUntil, "until", w, schemas.Of(schemas.Bool))
	return inner.result()
}

// rounds goes through the steps of a repeat until their types, which depend on those of the round before, do not change: each pass
// takes a type at least one step further. Problems hold for the types of their pass, and so the last one's count.
func (lv *level) rounds() {
	said := len(lv.c.problems)
	lv.before = make([]*schemas.Type, len(lv.defs))
	var before []*schemas.Type
	for range 4 + count(lv.defs) {
		lv.c.problems = lv.c.problems[:said]
		lv.reset()
		lv.check()
		before = lv.before
		lv.before = slices.Clone(lv.types)
		for i, t := range lv.types {
			if !rules.Known(t) { // a step with a mistake keeps the type with which it was found, so that it is found again
				lv.before[i] = before[i]
			}
		}
		if same(before, lv.before) || lv.c.tired != nil {
			break
		}
	}
	for i := range lv.types {
		if len(lv.c.problems) == said && lv.c.tired == nil && !same(before[i:i+1], lv.before[i:i+1]) {
			lv.c.problem(lv.defs[i].node, "wrong-type", "%s is of another type in each round, without an end: it is made of what it was in the round before", lv.defs[i].id)
		}
	}
}

// count counts steps, those within others included.
func count(defs []*stepDef) int {
	n := len(defs)
	for _, d := range defs {
		n += count(d.steps)
	}
	return n
}

func (lv *level) has(id string) bool { _, ok := lv.index[id]; return ok }

func same(a, b []*schemas.Type) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && (a[i] == nil || b[i] == nil || deep(a[i]) != deep(b[i])) {
			return false
		}
	}
	return true
}

// deep writes a type with its members, so that two that differ are told apart.
func deep(t *schemas.Type) string {
	s := t.String()
	if t.Elem != nil {
		s += "[" + deep(t.Elem) + "]"
	}
	if t.Name == "" {
		for _, f := range t.Fields {
			s += "," + f.Name + ":" + deep(f.Type)
		}
	}
	return s
}

// approve compiles what a person is asked.
func (k *stepCheck) approve() *schemas.Type {
	k.s.Approve = &Approve{Message: k.c.message(k.d.approve, k.within(nil)), Timeout: duration(k.d.approveWithin)}
	if k.inFinally() {
		k.c.problem(k.d.node, "companion", "nobody waits in finally: approve stands among the steps")
	}
	return approvalType
}

func (lv *level) inFinally() bool { return lv != nil && (lv.last || lv.c.last || lv.outer.inFinally()) }

// call checks the workflow that is called, and holds with to its inputs.
func (k *stepCheck) call() *schemas.Type {
	d := k.d
	if d.callee == nil {
		if d.with != nil {
			k.c.value(d.with, nil, k.within(nil))
		}
		return nil
	}
	c := &checker{def: d.callee, cat: k.c.cat, last: k.inFinally()}
	c.program()
	k.c.problems = append(k.c.problems, c.problems...)
	inputs := k.given(d.call, c.prog.inputsType(), k.within(nil))
	k.s.Call = &Call{Workflow: d.call.Value, Inputs: inputs, Program: c.prog}
	k.s.Body = c.prog.Steps
	k.effectWithin()
	for _, s := range c.prog.Finally {
		k.s.Effect = k.s.Effect || s.Effect
	}
	if len(c.problems) > 0 {
		return nil
	}
	return c.prog.outputsType()
}
