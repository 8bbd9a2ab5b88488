// Mozci-run finds the push that broke a CI job: a workflow in YAML says how, and mozci-run runs it.
//
// This package speaks to people: flags, wiring, output, exit codes. It is the only one that names adapters, reads the
// clock and the environment, and ends the process. Results go to stdout, everything else to stderr.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	os.Exit(Main(ctx, os.Args[1:], thisMachine()))
}
