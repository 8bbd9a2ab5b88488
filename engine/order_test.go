package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/engine"
)

// needs lists who waits for whom: a<-b,c.
func needs(list []*engine.Step) string {
	var out []string
	for _, s := range list {
		var names []string
		for _, n := range s.Needs {
			names = append(names, list[n].ID)
		}
		out = append(out, s.ID+"<-"+strings.Join(names, ","))
	}
	return strings.Join(out, " ")
}

func steps(lines ...string) string {
	return "mozci: 1\nname: x\ninputs:\n  b: {type: string, default: autoland}\nsteps:\n" + strings.Join(lines, "\n") + "\n"
}

const (
	treeStep = "  - {id: %s, uses: tree.status, with: {branch: \"${{ inputs.b }}\"}%s}"
	fillStep = "  - {id: %s, uses: jobs.cancel, with: {branch: \"${{ inputs.b }}\", requests: []}%s}"
)

func treeOf(id string, more ...string) string { return fmt.Sprintf(treeStep, id, comma(more)) }
func cancel(id string, more ...string) string { return fmt.Sprintf(fillStep, id, comma(more)) }
func letBe(id, expr string, more ...string) string {
	return fmt.Sprintf("  - {id: %s, let: '%s'%s}", id, expr, comma(more))
}

func comma(more []string) string {
	if len(more) == 0 {
		return ""
	}
	return ", " + strings.Join(more, ", ")
}

func TestNeeds(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"reads are independent", steps(treeOf("a"), treeOf("c")), "a<- c<-"},
		{"a reference is an edge", steps(treeOf("a"), letBe("c", "a.state"), letBe("d", "1")), "a<- c<-a d<-"},
		{"also one that stands below", steps(letBe("c", "a.state"), treeOf("a")), "c<-a a<-"},
		{"an effect waits for all above", steps(treeOf("a"), treeOf("c"), cancel("f")), "a<- c<- f<-a,c"},
		{"nothing below starts before", steps(cancel("f"), treeOf("a"), letBe("c", "1")), "f<- a<-f c<-f"},
		{"two barriers", steps(cancel("f"), treeOf("a"), cancel("g"), treeOf("c")), "f<- a<-f g<-f,a c<-g"},
		{"after", steps(treeOf("a"), treeOf("c", "after: [a]")), "a<- c<-a"},
		{"its own id is no circle", steps(treeOf("a", `until: 'a.state == "open"'`, `require: 'a.reason == ""'`)), "a<-"},
		{"until and message read others", steps(treeOf("a"), treeOf("c", "require: 'a.state == c.state'", "message: '${{ d }}'"), letBe("d", "1")), "a<- c<-a,d d<-"},
		{"what a require rules out waits for it", steps(letBe("a", "get([1], 0)"), letBe("c", "2", "require: a != nil"), letBe("d", "a + 1")), "a<- c<-a d<-a,c"},
		{"an effect within makes a barrier", steps(treeOf("a"),
			"  - {id: e, foreach: '[1]', steps: [{uses: jobs.cancel, with: {branch: b, requests: []}}]}", treeOf("c")), "a<- e<-a c<-e"},
		{"what lies within waits outside", steps(treeOf("a"), treeOf("c"),
			"  - {id: e, foreach: '[1]', steps: [{id: i, let: a.state}, {id: j, let: i}]}"), "a<- c<- e<-a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, problems := checkedText(t, tt.text)
			if len(problems) > 0 {
				t.Fatal(engine.ShowAll(problems))
			}
			if got := needs(p.Steps); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestResultTypes(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"a query", steps(treeOf("a")), "a: Tree"},
		{"an effect", steps(cancel("a")), "a: list of Outcome"},
		{"foreach", steps(`  - {id: a, foreach: '["x"]', uses: tree.status, with: {branch: "${{ item }}"}}`), "a: list of {item, result}"},
		{"require narrows", steps(letBe("a", "get([1], 0)", "require: a != nil"), letBe("c", "a + 1")), "a: int or nil, c: int"},
		{"if narrows its own step", steps(letBe("a", "get([1], 0)"), letBe("c", "a + 1", "if: a != nil")), "a: int or nil, c: int"},
		{"a skipped step may be nil where it is guarded", steps(treeOf("a", "if: 1 == 2"), letBe("c", `a?.reason`), letBe("d", "a.reason")), "a: Tree, c: string or nil, d: string"},
		{"a timeout that goes on may have no answer", steps(treeOf("a", "timeout: 5m", "on_timeout: continue"), letBe("c", "a?.reason")), "a: Tree, c: string or nil"},
		{"until narrows below", steps("  - {id: r, uses: events.recent, with: {branch: b}}", letBe("a", "first(r)?.push", "require: a != nil"), letBe("c", "a.revision")),
			"r: list of Event, a: Push or nil, c: string"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, problems := checkedText(t, tt.text)
			if len(problems) > 0 {
				t.Fatal(engine.ShowAll(problems))
			}
			var got []string
			for _, s := range p.Steps {
				got = append(got, s.ID+": "+s.Type.String())
			}
			if g := strings.Join(got, ", "); g != tt.want {
				t.Errorf("got  %s\nwant %s", g, tt.want)
			}
		})
	}
}

// Outputs that read a step that may be skipped may be nil; others may not.
func TestOutputTypes(t *testing.T) {
	p, problems := checkedText(t, steps(treeOf("a", "if: 1 == 2"), treeOf("c"))+"outputs: {a: '${{ a.reason }}', c: '${{ c.reason }}', d: [1, '${{ c.reason }}']}\n")
	if len(problems) > 0 {
		t.Fatal(engine.ShowAll(problems))
	}
	var got []string
	for _, o := range p.Outputs {
		got = append(got, o.Name+": "+o.Value.Type.String())
	}
	if d := cmp.Diff([]string{"a: string or nil", "c: string", "d: list of any"}, got); d != "" {
		t.Error(d)
	}
}
