package sim

import "testing"

// A write costs one run of the timeline; a start costs a world and a run.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		start(b, "default", 1, Options{})
	}
}

func BenchmarkTimeline(b *testing.B) {
	s, _ := start(b, "default", 1, Options{})
	for b.Loop() {
		s.w.run(nil)
	}
}

func BenchmarkJobsOfAPush(b *testing.B) {
	s, _ := start(b, "default", 1, Options{})
	a := get("/th/api/jobs/?count=2000&push_id=" + itoa(s.w.branches[0].positioned(2).thID))
	for b.Loop() {
		do(s, a)
	}
}
