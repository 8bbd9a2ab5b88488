package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mozci/mozci-run/engine"
)

func (c *command) graphCommand() *cobra.Command {
	return &cobra.Command{
		Use: "graph WORKFLOW", Short: "draw a workflow's steps, as Mermaid",
		Long: `graph draws what waits for what: queries are round, lets square, effects hexagons with thick arrows, since each is a barrier; steps
that go round again are framed, or have an arrow to themselves. The text is Mermaid: GitHub shows it in a block of that name.`,
		Example:           "  mozci-run graph backfill\n  mozci-run graph workflows/backfill.yaml > backfill.mmd",
		Args:              exactly(1, "a workflow"),
		RunE:              func(_ *cobra.Command, args []string) error { return c.graph(args[0]) },
		ValidArgsFunction: c.completeWorkflows,
	}
}

func (c *command) graph(name string) error {
	w, err := findWorkflow(name)
	if err != nil {
		return err
	}
	s, err := c.openOffline()
	if err != nil {
		return err
	}
	prog, problems := load(w, s)
	if len(problems) > 0 {
		return usage("mozci-run check "+w.word()+" shows this as well", "the workflow has %s:\n%s", count(len(problems), "mistake", "mistakes"),
			strings.TrimSpace(engine.ShowAll(problems)))
	}
	_, err = fmt.Fprint(c.m.stdout, engine.Graph(prog))
	return err
}
