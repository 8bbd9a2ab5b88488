package workflowtest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources/ci"
)

// newest is the id of push0: older ones cross a power of ten, where ids that are sorted as text go wrong.
const newest = 100000

var rowType = schemas.TypeOf[ci.Row]()

// strip expands a strip of signs into a history of a job type, newest push first.
func strip(signs, branch, job string, now time.Time) ([]ci.Row, error) {
	var rows []ci.Row
	for _, sign := range strings.ReplaceAll(signs, " ", "") {
		row, err := signRow(sign, push(len(rows), branch, now), job, now)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", signs, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func push(i int, branch string, now time.Time) ci.Push {
	rev := "push" + strconv.Itoa(i)
	return ci.Push{
		Branch: branch, Revision: rev, ID: strconv.Itoa(newest - i), Order: newest - i, Date: now.Add(-time.Duration(i+1) * time.Hour), Author: "author-of-" + rev + "@example.org",
		Changesets: []ci.Changeset{{Revision: rev, Author: "Author of " + rev, Desc: "Bug " + strconv.Itoa(1900000-i) + " - " + rev, Bugs: []string{strconv.Itoa(1900000 - i)}, BacksOut: []string{}}},
	}
}

func signRow(sign rune, p ci.Push, job string, now time.Time) (ci.Row, error) {
	row := ci.Row{Push: p, Jobs: []ci.Job{}}
	add := func(state ci.State, result ci.Result) {
		n := len(row.Jobs)
		started := p.Date.Add(time.Duration(10+n) * time.Minute)
		j := ci.Job{
			ID: p.Revision + "-" + strconv.Itoa(n), Type: job, Branch: p.Branch, Revision: p.Revision, State: state, Result: result, Classification: ci.NotClassified, Tier: 1,
			Request: "task-" + p.Revision + "-" + strconv.Itoa(n), Requests: []string{"task-" + p.Revision + "-" + strconv.Itoa(n)}, Submitted: &started, Started: &started, Groups: []ci.GroupResult{},
		}
		if state == ci.Completed {
			ended := started.Add(10 * time.Minute)
			j.Ended = &ended
		}
		row.Jobs = append(row.Jobs, j)
	}
	switch sign {
	case 'F':
		add(ci.Completed, ci.TestFailed)
	case 'P':
		add(ci.Completed, ci.Success)
	case 'I':
		add(ci.Completed, ci.TestFailed)
		add(ci.Completed, ci.Success)
	case '.':
	case 'x':
		add(ci.Completed, ci.Exception)
	case '?':
		add(ci.Running, ci.Unknown)
	case '-':
		reason := ci.NoDecision
		row.NotRunnable = &reason
	default:
		return row, fmt.Errorf("%q is no sign of a history: F failed, P passed, I intermittent, . missing, x inconclusive, ? unsettled, - not runnable", sign)
	}
	return row, nil
}

// overlay puts the members that a test names over a fact; what it leaves out stays.
func overlay(base, over any) any {
	o, ok := over.(map[string]any)
	b, ok2 := base.(map[string]any)
	if !ok || !ok2 {
		return over
	}
	out := make(map[string]any, len(b))
	for k, v := range b {
		out[k] = v
	}
	for k, v := range o {
		out[k] = overlay(b[k], v)
	}
	return out
}

// complete fills in what a test left out of a fact of a type: in objects, the members of nothing; a word of a closed vocabulary stands for its
// last one, which is the one that says least.
func complete(t *schemas.Type, v any) any {
	switch x := v.(type) {
	case []any:
		if t.Kind != schemas.List {
			return v
		}
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = complete(t.Elem, e)
		}
		return out
	case map[string]any:
		if t.Kind == schemas.Map {
			out := make(map[string]any, len(x))
			for k, e := range x {
				out[k] = complete(t.Elem, e)
			}
			return out
		}
		if t.Kind != schemas.Object {
			return v
		}
		return completeObject(t, x)
	}
	return v
}

func completeObject(t *schemas.Type, x map[string]any) map[string]any {
	out := make(map[string]any, len(t.Fields))
	for k, e := range x { // a member that the type lacks is found by Conform
		out[k] = e
	}
	for _, f := range t.Fields {
		if e, given := x[f.Name]; given {
			out[f.Name] = complete(f.Type, e)
		} else {
			out[f.Name] = nothing(f)
		}
	}
	return out
}

func nothing(f schemas.Field) any {
	switch {
	case f.Default != nil:
		return f.Default
	case f.Type.Nullable:
		return nil
	case f.Type.Enum != nil:
		return f.Type.Enum[len(f.Type.Enum)-1]
	case f.Type.Kind == schemas.Object:
		return completeObject(f.Type, nil)
	}
	return f.Type.Zero()
}
