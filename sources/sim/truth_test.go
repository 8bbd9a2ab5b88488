package sim

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Whoever fills the gap and looks again finds what Truth says, for many seeds.
func TestTheCulpritIsThere(t *testing.T) {
	unraced(t)
	for _, name := range []string{"default", "gap-of-three", "crossing-100000", "coalesced", "intermittent", "empty-push", "backfill-on-its-way"} {
		seeds := uint64(3)
		if name == "default" {
			seeds = 12
		}
		culprits := map[int]bool{}
		for seed := range seeds {
			s, clock := start(t, name, seed, Options{})
			truth := s.Truth()[0]
			b := s.w.branch(truth.Branch)
			byID := map[int]*push{}
			for _, p := range b.pushes {
				byID[p.id] = p
			}
			for i, ref := range truth.Gap {
				s.write(entry{Op: "trigger", Hook: "x", TaskID: s.w.slug("t", i), Payload: []byte(payloadFor(s, byID[ref.ID], "add-new-jobs", "", `{"tasks": ["`+truth.Label+`"]}`))},
					func(*timeline, *entry) *reply { return nil })
			}
			clock.t = clock.t.Add(3 * time.Hour)
			var suspects []*push
			for p := byID[truth.Failure.ID]; ; p = b.pushes[p.index-1] {
				v := s.tl.evidence(p, truth.Label, s.Now())
				if v == "passed" {
					break
				}
				if v == "failed" {
					suspects = nil
				}
				suspects = append(suspects, p)
			}
			found := false
			for _, p := range suspects {
				found = found || p.id == truth.Culprit.ID
				if p != suspects[0] && p.runnable() && name != "intermittent" {
					t.Errorf("%s, seed %d: push %d has no evidence", name, seed, p.id)
				}
			}
			if !found || len(truth.NotRunnable) == 0 && len(suspects) != 1 && name != "intermittent" {
				t.Errorf("%s, seed %d: %d suspects, the culprit %d among them: %v", name, seed, len(suspects), truth.Culprit.ID, found)
			}
			culprits[b.pushes[len(b.pushes)-1].index-byID[truth.Culprit.ID].index] = true
		}
		if len(culprits) < 2 {
			t.Errorf("%s: the culprit is always the same push", name)
		}
	}
}

func TestTruthOfChunkDrift(t *testing.T) {
	s, _ := start(t, "chunk-drift", 4, Options{})
	truth := s.Truth()[0]
	if truth.ByLabelOnly || truth.Manifest == "" {
		t.Fatalf("labels are said to do: %+v", truth)
	}
	b := s.w.branches[0]
	if truth.LastGood.ID != b.positioned(1).id {
		t.Errorf("by its label the last good push is %d, want the one that misleads, %d", truth.LastGood.ID, b.positioned(1).id)
	}
	v := read(t, s, get("/th/api/project/autoland/push/group_results/?revision="+b.positioned(1).tip()), http.StatusOK)
	failed := 0
	for _, groups := range v {
		if ok, has := groups.(map[string]any)[truth.Manifest]; has && ok == false {
			failed++
		}
	}
	if failed != 1 {
		t.Errorf("on the push that misleads, the broken manifest has failed in %d tasks, want 1: %v", failed, v)
	}
}

// The same scenario, seed, clock and requests give the same bytes, in whatever order they come; another seed does not.
func TestSameBytes(t *testing.T) {
	unraced(t)
	paths := func(s *Sim) []string {
		p := s.w.branches[0].positioned(2)
		return []string{"/hg/integration/autoland/json-pushes?version=2&full=1", "/hg/integration/autoland/json-rev/tip", "/th/api/project/autoland/push/?count=30",
			"/th/api/jobs/?count=100&page=2", "/th/api/project/autoland/jobs/?count=50&offset=20", "/th/api/project/autoland/push/group_results/?revision=" + p.tip(),
			"/tc/api/queue/v1/task-group/" + p.decision + "/list", "/tc/public-bucket/" + p.decision + "/0/public/actions.json",
			"/treestatus/trees/firefox-autoland", "/tc/api/index/v1/namespaces/gecko.v2.autoland.revision?limit=3"}
	}
	all := func(seed uint64, backwards bool) map[string]string {
		s, clock := start(t, "flaky", seed, Options{})
		trigger(t, s, s.w.branches[0].positioned(2), "add-new-jobs", "", `{"tasks": ["`+bc2+`"]}`)
		clock.t = clock.t.Add(40 * time.Minute)
		list := paths(s)
		got := map[string]string{}
		for i := range list {
			if backwards {
				i = len(list) - 1 - i
			}
			resp := do(s, get(list[i]))
			body, _ := io.ReadAll(resp.Body)
			got[list[i][:9]+itoa(i)] = resp.Status + string(body)
		}
		return got
	}
	a, b, c := all(1, false), all(1, true), all(2, false)
	for k := range a {
		if a[k] != b[k] {
			t.Errorf("%s: not the same bytes twice", k)
		}
		if a[k] == c[k] && k != "/treestatus8" {
			t.Errorf("%s: another seed gives the same bytes: %.200s", k, a[k])
		}
	}
}

// What is visible at an instant stays as it was whatever is written later.
func TestThePastStays(t *testing.T) {
	look := func(s *Sim) string {
		var b strings.Builder
		for _, path := range []string{"/th/api/jobs/?count=2000", "/tc/api/index/v1/namespaces/gecko.v2.autoland.revision"} {
			body, _ := io.ReadAll(do(s, get(path)).Body)
			b.Write(body)
		}
		return b.String()
	}
	s, clock := start(t, "flaky", 9, Options{})
	before := look(s)
	clock.t = clock.t.Add(7 * time.Minute)
	trigger(t, s, s.w.branches[0].positioned(1), "add-new-jobs", "", `{"tasks": ["`+bc2+`"], "times": 5}`)
	trigger(t, s, s.w.branches[0].positioned(2), "cancel-all", "", `{}`)
	clock.t = clock.t.Add(-7 * time.Minute)
	if after := look(s); after != before {
		t.Error("a later write has changed what had been seen")
	}
}
