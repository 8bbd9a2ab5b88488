package sim

import (
	"net/http"
	"strings"
)

// hookRoutes are the methods of the hooks service.
var hookRoutes = []tcRoute{
	{"GET", "hooks", "listHookGroups", func(c *tcCall) *reply { return c.ok(obj{"groups": []string{hookGroup}}) }},
	{"GET", "hooks/<hookGroupId>", "listHooks", (*tcCall).listHooks},
	{"GET", "hooks/<hookGroupId>/<hookId>", "hook", (*tcCall).hook},
	{"POST", "hooks/<hookGroupId>/<hookId>/trigger", "triggerHook", (*tcCall).triggerHook},
	{"GET", "hooks/<hookGroupId>/<hookId>/last-fires", "listLastFires", (*tcCall).lastFires},
}

// hookIDs are the hooks that there are: those that a push's actions name, unless the push has expired.
func (c *tcCall) hookIDs() []string {
	var list []string
	for _, b := range c.s.w.branches {
		for _, p := range b.pushes {
			for _, perm := range []string{"backfill", "generic"} {
				if id := p.hookID(perm); !p.Expired && !p.landed.After(c.now) && !contains(list, id) {
					list = append(list, id)
				}
			}
		}
	}
	return list
}

// known says whether the hook of this call exists.
func (c *tcCall) known() bool {
	return c.params["hookGroupId"] == hookGroup && contains(c.hookIDs(), c.params["hookId"])
}

// triggerSchema is what the in-tree hooks take.
func (c *tcCall) triggerSchema() obj {
	str := obj{"type": "string"}
	fixed := func(required []string, properties obj) obj {
		return obj{"type": "object", "required": required, "properties": properties, "additionalProperties": false}
	}
	top := obj{
		"decision": fixed([]string{"action", "push", "repository"}, obj{
			"action":     fixed([]string{"name", "title", "description", "taskGroupId", "cb_name", "symbol"}, obj{"name": str, "title": str, "description": str, "taskGroupId": str, "cb_name": str, "symbol": str}),
			"push":       fixed([]string{"owner", "revision", "pushlog_id"}, obj{"owner": str, "revision": str, "pushlog_id": str}),
			"repository": fixed([]string{"url", "project", "level"}, obj{"url": str, "project": str, "level": str}),
			"parameters": obj{"type": []string{"object", "null"}},
		}),
		"user": fixed([]string{"input", "taskId", "taskGroupId"}, obj{"input": obj{"type": []string{"object", "array", "string", "number", "integer", "boolean", "null"}},
			"taskId": obj{"type": []string{"string", "null"}}, "taskGroupId": str}),
	}
	if !c.s.w.sc.Actions.OwnTaskIDs {
		top["taskId"] = str
	}
	return fixed([]string{"decision", "user"}, top)
}

func (c *tcCall) hookBody(id string) ordered {
	return ordered{"hookId", id, "hookGroupId", hookGroup, "bindings", []any{},
		"metadata", ordered{"name", hookGroup + "/" + id, "owner", "taskcluster-notifications+hooks@example.org", "description", "Action task created by an in-tree hook", "emailOnError", false},
		"task", ordered{"created", obj{"$fromNow": "0 seconds"}, "deadline", obj{"$fromNow": "1 day"}, "expires", obj{"$fromNow": "1 year"},
			"provisionerId", "gecko-3", "workerType", "decision-gcp", "schedulerId", scheduler, "taskGroupId", obj{"$eval": "payload.decision.action.taskGroupId"},
			"payload", obj{"env": obj{"ACTION_CALLBACK": obj{"$eval": "payload.decision.action.cb_name"}}},
			"metadata", ordered{"name", "Action: ${payload.decision.action.title}", "owner", "${payload.decision.push.owner}", "source", "${payload.decision.repository.url}", "description", "${payload.decision.action.description}"}},
		"schedule", []any{}, "triggerSchema", c.triggerSchema()}
}

func (c *tcCall) listHooks() *reply {
	if c.params["hookGroupId"] != hookGroup {
		return c.notFound("No such group")
	}
	list := []any{}
	for _, id := range c.hookIDs() {
		list = append(list, c.hookBody(id))
	}
	return c.ok(obj{"hooks": list})
}

