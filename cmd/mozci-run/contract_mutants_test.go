package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mozci/mozci-run/fixtures"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
)

// A specimen is an endpoint with answers that are right.
type specimen struct {
	source fixtures.Expected
	ep     sources.Endpoint
	schema *schemas.Schema
	reads  []schemas.Read
	tapes  []*fixtures.Cassette // only what this endpoint has answered, and the redirects to it
	values []any                // the answers, decoded
	shape  *schemas.Shape
}

// A mutant is a specimen whose answers have been changed at one place in one way.
type mutant struct {
	*specimen
	kind   string
	path   string
	want   []schemas.Change // what the finding has to be called: one of these
	breaks bool             // whether the adapter reads the place, and has no room for the change
	change func(v any) any  // the answer's new value
	answer func(*fixtures.Interaction)
}

// enough is how many bytes of answers an endpoint is shown with.
const enough = 3 << 10

// specimens are all endpoints of which there is an answer.
func specimens(t testing.TB) []*specimen {
	t.Helper()
	lib := openCassettes(t, shippedCassettes)
	var out []*specimen
	for _, want := range expectations() {
		for _, ep := range want.Endpoints {
			if s := newSpecimen(t, lib, want, ep); s != nil {
				out = append(out, s)
			}
		}
	}
	return out
}

func newSpecimen(t testing.TB, lib *fixtures.Library, want fixtures.Expected, ep sources.Endpoint) *specimen {
	t.Helper()
	if ep.Decode == nil || ep.Text {
		return nil
	}
	s := &specimen{source: fixtures.Expected{Name: want.Name, Endpoints: []sources.Endpoint{ep}, New: want.New}, ep: ep, reads: schemas.ReadsOf(ep.Decode)}
	var err error
	if s.schema, err = schemas.Get(ep.Schema); err != nil {
		t.Fatal(err)
	}
	s.shape = schemas.NewShape(s.schema.MapPaths()...)
	size, room := 0, enough
	if len(s.schema.Orders()) > 0 { // to have an order takes more than one
		room *= 4
	}
	for _, tape := range lib.Cassettes() {
		if tape.Recorded.Source == want.Name && tape.Recorded.Apart == "" && size < room {
			size += s.take(t, tape, room-size)
		}
	}
	s.shape.Finish()
	if len(s.values) == 0 {
		return nil
	}
	return s
}

// take adds what a cassette holds of the endpoint, up to so many bytes, and says how many it was.
func (s *specimen) take(t testing.TB, tape *fixtures.Cassette, room int) int {
	t.Helper()
	own := s.endpointsOf(t, tape)
	part := &fixtures.Cassette{File: tape.File, Recorded: tape.Recorded}
	part.Recorded.Asked, part.Recorded.Cases = nil, nil
	redirected := map[string]bool{}
	size := 0
	for _, in := range tape.Interactions {
		name := endpointNamed(own, tape, in)
		if name != s.ep.Name && !redirected[in.URL] {
			continue
		}
		if in.Status/100 == 3 {
			from, err := url.Parse(in.URL)
			if err != nil {
				t.Fatal(err)
			}
			if to, err := from.Parse(in.Answer.Get("Location")); err == nil {
				redirected[to.String()] = true
			}
			part.Interactions = append(part.Interactions, in)
			continue
		}
		content, err := in.ReadContent()
		if err != nil {
			t.Fatal(err)
		}
		if in.Status != 200 || in.Method == http.MethodHead || in.Answer.Get("Content-Encoding") != "" || size > room {
			continue
		}
		v, err := schemas.DecodeJSON(content)
		if err != nil {
			t.Fatalf("%s: %v", tape.File, err)
		}
		whole := *in
		whole.Content = content
		part.Interactions = append(part.Interactions, &whole)
		s.values = append(s.values, v)
		s.shape.Add(v)
		size += len(content)
	}
	if size > 0 {
		s.tapes = append(s.tapes, part)
	}
	return size
}

func (s *specimen) endpointsOf(t testing.TB, tape *fixtures.Cassette) []sources.Endpoint {
	t.Helper()
	src, err := s.source.New(&http.Client{Transport: nowhere{}}, tape.Recorded)
	if err != nil {
		t.Fatal(err)
	}
	return src.(sources.Documented).Endpoints()
}

func endpointNamed(list []sources.Endpoint, tape *fixtures.Cassette, in *fixtures.Interaction) string {
	for _, ep := range list {
		if ep.Match(in.Method, tape.Recorded.Base, in.URL) {
			return ep.Name
		}
	}
	return ""
}

