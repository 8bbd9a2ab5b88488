package hgmo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/mozci/mozci-run/sources/sourcetest"
)

// fakePush is one push of a fake pushlog.
type fakePush struct {
	id       int
	nodes    []string
	obsolete bool // whether its changesets are hidden
	vanished bool // whether it was stripped: counted, and nowhere to be seen
}

// node makes a hash out of a push's number and a changeset's place in it.
func node(id, i int) string { return fmt.Sprintf("%08x%032x", id, i) }

// landed makes pushes with the given numbers, of two changesets each.
func landed(ids ...int) []fakePush {
	var out []fakePush
	for _, id := range ids {
		out = append(out, fakePush{id: id, nodes: []string{node(id, 0), node(id, 1)}})
	}
	return out
}

// span lists the numbers from a to b.
func span(a, b int) []int {
	var out []int
	for ; a <= b; a++ {
		out = append(out, a)
	}
	return out
}

// fakeHG is a pushlog that answers as hgweb's does, ways of not listening included, for one repository at
// /integration/autoland, with json-automationrelevance, and a tree status service at /status.
type fakeHG struct {
	pushes   []fakePush // oldest first
	backouts map[string]string
	trees    map[string]string // name to status
	mu       sync.Mutex
	asked    []string
	lands    map[string]fakePush // what lands before a request to this path and query is answered
}

func (f *fakeHG) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r.URL.RequestURI())
	if p, ok := f.lands[r.URL.RequestURI()]; ok {
		f.pushes = append(f.pushes, p)
	}
	w.Header().Set("Content-Type", "application/json")
	if name, ok := strings.CutPrefix(r.URL.Path, "/status/trees/"); ok {
		f.tree(w, name)
		return
	}
	command, ok := strings.CutPrefix(r.URL.Path, "/integration/autoland/")
	name, arg, _ := strings.Cut(command, "/")
	switch {
	case ok && name == "json-pushes":
		f.jsonPushes(w, r, arg)
	case ok && name == "json-automationrelevance":
		f.relevance(w, arg, r.FormValue("backouts") == "1")
	default:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<html>Mercurial repository not found</html>")
	}
}

func (f *fakeHG) last() int {
	if len(f.pushes) == 0 {
		return 0
	}
	return f.pushes[len(f.pushes)-1].id
}

// holder finds the newest push with a changeset, which answers 404 where there is none.
func (f *fakeHG) holder(w http.ResponseWriter, rev string) (id int, ok bool) {
	for _, p := range f.pushes {
		if !p.vanished && slices.ContainsFunc(p.nodes, func(n string) bool { return strings.HasPrefix(n, rev) }) {
			id = p.id
		}
	}
	if id == 0 {
		w.WriteHeader(http.StatusNotFound)
		json.NewEncoder(w).Encode(map[string]string{"error": "unknown revision '" + rev + "'"})
	}
	return id, id != 0
}

func (f *fakeHG) jsonPushes(w http.ResponseWriter, r *http.Request, page string) {
	q := r.URL.Query()
	from, lower, to := 0, false, f.last()
	for _, k := range []string{"startID", "endID"} {
		n, err := strconv.Atoi(q.Get(k))
		if q.Has(k) && err != nil {
			w.Header().Del("Content-Type")
			http.Error(w, "Internal Server Error", http.StatusInternalServerError)
			return
		}
		if q.Has(k) && k == "startID" {
			from, lower = n, true
		} else if q.Has(k) {
			to = n
		}
	}
	for _, k := range []string{"fromchange", "tochange"} {
		if !q.Has(k) {
			continue
		}
		id, ok := f.holder(w, q.Get(k))
		if !ok {
			return
		}
		if k == "fromchange" {
			from, lower = id, true
		} else {
			to = id
		}
	}
	if q.Has("changeset") {
		if _, ok := f.holder(w, q.Get("changeset")); !ok {
			return
		}
	}
	number, err := strconv.Atoi(page)
	if err != nil {
		number = 1
	}
	out := map[string]any{}
	for i, p := range f.pushes {
		end := len(f.pushes) - 10*number // of the page that is asked for
		within := i >= end && i < end+10
		switch {
		case q.Has("changeset"):
			within = slices.ContainsFunc(p.nodes, func(n string) bool { return strings.HasPrefix(n, q.Get("changeset")) })
		case lower:
			within = p.id > from && p.id <= to
		}
		if within && !p.vanished {
			out[strconv.Itoa(p.id)] = p.entry(q.Has("full"))
		}
	}
	json.NewEncoder(w).Encode(map[string]any{"lastpushid": f.last(), "pushes": out})
}

func (p fakePush) entry(full bool) map[string]any {
	list, git := []any{}, []any{}
	for _, n := range p.nodes {
		git = append(git, nil)
		if full {
			list = append(list, map[string]any{"node": n, "author": "Dev <dev@example.org>", "desc": "Bug 1234567 - change\n\nmore", "files": []string{"a"}, "git_node": nil})
		} else {
			list = append(list, n)
		}
	}
	e := map[string]any{"user": "dev@example.org", "date": 1420071313 + p.id, "changesets": list, "git_changesets": git}
	if p.obsolete {
		e["changesets"], e["obsoletechangesets"] = []any{}, list
	}
	return e
}

func (f *fakeHG) relevance(w http.ResponseWriter, rev string, backouts bool) {
	id, ok := f.holder(w, rev)
	if !ok {
		return
	}
	list := []any{}
	for _, p := range f.pushes {
		if p.id != id {
			continue
		}
		for _, n := range p.nodes {
			c := map[string]any{"node": n, "pushid": p.id, "pushhead": p.nodes[len(p.nodes)-1], "bugs": []any{}, "date": []any{1420071313.0, 0}}
			if backouts {
				c["backedoutby"] = f.backouts[n]
			}
			list = append(list, c)
			if strings.HasPrefix(n, rev) {
				break
			}
		}
	}
	json.NewEncoder(w).Encode(map[string]any{"visible": true, "changesets": list})
}

func (f *fakeHG) tree(w http.ResponseWriter, name string) {
	status := f.trees[name]
	if status == "" {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
		json.NewEncoder(w).Encode(map[string]any{"status": 404, "title": "No tree " + name + " found.", "detail": "No tree " + name + " found."})
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"result": map[string]any{"tree": name, "status": status, "reason": "bug 7", "tags": []string{}}})
}

var fakeOptions = Options{
	Repositories: map[string]string{"autoland": "integration/autoland", "nowhere": "no/where"},
	TreeStatus:   "http://hg.example/status",
	Trees:        map[string]string{"autoland": "firefox-autoland"},
}

// open returns a client of the fake.
func (f *fakeHG) open(t *testing.T) *Client {
	t.Helper()
	return New(sourcetest.Client(f), "http://hg.example", fakeOptions)
}
