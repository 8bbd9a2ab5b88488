// Package schemas says what shape values have, and holds them to it.
//
// There are two kinds of shape. A [Type] is derived from a Go type and is written once, there: from it come the
// types of expressions (package rules), the check of a workflow (package engine), the reference, and the schema that
// editors use. A [Schema] is a JSON Schema (2020-12) that lies under schemas/SOURCE/NAME.schema.json, is embedded in
// the binary, and says what an endpoint of a service answers.
//
// # Facts
//
// Expressions and the journal do not see Go structs but facts: nil, bool, int, float64, string, time.Time (UTC),
// time.Duration, []any and map[string]any, arranged as a Type says. [Type.Fact] turns a Go value into a fact,
// [Type.Bind] turns a fact into a Go value, [Type.Marshal] and [Type.Unmarshal] write and read a fact as JSON
// without losing what it is: an int stays an int, a time a time, a duration is written as text ("1h30m0s").
// A fact that goes through Marshal and Unmarshal is equal to what it was. This is what makes a resumed run see the
// same values as the run that was killed.
package schemas
