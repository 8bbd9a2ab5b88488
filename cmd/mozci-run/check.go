package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/spf13/cobra"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/schemas/yamldoc"
	"github.com/mozci/mozci-run/workflows"
)

func (c *command) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check [PATH…]", Short: "find the mistakes in workflows, rules and mozci.yaml, before anything is fetched",
		Long: `check reads workflows and files of rules and holds them to the language, and to what the profile's sources answer; files of profiles it holds to what
adapters there are and what they are told, and looks whether the files are there that they name. PATH is a file, a folder, or the name of a
workflow that ships. Where it is left out, that is the folder workflows, or those that ship where there is none, and mozci.yaml where there is one.
All mistakes come at once, with their places. The exit code is 1 where there is one.`,
		Example: "  mozci-run check\n  mozci-run check workflows/backfill.yaml team/triage.rules.yaml mozci.yaml",
		RunE:    func(_ *cobra.Command, args []string) error { return c.check(args) },
		ValidArgsFunction: func(_ *cobra.Command, _ []string, part string) ([]string, cobra.ShellCompDirective) {
			return beginning(byName(), part), cobra.ShellCompDirectiveDefault
		},
	}
}

func (c *command) check(paths []string) error {
	defer debug.SetGCPercent(debug.SetGCPercent(4 * 100)) // it ends before it has used so much that collecting would gain anything
	files, err := toCheck(paths)
	if err != nil {
		return err
	}
	if own := c.settingsPath(); own != "" && len(paths) == 0 {
		files = append(files, workflowFile{file: own, read: os.ReadFile})
	}
	problems := []engine.Problem{}
	var left []workflowFile
	for _, w := range files {
		if c.isSettings(w) {
			problems = append(problems, c.checkSettings(w.file)...)
		} else {
			left = append(left, w)
		}
	}
	more, err := c.checkWorkflows(left)
	if err != nil {
		return err
	}
	for _, p := range more {
		if !slices.ContainsFunc(problems, func(o engine.Problem) bool { return o.Problem == p.Problem && p.Called == nil }) {
			problems = append(problems, p)
		}
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

// checkWorkflows holds workflows and rules to the language, and to the profile. Where the file of profiles has mistakes, what the profile answers is
// not known: these mistakes are told first.
func (c *command) checkWorkflows(files []workflowFile) ([]engine.Problem, error) {
	if len(files) == 0 {
		return nil, nil
	}
	s, err := c.openOffline()
	var settings *settingsError
	if errors.As(err, &settings) {
		c.note("%s not checked: what the profile answers is not known while %s has mistakes", count(len(files), "file is", "files are"), settings.path)
		return asProblems(settings.problems), nil
	}
	if err != nil {
		return nil, err
	}
	found := make([][]engine.Problem, len(files))
	var all sync.WaitGroup
	places := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, w := range files {
		places <- struct{}{}
		all.Go(func() {
			found[i] = checkWorkflow(w, s)
			<-places
		})
	}
	all.Wait()
	return slices.Concat(found...), nil
}

// checkWorkflow holds one file of a workflow, or of rules, to the language and to the profile. It may be called side by side.
func checkWorkflow(w workflowFile, s *session) []engine.Problem {
	if isRules(w.file) {
		return engine.CheckRules(w.read, w.file, workflows.Standard())
	}
	prog, problems := load(w, s)
	if prog != nil {
		problems = append(problems, misfits(prog, s.profile.profile)...)
	}
	return problems
}

// misfits are the values that a profile of a file gives and that a program's inputs do not take.
func misfits(prog *engine.Program, p profile) []engine.Problem {
	var out []engine.Problem
	for _, in := range prog.Inputs {
		at := p.node.Get("inputs").Get(in.Name)
		if at == nil {
			continue
		}
		if err := in.Check(p.Inputs[in.Name]); err != nil {
			out = append(out, engine.Problem{Problem: at.Problem("wrong-type", fmt.Sprintf("%s takes another %s: %v", prog.Name, in.Name, err))})
		}
	}
	return out
}

// isSettings says whether a file is one of profiles: by its name, or by what it holds.
func (c *command) isSettings(w workflowFile) bool {
	if w.ships {
		return false
	}
	if w.file == filepath.ToSlash(filepath.Clean(or(c.flags.config, settingsFile))) || filepath.Base(w.file) == settingsFile {
		return true
	}
	text, err := w.read(w.file)
	if err != nil {
		return false
	}
	doc, problems := yamldoc.Parse(w.file, text)
	return len(problems) == 0 && doc.Get("profiles") != nil && doc.Get("steps") == nil
}

// checkSettings holds a file of profiles to what it may hold, and each of its profiles to the world.
func (c *command) checkSettings(path string) []engine.Problem {
	var problems []yamldoc.Problem
	text, err := os.ReadFile(path)
	if err != nil {
		problems = []yamldoc.Problem{{File: path, Line: 1, Column: 1, Length: 1, Kind: "file", Message: fmt.Sprintf("%s cannot be read: %v", path, err)}}
	} else {
		var file profileFile
		file, problems = readSettings(path, text)
		if file.node != nil {
			for _, p := range c.profilesOf(file) {
				problems = slices.Concat(problems, p.absent(), c.unread(p))
			}
			problems = conceal(yamldoc.Sort(problems), file.node)
		}
	}
	return asProblems(problems)
}

func asProblems(list []yamldoc.Problem) []engine.Problem {
	var out []engine.Problem
	for _, p := range list {
		out = append(out, engine.Problem{Problem: p})
	}
	return out
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
