package sources_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// saying is a source whose answer to tree.status is its own name, or an error; and so is what it makes of a link.
type saying struct {
	name string
	err  error
}

func (s saying) Name() string { return s.name }

func (s saying) Queries() []sources.Query {
	return []sources.Query{sources.NewQuery("tree.status", "", func(context.Context, ci.TreeOf) (ci.Tree, error) {
		return ci.Tree{State: ci.TreeOpen, Reason: s.name}, s.err
	})}
}

func (s saying) Link(context.Context, string) (ci.Event, error) {
	return ci.Event{Kind: ci.PushEvent, Link: s.name}, s.err
}

func failing(kind error) error {
	return &sources.Error{Kind: kind, Source: "s", Doing: "a test", Err: errors.New("it is " + kind.Error())}
}

// Who answers: the first that has an answer. Only "not filled" asks the next, and "unavailable" where the profile says so.
func TestRegistryAsks(t *testing.T) {
	notFilled, down := failing(sources.ErrNotFilled), failing(sources.ErrUnavailable)
	rows := []struct {
		name     string
		errs     []error // of the sources a, b, c, …
		passOver string
		want     string // who answers
		instead  string
		kind     error
	}{
		{name: "the first", errs: []error{nil, nil}, want: "a"},
		{name: "the next, where it is not filled", errs: []error{notFilled, nil}, want: "b"},
		{name: "nobody", errs: []error{notFilled, notFilled}, kind: sources.ErrNotFilled},
		{name: "an error stops the question", errs: []error{failing(sources.ErrNotFound), nil}, kind: sources.ErrNotFound},
		{name: "also behind one that is not filled", errs: []error{notFilled, failing(sources.ErrChangedFormat), nil}, kind: sources.ErrChangedFormat},
		{name: "unavailable stops it as well", errs: []error{down, nil}, kind: sources.ErrUnavailable},
		{name: "unless the profile passes over it", errs: []error{down, nil}, passOver: "a", want: "b", instead: "it is unavailable"},
		{name: "which says nothing of another", errs: []error{down, nil}, passOver: "b", kind: sources.ErrUnavailable},
		{name: "nor of another error", errs: []error{failing(sources.ErrUnauthorised), nil}, passOver: "a", kind: sources.ErrUnauthorised},
		{name: "passed over, and nobody has it", errs: []error{down, notFilled}, passOver: "a", kind: sources.ErrUnavailable},
		{name: "the last is not passed over", errs: []error{notFilled, down}, passOver: "b", kind: sources.ErrUnavailable},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			reg, err := sources.NewRegistry()
			if err != nil {
				t.Fatal(err)
			}
			for i, err := range r.errs {
				if err := reg.Add(saying{string(rune('a' + i)), err}); err != nil {
					t.Fatal(err)
				}
			}
			reg.PassOver(r.passOver)
			got, err := reg.Ask(t.Context(), "tree.status", map[string]any{"branch": "autoland"})
			if sources.KindOf(err) != r.kind || got.Source != r.want || !strings.Contains(got.Instead, r.instead) || r.instead == "" && got.Instead != "" {
				t.Errorf("got %+v, %v", got, err)
			}
			if r.want != "" && got.Value.(map[string]any)["reason"] != r.want {
				t.Errorf("the answer is %v", got.Value)
			}
		})
	}
	none, err := sources.NewRegistry()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.Ask(t.Context(), "tree.status", nil); !errors.Is(err, sources.ErrNotFilled) {
		t.Errorf("a query of nobody: %v", err)
	}
}

func TestRegistryReadsLinks(t *testing.T) {
	for _, r := range []struct {
		a, b error
		want string
		kind error
	}{
		{nil, nil, "a", nil},
		{failing(sources.ErrNotFilled), nil, "b", nil},
		{failing(sources.ErrNotFound), nil, "", sources.ErrNotFound},
		{failing(sources.ErrNotFilled), failing(sources.ErrNotFilled), "", sources.ErrNotFilled},
	} {
		reg, err := sources.NewRegistry(saying{"a", r.a}, saying{"b", r.b})
		if err != nil {
			t.Fatal(err)
		}
		if ev, err := reg.Link(t.Context(), "https://ci.example/x"); sources.KindOf(err) != r.kind || err == nil && ev.Link != r.want {
			t.Errorf("got %+v, %v, want %s", ev, err, r.want)
		}
	}
	if _, err := sources.NewRegistry(saying{"a", nil}, saying{"a", nil}); err == nil {
		t.Error("a source is there twice")
	}
}
