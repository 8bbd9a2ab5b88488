package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// Graph draws a program's steps as a Mermaid flowchart: what waits for what, effects as barriers (thick, and only the edges that are
// not implied by others), loops as frames with the reason why they go round again.
func Graph(p *Program) string {
	g := &grapher{}
	g.line(0, "flowchart TD")
	g.steps(1, "s", p.Steps)
	if len(p.Finally) > 0 {
		g.line(1, "subgraph finally [\"finally: whatever came of the others\"]")
		g.steps(2, "f", p.Finally)
		g.line(1, "end")
		if len(p.Steps) > 0 {
			g.line(1, "s%d -.-> finally", len(p.Steps)-1)
		}
	}
	g.line(1, "classDef effect stroke-width:4px")
	g.line(1, "classDef decision stroke-dasharray:4")
	return g.b.String()
}

type grapher struct{ b strings.Builder }

func (g *grapher) line(depth int, format string, args ...any) {
	g.b.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(&g.b, format, args...)
	g.b.WriteByte('\n')
}

// steps draws one list of steps. Their names start with prefix.
func (g *grapher) steps(depth int, prefix string, list []*Step) {
	for i, s := range list {
		g.step(depth, fmt.Sprintf("%s%d", prefix, i), s)
	}
	for i, s := range list {
		for _, n := range direct(list, i) {
			arrow := "-->"
			if s.Effect || list[n].Effect {
				arrow = "==>"
			}
			g.line(depth, "%s%d %s %s%d", prefix, n, arrow, prefix, i)
		}
	}
}

// direct are those steps that a step waits for which no other that it waits for waits for.
func direct(list []*Step, i int) []int {
	implied := map[int]bool{}
	for _, n := range list[i].Needs {
		for _, m := range reached(list, n) {
			implied[m] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(list[i].Needs), func(n int) bool { return implied[n] })
}

// reached are the steps that a step waits for, and those that they wait for.
func reached(list []*Step, i int) []int {
	seen := map[int]bool{}
	var walk func(int)
	walk = func(i int) {
		for _, n := range list[i].Needs {
			if !seen[n] {
				seen[n] = true
				walk(n)
			}
		}
	}
	walk(i)
	var out []int
	for n := range seen {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

func (g *grapher) step(depth int, id string, s *Step) {
	if len(s.Body) > 0 {
		g.line(depth, "subgraph %s [%s]", id, quoted(caption(s)))
		g.steps(depth+1, id+"_", s.Body)
		g.line(depth, "end")
	} else {
		open, closed := brackets(s)
		g.line(depth, "%s%s%s%s", id, open, quoted(caption(s)), closed)
	}
	if s.Until != nil {
		g.line(depth, "%s -->|%s| %s", id, quoted("every "+yamldoc.FormatDuration(s.Every)+" until "+shortened(s.Until.Source())), id)
	}
	switch {
	case s.Effect:
		g.line(depth, "class %s effect", id)
	case s.If != nil || s.Require != nil || s.Approve != nil:
		g.line(depth, "class %s decision", id)
	}
}

// brackets are the shape of a step: queries are rounded, lets square, effects hexagons, approvals diamonds.
func brackets(s *Step) (string, string) {
	switch s.Kind {
	case EffectStep:
		return "{{", "}}"
	case ApproveStep:
		return "{", "}"
	case LetStep:
		return "[", "]"
	}
	return "(", ")"
}

// caption says what a step is, in a few lines.
func caption(s *Step) string {
	name := s.ID
	if s.Name != "" {
		name = s.Name
	}
	lines := []string{name}
	switch s.Kind {
	case QueryStep, EffectStep:
		lines = append(lines, s.Uses)
	case LetStep:
		lines = append(lines, shortened(s.Let.Source()))
	case ApproveStep:
		lines = append(lines, "waits for a person")
	case CallStep:
		lines = append(lines, "calls "+s.Call.Workflow)
	case RepeatStep:
		lines = append(lines, fmt.Sprintf("repeats until %s, at most %d times", shortened(s.Repeat.Until.Source()), s.Repeat.Max))
	}
	if s.Each != nil {
		lines = append(lines, "for each "+s.Each.As+" of "+shortened(s.Each.List.Source()))
	}
	if s.If != nil {
		lines = append(lines, "if "+shortened(s.If.Source()))
	}
	if s.Require != nil {
		lines = append(lines, "requires "+shortened(s.Require.Source()))
	}
	return strings.Join(lines, "\n")
}

func shortened(expr string) string {
	r := []rune(strings.Join(strings.Fields(expr), " "))
	if len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return string(r)
}

// quoted writes a caption as Mermaid takes it: signs of its own as entities, lines with <br/>.
func quoted(s string) string {
	return `"` + strings.NewReplacer("&", "#amp;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "#", "#35;", "`", "#96;", "\n", "<br/>").Replace(s) + `"`
}
