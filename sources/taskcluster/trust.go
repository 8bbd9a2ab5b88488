package taskcluster

import (
	"context"
	"slices"
	"strings"
	"sync"
)

// A scopeset is a set of scopes.
type scopeset struct {
	Scopes []string `json:"scopes"`
}

// satisfies says whether scopes grant one: they hold it, or a beginning of it followed by *.
func satisfies(scopes []string, wanted string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool {
		if begin, ok := strings.CutSuffix(s, "*"); ok {
			return strings.HasPrefix(wanted, begin)
		}
		return s == wanted
	})
}

// A planner answers the questions that the units of one step share, each once.
type planner struct {
	c        *Client
	expanded memo[[]string]
	hooks    memo[*hook]
	own      memo[*[]string]
}

// vouched says whether a decision task may speak for a hook. Its actions.json is an artifact, which anybody who can push
// can write as he likes; what its author may do shows in the scopes of the decision task, once auth has expanded their
// roles. Without this check a push could have us trigger any hook that we may trigger.
func (p *planner) vouched(ctx context.Context, decision task, group, id string) (bool, error) {
	scopes, err := p.expanded.get(strings.Join(decision.Scopes, "\n"), func() ([]string, error) {
		a, err := ask[scopeset](ctx, p.c, call{ep: epExpand, body: scopeset{Scopes: noNil(decision.Scopes)}, doing: "what the decision task may do"})
		return a.Scopes, err
	})
	return satisfies(scopes, "in-tree:hook-action:"+group+"/"+id), err
}

func noNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// ownScopes are the scopes that our credentials have; nil where they cannot be known.
func (p *planner) ownScopes(ctx context.Context) (*[]string, error) {
	return p.own.get("", func() (*[]string, error) {
		a, err := ask[scopeset](ctx, p.c, call{ep: epScopes, doing: "what our credentials may do", sign: true})
		if lacksScopes(err) || isNotFound(err) { // a deployment need not tell
			return nil, nil
		}
		return &a.Scopes, err
	})
}

// know begins to ask what our credentials may do, where there are some: it is needed last, and depends on nothing. What it
// returns waits until that is answered.
func (p *planner) know(ctx context.Context) func() {
	if p.c.opts.Credentials == nil || p.c.opts.Credentials.Usable(p.c.opts.Now()) != nil {
		return func() {}
	}
	known := later(func() (*[]string, error) { return p.ownScopes(ctx) })
	return func() { _, _ = known() }
}

// A memo remembers answers, and lets those who ask the same at the same time wait for one.
type memo[V any] struct {
	mu   sync.Mutex
	made map[string]func() (V, error)
}

func (m *memo[V]) get(key string, make func() (V, error)) (V, error) {
	m.mu.Lock()
	if m.made == nil {
		m.made = map[string]func() (V, error){}
	}
	f, ok := m.made[key]
	if !ok {
		f = sync.OnceValues(make)
		m.made[key] = f
	}
	m.mu.Unlock()
	return f()
}
