// Package engine loads, checks, plans and runs workflows.
package engine
