package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// An artifact is a file of a run: its body is made when somebody asks for it.
type artifact struct {
	name, kind, link string // link: the artifact that it points to
	body             func() []byte
}

// artifacts are what a run has left by now, by name.
func (c *tcCall) artifacts(r *run) []artifact {
	if !past(r.started, c.now) {
		return nil
	}
	log := artifact{name: "public/logs/live_backing.log", kind: "text/plain", body: func() []byte { return c.log(r) }}
	list := []artifact{log, {name: "public/logs/live.log", kind: "text/plain", link: log.name}}
	if !past(r.resolved, c.now) || r.state == "exception" {
		return list
	}
	w, t := c.s.w, r.task
	file := func(name string, v func() any) {
		list = append(list, artifact{name: "public/" + name, kind: "application/json", body: func() []byte { return indented(v()) }})
	}
	switch {
	case t.kind == "decision-task" && r.state == "completed":
		list = append([]artifact{{name: "private/secret.txt", kind: "text/plain", body: func() []byte { return []byte("nothing\n") }}}, list...)
		file("actions.json", func() any { return w.actionsJSON(t.push) })
		file("full-task-graph.json", func() any { return w.graph(w.jobs) })
		file("label-to-taskid.json", func() any { return c.labelsBy(t) })
		list = append(list, artifact{name: "public/parameters.yml", kind: "text/plain", body: func() []byte { return w.parameters(t.push) }})
		file("runnable-jobs.json", func() any { return w.runnable() })
		file("target-tasks.json", func() any { return c.targets(t.push) })
		file("task-graph.json", func() any { return c.taskGraph(t) })
	case t.action != nil && r.state == "completed":
		file("actions.json", func() any { return w.actionsJSON(t.push) })
		file("label-to-taskid.json", func() any { return c.labelsBy(t) })
		file("task-graph.json", func() any { return c.taskGraph(t) })
	case t.kind == "test":
		list = append(list, artifact{name: "public/test_info/" + t.jt.Suite + "_errorsummary.log", kind: "text/plain", body: func() []byte { return errorSummary(r) }})
	}
	return list
}

// pick finds the run that a call is about: by its number, or the latest. message says what is missing.
func (c *tcCall) pick() (r *run, message string) {
	t := c.visible(c.params["taskId"])
	if t == nil {
		return nil, "Task not found"
	}
	runs := t.seen(c.now)
	if id, has := c.params["runId"]; has {
		n, err := strconv.Atoi(id)
		if err != nil || n < 0 || n >= len(runs) {
			return nil, "Task with taskId: `" + t.id + "` has no run with runId: " + id
		}
		return runs[n], ""
	}
	if len(runs) == 0 {
		return nil, "Task doesn't have any runs"
	}
	return runs[len(runs)-1], ""
}

func (c *tcCall) artifact() (r *run, a *artifact, rep *reply) {
	name := c.params["name"]
	if rep := c.needFor("queue:get-artifact:"+name, "{\n  \"AllOf\": [\n    \"queue:get-artifact:"+name+"\"\n  ]\n}",
		strings.HasPrefix(name, "public/") && !c.s.w.sc.Access.NoAnonymousReads); rep != nil {
		return nil, nil, rep
	}
	r, message := c.pick()
	if r == nil {
		return nil, nil, c.notFound(message)
	}
	for _, x := range c.artifacts(r) {
		if x.name == name {
			return r, &x, nil
		}
	}
	return nil, nil, c.notFound("Artifact not found")
}

func (c *tcCall) listArtifacts() *reply {
	if rep := c.reads("queue:list-artifacts:" + c.params["taskId"]); rep != nil {
		return rep
	}
	r, message := c.pick()
	if r == nil {
		return c.notFound(message)
	}
	all := c.artifacts(r)
	from, to, token := c.pageOf(len(all))
	list := []any{}
	for _, a := range all[from:to] {
		list = append(list, c.info(r, a))
	}
	body := ordered{"artifacts", list}
	if token != "" {
		body = append(body, "continuationToken", token)
	}
	return c.ok(body)
}

