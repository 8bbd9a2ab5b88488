package sim

import "time"

// PushRef names a push.
type PushRef struct {
	ID       int    // in the pushlog
	Revision string // its tip, "" for an empty push
}

// A Truth is what the scenario holds about one culprit, as it stands at the scenario's start: what a triage has to find.
type Truth struct {
	Branch   string
	Repo     string
	Label    string
	Manifest string    // "" where the job type has none
	Culprit  PushRef   // the push that broke it
	Failure  PushRef   // the newest push on which the label has failed
	LastGood PushRef   // the first older one on which it has passed and not failed; the zero PushRef if there is none
	Gap      []PushRef // strictly between, newest first: those that could run the job and have no evidence of it
	// NotRunnable are those between, newest first, that never can.
	NotRunnable []PushRef
	// ByLabelOnly is false where labels mislead, because manifests have moved between LastGood and Failure.
	ByLabelOnly bool
}

func (p *push) ref() PushRef { return PushRef{p.id, p.tip()} }

// Truth returns what there is to find, in the order of the scenario's culprits. Clients' writes do not change it. A
// culprit whose label has not failed by the start has a zero Failure.
func (s *Sim) Truth() []Truth {
	tl, now := s.w.run(nil), s.w.sc.Now
	var list []Truth
	for _, c := range s.w.culprits {
		b := c.push.branch
		t := Truth{Branch: b.Name, Repo: b.Repo, Label: c.jt.label, Manifest: c.manifest, Culprit: c.push.ref(), ByLabelOnly: true}
		failure := -1
		for i := len(b.pushes) - 1; i >= 0 && failure < 0; i-- {
			if v := tl.evidence(b.pushes[i], c.jt.label, now); v == "failed" {
				failure = i
				t.Failure = b.pushes[i].ref()
			}
		}
		for i := failure - 1; i >= 0; i-- {
			p := b.pushes[i]
			switch tl.evidence(p, c.jt.label, now) {
			case "passed":
				t.LastGood = p.ref()
			case "none":
				if p.runnable() {
					t.Gap = append(t.Gap, p.ref())
				} else {
					t.NotRunnable = append(t.NotRunnable, p.ref())
				}
			}
			if len(c.jt.family.manifests) > 0 && c.jt.family.shift(s.w.seed, p) != c.jt.family.shift(s.w.seed, b.pushes[failure]) {
				t.ByLabelOnly = false
			}
			if t.LastGood.ID != 0 {
				break
			}
		}
		list = append(list, t)
	}
	return list
}

// evidence is what the jobs of a label say of a push by now: passed, failed, intermittent, unsettled, or none.
func (tl *timeline) evidence(p *push, label string, now time.Time) string {
	seen := map[string]bool{}
	for _, t := range tl.on[p] {
		if t.label != label || t.created.After(now) {
			continue
		}
		switch t.stateAt(now) {
		case "completed":
			seen["passed"] = true
		case "failed":
			seen["failed"] = true
		case "pending", "running", "unscheduled":
			seen["unsettled"] = true
		}
	}
	switch {
	case seen["passed"] && seen["failed"]:
		return "intermittent"
	case seen["passed"]:
		return "passed"
	case seen["failed"]:
		return "failed"
	case seen["unsettled"]:
		return "unsettled"
	}
	return "none"
}
