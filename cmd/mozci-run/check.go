package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/workflows"
)

func (c *command) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check [PATH…]", Short: "find the mistakes in workflows and rules, before anything is fetched",
		Long: `check reads workflows and files of rules and holds them to the language, and to what the profile's sources answer. PATH is a file, a
folder, or the name of a workflow that ships; the folder workflows where it is left out, or those that ship where there is none.
All mistakes come at once, with their places. The exit code is 1 where there is one.`,
		Example: "  mozci-run check\n  mozci-run check workflows/backfill.yaml team/triage.rules.yaml",
		RunE:    func(_ *cobra.Command, args []string) error { return c.check(args) },
		ValidArgsFunction: func(_ *cobra.Command, _ []string, part string) ([]string, cobra.ShellCompDirective) {
			return beginning(shipped(), part), cobra.ShellCompDirectiveDefault
		},
	}
}

func (c *command) check(paths []string) error {
	files, err := toCheck(paths)
	if err != nil {
		return err
	}
	s, err := c.openOffline()
	if err != nil {
		return err
	}
	problems := []engine.Problem{}
	for _, w := range files {
		if isRules(w.file) {
			problems = append(problems, engine.CheckRules(w.read, w.file, workflows.Standard())...)
			continue
		}
		_, found := load(w, s)
		problems = append(problems, found...)
	}
	if c.flags.output == "json" {
		err = json.NewEncoder(c.m.stdout).Encode(problems)
	} else {
		_, err = fmt.Fprint(c.m.stdout, engine.ShowAll(problems))
	}
	if err != nil {
		return err
	}
	c.note("%s, %s", count(len(files), "file", "files"), count(len(problems), "mistake", "mistakes"))
	if len(problems) > 0 {
		return ending(exitFound)
	}
	return nil
}

// toCheck finds the files that paths mean.
func toCheck(paths []string) ([]workflowFile, error) {
	if len(paths) == 0 {
		if info, err := os.Stat(workflowFolder); err == nil && info.IsDir() {
			return toCheck([]string{workflowFolder})
		}
		paths = shipped()
	}
	var out []workflowFile
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil || !info.IsDir() {
			w, err := findWorkflow(p)
			if err != nil {
				return nil, err
			}
			out = append(out, w)
			continue
		}
		below, err := filesBelow(p)
		if err != nil {
			return nil, fmt.Errorf("looking for workflows: %w", err)
		}
		if len(below) == 0 {
			return nil, usage("name a file, or a folder with workflows", "there is no workflow below %s", p)
		}
		out = append(out, below...)
	}
	return out, nil
}

func filesBelow(dir string) ([]workflowFile, error) {
	var out []workflowFile
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (isWorkflow(path) || isRules(path)) {
			out = append(out, workflowFile{file: filepath.ToSlash(path), read: os.ReadFile})
		}
		return err
	})
	return out, err
}
