package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/mozci/mozci-run"

// A room is a folder of the house and the rooms of the same house that it may import. A name that ends in /* stands for
// all folders below it. The first row that fits a folder holds for it.
type room struct {
	folder  string
	imports []string // of its code
	tests   []string // of its tests, beyond those
}

var (
	ground = []string{"schemas", "sources/ci"}
	above  = []string{"schemas", "sources/ci", "sources"}
)

var rooms = []room{
	{folder: "sources/ci"},
	{folder: "schemas", tests: []string{"sources/*"}},
	{folder: "schemas/yamldoc", imports: []string{"schemas"}},
	{folder: "sources", imports: ground, tests: []string{"schemas/yamldoc", "sources/sourcetest"}},
	{folder: "sources/derived", imports: above, tests: []string{"rules", "workflows"}},
	{folder: "sources/sim", imports: append(above, "schemas/yamldoc"), tests: []string{"sources/*"}},
	{folder: "sources/sourcetest", imports: append(above, "fixtures"), tests: []string{"sources/sim"}},
	{folder: "sources/*", imports: above, tests: []string{"sources/sourcetest", "sources/sim", "sources/derived", "schemas/yamldoc"}},
	{folder: "rules", imports: ground, tests: []string{"workflows", "schemas/yamldoc"}},
	{folder: "workflows"},
	{folder: "fixtures", imports: append(above, "schemas/yamldoc"), tests: []string{"sources/sim", "sources/sourcetest"}},
	{folder: "engine", imports: append(above, "rules", "workflows", "schemas/yamldoc"), tests: []string{"sources/sim", "sources/derived"}},
	{folder: "engine/workflowtest", imports: append(above, "rules", "engine", "fixtures", "schemas/yamldoc", "workflows", "sources/derived"), tests: []string{"sources/sim"}},
	{folder: "cmd/mozci-run", imports: []string{"*"}},
}

// A library is a third-party module, or a package of the standard library that is not for everyone, and where it may be imported.
type library struct {
	path  string
	rooms []string
	tests bool // whether any test may import it
}

var libraries = []library{
	{path: "github.com/expr-lang/expr", rooms: []string{"rules"}},
	{path: "gopkg.in/yaml.v3", rooms: []string{"schemas/yamldoc"}},
	{path: "github.com/santhosh-tekuri/jsonschema/v6", rooms: []string{"schemas"}},
	{path: "github.com/dnaeon/go-vcr/v2", rooms: []string{"fixtures"}},
	{path: "github.com/go-co-op/gocron/v2", rooms: []string{"engine"}},
	{path: "github.com/dbos-inc/dbos-transact-golang", rooms: []string{"engine"}},
	{path: "modernc.org/sqlite", rooms: []string{"engine"}},
	{path: "github.com/jackc/pgx/v5", rooms: []string{"engine"}},
	{path: "github.com/spf13/cobra", rooms: []string{"cmd/mozci-run"}},
	{path: "github.com/spf13/pflag", rooms: []string{"cmd/mozci-run"}},
	{path: "github.com/mattn/go-isatty", rooms: []string{"cmd/mozci-run"}},
	{path: "golang.org/x/term", rooms: []string{"cmd/mozci-run"}},
	{path: "golang.org/x/sys", rooms: []string{"cmd/mozci-run"}},
	{path: "github.com/json-e/json-e/v4", rooms: []string{"sources/taskcluster"}},
	{path: "github.com/rabbitmq/amqp091-go", rooms: []string{"sources/*"}},
	{path: "github.com/prometheus/client_golang", rooms: []string{"engine", "cmd/mozci-run"}},
	{path: "github.com/go-json-experiment/json", rooms: []string{"sources", "sources/*", "schemas", "fixtures"}},
	{path: "github.com/google/uuid", rooms: []string{"engine", "cmd/mozci-run"}},
	{path: "golang.org/x/sync", rooms: []string{"sources", "sources/*", "engine", "fixtures", "cmd/mozci-run"}, tests: true},
	{path: "golang.org/x/text", rooms: []string{"schemas", "schemas/yamldoc", "cmd/mozci-run"}}, // the widths of letters are a terminal's matter
	{path: "golang.org/x/time", rooms: []string{"sources"}},
	{path: "github.com/google/go-cmp", rooms: []string{"engine/workflowtest"}, tests: true},
	{path: "pgregory.net/rapid", tests: true},
	{path: "github.com/rogpeppe/go-internal", rooms: []string{"cmd/mozci-run"}},
	{path: "net/http", rooms: []string{"sources", "sources/*", "fixtures", "cmd/mozci-run"}, tests: true},
}

