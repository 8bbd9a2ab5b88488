package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A screen is a terminal of so many columns and 24 rows, with all that has scrolled off it. It knows the sequences that the
// command uses, and fails on any other.
type screen struct {
	t        *testing.T
	columns  int
	mu       sync.Mutex
	lines    [][]string // the letter in each cell, with the marks that combine with it; empty for the second half of a wide one
	row, col int
	seen     func(string) // hears of what it shows, after each write
}

const screenRows = 24

var sequence = regexp.MustCompile(`^\x1b\[([0-9]*)([AJm])`)

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for text := string(b); text != ""; {
		if m := sequence.FindStringSubmatch(text); m != nil {
			s.obey(m[1], m[2])
			text = text[len(m[0]):]
			continue
		}
		for _, r := range text {
			s.put(r)
			text = text[len(string(r)):]
			break
		}
	}
	if s.seen != nil {
		s.seen(s.text(screenRows))
	}
	return len(b), nil
}

func (s *screen) obey(n, command string) {
	switch command {
	case "A":
		up := 0
		fmt.Sscan(n, &up)
		s.row = max(s.row-up, len(s.lines)-screenRows, 0)
	case "J":
		s.lines = s.lines[:min(len(s.lines), s.row+1)]
		if s.row < len(s.lines) {
			s.lines[s.row] = s.lines[s.row][:min(len(s.lines[s.row]), s.col)]
		}
	}
}

func (s *screen) put(r rune) {
	n := cellsOf(r)
	switch {
	case r == '\n':
		s.row, s.col = s.row+1, 0
		return
	case r == '\r':
		s.col = 0
		return
	case r < ' ':
		s.t.Errorf("the terminal was sent %q", r)
		return
	case s.col+n > s.columns:
		s.row, s.col = s.row+1, 0
	}
	for len(s.lines) <= s.row {
		s.lines = append(s.lines, nil)
	}
	line := s.lines[s.row]
	for len(line) < s.col+n {
		line = append(line, " ")
	}
	if n == 0 && s.col > 0 {
		line[s.col-1] += string(r)
	}
	for i := range n {
		line[s.col+i] = ""
	}
	if n > 0 {
		line[s.col] = string(r)
	}
	s.lines[s.row], s.col = line, s.col+n
}

// text is its last rows, without the ids of runs, which are never the same.
func (s *screen) text(rows int) string {
	var b strings.Builder
	for _, l := range s.lines[max(0, len(s.lines)-rows):] {
		b.WriteString(strings.TrimRight(strings.Join(l, ""), " ") + "\n")
	}
	return runID.ReplaceAllString(b.String(), "250301-120000-k7qw")
}

var runID = regexp.MustCompile(`\b[0-9]{6}-[0-9]{6}-[a-z0-9]{4}\b`)

// answer types at the terminal, which shows it.
func (s *screen) answer(text string, stdin io.Writer, interrupt func()) {
	if text == ctrlC {
		io.WriteString(s, text)
		interrupt()
		return
	}
	io.WriteString(s, text+"\n")
	io.WriteString(stdin, text+"\n")
}

// screens lists runs, and what is looked at: where the terminal shows these words first, and the end.
var screens = []struct {
	name    string
	profile string
	args    []string
	answer  string
	looks   []string
}{
	{"backfill", "gap-of-three", []string{"backfill"}, "y", []string{"now      history", theQuestion, "not seen yet", "jobs running", "1 of 3"}},
	{"nothing-to-do", "gap-of-three", []string{"trigger-range", "-i", "job=test-linux1804-64-qr/opt-mochitest-browser-chrome-2",
		"-i", "from=725bc605ead4", "-i", "to=725bc605ead4"}, "", nil},
	{"interrupted", "gap-of-three", []string{"backfill"}, ctrlC, []string{theQuestion}},
	{"require", "no-good-in-reach", []string{"--apply", "backfill"}, "", nil},
	{"tree-closed", "tree-closed", []string{"--apply", "backfill"}, "", nil},
	{"limit", "gap-of-three", []string{"--apply", "testdata/screens/one.yaml"}, "", nil},
}

const (
	theQuestion = "y or n:"
	ctrlC       = "^C"
)

// What people see of a run, on terminals that are narrow, usual and wide, while it goes on and when it has ended.
func TestScreens(t *testing.T) {
	widths := []int{40, 80, 200}
	if raced {
		widths = widths[1:2]
	}
	for _, tt := range screens {
		for _, columns := range widths {
			t.Run(fmt.Sprintf("%s-%d", tt.name, columns), func(t *testing.T) {
				t.Parallel()
				if raced && len(tt.looks) == 0 {
					t.Skip("SKIPPED: nothing is typed, and only the end is looked at; go test without the race detector runs this")
				}
				got := looksAt(t, columns, tt.looks, tt.answer, append([]string{"--config", "testdata/screens/mozci.yaml", "--profile", tt.profile, "--db", "memory"}, tt.args...)...)
				file := filepath.Join("testdata", "screens", fmt.Sprintf("%s-%d.txt", tt.name, columns))
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
					t.Errorf("-want +got (go test -run Screens -update writes it):\n%s", diff)
				}
			})
		}
	}
}

// looksAt runs the command on a terminal, and returns what that shows: at each of the looks, and at the end.
func looksAt(t *testing.T, columns int, looks []string, answer string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	stdin, typed := io.Pipe()
	defer typed.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	s := &screen{t: t, columns: columns}
	s.seen = func(shown string) {
		if len(looks) == 0 || !strings.Contains(strings.ReplaceAll(shown, "\n         ", " "), looks[0]) { // as if no line were broken
			return
		}
		fmt.Fprintf(&out, "=== at %q\n%s", looks[0], shown)
		if looks[0] == theQuestion {
			go s.answer(answer, typed, interrupt)
		}
		looks = looks[1:]
	}
	m := testMachine(map[string]string{"HOME": t.TempDir()})
	m.stdin, m.stdout, m.stderr = stdin, s, s
	if answer == "" {
		m.stdin = strings.NewReader("")
	}
	m.terminal = func(any) bool { return true }
	m.size = func(any) (int, int) { return columns, screenRows }
	m.sleep = func(ctx context.Context, _ time.Duration) error { <-ctx.Done(); return ctx.Err() } // no second passes
	m.nonce = func() string { return "aaaaaaaa" }
	code := Main(ctx, args, m)
	if len(looks) > 0 {
		t.Errorf("it never showed %q", looks)
	}
	fmt.Fprintf(&out, "=== at the end, with exit code %d\n%s", code, s.text(len(s.lines)))
	return out.String()
}
