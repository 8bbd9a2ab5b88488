package main

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/mozci/mozci-run/fixtures"
)

// What is recorded again, of another world of the same kind, is no change of format: none of the findings is breaking or risky.
func TestHonestRecordingsRaiseNoAlarm(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("SKIPPED: recordings are compared, and nothing runs side by side that does not elsewhere; go test without the race detector runs this")
	}
	var known []*fixtures.Cassette
	for _, tape := range openCassettes(t, shippedCassettes).Cassettes() {
		tape.Recorded.Asked = nil // nobody wants to know what would move
		if tape.Recorded.From == fixtures.Simulator && filepath.Base(filepath.Dir(filepath.Dir(tape.File))) != "scenarios" {
			known = append(known, tape)
		}
	}
	then := fixtures.NewLibrary(known...)
	seeds := times(t, "MOZCI_HONEST", 10) // .ci/run takes fifty
	scenarios := []string{"default", "flaky", "busy", "chunk-drift", "empty-push"}
	news, checked := 0, 0
	for i := range seeds {
		now := recordedAnew(t, scenarios[i%len(scenarios)], 100+i)
		rep, err := fixtures.Contract{Sources: expectations()}.Check(t.Context(), now, then)
		if err != nil {
			t.Fatal(err)
		}
		checked += rep.Checked
		for _, f := range rep.Findings {
			if f.Severity == fixtures.News {
				news++
				continue
			}
			t.Errorf("%s, seed %d: %s %s %s %s: then %s, now %s %v", scenarios[i%len(scenarios)], 100+i, f.Severity, f.Endpoint, f.Path, f.Change, f.Then, f.Now, f.Words)
		}
	}
	t.Logf("%d recordings, %d answers: %d findings that are news", seeds, checked, news)
}

// recordedAnew asks a simulated CI the standard questions.
func recordedAnew(t testing.TB, scenario string, seed int) *fixtures.Library {
	t.Helper()
	m := testMachine(map[string]string{"HOME": t.TempDir(), "MOZCI_PROFILE": "sim"})
	m.stdout, m.stderr = io.Discard, io.Discard
	c := &command{m: m, ctx: t.Context()}
	s, err := c.openRecording(recordOrder{scenario: scenario, seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	asked, err := standardQuestions(t.Context(), s.registry, s.branch())
	if err != nil {
		t.Fatal(err)
	}
	var tapes []*fixtures.Cassette
	for _, spec := range s.specs {
		for _, name := range inOrder(keys(asked)) {
			tape, err := c.ask(s, spec, name, asked[name])
			if err != nil {
				t.Fatal(err)
			}
			if tape != nil {
				tape.File = spec.Adapter + "/" + name
				tapes = append(tapes, tape)
			}
		}
	}
	return fixtures.NewLibrary(tapes...)
}
