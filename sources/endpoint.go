package sources

import "reflect"

// An Endpoint is one place of a service that an adapter reads or writes.
type Endpoint struct {
	Name   string       // unique within its source: json-pushes
	Doc    string       // a line for the reference
	Method string       // GET, POST
	Base   string       // where it is not below the source's own base: https://lando.moz.tools/api/treestatus; else empty
	Path   string       // below the base, with {names} for one segment and {names...} for several: /{repo...}/json-pushes
	Params []string     // the query parameters that the adapter sends, in order of their names
	Schema string       // the schema of its answer, below schemas/: hgmo/json-pushes.schema.json; empty where none is read
	Decode reflect.Type // the Go type into which its answer is decoded; nil where none is
	Feeds  []string     // the queries and effects that use it
	Limit  int64        // how many bytes its answer may have, unpacked; 0 means DefaultLimit
	Asks   bool         // whether it changes nothing although it is a POST: a plan may ask it
	Text   bool         // whether its answer is not JSON
}

// DefaultLimit is how large an answer may be where its endpoint says nothing: 64 MiB.
const DefaultLimit = 64 << 20
