package rules_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources/ci"
)

// followedScope names a history and a list of pushes, both of which are followed.
func followedScope(t testing.TB) *rules.Scope {
	return &rules.Scope{Rules: standard(t), Vars: []rules.Var{
		{Name: "history", Type: rowsType.Followed("h")},
		{Name: "pushes", Type: schemas.ListOf(schemas.TypeOf[ci.Push]()).Followed("p")},
		{Name: "other", Type: rowsType},
	}}
}

// told writes what an expression reads, a part that is taken whole with a *, and after => what its value is made of.
func told(e *rules.Expr) string {
	var out []string
	for _, r := range e.Reads() {
		word := r.Of + " " + r.Path
		if r.Whole {
			word += " *"
		}
		out = append(out, strings.TrimSpace(word))
	}
	var made []string
	for _, o := range e.Type().AllOrigins() {
		if word := strings.TrimSpace(o.Of + " " + o.Path); !slices.Contains(made, word) {
			made = append(made, word)
		}
	}
	if made != nil {
		out = append(out, "=> "+strings.Join(made, ", "))
	}
	return strings.Join(out, ", ")
}

func TestReads(t *testing.T) {
	sc := followedScope(t)
	for _, tt := range []struct{ expr, want string }{
		{`1 + 2`, ""},
		{`len(other)`, ""},
		{`len(history)`, "h"},
		{`history[0]`, "h, => h []"},
		{`history[0].push.revision`, "h, h [].push, h [].push.revision, => h [].push.revision"},
		{`first(history)?.push.revision`, "h, h [].push, h [].push.revision, => h [].push.revision"},
		{`map(history, .push)`, "h, h [].push, => h [].push"},
		{`filter(history, .requested)`, "h, h [].requested, => h []"},
		{`let r = history[0]; r.requested`, "h, h [].requested, => h [].requested"},
		{`history[0].jobs == other[0].jobs`, "h, h [].jobs, h [].jobs *"},
		{`history[0].not_runnable != nil`, "h, h [].not_runnable"},
		{`toJSON(history[0].push)`, "h, h [].push, h [].push *"},
		{`uniq(map(history, .push)) | len()`, "h, h [].push, h [].push *"},
		{`history[0].push in pushes`, "h, h [].push, h [].push *, p, p  *"},
		{`len(concat(map(history, .push), pushes))`, "h, h [].push, p"},
		{`map(concat(map(history, .push), pushes), .author)`, "h, h [].push, h [].push.author, p, p [].author, => h [].push.author, p [].author"},
		{`(pushes[0].empty ? pushes[0] : history[0].push).author`,
			"h, h [].push, h [].push.author, p, p [].author, p [].empty, => p [].author, h [].push.author"},
		{`map(zip(history, pushes), .right.author)`, "h, p, p [], p [].author, => p [].author"},
		{`map(history, ({push: .push, "by": .jobs}))[0].push.author`, "h, h [].jobs, h [].push, h [].push.author, => h [].push.author"},
		{`reduce(pushes, #acc + len(.changesets), 0)`, "p, p [].changesets"},
		{`verdict(other[0])`, ""},
		{`verdict(history[0])`, "h, h [].jobs, h [].jobs[].result, h [].jobs[].state, h [].not_runnable, h [].requested"},
		{`culprits(history, "skip")`, "h, h [].jobs, h [].jobs[].result, h [].jobs[].state, h [].not_runnable, h [].push, h [].push.changesets, h [].requested, => h [].push.changesets[]"},
		{`lastGood(history, "skip")?.push.revision ?? ""`,
			"h, h [].jobs, h [].jobs[].result, h [].jobs[].state, h [].not_runnable, h [].push, h [].push.revision, h [].requested, => h [].push.revision"},
	} {
		e, problems := rules.Compile(tt.expr, sc, nil)
		if problems != nil {
			t.Errorf("%s: %+v", tt.expr, problems)
			continue
		}
		if d := cmp.Diff(tt.want, told(e)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.expr, d)
		}
	}
}

