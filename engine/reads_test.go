package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/engine"
)

// Each file X.yaml in testdata/ok asks and reads exactly what X.reads says.
func TestReads(t *testing.T) {
	for _, file := range glob(t, "testdata/ok/*.yaml") {
		name := strings.TrimSuffix(file, ".yaml")
		t.Run(filepath.Base(name), func(t *testing.T) {
			def, _ := engine.Load(engine.ReadFrom(os.DirFS("testdata/ok")), filepath.Base(file), standard(t))
			got := readsOf(t, def)
			if *update {
				if err := os.WriteFile(name+".reads", []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name + ".reads")
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("-want +got (go test -update writes it):\n%s", d)
			}
		})
	}
}

func readsOf(t *testing.T, def *engine.Definition) string {
	t.Helper()
	list, problems := engine.Reads(def, catalog(t))
	if len(problems) > 0 {
		t.Fatal(engine.ShowAll(problems))
	}
	var b strings.Builder
	for _, r := range list {
		whole := ""
		if r.Whole {
			whole = " *"
		}
		fmt.Fprintf(&b, "%s %s%s\n", r.Query, r.Path, whole)
	}
	return b.String()
}

func TestReadsTellsMistakes(t *testing.T) {
	def, _ := engine.Load(engine.ReadFrom(os.DirFS("testdata/err")), filepath.Base(glob(t, "testdata/err/*.yaml")[0]), standard(t))
	if list, problems := engine.Reads(def, catalog(t)); list != nil || len(problems) == 0 {
		t.Errorf("got %v and %d problems", list, len(problems))
	}
}

func TestReadingMoves(t *testing.T) {
	for _, tt := range []struct {
		read  engine.Reading
		path  string
		moves bool
	}{
		{engine.Reading{Path: "[].push.revision"}, "[].push.revision", true},
		{engine.Reading{Path: "[].push.revision"}, "[].push.author", false},
		{engine.Reading{Path: "[].push.revision"}, "[].push", true},
		{engine.Reading{Path: "[].push.revision"}, "[]", true},
		{engine.Reading{Path: "[].push"}, "[].push.revision", false},
		{engine.Reading{Path: "[].push", Whole: true}, "[].push.revision", true},
		{engine.Reading{Path: "[].push", Whole: true}, "[].pushed", false},
		{engine.Reading{Path: "[].jobs"}, "[].jobs[]", true},
		{engine.Reading{Path: "[].jobs[].requests"}, "[].jobs[].requests[]", true},
		{engine.Reading{Path: "[]", Whole: true}, "[].push.revision", true},
		{engine.Reading{}, "[].push", false},
		{engine.Reading{}, "", true},
		{engine.Reading{Path: "state"}, "", true},
		{engine.Reading{Whole: true}, "state", true},
	} {
		if got := tt.read.Moves(tt.path); got != tt.moves {
			t.Errorf("%+v moves with %q: %t", tt.read, tt.path, got)
		}
	}
}
