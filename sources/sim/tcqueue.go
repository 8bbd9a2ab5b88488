package sim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sort"
	"strings"
)

// queueRoutes are the methods of the queue.
var queueRoutes = []tcRoute{
	{"GET", "task/<taskId>", "task", (*tcCall).task},
	{"GET", "task/<taskId>/status", "status", (*tcCall).taskStatus},
	{"POST", "tasks", "tasks", (*tcCall).tasks},
	{"POST", "tasks/status", "statuses", (*tcCall).statuses},
	{"GET", "task-group/<taskGroupId>/list", "listTaskGroup", (*tcCall).listGroup},
	{"GET", "task-group/<taskGroupId>", "getTaskGroup", (*tcCall).getGroup},
	{"POST", "task-group/<taskGroupId>/cancel", "cancelTaskGroup", (*tcCall).cancelGroup},
	{"GET", "task/<taskId>/dependents", "listDependentTasks", (*tcCall).dependents},
	{"PUT", "task/<taskId>", "createTask", (*tcCall).createTask},
	{"POST", "task/<taskId>/schedule", "scheduleTask", (*tcCall).scheduleTask},
	{"POST", "task/<taskId>/rerun", "rerunTask", (*tcCall).rerunTask},
	{"POST", "task/<taskId>/cancel", "cancelTask", (*tcCall).cancelTask},
	{"GET", "task/<taskId>/runs/<runId>/artifacts", "listArtifacts", (*tcCall).listArtifacts},
	{"GET", "task/<taskId>/artifacts", "listLatestArtifacts", (*tcCall).listArtifacts},
	{"GET", "task/<taskId>/runs/<runId>/artifacts/<name...>", "getArtifact", (*tcCall).getArtifact},
	{"GET", "task/<taskId>/artifacts/<name...>", "getLatestArtifact", (*tcCall).getArtifact},
	{"GET", "task/<taskId>/runs/<runId>/artifact-info/<name...>", "artifactInfo", (*tcCall).artifactInfo},
	{"GET", "task/<taskId>/artifact-info/<name...>", "latestArtifactInfo", (*tcCall).artifactInfo},
	{"GET", "task/<taskId>/runs/<runId>/artifact-content/<name...>", "artifact", (*tcCall).artifactContent},
	{"GET", "task/<taskId>/artifact-content/<name...>", "latestArtifact", (*tcCall).artifactContent},
	{"GET", "pending/<provisionerId>/<workerType>", "pendingTasks", (*tcCall).pendingTasks},
	{"GET", "task-queues/<provisionerId>/<workerType>/counts", "taskQueueCounts", (*tcCall).queueCounts},
}

// missing is how the methods say that there is no such task; each has words of its own.
func (c *tcCall) missing(hint string) *reply {
	return c.notFound("`" + c.params["taskId"] + "` does not correspond to a task that exists.\n" + hint)
}

func (c *tcCall) task() *reply {
	if rep := c.reads("queue:get-task:" + c.params["taskId"]); rep != nil {
		return rep
	}
	t := c.visible(c.params["taskId"])
	if t == nil {
		return c.missing("Are you sure this task has already been submitted?")
	}
	return c.ok(c.s.w.definition(t))
}

func (c *tcCall) taskStatus() *reply {
	if rep := c.reads("queue:status:" + c.params["taskId"]); rep != nil {
		return rep
	}
	t := c.visible(c.params["taskId"])
	if t == nil {
		return c.missing("Are you sure this task exists?")
	}
	return c.ok(ordered{"status", t.status(c.now)})
}

// batch reads the ids of a batch call; those that do not exist are left out of its answer.
func (c *tcCall) batch() (list []*task, rep *reply) {
	var in struct {
		TaskIDs []string `json:"taskIds"`
	}
	if json.Unmarshal(c.raw, &in) != nil || in.TaskIDs == nil {
		return nil, c.invalid("queue/v1/tasks-request.json#", []string{"data must have required property 'taskIds'"})
	}
	for _, id := range in.TaskIDs {
		if t := c.visible(id); t != nil {
			list = append(list, t)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].id < list[j].id })
	return list, nil
}

// invalid is the answer to a body that does not fit its schema.
func (c *tcCall) invalid(schema string, wrong []string) *reply {
	return c.fail(http.StatusBadRequest, "InputValidationError", "\nSchema Validation Failed!\nRejecting Schema: "+origin(c.r)+TaskclusterPath+"/schemas/"+schema+
		"\nErrors:\n  * "+strings.Join(wrong, "\n  * "))
}

