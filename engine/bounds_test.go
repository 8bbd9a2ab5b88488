package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mozci/mozci-run/engine"
)

// What is written a thousand times over is refused at once, and in a word.
func TestBounds(t *testing.T) {
	unraced(t)
	const head = "mozci: 1\nname: x\nsteps:\n"
	tests := []struct {
		name  string
		files map[string]string
		want  string // of the first problem
		most  int    // problems
	}{
		{"steps", map[string]string{"a.yaml": head + strings.Repeat("  - {let: 1}\n", 600)},
			"a.yaml:504:5: there are more than 500 steps, those within steps and those of called workflows included [too-large]", 1},
		{"calls of calls", calls(8, 8), "w7.yaml:5:5: there are more than 500 steps", 1},
		{"repeats within repeats", map[string]string{"a.yaml": head + repeats(3, 9)}, "a.yaml:43:23: repeats within repeats", 1},
		{"a mistake on every line", map[string]string{"a.yaml": head + lines(200, "  - {id: s%d, let: s_%[1]d}\n")}, "a.yaml:4:19: there is no s_0 here: did you mean s10?", 200},
		{"rules that call rules", map[string]string{"a.yaml": "mozci: 1\nname: x\nrules:\n  r0: {given: {x: int}, is: x + 1}\n" +
			lines(40, "  r1%d: {given: {x: int}, is: r0(x) + r0(x) + r0(x)}\n") + "steps: [{let: r10(1)}]\n"}, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fs := fstest.MapFS{}
			for name, text := range tt.files {
				fs[name] = &fstest.MapFile{Data: []byte(text)}
			}
			def, problems := engine.Load(engine.ReadFrom(fs), "a.yaml", standard(t))
			if def != nil {
				_, problems = engine.Check(def, catalog(t))
			}
			first := ""
			if len(problems) > 0 {
				first = problems[0].Error()
			}
			if !strings.HasPrefix(first, tt.want) || len(problems) > tt.most || len(problems) < min(tt.most, 1) {
				t.Errorf("%d problems, the first %q; want %d at most, and first %q", len(problems), first, tt.most, tt.want)
			}
		})
	}
}

// lines writes a line n times, with its number in it.
func lines(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// calls are workflows of which each calls the next n times.
func calls(deep, n int) map[string]string {
	files := map[string]string{}
	for d := range deep {
		name, step := fmt.Sprintf("w%d.yaml", d), fmt.Sprintf("  - {call: w%d.yaml}\n", d+1)
		if d == 0 {
			name = "a.yaml"
		}
		if d == deep-1 {
			step = "  - {let: 1}\n"
		}
		files[name] = "mozci: 1\nname: x\nsteps:\n" + strings.Repeat(step, n)
	}
	return files
}

// repeats are steps in which each repeat has n that read the next one's round before, and another repeat.
func repeats(deep, n int) string {
	var b strings.Builder
	indent := "  "
	for d := range deep {
		fmt.Fprintf(&b, "%s- repeat:\n%s    until: false\n%s    max: 3\n%s    steps:\n", indent, indent, indent, indent)
		indent += "      "
		for i := range n {
			next := fmt.Sprintf("s%d_%d", d, i+1)
			if i == n-1 {
				next = "1"
			}
			fmt.Fprintf(&b, "%s- {id: s%d_%d, let: %s}\n", indent, d, i, next)
		}
	}
	return b.String() + indent + "- {let: 1}\n"
}
