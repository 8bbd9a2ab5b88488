package main

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/spf13/cobra"
)

// TestHintsNameCommands holds every text of the program that says "mozci-run WORD …" against the commands that there are:
// advice that nobody can follow is worse than none.
func TestHintsNameCommands(t *testing.T) {
	root := (&command{m: thisMachine()}).root()
	said := regexp.MustCompile(`\bmozci-run ([a-z]+)(?: ([a-z]+))?`)
	prose := []string{"finds", "runs it", "reads", "workflow"} // where the text speaks of the program
	seen := 0
	for _, f := range moduleFiles(t) {
		if f.test {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Errorf("%s: %v", f.fset.Position(lit.Pos()), err)
			}
			for _, m := range said.FindAllStringSubmatch(text, -1) {
				if slices.Contains(prose, m[1]) || slices.Contains(prose, m[1]+" "+m[2]) {
					continue
				}
				seen++
				if !known(root, m[1], m[2]) {
					t.Errorf("%s: there is no command %q", f.fset.Position(lit.Pos()), m[0])
				}
			}
			return true
		})
	}
	if seen < 20 {
		t.Errorf("%d hints name a command; there are more", seen)
	}
	if known(root, "nonsense", "") || known(root, "runs", "nonsense") || !known(root, "runs", "show") {
		t.Error("known does not know")
	}
}

// known says whether first is a command or a workflow that ships, and next one of its commands, where it has some.
func known(root *cobra.Command, first, next string) bool {
	i := slices.IndexFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == first })
	if i < 0 {
		return slices.Contains(shipped(), first) || first == "completion"
	}
	below := root.Commands()[i].Commands()
	return next == "" || len(below) == 0 || slices.ContainsFunc(below, func(c *cobra.Command) bool { return c.Name() == next })
}
