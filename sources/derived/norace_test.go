//go:build !race

package derived

import "testing"

func unraced(*testing.T) {}
