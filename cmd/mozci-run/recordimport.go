package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/fixtures"
)

// An importOrder is what record --import is told.
type importOrder struct {
	source   string
	base     string
	from     string
	what     string
	name     string // of the case: the cassette's file
	apart    string
	branches []string // NAME=WHAT THE SERVICE CALLS IT
	dir      string
}

// recordImport turns raw exchanges and HTTP Archives into one cassette.
func (c *command) recordImport(files []string, o importOrder) error {
	if o.source == "" || o.name == "" || len(files) == 0 {
		return usage("mozci-run record --help shows an example", "record --import wants files, a --source and a --case")
	}
	spec := sourceSpec{Adapter: plain(o.source)}
	if _, err := spec.adapter(); err != nil {
		return usage("--source names the adapter that reads these answers", "%w", err)
	}
	tape := &fixtures.Cassette{Recorded: fixtures.Recorded{From: fixtures.Origin(o.from), What: o.what, Source: o.source, Base: o.base, By: maker(), Apart: o.apart}}
	for _, b := range o.branches {
		name, there, ok := strings.Cut(b, "=")
		if !ok {
			return usage("--branch autoland=integration/autoland", "--branch %s: a branch and what the service calls it are wanted", b)
		}
		if tape.Recorded.Branches == nil {
			tape.Recorded.Branches = map[string]string{}
		}
		tape.Recorded.Branches[name] = there
	}
	redact := fixtures.NewRedactor(c.secrets()...)
	for _, file := range files {
		list, err := readExchanges(file, o.base)
		if err != nil {
			return usage("", "%w", err)
		}
		name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		for _, in := range list {
			if err := redact.Interaction(in); err != nil {
				return err
			}
			tape.Interactions = append(tape.Interactions, in)
			tape.Recorded.Cases = append(tape.Recorded.Cases, name)
		}
	}
	tape.Recorded.At = fixtures.NewestDate(tape.Interactions)
	if tape.Recorded.At.IsZero() {
		tape.Recorded.At = c.m.now().UTC()
	}
	tape.Recorded.Base = redact.URL(tape.Recorded.Base)
	return c.keep(tape, filepath.Join(o.dir, o.source, o.name+".yaml"))
}

func readExchanges(file, base string) ([]*fixtures.Interaction, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("importing: %w", err)
	}
	if filepath.Ext(file) == ".har" {
		return fixtures.ImportHAR(file, data)
	}
	return fixtures.ImportRaw(file, data, base)
}

// keep puts a cassette at its place and says so.
func (c *command) keep(tape *fixtures.Cassette, file string) error {
	if err := tape.Save(file); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.m.stdout, "%s: %s\n", file, count(len(tape.Interactions), "interaction", "interactions"))
	return err
}

// secrets are the credentials that any built-in profile or the settings file would read here: they appear in no cassette.
func (c *command) secrets() []string {
	list := builtIn()
	if file, err := c.settings(); err == nil {
		list = append(list, file.list()...)
	}
	var out []string
	for _, p := range list {
		for _, s := range p.Sources {
			for _, name := range inOrder(keys(s.Credentials)) {
				if where := s.Credentials[name]; !where.Simulated && name != "client_id" {
					v, _ := where.read(c.m.getenv) // a file that is not there holds no secret
					out = append(out, v)
				}
			}
		}
	}
	return slices.Compact(out)
}

func keys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}

// maker is what cassettes say that wrote them.
func maker() string { return "mozci-run " + cmp.Or(version(), "built here") }
