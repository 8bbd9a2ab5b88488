package sim

// This file is the graph's offer of actions: public/actions.json, in gecko's own form.

// An actionDecl is one entry of actions.json. The order matters: a client takes the first of a name whose context fits.
type actionDecl struct {
	name        string
	cb          string
	title       string
	symbol      string
	description string
	perm        string
	context     []any
	schema      any
}

type obj = map[string]any

var timesProperty = obj{"title": "Times", "description": "How many times to run each task.", "type": "integer", "default": 1, "minimum": 1, "maximum": 100}

var actionDecls = []actionDecl{
	{name: "retrigger", cb: "retrigger-decision", title: "Retrigger", symbol: "rt", perm: "generic",
		description: "Create a clone of the task (retriggering decision, action, and cron tasks requires\nspecial scopes).",
		context:     []any{obj{"kind": "decision-task"}, obj{"kind": "action-callback"}, obj{"kind": "cron-task"}}},
	{name: "retrigger", cb: "retrigger", title: "Retrigger", symbol: "rt", perm: "generic", description: "Create a clone of the task.",
		context: []any{obj{"retrigger": "true"}},
		schema: obj{"type": "object", "properties": obj{
			"downstream": obj{"type": "boolean", "default": false, "description": "If true, downstream tasks from this one will be cloned as well. The dependencies will be updated to work with the new task at the root."},
			"times":      timesProperty}}},
	{name: "retrigger", cb: "retrigger-disabled", title: "Retrigger (disabled)", symbol: "rt", perm: "generic",
		description: "Create a clone of the task.\n\nThis type of task should typically be re-run instead of re-triggered.", context: []any{obj{}},
		schema: obj{"type": "object", "properties": obj{
			"downstream": obj{"type": "boolean", "default": false, "description": "If true, downstream tasks from this one will be cloned as well."},
			"force":      obj{"type": "boolean", "default": false, "description": "This task should not be re-triggered. This can be overridden by passing `true` here."},
			"times":      timesProperty}}},
	{name: "add-new-jobs", cb: "add-new-jobs", title: "Add new jobs", symbol: "add-new", perm: "generic", description: "Add new jobs using task labels.",
		context: []any{},
		schema: obj{"type": "object", "properties": obj{
			"tasks": obj{"type": "array", "description": "An array of task labels", "items": obj{"type": "string"}},
			"times": timesProperty}}},
	{name: "retrigger-multiple", cb: "retrigger-multiple", title: "Retrigger", symbol: "rt", perm: "generic", description: "Create a clone of the task.",
		context: []any{},
		// Gecko's own schema has its additionalProperties one level too deep and the items' properties one too high: held to
		// the letter it refuses every request. Nobody does: neither Treeherder nor the action.
		schema: obj{"type": "object", "properties": obj{"additionalProperties": false,
			"requests": obj{"type": "array", "items": obj{"additionalProperties": false,
				"tasks": obj{"type": "array", "description": "An array of task labels", "items": obj{"type": "string"}},
				"times": obj{"type": "integer", "minimum": 1, "maximum": 100, "title": "Times", "description": "How many times to run each task."}}}}}},
	{name: "confirm-failures", cb: "confirm-failures", title: "Confirm failures in job", symbol: "cf", perm: "generic",
		description: "Re-run Tests for original manifest, directories or tests for failing tests.", context: []any{obj{"kind": "test"}},
		schema: obj{"type": "object", "additionalProperties": false, "properties": obj{"times": timesProperty}}},
	{name: "backfill", cb: "backfill", title: "Backfill", symbol: "Bk", perm: "backfill",
		description: "Given a task schedule it on previous pushes in the same project.", context: []any{obj{}},
		schema: obj{"type": "object", "additionalProperties": false, "properties": obj{
			"depth":     obj{"type": "integer", "default": 19, "minimum": 1, "maximum": 25, "title": "Depth", "description": "The number of previous pushes before the current push to attempt to trigger this task on."},
			"inclusive": obj{"type": "boolean", "default": false, "title": "Inclusive Range", "description": "If true, the backfill will also retrigger the task on the selected push."},
			"times":     obj{"type": "integer", "default": 1, "minimum": 1, "maximum": 10, "title": "Times", "description": "The number of times to execute each job you are backfilling."},
			"retrigger": obj{"type": "boolean", "default": true, "title": "Retrigger", "description": "If False, the task won't retrigger on pushes that have already ran it."},
			"slices":    obj{"type": "integer", "default": 0, "minimum": 0, "maximum": 25, "title": "Slices", "description": "Backfill at so many pushes, evenly spread."},
			"testPath":  obj{"type": "string", "title": "Test Path"}}}},
	{name: "backfill-task", cb: "backfill-task", title: "Backfill task on a push.", symbol: "backfill-task", perm: "backfill",
		description: "This action is normally scheduled by the backfill action. The intent of this action is to schedule a task on previous pushes.", context: []any{},
		schema: obj{"type": "object", "properties": obj{
			"label":          obj{"type": "string", "description": "A task label"},
			"revision":       obj{"type": "string", "description": "Revision of the original push from where we backfill."},
			"symbol":         obj{"type": "string", "description": "Symbol to be used by the scheduled task."},
			"test_manifests": obj{"type": "array", "default": []any{}, "description": "An array of test manifest paths", "items": obj{"type": "string"}},
			"times":          obj{"type": "integer", "default": 1, "minimum": 1, "maximum": 10, "title": "Times", "description": "The number of times to execute each job you are backfilling."}}}},
	{name: "run-missing-tests", cb: "run-missing-tests", title: "Run Missing Tests", symbol: "rmt", perm: "generic",
		description: "Run tests in the selected push that were optimized away.\nThis action is for use on pushes that will be merged into another branch, to check that optimization hasn't hidden any failures.",
		context:     []any{}},
	{name: "rerun", cb: "rerun", title: "Rerun", symbol: "rr", perm: "generic",
		description: "Rerun a task.\n\nThis only works on failed or exception tasks in the original taskgraph, and is CoT friendly.", context: []any{obj{}},
		schema: obj{"type": "object", "properties": obj{}}},
	{name: "cancel", cb: "cancel", title: "Cancel Task", symbol: "cx", perm: "generic", description: "Cancel the given task", context: []any{obj{}}},
	{name: "cancel-all", cb: "cancel-all", title: "Cancel All", symbol: "cAll", perm: "generic",
		description: "Cancel all running and pending tasks created by the decision task this action task is associated with.", context: []any{}},
}

