package main

import (
	"github.com/spf13/cobra"

	"github.com/mozci/mozci-run/engine"
)

func (c *command) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "write the JSON Schema of workflows, for editors",
		Long: `schema writes the JSON Schema (2020-12) of workflow files: the keywords of the language, and what the profile's queries and effects take.
An editor that speaks the YAML language server's protocol completes and checks by it, where a file's first line is

  # yaml-language-server: $schema=PATH/workflow.schema.json`,
		Example: "  mozci-run schema > workflow.schema.json",
		Args:    exactly(0, "no argument"),
		RunE: func(*cobra.Command, []string) error {
			s, err := c.openOffline()
			if err != nil {
				return err
			}
			_, err = c.m.stdout.Write(engine.Schema(s.registry))
			return err
		},
	}
}
