package engine_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

var update = flag.Bool("update", false, "write what comes out to testdata")

// A vocabulary is a source that answers nothing: what there is to ask and to do.
type vocabulary struct{}

func (vocabulary) Name() string { return "vocabulary" }

func unanswered[In, Out any](context.Context, In) (out Out, err error) {
	return out, sources.ErrNotFilled
}

func (vocabulary) Queries() []sources.Query {
	return []sources.Query{
		sources.NewQuery("pushes.range", "", unanswered[ci.PushRange, []ci.Push]),
		sources.NewQuery("pushes.find", "", unanswered[ci.PushFind, ci.Push]),
		sources.NewQuery("jobs.list", "", unanswered[ci.JobsOn, []ci.Job]),
		sources.NewQuery("jobs.history", "", unanswered[ci.HistoryOf, []ci.Row]),
		sources.NewQuery("jobs.failures", "", unanswered[ci.FailuresOf, []ci.Failure]),
		sources.NewQuery("jobs.available", "", unanswered[ci.AvailableOn, []ci.JobType]),
		sources.NewQuery("jobs.status", "", unanswered[ci.StatusOf, []ci.Request]),
		sources.NewQuery("events.recent", "", unanswered[ci.EventsSince, []ci.Event]),
		sources.NewQuery("tree.status", "", unanswered[ci.TreeOf, ci.Tree]),
	}
}

func (vocabulary) Effects() []sources.Effect {
	return []sources.Effect{
		sources.NewEffect("jobs.trigger", "", undone[ci.Trigger]{}),
		sources.NewEffect("jobs.retrigger", "", undone[ci.Retrigger]{}),
		sources.NewEffect("jobs.cancel", "", undone[ci.Cancel]{}),
		sources.NewEffect("notify.webhook", "", undone[ci.Notice]{}),
	}
}

type undone[In any] struct{}

func (undone[In]) Units(context.Context, In) ([]sources.Unit, error) { return nil, nil }
func (undone[In]) Do(context.Context, sources.Unit, int) (sources.Receipt, error) {
	return sources.Receipt{}, sources.ErrRefused
}
func (undone[In]) Find(context.Context, sources.Unit, int, time.Time) (sources.Finding, error) {
	return sources.Finding{Presence: sources.CannotTell}, nil
}
func (undone[In]) Terms() sources.Terms { return sources.Terms{} }

func catalog(t testing.TB) engine.Catalog {
	t.Helper()
	r, err := sources.NewRegistry(vocabulary{})
	if err != nil {
		t.Fatal(err)
	}
	return engine.WithInputs(r, "branch")
}

func standard(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("testdata/standard.rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// checked loads and checks a file of a folder.
func checked(t testing.TB, dir, file string) (*engine.Program, []engine.Problem) {
	t.Helper()
	def, problems := engine.Load(engine.ReadFrom(os.DirFS(dir)), file, standard(t))
	if def == nil {
		return nil, problems
	}
	return engine.Check(def, catalog(t))
}

// checkedText loads and checks a text.
func checkedText(t testing.TB, text string) (*engine.Program, []engine.Problem) {
	t.Helper()
	def, problems := engine.Load(engine.ReadFrom(fstest.MapFS{"a.yaml": {Data: []byte(text)}}), "a.yaml", standard(t))
	if def == nil {
		return nil, problems
	}
	return engine.Check(def, catalog(t))
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files are %s: %v", pattern, err)
	}
	return files
}

// Each file in testdata/ok has nothing wrong with it.
func TestRight(t *testing.T) {
	for _, file := range glob(t, "testdata/ok/*.yaml") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			p, problems := checked(t, "testdata/ok", filepath.Base(file))
			if len(problems) > 0 {
				t.Fatalf("%s", engine.ShowAll(problems))
			}
			again, problems := engine.LoadBundle(p.Bundle)
			if len(problems) > 0 {
				t.Fatalf("what was stored of it has problems:\n%s", engine.ShowAll(problems))
			}
			if d := cmp.Diff(p.Bundle, again.Bundle); d != "" {
				t.Errorf("what was stored of it reads otherwise:\n%s", d)
			}
		})
	}
}

// Each file X.yaml in testdata/err has exactly the problems in X.out.
func TestMistakes(t *testing.T) {
	unraced(t)
	for _, file := range glob(t, "testdata/err/*.yaml") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			_, problems := checked(t, "testdata/err", filepath.Base(file))
			got := engine.ShowAll(problems)
			golden := strings.TrimSuffix(file, ".yaml") + ".out"
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
			if got == "" {
				t.Error("nothing is wrong with it")
			}
		})
	}
}
