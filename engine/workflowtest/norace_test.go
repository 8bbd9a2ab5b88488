//go:build !race

package workflowtest_test

import "testing"

const raced = false

func unraced(*testing.T) {}
