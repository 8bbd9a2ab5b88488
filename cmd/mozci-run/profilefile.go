package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// settingsFile is what a file of profiles is called, in the working directory or above it.
const settingsFile = "mozci.yaml"

// A profileFile is what mozci.yaml holds.
type profileFile struct {
	Default  word               `yaml:"default,omitempty"` // the profile where nothing names one; the only one where there is one
	Profiles map[string]profile `yaml:"profiles"`

	path string // empty where there is no file
}

// settings reads the file that --config names, or mozci.yaml, or nothing.
func (c *command) settings() (profileFile, error) {
	path := c.flags.config
	if path == "" {
		path = findUp(settingsFile)
	}
	if path == "" {
		return profileFile{}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return profileFile{}, usage("--config wants a file such as mozci-run sim prints", "reading profiles: %w", err)
	}
	file := profileFile{path: path}
	if err := yamldoc.Unmarshal(path, text, &file); err != nil {
		return profileFile{}, usage("see mozci-run sim --help for an example of such a file", "the profiles of %s:\n%w", path, err)
	}
	return file, file.check()
}

// check finds what the types of the fields do not.
func (f profileFile) check() error {
	if _, ok := f.Profiles[f.Default.text]; !ok && f.Default.text != "" && !slices.ContainsFunc(builtIn(), func(p profile) bool { return p.name == f.Default.text }) {
		return usage("define it under profiles", "the profiles of %s:\n%w", f.path, f.Default.blame("unknown-profile", "there is no profile %s", f.Default.text))
	}
	for _, p := range f.list() {
		for _, s := range p.Sources {
			if err := s.check(); err != nil {
				return usage("mozci-run sources show ADAPTER says what one is told", "the profile %s of %s:\n%w", p.name, f.path, err)
			}
		}
		if p.Clock != nil && (p.Clock.Speed < 0 || p.Clock.Jump && p.Simulate == nil) {
			return usage("", "the profile %s of %s: a clock runs forward, and jumps in a simulated CI only", p.name, f.path)
		}
	}
	return nil
}

// list gives the profiles in the order of their names.
func (f profileFile) list() []profile {
	var out []profile
	for name, p := range f.Profiles {
		p.name, p.from = name, f.path
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b profile) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	return out
}

// standard is the profile that the file wants where nothing else names one; empty where it does not say.
func (f profileFile) standard() string {
	if f.Default.text == "" && len(f.Profiles) == 1 {
		return f.list()[0].name
	}
	return f.Default.text
}

// findUp looks for a file in the working directory and in all that are above it.
func findUp(name string) string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// read finds a secret. Empty means that there is none, which is no error: much can be read, and planned, without.
func (s secret) read(getenv func(string) string) (string, error) {
	if s.Simulated {
		return "simulated", nil
	}
	if s.Env != "" {
		return getenv(s.Env), nil
	}
	if s.File == "" {
		return "", nil
	}
	text, err := os.ReadFile(s.File)
	if err != nil {
		return "", fmt.Errorf("reading a credential: %w", err)
	}
	return string(trimNewline(text)), nil
}

func trimNewline(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}
