//go:build !race

package engine_test

import "testing"

const raced = false

func unraced(*testing.T) {}
