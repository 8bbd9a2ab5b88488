package main

import (
	"bytes"
	"cmp"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/fixtures"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/taskcluster"
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
	spec := sourceSpec{Adapter: o.source}
	a, err := spec.adapter()
	if err != nil {
		return usage("--source names the adapter that reads these answers", "%w", err)
	}
	tape, err := o.empty(a)
	if err != nil {
		return err
	}
	in := importing{want: expected(a), redact: fixtures.NewRedactor(c.secrets()...), tape: tape}
	for _, file := range files {
		if err := in.take(file); err != nil {
			return err
		}
	}
	if in.left > 0 {
		c.note("%s left out, which no endpoint of %s reads; the first is %s", count(in.left, "exchange is", "exchanges are"), o.source, in.first)
	}
	tape.Recorded.At = fixtures.NewestDate(tape.Interactions)
	if tape.Recorded.At.IsZero() {
		tape.Recorded.At = c.m.now().UTC()
	}
	if err := in.check(); err != nil {
		return err
	}
	tape.Recorded.Base = in.redact.URL(tape.Recorded.Base)
	return c.keep(tape, filepath.Join(o.dir, o.source, o.name+".yaml"))
}

// empty is a cassette that says where it comes from, and holds nothing yet.
func (o importOrder) empty(a adapter) (*fixtures.Cassette, error) {
	rec := fixtures.Recorded{From: fixtures.Origin(o.from), What: o.what, Source: a.name, Base: or(o.base, a.base), By: maker(), Apart: o.apart}
	switch u, err := url.Parse(rec.Base); {
	case rec.Base == "":
		return nil, usage("--base https://ci.example/api", "%s has no service of its own, and so a --base is wanted", a.name)
	case err != nil || u.Host == "":
		return nil, usage("--base https://ci.example/api", "--base %s is no URL", sources.Redact(rec.Base))
	case !slices.Contains(fixtures.Origins(), rec.From):
		return nil, usage("--from live, simulator, server or hand", "--from %s is none of the origins of cassettes", o.from)
	case o.name != filepath.Base(o.name) || strings.HasPrefix(o.name, "."):
		return nil, usage("--case odd-page", "--case %s is no name of a file", o.name)
	}
	for _, b := range o.branches {
		name, there, ok := strings.Cut(b, "=")
		if !ok || name == "" || there == "" {
			return nil, usage("--branch autoland=integration/autoland", "--branch %s: a branch and what the service calls it are wanted", b)
		}
		if rec.Branches == nil {
			rec.Branches = map[string]string{}
		}
		rec.Branches[name] = there
	}
	return &fixtures.Cassette{Recorded: rec}, nil
}

// An importing is a cassette that is being made of files.
type importing struct {
	want   fixtures.Expected
	redact *fixtures.Redactor
	tape   *fixtures.Cassette
	files  []string // of each interaction
	left   int      // how many exchanges were left out,
	first  string   // and the first of these
}

// take adds what a file holds. Of an archive only what an endpoint reads is kept: a browser asks for much else.
func (i *importing) take(file string) error {
	list, archive, err := readExchanges(file, i.tape.Recorded.Base)
	if err != nil {
		return err
	}
	if archive && i.tape.Recorded.Apart == "" {
		kept, left := i.want.Keep(list, i.tape.Recorded)
		if len(left) > 0 && i.left == 0 {
			i.first = left[0].Method + " " + i.redact.URL(left[0].URL)
		}
		if len(kept) == 0 {
			return usage("--base says where the service is, and --source whose it is", "%s: no endpoint of %s at %s reads any of the %s of this archive",
				file, i.want.Name, i.redact.URL(i.tape.Recorded.Base), count(len(list), "entry", "entries"))
		}
		list, i.left = kept, i.left+len(left)
	}
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	for _, in := range list {
		if err := i.redact.Interaction(in); err != nil {
			return fmt.Errorf("importing %s: %w", file, err)
		}
		i.tape.Interactions = append(i.tape.Interactions, in)
		i.tape.Recorded.Cases = append(i.tape.Recorded.Cases, name)
		i.files = append(i.files, file)
	}
	return nil
}

// check holds what was read to the schemas of the source's endpoints.
func (i *importing) check() error {
	bad, err := i.want.Faults(i.tape)
	if err != nil || len(bad) == 0 {
		return err
	}
	return changedFormat(bad, "importing", "record --import --apart REASON keeps answers for which nobody asks so", func(f fixtures.Fault) string {
		return i.files[f.Place.Interaction-1] + ": "
	})
}

// readExchanges reads a file, and says whether it is an HTTP Archive.
func readExchanges(file, base string) (list []*fixtures.Interaction, archive bool, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, false, usage("name files of raw exchanges, or HTTP Archives (.har)", "importing: %w", err)
	}
	archive = strings.EqualFold(filepath.Ext(file), ".har") || bytes.HasPrefix(bytes.TrimSpace(data), []byte("{"))
	if archive {
		list, err = fixtures.ImportHAR(file, data)
	} else {
		list, err = fixtures.ImportRaw(file, data, base)
	}
	if err != nil {
		return nil, archive, usage("a raw exchange is a line \"# GET https://ci.example/api/jobs\", then the answer as it came over the wire; a browser's network panel saves an HTTP Archive (.har)",
			"importing: %w", err)
	}
	return list, archive, nil
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
		list = append(list, c.profilesOf(file)...)
	}
	kept, _ := c.taskclusterFile()
	var out []string
	for _, cred := range []taskcluster.Credentials{kept.credentials, {AccessToken: c.m.getenv(tokenVariable), Certificate: c.m.getenv(certVariable)}} {
		out = append(out, cred.AccessToken, cred.Certificate)
	}
	for _, p := range list {
		for _, s := range p.Sources {
			for _, name := range inOrder(keys(s.Credentials)) {
				if where := s.Credentials[name]; !where.Simulated && name != "client_id" {
					v, _ := c.read(where, p.dir) // a file that is not there holds no secret
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
