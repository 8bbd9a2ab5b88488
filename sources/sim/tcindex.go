package sim

import (
	"encoding/json"
	"net/http"
	"sort"
	"strings"
	"time"
)

// indexRoutes are the methods of the index. Only tasks that have completed are in it.
var indexRoutes = []tcRoute{
	{"GET", "task/<indexPath>", "findTask", (*tcCall).findTask},
	{"GET", "task/<indexPath>/artifacts/<name...>", "findArtifactFromTask", (*tcCall).findArtifact},
	{"POST", "tasks/indexes", "findTasksAtIndex", (*tcCall).findTasks},
	{"GET", "tasks/<namespace>", "listTasks", (*tcCall).listTasks},
	{"POST", "tasks/<namespace>", "listTasks", (*tcCall).listTasks},
	{"GET", "namespaces/<namespace>", "listNamespaces", (*tcCall).listNamespaces},
	{"POST", "namespaces/<namespace>", "listNamespaces", (*tcCall).listNamespaces},
}

// An indexed task is a name in the index.
type indexed struct {
	path string
	task *task
	at   time.Time
}

// index is what the index holds by now, by path: of several tasks with one path the one that completed last.
func (c *tcCall) index(prefix string) []indexed {
	newest := map[string]indexed{}
	for _, t := range c.tl.order {
		if t.push.Expired || t.stateAt(c.now) != "completed" {
			continue
		}
		runs := t.seen(c.now)
		at := runs[len(runs)-1].resolved
		for _, path := range t.indexPaths() {
			if old, has := newest[path]; strings.HasPrefix(path, prefix) && (!has || !old.at.After(at)) {
				newest[path] = indexed{path, t, at}
			}
		}
	}
	list := make([]indexed, 0, len(newest))
	for _, x := range newest {
		list = append(list, x)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].path < list[j].path })
	return list
}

// find looks one path up.
func (c *tcCall) find(path string) *indexed {
	for _, x := range c.index(path) {
		if x.path == path {
			return &x
		}
	}
	return nil
}

func (x indexed) body() ordered {
	return ordered{"namespace", x.path, "taskId", x.task.id, "rank", 0, "data", obj{}, "expires", iso(x.task.expires())}
}

func (c *tcCall) findTask() *reply {
	path := c.params["indexPath"]
	if rep := c.reads("index:find-task:" + path); rep != nil {
		return rep
	}
	x := c.find(path)
	if x == nil {
		return c.notFound("Indexed task not found")
	}
	return c.ok(x.body())
}

func (c *tcCall) findArtifact() *reply {
	path, name := c.params["indexPath"], c.params["name"]
	if rep := c.need("queue:get-artifact:"+name, strings.HasPrefix(name, "public/") && !c.s.w.sc.Access.NoAnonymousReads); rep != nil {
		return rep
	}
	x := c.find(path)
	if x == nil {
		return c.notFound("Indexed task not found")
	}
	runs := x.task.seen(c.now)
	url := c.bucketURL(runs[len(runs)-1], &artifact{name: name})
	rep := tcHeaders(text(http.StatusSeeOther, "text/plain; charset=utf-8", "See Other. Redirecting to "+url))
	rep.header.Set("Location", url)
	rep.header.Set("Vary", "Accept, Accept-Encoding")
	return rep
}

func (c *tcCall) findTasks() *reply {
	var in struct {
		Indexes []string `json:"indexes"`
	}
	if json.Unmarshal(c.raw, &in) != nil || in.Indexes == nil {
		return c.invalid("index/v1/list-tasks-at-index.json#", []string{"data must have required property 'indexes'"})
	}
	list := []any{}
	for _, path := range in.Indexes {
		if x := c.find(path); x != nil {
			list = append(list, x.body())
		}
	}
	return c.ok(ordered{"tasks", list})
}

func (c *tcCall) listTasks() *reply {
	ns := c.params["namespace"]
	if rep := c.reads("index:list-tasks:" + ns); rep != nil {
		return rep
	}
	all := []any{}
	for _, x := range c.index(ns + ".") {
		if !strings.Contains(x.path[len(ns)+1:], ".") {
			all = append(all, x.body())
		}
	}
	from, to, token := c.pageOf(len(all))
	body := ordered{"tasks", all[from:to]}
	if token != "" {
		body = append(body, "continuationToken", token)
	}
	return c.ok(body)
}

func (c *tcCall) listNamespaces() *reply {
	ns := c.params["namespace"]
	if rep := c.reads("index:list-namespaces:" + ns); rep != nil {
		return rep
	}
	all, seen := []any{}, map[string]bool{}
	for _, x := range c.index(ns + ".") {
		name, _, deeper := strings.Cut(x.path[len(ns)+1:], ".")
		if deeper && !seen[name] {
			seen[name] = true
			all = append(all, ordered{"namespace", ns + "." + name, "name", name, "expires", iso(x.task.expires().Truncate(24 * time.Hour))})
		}
	}
	from, to, token := c.pageOf(len(all))
	body := ordered{"namespaces", all[from:to]}
	if token != "" {
		body = append(body, "continuationToken", token)
	}
	return c.ok(body)
}
