// Package sim is a CI that does not exist: an http.Handler that speaks hg's pushlog, the tree status service, Treeherder
// and Taskcluster as the real ones do, so that a client of those services can be tried, shown, recorded and killed
// without touching anybody's machines. It imports no adapter: what it knows about the formats comes from recordings of
// the real servers, and a test holds each of its answers against them, so that simulator and adapter cannot share one
// misreading.
//
// # The world
//
// A Scenario says what there is: branches with their pushes, what can run on a push (job types, with builds upstream and
// chunks that hold manifests), which push broke which job type, how often a good job fails anyway, what ran and what did
// not, how many machines there are, how late Treeherder sees things, which tree is closed, and what goes wrong on the
// wire. A seed settles the rest: names, revisions, dates, durations, where in its range the culprit lies.
//
// All randomness comes from that seed, through a hash of the entity that it is for (a push, a run, the third request of
// a URL), so that asking in another order changes nothing. Nothing ticks: the world is a pure function of scenario, seed,
// the writes accepted so far with their times, and the instant at which it is looked at. On each accepted write the whole
// timeline is computed anew, to its end (see timeline.go); an answer shows the part of it that lies before the clock's
// reading. The clock is handed in and may run as fast as it likes.
//
// Positions of pushes in a scenario count from the newest push that has landed when the scenario starts (0) to older ones
// (1, 2, …); negative positions are pushes that land later.
//
// # Time
//
// A push lands; its decision task runs; the decision task creates the jobs that were scheduled for this push, builds
// first; a job whose upstream has completed becomes pending, waits for a machine of its pool, runs, and is resolved.
// An action task that a client triggered does the same and creates jobs when it ends. Taskcluster shows all of that at
// once, Treeherder late: each task has an ingestion delay, and Treeherder shows the task as it was that long ago.
// Before the scenario's start the fleet was large; from then on a pool has the machines that the scenario gives it.
//
// # Paths
//
//	/hg/<repo path>/json-pushes …          hg.mozilla.org, with the pushlog and hgmo extensions
//	/treestatus/api/treestatus/trees/<tree>   the tree status service (also without /api/treestatus)
//	/th/api/…                              Treeherder
//	/tc/api/{index,queue,hooks,auth}/v1/…  Taskcluster; artifacts are redirected to /tc/public-bucket/…
//
// # Writes
//
// A trigger, retrigger, cancel, rerun, created task or classification is appended to the journal (a file, one line of JSON
// each, synced) before its answer leaves, and replayed at the next start: a simulated CI survives kill -9, and what it
// has answered it has done. Processes that have one journal open live in one world: each sees what the others write. Triggers lists every job that a client has asked for, for tests that count duplicates.
//
// # What is not simulated
//
// Deadlines and expiry of tasks (but for decision tasks that a scenario declares expired), priorities between pending tasks,
// pulse messages, and the parts of the four APIs that no adapter reads.
package sim
