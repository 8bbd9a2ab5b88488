package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
)

func (c *command) queryCommand() *cobra.Command {
	var given []string
	cmd := &cobra.Command{
		Use:   "query NAME [-i name=value …]",
		Short: "ask one query by hand",
		Long:  "query asks one query of the profile's sources and prints the answer as JSON. Which source answered goes to stderr.",
		Example: `  mozci-run query pushes.range -i branch=autoland -i depth=5
  mozci-run --profile sim query jobs.history -i branch=autoland -i job=test-linux/opt-mochitest-1`,
		Args:              exactly(1, "the name of a query"),
		RunE:              func(cmd *cobra.Command, args []string) error { return c.query(args[0], given) },
		ValidArgsFunction: c.completeQueries,
	}
	cmd.Flags().StringArrayVarP(&given, "input", "i", nil, "name=value, as often as needed; lists take commas")
	return cmd
}

func (c *command) query(name string, given []string) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	defer s.close()
	q, _, ok := s.registry.Query(name)
	if !ok {
		return usage(oneOf(name, s.registry.QueryNames()), "no source of the profile %s answers %s", s.profile.name, name)
	}
	in, err := question(q, given, s.profile.Inputs)
	if err != nil {
		return err
	}
	over := c.during("asks " + name)
	answer, err := s.registry.Ask(c.ctx, name, in)
	over()
	if err != nil {
		return err
	}
	c.note("answered by %s", answer.Source)
	if answer.Instead != "" {
		c.note("instead of the first source: %s", answer.Instead)
	}
	return c.printFact(q.Out, answer.Value)
}

// question reads a query's input from name=value texts, and from the profile's defaults where those fit.
func question(q sources.Query, given []string, defaults map[string]any) (map[string]any, error) {
	in := map[string]any{}
	for _, f := range q.In.Fields {
		if v, ok := defaults[f.Name]; ok && !f.Optional {
			in[f.Name] = v
		}
	}
	values, err := valuesOf(q.In, q.Name, given, func(string) string { return fieldsOf(q.In) })
	if err != nil {
		return nil, err
	}
	maps.Copy(in, values)
	out, err := q.In.Conform(in)
	if err != nil {
		return nil, usage(fieldsOf(q.In), "%s: %w", q.Name, err)
	}
	return out.(map[string]any), nil
}

// fieldsOf says what an object's members are.
func fieldsOf(t *schemas.Type) string {
	lines := []string{"it takes"}
	for _, f := range t.Fields {
		optional := ""
		if f.Optional {
			optional = ", may be left out"
		}
		if f.Default != nil {
			optional = fmt.Sprintf(", %v where it is left out", f.Default)
		}
		lines = append(lines, fmt.Sprintf("  %s (%s%s): %s", f.Name, f.Type, optional, f.Doc))
	}
	return strings.Join(lines, "\n")
}

// printFact writes a fact to stdout as JSON: indented for people, on one line for programs.
func (c *command) printFact(t *schemas.Type, fact any) error {
	text, err := t.Marshal(fact)
	if err != nil {
		return err
	}
	if c.flags.output == "text" {
		var b bytes.Buffer
		if err := json.Indent(&b, text, "", "  "); err != nil {
			return err
		}
		text = b.Bytes()
	}
	_, err = fmt.Fprintf(c.m.stdout, "%s\n", text)
	return err
}

// inOrder sorts and returns names.
func inOrder(names []string) []string {
	slices.Sort(names)
	return names
}