func (c *tcCall) tasks() *reply {
	list, rep := c.batch()
	if rep != nil {
		return rep
	}
	out := []any{}
	for _, t := range list {
		out = append(out, ordered{"taskId", t.id, "task", c.s.w.definition(t)})
	}
	return c.ok(ordered{"tasks", out})
}

func (c *tcCall) statuses() *reply {
	list, rep := c.batch()
	if rep != nil {
		return rep
	}
	out := []any{}
	for _, t := range list {
		out = append(out, ordered{"taskId", t.id, "status", t.status(c.now)})
	}
	return c.ok(ordered{"statuses", out})
}

// group returns the tasks of a group, not in the order of their creation.
func (c *tcCall) group(id string) []*task {
	var list []*task
	decision := c.visible(id)
	if decision == nil {
		return nil
	}
	for _, t := range c.tl.on[decision.push] {
		if t.groupID() == id && !t.created.After(c.now) {
			list = append(list, t)
		}
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := c.s.w.hash("group", list[i].id), c.s.w.hash("group", list[j].id)
		return bytes.Compare(a[:], b[:]) < 0
	})
	return list
}

func (c *tcCall) groupHead(first *task) ordered {
	return ordered{"taskGroupId", c.params["taskGroupId"], "schedulerId", first.schedulerID(), "expires", iso(first.expires().AddDate(0, 0, 1))}
}

func (c *tcCall) listGroup() *reply {
	id := c.params["taskGroupId"]
	if rep := c.reads("queue:list-task-group:" + id); rep != nil {
		return rep
	}
	list := c.group(id)
	if len(list) == 0 {
		return c.notFound("No task-group with taskGroupId: `" + id + "`")
	}
	from, to, token := c.pageOf(len(list))
	body := append(c.groupHead(list[0]), "tasks", c.both(list[from:to]))
	if token != "" {
		body = append(body, "continuationToken", token)
	}
	return c.ok(body)
}

// both is status and definition of each task.
func (c *tcCall) both(list []*task) []any {
	out := []any{}
	for _, t := range list {
		out = append(out, ordered{"status", t.status(c.now), "task", c.s.w.definition(t)})
	}
	return out
}

func (c *tcCall) getGroup() *reply {
	id := c.params["taskGroupId"]
	if rep := c.reads("queue:list-task-group:" + id); rep != nil {
		return rep
	}
	list := c.group(id)
	if len(list) == 0 {
		return c.notFound("No task-group with taskGroupId: `" + id + "`")
	}
	return c.ok(c.groupHead(list[0]))
}

func (c *tcCall) cancelGroup() *reply {
	id := c.params["taskGroupId"]
	if rep := c.writes("queue:cancel-task-group:" + scheduler + "/" + id); rep != nil {
		return rep
	}
	list := c.group(id)
	if len(list) == 0 {
		return c.notFound("No task-group with taskGroupId: `" + id + "`")
	}
	ids := []string{}
	for _, t := range list {
		if s := t.stateAt(c.now); s == "unscheduled" || s == "pending" || s == "running" {
			ids = append(ids, t.id)
		}
	}
	rep, err := c.s.write(entry{Op: "cancel-group", TaskID: id}, func(*timeline, *entry) *reply { return nil })
	if err != nil {
		return c.crash(err)
	}
	return or(rep, c.ok(ordered{"taskGroupId", id, "taskGroupSize", len(list), "cancelledCount", len(ids), "taskIds", ids}))
}

// crash is an error that is the simulator's own.
func (c *tcCall) crash(err error) *reply {
	return c.fail(http.StatusInternalServerError, "InternalServerError", "Internal Server Error: "+err.Error())
}

func (c *tcCall) dependents() *reply {
	id := c.params["taskId"]
	if rep := c.reads("queue:list-dependent-tasks:" + id); rep != nil {
		return rep
	}
	of := c.visible(id)
	if of == nil {
		return c.missing("Are you sure this task has already been submitted?")
	}
	var list []*task
	for _, t := range c.tl.on[of.push] {
		if !t.created.After(c.now) && contains(t.deps, id) {
			list = append(list, t)
		}
	}
	from, to, token := c.pageOf(len(list))
	body := ordered{"taskId", id, "tasks", c.both(list[from:to])}
	if token != "" {
		body = append(body, "continuationToken", token)
	}
	return c.ok(body)
}

// change does one of the writes that answer with the task's status, changed or not.
func (c *tcCall) change(op, scope, hint string) *reply {
	id := c.params["taskId"]
	t := c.visible(id)
	if t == nil {
		return c.missing(hint)
	}
	if rep := c.writes("queue:" + scope + ":" + t.schedulerID() + "/" + t.groupID() + "/" + id); rep != nil {
		return rep
	}
	rep, err := c.s.write(entry{Op: op, TaskID: id}, func(*timeline, *entry) *reply { return nil })
	if err != nil {
		return c.crash(err)
	}
	if rep != nil {
		return rep
	}
	c.tl, c.now = c.s.view()
	return c.ok(ordered{"status", c.tl.tasks[id].status(c.now)})
}

