// Package treeherder reads and annotates Treeherder, where Mozilla's CI shows pushes and the jobs that ran on them.
//
// It answers pushes.range, pushes.find, pushes.runnable, jobs.list, jobs.failures and events.recent,
// performs jobs.classify, and reads Treeherder's own links. A branch is called a project there; [Options.Projects] says
// where the two names differ.
//
// # Pushes
//
// Treeherder numbers pushes of all projects in one sequence, in the order in which it took them in. That number is
// Push.Order and Push.ID here: it grows with every push of a branch, has gaps, and is not the pushlog's number. The
// service itself sorts by time, which lies; hence a range is asked for twice, the second time as a window of ids, so that
// no push is lost at its lower edge. fromchange and tochange are not used: they go by time, and an unknown revision is a
// server error there. A revision is looked up with commit_revision, which finds any changeset of a push; abbreviated ones
// can be found only among tips.
//
// An answer holds at most twenty changesets of a push, and no endpoint holds more. A push that has more is never handed
// on with a part of them: pushes.range and pushes.find then have no answer ([sources.ErrNotFilled]), so that a pushlog
// behind this source gives it; events carry such a push without changesets.
//
// # Jobs
//
// There are two endpoints. /project/X/jobs/ has every column (times, machine, reason) and no order, so that its offsets
// repeat and skip rows; /jobs/ has an order and a total, and neither times nor machines. jobs.list asks the first for one
// page and takes it if it is not full. Where it is full, the second tells which ids there are, and the first is read in
// windows of ids that fit into a page each. Nothing is read by offset.
//
// A history of jobs takes two round trips: see jobsOf.
//
// Parameters that Treeherder does not know are ignored without a word, and a misspelt filter gives every job there is.
// Every row is therefore held against the question, and one that does not belong is an error that names it.
//
// A revision that Treeherder does not know is no error for jobs.list and pushes.runnable: pushes arrive there seconds to
// minutes after the pushlog has them. It has no jobs yet, and nothing is known that would keep jobs from running on it.
//
// A retried task is two jobs with one task id: Job.Request is the task, Job.Attempt the run. Times are epoch seconds, or
// ISO 8601 without a zone, and mean UTC; zero means that it has not happened.
//
// # Decision tasks
//
// A push without one can run nothing. /push/decisiontask/ remembers its answer for an hour, also where a decision task was
// still running; they are therefore looked up among the jobs, and it is asked only for pushes that seem to have none.
package treeherder
