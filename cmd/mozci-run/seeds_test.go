package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/sim"
)

// call is one call of the command in this process.
type call struct {
	code           int
	stdout, stderr string
}

// mozciRun calls the command in this process, with a home of its own.
func mozciRun(t testing.TB, ctx context.Context, env map[string]string, args ...string) call {
	t.Helper()
	var out, diag bytes.Buffer
	m := thisMachine()
	m.stdin, m.stdout, m.stderr = strings.NewReader(""), &out, &diag
	m.getenv = func(name string) string { return env[name] }
	code := Main(ctx, args, m)
	return call{code, out.String(), diag.String()}
}

// jumping writes a file with a profile of a simulated CI whose clock jumps.
func jumping(t testing.TB, scenario string, seed int) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), settingsFile)
	text := fmt.Sprintf("profiles: {jumping: {simulate: {scenario: %s, seed: %d}, inputs: {branch: autoland}, clock: {jump: true}}}\n", scenario, seed)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// lastEvent reads the last line of a stream of events.
func lastEvent(t testing.TB, stdout string) engine.Event {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	var e engine.Event
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &e); err != nil {
		t.Fatalf("the last line is no event: %v\n%s", err, stdout)
	}
	return e
}

// TestTheCulpritIsFound runs the shipped backfill on simulated CIs, each of which broke at another push, and compares
// what it names with what the scenario holds. Where it names no single push it has to say why. MOZCI_SEEDS says how many
// seeds each of the six scenarios is run with; .ci/run asks for 20.
func TestTheCulpritIsFound(t *testing.T) {
	scenarios := []struct {
		name  string
		alone bool // whether the culprit can always be named alone
	}{{"default", true}, {"gap-of-three", true}, {"coalesced", true}, {"chunk-drift", true}, {"empty-push", false}, {"faulty", true}}
	if raced {
		t.Skip("SKIPPED: TestScreens shows the race detector the same; go test without it runs this")
	}
	seeds := times(t, "MOZCI_SEEDS", 2)
	for _, sc := range scenarios {
		for seed := 1; seed <= seeds; seed++ {
			t.Run(fmt.Sprintf("%s-%d", sc.name, seed), func(t *testing.T) {
				t.Parallel()
				if alone := findCulprit(t, sc.name, seed); sc.alone && !alone {
					t.Error("the culprit was not named alone, and can be")
				}
			})
		}
	}
}

// times is how often a test that takes chances is to take them: what a variable says, or usual; once where tests are to be short.
func times(t testing.TB, variable string, usual int) int {
	t.Helper()
	if text := os.Getenv(variable); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("%s=%s is no number of times", variable, text)
		}
		return n
	}
	if testing.Short() {
		return 1
	}
	return usual
}

// What the shipped backfill ends with.
type backfillOutputs struct {
	LastGood  *ci.Push       `json:"last_good"`
	FirstBad  *ci.Push       `json:"first_bad"`
	StillOpen []ci.Push      `json:"still_open"`
	Culprits  []ci.Changeset `json:"culprits"`
}

// findCulprit says whether one push was named, after it has held the answer to be true.
func findCulprit(t *testing.T, scenario string, seed int) bool {
	truth := truthOf(t, scenario, seed)
	got := mozciRun(t, t.Context(), nil, "--config", jumping(t, scenario, seed), "--db", "memory", "--output", "json", "--apply",
		"backfill", "-i", "job="+truth.Label, "-i", "revision="+truth.Failure.Revision)
	end := lastEvent(t, got.stdout)
	if got.code != exitDone {
		t.Fatalf("exit code %d: %s\n%s", got.code, end.Reason, got.stderr)
	}
	var out backfillOutputs
	if err := json.Unmarshal(end.Outputs, &out); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(out.Culprits, func(c ci.Changeset) bool { return c.Revision == truth.Culprit.Revision }) {
		t.Errorf("the culprit %s is not among %d named changesets, from %s to %s", truth.Culprit.Revision, len(out.Culprits), out.LastGood.ID, out.FirstBad.ID)
	}
	alone := out.FirstBad.Revision == truth.Culprit.Revision && len(out.Culprits) == len(out.FirstBad.Changesets)
	cannotRun := slices.ContainsFunc(truth.NotRunnable, func(p sim.PushRef) bool { return out.LastGood.Order < p.ID && p.ID < out.FirstBad.Order })
	if !alone && len(out.StillOpen) == 0 && !cannotRun {
		t.Errorf("the pushes after %s up to %s are named, and not why it is not %d alone", out.LastGood.ID, out.FirstBad.ID, truth.Culprit.ID)
	}
	return alone
}

// truthOf is what a scenario holds of its first culprit.
func truthOf(t testing.TB, scenario string, seed int) sim.Truth {
	t.Helper()
	sc, err := sim.Named(scenario)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sim.New(sc, uint64(seed), func() time.Time { return time.Time{} }, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s.Truth()[0]
}
