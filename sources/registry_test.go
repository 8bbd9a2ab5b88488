package sources_test

import (
	"context"
	"errors"
	"testing"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A linker answers every link in one way.
type linker struct {
	name string
	err  error
}

func (l linker) Name() string             { return l.name }
func (l linker) Queries() []sources.Query { return nil }
func (l linker) Link(context.Context, string) (ci.Event, error) {
	if l.err != nil {
		return ci.Event{}, &sources.Error{Kind: l.err, Source: l.name}
	}
	return ci.Event{Link: l.name}, nil
}

// Services may share an address: what one refuses may be another's page.
func TestLinksAreReadByWhoseTheyAre(t *testing.T) {
	takes := linker{"takes", nil}
	other, refuses, down := linker{"other", sources.ErrNotFilled}, linker{"refuses", sources.ErrRefused}, linker{"down", sources.ErrUnavailable}
	for _, r := range []struct {
		of   []sources.Source
		want string
		kind error
	}{
		{[]sources.Source{other, takes}, "takes", nil},
		{[]sources.Source{refuses, takes}, "takes", nil},
		{[]sources.Source{other, refuses, other}, "refuses", sources.ErrRefused},
		{[]sources.Source{refuses, linker{"later", sources.ErrRefused}}, "refuses", sources.ErrRefused},
		{[]sources.Source{down, linker{"another", nil}}, "down", sources.ErrUnavailable},
		{[]sources.Source{other}, "", sources.ErrNotFilled},
	} {
		for i, s := range r.of { // names are taken once
			l := s.(linker)
			if i > 0 && l.name == r.of[0].Name() {
				r.of[i] = linker{l.name + "2", l.err}
			}
		}
		reg, err := sources.NewRegistry(r.of...)
		if err != nil {
			t.Fatal(err)
		}
		ev, err := reg.Link(t.Context(), "http://x.example/y")
		var se *sources.Error
		if errors.As(err, &se); err != nil && (!errors.Is(err, r.kind) || se.Source != r.want) || err == nil && ev.Link != r.want {
			t.Errorf("%v: got %q, %v, want %q, %v", r.of, ev.Link, err, r.want, r.kind)
		}
	}
}
