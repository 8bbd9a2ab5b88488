package workflowtest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// mistakes finds what a test says of things that are not there: queries, sources, steps; and facts that are none. A test that gives an answer to a
// question that nobody can ask, or makes a source fail that does not exist, would pass and show nothing.
func (s *suite) mistakes() []Problem {
	var found []yamldoc.Problem
	for _, t := range s.file.Tests {
		switch {
		case t.Rule != "":
		case s.prog == nil:
			found = append(found, t.node.Problem("wrong-test", "the file names no workflow: only rules can be tested in it"))
		default:
			found = append(found, s.wrongFacts(t)...)
			found = append(found, s.wrongSteps(t)...)
		}
	}
	var out []Problem
	for _, p := range yamldoc.Sort(found) {
		out = append(out, p)
	}
	return out
}

// wrongFacts looks at what a test gives, at all that it becomes, and at what is unavailable.
func (s *suite) wrongFacts(t *Test) []yamldoc.Problem {
	var out []yamldoc.Problem
	given := []*yamldoc.Node{t.node.Get("given")}
	if t.Becomes != nil && t.Becomes.Kind == yamldoc.List {
		given = append(given, t.Becomes.Items...)
	} else {
		given = append(given, t.Becomes)
	}
	f := newFacts(s.cfg.Catalog, s.now, t)
	for _, n := range given {
		if n == nil {
			continue
		}
		for _, e := range n.Entries {
			out = append(out, f.wrong(e)...)
		}
		out = append(out, otherLength(t.node.Get("given").Get("history"), n.Get("history"))...)
	}
	known := s.answerers()
	for i, name := range t.Unavailable {
		if !slices.Contains(known, name) {
			out = append(out, t.node.Get("unavailable").Items[i].Problem("unknown-source", "there is no source and no query "+name+nearest(name, known)))
		}
	}
	return out
}

// otherLength finds a strip that becomes longer or shorter. Pushes are counted from the newest: in a strip of another length each sign would be
// another push's, and what was push0 no longer it.
func otherLength(was, is *yamldoc.Node) []yamldoc.Problem {
	if was == nil || is == nil {
		return nil
	}
	if a, b := signsOf(was), signsOf(is); a != nil && b != nil {
		if n, m := pushesIn(a), pushesIn(b); n != m {
			return []yamldoc.Problem{b.Problem("wrong-test", fmt.Sprintf("the history has %d pushes, and becomes one of %d: push0 is the newest of each; write both with as many signs", n, m))}
		}
		return nil
	}
	var out []yamldoc.Problem
	for _, e := range is.Entries {
		out = append(out, otherLength(was.Get(e.Key.Value), e.Value)...)
	}
	return out
}

// signsOf is the strip of a history; nil where it has none, or one for each job type.
func signsOf(n *yamldoc.Node) *yamldoc.Node {
	if n.Kind == yamldoc.Map {
		n = n.Get("strip")
	}
	if n == nil || n.Kind != yamldoc.Scalar {
		return nil
	}
	return n
}

func pushesIn(n *yamldoc.Node) int {
	return utf8.RuneCountInString(strings.ReplaceAll(n.Value, " ", ""))
}

// answerers are the names of queries and of the sources that answer them.
func (s *suite) answerers() []string {
	var out []string
	for _, name := range s.cfg.Catalog.QueryNames() {
		_, from, _ := s.cfg.Catalog.Query(name)
		out = append(append(out, name), from...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// wrong looks at one fact.
func (f *facts) wrong(e yamldoc.Entry) []yamldoc.Problem {
	if e.Key.Value == "history" {
		return f.wrongHistory(e.Value)
	}
	q, _, known := f.cat.Query(e.Key.Value)
	if !known {
		return []yamldoc.Problem{e.Key.Problem("unknown-query", "there is no query "+e.Key.Value+nearest(e.Key.Value, append(f.cat.QueryNames(), "history")))}
	}
	if _, err := q.Out.Conform(complete(q.Out, e.Value.Any())); err != nil {
		return []yamldoc.Problem{e.Value.Problem("wrong-type", fmt.Sprintf("the answer to %s: %v", q.Name, err))}
	}
	return nil
}

// wrongHistory looks at a history: at that of each job type, where it is a map of them.
func (f *facts) wrongHistory(n *yamldoc.Node) []yamldoc.Problem {
	if n.Kind == yamldoc.Map && n.Get("strip") == nil && n.Get("rows") == nil {
		var out []yamldoc.Problem
		for _, e := range n.Entries {
			out = append(out, f.wrongHistory(e.Value)...)
		}
		return out
	}
	if n.Kind == yamldoc.Map {
		for _, e := range n.Entries {
			if k := e.Key.Value; k != "strip" && k != "rows" || n.Get("strip") == nil {
				return []yamldoc.Problem{e.Key.Problem("unknown-key", `a history that is refined is {strip: "F . P", rows: {push1: {…}}}`)}
			}
		}
	}
	if over := n.Get("rows"); over != nil && over.Kind != yamldoc.Map {
		return []yamldoc.Problem{over.Problem("wrong-type", "rows are a map of what is otherwise of a push: {push1: {requested: true}}")}
	}
	rows, err := f.oneHistory(n, "autoland", "job")
	var p yamldoc.Problem
	switch {
	case errors.As(err, &p):
		return []yamldoc.Problem{p}
	case err == nil && len(rows) == 0:
		return []yamldoc.Problem{n.Problem("wrong-test", `a history has one push at least: "F . P"`)}
	}
	return nil
}

// wrongSteps looks at the steps that a test names.
func (s *suite) wrongSteps(t *Test) []yamldoc.Problem {
	known := stepNames(append(slices.Clone(s.prog.Steps), s.prog.Finally...))
	var out []yamldoc.Problem
	look := func(n *yamldoc.Node, name string) {
		if !slices.Contains(known, bare(name)) {
			out = append(out, n.Problem("unknown-step", fmt.Sprintf("%s has no step %s%s", s.prog.Name, name, nearest(bare(name), known))))
		}
	}
	if t.KillAfter != "" {
		look(t.at("kill_after"), t.KillAfter)
	}
	for _, key := range []string{"steps", "decisions"} {
		if n := t.Expect.node.Get(key); n != nil {
			for _, e := range n.Entries {
				look(e.Key, e.Key.Value)
			}
		}
	}
	return out
}

// stepNames are the names of steps, and of those within them.
func stepNames(list []*engine.Step) []string {
	var out []string
	for _, s := range list {
		out = append(append(out, bare(s.ID)), stepNames(s.Body)...)
	}
	return out
}

var rounds = regexp.MustCompile(`#\d+|\[\d+\]`)

// bare is a step's own name: settled, of narrowed#1/settled.
func bare(name string) string {
	name = rounds.ReplaceAllString(name, "")
	return name[strings.LastIndexByte(name, '/')+1:]
}

func nearest(name string, known []string) string {
	if near := schemas.Nearest(name, known); near != "" {
		return "; did you mean " + near + "?"
	}
	return ": there are " + strings.Join(known, ", ")
}
