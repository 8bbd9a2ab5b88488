// Package ci holds the words that every other room uses: pushes, job types, requests, jobs, and the rows of a
// history that are made of them; and the questions and answers in which adapters, rules and the engine speak.
// It is the ground of the house and imports the standard library only.
//
// # Words
//
// A push is a set of changesets that landed together on a branch. Pushes of one branch have an order, and that
// order is all that "older" and "newer" mean here: dates lie, identifiers have gaps. Order is kept as a number that
// only the source that gave it can interpret ([Push.Order]); on hg it is the push id, on git the position on the
// first-parent line. A push may be empty (its changesets were stripped or hidden) and may be impossible to run on.
//
// A job type is what can run on a push: a Taskcluster label, a Buildbot buildername. A job is one run of one type on
// one push; retries and re-runs are further jobs. A request is what asks for a job. Requests and jobs are kept apart
// because the worlds that we talk to do: in Buildbot one build may answer several requests (the others are then
// coalesced: they say nothing about their own push), a request may wait for ever, and a request's number is in
// another key space than a build's. In Taskcluster the task is the request and each of its runs is a job.
//
// # Evidence
//
// What a job proves is not what it is called. [Result] says what the service said; whether that is evidence for or
// against a push is decided by rules (verdict), never here and never in an adapter. Where a source knows results by
// test manifest they ride along in [Job.Groups], because chunked tests drift: the same label runs other manifests on
// another push. Where it does not, Groups is nil and an answer can only be by label.
//
// # How Go values become facts
//
// Every type here has json tags (snake_case, the names that workflow files use) and doc tags (a line for the
// reference). Pointers are values that may be nil. String types with a Values method are closed vocabularies, which
// the checker of workflows knows. See package schemas for how a type is described and how its values are encoded.
package ci
