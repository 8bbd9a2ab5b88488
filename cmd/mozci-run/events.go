package main

import (
	"fmt"
	"strings"

	"github.com/mozci/mozci-run/engine"
)

// eventKinds says what --output json prints, in the order in which it comes.
var eventKinds = []struct {
	kind engine.EventKind
	doc  string
}{
	{engine.RunStarted, "the first: workflow, file, profile, inputs"},
	{engine.StepStarted, "a step begins: step, step_kind, uses"},
	{engine.Decided, "what a rule said of a push: decision, with value, the rule's row (when) and its place"},
	{engine.RoundEnded, "an answer of an until that was not the last: round, value"},
	{engine.ItemEnded, "an item of a foreach has ended: item, status, value"},
	{engine.EffectEvent, "an action is planned, done, already there, refused or uncertain: outcome, with its reason and link"},
	{engine.Waiting, "nothing happens until then: what, until"},
	{engine.Progress, "what is going on meanwhile: what"},
	{engine.StepEnded, "a step has ended: status, reason, value, source"},
	{engine.RunEnded, "the last: status, cause, reason, next, and the outputs, the culprits among them"},
}

func kindsOfEvents() string {
	var b strings.Builder
	for _, k := range eventKinds {
		fmt.Fprintf(&b, "  %-12s  %s\n", k.kind, k.doc)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