func (c *tcCall) info(r *run, a artifact) ordered {
	storage := "s3"
	if a.link != "" {
		storage = "link"
	}
	return ordered{"storageType", storage, "name", a.name, "expires", iso(r.task.expires()), "contentType", a.kind}
}

func (c *tcCall) artifactInfo() *reply {
	r, a, rep := c.artifact()
	if rep != nil {
		return rep
	}
	return c.ok(c.info(r, *a))
}

// bucketURL is where the file itself is.
func (c *tcCall) bucketURL(r *run, a *artifact) string {
	return origin(c.r) + TaskclusterPath + "/public-bucket/" + r.task.id + "/" + itoa(r.id) + "/" + or(a.link, a.name)
}

func (c *tcCall) getArtifact() *reply {
	r, a, rep := c.artifact()
	if rep != nil {
		return rep
	}
	url := c.bucketURL(r, a)
	rep = tcReply(http.StatusSeeOther, ordered{"storageType", "s3", "url", url})
	rep.header.Set("Location", url)
	rep.header.Set("X-Taskcluster-Artifact-Storage-Type", "s3")
	return rep
}

func (c *tcCall) artifactContent() *reply {
	r, a, rep := c.artifact()
	if rep != nil {
		return rep
	}
	return c.ok(ordered{"storageType", "s3", "url", c.bucketURL(r, a)})
}

// bucket is the storage service behind the redirects. path is <task>/<run>/<name>.
func (c *tcCall) bucket(path string) *reply {
	part := strings.SplitN(path, "/", 3)
	if len(part) == 3 {
		c.params = map[string]string{"taskId": part[0], "runId": part[1]}
		if r, _ := c.pick(); r != nil {
			for _, a := range c.artifacts(r) {
				if a.name == part[2] && a.body != nil {
					rep := text(http.StatusOK, a.kind, string(a.body()))
					rep.zip = len(rep.body) > 500
					return rep
				}
			}
		}
	}
	return text(http.StatusNotFound, "application/xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>")
}

// log is a run's log.
func (c *tcCall) log(r *run) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "[taskcluster %s] Task ID: %s\n[taskcluster %s] Worker ID: %s\n", iso(r.started), r.task.id, iso(r.started), r.worker)
	if past(r.resolved, c.now) && (r.task.action != nil || r.task.kind == "decision-task") {
		for _, t := range c.tl.on[r.task.push] {
			if t.parent == r.task.id && t != r.task && !t.created.After(c.now) {
				fmt.Fprintf(&b, "Creating task with taskId %s for %s\n", t.id, t.label)
			}
		}
	}
	if past(r.resolved, c.now) {
		if r.broken != nil {
			b.WriteString(r.broken.line + "\n")
		}
		fmt.Fprintf(&b, "[taskcluster %s] === Task Finished ===\n[taskcluster %s] Result: %s\n", iso(r.resolved), iso(r.resolved), r.reason)
	}
	return []byte(b.String())
}

// errorSummary is the harness's summary: the manifests that ran, and what failed in them.
func errorSummary(r *run) []byte {
	var b strings.Builder
	put := func(v any) { b.Write(append(compact(v), '\n')) }
	put(ordered{"action", "test_groups", "line", 1, "groups", r.task.manifests})
	for i, m := range r.task.manifests {
		state := "OK"
		if r.broken != nil && r.broken.manifest == m {
			state = "ERROR"
			part := strings.Split(r.broken.line+" |  | ", " | ")
			put(ordered{"action", "test_result", "line", 10 * i, "test", part[1], "group", m, "subtest", nil, "status", "FAIL", "expected", "PASS", "message", part[2], "known_intermittent", []string{}})
		}
		put(ordered{"action", "group_result", "line", 10*i + 1, "group", m, "status", state, "duration", 20000 + 100*i})
	}
	return []byte(b.String())
}

