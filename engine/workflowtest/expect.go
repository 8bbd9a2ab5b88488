package workflowtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/schemas/yamldoc"
	"github.com/mozci/mozci-run/sources/ci"
)

// compare holds what happened to what the test expects. Each failure begins with its place.
func (b *bench) compare(story engine.Story, res engine.Result) []string {
	e := b.t.Expect
	c := &comparison{at: e.node}
	c.text("status", e.Status, string(res.Status), "reason: "+res.Reason)
	c.contains("reason", e.Reason, res.Reason)
	for _, m := range e.Messages {
		c.contains("messages", m, messages(story, res))
	}
	c.steps(e.Steps, story)
	outputs := map[string]any{}
	for _, o := range res.Written {
		v, err := schemas.DecodeJSON(o.Value)
		if err != nil {
			c.fail("outputs", "%v", err)
		}
		outputs[o.Name] = v
	}
	if e.Outputs != nil {
		c.diff("outputs", any(e.Outputs), only(e.Outputs, outputs))
	}
	c.effects(e.Effects, story)
	for _, r := range e.Refused {
		c.contains("refused", r, refusals(story))
	}
	for step, want := range e.Decisions {
		c.text("decisions: "+step, strings.ReplaceAll(want, " ", ""), verdicts(story, step), "")
	}
	if e.Requests != nil && b.facts != nil && b.facts.requests > *e.Requests {
		c.fail("requests", "at most %d questions are expected, and %d were asked", *e.Requests, b.facts.requests)
	}
	if e.Golden != "" {
		b.golden(c, wholeOf(story, res, outputs))
	}
	return c.failures
}

func compareCase(c *Case, d rules.Decision, t *schemas.Type) []string {
	out := &comparison{at: c.node}
	if c.Then != nil {
		want := c.Then.Any()
		got := plain(d.Value)
		out.diff("then", want, only(want, got))
	}
	if c.Row != nil && d.Row != *c.Row {
		out.fail("row", "row %d of the table is expected to hold, and row %d held (%s)", *c.Row, d.Row, d.When)
	}
	return out.failures
}

// plain writes a fact as YAML and JSON would: times and durations as text.
func plain(v any) any {
	text, err := schemas.Of(schemas.Any).Marshal(v)
	if err != nil {
		return v
	}
	out, err := schemas.DecodeJSON(text)
	if err != nil {
		return v
	}
	return out
}

// A comparison collects differences.
type comparison struct {
	at       *yamldoc.Node
	failures []string
}

func (c *comparison) fail(what, format string, args ...any) {
	n := c.at
	if v := c.at.Get(strings.Split(what, ":")[0]); v != nil {
		n = v
	}
	c.failures = append(c.failures, fmt.Sprintf("%s:%d:%d: %s: %s", n.File(), n.Line, n.Column, what, fmt.Sprintf(format, args...)))
}

func (c *comparison) text(what, want, got, more string) {
	if want == "" || want == got {
		return
	}
	if more != "" && more != "reason: " {
		more = "\n    " + more
	} else {
		more = ""
	}
	c.fail(what, "%s is expected, and it was %s%s", want, got, more)
}

func (c *comparison) contains(what, want, got string) {
	if want != "" && !strings.Contains(got, want) {
		c.fail(what, "%q is expected in\n    %s", want, strings.ReplaceAll(got, "\n", "\n    "))
	}
}

func (c *comparison) diff(what string, want, got any) {
	if d := cmp.Diff(want, got); d != "" {
		c.fail(what, "(-expected +came)\n%s", strings.TrimRight(d, "\n"))
	}
}

func (c *comparison) steps(want map[string]string, story engine.Story) {
	if want == nil {
		return
	}
	got := map[string]string{}
	for step := range want {
		got[step] = string(engine.NotRun) // of what was never begun the story says nothing
	}
	for _, s := range story.Steps {
		if _, named := want[s.Step]; named {
			got[s.Step] = string(s.Status)
		}
	}
	c.diff("steps", want, got)
}

// only keeps of what came the members that are expected; lists keep their length.
func only(want, got any) any {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return got
		}
		out := map[string]any{}
		for k := range w {
			if v, there := g[k]; there {
				out[k] = only(w[k], v)
			}
		}
		return out
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return got
		}
		out := make([]any, len(g))
		for i := range g {
			out[i] = only(w[i], g[i])
		}
		return out
	}
	return got
}

// effects compares what was done: {jobs.trigger: {revisions: […]}} for each step that did something.
func (c *comparison) effects(want *yamldoc.Node, story engine.Story) {
	if want == nil {
		return
	}
	done := doneBy(story)
	if want.Kind == yamldoc.Map {
		for _, item := range want.Get("contain").Items {
			w := item.Any()
			if !slices.ContainsFunc(done, func(d any) bool { return cmp.Equal(w, only(w, d)) }) {
				c.fail("effects", "%s is expected among\n    %s", compact(w), compact(done))
			}
		}
		return
	}
	list, ok := want.Any().([]any)
	if !ok {
		list = []any{}
	}
	c.diff("effects", any(list), only(list, done))
}

// doneBy lists the effects of a run by step, with the inputs as they were done: revisions are those on which something was done.
func doneBy(story engine.Story) []any {
	out := []any{}
	for _, s := range story.Steps {
		var revisions []any
		done := false
		for _, e := range s.Effects {
			if e.Outcome.Status == ci.Done {
				done = true
				if e.Outcome.Revision != "" && !slices.Contains(revisions, any(e.Outcome.Revision)) {
					revisions = append(revisions, e.Outcome.Revision)
				}
			}
		}
		if !done {
			continue
		}
		in, _ := schemas.DecodeJSON(s.Inputs)
		m, ok := in.(map[string]any)
		if !ok {
			m = map[string]any{}
		}
		if len(revisions) > 0 {
			m["revisions"] = revisions
		}
		out = append(out, map[string]any{s.Uses: m})
	}
	return out
}

func compact(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

func refusals(story engine.Story) string {
	var out []string
	for _, s := range story.Steps {
		for _, e := range s.Effects {
			if e.Outcome.Status == ci.Refused || e.Outcome.Status == ci.Already {
				out = append(out, e.What+": "+e.Outcome.Reason)
			}
		}
	}
	return strings.Join(out, "\n")
}

func messages(story engine.Story, res engine.Result) string {
	out := []string{res.Reason}
	for _, s := range story.Steps {
		if s.Reason != "" {
			out = append(out, s.Step+": "+s.Reason)
		}
	}
	return strings.Join(append(out, refusals(story)), "\n")
}

var signOf = map[string]string{"failed": "F", "passed": "P", "intermittent": "I", "missing": ".", "inconclusive": "x", "unsettled": "?", "not_runnable": "-"}

// verdicts writes what was decided of a step's rows as a strip.
func verdicts(story engine.Story, step string) string {
	out := ""
	for _, s := range story.Steps {
		if s.Step != step {
			continue
		}
		for _, d := range s.Decisions {
			var word string
			if json.Unmarshal(d.Value, &word) == nil {
				out += signOf[word]
			}
		}
	}
	return out
}
