//go:build race

package derived

// raced says that the race detector is on.
const raced = true
