package main

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/fixtures"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/derived"
	"github.com/mozci/mozci-run/workflows"
)

// A reader is a workflow with what it asks and reads.
type reader struct {
	name  string
	reads []engine.Reading
}

// usersOf says which workflows, those that ship and those in the folder workflows, read what moves with a field of a query's answer: the
// field itself, or what a derived query makes of it. They are read when this is first asked; one with mistakes reads nothing, and that is said.
func (c *command) usersOf() func(query, field string) []string {
	all := everySource()
	readers := sync.OnceValue(func() []reader { return c.readers(all) })
	return func(query, field string) []string {
		switch _, _, isEffect := all.Effect(query); {
		case field == fixtures.WholeAnswer || isEffect: // an effect that is done otherwise concerns whoever does it
			field = ""
		case query == fixtures.LinkQuestion:
			query, field = "events.recent", "[]."+field
		}
		var out []string
		moved := sources.MovedBy(queriesOf(all), sources.Field{Query: query, Path: field})
		for _, u := range readers() {
			if slices.ContainsFunc(moved, u.uses) {
				out = append(out, u.name)
			}
		}
		return out
	}
}

// uses says whether the workflow reads a field.
func (u reader) uses(f sources.Field) bool {
	return slices.ContainsFunc(u.reads, func(r engine.Reading) bool { return r.Query == f.Query && r.Moves(f.Path) })
}

// readers reads all workflows.
func (c *command) readers(all *sources.Registry) []reader {
	var out []reader
	for _, w := range everyWorkflow() {
		def, problems := engine.Load(w.read, w.file, workflows.Standard())
		var reads []engine.Reading
		if def != nil {
			reads, problems = engine.Reads(def, profileOfAll{all})
		}
		if len(problems) > 0 {
			c.note("%s has mistakes, and so it is not known what it reads (mozci-run check %s)", w.file, w.file)
			continue
		}
		out = append(out, reader{w.name(), ofQueries(reads)})
	}
	return out
}

// ofQueries says of what starts runs which query gives it.
func ofQueries(list []engine.Reading) []engine.Reading {
	for i, r := range list {
		if r.Query == engine.EventReading {
			list[i].Query, list[i].Path = "events.recent", strings.TrimSuffix("[]."+r.Path, ".")
		}
	}
	return list
}

// everyWorkflow is those in the folder workflows, and those that ship and are in nobody's place there.
func everyWorkflow() []workflowFile {
	var out []workflowFile
	if info, err := os.Stat(workflowFolder); err == nil && info.IsDir() {
		found, err := filesBelow(workflowFolder)
		if err == nil {
			out = slices.DeleteFunc(found, func(w workflowFile) bool { return isRules(w.file) })
		}
	}
	for _, name := range shipped() {
		if w, err := findWorkflow(name); err == nil && w.ships {
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b workflowFile) int { return strings.Compare(a.file, b.file) })
	return out
}

// name is how people call it.
func (w workflowFile) name() string {
	if w.ships {
		return strings.TrimSuffix(w.file, ".yaml")
	}
	return w.file
}

// profileOfAll is a profile in which every adapter is, and every input is given.
type profileOfAll struct{ engine.Catalog }

// GivesInput is true.
func (profileOfAll) GivesInput(string) bool { return true }

// everySource is every adapter and the derived queries; nobody is asked.
func everySource() *sources.Registry {
	r := newRegistry()
	client := &http.Client{Transport: nowhere{}}
	for _, a := range adapters {
		src, err := reopen(a, client, fixtures.Recorded{Source: a.name, Base: a.base})
		must(err) // of the public service
		must(r.Add(src))
	}
	must(r.Add(derived.New(r, sources.NothingAsked{}, &jumpingClock{})))
	return r
}

func queriesOf(r *sources.Registry) []sources.Query {
	var out []sources.Query
	for _, s := range r.Sources() {
		out = append(out, s.Queries()...)
	}
	return out
}
