package taskcluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
)

// A hook makes a task when it is triggered with a payload that fits its schema.
type hook struct {
	TriggerSchema json.RawMessage `json:"triggerSchema"`
}

// A fired is the answer to a trigger. It is empty where the hook's template made nothing of the payload.
type fired struct {
	TaskID string `json:"taskId,omitempty"`
	Status struct {
		TaskID string `json:"taskId,omitempty"` // where it stood before version 42
	} `json:"status,omitempty"`
}

// A firePage is a page of what a hook has done, newest first.
type firePage struct {
	LastFires         []fire `json:"lastFires"`
	ContinuationToken string `json:"continuationToken,omitempty"`
}

type fire struct {
	TaskID         string    `json:"taskId"`
	TaskCreateTime time.Time `json:"taskCreateTime"`
}

// hook reads a hook's definition; nil where the deployment does not show it to us.
func (p *planner) hook(ctx context.Context, group, id string) (*hook, error) {
	return p.hooks.get(group+"/"+id, func() (*hook, error) {
		h, err := ask[hook](ctx, p.c, call{ep: epHook, args: []string{group, id}, doing: "hook " + group + "/" + id})
		if errors.Is(err, sources.ErrUnauthorised) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return &h, nil
	})
}

// takes holds a payload to the hook's schema.
func (h hook) takes(payload map[string]any) error {
	if len(h.TriggerSchema) == 0 {
		return nil
	}
	s, err := schemas.CompileForeign(h.TriggerSchema)
	if err != nil {
		return fmt.Errorf("the hook's schema: %w", err)
	}
	return s.Validate(payload)
}

// triggerHook has a hook make a task and returns its id. An error of kind refused, unauthorised or not found says
// that certainly nothing was made, ErrConflict that it had been asked before under the same id; others leave it open.
func (c *Client) triggerHook(ctx context.Context, group, id string, payload map[string]any) (string, error) {
	doing := "trigger hook " + group + "/" + id
	a, err := ask[fired](ctx, c, call{ep: epTrigger, args: []string{group, id}, body: payload, doing: doing, sign: true})
	if err != nil {
		return "", open(err)
	}
	made := a.TaskID
	if made == "" {
		made = a.Status.TaskID
	}
	switch {
	case made == "":
		return "", refused(doing, errors.New("the hook took the payload and made no task of it"), "look at the hook's template")
	case !IsTaskID(made):
		return "", changed(doing, "$.taskId", fmt.Errorf("%q is no task id", shorten(made)))
	}
	return made, nil
}
