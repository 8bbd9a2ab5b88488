package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A tip is the newest revision of a push. Effects are named by tips, or two names of one push would be two effects.
type tip struct{ branch, revision string }

// learn takes from an answer which revisions are tips, and when it was asked.
func (c *coordinator) learn(r *record, t *schemas.Type) {
	if r.Value == nil || r.Source == "" {
		return
	}
	c.asked = r.Ended
	if t == nil || !holdsPush(t) {
		return
	}
	fact, err := t.Unmarshal(r.Value)
	if err != nil {
		return // whoever needs the value says so
	}
	tips := maps.Clone(c.tips)
	findTips(fact, tips)
	c.tips = tips
}

func holdsPush(t *schemas.Type) bool {
	if t == nil {
		return false
	}
	if t.Name == "Push" || holdsPush(t.Elem) {
		return true
	}
	return slices.ContainsFunc(t.Fields, func(f schemas.Field) bool { return holdsPush(f.Type) })
}

// findTips looks for pushes in a fact: objects with a branch, a revision and changesets.
func findTips(fact any, into map[tip]bool) {
	switch x := fact.(type) {
	case []any:
		for _, e := range x {
			findTips(e, into)
		}
	case map[string]any:
		branch, ok := x["branch"].(string)
		revision, ok2 := x["revision"].(string)
		if _, push := x["changesets"]; push && ok && ok2 && revision != "" {
			into[tip{branch, revision}] = true
			return
		}
		for _, e := range x {
			findTips(e, into)
		}
	}
}

// A missing is a revision for which there is no push.
type missing struct{ revision, reason string }

// toTips replaces the revisions that an effect is given by the tips of their pushes, each once. Those that the run's own
// answers know as tips are taken as they are; the others are looked up.
func (c *coordinator) toTips(ctx context.Context, in any, tips map[tip]bool) (any, []missing, error) {
	m, ok := in.(map[string]any)
	if !ok {
		return in, nil, nil
	}
	branch, ok := m["branch"].(string)
	list, ok2 := m["revisions"].([]any)
	if !ok || !ok2 {
		return in, nil, nil
	}
	out, lacking := []any{}, []missing(nil)
	for _, e := range list {
		rev, _ := e.(string)
		full, err := c.toTip(ctx, branch, rev, tips)
		if errors.Is(err, sources.ErrNotFound) {
			lacking = append(lacking, missing{rev, err.Error()})
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("finding the push of %s: %w", short(rev), err)
		}
		if !slices.Contains(out, any(full)) {
			out = append(out, full)
		}
	}
	m = maps.Clone(m)
	m["revisions"] = out
	return m, lacking, nil
}

func (c *coordinator) toTip(ctx context.Context, branch, revision string, tips map[tip]bool) (string, error) {
	if tips[tip{branch, revision}] {
		return revision, nil
	}
	push, err := sources.Ask[ci.Push](ctx, c.e.cfg.Registry, "pushes.find", ci.PushFind{Branch: branch, Revision: revision})
	if errors.Is(err, sources.ErrNotFilled) {
		return revision, nil // nobody can say: it is taken at its word
	}
	if err != nil || push.Revision == "" {
		return revision, err
	}
	return push.Revision, nil
}
