package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/engine"
)

// Each file X.yaml in testdata/ok is drawn as X.mmd, where that is there.
func TestGraph(t *testing.T) {
	for _, golden := range glob(t, "testdata/ok/*.mmd") {
		t.Run(strings.TrimSuffix(filepath.Base(golden), ".mmd"), func(t *testing.T) {
			p, problems := checked(t, "testdata/ok", strings.TrimSuffix(filepath.Base(golden), ".mmd")+".yaml")
			if len(problems) > 0 {
				t.Fatal(engine.ShowAll(problems))
			}
			got := engine.Graph(p)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("-want +got (go test -update writes it):\n%s", d)
			}
		})
	}
}
