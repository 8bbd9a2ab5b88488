package sim

import (
	"encoding/json"
	"strings"
	"time"
)

// scheduler is the scheduler id of everything on a level 3 branch.
const scheduler = "gecko-level-3"

// visible returns a task that Taskcluster knows by now, or nil. An expired decision task took its whole graph with it.
func (c *tcCall) visible(id string) *task {
	t := c.tl.tasks[id]
	if t == nil || t.created.After(c.now) || t.push.Expired {
		return nil
	}
	return t
}

// groupID is the task group: that of the push's decision task, for actions and their jobs too.
func (t *task) groupID() string {
	if t.made != nil {
		return or(t.made.text("taskGroupId"), t.id)
	}
	return t.push.decision
}

// queueID is the task queue, and its two halves.
func (t *task) queueID() (queue, provisioner, workerType string) {
	queue = t.pool
	if t.made != nil {
		queue = or(queue, t.made.text("provisionerId")+"/"+t.made.text("workerType"))
	}
	provisioner, workerType, _ = strings.Cut(queue, "/")
	return queue, provisioner, workerType
}

func (t *task) schedulerID() string {
	if t.made != nil {
		return or(t.made.text("schedulerId"), "-")
	}
	return scheduler
}

func (t *task) deadline() time.Time { return t.created.AddDate(0, 0, 1) }
func (t *task) expires() time.Time  { return t.created.AddDate(1, 0, 0) }

// priority is what decides who gets a machine first, in life; here it is only said.
func (t *task) priority() string {
	switch {
	case t.made != nil:
		return or(t.made.text("priority"), "lowest")
	case t.group != "" && strings.HasSuffix(t.group, "-bk"):
		return "very-low"
	}
	return "low"
}

// head are the fields that status and definition begin with.
func (t *task) head() ordered {
	queue, provisioner, workerType := t.queueID()
	project := "none"
	if t.made != nil {
		project = or(t.made.text("projectId"), project)
	}
	return ordered{"provisionerId", provisioner, "workerType", workerType, "taskQueueId", queue, "schedulerId", t.schedulerID(),
		"projectId", project, "taskGroupId", t.groupID()}
}

// status is the task's status at an instant.
func (t *task) status(now time.Time) ordered {
	runs, left := []any{}, 5
	for _, r := range t.seen(now) {
		if r.why == "retry" {
			left--
		}
		runs = append(runs, r.status(now))
	}
	out := append(ordered{"taskId", t.id}, t.head()...)
	return append(out, "priority", t.priority(), "deadline", iso(t.deadline()), "expires", iso(t.expires()), "retriesLeft", left,
		"state", t.stateAt(now), "runs", runs)
}

// status is one run of it.
func (r *run) status(now time.Time) ordered {
	out := ordered{"runId", r.id, "state", r.stateAt(now), "reasonCreated", r.why}
	if past(r.resolved, now) {
		out = append(out, "reasonResolved", r.reason)
	}
	if past(r.started, now) {
		out = append(out, "workerGroup", "us-central1", "workerId", r.worker, "takenUntil", iso(r.started.Add(20*time.Minute)))
	}
	out = append(out, "scheduled", iso(r.scheduled))
	if past(r.started, now) {
		out = append(out, "started", iso(r.started))
	}
	if past(r.resolved, now) {
		out = append(out, "resolved", iso(r.resolved))
	}
	return out
}

// definition is what was given to createTask, or would have been.
func (w *world) definition(t *task) any {
	if t.made != nil {
		return w.madeDefinition(t)
	}
	b := t.push.branch
	deps, scopes := append([]string{}, t.deps...), []string{}
	if t.kind == "decision-task" || t.kind == "action-callback" {
		scopes = w.decisionScopes(t.push)
	}
	return append(t.head(), "dependencies", deps, "requires", "all-completed", "routes", w.routes(t), "priority", t.priority(), "retries", 5,
		"created", iso(t.created), "deadline", iso(t.deadline()), "expires", iso(t.expires()), "scopes", scopes, "payload", t.payload(),
		"metadata", ordered{"name", t.label, "owner", t.push.user, "source", hgRoot + b.Repo + "/file/" + t.push.tip() + "/taskcluster/kinds/" + t.kind,
			"description", t.label + " ([Treeherder push](https://treeherder.mozilla.org/#/jobs?repo=" + b.Name + "&revision=" + t.push.tip() + "))"},
		"tags", t.tags(), "extra", w.extra(t))
}

// madeDefinition is a client's definition, with the defaults that the queue fills in.
func (w *world) madeDefinition(t *task) any {
	out := t.head()
	for _, f := range []struct {
		key string
		or  any
	}{{"dependencies", []any{}}, {"requires", "all-completed"}, {"routes", []any{}}, {"priority", "lowest"}, {"retries", 5}, {"created", nil}, {"deadline", nil},
		{"expires", iso(t.expires())}, {"scopes", []any{}}, {"payload", obj{}}, {"metadata", obj{}}, {"tags", obj{}}, {"extra", obj{}}} {
		v, has := t.made.body[f.key]
		if !has {
			v = f.or
		}
		out = append(out, f.key, v)
	}
	return out
}

// decisionScopes are what the decision task of a push may do. One that may not use the hooks that its actions name
// must not be believed.
func (w *world) decisionScopes(p *push) []string {
	if p.Untrusted {
		return []string{"assume:repo:hg.mozilla.org/" + p.branch.Repo + ":branch:nobody"}
	}
	return []string{"assume:repo:hg.mozilla.org/" + p.branch.Repo + ":branch:default"}
}

