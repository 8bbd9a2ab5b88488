package sim

import (
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// hg answers for hg.mozilla.org. path is what follows /hg, escaped.
func (s *Sim) hg(r *http.Request, path string) *reply {
	if r.Method == http.MethodHead {
		return text(http.StatusNotImplemented, "text/html;charset=utf-8", "")
	}
	path, err := url.PathUnescape(strings.Trim(path, "/"))
	if err != nil {
		return text(http.StatusBadRequest, "", "Bad Request")
	}
	for _, b := range s.w.branches {
		command, ok := strings.CutPrefix(path, b.Repo+"/")
		if !ok {
			continue
		}
		_, now := s.view()
		name, arg, _ := strings.Cut(command, "/")
		rep := b.serve(r.URL.Query(), name, arg, now)
		rep.header.Set("Server", "BaseHTTP/0.6 Python/3.11.2")
		return rep
	}
	return text(http.StatusNotFound, "text/html; charset=UTF-8", strings.ReplaceAll(unknownRepository, "REPO", htmlText.Replace(path)))
}

var htmlText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

const unknownRepository = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en-US" lang="en-US">
<head>
<title>Mercurial repository not found</title>
</head>
<body>
<div class="page_body">
The specified repository "REPO" is unknown, sorry.
</div>
</body>
</html>
`

// serve answers one of hgweb's commands.
func (b *branch) serve(q url.Values, command, arg string, now time.Time) *reply {
	var rep *reply
	switch command {
	case "json-pushes":
		rep = b.jsonPushes(q, arg, now)
	case "json-automationrelevance":
		rep = b.withRevision(arg, now, func(c *changeset) string { return c.relevance(q.Get("backouts") == "1", now) })
	case "json-rev":
		rep = b.withRevision(arg, now, func(c *changeset) string { return c.jsonRev(now) })
	case "json-log":
		rep = b.withRevision(or(q.Get("rev"), "tip"), now, func(c *changeset) string { return c.jsonLog(q.Get("rev"), now) })
	case "json-info":
		rep = b.withRevision(q.Get("node"), now, func(c *changeset) string { return c.jsonInfo(now) })
	default:
		return hgError(http.StatusNotFound, "no such method: "+command)
	}
	if last := b.last(now); last != nil && rep.header.Get("Content-Type") != "" {
		rep.header.Set("ETag", `W/"`+strconv.FormatInt(last.landed.Unix(), 10)+`"`)
	}
	return rep
}

// hgError is an error of hgweb's JSON templates.
func hgError(status int, message string) *reply {
	return text(status, "application/json", "{\n\"error\": "+pythonic(message)+"\n}")
}

// crash is what an exception inside hgweb looks like: no content type at all.
func crash() *reply { return text(http.StatusInternalServerError, "", "Internal Server Error") }

// withRevision answers about one changeset.
func (b *branch) withRevision(rev string, now time.Time, body func(*changeset) string) *reply {
	c, rep := b.revision(rev, now)
	if rep != nil {
		return rep
	}
	return text(http.StatusOK, "application/json", body(c))
}

// revision resolves a revision, or says in hg's words why not.
func (b *branch) revision(rev string, now time.Time) (*changeset, *reply) {
	c, ambiguous := b.find(rev, now)
	switch {
	case ambiguous, rev == "":
		return nil, hgError(http.StatusNotFound, "revision not found: "+rev)
	case c == nil:
		return nil, hgError(http.StatusNotFound, "unknown revision '"+rev+"'")
	}
	return c, nil
}

// last is the newest push that has landed, an empty one included, or nil.
func (b *branch) last(now time.Time) *push {
	for i := len(b.pushes) - 1; i >= 0; i-- {
		if !b.pushes[i].landed.After(now) {
			return b.pushes[i]
		}
	}
	return nil
}

// perPage is how many pushes come without a lower bound.
const perPage = 10

// jsonPushes is the pushlog.
func (b *branch) jsonPushes(q url.Values, page string, now time.Time) *reply {
	version, err := strconv.Atoi(or(q.Get("version"), "1"))
	if err != nil {
		return hgError(http.StatusInternalServerError, "version parameter must be an integer")
	}
	if version != 1 && version != 2 {
		return hgError(http.StatusInternalServerError, "version parameter must be 1 or 2")
	}
	chosen, rep := b.choose(q, page, now)
	if rep != nil {
		return rep
	}
	tips := q.Get("tipsonly") == "1"
	pushes := map[string]any{}
	for _, p := range chosen {
		if tips && (p.Empty || p.Obsolete) {
			return crash()
		}
		if !p.Empty {
			pushes[itoa(p.id)] = p.entry(q.Has("full"), tips)
		}
	}
	body := pythonic(pushes)
	if last := b.last(now); version == 2 {
		id := 0
		if last != nil {
			id = last.id
		}
		body = "{\n\"lastpushid\": " + itoa(id) + ",\n\"pushes\": " + body + "\n}"
	}
	return text(http.StatusOK, "application/json", body)
}

// choose picks the pushes that a query asks for, with all the pushlog's ways of not listening.
func (b *branch) choose(q url.Values, page string, now time.Time) ([]*push, *reply) {
	lower, above, rep := b.bound(q, "startdate", "fromchange", "startID", now)
	if rep != nil {
		return nil, rep
	}
	upper, below, rep := b.bound(q, "enddate", "tochange", "endID", now)
	if rep != nil {
		return nil, rep
	}
	match, filtered, rep := b.filter(q, now)
	if rep != nil {
		return nil, rep
	}
	var all []*push
	for _, p := range b.pushes {
		if !p.landed.After(now) {
			all = append(all, p)
		}
	}
	if !lower && !filtered { // the upper bound is ignored
		n, err := strconv.Atoi(or(page, "1"))
		if err != nil || n < 1 {
			n = 1
		}
		end := max(0, len(all)-(n-1)*perPage)
		return all[max(0, end-perPage):end], nil
	}
	var out []*push
	for _, p := range all {
		if (!lower || above(p) > 0) && (!lower || !upper || below(p) <= 0) && match(p) {
			out = append(out, p)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].id < out[j].id })
	return out, nil
}

// bound reads the strongest of the three bounds of one side: date, changeset, id. cmp says where a push lies: an id or
// changeset bound is 0 on the push itself; a date bound never is, because it is exclusive on both sides.
func (b *branch) bound(q url.Values, date, change, id string, now time.Time) (given bool, cmp func(*push) int, rep *reply) {
	switch {
	case q.Has(date):
		t := hgDate(q.Get(date), now)
		return true, func(p *push) int {
			if date == "enddate" && !p.date.Before(t) {
				return 1
			}
			return p.date.Compare(t)
		}, nil
	case q.Has(change):
		c, rep := b.revision(q.Get(change), now)
		if rep != nil {
			return false, nil, rep
		}
		return true, func(p *push) int { return p.id - c.push.id }, nil
	case q.Has(id):
		n, err := strconv.Atoi(q.Get(id))
		if err != nil {
			return false, nil, crash()
		}
		return true, func(p *push) int { return p.id - n }, nil
	}
	return false, nil, nil
}

// hgDate reads a date as the pushlog does. What it does not understand is now, so that nothing is newer.
func hgDate(s string, now time.Time) time.Time {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(n, 0).UTC()
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02 15", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return now
}

// filter reads changeset, user and branch: any of one kind, all of the kinds.
func (b *branch) filter(q url.Values, now time.Time) (match func(*push) bool, filtered bool, rep *reply) {
	nodes := map[*push]bool{}
	for _, rev := range q["changeset"] {
		c, rep := b.revision(rev, now)
		if rep != nil {
			return nil, false, rep
		}
		nodes[c.push] = true
	}
	for _, name := range q["branch"] {
		if name != "default" {
			return nil, false, hgError(http.StatusNotFound, "unknown revision '"+name+"'")
		}
	}
	match = func(p *push) bool {
		return (len(nodes) == 0 || nodes[p]) && (len(q["user"]) == 0 || contains(q["user"], p.user))
	}
	return match, len(nodes) > 0 || q.Has("user") || q.Has("branch"), nil
}

// entry is a push as json-pushes has it.
func (p *push) entry(full, tips bool) any {
	list := p.changesets
	if tips {
		list = list[len(list)-1:]
	}
	nodes, gits := []any{}, []any{}
	for _, c := range list {
		gits = append(gits, orNull(c.git))
		if full {
			nodes = append(nodes, c.full())
		} else {
			nodes = append(nodes, c.node)
		}
	}
	if p.Obsolete {
		return obj{"user": p.user, "date": p.date.Unix(), "changesets": []any{}, "obsoletechangesets": nodes}
	}
	return obj{"user": p.user, "date": p.date.Unix(), "changesets": nodes, "git_changesets": gits}
}

// full is a changeset as full=1 has it.
func (c *changeset) full() any {
	git := []any{}
	for _, g := range c.gitParents {
		git = append(git, orNull(g))
	}
	return obj{"node": c.node, "git_node": orNull(c.git), "author": c.author, "desc": c.desc, "branch": "default",
		"parents": c.parents, "git_parents": git, "tags": []string{}, "files": c.files}
}

// orNull is null for the empty string.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