// outside lists what reaches the world around the program: it is handed in by cmd, and nobody else names it. Tests may.
var outside = map[string][]string{
	"time":     {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
	"os":       {"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Exit", "UserHomeDir", "UserConfigDir", "UserCacheDir", "Stdin", "Stdout", "Stderr"},
	"log":      {"Fatal", "Fatalf", "Fatalln", "Print", "Printf", "Println"},
	"fmt":      {"Print", "Printf", "Println"},
	"flag":     {"Parse", "String", "Bool", "Int", "Duration"},
	"net/http": {"DefaultClient", "DefaultTransport", "Get", "Post", "Head", "PostForm"},
}

// machineTime lists the rooms that may wait in the machine's own time: a sign of life and a look at a shared database
// are no matter of the profile's clock, and the simulator's latency stands for a wire.
var machineTime = map[string][]string{
	"engine":      {"NewTimer", "NewTicker", "AfterFunc"},
	"sources/sim": {"NewTimer"},
	// The suite is for tests: it waits for what must not take long.
	"sources/sourcetest": {"After"},
}

// seeded lists what package math/rand may be used for outside of cmd: generators that were handed a seed.
var seeded = []string{"New", "NewSource", "NewPCG", "NewChaCha8", "NewZipf", "Rand", "Source", "PCG", "Zipf", "ChaCha8"}

// A goFile is a parsed file of the module.
type goFile struct {
	folder string // below the module's root, with slashes
	name   string // folder and file
	test   bool
	syntax *ast.File
	fset   *token.FileSet
}

func TestImportsPointDown(t *testing.T) {
	for _, f := range moduleFiles(t) {
		r, ok := roomOf(f.folder)
		if !ok {
			t.Errorf("%s: the folder %s has no row in the table of rooms; say there what it may import", f.name, f.folder)
			continue
		}
		allowed := r.imports
		if f.test {
			allowed = append(slices.Clone(allowed), r.tests...)
			allowed = append(allowed, f.folder)
		}
		for _, path := range imported(f) {
			inside, ok := strings.CutPrefix(path, module+"/")
			if ok && !fits(allowed, inside) {
				t.Errorf("%s imports %s, and may import %s only", f.name, inside, list(allowed))
			}
		}
	}
}

func TestOneLibraryOneRoom(t *testing.T) {
	used := map[string]bool{}
	for _, f := range moduleFiles(t) {
		for _, path := range imported(f) {
			lib, known := libraryOf(path)
			switch {
			case !known && strings.Contains(strings.Split(path, "/")[0], ".") && !strings.HasPrefix(path, module):
				t.Errorf("%s imports %s, which has no row in the table of libraries; say there which room it has", f.name, path)
			case known && !(f.test && lib.tests) && !fits(lib.rooms, f.folder):
				t.Errorf("%s imports %s, whose room is %s", f.name, path, list(lib.rooms))
			}
			used[lib.path] = true
		}
	}
	if !used["net/http"] {
		t.Error("nobody imports net/http: this test does not see the files")
	}
}

func TestTheWorldOutsideIsHandedIn(t *testing.T) {
	for _, f := range moduleFiles(t) {
		if f.test || f.folder == "cmd/mozci-run" {
			continue
		}
		names := packageNames(f)
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			path, named := names[x.Name], sel.Sel.Name
			random := (path == "math/rand" || path == "math/rand/v2") && !slices.Contains(seeded, named)
			if path == "time" && slices.Contains(machineTime[f.folder], named) {
				return true
			}
			if slices.Contains(outside[path], named) || random {
				t.Errorf("%s: %s.%s is for cmd only; let it be handed in", f.fset.Position(sel.Pos()), x.Name, named)
			}
			return true
		})
	}
}

func TestNoHiddenStart(t *testing.T) {
	// The tables of keywords refer to one another in a circle, which a declaration cannot.
	const circle = "engine/keywords.go"
	// A driver registers itself, and embed is a directive: nothing else happens by being imported.
	allowed := []string{"embed", "modernc.org/sqlite", "github.com/jackc/pgx/v5/stdlib",
		"github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite"}
	for _, f := range moduleFiles(t) {
		for _, imp := range f.syntax.Imports {
			path, _ := strconv.Unquote(imp.Path.Value)
			if imp.Name != nil && (imp.Name.Name == "_" && !slices.Contains(allowed, path) || imp.Name.Name == ".") {
				t.Errorf("%s imports %s as %s; name what is used of it", f.name, path, imp.Name.Name)
			}
		}
		for _, d := range f.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" && f.name != circle {
				t.Errorf("%s has an init function; let its caller call it by a name", f.name)
			}
		}
	}
}

