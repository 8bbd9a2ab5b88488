// Package derived answers queries out of other queries, asked by name: it knows no adapter, and so every profile gets
// its history from the same few lines.
//
// # jobs.history
//
// A history is the pushes of a branch (pushes.range), the jobs of one type on them (jobs.list), what can run on them
// (pushes.runnable), and what we have asked for and not yet seen (the ledger). The pushes are asked for first, everything
// else side by side. A question that fails makes the history fail: there are no rows that lack what could not be had.
// One thing may be missing: a profile in which nobody answers pushes.runnable knows emptied pushes only.
//
// Rows are newest first, as many as were asked for, or fewer where the branch begins. The same facts give the same rows,
// in whatever order a source puts them.
//
// A push is requested while the ledger has a request for it whose job has not been seen and whose lease has not ended; from
// then on that request is lost, and the row says so. A request is seen in the job that names it; where none does (an action's
// id is not that of the job it makes), in the oldest unclaimed job that was submitted after it, give or take a minute between
// our clock and theirs.
//
// A push is not runnable where it has been emptied, where pushes.runnable says so, or where the message of its tip says
// DONTBUILD: there is a decision task then, and it schedules nothing. A job on the push shows that all of these are mistaken,
// emptiness excepted.
//
// What was seen of a job stays for ten minutes, though a later answer has it less far or not at all: services answer from
// several copies, and an answer that is older than one already seen is no news (memory.go).
//
// # By manifest
//
// A test job runs manifests, and which ones changes from push to push: what failed in chunk 3 ran in chunk 5 two pushes
// earlier, where chunk 3 is green and proves nothing. Where the source knows results by manifest, a history therefore
// compares them, within the platform and option of the failure:
//
//   - The failure is the newest row in which a job of the type failed; its manifests are those that failed there, less
//     those that no other row has run (they are new, and cannot be compared). One that got not as far as its tests has
//     none: then all rows stay by label.
//   - Rows are compared from the newest down to the first green one; where that turns out to have run other manifests,
//     down to the end. One question, jobs.list with chunks and groups, answers for all of them: it brings the other
//     chunks of the suite, whose jobs count like those of the type itself.
//   - A compared row ([ci.Row.ByManifest]) holds the jobs that ran the manifests, with the result of these manifests
//     alone. A row in which one of them failed holds the jobs in which one did, and those that passed all which failed;
//     a row in which none failed holds its jobs if together they ran all of them. A job of the type that ended
//     without having run any is left out: the row is missing evidence, whatever colour that job had. Jobs that have
//     not ended, and those that the machines or people stopped, stay as they are.
//   - A job of the type that has ended, and whose manifests the source does not know, counts as running for ten minutes, for
//     its log may yet be read; after that its row stays by label.
//
// Where the failure's own manifests are not known, all rows stay by label, and whoever prints the answer says so.
//
// # The others
//
// jobs.status is answered for requests that the ledger knows: their pushes and types are known, and jobs.list has the rest.
// events.recent is the completed jobs of the last pushes. Adapters that can answer either with less come first in a profile.
package derived
