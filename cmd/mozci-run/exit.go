package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources"
)

// What a command's end is called to those who start it.
const (
	exitDone       = 0 // done; a culprit found is done
	exitFound      = 1 // check, test, contract or watch found something, or a require failed
	exitUsage      = 2 // wrong use
	exitFailed     = 3 // a source or the machine failed us
	exitIncomplete = 4 // waiting, interrupted, or a limit was reached: it can go on
)

// A usageError is a mistake in how the command was called.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// usage makes a usageError. hint says what to do next.
func usage(hint, format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...), hint}
}

// An ending is the end of a command that has said already what there was to say.
type ending int

func (e ending) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// A runEnding is how a run has ended, which has been told already.
type runEnding struct{ result engine.Result }

func (e *runEnding) Error() string { return fmt.Sprintf("run %s %s", e.result.Run, e.result.Status) }

// exitCode is the one place in which the end of a command gets its code.
func exitCode(err error) int {
	var end ending
	var run *runEnding
	var wrong *usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &end):
		return int(end)
	case errors.As(err, &run):
		switch run.result.Status {
		case engine.Succeeded, engine.Planned:
			return exitDone
		case engine.Incomplete, engine.Cancelled, engine.Interrupted:
			return exitIncomplete
		}
		if run.result.Cause == engine.ByRequire {
			return exitFound
		}
		return exitFailed
	case errors.As(err, &wrong), errors.Is(err, sources.ErrRefused):
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitIncomplete
	}
	return exitFailed
}

// kindHints say what to do about what a source says, where it says no more itself.
var kindHints = map[error]string{
	sources.ErrNotFound:      "look whether the branch, the revision or the id is written as the service writes it",
	sources.ErrGone:          "the service no longer has it: take a newer one",
	sources.ErrUnauthorised:  "mozci-run sources show SOURCE says which credentials it takes",
	sources.ErrRateLimited:   "try again later: the service limits how often it is asked",
	sources.ErrUnavailable:   "try again, or look whether the service is up",
	sources.ErrChangedFormat: "mozci-run contract says what has changed, and what it means",
	sources.ErrTooLarge:      "ask for less at once: a smaller depth, or fewer pushes",
}

// report says what went wrong, and what to do next.
func report(p *painter, err error) {
	var end ending
	var run *runEnding
	if err == nil || errors.As(err, &end) || errors.As(err, &run) {
		return
	}
	text, hint := err.Error(), ""
	var wrong *usageError
	var source *sources.Error
	if errors.As(err, &wrong) {
		hint = wrong.hint
	}
	if errors.Is(err, context.Canceled) {
		hint = "the same command begins anew"
		if err == context.Canceled {
			text = "interrupted"
		}
	}
	if errors.As(err, &source) && source.Hint != "" && strings.HasSuffix(text, " ("+source.Hint+")") {
		text = strings.TrimSuffix(text, " ("+source.Hint+")")
		hint = or(hint, source.Hint)
	}
	p.line("mozci-run: %s", text)
	if hint == "" {
		hint = kindHints[sources.KindOf(err)]
	}
	if hint == "" && !strings.Contains(text, "mozci-run ") { // it says itself what to do
		hint = "mozci-run --help shows what there is"
	}
	if hint != "" {
		p.line("  %s", hint)
	}
}
