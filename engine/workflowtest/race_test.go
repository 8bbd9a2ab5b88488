//go:build race

package workflowtest_test

// raced says that the race detector is on.
const raced = true
