package main

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// exits runs a program and wants its exit code: exits 2 mozci-run run. Its output can be matched as after exec.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("running %s: %v", args[1], err)
	}
	if got != want {
		ts.Fatalf("%v exits %d, want %d", args[1:], got, want)
	}
}

// lastrun sets RUN to the id of the newest run, as runs list printed it just now.
func lastrun(ts *testscript.TestScript, _ bool, _ []string) {
	id, _, ok := strings.Cut(ts.ReadFile("stdout"), " ")
	if !ok {
		ts.Fatalf("no run was listed")
	}
	ts.Setenv("RUN", id)
}

// until runs a program again and again, until what it prints matches: until ' running' mozci-run runs list.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until PATTERN PROGRAM ARGS…")
	}
	for range 500 {
		if ts.Exec(args[1], args[2:]...) == nil && regexp.MustCompile(args[0]).MatchString(ts.ReadFile("stdout")) {
			return
		}
	}
	ts.Fatalf("%v never prints %s", args[1:], args[0])
}

// interrupted is the program that a script has interrupted.
type interrupted struct{ cmd *exec.Cmd }

// interrupt does to the only program in the background what Ctrl-C does.
func interrupt(ts *testscript.TestScript, neg bool, _ []string) {
	running := ts.BackgroundCmds()
	if neg || len(running) != 1 {
		ts.Fatalf("one program has to be in the background, and there are %d", len(running))
	}
	ts.Value(interrupted{}).(*interrupted).cmd = running[0]
	ts.Check(running[0].Process.Signal(os.Interrupt))
}

// endedWith wants the exit code of the program that was interrupted and waited for.
func endedWith(ts *testscript.TestScript, neg bool, args []string) {
	cmd := ts.Value(interrupted{}).(*interrupted).cmd
	if neg || len(args) != 1 || cmd == nil || cmd.ProcessState == nil {
		ts.Fatalf("usage: interrupt, then wait, then ended CODE")
	}
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("%v exits %s, want %s", cmd.Args, got, args[0])
	}
}
