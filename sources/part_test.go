package sources

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mozci/mozci-run/sources/ci"
)

func asks[In, Out any](name string) Query {
	return NewQuery(name, "", func(context.Context, In) (out Out, err error) { return out, ErrNotFilled })
}

func TestMovedBy(t *testing.T) {
	queries := []Query{
		asks[ci.JobsOn, []ci.Job]("jobs"),
		asks[ci.HistoryOf, []ci.Row]("history").Of(Part{"jobs", []string{"[].revision", "[].groups"}}, Part{"pushes", nil}),
		asks[ci.StatusOf, []ci.Event]("events").Of(Part{"history", nil}),
	}
	for _, tt := range []struct {
		name string
		f    Field
		want []Field
	}{
		{"handed on, and on again", Field{"jobs", "[].machine"}, []Field{{"jobs", "[].machine"}, {"history", "[].jobs[].machine"}, {"events", "[].job.machine"}}},
		{"handed on, in a part of a part", Field{"jobs", "[].requests[]"}, []Field{{"jobs", "[].requests[]"}, {"history", "[].jobs[].requests"}, {"events", "[].job.requests"}}},
		{"decides", Field{"jobs", "[].revision"}, []Field{{"jobs", "[].revision"}, {"history", ""}, {"events", ""}}},
		{"decides as a list", Field{"jobs", "[].groups[]"}, []Field{{"jobs", "[].groups[]"}, {"history", ""}, {"events", ""}}},
		{"other elements", Field{"jobs", "[]"}, []Field{{"jobs", "[]"}, {"history", ""}, {"events", ""}}},
		{"the answer as a whole", Field{"jobs", ""}, []Field{{"jobs", ""}, {"history", ""}, {"events", ""}}},
		{"not handed on any more", Field{"history", "[].requested"}, []Field{{"history", "[].requested"}}},
		{"of a query that nobody has", Field{"pushes", "[].author"}, []Field{{"pushes", "[].author"}, {"history", ""}, {"events", ""}}},
		{"made of nothing", Field{"events", "[].link"}, []Field{{"events", "[].link"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, MovedBy(queries, tt.f)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}
