package main

import (
	"github.com/spf13/cobra"

	"github.com/mozci/mozci-run/engine"
)

func (c *command) schemaCommand() *cobra.Command {
	of := ""
	cmd := &cobra.Command{
		Use: "schema", Short: "write the JSON Schema of workflows, or of mozci.yaml, for editors",
		Long: `schema writes a JSON Schema (2020-12). That of workflows has the keywords of the language, and what the profile's queries and effects take; that of
profiles has what mozci.yaml may hold: adapters, with their options and credentials by name.
An editor that speaks the YAML language server's protocol completes and checks by it, where a file's first line is

  # yaml-language-server: $schema=PATH/workflow.schema.json`,
		Example: "  mozci-run schema > workflow.schema.json\n  mozci-run schema --of profiles > mozci.schema.json",
		Args:    exactly(0, "no argument"),
		RunE:    func(*cobra.Command, []string) error { return c.writeSchema(of) },
	}
	cmd.Flags().StringVar(&of, "of", "workflows", "workflows or profiles")
	must(cmd.RegisterFlagCompletionFunc("of", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"workflows\tthe files that are run", "profiles\tmozci.yaml"}, cobra.ShellCompDirectiveNoFileComp
	}))
	return cmd
}

func (c *command) writeSchema(of string) error {
	var text []byte
	switch of {
	case "profiles":
		text = settingsSchema()
	case "workflows":
		s, err := c.openOffline()
		if err != nil {
			return err
		}
		text = engine.Schema(s.registry)
	default:
		return usage("--of workflows, or --of profiles", "there is no schema of %q; %s", of, oneOf(of, []string{"workflows", "profiles"}))
	}
	_, err := c.m.stdout.Write(text)
	return err
}
