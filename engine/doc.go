// Package engine loads, checks, plans and runs workflows.
//
// # From a file to a program
//
// [Load] reads a workflow with all that it imports and calls into a [Definition]: what the files say, with the place of everything.
// It holds them to one table of keywords (keywords.go), from which the schema for editors is written too ([Schema]): which keys stand
// where, what stands under each, which go together. [Check] then holds the definition to what its expressions may name and to what a
// [Catalog] answers and does, and compiles it into a [Program]. Both find all problems at once; whoever checks a file calls both,
// and Check tells Load's problems as well. A program that came of it does not fail at run time for a name, a type or a nil.
//
// Types start at the Go types of queries and effects and flow through results, rules, loops and lets into every expression. A step may
// have no result: it was skipped by its if, or timed out and went on. Who reads such a step is skipped with it, so that its result is
// not nil there; but where every reading goes through ?? or ?. or compares it with nil, the reader runs, and sees nil. What a require rules out
// to be nil is ruled out below it, and therefore steps below that read it wait for the require. The steps of a repeat see what stands
// below them, and themselves, as it was in the round before, and nil in the first: they are checked in passes until no type changes.
//
// # The order of steps
//
// A reference is an edge: a query or a let starts as soon as all that it names has ended. An effect is a barrier: it starts when every
// step above it has ended well, and nothing below it starts before it has ended. [Step.Needs] holds both, for the siblings of one list;
// what stands within a foreach, a repeat or a call waits through the step around it. Steps that wait for one another are an error.
//
// # Bundles
//
// A run stores the texts that its program was made of ([Bundle]), and a resumed run is made of them ([LoadBundle]), not of today's files.
// The standard rules are among these texts, so that a new build does not change what an old run says.
package engine