// routes are the task's routes: to Treeherder, and to the index.
func (w *world) routes(t *task) []string {
	b, p := t.push.branch, t.push
	list := []string{"tc-treeherder.v2." + b.Name + "." + p.tip() + "." + itoa(p.id)}
	for _, path := range t.indexPaths() {
		list = append(list, "index."+path)
	}
	return list
}

// indexPaths are where the task is found in the index once it has completed.
func (t *task) indexPaths() []string {
	root := "gecko.v2." + t.push.branch.Name + "."
	rev, id := root+"revision."+t.push.tip()+".", root+"pushlog-id."+itoa(t.push.id)+"."
	switch {
	case t.made != nil:
		var list []string
		for _, r := range t.made.list("routes") {
			if path, ok := strings.CutPrefix(r, "index."); ok {
				list = append(list, path)
			}
		}
		return list
	case t.kind == "decision-task":
		return []string{rev + "taskgraph.decision", rev + "firefox.decision", id + "decision", root + "latest.taskgraph.decision"}
	case t.action != nil:
		return []string{rev + "taskgraph.actions." + t.id, id + "actions." + t.id}
	case t.kind == "build":
		name := t.jt.Platform + "-" + t.jt.Option
		return []string{rev + "firefox." + name, id + "firefox." + name, root + "latest.firefox." + name}
	}
	return []string{}
}

// payload is what the worker would be told.
func (t *task) payload() any {
	env := ordered{"GECKO_HEAD_REPOSITORY", hgRoot + t.push.branch.Repo, "GECKO_HEAD_REV", t.push.tip(), "MOZ_AUTOMATION", "1", "MOZ_SCM_LEVEL", "3"}
	if len(t.manifests) > 0 {
		paths, _ := json.Marshal(map[string][]string{t.jt.Suite: t.manifests}) // strings only
		env = append(env, "MOZHARNESS_TEST_PATHS", string(paths))
	}
	if t.action != nil {
		of := any(nil)
		if t.action.task != "" {
			of = t.action.task
		}
		input, _ := json.Marshal(t.action.input) // decoded from JSON
		target, _ := json.Marshal(of)
		env = append(env, "ACTION_CALLBACK", t.action.name, "ACTION_INPUT", string(input), "ACTION_TASK_GROUP_ID", t.push.decision, "ACTION_TASK_ID", string(target))
	}
	return ordered{"command", []string{"/builds/worker/bin/run-task", "--", "mach"}, "env", env, "maxRunTime", 5400}
}

// tags are the task's tags.
func (t *task) tags() any {
	out := ordered{"createdForUser", t.push.user, "kind", t.kind, "label", t.label, "os", "linux", "project", t.push.branch.Name, "trust-domain", "gecko",
		"worker-implementation", "docker-worker"}
	if t.action != nil {
		return append(out, "action", t.action.name)
	}
	if t.jt == nil {
		return out
	}
	out = append(out, "retrigger", "true")
	if t.kind == "test" {
		suite, _, _ := strings.Cut(t.jt.Suite, "-")
		out = append(out, "test-suite", t.jt.Suite, "test-type", suite, "test-platform", t.jt.Platform+"/"+t.jt.Option, "tests_grouped", "1")
	}
	if strings.HasSuffix(t.group, "-bk") {
		out = append(out, "action", "backfill-task")
	}
	return out
}

// extra holds what Treeherder shows, who created the task, and for an action what it was asked for.
func (w *world) extra(t *task) any {
	kind := t.kind
	if kind != "build" && kind != "test" {
		kind = "other"
	}
	group, symbol := groupOf(t)
	th := ordered{"collection", obj{option(t): true}, "groupName", group, "groupSymbol", symbol, "jobKind", kind,
		"machine", obj{"platform": platform(t)}, "symbol", t.symbol, "tier", tier(t)}
	out := ordered{"parent", t.parent, "treeherder", th, "treeherder-platform", platform(t) + "/" + option(t)}
	if t.kind == "decision-task" {
		out = append(out, "tasks_for", "hg-push")
	}
	if t.jt != nil && t.jt.Chunks > 1 {
		out = append(out, "chunks", ordered{"current", t.jt.chunk, "total", t.jt.Chunks})
	}
	if t.jt != nil && t.kind == "test" {
		out = append(out, "suite", t.jt.Suite)
	}
	if a := t.action; a != nil {
		of := any(nil)
		if a.task != "" {
			of = a.task
		}
		out = append(out, "tasks_for", "action", "action", ordered{"name", a.name,
			"context", ordered{"taskGroupId", t.push.decision, "taskId", of, "input", a.given()}})
	}
	return out
}

// given is an action's input as it was given.
func (a *action) given() any {
	if a.write != nil {
		var in hookPayload
		if json.Unmarshal(a.write.Payload, &in) == nil && in.Decision.Action.CallbackID == a.name && len(in.User.Input) > 0 {
			return in.User.Input
		}
	}
	out := ordered{}
	if a.name == "backfill-task" {
		out = ordered{"label", a.input.Label, "revision", a.input.Revision, "symbol", a.input.Symbol, "test_manifests", a.input.TestManifests, "times", max(1, a.input.Times)}
	}
	if len(a.input.Tasks) > 0 {
		out = append(out, "tasks", a.input.Tasks)
	}
	return out
}
