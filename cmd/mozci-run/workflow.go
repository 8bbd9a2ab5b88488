package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/workflows"
)

// workflowFolder is where a team keeps its workflows.
const workflowFolder = "workflows"

// A workflowFile is a workflow that was found.
type workflowFile struct {
	file  string
	read  engine.Reader
	ships bool // whether it is one of those that ship
}

// String says which workflow it is.
func (w workflowFile) String() string {
	if w.ships {
		return w.word() + ", the one that ships"
	}
	return w.file
}

// word is what names the workflow on a command line.
func (w workflowFile) word() string {
	if w.ships {
		return strings.TrimSuffix(w.file, ".yaml")
	}
	return w.file
}

// findWorkflow finds a file, or by its name workflows/NAME.yaml, or the one that ships.
func findWorkflow(name string) (workflowFile, error) {
	onDisk := func(file string) workflowFile { return workflowFile{file: file, read: os.ReadFile} }
	if strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
		if _, err := os.Stat(name); err != nil {
			return workflowFile{}, usage(meantFile(name)+knownWorkflows(), "reading the workflow: %w", err)
		}
		return onDisk(filepath.ToSlash(filepath.Clean(name))), nil
	}
	file := filepath.ToSlash(filepath.Join(workflowFolder, name+".yaml"))
	for _, f := range []string{file, strings.TrimSuffix(file, ".yaml") + ".yml"} {
		if _, err := os.Stat(f); err == nil {
			return onDisk(f), nil
		}
	}
	if slices.Contains(shipped(), name) {
		return workflowFile{file: name + ".yaml", read: engine.ReadFrom(workflows.FS), ships: true}, nil
	}
	return workflowFile{}, usage(meantFile(name)+knownWorkflows(), "there is no workflow %q: neither %s nor one of that name that ships", name, file)
}

func knownWorkflows() string {
	return "these ship: " + strings.Join(shipped(), ", ") + "; others are named by their file"
}

// shipped lists the names of the workflows that ship.
func shipped() []string {
	files, err := fs.Glob(workflows.FS, "*.yaml")
	must(err) // the pattern is right
	var names []string
	for _, f := range files {
		if isWorkflow(f) {
			names = append(names, strings.TrimSuffix(f, ".yaml"))
		}
	}
	return names
}

// byName lists the names of the workflows in the folder of workflows, and of those that ship.
func byName() []string {
	names := shipped()
	files, _ := filepath.Glob(filepath.Join(workflowFolder, "*.y*ml")) // a pattern of ours is right, and what cannot be read is not there
	for _, f := range files {
		if isWorkflow(f) {
			names = append(names, strings.TrimSuffix(filepath.Base(f), filepath.Ext(f)))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// isWorkflow says whether a file's name is a workflow's, and not that of a test or of rules.
func isWorkflow(file string) bool {
	return (strings.HasSuffix(file, ".yaml") || strings.HasSuffix(file, ".yml")) && !strings.HasSuffix(strings.TrimSuffix(file, filepath.Ext(file)), "_test") && !isRules(file)
}

func isRules(file string) bool {
	return strings.HasSuffix(file, ".rules.yaml") || strings.HasSuffix(file, ".rules.yml")
}

// load reads and checks a workflow against what a profile's sources answer.
func load(w workflowFile, s *session) (*engine.Program, []engine.Problem) {
	def, problems := engine.Load(w.read, w.file, workflows.Standard())
	if def == nil {
		return nil, problems
	}
	return engine.Check(def, catalog(s.registry, s.profile))
}

// catalog is what a profile answers, and the inputs that it gives.
func catalog(r *sources.Registry, p chosen) engine.Catalog {
	names := make([]string, 0, len(p.Inputs))
	for name := range p.Inputs {
		names = append(names, name)
	}
	return engine.WithInputs(r, inOrder(names)...)
}

// rebuild makes a program again of what was stored with a run.
func rebuild(s *session) func(engine.Bundle) (*engine.Program, error) {
	return func(b engine.Bundle) (*engine.Program, error) {
		def, problems := engine.LoadBundle(b)
		if def == nil {
			return nil, errors.New(strings.TrimSpace(engine.ShowAll(problems)))
		}
		p, problems := engine.Check(def, catalog(s.registry, s.profile))
		if len(problems) > 0 {
			return nil, fmt.Errorf("it no longer fits the profile %s:\n%s", s.profile.name, strings.TrimSpace(engine.ShowAll(problems)))
		}
		return p, nil
	}
}
