package sim

import (
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// push answers below /api/project/<name>/push/.
func (v *thView) push(b *branch, part []string) *reply {
	if len(part) == 0 {
		return v.pushes(b)
	}
	if len(part) == 1 {
		switch part[0] {
		case "decisiontask":
			return v.decisionTask(b)
		case "group_results":
			return v.groupResults(b)
		}
	}
	id, err := strconv.Atoi(part[0])
	if err != nil || len(part) == 2 && part[1] != "status" {
		return v.ui()
	}
	p := v.pushByID(id)
	if p == nil || p.branch != b {
		return v.json(http.StatusNotFound, "No push with id: "+part[0])
	}
	if len(part) == 2 {
		return v.json(http.StatusOK, v.pushStatus(p))
	}
	return v.json(http.StatusOK, v.pushBody(p))
}

// pushByID returns a push that Treeherder has by now, or nil.
func (v *thView) pushByID(id int) *push {
	i := id - thPushBase - 1
	if i < 0 || i >= len(v.s.w.thPushes) {
		return nil
	}
	if p := v.s.w.thPushes[i]; p != nil && !p.ingested.After(v.now) {
		return p
	}
	return nil
}

// known are the pushes of a branch that Treeherder has, newest by date first.
func (v *thView) known(b *branch) []*push {
	var list []*push
	for _, p := range b.pushes {
		if !p.Empty && !p.ingested.After(v.now) {
			list = append(list, p)
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].date.After(list[j].date) })
	return list
}

// pushBody is one push: at most 20 of its revisions, the tip first.
func (v *thView) pushBody(p *push) any {
	revisions := []any{}
	for i := len(p.changesets) - 1; i >= 0 && len(revisions) < 20; i-- {
		c := p.changesets[i]
		revisions = append(revisions, ordered{"result_set_id", p.thID, "repository_id", v.repositoryID(p.branch), "revision", c.node, "author", c.author, "comments", c.desc})
	}
	return ordered{"id", p.thID, "revision", p.tip(), "author", p.user, "branch", nil, "revisions", revisions, "revision_count", len(p.changesets),
		"push_timestamp", p.date.Unix(), "repository_id", v.repositoryID(p.branch)}
}

// A pushFilter narrows the list of pushes and notes in the answer's meta what it has understood.
type pushFilter struct {
	v      *thView
	b      *branch
	list   []*push
	meta   ordered
	params ordered
}

func (f *pushFilter) keep(ok func(*push) bool) {
	kept := f.list[:0:0]
	for _, p := range f.list {
		if ok(p) {
			kept = append(kept, p)
		}
	}
	f.list = kept
}

// pushes is the list.
func (v *thView) pushes(b *branch) *reply {
	f := &pushFilter{v: v, b: b, list: v.known(b)}
	for _, name := range sortedKeys(v.q) {
		switch name {
		case "fromchange", "tochange", "startdate", "enddate", "revision", "commit_revision":
		default:
			f.params = append(f.params, name, v.q.Get(name))
		}
	}
	for _, name := range []string{"fromchange", "tochange", "startdate", "enddate", "revision", "commit_revision"} {
		if value := v.q.Get(name); value != "" {
			f.meta = append(f.meta, name, value)
			if !f.special(name, value) {
				return v.crash()
			}
		}
	}
	if rep := f.numbers(); rep != nil {
		return rep
	}
	f.people()
	count, err := strconv.Atoi(or(v.q.Get("count"), "10"))
	if err != nil {
		return v.json(http.StatusBadRequest, obj{"detail": "Valid count value required"})
	}
	if count > 1000 {
		return v.json(http.StatusBadRequest, obj{"detail": "Specified count exceeds api limit: 1000"})
	}
	if count < 0 {
		return v.crash()
	}
	results := []any{}
	for _, p := range f.list[:min(count, len(f.list))] {
		results = append(results, v.pushBody(p))
	}
	if f.params == nil {
		f.params = ordered{}
	}
	meta := append(f.meta, "count", len(results), "repository", b.Name, "filter_params", f.params)
	return v.json(http.StatusOK, ordered{"meta", meta, "results", results})
}