// A parameter's type is what it was declared as, also where what is given is known better: nothing becomes a mistake by being followed.
func TestFollowedTypesFitWhatTheOthersFit(t *testing.T) {
	plain, followed := followedScope(t), followedScope(t)
	plain.Vars[0].Type = rowsType
	for _, e := range []string{
		`verdict(history[0]) == "passed"`, `firstBad(history, "failed")`, `whyNot(history[0])`, `evidenceBy(history)`, `history == other`, `without(history, other)`,
		`filter(history, .push.author matches "x")`, `concat(history, other)`, `culprit(history, "skip")?.revision`,
	} {
		a, wrong := rules.Compile(e, plain, nil)
		b, wrongToo := rules.Compile(e, followed, nil)
		if len(wrong)+len(wrongToo) > 0 || a.Type().String() != b.Type().String() {
			t.Errorf("%s: %v %v", e, wrong, wrongToo)
		}
	}
}

// What is not read makes no difference: whatever else of a history is changed, an expression gives the same.
func TestWhatIsNotReadMakesNoDifference(t *testing.T) {
	unraced(t)
	sc := followedScope(t)
	leaves := leavesOf(sc.Vars[0].Type)
	if len(leaves) < 30 {
		t.Fatalf("a history has more leaves than %q", leaves)
	}
	for _, src := range []string{
		`map(history, verdict(#))`, `firstBad(history, "failed")?.push.revision`, `map(gap(history, "skip"), .push.revision)`, `map(culprits(history, "passed"), .revision)`,
		`culprit(history, "skip")?.author`, `map(history, whyNot(#) ?? "")`, `evidenceBy(history)`, `reachesDepth(history, "skip")`,
		`map(history, len(evidence(#)))`, `map(suspects(history, "skip"), .order)`, `groupBy(history, .push.author) | keys()`,
		`sortBy(history, .push.order, "desc") | map(.push.revision)`, `map(history, toJSON(.jobs))`, `uniq(map(history, .push)) | len()`,
	} {
		e, problems := rules.Compile(src, sc, nil)
		if problems != nil {
			t.Fatalf("%s: %+v", src, problems)
		}
		moved := 0
		for _, strip := range []string{"F.xIP", "F0-dP", "FF?rP", "FPP"} {
			facts := historyOf(strip)
			before := valueOf(t, e, facts)
			for _, leaf := range leaves {
				if reflect.DeepEqual(before, valueOf(t, e, schemas.Replace(facts, "$"+leaf, noMap, another))) {
					continue
				}
				moved++
				if !reads(e, leaf) {
					t.Errorf("%s over %s moves with %s, and says that it reads %s", src, strip, leaf, told(e))
				}
			}
		}
		if moved == 0 {
			t.Errorf("%s moves with nothing", src)
		}
	}
}

func valueOf(t *testing.T, e *rules.Expr, history any) any {
	t.Helper()
	v, err := e.Eval(t.Context(), map[string]any{"history": history})
	if err != nil {
		return fmt.Sprintf("error: %v", err)
	}
	return v
}

// leavesOf lists the paths of all that a type holds: [].push.revision.
func leavesOf(t *schemas.Type) []string {
	switch {
	case t.Elem != nil:
		return append([]string{t.Origins[0].Path + "[]"}, leavesOf(t.Elem)...)
	case t.Kind == schemas.Object:
		var out []string
		for _, f := range t.Fields {
			out = append(out, leavesOf(f.Type)...)
		}
		return out
	}
	return []string{t.Origins[0].Path}
}

// reads says whether an expression has said that it reads a leaf, or what holds it.
func reads(e *rules.Expr, leaf string) bool {
	leaf = strings.TrimSuffix(leaf, "[]")
	for _, r := range e.Reads() {
		if r.Path == leaf || r.Whole && strings.HasPrefix(leaf, r.Path) {
			return true
		}
	}
	for _, o := range e.Type().AllOrigins() {
		if strings.HasPrefix(leaf, o.Path) {
			return true
		}
	}
	return false
}

func noMap(string) bool { return false }

// another is a value of the same kind; lists lose their elements.
func another(v any) (any, bool) {
	switch x := v.(type) {
	case bool:
		return !x, false
	case int:
		return -x - 1, false
	case string:
		others := map[string]string{"completed": "running", "running": "completed", "pending": "completed", "success": "testfailed", "testfailed": "success",
			"exception": "success", "empty_push": "dontbuild", "dontbuild": "no_decision_task", "no_decision_task": "empty_push"}
		if o := others[x]; o != "" {
			return o, false
		}
		return x + "'", false
	case time.Time:
		return x.Add(time.Hour), false
	case nil:
		return "dontbuild", false
	}
	return v, true
}
