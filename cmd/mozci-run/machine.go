package main

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/mattn/go-isatty"
)

// A machine is what a command has of the world around it.
type machine struct {
	stdin    io.Reader
	stdout   io.Writer
	stderr   io.Writer
	getenv   func(string) string
	now      func() time.Time                           // the wall clock
	sleep    func(context.Context, time.Duration) error // waits on it
	terminal func(f any) bool                           // whether one of the three streams is a terminal
	size     func(f any) (columns, rows int)            // how large the terminal is that a stream leads to; 0 for what is not known
	nonce    func() string                              // a text of letters and digits that was never given before
	host     string                                     // what other processes are told about where this one is
	// around wraps what makes the requests; nil where nothing does. For tests that count or delay them.
	around func(http.RoundTripper) http.RoundTripper
}

// thisMachine is the one that the process runs on.
func thisMachine() machine {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return machine{
		host:  host,
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, now: time.Now, sleep: sleep, nonce: rand.Text,
		terminal: func(f any) bool {
			file, ok := f.(*os.File)
			return ok && isatty.IsTerminal(file.Fd())
		},
		size: func(f any) (columns, rows int) {
			if file, ok := f.(*os.File); ok {
				return sizeOf(file)
			}
			return 0, 0
		},
	}
}

// sleep waits in real time, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
