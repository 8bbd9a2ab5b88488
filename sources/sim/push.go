package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A branch is a generated branch: its pushes, oldest first.
type branch struct {
	Branch
	pushes []*push
	byRev  map[string]*changeset
	log    []*changeset // by local revision number
}

// A push is a generated push. Its id grows by one or more from push to push; its date need not grow.
type push struct {
	PushSetting
	branch     *branch
	index      int // in branch.pushes
	id         int
	thID       int
	landed     time.Time // when it came to be
	date       time.Time // what the pushlog says
	ingested   time.Time // when Treeherder has it
	user       string
	changesets []*changeset // the tip last; none in an empty push
	decision   string       // task id
}

// tip is the head revision, or "" for an empty push.
func (p *push) tip() string {
	if len(p.changesets) == 0 {
		return ""
	}
	return p.changesets[len(p.changesets)-1].node
}

// hookHash is the part of a hook's id that changes with .taskcluster.yml: once, in the middle of every branch.
func (p *push) hookHash() string {
	if p.index*2 < len(p.branch.pushes) {
		return "9353e8f146"
	}
	return "a61f05e3c2"
}

// A changeset is one commit.
type changeset struct {
	push        *push
	rev         int // local revision number
	node        string
	git         string // "" while the git mirror has not seen it, and on try
	author      string
	desc        string
	bug         int
	reviewers   []string
	files       []string
	parents     []string
	gitParents  []string
	date        time.Time
	backsOut    []*changeset
	backedOutBy *changeset
}

// people have e-mail addresses that lead nowhere, and names from several alphabets.
var people = []struct{ name, mail string }{
	{"Ada Winter", "awinter@example.org"},
	{"Zoë Müller", "zoe@example.org"},
	{"Łukasz Żak", "lzak@example.org"},
	{"Nia Okafor", "nia@example.org"},
	{"李雷", "lilei@example.org"},
	{"Tomás O’Dea", "todea@example.org"},
	{"Priya Rao", "prao@example.org"},
	{"Søren Holm", "sholm@example.org"},
	{"Юрий Лотов", "ylotov@example.org"},
}

var (
	verbs  = []string{"Fix", "Rework", "Remove", "Add tests for", "Clean up", "Cache", "Avoid flushing", "Simplify"}
	things = []string{"tab switching", "the “new tab” page", "session restore", "font fallback", "the URL bar's results",
		"scroll anchoring", "IndexedDB shutdown", "layers during resize", "permission prompts", "the JIT's bailouts", "naïve line breaking"}
	folders = []string{"browser/base/content", "dom/base", "layout/generic", "js/src/jit", "netwerk/protocol/http", "toolkit/components/places"}
)

// newBranch generates a branch with all its pushes, those that land later included.
func newBranch(s seed, sc *Scenario, b Branch) *branch {
	g := &branch{Branch: b, byRev: map[string]*changeset{}}
	settings := map[int]PushSetting{}
	for _, set := range b.Settings {
		settings[set.At] = set
	}
	id := b.First - 1
	for i := range b.Pushes + b.Later {
		p := &push{branch: g, index: i, PushSetting: settings[b.Pushes-1-i]}
		p.At = b.Pushes - 1 - i
		id += 1 + p.SkipIDs
		p.id = id
		g.pushes = append(g.pushes, p)
	}
	g.land(s, sc.Now)
	for _, p := range g.pushes {
		p.date = p.landed.Add(p.Shift).Truncate(time.Second)
		p.ingested = p.landed.Add(s.span(sc.Ingestion.Delay, sc.Ingestion.Jitter, "ingest push", b.Name, p.id))
		p.user = people[s.rng("user", b.Name, p.id).IntN(len(people))].mail
		p.decision = s.slug("decision", b.Name, p.id)
		if !p.Empty {
			g.commit(s, p)
		}
	}
	return g
}

// land gives every push the instant of its landing, from the newest before now in both directions.
func (b *branch) land(s seed, now time.Time) {
	step := func(p *push) time.Duration {
		return s.span(b.Every, b.Jitter, "every", b.Name, p.id)
	}
	t := now.Add(-b.Newest)
	for i := b.Pushes - 1; i >= 0; i-- {
		b.pushes[i].landed = t
		t = t.Add(-step(b.pushes[i]))
	}
	t = now
	for _, p := range b.pushes[b.Pushes:] {
		t = t.Add(step(p))
		p.landed = t
	}
}

