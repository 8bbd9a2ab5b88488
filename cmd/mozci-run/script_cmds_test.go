package main

import (
	"errors"
	"os/exec"
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
