package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
)

// A transcript in the README is what its command prints, on stderr and stdout, in which … stands for anything: the rest of a line at its end, or any
// number of lines alone on one.
func TestReadmeTranscripts(t *testing.T) {
	unraced(t)
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```console\n\\$ mozci-run ([^\n]*)\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 2 {
		t.Fatalf("the README has %d transcripts", len(blocks))
	}
	for _, b := range blocks {
		t.Run(b[1], func(t *testing.T) {
			var out bytes.Buffer
			m := thisMachine()
			m.stdin, m.stdout, m.stderr = strings.NewReader(""), &out, &out
			env := map[string]string{"HOME": t.TempDir()}
			m.getenv = func(name string) string { return env[name] }
			t.Chdir(t.TempDir())
			if code := Main(t.Context(), strings.Fields(b[1]), m); code != exitDone {
				t.Errorf("exit code %d", code)
			}
			if !transcript(b[2]).MatchString(out.String()) {
				t.Errorf("the README shows\n%s\nand this came\n%s", b[2], out.String())
			}
		})
	}
}

func transcript(shown string) *regexp.Regexp {
	var p strings.Builder
	p.WriteString(`\A`)
	for line := range strings.Lines(shown) {
		line = strings.TrimSuffix(line, "\n")
		if line == "…" {
			p.WriteString(`(?:.*\n)*?`)
			continue
		}
		p.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*") + `\n`)
	}
	p.WriteString(`\z`)
	return regexp.MustCompile(p.String())
}