func (c *tcCall) hook() *reply {
	if rep := c.reads("hooks:get:" + c.params["hookGroupId"] + ":" + c.params["hookId"]); rep != nil {
		return rep
	}
	if !c.known() {
		return c.notFound("No such hook")
	}
	return c.ok(c.hookBody(c.params["hookId"]))
}

// triggerHook creates an action task. A task id at the top of the payload is the new task's, so that a client can repeat
// the call: the repetition is refused, in one of two ways, and the task is there.
func (c *tcCall) triggerHook() *reply {
	hook := c.params["hookId"]
	if rep := c.writes("hooks:trigger-hook:" + c.params["hookGroupId"] + "/" + hook); rep != nil {
		return rep
	}
	if !c.known() {
		return c.notFound("No such hook")
	}
	payload := decoded(c.raw)
	if wrong := violations(c.triggerSchema(), payload, "data"); len(wrong) > 0 {
		return c.fail(http.StatusBadRequest, "InputError", strings.Join(wrong, ", "))
	}
	chosen, _ := payload.(map[string]any)["taskId"].(string)
	if chosen != "" && !slugExpr.MatchString(chosen) {
		return c.fail(http.StatusBadRequest, "InputError", "data/taskId must match pattern \""+slugPattern+"\"")
	}
	var made string
	rep, err := c.s.write(entry{Op: "trigger", Hook: hook, TaskID: chosen, Payload: c.raw}, func(tl *timeline, e *entry) *reply {
		e.TaskID = or(e.TaskID, c.s.w.slug("fired", hook, e.N))
		made = e.TaskID
		return c.refuse(tl, hook, made)
	})
	if err != nil {
		return c.crash(err)
	}
	return or(rep, c.ok(ordered{"taskId", made, "status", obj{"taskId": made}}))
}

// refuse says that a task id is taken, or nil. The hooks service looks at its own list of fires first.
func (c *tcCall) refuse(tl *timeline, hook, id string) *reply {
	for _, f := range tl.fires[hook] {
		if f.task == id {
			return c.fail(http.StatusBadRequest, "InputError", "While firing hook:\n\nerror: duplicate key value violates unique constraint \"hooks_last_fires_pkey\"\nDETAIL: Key (hook_group_id, hook_id, task_id)=("+
				hookGroup+", "+hook+", "+id+") already exists.\nWHERE: SQL statement \"insert\n    into hooks_last_fires (hook_group_id, hook_id, fired_by, task_id, task_create_time, result, error)\n    values (hook_group_id_in, hook_id_in, fired_by_in, task_id_in, task_create_time_in, result_in, error_in)\"\nPL/pgSQL function create_last_fire(text,text,text,text,timestamp with time zone,text,text) line 2 at SQL statement\nCODE: 23505")
		}
	}
	if tl.tasks[id] != nil {
		return c.fail(http.StatusBadRequest, "InputError", "While firing hook:\n\n"+conflict(id)+"\n\n---\n\n* method:     createTask\n* errorCode:  RequestConflict\n* statusCode: 409\n* time:       "+iso(c.now))
	}
	return nil
}

func (c *tcCall) lastFires() *reply {
	hook := c.params["hookId"]
	if rep := c.reads("hooks:list-last-fires:" + c.params["hookGroupId"] + "/" + hook); rep != nil {
		return rep
	}
	if !c.known() {
		return c.notFound("No such hook")
	}
	var fires []fire
	for _, f := range c.tl.fires[hook] {
		if !f.at.After(c.now) {
			fires = append(fires, f)
		}
	}
	from, to, token := c.pageOf(len(fires))
	list := []any{}
	for i := from; i < to; i++ {
		f := fires[len(fires)-1-i] // newest first
		list = append(list, ordered{"hookGroupId", hookGroup, "hookId", hook, "taskId", f.task, "firedBy", "triggerHook", "taskCreateTime", iso(f.at),
			"result", "success", "error", "", "taskState", c.tl.tasks[f.task].stateAt(c.now)})
	}
	body := ordered{"lastFires", list}
	if token != "" {
		body = append(body, "continuationToken", token)
	}
	return c.ok(body)
}