func sortedKeys(q url.Values) []string {
	var keys []string
	for k := range q {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// special applies a filter by change or date; false is an exception in the view.
func (f *pushFilter) special(name, value string) bool {
	switch name {
	case "fromchange", "tochange":
		var bound *push
		for _, p := range f.v.known(f.b) {
			if p.tip() == value || len(value) < 40 && strings.HasPrefix(p.tip(), value) {
				bound = p
			}
		}
		if bound == nil {
			return false
		}
		if name == "fromchange" {
			f.params = append(f.params, "push_timestamp__gte", bound.date.Unix())
			f.keep(func(p *push) bool { return !p.date.Before(bound.date) })
		} else {
			f.params = append(f.params, "push_timestamp__lte", bound.date.Unix())
			f.keep(func(p *push) bool { return !p.date.After(bound.date) })
		}
	case "startdate", "enddate":
		day, err := time.Parse("2006-01-02", value)
		if err != nil {
			return false
		}
		if name == "startdate" {
			f.params = append(f.params, "push_timestamp__gte", day.Unix())
			f.keep(func(p *push) bool { return !p.date.Before(day) })
		} else {
			day = day.AddDate(0, 0, 1)
			f.params = append(f.params, "push_timestamp__lt", day.Unix())
			f.keep(func(p *push) bool { return !p.date.After(day) })
		}
	case "revision":
		key := "revisions_short_revision"
		if len(value) == 40 {
			key = "revisions_long_revision"
		}
		f.params = append(f.params, key, value)
		f.keep(func(p *push) bool { return p.tip() == value || len(value) < 40 && strings.HasPrefix(p.tip(), value) })
	case "commit_revision":
		f.keep(func(p *push) bool {
			c := f.b.byRev[value]
			return c != nil && c.push == p
		})
	}
	return true
}

// numbers applies the filters by id and time stamp.
func (f *pushFilter) numbers() *reply {
	for _, field := range []string{"push_timestamp", "id"} {
		for _, op := range []string{"", "__lt", "__lte", "__gt", "__gte"} {
			value := f.v.q.Get(field + op)
			if value == "" || field == "push_timestamp" && op == "" {
				continue
			}
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return f.v.json(http.StatusBadRequest, obj{"detail": "Invalid timestamp specification"})
			}
			f.keep(func(p *push) bool {
				x := int64(p.thID)
				if field == "push_timestamp" {
					x = p.date.Unix()
				}
				return compares(op, x, n)
			})
		}
	}
	if value := f.v.q.Get("id__in"); value != "" {
		ids, ok := intList(value)
		if !ok {
			return f.v.json(http.StatusBadRequest, obj{"detail": "Invalid id__in specification"})
		}
		f.keep(func(p *push) bool { return ids[p.thID] })
	}
	return nil
}

// compares applies one of Django's comparisons.
func compares(op string, x, n int64) bool {
	switch op {
	case "__lt":
		return x < n
	case "__lte":
		return x <= n
	case "__gt":
		return x > n
	case "__gte":
		return x >= n
	}
	return x == n
}

// intList reads "1,2,3".
func intList(s string) (map[int]bool, bool) {
	ids := map[int]bool{}
	for _, part := range strings.Split(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return nil, false
		}
		ids[n] = true
	}
	return ids, true
}

// people applies the filters by author and text.
func (f *pushFilter) people() {
	if who := f.v.q.Get("author"); who != "" {
		name, not := strings.CutPrefix(who, "-")
		f.keep(func(p *push) bool { return strings.EqualFold(p.user, name) != not })
	}
	if who := f.v.q.Get("author_contains"); who != "" {
		f.keep(func(p *push) bool { return strings.Contains(strings.ToLower(p.user), strings.ToLower(who)) })
	}
	if what := strings.ToLower(f.v.q.Get("search")); what != "" {
		f.keep(func(p *push) bool {
			for _, c := range p.changesets {
				if strings.Contains(strings.ToLower(c.desc+" "+c.author+" "+c.node), what) {
					return true
				}
			}
			return false
		})
	}
}

// decisionTask maps push ids to their decision tasks.
func (v *thView) decisionTask(b *branch) *reply {
	ids, ok := intList(v.q.Get("push_ids"))
	if !ok {
		return v.crash()
	}
	found := obj{}
	for id := range ids {
		p := v.pushByID(id)
		if p == nil {
			continue
		}
		for _, r := range v.runs(p) {
			if r.task.kind == "decision-task" && v.result(r) == "success" {
				found[itoa(id)] = ordered{"id", r.task.id, "run", itoa(r.id)}
			}
		}
	}
	if len(found) == 0 {
		return v.json(http.StatusNotFound, "No decision tasks found for pushes: ["+v.q.Get("push_ids")+"]")
	}
	return v.json(http.StatusOK, found)
}

// groupResults says which manifests have passed in which task of a push.
func (v *thView) groupResults(b *branch) *reply {
	rev := v.q.Get("revision")
	if rev == "" {
		return v.json(http.StatusBadRequest, obj{"detail": "`revision` parameter is required"})
	}
	c := b.byRev[rev]
	if c == nil || c.push.tip() != rev || c.push.ingested.After(v.now) {
		return v.json(http.StatusNotFound, obj{"detail": "No push with revision: " + rev})
	}
	out := obj{}
	for _, r := range v.runs(c.push) {
		result := v.result(r)
		if len(r.task.manifests) == 0 || (result != "success" && result != "testfailed") || !v.parsed(r) {
			continue
		}
		groups := obj{}
		for _, m := range r.task.manifests {
			groups[m] = r.broken == nil || r.broken.manifest != m
		}
		if r.thID%7 == 0 { // harnesses report a nameless group now and then
			groups[""] = result == "success"
		}
		out[r.task.id] = groups
	}
	return v.json(http.StatusOK, out)
}

// pushStatus counts a push's jobs by result, without tier 3 and what has been classified.
func (v *thView) pushStatus(p *push) any {
	counts := obj{"completed": 0, "pending": 0, "running": 0}
	add := func(key string) {
		n, _ := counts[key].(int)
		counts[key] = n + 1
	}
	for _, r := range v.runs(p) {
		if tier(r.task) > 2 || v.tl.classification(r, v.now) != 1 {
			continue
		}
		state := v.state(r)
		add(state)
		if state == "completed" {
			add(v.result(r))
		}
	}
	return counts
}
