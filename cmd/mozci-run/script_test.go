package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// programFolder is where a program for other processes lies. See program.
var programFolder string

// TestMain lets this binary be mozci-run itself: for scripts, and for processes that are killed.
func TestMain(m *testing.M) {
	testscript.Main(withFolder{m}, map[string]func(){"mozci-run": main})
}

// withFolder runs the tests with a folder for programs, which goes when they have ended.
type withFolder struct{ testscript.TestingM }

func (w withFolder) Run() int {
	dir, err := os.MkdirTemp("", "mozci-run-test")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	programFolder = dir
	return w.TestingM.Run()
}

// TestScripts runs the command as people do. Each script has a home of its own, so that runs of one do not meet another's.
func TestScripts(t *testing.T) {
	scripts := []string{"*"}
	if raced { // what is quick: the others start many processes, and whole runs go on within the tests' own
		scripts = []string{"check"}
	}
	var files []string
	for _, s := range scripts {
		found, err := filepath.Glob(filepath.Join("testdata", "script", s+".txtar"))
		if err != nil || found == nil {
			t.Fatalf("no script %s: %v", s, err)
		}
		files = append(files, found...)
	}
	testscript.Run(t, testscript.Params{
		Files:               files,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE") != "",
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "lastrun": lastrun, "until": until, "interrupt": interrupt, "ended": endedWith},
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			e.Setenv("HOME", home)
			e.Setenv("XDG_STATE_HOME", "")
			e.Setenv("NO_COLOR", "1")
			e.Values[interrupted{}] = &interrupted{}
			return os.Mkdir(home, 0o700)
		},
	})
}
