package engine_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

func workflowSchema(t *testing.T) *schemas.Schema {
	t.Helper()
	s, err := schemas.NewSchema("workflow", engine.Schema(catalog(t)))
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range s.Examples {
		for _, v := range s.Validate(e) {
			t.Errorf("examples[%d]: %s", i, v)
		}
	}
	return s
}

// The schema for editors finds nothing wrong with what is right.
func TestSchemaAcceptsWhatIsRight(t *testing.T) {
	unraced(t)
	s := workflowSchema(t)
	for _, file := range append(glob(t, "testdata/ok/*.yaml"), glob(t, "../workflows/*.yaml")...) {
		if strings.HasSuffix(file, ".rules.yaml") || strings.HasSuffix(file, "_test.yaml") {
			continue
		}
		for _, v := range s.Validate(parsed(t, file).Any()) {
			t.Errorf("%s: %s", file, v)
		}
	}
}

// structural are the kinds of mistake that the schema has to find as well.
var structural = []string{"unknown-key", "missing-key", "companion", "unknown-query", "bad-name"}

// The schema finds the mistakes that are about which keys stand where.
func TestSchemaFindsStructuralMistakes(t *testing.T) {
	unraced(t)
	s := workflowSchema(t)
	for _, file := range glob(t, "testdata/err/*.yaml") {
		_, problems := checked(t, "testdata/err", filepath.Base(file))
		is := slices.ContainsFunc(problems, func(p engine.Problem) bool {
			return p.File == filepath.Base(file) && slices.Contains(structural, p.Kind)
		})
		exempt := slices.Contains([]string{"names_taken.yaml", "inputs.yaml", "step_approve.yaml", "step_approve_parallel.yaml", "step_foreach_item.yaml"}, filepath.Base(file))
		if !is || exempt {
			continue // others need expressions, or what values are
		}
		if n, bad := yamldoc.Parse(file, read(t, file)); len(bad) == 0 && len(s.Validate(n.Any())) == 0 {
			t.Errorf("%s: nothing is found", file)
		}
	}
}

func parsed(t *testing.T, file string) *yamldoc.Node {
	t.Helper()
	n, problems := yamldoc.Parse(file, read(t, file))
	for _, p := range problems {
		t.Fatal(p.Show())
	}
	return n
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
