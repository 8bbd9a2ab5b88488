package sim

import (
	"fmt"
	"testing"
	"time"
)

// Whatever is triggered, retriggered and canceled meanwhile, a job's number in Treeherder is of one run of one task, for ever.
func TestAJobsNumberIsItsOwn(t *testing.T) {
	unraced(t)
	s, clock := start(t, "busy", 1, Options{})
	owner := map[int]string{}
	look := func() *timeline {
		t.Helper()
		tl, now := s.view()
		once := map[int]bool{}
		for _, r := range tl.ingested {
			is := fmt.Sprintf("run %d of %s (%s)", r.id, r.task.id, r.task.label)
			if once[r.thID] {
				t.Fatalf("job %d is there twice, as %s, too", r.thID, is)
			}
			once[r.thID] = true
			if r.firstSeen().After(now) {
				continue
			}
			if was := owner[r.thID]; was != "" && was != is {
				t.Fatalf("job %d was %s, and is %s", r.thID, was, is)
			}
			owner[r.thID] = is
		}
		return tl
	}
	for at := range 5 {
		p := s.w.branches[0].positioned(at)
		trigger(t, s, p, "add-new-jobs", "", `{"tasks": ["`+bc2+`"]}`)
		tl := look()
		clock.t = clock.t.Add(time.Second)
		for _, x := range tl.on[p] {
			if x.label == bc2 && !x.created.After(clock.t) {
				trigger(t, s, p, "retrigger", x.id, `{"downstream": false, "times": 3}`)
				trigger(t, s, p, "backfill", x.id, `{"depth": 5, "times": 2}`)
				look()
				do(s, post("/tc/api/queue/v1/task/"+x.id+"/cancel", ""))
				do(s, post("/tc/api/queue/v1/task/"+x.id+"/rerun", ""))
				break
			}
		}
		for i := range 6 {
			clock.t = clock.t.Add(time.Duration(i*i) * 41 * time.Second)
			look()
		}
	}
	if len(owner) < 100 {
		t.Errorf("only %d jobs were looked at", len(owner))
	}
}
