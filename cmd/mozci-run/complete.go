package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mozci/mozci-run/sources"
)

// completeFlags lets the shell complete the flags that all commands share.
func (c *command) completeFlags(root *cobra.Command) {
	noFile := cobra.ShellCompDirectiveNoFileComp
	must(root.RegisterFlagCompletionFunc("profile", func(_ *cobra.Command, _ []string, part string) ([]string, cobra.ShellCompDirective) {
		file, err := c.settings()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var names []string
		for _, p := range append(c.profilesOf(file), builtIn()...) {
			names = append(names, p.name+"\t"+p.Description)
		}
		return beginning(names, part), noFile
	}))
	must(root.RegisterFlagCompletionFunc("output", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"text\tfor people", "json\tfor programs"}, noFile
	}))
	must(root.RegisterFlagCompletionFunc("db", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{inMemory + "\tleaves nothing"}, cobra.ShellCompDirectiveDefault
	}))
}

// must is for what only a bug of this program can break.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func beginning(names []string, part string) []string {
	var out []string
	for _, n := range names {
		if strings.HasPrefix(n, part) {
			out = append(out, n)
		}
	}
	return out
}

// silently opens the profile without a word on stderr.
func (c *command) silently(f func(r *sources.Registry) []string) ([]string, cobra.ShellCompDirective) {
	quiet := *c
	quiet.m.stderr = io.Discard
	s, err := quiet.open()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	defer s.close()
	return f(s.registry), cobra.ShellCompDirectiveNoFileComp
}

func (c *command) completeQueries(_ *cobra.Command, args []string, part string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.silently(func(r *sources.Registry) []string {
		var names []string
		for _, name := range r.QueryNames() {
			q, _, _ := r.Query(name)
			names = append(names, name+"\t"+q.Doc)
		}
		return beginning(names, part)
	})
}

func (c *command) completeSources(_ *cobra.Command, args []string, part string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.silently(func(r *sources.Registry) []string {
		var names []string
		for _, s := range r.Sources() {
			names = append(names, s.Name())
		}
		return beginning(append(names, append(r.QueryNames(), r.EffectNames()...)...), part)
	})
}

// completeWorkflows lets the shell complete workflows: files, and the names of those in the folder of workflows and of those that ship.
func (c *command) completeWorkflows(_ *cobra.Command, args []string, part string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return beginning(byName(), part), cobra.ShellCompDirectiveDefault
}

// completeInputs lets the shell complete the inputs of the workflow that stands on the line already.
func (c *command) completeInputs(_ *cobra.Command, args []string, part string) ([]string, cobra.ShellCompDirective) {
	noSpace := cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	if len(args) == 0 {
		return nil, noSpace
	}
	w, err := findWorkflow(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	quiet := *c
	quiet.m.stderr = io.Discard
	s, err := quiet.openOffline()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	prog, problems := load(w, s)
	if len(problems) > 0 {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, in := range prog.Inputs {
		for _, v := range in.Type.Enum {
			names = append(names, in.Name+"="+v)
		}
		if in.Type.Enum == nil {
			names = append(names, in.Name+"=\t"+in.Doc)
		}
	}
	return beginning(names, part), noSpace
}
