// Package sources says what a source of facts is, and keeps those that a profile names.
//
// A [Source] is one service behind an adapter. It answers queries and performs effects, both by service-neutral names
// (pushes.range, jobs.list, jobs.trigger). A workflow never names a service: the [Registry] holds the sources of a
// profile in order and asks the first that has the query; [ErrNotFilled] means "ask the next one", and every other
// error stops the question. Sources that are unavailable are passed over only where the profile says so, and the
// answer then names who gave it.
//
// # Queries
//
// A [Query] is a name, an input type and an output type, all in the words of package ci, and a function. It fetches and
// translates: no verdicts, no filtering beyond the question, no partial answer. It either gives everything that was
// asked for or an error of a named kind. Answers are slices in a stable order that the question's comment states.
// A Query is pure in the sense that asking has no effect on the world; it may be asked again, side by side, at any time,
// must obey its context, and may not keep or change what it was given.
//
// # Effects
//
// An [Effect] changes the world. It is told apart by type so that nothing that asks can act. What a step asks for is
// split into units ([Effect.Units]), each of which has a [Key]; the engine's ledger sees to it that a unit happens at
// most once per ordinal of its key. An effect never repeats itself, never retries, and never decides whether it is
// wanted: it does one unit when told to, and says whether an earlier attempt arrived ([Effect.Find]).
//
// # Errors
//
// Every failure of a source is an [Error] with one of the kinds below: not found, unauthorised, rate limited, unavailable,
// changed format, gone, refused, too large. Callers branch with errors.Is on the sentinels. A cancelled context is
// returned as such. No error, and no URL in one, holds a secret.
//
// # Transport
//
// Adapters get an *http.Client and a base URL and know nothing of retries, limits or caches: those are RoundTrippers
// that wrap from outside. [Stack] composes them, outermost first:
//
//	UserAgent   every request says who asks
//	DryRun      a plan lets only GET and HEAD through
//	Cache       an answer that is known, or on its way, costs nothing below
//	Retry       each attempt takes its own place in the lane, and none while it waits
//	Limit       so many at a time to one host
//	Unpack      what comes packed is unpacked within a bound
//	Connection  the network, a recorder, a replay
//
// Only GET and HEAD are ever repeated. [Fetch] is the one way in which an adapter reads JSON: bounded, checked for status and content type, and
// with its errors mapped to the kinds above.
package sources
