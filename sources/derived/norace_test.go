//go:build !race

package derived

const raced = false
