package sim

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestTheJournalSurvives(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sim.journal")
	epoch := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var written []string
	s, clock := start(t, "gap-of-three", 1, Options{Journal: file, Epoch: epoch, AfterWrite: func(id string) {
		text, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(text), id) {
			t.Errorf("%s is about to be answered and is not in the journal", id)
		}
		written = append(written, id)
	}})
	b := s.w.branches[0]
	trigger(t, s, b.positioned(1), "add-new-jobs", "", `{"tasks": ["`+bc2+`"]}`)
	clock.t = clock.t.Add(time.Minute)
	trigger(t, s, b.positioned(2), "add-new-jobs", "", `{"tasks": ["`+bc2+`"]}`)
	if len(written) != 2 {
		t.Errorf("AfterWrite saw %v", written)
	}
	clock.t = clock.t.Add(20 * time.Minute)
	body := func(s *Sim) string {
		text, _ := io.ReadAll(do(s, get("/tc/api/queue/v1/task-group/"+b.positioned(2).decision+"/list")).Body)
		return string(text)
	}
	want, asked := body(s), s.Triggers()

	// Killed in the middle of a write: the line has no end, and was never answered.
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"n":3,"at":"2025-03-01T12:2`)
	f.Close()

	again, err := New(*s.w.sc, 1, clock.now, Options{Journal: file, Epoch: epoch.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if got := body(again); got != want {
		t.Error("after a restart the world is another one")
	}
	if got := again.Triggers(); !reflect.DeepEqual(got, asked) || len(got) != 2 {
		t.Errorf("after a restart: %+v, want %+v", got, asked)
	}
	if !again.Epoch().Equal(epoch) {
		t.Errorf("the epoch is %v", again.Epoch())
	}
	trigger(t, again, b.positioned(3), "add-new-jobs", "", `{"tasks": ["`+bc2+`"]}`)
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	third, err := New(*s.w.sc, 1, clock.now, Options{Journal: file})
	if err != nil || len(third.Triggers()) != 3 {
		t.Fatalf("the third start: %v", err)
	}
	third.Close()

	if _, err := New(*s.w.sc, 2, clock.now, Options{Journal: file}); err == nil || !strings.Contains(err.Error(), "seed 1") {
		t.Errorf("another seed's journal is taken: %v", err)
	}
}

// Two processes with one journal live in one world: what one asks for, the other sees, and no two writes get one name.
func TestTwoProcessesShareTheJournal(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sim.journal")
	a, clock := start(t, "gap-of-three", 1, Options{Journal: file})
	b, other := start(t, "gap-of-three", 1, Options{Journal: file})
	ids := map[string]bool{}
	for i, s := range []*Sim{a, b, b, a} {
		clock.t = clock.t.Add(time.Minute)
		other.t = clock.t
		ids[trigger(t, s, s.w.branches[0].positioned(1+i%2), "add-new-jobs", "", `{"tasks": ["`+bc2+`"]}`)] = true
		if f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0); err != nil {
			t.Fatal(err)
		} else { // a third was killed in the middle of a write
			f.WriteString(`{"n":9,"at":"20`)
			f.Close()
		}
	}
	if len(ids) != 4 {
		t.Errorf("four writes made %d tasks", len(ids))
	}
	if got := b.Triggers(); len(got) != 4 || !reflect.DeepEqual(got, a.Triggers()) {
		t.Errorf("one sees %+v, the other %+v", a.Triggers(), got)
	}
	clock.t = clock.t.Add(4 * time.Hour)
	other.t = clock.t
	for at := 1; at <= 2; at++ {
		p, q := a.w.branches[0].positioned(at), b.w.branches[0].positioned(at)
		if x, y := results(t, a, p, bc2), results(t, b, q, bc2); x == "" || x != y {
			t.Errorf("on push %d one sees %q, the other %q", at, x, y)
		}
	}
}

func TestAFullDiskRefusesTheWrite(t *testing.T) {
	s, _ := start(t, "gap-of-three", 1, Options{Journal: filepath.Join(t.TempDir(), "j")})
	p := s.w.branches[0].positioned(1)
	s.log.file.Close()
	path := "/tc/api/hooks/v1/hooks/project-gecko/" + strings.ReplaceAll(p.hookID("generic"), "/", "%2F") + "/trigger"
	read(t, s, post(path, payloadFor(s, p, "add-new-jobs", "", `{"tasks": ["`+bc2+`"]}`)), 500)
	if n := len(s.Triggers()); n != 0 {
		t.Errorf("%d jobs were made", n)
	}
}
