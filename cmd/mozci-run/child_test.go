package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mozci/mozci-run/schemas/yamldoc"
	"github.com/mozci/mozci-run/sources/sim"
	"github.com/mozci/mozci-run/workflows"
)

// A stage is a simulated CI that is served by this process, and a folder from which other processes run mozci-run on it.
type stage struct {
	dir     string
	program string
	url     string
	sim     *sim.Sim
	truth   sim.Truth

	mu        sync.Mutex
	onRequest func(*http.Request)
	onWrite   func()
}

// newStage serves a scenario, on a clock that is speed times as fast as real time.
func newStage(t testing.TB, scenario string, seed int, speed float64) *stage {
	t.Helper()
	if raced {
		t.Skip("SKIPPED: the race detector sees nothing of other processes; go test without it runs this")
	}
	g := &stage{dir: t.TempDir()}
	sc, err := sim.Named(scenario)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var start time.Time
	g.sim, err = sim.New(sc, uint64(seed), func() time.Time { return fastClock{thisMachine(), start, began, speed}.Now() }, sim.Options{
		OnRequest:  func(r *http.Request) { g.hook().request(r) },
		AfterWrite: func(string) { g.hook().write() },
	})
	if err != nil {
		t.Fatal(err)
	}
	start = g.sim.Start()
	g.truth = g.sim.Truth()[0]
	server := httptest.NewServer(g.sim)
	t.Cleanup(server.Close)
	g.url = server.URL
	text, err := yamldoc.Encode(profileFile{Profiles: map[string]profile{"stage": {
		Sources: simulatedSources(server.URL, sc), Inputs: map[string]any{"branch": "autoland"},
		Clock:    &clockSpec{Speed: speed, Epoch: start, At: began.UTC()},
		Patience: patience{Call: 2 * time.Second, Beat: 100 * time.Millisecond},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	g.write(t, settingsFile, string(text))
	g.write(t, "backfill.yaml", patientBackfill(t))
	g.program = program(t)
	return g
}

// patientBackfill is the shipped backfill with all the time in the world: while a killed run is nobody's, days pass here.
func patientBackfill(t testing.TB) string {
	t.Helper()
	text, err := workflows.FS.ReadFile("backfill.yaml")
	if err != nil {
		t.Fatal(err)
	}
	patient := strings.NewReplacer("runtime: 7h", "runtime: 9000h", "timeout: 6h", "timeout: 9000h").Replace(string(text))
	if strings.Count(patient, "9000h") != 2 {
		t.Fatal("the shipped backfill no longer says how long it may take")
	}
	return patient
}

func (g *stage) write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(g.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// hooks are what a test wants to hear of.
type hooks struct {
	request func(*http.Request)
	write   func()
}

func (g *stage) hook() hooks {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := hooks{g.onRequest, g.onWrite}
	if h.request == nil {
		h.request = func(*http.Request) {}
	}
	if h.write == nil {
		h.write = func() {}
	}
	return h
}

// listen sets the hooks; nil for none.
func (g *stage) listen(request func(*http.Request), write func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.onRequest, g.onWrite = request, write
}

// A child is mozci-run in a process of its own.
type child struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
}

// child prepares a process; it is killed when the test ends.
func (g *stage) child(ctx context.Context, args ...string) *child {
	c := &child{Cmd: exec.CommandContext(ctx, g.program, append([]string{"--db", filepath.Join(g.dir, "runs.db")}, args...)...)}
	c.Dir, c.Stdout, c.Stderr = g.dir, &c.stdout, &c.stderr
	c.Env = append(os.Environ(), "HOME="+g.dir, "XDG_STATE_HOME=", "MOZCI_PROFILE=")
	return c
}

// String says what the process said, for a failure.
func (c *child) String() string {
	return fmt.Sprintf("%v: %v\n%s%s", c.Args[1:], c.ProcessState, c.stdout.String(), c.stderr.String())
}

// program is mozci-run as a program of its own: this test binary under that name (see TestMain).
func program(t testing.TB) string {
	t.Helper()
	path, err := namedProgram()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var namedProgram = sync.OnceValues(func() (string, error) {
	path := filepath.Join(programFolder, "mozci-run")
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	return path, os.Symlink(self, path)
})

// build builds the program itself, without what tests add to it.
func build(program string) ([]byte, error) {
	return exec.Command("go", "build", "-o", program, ".").CombinedOutput()
}

// inHome prepares a process whose home is dir.
func inHome(dir, program string, args ...string) *exec.Cmd {
	c := exec.Command(program, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME=", "MOZCI_PROFILE=")
	return c
}
