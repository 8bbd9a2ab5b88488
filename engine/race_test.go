//go:build race

package engine_test

// raced says that the race detector is on: SQLite takes twenty times as long.
const raced = true
