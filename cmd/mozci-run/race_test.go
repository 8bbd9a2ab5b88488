//go:build race

package main

import "testing"

// raced says that the race detector is on: everything takes ten times as long, SQLite above all.
const raced = true

// unraced skips a test of things that come one after the other.
func unraced(t *testing.T) {
	t.Helper()
	t.Skip("SKIPPED: nothing here runs side by side, and the race detector makes it ten times slower; go test without it runs this")
}
