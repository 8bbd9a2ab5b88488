package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/fixtures"
)

// shippedCassettes is the folder of cassettes, from here.
const shippedCassettes = "../../fixtures/cassettes"

func openCassettes(t testing.TB, dir string) *fixtures.Library {
	t.Helper()
	lib, err := fixtures.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// The cassettes that ship keep the contract, belong to endpoints, and hold nothing that has to stay secret.
func TestCassettesKeepTheContract(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("SKIPPED: nothing here runs side by side, and the race detector makes half a minute of it; go test without it runs this")
	}
	lib := openCassettes(t, shippedCassettes)
	rep, err := fixtures.Contract{Sources: expectations()}.Check(t.Context(), lib, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range rep.Findings {
		t.Errorf("%s %s %s %s: %s, then %s, now %s", f.Severity, f.Endpoint, f.Path, f.Place.File, f.Change, f.Then, f.Now)
	}
	for _, f := range rep.Foreign {
		t.Errorf("%s: interaction %d is of no endpoint: %s", f.File, f.Interaction, f.Request)
	}
	for _, e := range rep.Endpoints {
		if e.Read > 0 && e.Answers == 0 {
			t.Errorf("no cassette shows what %s answers at %s", e.Source, e.Endpoint)
		}
	}
	for _, u := range rep.Unused {
		t.Errorf("%s: interaction %d is asked for by none of its questions: %s", u.File, u.Interaction, u.Request)
	}
	for _, s := range rep.Stale {
		t.Errorf("%s: %s is asked otherwise than it was recorded: %s", s.File, s.Query, s.Reason)
	}
	if rep.Checked < 400 {
		t.Errorf("%d answers were checked, and there are more", rep.Checked)
	}
	clean := fixtures.NewRedactor()
	for _, tape := range lib.Cassettes() {
		for i, in := range tape.Interactions {
			again := *in
			if err := clean.Interaction(&again); err != nil {
				t.Fatal(err)
			}
			before, err := in.ReadContent()
			if err != nil {
				t.Fatal(err)
			}
			if again.URL != in.URL || again.Body != in.Body || !bytes.Equal(again.Content, before) || len(again.Header) != len(in.Header) || len(again.Answer) != len(in.Answer) {
				t.Errorf("%s: interaction %d holds something to be redacted", tape.File, i+1)
			}
		}
	}
}

// What was asked while a cassette was recorded is answered by it again.
func TestCassettesAnswerTheirQuestions(t *testing.T) {
	unraced(t)
	questions := 0
	for _, want := range expectations() {
		for _, tape := range openCassettes(t, shippedCassettes).Cassettes() {
			if tape.Recorded.Source != want.Name || len(tape.Recorded.Asked) == 0 {
				continue
			}
			src, err := want.New(&http.Client{Transport: fixtures.NewLibrary(tape)}, tape.Recorded)
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range tape.Recorded.Asked {
				if _, err := q.Ask(t.Context(), src, tape.Recorded.At, nil); !q.EndsAs(err) {
					t.Errorf("%s: %s: %v", tape.File, q.Name(), err)
				}
				questions++
			}
		}
	}
	if questions < 25 {
		t.Errorf("only %d questions were asked", questions)
	}
}

// Every side file is some cassette's.
func TestEverySideFileIsUsed(t *testing.T) {
	unraced(t)
	var text bytes.Buffer
	for _, tape := range openCassettes(t, shippedCassettes).Cassettes() {
		data, err := os.ReadFile(tape.File)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(data)
	}
	for _, pattern := range []string{"*/bodies/*", "scenarios/*/bodies/*"} {
		files, err := filepath.Glob(filepath.Join(shippedCassettes, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !bytes.Contains(text.Bytes(), []byte(filepath.Base(f))) {
				t.Errorf("%s belongs to no cassette", f)
			}
		}
	}
}

// A recorded workflow that is replayed says what it said when it was recorded.
var scenarioAnswers = []struct {
	name string
	code int
	says []string // of the strip and the answer, in their order
}{
	{"gap-of-three", 0, []string{"F . . . P P", "none there yet, and none on the way", "F F P P P P", "first bad    a224a7eb3849", "requests     SOHQSHUlQ8qk0_8CiFsRzg"}},
	{"no-good-in-reach", 1, []string{"no push among the last 20 has passed"}},
	{"coalesced", 0, []string{"asked for test-", "first bad    3968c38e3576"}},
	{"intermittent", 0, []string{"first bad    d861931299f5"}},
	{"empty-push", 0, []string{"asked for test-", "first bad "}},
	{"crossing-100000", 0, []string{"push 100", "asked for test-", "push 99999"}},
	{"tree-closed", 0, []string{"F . . . P", "closed"}},
	{"backfill-on-its-way", 0, []string{"first bad    a224a7eb3849", "requests     none"}},
}

func TestScenariosReplay(t *testing.T) {
	for _, tt := range scenarioAnswers {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if raced && tt.name != "tree-closed" {
				t.Skip("SKIPPED: one scenario shows the race detector all there is")
			}
			out, code := runCommand(t, "--replay", filepath.Join(shippedCassettes, "scenarios", tt.name), "backfill", "--apply")
			if code != tt.code {
				t.Errorf("exit code %d, want %d\n%s", code, tt.code, out)
			}
			if regexp.MustCompile(`recorded answers were not asked for; the first is to GET \S+/hg/`).MatchString(out) { // others are asked side by side, as far as needed
				t.Errorf("not all that was recorded of the pushlog is asked for:\n%s", out)
			}
			for _, say := range tt.says {
				if !regexp.MustCompile(say).MatchString(out) && !strings.Contains(out, say) {
					t.Errorf("%q is not in\n%s", say, out)
				}
			}
		})
	}
	dirs, err := filepath.Glob(filepath.Join(shippedCassettes, "scenarios", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		if !slices.ContainsFunc(scenarioAnswers, func(a struct {
			name string
			code int
			says []string
		}) bool {
			return a.name == filepath.Base(d)
		}) {
			t.Errorf("%s is replayed by no row", d)
		}
	}
}

// A test of a workflow may take its facts from a recording.
func TestATestReplays(t *testing.T) {
	if raced {
		t.Skip("SKIPPED: TestScenariosReplay shows the same; go test without the race detector runs this")
	}
	out, code := runCommand(t, "test", "../../workflows/backfill_test.yaml", "--run", "from recordings")
	if code != 0 || !strings.Contains(out, "1 passed, 0 failed") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

// The simulator and its recording are one: recording a scenario again gives the same answer, and the same bytes.
func TestRecordingAScenarioAgainGivesTheSame(t *testing.T) {
	if raced {
		t.Skip("SKIPPED: a recording is compared with another, and nothing runs side by side that does not elsewhere; go test without the race detector runs this")
	}
	dir := t.TempDir()
	if out, code := runCommand(t, "record", "--profile", "sim", "--scenario", "no-good-in-reach", "--run", "backfill", "--apply", "-o", dir); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	again, shipped := openCassettes(t, dir), openCassettes(t, filepath.Join(shippedCassettes, "scenarios", "no-good-in-reach"))
	for i, tape := range shipped.Cassettes() {
		if got := again.Cassettes()[i].Recorded.Base; got != tape.Recorded.Base {
			t.Errorf("it was recorded at %s, and again at %s", tape.Recorded.Base, got)
		}
	}
	rep, err := fixtures.Contract{Sources: expectations()}.Check(t.Context(), again, shipped)
	if err != nil || len(rep.Findings) > 0 {
		t.Errorf("%v %+v", err, rep.Findings)
	}
}

// runCommand runs mozci-run in this process; what it says on both streams comes back together.
func runCommand(t testing.TB, args ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	m := testMachine(map[string]string{"HOME": t.TempDir()})
	m.stdout, m.stderr = &out, &out
	code := Main(context.Background(), args, m)
	return out.String(), code
}
