//go:build race

package sourcetest

// raced says that the race detector is on: reading some megabytes takes a second.
const raced = true
