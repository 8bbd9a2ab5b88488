package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// settingsFile is what a file of profiles is called, in the working directory or above it.
const settingsFile = "mozci.yaml"

// A settingsError is what is wrong with a file of profiles.
type settingsError struct {
	path     string
	problems []yamldoc.Problem
}

func (e *settingsError) Error() string {
	return fmt.Sprintf("%s has %s:\n%v", e.path, count(len(e.problems), "mistake", "mistakes"), yamldoc.AsError(e.problems))
}

// settings reads the file that --config names, or mozci.yaml, or nothing.
func (c *command) settings() (profileFile, error) {
	path := c.settingsPath()
	if path == "" {
		return profileFile{}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return profileFile{}, usage("--config wants a file such as mozci-run sim prints", "reading profiles: %w", err)
	}
	file, problems := readSettings(path, text)
	return file, wrongSettings(path, problems)
}

// wrongSettings is the error of a file with problems; nil where there are none.
func wrongSettings(path string, problems []yamldoc.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return usage("mozci-run check "+path+" shows this as well; mozci-run schema --of profiles writes what editors know the file by", "%w", &settingsError{path, problems})
}

// settingsPath is the file of profiles: empty where there is none.
func (c *command) settingsPath() string {
	if c.flags.config != "" {
		return c.flags.config
	}
	return findUp(settingsFile)
}

// names lists the profiles that there are, sorted, those that ship among them.
func (f profileFile) names() []string {
	var names []string
	for name := range f.Profiles {
		names = append(names, name)
	}
	for _, p := range builtIn() {
		names = append(names, p.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// profilesOf gives the profiles of a file in the order of their names. Their paths start from the folder of the file, since the file is found from folders
// below it, too.
func (c *command) profilesOf(f profileFile) []profile {
	var out []profile
	for name, p := range f.Profiles {
		p.name, p.from, p.dir, p.node = name, f.path, filepath.Dir(f.path), f.node.Get("profiles").Get(name)
		if p.Replay != "" {
			p.Replay = c.pathFrom(p.dir, p.Replay)
		}
		if p.Simulate != nil && isScenarioFile(p.Simulate.Scenario) {
			p.Simulate = &simulation{Scenario: c.pathFrom(p.dir, p.Simulate.Scenario), Seed: p.Simulate.Seed}
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b profile) int { return strings.Compare(a.name, b.name) })
	return out
}

// pathFrom is a path that is written in a file of a folder; ~/ starts from the home directory.
func (c *command) pathFrom(dir, path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok && c.m.getenv("HOME") != "" {
		return filepath.Join(c.m.getenv("HOME"), rest)
	}
	if filepath.IsAbs(path) || dir == "." {
		return path
	}
	return filepath.Join(dir, path)
}

// standard is the profile that the file wants where nothing else names one; empty where it does not say.
func (f profileFile) standard() string {
	if f.Default == "" && len(f.Profiles) == 1 {
		for name := range f.Profiles {
			return name
		}
	}
	return f.Default
}

// findUp looks for a file in the working directory and in all that are above it. In the working directory it has its name alone.
func findUp(name string) string {
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return name
	}
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for parent := filepath.Dir(dir); parent != dir; parent = filepath.Dir(dir) {
		dir = parent
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path
		}
	}
	return ""
}
