package workflowtest

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/rules"
)

// A Reach says how far tests have reached a place that they can reach.
type Reach struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	What   string `json:"what"` // step run, step skipped, row, operand true, operand false
	Name   string `json:"name"` // the step, or the rule
	Hits   int    `json:"hits"`
}

// Kinds of reach.
const (
	stepRun      = "step run"
	stepSkipped  = "step skipped"
	rowChosen    = "row chosen"
	operandTrue  = "operand true"
	operandFalse = "operand false"
)

// expect makes everything that a suite's files hold part of the coverage.
func (r *Report) expect(s *suite) {
	if s.prog == nil {
		r.cover.Expect(s.set)
		return
	}
	r.cover.Expect(s.set)
	r.expectProgram(s.prog)
	for _, o := range s.prog.Outputs {
		r.expectValue(o.Value)
	}
}

func (r *Report) expectProgram(p *engine.Program) {
	r.expectSteps(p.Steps)
	r.expectSteps(p.Finally)
}

func (r *Report) expectSteps(list []*engine.Step) {
	for _, s := range list {
		r.step(s, stepRun, 0)
		if s.If != nil {
			r.step(s, stepSkipped, 0)
		}
		exprs := []*rules.Expr{s.If, s.Let, s.Until, s.Require}
		if s.Each != nil {
			exprs = append(exprs, s.Each.List)
		}
		if s.Repeat != nil {
			exprs = append(exprs, s.Repeat.Until)
		}
		for _, e := range exprs {
			if e != nil {
				r.cover.Expect(e)
			}
		}
		if s.Message != nil {
			r.cover.Expect(s.Message)
		}
		r.expectValue(s.With)
		r.expectSteps(s.Body)
	}
}

func (r *Report) expectValue(v *engine.Value) {
	if v == nil {
		return
	}
	if v.Text != nil {
		r.cover.Expect(v.Text)
	}
	for _, list := range [][]*engine.Value{v.List, v.Fields} {
		for _, one := range list {
			r.expectValue(one)
		}
	}
}

// step counts that a step ran or was skipped.
func (r *Report) step(s *engine.Step, what string, hits int) {
	key := Reach{File: s.Place.File, Line: s.Place.Line, Column: s.Place.Column, What: what, Name: s.ID}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reached[key] += hits
}

// steps counts what a run's story shows.
func (r *Report) steps(p *engine.Program, story engine.Story) {
	byID := map[string]*engine.Step{}
	var walk func(list []*engine.Step)
	walk = func(list []*engine.Step) {
		for _, s := range list {
			byID[s.ID] = s
			walk(s.Body)
		}
	}
	walk(p.Steps)
	walk(p.Finally)
	for _, one := range story.Steps {
		name := path.Base(one.Step) // each[2]/ask, finally/tell
		s := byID[name]
		if s == nil {
			continue
		}
		switch one.Status {
		case engine.Skipped:
			r.step(s, stepSkipped, 1)
		case engine.NotRun:
		default:
			r.step(s, stepRun, 1)
		}
	}
}

// Coverage lists every place that tests can reach, by file, line, column and kind. A place that several files of tests share is there once.
// The built-in standard rules are not part of it: they have tests of their own, and a workflow need not call all of them.
func (r *Report) Coverage() []Reach {
	all := map[Reach]int{}
	r.mu.Lock()
	for k, n := range r.reached {
		all[k] += n
	}
	r.mu.Unlock()
	for _, c := range r.cover.Counts() {
		p, ok := engine.PlaceOf(c.Point)
		if !ok || p.File == engine.StandardRules {
			continue
		}
		key := Reach{File: p.File, Line: p.Line, Column: p.Column, Name: c.Rule}
		if c.Row >= 0 {
			key.What = fmt.Sprintf("%s %d", rowChosen, c.Row)
			all[key] += c.True
			continue
		}
		key.What = operandTrue
		all[key] += c.True
		key.What = operandFalse
		all[key] += c.False
	}
	out := make([]Reach, 0, len(all))
	for k, n := range all {
		k.Hits = n
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b Reach) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), strings.Compare(a.What, b.What), strings.Compare(a.Name, b.Name))
	})
	return out
}

// A Share is how much of a kind of place in a file has been reached.
type Share struct {
	File  string `json:"file"`
	Steps [2]int `json:"steps"` // reached, of
	Rows  [2]int `json:"rows"`
	Ops   [2]int `json:"operands"` // an operand counts twice: true and false
}

// Percent is the share of everything that was reached; 100 where there is nothing.
func (s Share) Percent() float64 {
	of := s.Steps[1] + s.Rows[1] + s.Ops[1]
	if of == 0 {
		return 100
	}
	return 100 * float64(s.Steps[0]+s.Rows[0]+s.Ops[0]) / float64(of)
}

// Shares sums up the coverage by file.
func Shares(list []Reach) []Share {
	var out []Share
	for _, r := range list {
		if len(out) == 0 || out[len(out)-1].File != r.File {
			out = append(out, Share{File: r.File})
		}
		s := &out[len(out)-1]
		into := &s.Ops
		switch {
		case strings.HasPrefix(r.What, "step"):
			into = &s.Steps
		case strings.HasPrefix(r.What, "row"):
			into = &s.Rows
		}
		into[1]++
		if r.Hits > 0 {
			into[0]++
		}
	}
	return out
}

// WriteLCOV writes coverage as LCOV tracefiles (geninfo(1)): lines, and the true and the false branch of each operand.
func WriteLCOV(w io.Writer, list []Reach) error {
	p := &printer{w: w}
	for i := 0; i < len(list); {
		j := i
		for j < len(list) && list[j].File == list[i].File {
			j++
		}
		p.lcovFile(list[i:j])
		i = j
	}
	return p.err
}

func (p *printer) lcovFile(list []Reach) {
	p.line("TN:")
	p.line("SF:%s", list[0].File)
	lines, found, hit := map[int]int{}, 0, 0
	var order []int
	for _, r := range list {
		if _, seen := lines[r.Line]; !seen {
			order = append(order, r.Line)
		}
		lines[r.Line] = max(lines[r.Line], r.Hits)
		if r.What != operandTrue && r.What != operandFalse {
			continue
		}
		found++
		taken := "-"
		if r.Hits > 0 {
			hit++
			taken = fmt.Sprint(r.Hits)
		}
		branch := 0
		if r.What == operandFalse {
			branch = 1
		}
		p.line("BRDA:%d,%d,%d,%s", r.Line, r.Column, branch, taken)
	}
	p.line("BRF:%d", found)
	p.line("BRH:%d", hit)
	covered := 0
	for _, l := range order {
		p.line("DA:%d,%d", l, lines[l])
		if lines[l] > 0 {
			covered++
		}
	}
	p.line("LF:%d", len(order))
	p.line("LH:%d", covered)
	p.line("end_of_record")
}
