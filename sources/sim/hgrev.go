package sim

import (
	"fmt"
	"strings"
	"time"
)

// lines is an object as Mercurial's templates print it: one key a line, in the given order.
func lines(pairs ...any) string {
	var b strings.Builder
	b.WriteString("{\n")
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			b.WriteString(",\n")
		}
		v, done := pairs[i+1].(rawText)
		if !done {
			v = rawText(pythonic(pairs[i+1]))
		}
		fmt.Fprintf(&b, "%q: %s", pairs[i], v)
	}
	b.WriteString("\n}")
	return b.String()
}

// rawText is JSON already.
type rawText string

// MarshalJSON implements json.Marshaler.
func (t rawText) MarshalJSON() ([]byte, error) { return []byte(t), nil }

// hgTime is Mercurial's pair of seconds and zone; a changeset's seconds are a float.
func hgTime(t time.Time, float bool) rawText {
	if float {
		return rawText(fmt.Sprintf("[%d.0, 0]", t.Unix()))
	}
	return rawText(fmt.Sprintf("[%d, 0]", t.Unix()))
}

// relevance is json-automationrelevance: the push's changesets up to this one.
func (c *changeset) relevance(backouts bool, now time.Time) string {
	var all []string
	for _, x := range c.push.changesets {
		all = append(all, x.relevant(backouts, now))
		if x == c {
			break
		}
	}
	return lines("changesets", rawText("["+strings.Join(all, ", ")+"]"), "visible", !c.push.Obsolete)
}

func (c *changeset) relevant(backouts bool, now time.Time) string {
	out, reviewers := []any{}, []any{}
	for _, b := range c.backsOut {
		out = append(out, obj{"node": b.node})
	}
	for _, name := range c.reviewers {
		reviewers = append(reviewers, obj{"name": name, "revset": "reviewer(" + name + ")"})
	}
	no := itoa(c.bug)
	m := obj{"author": c.author, "backsoutnodes": out, "bugs": []any{obj{"no": no, "url": "https://bugzilla.mozilla.org/show_bug.cgi?id=" + no}},
		"date": hgTime(c.date, true), "desc": c.desc, "extra": obj{"branch": "default"}, "files": c.files, "node": c.node, "parents": c.parents,
		"phase": "public", "pushdate": []any{c.push.date.Unix(), 0}, "pushhead": c.push.tip(), "pushid": c.push.id, "pushuser": c.push.user,
		"rev": c.rev, "reviewers": reviewers}
	if c.git != "" {
		m["git_commit"] = c.git
		m["git_repo_url"] = "https://github.com/mozilla-firefox/firefox"
	}
	if backouts {
		m["backedoutby"] = c.undoneBy(now)
	}
	return pythonic(m)
}

// undoneBy is the changeset that has backed this one out by now, or "".
func (c *changeset) undoneBy(now time.Time) string {
	if b := c.backedOutBy; b != nil && b.landed(now) {
		return b.node
	}
	return ""
}

// children are the changesets on top of this one.
func (c *changeset) children(now time.Time) []string {
	if log := c.push.branch.log; c.rev+1 < len(log) && log[c.rev+1].landed(now) {
		return []string{log[c.rev+1].node}
	}
	return []string{}
}

// tags are "tip" or nothing.
func (c *changeset) tags(now time.Time) []string {
	if c.push.branch.head(now) == c {
		return []string{"tip"}
	}
	return []string{}
}

func (c *changeset) jsonRev(now time.Time) string {
	file := c.files[0]
	diff := []rawText{
		rawText(lines("t", "-", "n", 1, "l", "--- a/"+file+"\tThu Jan 01 00:00:00 1970 +0000\n")),
		rawText(lines("t", "+", "n", 2, "l", "+++ b/"+file+"\t"+c.date.Format("Mon Jan 02 15:04:05 2006 -0700")+"\n")),
		rawText(lines("t", "@", "n", 3, "l", "@@ -1,1 +1,2 @@\n")),
		rawText(lines("t", "", "n", 4, "l", " // "+file+"\n")),
		rawText(lines("t", "+", "n", 5, "l", "+// "+c.node[:12]+"\n")),
	}
	block := lines("blockno", 1, "lines", rawText("["+joinRaw(diff)+"]"))
	return lines("node", c.node, "date", hgTime(c.date, true), "desc", c.desc, "backedoutby", c.undoneBy(now), "branch", "default",
		"bookmarks", []string{}, "tags", c.tags(now), "user", c.author, "parents", c.parents, "children", c.children(now),
		"files", rawText("["+lines("file", file, "status", "modified")+"]"), "diff", rawText("["+block+"]"), "phase", "public", "pushid", c.push.id,
		"pushdate", hgTime(c.push.date, false), "pushuser", c.push.user, "landingsystem", nil, "git_commit", orNull(c.git))
}

func joinRaw(list []rawText) string {
	var b strings.Builder
	for i, x := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(x))
	}
	return b.String()
}

func (c *changeset) jsonLog(query string, now time.Time) string {
	one := lines("node", c.node, "date", hgTime(c.date, true), "desc", c.desc, "branch", "default", "bookmarks", []string{}, "tags", c.tags(now),
		"user", c.author, "phase", "public", "parents", c.parents, "pushid", c.push.id, "pushdate", hgTime(c.push.date, false))
	return lines("node", c.node, "query", orNull(query), "entries", rawText("["+one+"]"))
}

func (c *changeset) jsonInfo(now time.Time) string {
	one := lines("branch", "default", "children", c.children(now), "date", c.date.Format("2006-01-02 15:04 -0700"), "description", c.desc,
		"files", c.files, "node", c.node, "parents", c.parents, "rev", c.rev, "tags", c.tags(now), "user", c.author)
	return lines(c.node[:12], rawText(one))
}
