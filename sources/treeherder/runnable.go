package treeherder

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A decisionTask is the task that scheduled a push.
type decisionTask struct {
	ID string `json:"id"`
}

// runnable answers pushes.runnable, in the order of the question. A push without a decision task that succeeded, is
// running, or is still to run, is not runnable: because its author asked for that, where the message of its tip says
// DONTBUILD. A revision that Treeherder does not know yet has nothing against it.
func (c *Client) runnable(ctx context.Context, q ci.RunnableOn) ([]ci.Runnable, error) {
	doing := "decision tasks of " + q.Branch
	revs, err := revisions(q.Revisions, doing)
	if err != nil {
		return nil, err
	}
	project := c.project(q.Branch)
	known, err := c.findAll(ctx, project, revs, doing)
	if err != nil {
		return nil, err
	}
	tasks, coming, err := c.decisions(ctx, project, doing, inOrder(revs, known))
	if err != nil {
		return nil, err
	}
	out := make([]ci.Runnable, len(q.Revisions))
	for i, rev := range q.Revisions {
		out[i].Revision = rev
		p := known[strings.ToLower(rev)]
		if p == nil || coming[p.ID] {
			continue
		}
		out[i].Decision = tasks[p.ID]
		if out[i].Decision == "" {
			out[i].NotRunnable = whyNot(p)
		}
	}
	return out, nil
}

func whyNot(p *push) *ci.NotRunnable {
	why := ci.NoDecision
	if len(p.Revisions) > 0 && strings.Contains(p.Revisions[0].Comments, "DONTBUILD") {
		why = ci.DontBuild
	}
	return &why
}

// decisions gives the decision tasks by push id, and the pushes whose decision task has not ended.
func (c *Client) decisions(ctx context.Context, project, doing string, on []*push) (map[int64]string, map[int64]bool, error) {
	tasks, coming := map[int64]string{}, map[int64]bool{}
	chunks := slices.Collect(slices.Chunk(on, pushesAtOnce))
	parts := make([]map[int64]string, len(chunks))
	err := each(ctx, len(chunks), func(ctx context.Context, i int) (err error) {
		parts[i], err = c.decisionTasks(ctx, project, doing, chunks[i])
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	var without []*push
	for i, part := range parts {
		for _, p := range chunks[i] {
			if tasks[p.ID] = part[p.ID]; tasks[p.ID] == "" {
				without = append(without, p)
			}
		}
	}
	symbol := selection{url.Values{"job_type_symbol": {"D"}}, func(k kind) string {
		if k.TypeSymbol == "D" {
			return ""
		}
		return "its symbol is " + k.TypeSymbol
	}}
	got, err := c.onPushes(ctx, project, doing, without, []selection{symbol})
	for _, r := range got {
		switch {
		case !strings.HasSuffix(r.Type, "Decision Task"):
		case states[r.State] != ci.Completed:
			coming[r.PushID] = true
		case results[r.Result] == ci.Success:
			tasks[r.PushID] = r.task()
		}
	}
	return tasks, coming, err
}

// decisionTasks asks for the decision tasks that succeeded. Treeherder answers 404 where none of the pushes has one.
func (c *Client) decisionTasks(ctx context.Context, project, doing string, on []*push) (map[int64]string, error) {
	ids := make([]string, len(on))
	wanted := map[int64]bool{}
	for i, p := range on {
		ids[i] = strconv.FormatInt(p.ID, 10)
		wanted[p.ID] = true
	}
	out := map[int64]string{}
	address := c.address(project, "/push/decisiontask/", url.Values{"push_ids": {strings.Join(ids, ",")}})
	err := c.get(ctx, decisionTasks, address, doing, func(dec *json.Decoder) error {
		return object(dec, "$", func(name string) error {
			var t decisionTask
			if err := value(dec, "$.*", &t); err != nil {
				return err
			}
			id, err := strconv.ParseInt(name, 10, 64)
			if err != nil || !wanted[id] {
				return changed("$.*", "the decision task of push %s was not asked for", name)
			}
			if t.ID == "" {
				return changed("$.*.id", "the decision task of push %s has no id", name)
			}
			out[id] = t.ID
			return nil
		})
	})
	var own *sources.Error
	if errors.As(err, &own) && own.Status == http.StatusNotFound && strings.HasPrefix(cause(own), "No decision tasks found") {
		return out, nil
	}
	return out, err
}

func cause(e *sources.Error) string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}
