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
//
// # Runs
//
// A run is one durable workflow of DBOS, on a file of SQLite, in memory, or on PostgreSQL ([Config]). What it is made of
// is a list of records: one for each query, round of a query, let, item of a loop, unit of an effect, written when that
// ends. A record holds what was given, what came, which source gave it, and what became of it; values are written as
// their types write them and are read back at once, so that the first pass sees what every later one will.
//
// One goroutine, the coordinator, takes a run from its start to its end. It alone talks to DBOS, it decides from records
// only, and where more than one body is on its way, which of them ended is a record of its own. So a run that is resumed,
// here or in another process, decides the same, and asks and does nothing again that was recorded. Bodies run beside the
// coordinator and know what they were given. A wait happens within the body that comes after it, against a recorded
// deadline, on the profile's clock; a body that is stopped because the process ends is not recorded at all.
//
// A round of a query that is asked until something holds may find its source down: after an answer has come, up to ten rounds
// in a row may have none, and the last answer stands for theirs. Anything else that is wrong ends the step.
//
// A step that does not end well keeps everything below it from starting, and stops what has started there. The steps of
// finally run in any case, also when a person has cancelled the run; not in a plan, and not when the process ends.
//
// A run ends as succeeded, failed (a require, a source, an expression), planned, incomplete (a person is needed: a limit,
// an approval, an uncertain effect), or cancelled. Until then it is running, or interrupted: its process is gone.
// [Engine.Resume] goes on with an interrupted one at its next step, and with one that has not ended well at the first step
// that has not. The definition is stored with the run, and a resumed run uses that one.
//
// # Whose run it is
//
// Each process has an id of its own and says, about once a second, that it is alive. A run belongs to the process that has
// it; another takes it over only when it was given back, or when its owner has said nothing for as long as [Config.Lapse].
// A process that slept for so long and wakes up finds that nothing it does is recorded (DBOS fences it), and that it may
// not begin an effect (the ledger asks whose the run is, in the transaction that writes the row). Listing, showing,
// cancelling and approving start nothing and work beside a process that is at it; a cancel is heard within a second.
//
// # The ledger of effects
//
// An effect happens at most once. What a step asks for is split into units, each with a key that names it for ever:
// service, effect, branch, push, job type. How often it may happen is an ordinal. Before a call, a row (key, ordinal) is
// written in a transaction of its own; after it, what came. The row does not belong to the run: two runs that want the
// same job on the same push meet in it, and one of them asks.
//
// A row with an outcome answers. One that a live process has open is waited for. One that a dead process left open is
// settled by whoever needs it next, be it the resumed run or another: after the call has certainly ended and the service
// has settled, it looks whether the call has arrived ([sources.Effect.Find]). Found, then that is the outcome. Absent, where
// the service's word can be relied on, then it calls once more. Otherwise the effect is uncertain, is not repeated, and a
// person is told. The same happens in one process when a call ends with an error that leaves it open whether it arrived.
//
// A unit that makes jobs says how many are wanted in total. Jobs that are on their way or brought evidence count, and
// so do requests whose job is yet to be seen, until their lease ends (then they are lost, and that is said). Jobs without
// evidence count for nothing: the next ordinal is free. A unit that wants more jobs, whatever there are, is held back
// while others' requests are on their way, or have brought evidence after the run last looked. Any other unit happens once
// for ever. [Options.Again] sets aside what others have asked for.
//
// A unit may be refused before anything is sent. Where it cannot be done at all, the step goes on without it, and says why. Where only
// our credentials do not suffice ([sources.Unit.Denied]), what else there is to do is done and then the step has failed, so that whoever
// asked for the effect learns of it; with better ones, [Engine.Resume] begins it anew.
//
// # Plans
//
// A run that was not told to apply stops at its first effect that would do something, and shows it ([Plan]): each action
// with its reason, what is there already, what would be refused. What stands below is known after apply. [Options.Confirm]
// may say yes, and the same run goes on; later [Engine.Apply] does the same on the answers that were recorded. An effect
// with nothing to do is no reason to stop.
//
// # Events
//
// Everything that leaves the engine leaves as events ([Event]), heard by one [Listener] per engine and one per run. They
// are told by the coordinator in the order of the records, and by bodies while they wait or act; on a resume what was
// recorded is told again, and marked so. [Engine.Show] tells the whole story of a run from its records.
package engine
