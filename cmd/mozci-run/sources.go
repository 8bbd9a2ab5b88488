package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
)

func (c *command) sourcesCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "sources", Short: "what can be asked and done, and who answers",
		Args: exactly(0, "list or show"), RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(
		&cobra.Command{Use: "list", Short: "the profile's sources, queries and effects", Args: exactly(0, "no argument"),
			Example: "  mozci-run --profile mozilla sources list",
			RunE:    func(*cobra.Command, []string) error { return c.listSources() }},
		&cobra.Command{Use: "show NAME", Short: "a source with its endpoints, or a query or an effect with its types", Args: exactly(1, "the name of a source, a query or an effect"),
			Example:           "  mozci-run sources show treeherder\n  mozci-run sources show jobs.history",
			RunE:              func(_ *cobra.Command, args []string) error { return c.showSource(args[0]) },
			ValidArgsFunction: c.completeSources},
	)
	return cmd
}

// A provision is a query or an effect, as sources list prints it.
type provision struct {
	Name   string   `json:"name"`
	Doc    string   `json:"doc"`
	Effect bool     `json:"effect"`
	By     []string `json:"by"` // the sources that have it, in the order in which they are asked
}

func provisions(r *sources.Registry) []provision {
	var out []provision
	for _, name := range r.QueryNames() {
		q, by, _ := r.Query(name)
		out = append(out, provision{Name: name, Doc: q.Doc, By: by})
	}
	for _, name := range r.EffectNames() {
		e, by, _ := r.Effect(name)
		out = append(out, provision{Name: name, Doc: e.Doc, Effect: true, By: []string{by}})
	}
	return out
}

func (c *command) listSources() error {
	s, err := c.open()
	if err != nil {
		return err
	}
	defer s.close()
	list := provisions(s.registry)
	if c.flags.output == "json" {
		return json.NewEncoder(c.m.stdout).Encode(list)
	}
	table := make([][]string, len(list))
	for i, p := range list {
		kind := "query"
		if p.Effect {
			kind = "effect"
		}
		table[i] = []string{p.Name, kind, strings.Join(p.By, ", "), p.Doc}
	}
	c.painter(c.m.stdout).table(table)
	return nil
}

func (c *command) showSource(name string) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	defer s.close()
	if q, by, ok := s.registry.Query(name); ok {
		return c.showTypes(name, "query", q.Doc, by, q.In, q.Out)
	}
	if e, by, ok := s.registry.Effect(name); ok {
		return c.showTypes(name, "effect", e.Doc, []string{by}, e.In, e.Out)
	}
	all := s.registry.Sources()
	i := slices.IndexFunc(all, func(s sources.Source) bool { return s.Name() == name })
	if i < 0 {
		names := append(s.registry.QueryNames(), s.registry.EffectNames()...)
		for _, s := range all {
			names = append(names, s.Name())
		}
		return usage(oneOf(name, names), "the profile %s has no source, query or effect %q", s.profile.name, name)
	}
	return c.showEndpoints(all[i])
}

func (c *command) showTypes(name, kind, doc string, by []string, in, out *schemas.Type) error {
	w := c.laidOut(2)
	fmt.Fprintf(w, "%s (%s): %s\nanswered by %s\n", name, kind, doc, strings.Join(by, ", then "))
	fmt.Fprintf(w, "\nin %s\n", strings.TrimPrefix(fieldsOf(in), "it takes\n"))
	fmt.Fprintf(w, "\nout: %s\n", out)
	seen := map[string]bool{}
	printMembers(w, out, seen)
	return nil
}

// printMembers writes the members of every object within a type, each object once.
func printMembers(w interface{ Write([]byte) (int, error) }, t *schemas.Type, seen map[string]bool) {
	for t.Elem != nil {
		t = t.Elem
	}
	if t.Kind != schemas.Object || seen[t.Name] {
		return
	}
	seen[t.Name] = true
	fmt.Fprintf(w, "\n%s\n", t.NonNil())
	for _, f := range t.Fields {
		words := ""
		if f.Type.Enum != nil {
			words = ": " + strings.Join(f.Type.Enum, ", ")
		}
		fmt.Fprintf(w, "  %s (%s%s): %s\n", f.Name, f.Type, words, f.Doc)
	}
	for _, f := range t.Fields {
		printMembers(w, f.Type, seen)
	}
}

func (c *command) showEndpoints(s sources.Source) error {
	w := c.laidOut(2)
	fmt.Fprintln(w, s.Name())
	if i := slices.IndexFunc(adapters, func(a adapter) bool { return a.name == s.Name() }); i >= 0 {
		a := adapters[i]
		fmt.Fprintf(w, "  %s\n", a.doc)
		if a.base != "" {
			fmt.Fprintf(w, "  base: %s unless the profile says otherwise\n", a.base)
		}
		for _, o := range a.options {
			fmt.Fprintf(w, "  option %s: %s\n", o.name, o.doc)
		}
		for _, s := range a.credentials {
			fmt.Fprintf(w, "  credential %s: %s\n", s.name, s.doc)
		}
		if a.account != "" {
			fmt.Fprintf(w, "  account %s: the credentials are taken from where its own tools keep them\n", a.account)
		}
	}
	for _, q := range s.Queries() {
		fmt.Fprintf(w, "  query %s: %s\n", q.Name, q.Doc)
	}
	if a, ok := s.(sources.Actor); ok {
		for _, e := range a.Effects() {
			fmt.Fprintf(w, "  effect %s: %s\n", e.Name, e.Doc)
		}
	}
	if d, ok := s.(sources.Documented); ok {
		fmt.Fprintln(w, "endpoints")
		for _, e := range d.Endpoints() {
			fmt.Fprintf(w, "  %s %s (%s): %s\n    for %s\n", e.Method, e.Path, e.Name, e.Doc, strings.Join(e.Feeds, ", "))
		}
	}
	return nil
}
