package taskcluster

import (
	"net/http"
	"reflect"

	"github.com/mozci/mozci-run/sources"
)

// The endpoints, after the references of queue, index, hooks and auth (all version 1). The path of each begins with
// /api/SERVICE/v1; what follows is the route of its reference.
// Limits are made for large trees: a page of a thousand tasks, a graph of a hundred thousand labels.
var (
	epTask = sources.Endpoint{
		Name: "task", Doc: "the definition of a task", Method: http.MethodGet, Path: "/api/queue/v1/task/{taskId}",
		Schema: "taskcluster/task.schema.json", Decode: reflect.TypeFor[task](),
		Feeds: []string{"jobs.cancel", "jobs.retrigger", "jobs.status", "jobs.trigger"}, Limit: 4 << 20,
	}
	epStatus = sources.Endpoint{
		Name: "status", Doc: "how far a task has come, and its runs", Method: http.MethodGet, Path: "/api/queue/v1/task/{taskId}/status",
		Schema: "taskcluster/status.schema.json", Decode: reflect.TypeFor[statusAnswer](),
		Feeds: []string{"jobs.cancel", "jobs.retrigger", "jobs.status", "jobs.trigger"}, Limit: 1 << 20,
	}
	epGroup = sources.Endpoint{
		Name: "list-task-group", Doc: "the tasks of a group, in no order", Method: http.MethodGet, Path: "/api/queue/v1/task-group/{taskGroupId}/list",
		Params: []string{"continuationToken"}, Schema: "taskcluster/list-task-group.schema.json", Decode: reflect.TypeFor[taskPage](),
		Feeds: []string{"jobs.list"}, Limit: 32 << 20,
	}
	epDependents = sources.Endpoint{
		Name: "list-dependent-tasks", Doc: "the tasks that wait for a task", Method: http.MethodGet, Path: "/api/queue/v1/task/{taskId}/dependents",
		Params: []string{"continuationToken"}, Schema: "taskcluster/list-dependent-tasks.schema.json", Decode: reflect.TypeFor[taskPage](),
		Feeds: []string{"jobs.status"}, Limit: 16 << 20,
	}
	epCancel = sources.Endpoint{
		Name: "cancel", Doc: "stops a task that has not ended", Method: http.MethodPost, Path: "/api/queue/v1/task/{taskId}/cancel",
		Schema: "taskcluster/status.schema.json", Decode: reflect.TypeFor[statusAnswer](), Feeds: []string{"jobs.cancel"}, Limit: 1 << 20,
	}
	epActions = sources.Endpoint{
		Name: "actions.json", Doc: "what a decision task lets be done to its tasks", Method: http.MethodGet,
		Path:   "/api/queue/v1/task/{taskId}/artifacts/public/actions.json",
		Schema: "taskcluster/actions.schema.json", Decode: reflect.TypeFor[actions](), Feeds: []string{"jobs.cancel", "jobs.retrigger", "jobs.trigger"}, Limit: 8 << 20,
	}
	epLabels = sources.Endpoint{
		Name: "label-to-taskid.json", Doc: "the tasks that a decision task has made, by label", Method: http.MethodGet,
		Path:   "/api/queue/v1/task/{taskId}/artifacts/public/label-to-taskid.json",
		Schema: "taskcluster/label-to-taskid.schema.json", Decode: reflect.TypeFor[map[string]string](), Feeds: []string{"jobs.retrigger", "jobs.trigger"}, Limit: 16 << 20,
	}
	epRunnable = sources.Endpoint{
		Name: "runnable-jobs.json", Doc: "the labels that can run on a push", Method: http.MethodGet,
		Path:   "/api/queue/v1/task/{taskId}/artifacts/public/runnable-jobs.json",
		Schema: "taskcluster/runnable-jobs.schema.json", Decode: reflect.TypeFor[map[string]struct{}](), Feeds: []string{"jobs.retrigger", "jobs.trigger"},
	}
	epGraph = sources.Endpoint{
		Name: "full-task-graph.json", Doc: "everything that can run on a push, and what it waits for", Method: http.MethodGet,
		Path:   "/api/queue/v1/task/{taskId}/artifacts/public/full-task-graph.json",
		Schema: "taskcluster/full-task-graph.schema.json", Decode: reflect.TypeFor[map[string]graphTask](),
		Feeds: []string{"jobs.available", "jobs.retrigger", "jobs.trigger", "jobs.upstream"}, Limit: 512 << 20,
	}
	epIndex = sources.Endpoint{
		Name: "find-task", Doc: "the task that is indexed under a path", Method: http.MethodGet, Path: "/api/index/v1/task/{indexPath}",
		Schema: "taskcluster/find-task.schema.json", Decode: reflect.TypeFor[indexed](),
		Feeds: []string{"jobs.available", "jobs.list", "jobs.retrigger", "jobs.trigger", "jobs.upstream", "pushes.runnable"}, Limit: 1 << 20,
	}
	epNamespace = sources.Endpoint{
		Name: "list-tasks", Doc: "the tasks that are indexed right below a path", Method: http.MethodGet, Path: "/api/index/v1/tasks/{namespace}",
		Params: []string{"continuationToken"}, Schema: "taskcluster/list-tasks.schema.json", Decode: reflect.TypeFor[indexPage](),
		Feeds: []string{"jobs.retrigger", "jobs.trigger"}, Limit: 8 << 20,
	}
	epHook = sources.Endpoint{
		Name: "hook", Doc: "the definition of a hook", Method: http.MethodGet, Path: "/api/hooks/v1/hooks/{hookGroupId}/{hookId}",
		Schema: "taskcluster/hook.schema.json", Decode: reflect.TypeFor[hook](), Feeds: []string{"jobs.cancel", "jobs.retrigger", "jobs.trigger"}, Limit: 4 << 20,
	}
	epTrigger = sources.Endpoint{
		Name: "trigger-hook", Doc: "has a hook make a task", Method: http.MethodPost, Path: "/api/hooks/v1/hooks/{hookGroupId}/{hookId}/trigger",
		Schema: "taskcluster/trigger-hook.schema.json", Decode: reflect.TypeFor[fired](), Feeds: []string{"jobs.cancel", "jobs.retrigger", "jobs.trigger"}, Limit: 1 << 20,
	}
	epFires = sources.Endpoint{
		Name: "last-fires", Doc: "when a hook was last triggered, and what it made", Method: http.MethodGet, Path: "/api/hooks/v1/hooks/{hookGroupId}/{hookId}/last-fires",
		Params: []string{"continuationToken"}, Schema: "taskcluster/last-fires.schema.json", Decode: reflect.TypeFor[firePage](),
		Feeds: []string{"jobs.retrigger", "jobs.trigger"},
	}
	epExpand = sources.Endpoint{
		Name: "expand-scopes", Doc: "a set of scopes with all that its roles imply", Method: http.MethodPost, Path: "/api/auth/v1/scopes/expand", Asks: true,
		Schema: "taskcluster/scopes.schema.json", Decode: reflect.TypeFor[scopeset](), Feeds: []string{"jobs.cancel", "jobs.retrigger", "jobs.trigger"}, Limit: 8 << 20,
	}
	epScopes = sources.Endpoint{
		Name: "current-scopes", Doc: "the scopes that our credentials have", Method: http.MethodGet, Path: "/api/auth/v1/scopes/current",
		Schema: "taskcluster/scopes.schema.json", Decode: reflect.TypeFor[scopeset](), Feeds: []string{"jobs.retrigger", "jobs.trigger"}, Limit: 8 << 20,
	}
)

// Endpoints declares what the adapter reads and writes.
func (c *Client) Endpoints() []sources.Endpoint {
	return []sources.Endpoint{epTask, epStatus, epGroup, epDependents, epCancel, epActions, epLabels, epRunnable, epGraph, epIndex, epNamespace,
		epHook, epTrigger, epFires, epExpand, epScopes}
}
