package sim

import (
	"fmt"
	"strings"
	"time"
)

// A world is what a scenario and a seed make, before anybody does anything: branches, job types, culprits, and what is
// scheduled on which push. It does not change.
type world struct {
	seed
	sc       *Scenario
	branches []*branch
	jobs     []*jobType
	byLabel  map[string]*jobType
	culprits []*culprit
	letters  map[place]string // what a History says, by ordinal of the job
	thPushes []*push          // by Treeherder's id, from thPushBase+1
}

// A place is a job type on a push.
type place struct {
	push  *push
	label string
}

// A culprit is a settled Culprit.
type culprit struct {
	Culprit
	jt       *jobType
	push     *push
	fixed    *push // nil: never
	manifest string
}

// thPushBase is below every push id of Treeherder; they have nothing to do with the pushlog's.
const thPushBase = 1600000

// newWorld settles a scenario. An error says what in it does not fit together.
func newWorld(sc Scenario, s seed) (*world, error) {
	sc = sc.normal()
	w := &world{seed: s, sc: &sc, byLabel: map[string]*jobType{}, letters: map[place]string{}}
	for _, b := range sc.Branches {
		if b.Name == "" || b.Pushes < 1 {
			return nil, fmt.Errorf("scenario %s: a branch needs a name and at least one push", sc.Name)
		}
		w.branches = append(w.branches, newBranch(s, &sc, b))
	}
	if len(w.branches) == 0 {
		return nil, fmt.Errorf("scenario %s: no branch", sc.Name)
	}
	w.numberPushes()
	var err error
	if w.jobs, err = expand(s, &sc); err != nil {
		return nil, fmt.Errorf("scenario %s: %w", sc.Name, err)
	}
	for _, jt := range w.jobs {
		w.byLabel[jt.label] = jt
	}
	for _, c := range sc.Culprits {
		if err := w.settle(c); err != nil {
			return nil, fmt.Errorf("scenario %s: %w", sc.Name, err)
		}
	}
	for _, h := range sc.Histories {
		if err := w.tell(h); err != nil {
			return nil, fmt.Errorf("scenario %s: %w", sc.Name, err)
		}
	}
	for _, r := range sc.Requested {
		if b := w.branch(r.Branch); b == nil || b.positioned(r.At) == nil || w.byLabel[r.Label] == nil || actionTitles[r.Action] == "" {
			return nil, fmt.Errorf("scenario %s: requested %s of %q at %d: no such branch, push, job type or action", sc.Name, r.Action, r.Label, r.At)
		}
	}
	return w, nil
}

// normal fills in what was left out.
func (sc Scenario) normal() Scenario {
	if sc.Now.IsZero() {
		sc.Now = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	}
	sc.Now = sc.Now.UTC()
	sc.Branches = append([]Branch(nil), sc.Branches...)
	for i := range sc.Branches {
		b := &sc.Branches[i]
		b.Repo = or(b.Repo, b.Name)
		b.Tree = or(b.Tree, "firefox-"+b.Name)
		b.First = or(b.First, 1)
		b.Newest = or(b.Newest, 2*time.Hour)
		b.Every = or(b.Every, 14*time.Minute)
		b.Changesets = or(b.Changesets, Span{1, 4})
		b.Changesets.Min = max(1, b.Changesets.Min)
		b.Changesets.Max = max(b.Changesets.Min, b.Changesets.Max)
	}
	sc.Ingestion.Delay = max(0, or(sc.Ingestion.Delay, 45*time.Second))
	sc.Actions.Delay = or(sc.Actions.Delay, 75*time.Second)
	return sc
}

// numberPushes gives Treeherder's ids, branch by branch with a gap between.
func (w *world) numberPushes() {
	for i, b := range w.branches {
		if i > 0 {
			w.thPushes = append(w.thPushes, nil, nil, nil)
		}
		for _, p := range b.pushes {
			if p.Empty {
				continue
			}
			w.thPushes = append(w.thPushes, p)
			p.thID = thPushBase + len(w.thPushes)
		}
	}
}

// branch finds a branch by its name; "" is the first.
func (w *world) branch(name string) *branch {
	for _, b := range w.branches {
		if name == "" || b.Name == name {
			return b
		}
	}
	return nil
}

// settle picks the culprit's push among the runnable ones of its range.
func (w *world) settle(c Culprit) error {
	b, jt := w.branch(c.Branch), w.byLabel[c.Label]
	if b == nil || jt == nil {
		return fmt.Errorf("culprit of %q: no such branch or job type", c.Label)
	}
	var able []*push
	for at := c.At.Min; at <= max(c.At.Min, c.At.Max); at++ {
		if p := b.positioned(at); p != nil && p.runnable() {
			able = append(able, p)
		}
	}
	if len(able) == 0 {
		return fmt.Errorf("culprit of %q: no push from %d to %d can run it", c.Label, c.At.Min, c.At.Max)
	}
	x := &culprit{Culprit: c, jt: jt}
	x.push = able[w.rng("culprit", b.Name, c.Label, c.At).IntN(len(able))]
	if c.Fixed != nil {
		x.fixed = b.positioned(*c.Fixed)
	}
	if x.manifest = c.Manifest; x.manifest == "" {
		if mine := jt.shifted(0); len(mine) > 0 {
			x.manifest = mine[0]
		}
	}
	w.culprits = append(w.culprits, x)
	return nil
}

// tell spreads a strip of letters over the pushes.
func (w *world) tell(h History) error {
	b, jt := w.branch(h.Branch), w.byLabel[h.Label]
	if b == nil || jt == nil {
		return fmt.Errorf("history of %q: no such branch or job type", h.Label)
	}
	for at, letter := range strings.Join(strings.Fields(h.Strip), "") {
		p := b.positioned(at)
		if p == nil {
			return fmt.Errorf("history of %q: the branch has %d pushes", h.Label, b.Pushes)
		}
		if !strings.ContainsRune("FPI.-xcsr?~T", letter) {
			return fmt.Errorf("history of %q: unknown letter %q (known: F P I . - x c s r ? ~ T)", h.Label, letter)
		}
		if runs := !strings.ContainsRune(".-", letter); runs != p.runnable() && (runs || letter == '-') {
			return fmt.Errorf("history of %q: %q at push %d does not fit: is the push runnable: %v", h.Label, letter, at, p.runnable())
		}
		text := string(letter)
		if letter == 'I' {
			text = "FP"
		}
		w.letters[place{p, h.Label}] = text
	}
	return nil
}

// scheduled says whether a decision task schedules a job type on its push.
func (w *world) scheduled(jt *jobType, p *push) bool {
	if text, told := w.letters[place{p, jt.label}]; told {
		return text != "." && text != "-"
	}
	return jt.Density > 0 && (jt.Density >= 1 || w.chance(jt.Density, "scheduled", p.branch.Name, p.id, jt.label))
}

// breaks returns the culprit that makes a job fail, given what it runs, or nil.
func (w *world) breaks(jt *jobType, p *push, manifests []string) *culprit {
	for _, c := range w.culprits {
		if c.push.branch != p.branch || p.index < c.push.index || (c.fixed != nil && p.index >= c.fixed.index) {
			continue
		}
		if c.jt == jt && c.manifest == "" {
			return c
		}
		if c.jt.family == jt.family && contains(manifests, c.manifest) {
			return c
		}
	}
	return nil
}

func contains(list []string, want string) bool {
	for _, x := range list {
		if x == want {
			return true
		}
	}
	return false
}
