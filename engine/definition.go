package engine

import (
	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// A Definition is what a workflow file says, with the place of everything: read, and held to the table of keywords, but not checked.
// A part that was not as the table says is missing here; the problem about it is among problems. Nobody changes a Definition.
type Definition struct {
	Bundle      Bundle
	File        string
	Name        *yamldoc.Node
	Description *yamldoc.Node
	Inputs      []*inputDef
	Rules       []rules.Rule // the file's own, those that it imports, and the standard ones that neither replaces
	Starts      []*startDef
	Include     []string
	Limits      limitsDef
	Steps       []*stepDef
	Outputs     []yamldoc.Entry
	Finally     []*stepDef

	doc       *yamldoc.Node
	badInputs bool            // what stands under inputs is no map
	standard  map[string]bool // the names of the standard rules
	shared    *standard       // where Rules are these alone; nil elsewhere
	problems  []Problem
}

type inputDef struct {
	name                          *yamldoc.Node
	node                          *yamldoc.Node
	typ, doc, def, min, max, enum *yamldoc.Node
}

// A startDef is one entry of on.
type startDef struct {
	kind              *yamldoc.Node
	node              *yamldoc.Node
	cond, every, cron *yamldoc.Node
	inputs            *yamldoc.Node
}

type limitsDef struct{ effects, runtime *yamldoc.Node }

// A stepDef is one step as it was written. A keyword that was not given, or given wrongly, is nil.
type stepDef struct {
	node *yamldoc.Node
	id   string // as given, or made up

	idNode, name                    *yamldoc.Node
	uses, with, let                 *yamldoc.Node
	cond                            *yamldoc.Node // if
	foreach, as, parallel           *yamldoc.Node
	until, every, timeout, onTime   *yamldoc.Node
	require, message                *yamldoc.Node
	after                           []*yamldoc.Node
	approve, approveWithin          *yamldoc.Node // its message and timeout
	attempts, backoff               *yamldoc.Node // of retry
	repeat, repeatUntil, repeatMost *yamldoc.Node
	steps                           []*stepDef // of foreach or repeat
	call                            *yamldoc.Node
	callee                          *Definition // nil where it could not be read
	broken                          bool        // what it is cannot be told: a problem says why
	badWith                         bool        // it has a with, and that is no map
}

// kind is what the step is, as far as its keywords tell: a uses is taken for a query.
func (s *stepDef) kind() StepKind {
	switch {
	case s.call != nil:
		return CallStep
	case s.repeat != nil:
		return RepeatStep
	case s.node.Get("steps") != nil:
		return GroupStep
	case s.node.Get("approve") != nil:
		return ApproveStep
	case s.let != nil:
		return LetStep
	}
	return QueryStep
}
