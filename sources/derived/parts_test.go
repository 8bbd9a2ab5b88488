package derived

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// What a query says that it is made of is what it asks; what it says that decides it does, and nothing else: fields of the parts are changed,
// and the answers are compared.
func TestPartsAreWhatAnswersAreMadeOf(t *testing.T) {
	unraced(t)
	for _, q := range New(nil, nil, nil).Queries() {
		t.Run(q.Name, func(t *testing.T) {
			asked, deciding := map[string]bool{}, map[sources.Field]bool{}
			for i, w := range worlds() {
				before := w.answer(t, q.Name, nil)
				for _, name := range w.calls {
					name, _, _ = strings.Cut(name, "+")
					asked[name] = true
				}
				for _, p := range q.Parts {
					rest := slices.DeleteFunc(pathsOf(partType(t, p.Query), ""), func(path string) bool { return slices.Contains(p.Decides, path) })
					if path := w.moves(t, q, p.Query, rest, before); path != "" {
						t.Errorf("world %d: something of %s beside %q decides %s of %s", i, p.Query, p.Decides, path, q.Name)
					}
					for _, path := range p.Decides {
						f := sources.Field{Query: p.Query, Path: path}
						deciding[f] = deciding[f] || w.moves(t, q, p.Query, []string{path}, before) != ""
					}
				}
			}
			for _, p := range q.Parts {
				if !asked[p.Query] {
					t.Errorf("it says that it is made of %s, and does not ask it", p.Query)
				}
				delete(asked, p.Query)
			}
			for name := range asked {
				t.Errorf("it asks %s, and does not say so", name)
			}
			for f, shows := range deciding {
				if !shows {
					t.Errorf("it says that %s %s decides it, and nothing shows that", f.Query, f.Path)
				}
			}
		})
	}
}

// worlds are situations in which all that decides shows.
func worlds() []*world {
	plain := strip("F . xR D E FP P . P")
	for i := range plain.jobs {
		plain.jobs[i].Ended = new(start.Add(time.Duration(i%3) * time.Minute))
		plain.jobs[i].Started = new(start.Add(time.Duration(i%5) * time.Minute))
		plain.jobs[i].Link = "https://ci.example/" + plain.jobs[i].ID
	}
	plain.unknown = []ci.Runnable{{Revision: revision(1), NotRunnable: new(ci.NoDecision)}, {Revision: revision(7)}}
	plain.pushes[0].Changesets[0].BacksOut = []string{revision(2)[:12]}

	dated, undated := strip("FFP PP FP"), strip("FFP PP FF")
	for i := range undated.jobs {
		undated.jobs[i].Submitted, undated.jobs[i].Attempt = nil, 5-i
		if i < 2 {
			undated.jobs[i].Started = new(start.Add(time.Duration(i) * time.Minute))
		}
	}
	asked(1, "r1", -2*time.Hour)(dated)
	again := strip("F PPPPPP . P")
	asked(1, "r1", -3*time.Minute)(again)
	asked(2, "r2", -2*time.Minute)(again)
	ends := []*time.Time{new(start), new(start.Add(time.Minute)), nil}
	for i := range again.jobs { // of those on push 1 two are told apart by when they started, two by when they ended, two by their number
		j := &again.jobs[i]
		j.Request, j.Submitted, j.Attempt, j.Machine = "r1", nil, i/3, "m"+j.ID
		j.Started, j.Ended = ends[i%3], ends[(i+1)%3]
		if i > 4 {
			j.Started, j.Ended, j.Attempt = nil, nil, 7
		}
	}

	requested := strip("F R . P")
	asked(1, "r1", -3*time.Minute)(requested)
	asked(2, "r2", -2*time.Minute)(requested)
	requested.jobs[1].Request, requested.jobs[1].Submitted = "r1", nil
	coalesced := strip("F x P")
	asked(1, "r2", -2*time.Minute)(coalesced)
	coalesced.jobs[1].Requests, coalesced.jobs[1].Submitted = []string{"r1", "r2"}, nil

	manifests := strip("F P B P P")
	for i := range manifests.jobs {
		manifests.jobs[i].Groups = []ci.GroupResult{{Group: "m1", OK: manifests.jobs[i].Result == ci.Success}, {Group: "m2", OK: true}}
	}
	manifests.jobs[1].Groups = []ci.GroupResult{{Group: "m2", OK: true}}
	return []*world{plain, dated, undated, again, requested, coalesced, manifests}
}

