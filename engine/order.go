package engine

import (
	"fmt"
	"strings"

	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
)

// after adds the orders that the file asks for.
func (lv *level) after(i int, d *stepDef) {
	for _, n := range d.after {
		j, ok := lv.index[n.Value]
		switch {
		case ok && j == i:
			lv.c.problem(n, "circle", "%s cannot come after itself", d.id)
		case ok:
			lv.wait(i, j, n, rules.Ref{Line: 1, Column: 1})
		default:
			lv.c.problem(n, "unknown-name", "there is no step %s beside this one%s", n.Value, lv.nearest(n.Value))
		}
	}
}

func (lv *level) nearest(name string) string {
	var ids []string
	for _, d := range lv.defs {
		if d.idNode != nil {
			ids = append(ids, d.id)
		}
	}
	switch near := schemas.Nearest(name, ids); {
	case near != "":
		return "; did you mean " + near + "?"
	case len(ids) > 0:
		return "; there are " + strings.Join(ids, ", ")
	}
	return ""
}

// barriers adds that an effect waits for all that stands above it, and all that stands below it waits for the effect.
func (lv *level) barriers() {
	last := -1
	for i, s := range lv.steps {
		if s.Effect {
			for j := range i {
				lv.wait(i, j, nil, rules.Ref{})
			}
		} else if last >= 0 {
			lv.wait(i, last, nil, rules.Ref{})
		}
		if s.Effect {
			last = i
		}
	}
}

// circles reports steps that wait for themselves, each circle once: at the reference of its first step.
func (lv *level) circles() {
	const (
		untouched = iota
		open
		done
	)
	state := make([]int, len(lv.steps))
	var trail []int
	var walk func(i int)
	walk = func(i int) {
		state[i] = open
		trail = append(trail, i)
		for j := range lv.steps {
			if _, waits := lv.edges[i][j]; !waits {
				continue
			}
			switch state[j] {
			case untouched:
				walk(j)
			case open:
				lv.circle(trail, j)
			}
		}
		trail = trail[:len(trail)-1]
		state[i] = done
	}
	for i := range lv.steps {
		if state[i] == untouched {
			walk(i)
		}
	}
}

// circle reports the steps from start on in trail.
func (lv *level) circle(trail []int, start int) {
	for trail[0] != start {
		trail = trail[1:]
	}
	var told []string
	var at *edge
	whose := 0
	for k, i := range trail {
		next := trail[(k+1)%len(trail)]
		e := lv.edges[i][next]
		why := "reads"
		switch {
		case e.at == nil && lv.steps[i].Effect:
			why = "is an effect and so waits for"
		case e.at == nil:
			why = "stands below the effect"
		case e.line == 1 && e.column == 1 && e.at.Value == lv.defs[next].id && e.at != lv.defs[i].let:
			why = "comes after"
		}
		told = append(told, fmt.Sprintf("%s %s %s", lv.defs[i].id, why, lv.defs[next].id))
		if e.at != nil && at == nil {
			at, whose = &e, next
		}
	}
	if at == nil {
		return // barriers alone make no circle
	}
	lv.c.problemAt(at.at, at.line, at.column, len(lv.defs[whose].id), "circle", "the steps wait for one another: %s", strings.Join(told, ", "))
}
