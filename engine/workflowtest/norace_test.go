//go:build !race

package workflowtest_test

const raced = false