// commit generates the changesets of a push.
func (b *branch) commit(s seed, p *push) {
	r := s.rng("changesets", b.Name, p.id)
	n := b.Changesets.Min + r.IntN(b.Changesets.Max-b.Changesets.Min+1)
	if p.BacksOut > 0 {
		n = 1
	}
	who := people[r.IntN(len(people))]
	bug := 1900000 + r.IntN(60000)
	for i := range n {
		c := &changeset{push: p, rev: len(b.log), node: s.hex40("node", b.Name, p.id, i), bug: bug}
		c.author = fmt.Sprintf("%s <%s>", who.name, who.mail)
		c.reviewers = []string{fmt.Sprintf("reviewer%d", r.IntN(6))}
		if r.IntN(3) == 0 {
			c.reviewers = append(c.reviewers, "geckoview-reviewers")
		}
		c.files = []string{fmt.Sprintf("%s/file%d.cpp", folders[r.IntN(len(folders))], r.IntN(40))}
		c.desc = fmt.Sprintf("Bug %d - Part %d: %s %s. r=%s", bug, i+1, verbs[r.IntN(len(verbs))], things[r.IntN(len(things))], strings.Join(c.reviewers, ","))
		if r.IntN(2) == 0 {
			c.desc += fmt.Sprintf("\n\nDifferential Revision: https://phabricator.services.mozilla.com/D%d", 230000+r.IntN(9000))
		}
		c.date = p.landed.Add(-time.Duration(5+r.IntN(600)) * time.Minute).Truncate(time.Second)
		if b.Name != "try" && !s.chance(0.05, "git lags", b.Name, p.id) { // try has no mirror
			c.git = s.hex40("git", b.Name, p.id, i)
		}
		b.add(c)
	}
	b.describe(p)
}

// add puts a changeset on top of the branch's last one.
func (b *branch) add(c *changeset) {
	parent, git := strings.Repeat("0", 40), ""
	if n := len(b.log); n > 0 {
		parent, git = b.log[n-1].node, b.log[n-1].git
	}
	c.parents, c.gitParents = []string{parent}, []string{git}
	b.log = append(b.log, c)
	b.byRev[c.node] = c
	c.push.changesets = append(c.push.changesets, c)
}

// describe applies what the scenario says about the push's description: a backout, DONTBUILD, or a text of its own.
func (b *branch) describe(p *push) {
	tip := p.changesets[len(p.changesets)-1]
	if at := p.index + p.At - p.BacksOut; p.BacksOut > 0 && at >= 0 && at < p.index {
		bad := b.pushes[at]
		tip.desc = fmt.Sprintf("Backed out %d changesets (bug %d) for causing failures. CLOSED TREE", len(bad.changesets), firstBug(bad))
		for _, c := range bad.changesets {
			tip.desc += fmt.Sprintf("\n\nBacked out changeset %s (bug %d)", c.node[:12], c.bug)
			tip.backsOut = append(tip.backsOut, c)
			c.backedOutBy = tip
		}
	}
	if p.Description != "" {
		tip.desc = p.Description
	}
	if p.DontBuild {
		tip.desc += " DONTBUILD"
	}
}

func firstBug(p *push) int {
	if len(p.changesets) == 0 {
		return 0
	}
	return p.changesets[0].bug
}

// positioned returns the push at a position (see the package's comment), or nil.
func (b *branch) positioned(at int) *push {
	i := b.Pushes - 1 - at
	if i < 0 || i >= len(b.pushes) {
		return nil
	}
	return b.pushes[i]
}

// find resolves what hg would take for a revision of what has landed by now: a full or short hash, "tip", a branch's
// name, or a local revision number. An ambiguous hash is nil with ok true.
func (b *branch) find(rev string, now time.Time) (c *changeset, ambiguous bool) {
	if rev == "tip" || rev == "default" {
		return b.head(now), false
	}
	if c := b.byRev[rev]; c != nil && c.landed(now) {
		return c, false
	}
	if n, err := strconv.Atoi(rev); err == nil && len(rev) < 12 {
		if n >= 0 && n < len(b.log) && b.log[n].landed(now) {
			return b.log[n], false
		}
	}
	if len(rev) == 0 || len(rev) >= 40 || strings.Trim(rev, "0123456789abcdef") != "" {
		return nil, false
	}
	for _, x := range b.log {
		if strings.HasPrefix(x.node, rev) && x.landed(now) {
			if c != nil {
				return nil, true
			}
			c = x
		}
	}
	return c, false
}

// head is the newest changeset that has landed, or nil.
func (b *branch) head(now time.Time) *changeset {
	for i := len(b.log) - 1; i >= 0; i-- {
		if b.log[i].landed(now) {
			return b.log[i]
		}
	}
	return nil
}

func (c *changeset) landed(now time.Time) bool { return !c.push.landed.After(now) }
