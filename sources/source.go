package sources

import (
	"context"
	"fmt"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources/ci"
)

// A Source is one service behind an adapter, or something that answers as one.
type Source interface {
	// Name is the adapter's name: hgmo, treeherder. It does not change.
	Name() string
	// Queries lists what can be asked, in a stable order. It is called once, does not fetch, and may be empty.
	Queries() []Query
}

// An Actor is a Source that can also change the world.
type Actor interface {
	Source
	// Effects lists what can be done, in a stable order.
	Effects() []Effect
}

// A Documented source declares the endpoints that it reads and writes: cassette coverage, the contract check and the recorder come from them.
type Documented interface {
	Source
	Endpoints() []Endpoint
}

// A Linker reads links of its own service, as a person has them in the clipboard, into an event.
type Linker interface {
	Source
	// Link answers ErrNotFilled for a link that is not its own service's.
	Link(ctx context.Context, url string) (ci.Event, error)
}

// A Query is a question with the type of its answer. Values of In and Out are facts (see package schemas).
type Query struct {
	Name  string        // pushes.range
	Doc   string        // a line for the reference
	In    *schemas.Type // an object
	Out   *schemas.Type
	Parts []Part // what its answer is made of, where it is made of other queries' answers
	call  func(ctx context.Context, in any) (any, error)
}

// NewQuery makes a query of a Go function. The answer is checked against its own type's vocabularies: an adapter
// that invents a word is a bug, and is reported as changed format rather than passed on.
func NewQuery[In, Out any](name, doc string, f func(context.Context, In) (Out, error)) Query {
	q := Query{Name: name, Doc: doc, In: schemas.TypeOf[In](), Out: schemas.TypeOf[Out]()}
	q.call = func(ctx context.Context, in any) (any, error) {
		var question In
		if err := q.In.Bind(in, &question); err != nil {
			return nil, &Error{Kind: ErrRefused, Doing: name, Err: err, Hint: "see mozci-run sources show " + name}
		}
		answer, err := f(ctx, question)
		if err != nil {
			return nil, err
		}
		out, err := q.Out.Conform(q.Out.Fact(answer))
		if err != nil {
			return nil, &Error{Kind: ErrChangedFormat, Doing: name, Err: fmt.Errorf("the adapter's answer: %w", err)}
		}
		return out, nil
	}
	return q
}

// Call asks the question. in is a fact that is made to conform to In; the answer conforms to Out.
func (q Query) Call(ctx context.Context, in any) (any, error) { return q.call(ctx, in) }

// As returns a query with the same name and types that f answers: a stand-in for tests of workflows, or for a wrapper that looks on.
// f gets a fact of In and gives one of Out.
func (q Query) As(f func(ctx context.Context, in any) (any, error)) Query {
	named := q
	named.call = func(ctx context.Context, in any) (any, error) {
		in, err := q.In.Conform(in)
		if err != nil {
			return nil, &Error{Kind: ErrRefused, Doing: q.Name, Err: err, Hint: "see mozci-run sources show " + q.Name}
		}
		out, err := f(ctx, in)
		if err != nil {
			return nil, err
		}
		if out, err = q.Out.Conform(out); err != nil {
			return nil, &Error{Kind: ErrRefused, Doing: q.Name, Err: fmt.Errorf("the answer: %w", err)}
		}
		return out, nil
	}
	return named
}

// Ask asks a query by name with a Go value and gets a Go value: how derived queries and adapters' tests ask.
// As in JSON, a field that may be left out and is zero is left out, and so has its default.
func Ask[Out, In any](ctx context.Context, a Asker, name string, in In) (Out, error) {
	var out Out
	t := schemas.TypeOf[In]()
	question := t.Fact(in).(map[string]any)
	for _, f := range t.Fields {
		if f.Optional && f.Default != nil && question[f.Name] == f.Type.Zero() {
			delete(question, f.Name)
		}
	}
	answer, err := a.Ask(ctx, name, question)
	if err != nil {
		return out, err
	}
	return out, schemas.TypeOf[Out]().Bind(answer.Value, &out)
}

// An Asker answers queries by name.
type Asker interface {
	// Ask answers the query of that name. The error is ErrNotFilled where no source has an answer.
	Ask(ctx context.Context, name string, in any) (Answer, error)
}

// An Answer is what a query gave, and who gave it.
type Answer struct {
	Value   any    // a fact of the query's Out
	Source  string // the name of the source that answered
	Instead string // why it was not the first that has the query: empty where it was
}

type freshKey struct{}

// Fresh returns a context whose questions are answered past every cache: what until uses.
func Fresh(ctx context.Context) context.Context { return context.WithValue(ctx, freshKey{}, true) }

// IsFresh says whether ctx asks for answers past every cache.
func IsFresh(ctx context.Context) bool { v, _ := ctx.Value(freshKey{}).(bool); return v }

// Settled returns a context whose questions may be answered from a cache again, within one that is Fresh: for what does
// not change once it is there, such as the push that holds a revision.
func Settled(ctx context.Context) context.Context { return context.WithValue(ctx, freshKey{}, false) }
