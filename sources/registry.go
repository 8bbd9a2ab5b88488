package sources

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mozci/mozci-run/sources/ci"
)

// A Registry holds the sources of a profile, in its order.
type Registry struct {
	sources  []Source
	queries  map[string][]provided[Query]
	effects  map[string]provided[Effect]
	fallback map[string]bool // sources that may be passed over when unavailable
}

type provided[T any] struct {
	source string
	it     T
}

// NewRegistry returns the registry of the given sources. See Add.
func NewRegistry(list ...Source) (*Registry, error) {
	r := &Registry{queries: map[string][]provided[Query]{}, effects: map[string]provided[Effect]{}, fallback: map[string]bool{}}
	for _, s := range list {
		if err := r.Add(s); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Add puts a source behind those that are there. Two sources may answer the same query if its types agree;
// the first that has an effect performs it.
func (r *Registry) Add(s Source) error {
	if slices.ContainsFunc(r.sources, func(o Source) bool { return o.Name() == s.Name() }) {
		return fmt.Errorf("the source %s is named twice; name it once", s.Name())
	}
	r.sources = append(r.sources, s)
	for _, q := range s.Queries() {
		if have := r.queries[q.Name]; len(have) > 0 && (have[0].it.In != q.In || have[0].it.Out != q.Out) {
			return fmt.Errorf("%s and %s give %s different types", have[0].source, s.Name(), q.Name)
		}
		r.queries[q.Name] = append(r.queries[q.Name], provided[Query]{s.Name(), q})
	}
	if a, ok := s.(Actor); ok {
		for _, e := range a.Effects() {
			if _, taken := r.effects[e.Name]; !taken {
				r.effects[e.Name] = provided[Effect]{s.Name(), e}
			}
		}
	}
	return nil
}

// PassOver lets the registry ask the next source where the named one is unavailable.
func (r *Registry) PassOver(source string) { r.fallback[source] = true }

// Sources returns the sources in their order.
func (r *Registry) Sources() []Source { return slices.Clone(r.sources) }

// Query returns the query of that name as its first source declares it, and the names of all that answer it.
func (r *Registry) Query(name string) (q Query, from []string, ok bool) {
	list := r.queries[name]
	if len(list) == 0 {
		return Query{}, nil, false
	}
	for _, p := range list {
		from = append(from, p.source)
	}
	return list[0].it, from, true
}

// Effect returns the effect of that name and the source that performs it.
func (r *Registry) Effect(name string) (e Effect, from string, ok bool) {
	p, ok := r.effects[name]
	return p.it, p.source, ok
}

// QueryNames lists what can be asked, sorted.
func (r *Registry) QueryNames() []string { return sortedNames(r.queries) }

// EffectNames lists what can be done, sorted.
func (r *Registry) EffectNames() []string { return sortedNames(r.effects) }

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Ask answers a query from the first source that fills it. See Asker.
func (r *Registry) Ask(ctx context.Context, name string, in any) (Answer, error) {
	list := r.queries[name]
	if len(list) == 0 {
		return Answer{}, &Error{Kind: ErrNotFilled, Doing: name, Err: errors.New("no source of this profile answers it"),
			Hint: "mozci-run sources list shows what this profile can be asked"}
	}
	instead := ""
	for _, p := range list {
		v, err := p.it.Call(ctx, in)
		switch {
		case err == nil:
			return Answer{Value: v, Source: p.source, Instead: instead}, nil
		case errors.Is(err, ErrNotFilled):
			continue
		case errors.Is(err, ErrUnavailable) && r.fallback[p.source] && p.source != list[len(list)-1].source:
			instead = err.Error()
			continue
		}
		return Answer{}, err
	}
	if instead != "" {
		return Answer{}, &Error{Kind: ErrUnavailable, Doing: name, Err: errors.New(instead), Hint: "the sources behind it have no answer either"}
	}
	return Answer{}, &Error{Kind: ErrNotFilled, Doing: name, Err: errors.New("no source has an answer to this question")}
}

// Link reads a link into an event with the first source whose it is; ErrNotFilled where it is nobody's. Where services share an
// address, one may refuse a page of another: the first such word is the answer only where nobody else takes the link.
func (r *Registry) Link(ctx context.Context, url string) (ci.Event, error) {
	var refused error
	for _, s := range r.sources {
		l, ok := s.(Linker)
		if !ok {
			continue
		}
		ev, err := l.Link(ctx, url)
		switch {
		case errors.Is(err, ErrNotFilled):
		case errors.Is(err, ErrRefused):
			if refused == nil {
				refused = err
			}
		default:
			return ev, err
		}
	}
	if refused != nil {
		return ci.Event{}, refused
	}
	return ci.Event{}, &Error{Kind: ErrNotFilled, Doing: "reading the link", Err: fmt.Errorf("%q is no link of a source of this profile", Redact(url)),
		Hint: "give a Treeherder, Taskcluster or pushlog link, or inputs with -i"}
}

var _ Asker = (*Registry)(nil)