// TestTheLawsBite holds the tables against files that break them.
func TestTheLawsBite(t *testing.T) {
	rows := []struct {
		name, folder, path string
		test, allowed      bool
	}{
		{"an adapter and another", "sources/hgmo", "sources/treeherder", false, false},
		{"an adapter's test and another", "sources/hgmo", "sources/treeherder", true, false},
		{"an adapter and the suite", "sources/hgmo", "sources/sourcetest", false, false},
		{"an adapter's test and the suite", "sources/hgmo", "sources/sourcetest", true, true},
		{"the engine and an adapter", "engine", "sources/hgmo", false, false},
		{"the engine's test and an adapter", "engine", "sources/hgmo", true, false},
		{"the engine and the cassettes", "engine", "fixtures", false, false},
		{"the simulator and an adapter", "sources/sim", "sources/hgmo", false, false},
		{"the ground and what stands on it", "schemas", "sources", false, false},
		{"rules and sources", "rules", "sources", false, false},
		{"rules and the ground", "rules", "sources/ci", false, true},
		{"cmd and everything", "cmd/mozci-run", "sources/treeherder", false, true},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			have, _ := roomOf(r.folder)
			allowed := have.imports
			if r.test {
				allowed = append(slices.Clone(allowed), have.tests...)
			}
			if got := fits(allowed, r.path); got != r.allowed {
				t.Errorf("%s may import %s: %v, want %v", r.folder, r.path, got, r.allowed)
			}
		})
	}
}

func roomOf(folder string) (room, bool) {
	i := slices.IndexFunc(rooms, func(r room) bool { return fits([]string{r.folder}, folder) })
	if i < 0 {
		return room{}, false
	}
	return rooms[i], true
}

func libraryOf(path string) (library, bool) {
	i := slices.IndexFunc(libraries, func(l library) bool { return path == l.path || strings.HasPrefix(path, l.path+"/") })
	if i < 0 {
		return library{}, false
	}
	return libraries[i], true
}

func fits(patterns []string, folder string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		above, all := strings.CutSuffix(p, "*")
		return p == folder || all && strings.HasPrefix(folder, above)
	})
}

func imported(f goFile) []string {
	var out []string
	for _, imp := range f.syntax.Imports {
		path, err := strconv.Unquote(imp.Path.Value)
		if err == nil {
			out = append(out, path)
		}
	}
	return out
}

// packageNames maps the names by which a file knows its imports to their paths.
func packageNames(f goFile) map[string]string {
	out := map[string]string{}
	for _, imp := range f.syntax.Imports {
		path, _ := strconv.Unquote(imp.Path.Value)
		name := filepath.Base(path)
		if name == "v2" {
			name = filepath.Base(filepath.Dir(path))
		}
		if imp.Name != nil {
			name = imp.Name.Name
		}
		out[name] = path
	}
	return out
}

func moduleFiles(t *testing.T) []goFile {
	t.Helper()
	if raced {
		t.Skip("SKIPPED: no law depends on the race detector, which makes the reading slow; go test without it runs this")
	}
	out, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 20 {
		t.Fatalf("%d files of the module were found; there are more", len(out))
	}
	return out
}

// parsed is every Go file of the module, read once for all laws.
var parsed = sync.OnceValues(func() ([]goFile, error) {
	root := filepath.Join("..", "..")
	var out []goFile
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := parseFile(root, path)
		out = append(out, f)
		return err
	})
	return out, err
})

func parseFile(root, path string) (goFile, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return goFile{}, err
	}
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, path, src, parser.ParseComments)
	if err != nil {
		return goFile{}, fmt.Errorf("reading %s: %w", path, err)
	}
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return goFile{}, err
	}
	rel = filepath.ToSlash(rel)
	return goFile{folder: filepath.ToSlash(filepath.Dir(rel)), name: rel, test: strings.HasSuffix(rel, "_test.go"), syntax: syntax, fset: fset}, nil
}

func list(names []string) string {
	if len(names) == 0 {
		return "nothing of the house"
	}
	return strings.Join(names, ", ")
}
