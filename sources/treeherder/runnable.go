package treeherder

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
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
//
// Decision tasks are looked up among the jobs. Before a push is called not runnable, /push/decisiontask/ is asked for it
// as well; that alone would not do, since it remembers for an hour that there was none.
func (c *Client) runnable(ctx context.Context, q ci.RunnableOn) ([]ci.Runnable, error) {
	doing := "decision tasks of " + q.Branch
	revs, err := revisions(q.Revisions, doing)
	if err != nil {
		return nil, err
	}
	project := c.project(q.Branch)
	known, got, err := c.jobsOf(ctx, question{project: project, doing: doing, revs: revs, narrow: true,
		wanted: func() []selection { return []selection{decisionSymbol} }})
	if err != nil {
		return nil, err
	}
	tasks, coming := decisions(got)
	without := slices.DeleteFunc(inOrder(revs, known), func(p *push) bool { return tasks[p.ID] != "" || coming[p.ID] })
	for chunk := range slices.Chunk(without, pushesAtOnce) {
		more, err := c.decisionTasks(ctx, project, doing, chunk)
		if err != nil {
			return nil, err
		}
		maps.Copy(tasks, more)
	}
	out := make([]ci.Runnable, len(q.Revisions))
	for i, rev := range q.Revisions {
		out[i].Revision = rev
		if p := known[strings.ToLower(rev)]; p != nil {
			out[i].Decision = tasks[p.ID]
			if tasks[p.ID] == "" && !coming[p.ID] {
				out[i].NotRunnable = whyNot(p)
			}
		}
	}
	return out, nil
}

// decisionSymbol is how Treeherder itself tells decision tasks: by this symbol, and by the end of their names.
var decisionSymbol = selection{url.Values{"job_type_symbol": {"D"}}, func(k kind) string {
	if k.TypeSymbol == "D" {
		return ""
	}
	return "its symbol is " + k.TypeSymbol
}}

// decisions gives the decision tasks by push id, and the pushes that have one which has not ended.
func decisions(got []row) (tasks map[int64]string, coming map[int64]bool) {
	tasks, coming = map[int64]string{}, map[int64]bool{}
	for _, r := range sorted(got) { // of several the newest
		switch {
		case !strings.HasSuffix(r.Type, "Decision Task"):
		case states[r.State] != ci.Completed:
			coming[r.PushID] = true
		case results[r.Result] == ci.Success:
			tasks[r.PushID] = r.task()
		}
	}
	return tasks, coming
}

func whyNot(p *push) *ci.NotRunnable {
	why := ci.NoDecision
	if len(p.Revisions) > 0 && strings.Contains(p.Revisions[0].Comments, "DONTBUILD") {
		why = ci.DontBuild
	}
	return &why
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
