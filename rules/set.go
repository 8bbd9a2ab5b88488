package rules

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/mozci/mozci-run/schemas"
)

// A Set is rules by name. A later file's rule of the same name is an error of whoever adds it.
type Set struct {
	list   []*rule
	byName map[string]*rule
	texts  []*text
	end    int // the first character that is free

	building func(*rule) // while NewSet runs: checks a rule that has not been
	stack    []*rule     // while NewSet runs: the rules that are being checked
	cover    *points     // nil where this is not the set that counts

	written  []Rule // what it was made of, to make the one that counts
	types    map[string]*schemas.Type
	once     sync.Once
	counting *Set
}

// ruleBase is the first character of rules: those of the text being compiled are below.
const ruleBase = 1 << 20

// NewSet checks rules against one another and against the types that may be named. The Set is usable where there are no problems.
func NewSet(types map[string]*schemas.Type, list []Rule) (*Set, []Problem) {
	return newSet(types, list, nil)
}

func newSet(types map[string]*schemas.Type, list []Rule, cover *points) (*Set, []Problem) {
	s := &Set{byName: map[string]*rule{}, end: ruleBase, written: list, types: types, cover: cover}
	problems := make([][]Problem, len(list))
	found := map[*rule]int{}
	for i, w := range list {
		r, ps := s.read(w)
		problems[i] = ps
		r.bad = len(ps) > 0
		found[r] = i
		if s.byName[w.Name] == nil && isName(w.Name) && functions().byName[w.Name] == nil {
			s.byName[w.Name] = r
		}
		s.list = append(s.list, r)
	}
	s.building = func(r *rule) { problems[found[r]] = append(problems[found[r]], s.check(r)...) }
	for _, r := range s.list {
		if r.state == unchecked {
			s.building(r)
		}
	}
	s.building = nil
	var all []Problem
	for _, ps := range problems {
		all = append(all, distinct(ps)...)
	}
	return s, all
}

// add gives a snippet its place among the characters of the set.
func (s *Set) add(sn Snippet) *text {
	t := &text{src: sn.Text, origin: sn.Origin, base: s.end}
	s.end += utf8.RuneCountInString(sn.Text) + 1
	s.texts = append(s.texts, t)
	return t
}

// read reads the texts of a rule.
func (s *Set) read(w Rule) (*rule, []Problem) {
	r := &rule{Rule: w}
	problems := s.readHead(r)
	switch {
	case (w.Is == nil) == (len(w.First) == 0):
		at := &text{src: w.NameAt.Text, origin: w.NameAt.Origin}
		problems = append(problems, at.problem(0, utf8.RuneCountInString(w.NameAt.Text), KindRule, "a rule has is, an expression, or first, the rows of a table"))
	case w.Is != nil:
		p, bad := read(s.add(*w.Is), 0, w.Is.Text)
		if bad != nil {
			problems = append(problems, *bad)
		}
		r.is = p
	}
	for _, row := range w.First {
		var tr tableRow
		if row.When != nil {
			p, bad := read(s.add(*row.When), 0, row.When.Text)
			if bad != nil {
				problems = append(problems, *bad)
			}
			tr.when = p
		}
		tr.text = s.add(row.Then)
		then, bad := readText(tr.text)
		problems = append(problems, bad...)
		tr.then = then
		r.rows = append(r.rows, tr)
	}
	return r, problems
}

// readHead reads a rule's name and parameters.
func (s *Set) readHead(r *rule) []Problem {
	var problems []Problem
	at := &text{src: r.NameAt.Text, origin: r.NameAt.Origin} // what the problem is about
	bad := func(kind, format string, args ...any) {
		problems = append(problems, at.problem(0, utf8.RuneCountInString(at.src), kind, fmt.Sprintf(format, args...)))
	}
	fs := functions()
	switch {
	case slices.Contains(reserved, r.Name):
		bad(KindRule, "%s is a word of expressions, and cannot be a name", r.Name)
	case !isName(r.Name):
		bad(KindRule, "%q is no name for a rule: letters, digits and _, as in firstBad", r.Name)
	case s.byName[r.Name] != nil:
		bad(KindDuplicate, "there is a rule %s already", r.Name)
	case fs.byName[r.Name] != nil || fs.forbidden[r.Name] != "":
		bad(KindDuplicate, "the name %s is taken: it is a function", r.Name)
	}
	for i, p := range r.Given {
		t, wrong := readType(s.add(p.Type), s.types)
		if wrong != nil {
			problems = append(problems, *wrong)
		}
		r.generic = r.generic || hasAny(t)
		if p.NameAt.Origin != nil {
			at = &text{src: p.NameAt.Text, origin: p.NameAt.Origin}
		}
		switch {
		case slices.Contains(reserved, p.Name):
			bad(KindRule, "%s is a word of expressions, and cannot be a name", p.Name)
		case !isName(p.Name):
			bad(KindRule, "%q is no name for a parameter", p.Name)
		case fs.byName[p.Name] != nil:
			bad(KindDuplicate, "the name %s is taken: it is a function", p.Name)
		}
		for _, q := range r.Given[:i] {
			if q.Name == p.Name {
				bad(KindDuplicate, "there are two parameters %s", p.Name)
			}
		}
		r.params = append(r.params, parameter{name: p.Name, typ: t, key: r.Name + "·" + p.Name + "·"})
	}
	return problems
}

// check checks a rule for any arguments of its parameters' types.
func (s *Set) check(r *rule) []Problem {
	r.state = beingChecked
	s.stack = append(s.stack, r)
	defer func() {
		s.stack = s.stack[:len(s.stack)-1]
		r.state = checked
	}()
	if r.bad {
		r.body.typ = typeBad
		return nil
	}
	c := &checker{scope: &Scope{}, rules: s, text: &text{}, cover: s.cover, reads: readings{}}
	e := env{}
	for _, p := range r.params {
		e.locals = bindParam(p, p.typ, e.locals)
	}
	r.body = c.checkBody(r, e)
	r.size, r.nested = c.size, c.nested
	r.bad = len(c.problems) > 0
	return c.problems
}

// circle writes how a rule reaches itself: verdict calls settled calls verdict.
func (s *Set) circle(r *rule) string {
	var names []string
	for _, q := range s.stack {
		if q == r || len(names) > 0 {
			names = append(names, q.Name)
		}
	}
	return strings.Join(append(names, r.Name), " calls ")
}

// Types returns what a rule takes and gives; false where there is none of that name.
func (s *Set) Types(name string) (params []*schemas.Type, result *schemas.Type, ok bool) {
	r := s.rule(name)
	if r == nil {
		return nil, nil, false
	}
	for _, p := range r.params {
		params = append(params, p.typ)
	}
	return params, r.body.typ, true
}

// List returns the rules as they were written, in their order.
func (s *Set) List() []Rule {
	if s == nil {
		return nil
	}
	return s.written
}
