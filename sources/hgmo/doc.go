// Package hgmo asks hg.mozilla.org, or any hgweb with Mozilla's pushlog, for pushes and backouts, and Mozilla's tree status
// for whether a tree is open.
//
// # The pushlog
//
// A repository's pushlog numbers its pushes. The numbers are the order; they are compared as numbers (the service sorts them
// as text, "10" before "9"), and there are gaps in them. Some gaps are pushes that were emptied: a stripped push vanishes from
// every range, though lastpushid counts it, and cannot be told from a number that never was. An obsolete push stays, without
// changesets: it is part of an answer, and Empty.
//
// # Round trips
//
// The service has no question for "the last N pushes", so this is how often it is asked:
//
//	pushes.find                       once: changeset=REVISION
//	pushes.range, After               once: fromchange is exclusive, tochange inclusive
//	pushes.range, UpTo and Depth      twice: changeset=UPTO gives its number, then a range of numbers; once for a Depth of 1
//	pushes.range, Depth alone         once, for the newest pages (10 numbers each) side by side; twice for more than five
//
// Pages move when a push lands between two of them: those that were not made of the same pushlog as the newest are thrown away, and
// what they should have held is asked for by numbers. A range of numbers is asked a little wider than needed, so that a few gaps cost nothing; where it holds fewer pushes
// than needed for all that, wider ones follow below it. An answer has fewer than Depth pushes only where the branch begins.
// startID and endID are always given together, because endID alone is ignored, and every push that comes is checked
// against what was asked.
//
// # Revisions
//
// The service takes "tip", branch names and local revision numbers ("10") where it takes a changeset. This adapter takes 12
// to 40 hex digits, and checks that before it asks and again in what comes. A changeset may lie in the middle of its push, and
// on a repository with many heads (try) in several pushes: the one whose tip it is is meant, else the oldest.
//
// json-automationrelevance answers for the changesets of a push up to the one asked for. pushes.backouts therefore asks again at
// the push's head where it was given another.
package hgmo
