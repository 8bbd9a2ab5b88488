//go:build race

package engine_test

import "testing"

// raced says that the race detector is on: SQLite takes twenty times as long.
const raced = true

// unraced skips a test whose steps come one after the other, as they do in parts of the tests that are not skipped.
func unraced(t *testing.T) {
	t.Helper()
	t.Skip("SKIPPED: one step comes after the other here, and SQLite takes twenty times as long under the race detector; go test without it runs this")
}
