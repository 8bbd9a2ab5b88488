//go:build race

package workflowtest_test

import "testing"

// raced says that the race detector is on.
const raced = true

// unraced skips a test of things that come one after the other.
func unraced(t *testing.T) {
	t.Helper()
	t.Skip("SKIPPED: nothing here runs side by side, and the race detector makes it ten times slower; go test without it runs this")
}