var actionSymbols, actionTitles = func() (map[string]string, map[string]string) {
	symbols, titles := map[string]string{}, map[string]string{}
	for _, d := range actionDecls {
		symbols[d.cb], titles[d.cb] = d.symbol, d.title
	}
	return symbols, titles
}()

// hookID is the hook of an action on a push.
func (p *push) hookID(perm string) string { return "in-tree-action-3-" + perm + "/" + p.hookHash() }

// actionsJSON is the artifact of a push's decision task.
func (w *world) actionsJSON(p *push) any {
	actions := []any{}
	for _, d := range actionDecls {
		a := obj{
			"name": d.name, "title": d.title, "description": d.description, "context": d.context, "kind": "hook",
			"hookGroupId": hookGroup, "hookId": p.hookID(d.perm), "extra": obj{"actionPerm": d.perm},
			"hookPayload": obj{
				"decision": obj{
					"action":     obj{"name": d.name, "title": d.title, "description": d.description, "taskGroupId": p.decision, "cb_name": d.cb, "symbol": d.symbol},
					"push":       obj{"owner": p.user, "revision": p.tip(), "pushlog_id": itoa(p.id)},
					"repository": obj{"url": hgRoot + p.branch.Repo, "project": p.branch.Name, "level": "3"},
				},
				"user": obj{"input": obj{"$eval": "input"}, "taskId": obj{"$eval": "taskId"}, "taskGroupId": obj{"$eval": "taskGroupId"}},
			},
		}
		if d.schema != nil {
			a["schema"] = d.schema
		}
		actions = append(actions, a)
	}
	return obj{"version": 1, "variables": obj{}, "actions": actions}
}
