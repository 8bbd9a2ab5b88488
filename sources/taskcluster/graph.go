package taskcluster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A graphTask is one entry of full-task-graph.json: what can run on a push.
type graphTask struct {
	Dependencies map[string]string `json:"dependencies"` // the names of edges to labels
	Task         struct {
		Extra struct {
			Treeherder *treeherder `json:"treeherder,omitempty"`
		} `json:"extra,omitempty"`
	} `json:"task"`
}

// graph reads the full task graph of a decision task as a stream and hands each entry to see.
func (c *Client) graph(ctx context.Context, decision string, see func(label string, t graphTask)) error {
	k := call{ep: epGraph, args: []string{decision}, doing: "task graph of decision task " + decision}
	return c.do(sources.Settled(ctx), k, func(body io.Reader) error {
		return eachMember(body, func(label string, dec *json.Decoder) error {
			var t graphTask
			if err := dec.Decode(&t); err != nil {
				return err
			}
			see(label, t)
			return nil
		})
	})
}

// hasLabel reads a JSON object as a stream and says whether it has a member of one of the names.
func (c *Client) hasLabel(ctx context.Context, ep sources.Endpoint, decision string, names []string) (bool, error) {
	found := false
	k := call{ep: ep, args: []string{decision}, doing: "labels of decision task " + decision}
	err := c.do(sources.Settled(ctx), k, func(body io.Reader) error {
		return eachMember(body, func(name string, dec *json.Decoder) error {
			found = found || slices.Contains(names, name)
			var skipped json.RawMessage
			return dec.Decode(&skipped)
		})
	})
	return found, err
}

// eachMember reads one JSON object, member by member: value has to read the member's value.
func eachMember(body io.Reader, value func(name string, dec *json.Decoder) error) error {
	dec := json.NewDecoder(body)
	t, err := dec.Token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return errors.New("an object is wanted")
	}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		name, ok := t.(string)
		if !ok {
			return errors.New("a member's name is wanted")
		}
		if err := value(name, dec); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil { // the closing brace, or that it is missing
		return unexpected(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.Join(err, errors.New("something follows the JSON"))
	}
	return nil
}

// unexpected keeps an end that comes too early from being taken for a good one.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// available answers jobs.available from the full task graph of the push's decision task.
func (c *Client) available(ctx context.Context, q ci.AvailableOn) ([]ci.JobType, error) {
	row, err := c.decisionOf(ctx, q.Branch, q.Revision)
	if err != nil {
		return nil, err
	}
	out := []ci.JobType{}
	err = c.graph(ctx, row.TaskID, func(label string, t graphTask) {
		out = append(out, jobType(label, t))
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b ci.JobType) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

func jobType(label string, t graphTask) ci.JobType {
	j := ci.JobType{Name: label, Upstream: nearest(t)}
	if th := t.Task.Extra.Treeherder; th != nil {
		j.Symbol, j.Platform, j.Option, j.Tier = symbol(th), th.Machine.Platform, option(th), th.Tier
	}
	return j
}

// nearest is the job type that a task waits for: its build where it has an edge of that name, otherwise the first by name.
func nearest(t graphTask) string {
	if b, ok := t.Dependencies["build"]; ok {
		return b
	}
	labels := upstreams(t)
	if len(labels) == 0 {
		return ""
	}
	return labels[0]
}

func upstreams(t graphTask) []string {
	var out []string
	for _, l := range t.Dependencies {
		out = append(out, l)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// upstream answers jobs.upstream: what the job waits for, then what that waits for, and so on; by name within one distance.
func (c *Client) upstream(ctx context.Context, q ci.UpstreamOf) ([]ci.JobType, error) {
	row, err := c.decisionOf(ctx, q.Branch, q.Revision)
	if err != nil {
		return nil, err
	}
	entries := map[string]graphTask{}
	if err := c.graph(ctx, row.TaskID, func(label string, t graphTask) { entries[label] = t }); err != nil {
		return nil, err
	}
	if _, known := entries[q.Job]; !known {
		return nil, &sources.Error{Kind: sources.ErrNotFound, Source: Name, Doing: "upstream jobs of " + q.Job,
			Err: fmt.Errorf("it is not in the task graph of %s", q.Revision), Hint: "mozci-run query jobs.available lists what can run on a push"}
	}
	out, seen := []ci.JobType{}, map[string]bool{q.Job: true}
	for level := []string{q.Job}; len(level) > 0; {
		var next []string
		for _, l := range level {
			for _, up := range upstreams(entries[l]) {
				if !seen[up] {
					seen[up] = true
					next = append(next, up)
				}
			}
		}
		slices.Sort(next)
		for _, l := range next {
			out = append(out, jobType(l, entries[l]))
		}
		level = next
	}
	return out, nil
}
