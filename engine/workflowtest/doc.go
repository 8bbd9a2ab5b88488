// Package workflowtest runs tests that people write for their workflows and rules, through the real engine.
//
// # A file of tests
//
// A file NAME_test.yaml lies beside what it tests:
//
//	workflow: backfill.yaml          # or rules: triage.rules.yaml, where only rules are tested
//	now: 2025-03-01T12:00:00Z        # the time at which every test starts
//	inputs: {branch: autoland}       # for every test that says nothing else
//	tests:
//	  - name: two pushes without an answer are filled
//	    given:   {history: "F . x P"}
//	    inputs:  {job: test-linux/opt-mochitest-1, revision: push0}
//	    becomes: {history: "F F P P"}
//	    expect:
//	      status: succeeded
//	      effects: [{jobs.trigger: {revisions: [push1, push2]}}]
//	      outputs: {first_bad: push1}
//	  - rule: verdict
//	    cases:
//	      - {given: {row: {jobs: [{state: completed, result: success}]}}, then: passed}
//
// # Facts
//
// A test gives facts, and asks nothing about which questions were put: one that breaks because a workflow asks one more
// question is a bad test. A history is a strip, one sign for a push, the newest first:
//
//	F failed   P passed   I intermittent (both)   . missing   x inconclusive   ? unsettled (running)   - not runnable
//
// Its pushes are called push0 (the newest), push1, …, and so are their revisions; their ids fall from 100000. A strip may be
// refined: {strip: "F . P", rows: {push1: {push: {author: ann}}}} overlays the members that it names, and where more is wanted
// history may be a list of whole rows. A map of strips by job type gives each type its own. From the history are answered
// pushes.range, pushes.find, pushes.runnable, jobs.list, jobs.history, jobs.status and events.recent; a tree is open. Any other
// query is given by its name: {tree.status: {…}}, {jobs.failures: [...]}; members that a test leaves out are those of nothing. What is not
// given has no answer, and the test says so.
//
// becomes is what the same questions get after the first effect: a strip of as many signs, since pushes are counted from the newest. A list of
// them goes on with each further time that a question is asked past the cache. Effects are recorded and never done.
//
// In place of facts a test may have replay (a folder of cassettes, relative to the file; the test starts when they were recorded) or sim
// ({scenario: default, seed: 7}, or a scenario of its own in a file: mine.yaml). The clock stands at
// now and jumps: a wait of six hours takes no time. unavailable: [treeherder] makes a source, or a query by its name, fail; kill_after: fill kills the run
// when that step has ended, and a second process goes on with it.
//
// # Expectations
//
// What expect does not name is not compared. status, reason and messages (text that is contained), steps (a status each), outputs (of an object or a list only
// the members that are named), decisions (step: the verdicts, as a strip), effects (a list of what was done, in order, of each only the members that are named; or
// {contain: […]} for a part of it), refused (reasons that are contained), requests (of queries, at most). golden: NAME.golden names a file beside the tests with all of it; --update writes it where it differs, and it is for people
// to read what has changed. A difference is shown as a diff.
//
// # Coverage
//
// Every step run and skipped, every row of a table chosen, every operand of every condition seen true and seen false: what no
// test has reached is listed with its place, and written as LCOV for tools that show it beside the text.
package workflowtest
