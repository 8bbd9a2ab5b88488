package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources/ci"
)

// TestKilledRunsGoOn kills mozci-run at chosen moments of a run with effects, lets another process resume it, and counts
// at the simulated CI what was asked for: everything, and nothing twice. MOZCI_KILLS says how many runs are killed.
func TestKilledRunsGoOn(t *testing.T) {
	rounds := times(t, "MOZCI_KILLS", 20)
	var kills atomic.Int64
	next := make(chan int)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			for n := range next {
				t.Run(fmt.Sprint(n), func(t *testing.T) { kills.Add(killed(t, n)) })
			}
		})
	}
	for n := 1; n <= rounds; n++ {
		next <- n
	}
	close(next)
	all.Wait()
	t.Logf("%d processes were killed in %d runs", kills.Load(), rounds)
	if !raced && kills.Load() < int64(rounds)/2 {
		t.Errorf("%d processes were killed in %d runs: the moments are chosen badly", kills.Load(), rounds)
	}
}

// killed runs a backfill that is killed up to three times, and looks at what came of it. It says how often it was.
func killed(t *testing.T, n int) (kills int64) {
	chance := rand.New(rand.NewPCG(uint64(n), 7))
	g := newStage(t, "default", 1+n%7, 6000)
	args := []string{"--apply", "backfill.yaml", "-i", "job=" + g.truth.Label, "-i", "revision=" + g.truth.Failure.Revision}
	for k := range 1 + chance.IntN(3) {
		if !g.kill(t, g.child(t.Context(), args...), chance, n+k) {
			break
		}
		kills++
		if r, ok := g.theRun(t); ok {
			if r.Status == engine.Succeeded {
				break // the process was killed when the run had ended
			}
			args = []string{"runs", "resume", r.ID}
		}
	}
	if r, ok := g.theRun(t); !ok || r.Status != engine.Succeeded {
		last := g.child(t.Context(), args...)
		if err := last.Run(); err != nil {
			t.Fatalf("the last process ended with %v\n%s", err, last)
		}
	}
	g.complete(t)
	return kills
}

// kill starts a process and kills it at a moment that chance chooses: on a request that arrives, on a trigger that was
// taken and is not answered yet, or at any time. It says false where the process had come to its end before.
func (g *stage) kill(t *testing.T, c *child, chance *rand.Rand, kind int) bool {
	t.Helper()
	s := &strike{left: 1 + chance.IntN(60)}
	switch kind % 3 {
	case 0:
		s.left = 1 + chance.IntN(3)
		g.listen(nil, func() { s.count() })
	case 1:
		g.listen(func(*http.Request) { s.count() }, nil)
	case 2:
		s.left = 1
		timer := time.AfterFunc(time.Duration(chance.Int64N(int64(2*time.Second))), s.count)
		defer timer.Stop()
	}
	err := s.start(c)
	if err == nil {
		err = c.Wait()
	}
	g.listen(nil, nil)
	if err == nil {
		return false
	}
	if c.ProcessState == nil || c.ProcessState.ExitCode() != -1 { // nobody killed it
		t.Fatalf("the process ended badly before it was killed: %v\n%s", err, c)
	}
	return true
}

// A strike kills a process when it has been counted down.
type strike struct {
	mu      sync.Mutex
	left    int
	process *os.Process // nil until it has been started
}

func (s *strike) start(c *child) error {
	s.mu.Lock() // nobody strikes before there is a process
	defer s.mu.Unlock()
	err := c.Start()
	s.process = c.Process
	return err
}

func (s *strike) count() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left--; s.left == 0 && s.process != nil {
		_ = s.process.Kill() // it may have come to its end
	}
}

// theRun is the only run that there is; not ok where the process was killed before it had begun one.
func (g *stage) theRun(t *testing.T) (r engine.Run, ok bool) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(g.dir, "runs.db")); errors.Is(err, fs.ErrNotExist) {
		return engine.Run{}, false // the process was killed before it had made its store
	}
	list := g.child(t.Context(), "--output", "json", "runs", "list")
	if err := list.Run(); err != nil {
		t.Fatalf("listing the runs: %v\n%s", err, list)
	}
	var runs []engine.Run
	if err := json.Unmarshal(list.stdout.Bytes(), &runs); err != nil {
		t.Fatalf("%v\n%s", err, list)
	}
	if len(runs) > 1 {
		t.Fatalf("there are %d runs, and one was started", len(runs))
	}
	if len(runs) == 0 {
		return engine.Run{}, false
	}
	return runs[0], true
}

// complete holds that every push of the gap was asked for once, and that the culprit was named.
func (g *stage) complete(t *testing.T) {
	t.Helper()
	asked := map[int]int{}
	for _, trigger := range g.sim.Triggers() {
		asked[trigger.PushID]++
	}
	for _, p := range g.truth.Gap {
		if asked[p.ID] != 1 {
			t.Errorf("push %d was asked for %d times, want once", p.ID, asked[p.ID])
		}
		delete(asked, p.ID)
	}
	if len(asked) > 0 {
		t.Errorf("jobs were asked for outside of the gap: %v", asked)
	}
	r, _ := g.theRun(t)
	for _, o := range r.Result.Written {
		var firstBad ci.Push
		if o.Name == "first_bad" && json.Unmarshal(o.Value, &firstBad) == nil && firstBad.Revision == g.truth.Culprit.Revision {
			return
		}
	}
	t.Errorf("run %s is %s (%s), and names not push %d: %+v", r.ID, r.Status, r.Reason, g.truth.Culprit.ID, r.Result)
}
