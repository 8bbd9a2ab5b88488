//go:build !race

package rules_test

import "testing"

func unraced(*testing.T) {}
