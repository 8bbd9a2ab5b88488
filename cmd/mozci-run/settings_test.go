package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

var update = flag.Bool("update", false, "write what comes out to testdata")

// secretWord is what stands for a secret in testdata/settings: no problem may show it.
const secretWord = "SecretWord"

func settingsFiles(t testing.TB, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files are in %s: %v", dir, err)
	}
	return files
}

// checkedSettings is what check finds in a file of profiles.
func checkedSettings(file string) []engine.Problem {
	c := &command{m: testMachine(map[string]string{"HOME": "/nowhere"})}
	return c.checkSettings(file)
}

// Each file X.yaml in testdata/settings/err has exactly the problems in X.out, and none of them shows a secret.
func TestSettingsMistakes(t *testing.T) {
	t.Chdir("testdata/settings")
	for _, file := range settingsFiles(t, "err") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			got := engine.ShowAll(checkedSettings(file))
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
				t.Errorf("-want +got (go test -run TestSettings -update writes it):\n%s", d)
			}
			if got == "" {
				t.Error("nothing is wrong with it")
			}
			if strings.Contains(got, secretWord) || strings.Contains(got, "Ab3dEf") {
				t.Errorf("a secret is shown:\n%s", got)
			}
		})
	}
}

// The committed schema of mozci.yaml is the one that the program writes.
func TestCommittedSettingsSchema(t *testing.T) {
	const file = "../../schemas/mozci.schema.json"
	got := mozciRun(t, t.Context(), nil, "schema", "--of", "profiles")
	if got.code != exitDone || got.stderr != "" {
		t.Fatalf("exit code %d\n%s", got.code, got.stderr)
	}
	if *writeSchema {
		if err := os.WriteFile(file, []byte(got.stdout), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got.stdout); d != "" {
		t.Errorf("go test ./cmd/mozci-run -run Schema -write-schema writes it anew (-committed +written):\n%s", d)
	}
}

// schemaOfSettings is the schema of mozci.yaml, whose examples are right.
func schemaOfSettings(t testing.TB) *schemas.Schema {
	t.Helper()
	s, err := schemas.NewSchema("mozci.yaml", settingsSchema())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range s.Examples {
		for _, v := range s.Validate(e) {
			t.Errorf("the example: %s", v)
		}
	}
	if len(s.Examples) == 0 {
		t.Error("there is no example")
	}
	return s
}

// agree holds a text to the loader and to the schema, which have to agree whether it is right.
func agree(t *testing.T, s *schemas.Schema, name string, text []byte) {
	t.Helper()
	doc, problems := yamldoc.Parse(name, text)
	if len(problems) > 0 {
		t.Fatalf("%s: %v", name, yamldoc.AsError(problems))
	}
	_, problems = readSettings(name, text)
	violations := s.Validate(doc.Any())
	if len(problems) == 0 {
		for _, v := range violations {
			t.Errorf("%s is right, and the schema finds %s", name, v)
		}
		return
	}
	foreseen := func(p yamldoc.Problem) bool { return !slices.Contains(unforeseen, p.Kind) }
	if slices.ContainsFunc(problems, foreseen) && len(violations) == 0 {
		t.Errorf("%s is wrong, and the schema finds nothing:\n%v", name, yamldoc.AsError(problems))
	}
}

// unforeseen are the kinds of mistakes that no schema can know of: what is written elsewhere in the file, or in the world; times; and which of two words is likelier a secret.
var unforeseen = []string{"unknown-profile", "file", "credential", "not-profiles", "time"}

// What is right is found right by the loader and by the schema.
func TestSettingsRight(t *testing.T) {
	s := schemaOfSettings(t)
	t.Chdir("testdata/settings")
	for _, file := range settingsFiles(t, "ok") {
		if problems := checkedSettings(file); len(problems) > 0 {
			t.Errorf("%s:\n%s", file, engine.ShowAll(problems))
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		agree(t, s, file, text)
	}
}

// The schema finds the mistakes that a file has in itself.
func TestSettingsSchemaFindsMistakes(t *testing.T) {
	s := schemaOfSettings(t)
	for _, file := range settingsFiles(t, "testdata/settings/err") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, problems := yamldoc.Parse(file, text); len(problems) == 0 {
			agree(t, s, file, text)
		}
	}
}

// Every file of profiles that a test writes is found right by the schema, or wrong by both. (What sim prints is held to it where it is served.)
func TestSettingsThatAreWritten(t *testing.T) {
	s := schemaOfSettings(t)
	g := newStage(t, "default", 1, 1)
	for _, file := range []string{filepath.Join(g.dir, settingsFile), mozillaAt(t, g), jumping(t, "default", 1)} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		agree(t, s, file, text)
	}
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, script := range scripts {
		archive, err := txtar.ParseFile(script)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, ".yaml") && bytes.Contains(f.Data, []byte("profiles:")) {
				agree(t, s, script+"/"+f.Name, f.Data)
				seen++
			}
		}
	}
	if seen < 5 {
		t.Errorf("%d files of profiles are in the scripts", seen)
	}
}

// No text makes the check of profiles panic, and whatever it finds right the schema finds right.
func FuzzSettings(f *testing.F) {
	for _, dir := range []string{"testdata/settings/ok", "testdata/settings/err"} {
		for _, file := range settingsFiles(f, dir) {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	s := schemaOfSettings(f)
	c := &command{m: testMachine(nil)}
	f.Fuzz(func(t *testing.T, text string) {
		file, problems := readSettings("a.yaml", []byte(text))
		for _, p := range problems {
			if p.Show() == "" || p.Line < 1 {
				t.Errorf("%+v", p)
			}
		}
		if file.node == nil {
			return
		}
		c.profilesOf(file)
		if len(problems) == 0 {
			if v := s.Validate(file.node.Any()); len(v) > 0 {
				t.Errorf("%s\nis right, and the schema finds %v", text, v)
			}
		}
	})
}
