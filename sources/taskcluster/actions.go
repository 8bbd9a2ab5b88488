package taskcluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	jsone "github.com/json-e/json-e/v4"

	"github.com/mozci/mozci-run/schemas"
)

// An actions is public/actions.json of a decision task, version 1. It is written by whoever pushed and is not trusted:
// see trust.go. Format: Taskcluster's conventions for actions, schemas/common/action-schema-v1.json.
type actions struct {
	Version   int            `json:"version"`
	Variables map[string]any `json:"variables"`
	Actions   []action       `json:"actions"`
}

// An action is one thing that can be done to a task (where Context has tag sets) or to all of a push's tasks (where it has none).
type action struct {
	Name        string              `json:"name"`
	Kind        string              `json:"kind"` // hook; the older kind task is not used by anybody
	Context     []map[string]string `json:"context,omitempty"`
	Schema      json.RawMessage     `json:"schema,omitempty"` // of the input; missing where there is none to give
	HookGroupID string              `json:"hookGroupId,omitempty"`
	HookID      string              `json:"hookId,omitempty"`
	HookPayload map[string]any      `json:"hookPayload,omitempty"` // a JSON-e template
}

// forPush finds the action of that name for a push as a whole: the first in the file's order.
func (f actions) forPush(name string) (action, bool) {
	return f.first(func(a action) bool { return a.Name == name && len(a.Context) == 0 })
}

// forTask finds the action of that name for a task with the given tags: the first that has a tag set all of whose tags
// the task has.
func (f actions) forTask(name string, tags map[string]string) (action, bool) {
	return f.first(func(a action) bool {
		return a.Name == name && slices.ContainsFunc(a.Context, func(set map[string]string) bool { return within(set, tags) })
	})
}

func (f actions) first(fits func(action) bool) (action, bool) {
	i := slices.IndexFunc(f.Actions, fits)
	if i < 0 {
		return action{}, false
	}
	return f.Actions[i], true
}

func within(set, tags map[string]string) bool {
	for k, v := range set {
		if have, ok := tags[k]; !ok || have != v {
			return false
		}
	}
	return true
}

// names lists what the file offers, each once, in its order.
func (f actions) names() string {
	var out []string
	for _, a := range f.Actions {
		if !slices.Contains(out, a.Name) {
			out = append(out, a.Name)
		}
	}
	if len(out) == 0 {
		return "nothing"
	}
	return shorten(strings.Join(out, ", "))
}

// takes holds an input to the action's schema. Its defaults are not applied, here or by the service: an input says all
// that it means. Without a schema the only input is none.
func (a action) takes(input any) error {
	if len(a.Schema) == 0 || string(a.Schema) == "null" {
		if input == nil {
			return nil
		}
		return errors.New("the action takes no input")
	}
	s, err := schemas.CompileForeign(a.Schema)
	if err != nil {
		return fmt.Errorf("the schema of the action's input: %w", err)
	}
	return s.Validate(input)
}

// render fills in the payload template of an action, with the variables of JSON-e that the conventions name. task is the
// id of the task that it is about, or empty where it is about none.
func render(template map[string]any, variables map[string]any, decision, task string, input any, now time.Time) (payload map[string]any, err error) {
	defer func() {
		if r := recover(); r != nil { // the template is somebody else's, and the renderer has assertions of its own
			payload, err = nil, fmt.Errorf("the payload template cannot be rendered: %v", r)
		}
	}()
	scope := map[string]any{}
	for k, v := range variables {
		scope[k] = numbers(v)
	}
	scope["taskGroupId"], scope["input"], scope["taskId"] = decision, numbers(input), nil
	if task != "" {
		scope["taskId"] = task
	}
	scope["now"] = now.UTC().Format("2006-01-02T15:04:05.000Z")
	out, err := jsone.Render(numbers(template), scope)
	if err != nil {
		return nil, fmt.Errorf("the payload template cannot be rendered: %s", shorten(err.Error()))
	}
	payload, ok := out.(map[string]any)
	if !ok {
		return nil, errors.New("the payload template gives no object")
	}
	return payload, nil
}

// numbers copies JSON with every number as the float64 that JSON-e wants.
func numbers(v any) any {
	switch x := v.(type) {
	case int:
		return float64(x)
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = numbers(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = numbers(e)
		}
		return out
	}
	return v
}
