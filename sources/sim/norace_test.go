//go:build !race

package sim

import "testing"

func unraced(*testing.T) {}
