package engine

import (
	"sync"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources/ci"
)

// NamedTypes are the types that a rule's parameters can name: those of package ci and what they are made of, by name.
func NamedTypes() map[string]*schemas.Type { return namedTypes() }

var namedTypes = sync.OnceValue(func() map[string]*schemas.Type {
	out := map[string]*schemas.Type{}
	for _, t := range []*schemas.Type{
		schemas.TypeOf[ci.Push](), schemas.TypeOf[ci.Row](), schemas.TypeOf[ci.Job](), schemas.TypeOf[ci.JobType](),
		schemas.TypeOf[ci.Request](), schemas.TypeOf[ci.Failure](), schemas.TypeOf[ci.Backout](), schemas.TypeOf[ci.Tree](),
		schemas.TypeOf[ci.Runnable](), schemas.TypeOf[ci.Event](), schemas.TypeOf[ci.Outcome](),
	} {
		gatherTypes(t, out)
	}
	return out
})

func gatherTypes(t *schemas.Type, out map[string]*schemas.Type) {
	if t == nil {
		return
	}
	if t.Name != "" {
		if out[t.Name] != nil {
			return
		}
		out[t.Name] = t.NonNil()
	}
	gatherTypes(t.Elem, out)
	for _, f := range t.Fields {
		gatherTypes(f.Type, out)
	}
}

// firedEvent is the type of event where a job has started the run: its push and job are there.
var firedEvent = sync.OnceValue(func() *schemas.Type {
	t := *schemas.TypeOf[ci.Event]()
	fields := make([]schemas.Field, len(t.Fields))
	copy(fields, t.Fields)
	for i := range fields {
		if fields[i].Name == "push" || fields[i].Name == "job" {
			fields[i].Type = fields[i].Type.NonNil()
		}
	}
	t.Fields = fields
	return &t
})

// runType is the type of run. Where it has ended, in finally, it also has status and reason.
func runType(ended bool) *schemas.Type {
	fields := []schemas.Field{
		{Name: "id", Type: schemas.Of(schemas.String), Doc: "the run's id"},
		{Name: "now", Type: schemas.Of(schemas.Time), Doc: "when the run began, as recorded"},
	}
	if ended {
		fields = append(fields,
			schemas.Field{Name: "status", Type: schemas.EnumOf("RunStatus", runStatuses...), Doc: "how the steps ended"},
			schemas.Field{Name: "reason", Type: schemas.Of(schemas.String), Doc: "why, for people; empty where they ended well"})
	}
	return schemas.ObjectOf("run", fields...)
}

// runStatuses are the words of run.status, as finally sees it.
var runStatuses = []string{"succeeded", "failed", "planned", "incomplete", "cancelled"}

// approvalType is the result of approve.
var approvalType = schemas.ObjectOf("Approval",
	schemas.Field{Name: "by", Type: schemas.Of(schemas.String), Doc: "who said yes"},
	schemas.Field{Name: "at", Type: schemas.Of(schemas.Time), Doc: "when"})
