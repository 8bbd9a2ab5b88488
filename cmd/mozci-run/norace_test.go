//go:build !race

package main

import "testing"

const raced = false

func unraced(*testing.T) {}
