package workflowtest

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/mozci/mozci-run/fixtures"
	"github.com/mozci/mozci-run/rules"
)

// A Report is what tests have found.
type Report struct {
	Results []TestResult

	cover    *rules.Coverage
	mu       sync.Mutex
	reached  map[Reach]int // with Hits 0 as its key
	mistakes []mistake
	golden   []string // files that were written
}

// wrote notes that a golden file was written.
func (r *Report) wrote(file string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.golden = append(r.golden, file)
}

// Written lists the golden files that were written, sorted.
func (r *Report) Written() []string { return slices.Sorted(slices.Values(r.golden)) }

// A mistake is a file of tests that could not be run.
type mistake struct {
	file string
	text string
}

func newReport() *Report {
	return &Report{cover: rules.NewCoverage(), reached: map[Reach]int{}}
}

func (r *Report) problems(file string, list []Problem) {
	var texts []string
	for _, p := range list {
		texts = append(texts, p.Show())
	}
	r.mistakes = append(r.mistakes, mistake{file, strings.Join(texts, "\n")})
}

// Failed says whether a test failed, or could not be run.
func (r *Report) Failed() bool {
	if len(r.mistakes) > 0 {
		return true
	}
	for _, t := range r.Results {
		if len(t.Failures) > 0 {
			return true
		}
	}
	return false
}

// Write writes the report: text, json or junit. verbose lists tests that passed, too, and every place that no test has reached.
func (r *Report) Write(w io.Writer, format string, verbose bool) error {
	switch format {
	case "", "text":
		return r.text(w, verbose)
	case "json":
		return r.json(w)
	case "junit":
		return r.junit(w)
	}
	return fmt.Errorf("there is no format %q: text, json or junit", format)
}

type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (r *Report) text(w io.Writer, verbose bool) error {
	p := &printer{w: w}
	passed, failed := 0, 0
	for _, m := range r.mistakes {
		failed++
		p.line("FAIL %s: it cannot be run\n%s", m.file, indent(m.text))
	}
	for _, t := range r.Results {
		if len(t.Failures) == 0 {
			passed++
			if verbose {
				p.line("ok   %s: %s", t.File, t.Name)
			}
			continue
		}
		failed++
		p.line("FAIL %s:%d: %s", t.File, t.Line, t.Name)
		for _, f := range t.Failures {
			p.line("%s", indent(f))
		}
	}
	p.coverage(r.Coverage(), verbose)
	p.line("%d passed, %d failed", passed, failed)
	return p.err
}

func (p *printer) coverage(list []Reach, verbose bool) {
	for _, s := range Shares(list) {
		p.line("cover %s: %d of %d steps, %d of %d rows, %d of %d operands (%.1f %%)", s.File, s.Steps[0], s.Steps[1], s.Rows[0], s.Rows[1], s.Ops[0], s.Ops[1], s.Percent())
	}
	if !verbose {
		return
	}
	for _, r := range list {
		if r.Hits == 0 {
			p.line("not reached %s:%d:%d: %s %s", r.File, r.Line, r.Column, strings.TrimSuffix(r.What, " "), r.Name)
		}
	}
}

func indent(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }

func (r *Report) json(w io.Writer) error {
	type result struct {
		File     string   `json:"file"`
		Name     string   `json:"name"`
		Line     int      `json:"line,omitempty"`
		Passed   bool     `json:"passed"`
		Failures []string `json:"failures,omitempty"`
		Seconds  float64  `json:"seconds,omitempty"`
	}
	doc := struct {
		Tests    []result `json:"tests"`
		Coverage []Reach  `json:"coverage"`
	}{Tests: []result{}, Coverage: r.Coverage()}
	for _, m := range r.mistakes {
		doc.Tests = append(doc.Tests, result{File: m.file, Name: "the file", Failures: []string{m.text}})
	}
	for _, t := range r.Results {
		doc.Tests = append(doc.Tests, result{t.File, t.Name, t.Line, len(t.Failures) == 0, t.Failures, t.Took.Seconds()})
	}
	return indented(w, doc)
}

func indented(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func (r *Report) junit(w io.Writer) error {
	doc := &fixtures.JUnit{}
	for _, m := range r.mistakes {
		doc.Suite(m.file).Add(caseOf(TestResult{File: m.file, Name: "the file", Failures: []string{m.text}}))
	}
	for _, t := range r.Results {
		doc.Suite(t.File).Add(caseOf(t))
	}
	return doc.Write(w)
}

func caseOf(t TestResult) fixtures.JUnitCase {
	c := fixtures.JUnitCase{Class: t.File, Name: t.Name, Seconds: t.Took.Seconds()}
	if len(t.Failures) > 0 {
		first, _, _ := strings.Cut(t.Failures[0], "\n")
		c.Failure = &fixtures.JUnitMessage{Message: first, Text: strings.Join(t.Failures, "\n")}
	}
	return c
}
