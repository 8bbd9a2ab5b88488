package taskcluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/mozci/mozci-run/sources"
)

// A task is the definition of a task. Tasks never change.
type task struct {
	TaskGroupID string            `json:"taskGroupId"`
	Routes      []string          `json:"routes,omitempty"`
	Created     time.Time         `json:"created"`
	Expires     time.Time         `json:"expires"`
	Scopes      []string          `json:"scopes"`
	Payload     payload           `json:"payload"`
	Metadata    metadata          `json:"metadata"`
	Tags        map[string]string `json:"tags"`
	Extra       extra             `json:"extra"`
}

type payload struct {
	Env map[string]any `json:"env,omitempty"` // text, but for a few that are {$eval: …} or such
}

type metadata struct {
	Name   string `json:"name"`
	Source string `json:"source"`
}

type extra struct {
	Parent     string      `json:"parent,omitempty"` // the decision task, or the action that made the task
	Treeherder *treeherder `json:"treeherder,omitempty"`
	Action     *acted      `json:"action,omitempty"`
}

// A treeherder says how a task is shown.
type treeherder struct {
	JobKind     string          `json:"jobKind,omitempty"`
	Tier        int             `json:"tier,omitempty"`
	Symbol      string          `json:"symbol,omitempty"`
	GroupSymbol string          `json:"groupSymbol,omitempty"`
	Collection  map[string]bool `json:"collection,omitempty"`
	Machine     struct {
		Platform string `json:"platform,omitempty"`
	} `json:"machine,omitempty"`
}

// An acted is what a task that carries an action out was asked for.
type acted struct {
	Name    string `json:"name"`
	Context struct {
		Input    json.RawMessage `json:"input"`
		ClientID string          `json:"clientId,omitempty"`
	} `json:"context"`
}

// A statusAnswer is how far a task has come.
type statusAnswer struct {
	Status status `json:"status"`
}

type status struct {
	TaskID string `json:"taskId"`
	State  string `json:"state"`
	Runs   []run  `json:"runs"`
}

// A run is one attempt at a task, numbered from 0.
type run struct {
	RunID          int        `json:"runId"`
	State          string     `json:"state"`
	ReasonCreated  string     `json:"reasonCreated"`
	ReasonResolved string     `json:"reasonResolved,omitempty"`
	WorkerID       string     `json:"workerId,omitempty"`
	Scheduled      *time.Time `json:"scheduled"`
	Started        *time.Time `json:"started"`
	Resolved       *time.Time `json:"resolved"`
}

// A taskPage is a page of tasks with their statuses.
type taskPage struct {
	Tasks             []member `json:"tasks"`
	ContinuationToken string   `json:"continuationToken,omitempty"`
}

type member struct {
	Status status `json:"status"`
	Task   task   `json:"task"`
}

func (c *Client) task(ctx context.Context, id string) (task, error) {
	if err := wantTaskID(id); err != nil {
		return task{}, err
	}
	return ask[task](sources.Settled(ctx), c, call{ep: epTask, args: []string{id}, doing: "task " + id})
}

func (c *Client) statusOf(ctx context.Context, id string) (status, error) {
	if err := wantTaskID(id); err != nil {
		return status{}, err
	}
	a, err := ask[statusAnswer](ctx, c, call{ep: epStatus, args: []string{id}, doing: "status of task " + id})
	if err == nil && a.Status.TaskID != id {
		err = changed("status of task "+id, "$.status.taskId", fmt.Errorf("another task's status came, that of %q", a.Status.TaskID))
	}
	return a.Status, err
}

// dependents lists the tasks that depend on a task, of all pages.
func (c *Client) dependents(ctx context.Context, id string) ([]member, error) {
	return c.members(ctx, epDependents, id, "dependents of task "+id)
}

// group lists the tasks of a group, of all pages, in no order.
func (c *Client) group(ctx context.Context, id string) ([]member, error) {
	return c.members(ctx, epGroup, id, "tasks of group "+id)
}

// members reads all pages of a listing of tasks, each of which has to be there once.
func (c *Client) members(ctx context.Context, ep sources.Endpoint, id, doing string) ([]member, error) {
	var out []member
	seen := map[string]bool{}
	err := pages(func(token string) (string, error) {
		p, err := ask[taskPage](ctx, c, call{ep: ep, args: []string{id}, query: tokenQuery(token), doing: doing})
		if err != nil {
			return "", err
		}
		for _, m := range p.Tasks {
			if seen[m.Status.TaskID] {
				return "", restarted(doing, m.Status.TaskID)
			}
			seen[m.Status.TaskID] = true
		}
		out = append(out, p.Tasks...)
		return p.ContinuationToken, nil
	})
	return out, err
}

// maxPages bounds a listing: a thousand rows each, it is more than any group has.
const maxPages = 200

// pages asks for page after page until there is no further token.
func pages(next func(token string) (string, error)) error {
	token := ""
	for range maxPages {
		t, err := next(token)
		if err != nil || t == "" {
			return err
		}
		token = t
	}
	return &sources.Error{Kind: sources.ErrTooLarge, Source: Name, Doing: "listing", Err: fmt.Errorf("more than %d pages came", maxPages)}
}

func tokenQuery(token string) url.Values {
	if token == "" {
		return nil
	}
	return url.Values{"continuationToken": {token}}
}

// restarted is what a continuation token that is no longer known looks like: the service starts again at its first page
// without a word, so that a row comes twice.
func restarted(doing, id string) error {
	return &sources.Error{Kind: sources.ErrUnavailable, Source: Name, Doing: doing,
		Err: fmt.Errorf("the pages do not fit together: %s came twice", id), Hint: "ask again"}
}

func changed(doing, path string, err error) error {
	return &sources.Error{Kind: sources.ErrChangedFormat, Source: Name, Doing: doing, Path: path, Err: err, Hint: "mozci-run contract says what else has changed"}
}

func refused(doing string, err error, hint string) error {
	return &sources.Error{Kind: sources.ErrRefused, Source: Name, Doing: doing, Err: err, Hint: hint}
}

func wantTaskID(id string) error {
	if IsTaskID(id) {
		return nil
	}
	return refused("reading a task", fmt.Errorf("%q is no task id", shorten(id)), "a task id has 22 letters, digits, - and _")
}

func shorten(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}

func isNotFound(err error) bool { return errors.Is(err, sources.ErrNotFound) }
