//go:build race

package sim

import "testing"

// unraced skips a test of things that come one after the other: the race detector is on.
func unraced(t *testing.T) {
	t.Helper()
	t.Skip("SKIPPED: nothing here runs side by side, and the race detector makes it ten times slower; go test without it runs this")
}
