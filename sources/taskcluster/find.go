package taskcluster

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/mozci/mozci-run/sources"
)

// Find looks whether an earlier Do has arrived: first at the task with the id that was chosen, then at what the hook has done
// since, and where the hook does not show that, at the actions of the push that have ended well.
func (f firer) Find(ctx context.Context, u sources.Unit, ordinal int, since time.Time) (sources.Finding, error) {
	ctx = sources.Fresh(ctx) // what was so before Do says nothing now
	fire, err := bindFiring(u)
	if err != nil {
		return sources.Finding{Presence: sources.CannotTell}, err
	}
	token := u.Key.Token(ordinal)
	if fire.Chosen {
		_, err := f.c.statusOf(ctx, slugOf(token))
		if err == nil {
			return f.found(slugOf(token)), nil
		}
		if !isNotFound(err) {
			return sources.Finding{Presence: sources.CannotTell}, err
		}
	}
	made, err := f.c.firesSince(ctx, fire, since)
	if errors.Is(err, sources.ErrUnauthorised) || isNotFound(err) {
		return f.amongActions(ctx, fire, token, since)
	}
	if err != nil {
		return sources.Finding{Presence: sources.CannotTell}, err
	}
	id, err := f.c.ours(ctx, fire, token, since, made)
	switch {
	case err != nil:
		return sources.Finding{Presence: sources.CannotTell}, err
	case id != "":
		return f.found(id), nil
	}
	return sources.Finding{Presence: sources.Absent}, nil
}

func (f firer) found(id string) sources.Finding {
	return sources.Finding{Presence: sources.Found, Receipt: f.c.receipt(id, false)}
}

// firesSince lists the tasks that a hook has made since a time, or may have made, newest first: where the hooks service lost the
// queue's answer, it recorded an error, and the task may be there. The listing is newest first, so that the first page with
// an older one is the last that is needed.
func (c *Client) firesSince(ctx context.Context, f firing, since time.Time) ([]string, error) {
	var out []string
	from := since.Add(-skew)
	doing := "what hook " + f.Group + "/" + f.Hook + " has done"
	err := pages(func(token string) (string, error) {
		p, err := ask[firePage](ctx, c, call{ep: epFires, args: []string{f.Group, f.Hook}, query: tokenQuery(token), doing: doing})
		if err != nil {
			return "", err
		}
		older := false
		for _, one := range p.LastFires {
			older = older || one.TaskCreateTime.Before(from)
			if !one.TaskCreateTime.Before(from) && !slices.Contains(out, one.TaskID) {
				out = append(out, one.TaskID)
			}
		}
		if older {
			return "", nil
		}
		return p.ContinuationToken, nil
	})
	return out, err
}

// ours finds among tasks that a hook has made the one that an earlier Do of ours asked for; empty where it is none of them.
func (c *Client) ours(ctx context.Context, f firing, token string, since time.Time, made []string) (string, error) {
	fits, err := sideBySide(ctx, made, func(ctx context.Context, id string) (bool, error) {
		t, err := c.task(ctx, id)
		if isNotFound(err) {
			return false, nil
		}
		return err == nil && c.isOurs(f, token, since, t), err
	})
	if err != nil {
		return "", err
	}
	if i := slices.Index(fits, true); i >= 0 {
		return made[i], nil
	}
	return "", nil
}

// isOurs says whether a task carries out our firing. With a mark that is sure; without one it is a task that was made after we
// asked, as far as clocks agree, by our client, with the same action and the same input.
func (c *Client) isOurs(f firing, token string, since time.Time, t task) bool {
	a := t.Extra.Action
	var input any
	if a == nil || json.Unmarshal(a.Context.Input, &input) != nil {
		return false
	}
	if f.Marked {
		in, _ := input.(map[string]any)
		return in[mark] == token
	}
	if c.opts.Credentials != nil && a.Context.ClientID != "" && a.Context.ClientID != c.opts.Credentials.ClientID {
		return false
	}
	return a.Name == f.Action && t.TaskGroupID == f.Decision && !t.Created.Before(since.Add(-skew)) && sameJSON(input, f.Input)
}

// amongActions looks at the actions of the push that are indexed. Only actions that ended well are, so that nothing is
// proved where ours is not among them.
func (f firer) amongActions(ctx context.Context, fire firing, token string, since time.Time) (sources.Finding, error) {
	path, err := f.c.below(fire.Branch, fire.Revision, "taskgraph.actions")
	if err != nil {
		return sources.Finding{Presence: sources.CannotTell}, err
	}
	rows, err := f.c.listed(ctx, path)
	if err != nil {
		return sources.Finding{Presence: sources.CannotTell}, err
	}
	var made []string
	for _, r := range rows {
		made = append(made, r.TaskID)
	}
	id, err := f.c.ours(ctx, fire, token, since, made)
	if err != nil || id == "" {
		return sources.Finding{Presence: sources.CannotTell}, err
	}
	return f.found(id), nil
}

// sameJSON compares two values as JSON has them: 1 and 1.0 are the same.
func sameJSON(a, b any) bool {
	switch x := numbers(a).(type) {
	case map[string]any:
		y, ok := numbers(b).(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for k := range x {
			if _, have := y[k]; !have || !sameJSON(x[k], y[k]) {
				return false
			}
		}
		return true
	case []any:
		y, ok := numbers(b).([]any)
		return ok && slices.EqualFunc(x, y, sameJSON)
	default:
		return x == numbers(b)
	}
}