// labelsBy maps the labels of what a decision or action task created to their task ids.
func (c *tcCall) labelsBy(by *task) map[string]string {
	m := map[string]string{}
	for _, t := range c.tl.on[by.push] {
		if t.parent == by.id && t != by && t.jt != nil && !t.created.After(c.now) {
			m[t.label] = t.id
		}
	}
	return m
}

// targets are the labels that were scheduled on a push.
func (c *tcCall) targets(p *push) []string {
	list := []string{}
	for _, jt := range c.s.w.jobs {
		if c.s.w.scheduled(jt, p) {
			list = append(list, jt.label)
		}
	}
	return list
}

// taskGraph is what a decision or action task created, by task id.
func (c *tcCall) taskGraph(by *task) obj {
	m := obj{}
	for _, t := range c.tl.on[by.push] {
		if t.parent == by.id && t != by && t.jt != nil && !t.created.After(c.now) {
			m[t.id] = ordered{"kind", t.kind, "label", t.label, "attributes", t.jt.attributes(), "dependencies", t.jt.needs(), "optimization", nil,
				"task_id", t.id, "task", c.s.w.definition(t)}
		}
	}
	return m
}

// graph is what can run, by label.
func (w *world) graph(list []*jobType) obj {
	m := obj{}
	for _, jt := range list {
		m[jt.label] = ordered{"kind", jt.Kind, "label", jt.label, "attributes", jt.attributes(), "dependencies", jt.needs(), "soft_dependencies", []string{},
			"if_dependencies", []string{}, "optimization", nil, "description", jt.label, "task", ordered{"metadata", obj{"name": jt.label}, "tags", obj{"kind": jt.Kind, "label": jt.label},
				"extra", obj{"suite": jt.Suite, "treeherder": obj{"symbol": jt.symbol, "groupSymbol": jt.GroupSymbol, "tier": jt.Tier, "machine": obj{"platform": jt.Platform},
					"collection": obj{jt.Option: true}, "jobKind": jt.Kind}}}}
	}
	return m
}

func (jt *jobType) attributes() obj {
	a := obj{"kind": jt.Kind, "run_on_projects": []string{"all"}, "retrigger": true}
	if jt.Kind == "test" {
		a["unittest_suite"], a["test_platform"], a["test_chunk"] = jt.Suite, jt.Platform+"/"+jt.Option, itoa(jt.chunk)
		a["test_manifests"] = jt.shifted(0)
	} else {
		a["build_platform"], a["build_type"] = jt.Platform, jt.Option
	}
	return a
}

// needs are the labels that a job depends on, by name of the edge.
func (jt *jobType) needs() obj {
	if jt.upstream == nil {
		return obj{}
	}
	return obj{"build": jt.upstream.label}
}

// runnable is the list of what can run as older clients read it.
func (w *world) runnable() obj {
	m := obj{}
	for _, jt := range w.jobs {
		m[jt.label] = obj{"platform": jt.Platform, "collection": obj{jt.Option: true}, "symbol": jt.symbol, "groupName": jt.Group, "groupSymbol": jt.GroupSymbol}
	}
	return m
}

// parameters is the YAML file of the decision task's parameters.
func (w *world) parameters(p *push) []byte {
	var b strings.Builder
	for _, kv := range []struct {
		key   string
		value any
	}{{"app_version", "138.0a1"}, {"base_repository", "https://hg.mozilla.org/mozilla-unified"}, {"build_date", p.landed.Unix()},
		{"do_not_optimize", []string{}}, {"head_ref", p.tip()}, {"head_repository", hgRoot + p.branch.Repo}, {"head_rev", p.tip()}, {"level", "3"},
		{"message", ""}, {"moz_build_date", p.landed.Format("20060102150405")}, {"owner", p.user}, {"project", p.branch.Name}, {"pushdate", p.date.Unix()},
		{"pushlog_id", itoa(p.id)}, {"repository_type", "hg"}, {"target_tasks_method", "default"}, {"tasks_for", "hg-push"}} {
		v, _ := json.Marshal(kv.value) // plain values
		fmt.Fprintf(&b, "%s: %s\n", kv.key, v)
	}
	return []byte(b.String())
}
