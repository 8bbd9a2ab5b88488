// Package workflows holds the workflows and rules that ship, as files that a team can read, copy and replace.
package workflows

import "embed"

// FS holds every *.yaml of this folder: workflows (backfill.yaml), their tests (backfill_test.yaml) and rules.
//
//go:embed *.yaml
var FS embed.FS

// StandardRules is the file of the rules that every workflow can call without an import.
const StandardRules = "standard.rules.yaml"

// Standard returns the text of the standard rules.
func Standard() string {
	b, err := FS.ReadFile(StandardRules)
	if err != nil {
		panic("workflows: " + err.Error()) // go:embed has put it there
	}
	return string(b)
}
