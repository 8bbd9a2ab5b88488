package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// A wall is a machine's clock that moves only while somebody waits: the same run takes the same time on every machine.
type wall struct {
	mu  sync.Mutex
	now time.Time
}

func (w *wall) read() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *wall) sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(max(d, 0))
	return nil
}

// TestReadmeTranscripts runs the commands of README.md and compares what they say, stdout and stderr as they come, with
// what stands there. In the README … stands for anything within a line, and a line with nothing else for any lines.
func TestReadmeTranscripts(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) == 0 {
		t.Fatal("README.md has no transcript")
	}
	t.Chdir(t.TempDir())
	home := t.TempDir()
	for _, b := range blocks {
		for _, part := range strings.Split("\n"+b[1], "\n$ ")[1:] {
			command, want, _ := strings.Cut(part, "\n")
			t.Run(command, func(t *testing.T) {
				got := transcript(t, home, command)
				if !pattern(want).MatchString(got) {
					t.Errorf("README.md says\n%s\nand it was\n%s", want, got)
				}
			})
		}
	}
}

// transcript runs a command line in this process, on a clock that jumps.
func transcript(t *testing.T, home, line string) string {
	t.Helper()
	words := strings.Fields(line)
	if words[0] != "mozci-run" {
		t.Fatalf("%s is not to be run here", words[0])
	}
	clock := &wall{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	var both bytes.Buffer
	m := thisMachine()
	m.stdin, m.stdout, m.stderr, m.now, m.sleep = strings.NewReader(""), &both, &both, clock.read, clock.sleep
	m.getenv = func(name string) string { return map[string]string{"HOME": home}[name] }
	if code := Main(t.Context(), words[1:], m); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	return both.String()
}

// pattern is what a text of the README stands for.
func pattern(text string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`\A`)
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "…" {
			b.WriteString(`(?:.*\n)*?`)
			continue
		}
		parts := strings.Split(line, "…")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		b.WriteString(strings.Join(parts, ".*"))
	}
	return regexp.MustCompile(b.String() + `\z`)
}