// answer asks a query of a world whose answers go through f first, where there is one.
func (w *world) answer(t *testing.T, query string, f func(query string, answer any) any) any {
	t.Helper()
	inner, err := sources.NewRegistry(w)
	if err != nil {
		t.Fatal(err)
	}
	r, err := sources.NewRegistry(New(through{inner, f}, w, stopped(start.Add(time.Hour))))
	if err != nil {
		t.Fatal(err)
	}
	question := map[string]any{"branch": "autoland"}
	switch query {
	case "jobs.history":
		question["job"] = label
	case "jobs.status":
		requests := []any{}
		for _, a := range w.ledger {
			requests = append(requests, a.Request)
		}
		question["requests"] = requests
	}
	answer, err := r.Ask(t.Context(), query, question)
	if err != nil {
		return err.Error()
	}
	return answer.Value
}

type through struct {
	asker sources.Asker
	f     func(query string, answer any) any
}

func (a through) Ask(ctx context.Context, name string, in any) (sources.Answer, error) {
	out, err := a.asker.Ask(ctx, name, in)
	if err == nil && a.f != nil {
		out.Value = a.f(name, out.Value)
	}
	return out, err
}

// moves finds what moves in an answer, beyond what is handed on, when fields of a part do; empty where nothing does. The values are changed a third
// at a time, so that those that were equal, or stood in an order, no longer do.
func (w *world) moves(t *testing.T, q sources.Query, part string, fields []string, before any) string {
	t.Helper()
	var handedOn []string
	for _, path := range fields {
		made := sources.Query{Name: q.Name, Out: q.Out, Parts: []sources.Part{{Query: part}}}
		for _, f := range sources.MovedBy([]sources.Query{{Name: part, Out: partType(t, part)}, made}, sources.Field{Query: part, Path: path})[1:] {
			handedOn = append(handedOn, f.Path)
		}
	}
	for third := range 3 {
		after := w.answer(t, q.Name, func(query string, answer any) any {
			for _, path := range fields {
				if n := -1; query == part {
					answer = schemas.Replace(answer, "$"+path, func(string) bool { return false }, func(old any) (any, bool) {
						if n++; n%3 != third {
							return old, false
						}
						return other(old), false
					})
				}
			}
			return answer
		})
		for _, path := range schemas.Differences(before, after) {
			if !slices.Contains(handedOn, strings.TrimSuffix(path, "[]")) {
				return path
			}
		}
	}
	return ""
}

// other is a value of the same kind.
func other(v any) any {
	switch x := v.(type) {
	case bool:
		return !x
	case int:
		return x - 3
	case string:
		words := map[string]string{"completed": "running", "running": "completed", "success": "testfailed", "testfailed": "success", "busted": "retry", "exception": "success",
			"no_decision_task": "dontbuild", "not_classified": "infra", "unknown": "success"}
		if words[x] != "" {
			return words[x]
		}
		return "0" + strings.ReplaceAll(x, "DONTBUILD", "")
	case time.Time:
		return x.Add(7 * time.Minute)
	case []any:
		return x[:max(0, len(x)-1)]
	}
	return nil
}

func partType(t *testing.T, query string) *schemas.Type {
	t.Helper()
	types := map[string]*schemas.Type{"pushes.range": schemas.TypeOf[[]ci.Push](), "jobs.list": schemas.TypeOf[[]ci.Job](), "pushes.runnable": schemas.TypeOf[[]ci.Runnable]()}
	if types[query] == nil {
		t.Fatalf("what does %s answer?", query)
	}
	return types[query]
}

// pathsOf lists the paths of all members of a type, and of what these hold.
func pathsOf(t *schemas.Type, at string) []string {
	if t.Elem != nil {
		return pathsOf(t.Elem, at+"[]")
	}
	var out []string
	for _, f := range t.Fields {
		below := strings.TrimPrefix(at+"."+f.Name, ".")
		out = append(append(out, below), pathsOf(f.Type, below)...)
	}
	return out
}
