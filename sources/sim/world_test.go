package sim

import (
	"strings"
	"testing"
	"time"
)

// fixedClock is a clock that stands still until it is set.
type fixedClock struct{ t time.Time }

func (c *fixedClock) now() time.Time { return c.t }

// start starts a scenario that ships, with a clock that stands at its start.
func start(t testing.TB, name string, seed uint64, opts Options) (*Sim, *fixedClock) {
	t.Helper()
	sc, err := Named(name)
	if err != nil {
		t.Fatal(err)
	}
	clock := &fixedClock{sc.normal().Now}
	s, err := New(sc, seed, clock.now, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, clock
}

// A History is what has happened, as seen at the start, for every scenario and many seeds.
func TestHistoriesHold(t *testing.T) {
	unraced(t)
	for _, name := range Scenarios() {
		for seed := uint64(0); seed < 3; seed++ {
			s, _ := start(t, name, seed, Options{})
			for _, h := range s.w.sc.Histories {
				for at, letter := range strings.Join(strings.Fields(h.Strip), "") {
					p := s.w.branch(h.Branch).positioned(at)
					got := s.tl.evidence(p, h.Label, s.Now())
					want := map[rune][]string{'F': {"failed"}, 'P': {"passed"}, 'I': {"intermittent"}, '.': {"none"}, '-': {"none"}, 'x': {"none"}, 'c': {"none"},
						's': {"none"}, '?': {"unsettled"}, '~': {"unsettled"}, 'r': {"passed", "failed"}, 'T': {"passed", "failed"}}[letter]
					if letter == '.' && len(s.w.sc.Requested) > 0 {
						want = append(want, "unsettled")
					}
					if !contains(want, got) {
						t.Errorf("%s, seed %d: push %d (%s): want %c, got %s", name, seed, at, h.Label, letter, got)
					}
				}
			}
		}
	}
}