// read is what the adapter reads at a path, or takes in whole above it.
func (s *specimen) read(path string) *schemas.Read {
	for p := path; p != ""; p = schemas.ParentPath(p) {
		below := slices.ContainsFunc(s.reads, func(r schemas.Read) bool { return strings.HasPrefix(r.Path, p+".") })
		for i := range s.reads {
			if s.reads[i].Path == p && (p == path || s.reads[i].Kind == "any" && !below) {
				return &s.reads[i]
			}
		}
	}
	return nil
}

// library is the specimen's cassettes, each answer changed.
func (m *mutant) library(t testing.TB) *fixtures.Library {
	t.Helper()
	var tapes []*fixtures.Cassette
	n := 0
	for _, tape := range m.tapes {
		part := &fixtures.Cassette{File: tape.File, Recorded: tape.Recorded}
		for _, in := range tape.Interactions {
			one := *in
			one.Answer = in.Answer.Clone()
			if in.Status == 200 {
				if m.change != nil {
					text, err := json.Marshal(m.change(m.values[n]))
					if err != nil {
						t.Fatal(err)
					}
					one.Content = text
				}
				if m.answer != nil {
					m.answer(&one)
				}
				n++
			}
			part.Interactions = append(part.Interactions, &one)
		}
		tapes = append(tapes, part)
	}
	return fixtures.NewLibrary(tapes...)
}

// found says whether the contract finds the mutant: the right path, the right kind, and breaking where it breaks.
func (m *mutant) found(t testing.TB, then *fixtures.Library) (bool, string) {
	t.Helper()
	rep, err := fixtures.Contract{Sources: []fixtures.Expected{m.source}}.Check(t.Context(), m.library(t), then)
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, f := range rep.Findings {
		if f.Path == m.path && slices.Contains(m.want, f.Change) && (!m.breaks || f.Severity == fixtures.Breaking) {
			return true, ""
		}
		said += fmt.Sprintf(" %s %s %s;", f.Severity, f.Path, f.Change)
	}
	return false, said
}

// tally counts the mutants of a kind.
type tally struct{ made, found, breaking, foundBreaking int }

// The bench of the contract: mutants of every kind, at every place of every endpoint. At least 99 of 100 that break an adapter are found, with
// their path and kind. The table is printed with -v.
func TestMutants(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("NOT RUN: three thousand mutants take minutes with the race detector; go test without it runs them, and so does .ci/run")
	}
	var mu sync.Mutex
	table := map[string]*tally{}
	var missed []string
	var all atomic.Int64
	work := make(chan *specimen)
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for s := range work {
				then := fixtures.NewLibrary(s.tapes...)
				for _, m := range s.mutants() {
					ok, said := m.found(t, then)
					all.Add(1)
					mu.Lock()
					row := table[m.kind]
					if row == nil {
						row = &tally{}
						table[m.kind] = row
					}
					row.count(m.breaks, ok)
					if !ok {
						missed = append(missed, fmt.Sprintf("breaks=%-5t %-22s %s %s %s: found%s", m.breaks, m.kind, s.source.Name, s.ep.Name, m.path, said))
					}
					mu.Unlock()
				}
			}
		}()
	}
	for _, s := range specimens(t) {
		work <- s
	}
	close(work)
	wg.Wait()
	judge(t, table, missed)
}

func (r *tally) count(breaks, ok bool) {
	r.made++
	if ok {
		r.found++
	}
	if breaks {
		r.breaking++
		if ok {
			r.foundBreaking++
		}
	}
}

func judge(t *testing.T, table map[string]*tally, missed []string) {
	t.Helper()
	var sum tally
	lines := []string{fmt.Sprintf("%-24s %6s %6s %9s %6s", "mutation", "made", "found", "breaking", "found")}
	for _, kind := range inOrder(keys(table)) {
		r := table[kind]
		lines = append(lines, fmt.Sprintf("%-24s %6d %6d %9d %6d", kind, r.made, r.found, r.breaking, r.foundBreaking))
		sum.made, sum.found, sum.breaking, sum.foundBreaking = sum.made+r.made, sum.found+r.found, sum.breaking+r.breaking, sum.foundBreaking+r.foundBreaking
	}
	lines = append(lines, fmt.Sprintf("%-24s %6d %6d %9d %6d", "all", sum.made, sum.found, sum.breaking, sum.foundBreaking))
	t.Log("\n" + strings.Join(lines, "\n"))
	if sum.made < 2000 || sum.breaking < 500 {
		t.Errorf("%d mutants, %d of them breaking: at least 2000 and 500 are wanted", sum.made, sum.breaking)
	}
	if sum.foundBreaking*100 < sum.breaking*99 {
		t.Errorf("%d of %d breaking mutants were found: 99 of 100 are wanted", sum.foundBreaking, sum.breaking)
	}
	slices.Sort(missed)
	for _, m := range missed {
		t.Log("missed: " + m)
	}
}