func (c *tcCall) scheduleTask() *reply {
	return c.change("schedule", "schedule-task", "Are you sure this task has been submitted before?")
}

func (c *tcCall) rerunTask() *reply {
	return c.change("rerun", "rerun-task", "Are you sure this task has been submitted before?")
}

func (c *tcCall) cancelTask() *reply {
	return c.change("cancel", "cancel-task", "Are you sure this task has been submitted before?")
}

// createSchema is what a definition has to have, at the least.
var createSchema = obj{"type": "object", "required": []string{"created", "deadline", "metadata", "payload"}, "additionalProperties": false, "properties": obj{
	"created": obj{"type": "string"}, "deadline": obj{"type": "string"}, "expires": obj{"type": "string"}, "payload": obj{"type": "object"},
	"metadata": obj{"type": "object", "required": []string{"name", "description", "owner", "source"}, "additionalProperties": false, "properties": obj{
		"name": obj{"type": "string"}, "description": obj{"type": "string"}, "owner": obj{"type": "string"}, "source": obj{"type": "string"}}},
	"taskQueueId": obj{"type": "string"}, "provisionerId": obj{"type": "string"}, "workerType": obj{"type": "string"}, "schedulerId": obj{"type": "string"},
	"projectId": obj{"type": "string"}, "taskGroupId": obj{"type": "string"}, "dependencies": obj{"type": "array"}, "requires": obj{"type": "string"},
	"routes": obj{"type": "array"}, "priority": obj{"type": "string"}, "retries": obj{"type": "integer"}, "scopes": obj{"type": "array"},
	"tags": obj{"type": "object"}, "extra": obj{"type": "object"},
}}

func (c *tcCall) createTask() *reply {
	id := c.params["taskId"]
	if wrong := violations(createSchema, decoded(c.raw), "data"); len(wrong) > 0 {
		return c.invalid("queue/v1/create-task-request.json#", wrong)
	}
	d := definition{raw: c.raw}
	if err := json.Unmarshal(c.raw, &d.body); err != nil {
		return c.crash(err)
	}
	queue := or(d.text("taskQueueId"), d.text("provisionerId")+"/"+d.text("workerType"))
	if strings.HasPrefix(queue, "/") || strings.HasSuffix(queue, "/") {
		return c.fail(http.StatusBadRequest, "InputError", "at least a provisionerId and a workerType or a taskQueueId must be provided")
	}
	if rep := c.writes("queue:create-task:" + or(d.text("priority"), "lowest") + ":" + queue); rep != nil {
		return rep
	}
	again := false
	rep, err := c.s.write(entry{Op: "create", TaskID: id, Payload: c.raw}, func(tl *timeline, e *entry) *reply {
		old := tl.tasks[id]
		if old == nil {
			return nil
		}
		if old.made == nil || !bytes.Equal(compact(old.made.body), compact(d.body)) {
			return c.fail(http.StatusConflict, "RequestConflict", conflict(id))
		}
		again = true
		return c.ok(ordered{"status", old.status(c.now)})
	})
	switch {
	case err != nil:
		return c.crash(err)
	case again || rep != nil:
		return rep
	}
	c.tl, c.now = c.s.view()
	return c.ok(ordered{"status", c.tl.tasks[id].status(c.now)})
}

// conflict is the queue's message about a task id that is taken.
func conflict(id string) string {
	return "taskId `" + id + "` already used by another task.\nThis could be the result of faulty idempotency!"
}

func (c *tcCall) pendingTasks() *reply {
	queue, pending, _ := c.counted()
	return c.ok(ordered{"provisionerId", c.params["provisionerId"], "workerType", c.params["workerType"], "taskQueueId", queue, "pendingTasks", pending})
}

func (c *tcCall) queueCounts() *reply {
	queue, pending, claimed := c.counted()
	return c.ok(ordered{"taskQueueId", queue, "pendingTasks", pending, "claimedTasks", claimed})
}

// counted counts the tasks of a queue that wait and that run.
func (c *tcCall) counted() (queue string, pending, claimed int) {
	queue = c.params["provisionerId"] + "/" + c.params["workerType"]
	for _, t := range c.tl.order {
		if q, _, _ := t.queueID(); q != queue || t.created.After(c.now) {
			continue
		}
		switch t.stateAt(c.now) {
		case "pending":
			pending++
		case "running":
			claimed++
		}
	}
	return queue, pending, claimed
}
