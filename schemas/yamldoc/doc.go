// Package yamldoc reads YAML and remembers where everything stood.
//
// [Parse] reads one document into a tree of [Node]: maps in the order of the file, lists, scalars with their text, their
// style and their place. Whoever finds something wrong later, in the text of an expression for example, asks [Node.At]
// for the place in the file of a character of a scalar, and reports a [Problem], which can show the line and a caret.
//
// What is read is YAML without its surprises. Aliases, anchors, merge keys, tags, duplicate keys, keys that are not text and
// a second document are refused, each by name and at its place; depth and size are bounded, so that no input makes it
// slow. A mistake in the syntax of YAML is reported alone, since what follows it cannot be known, at the best place that
// can be had. Parse never panics.
//
// YAML also changes what people write without calling it a mistake: a ` #` starts a comment, a `!` a tag, and a quote
// at the start of a value ends it early. [Node.Misread] finds these where the value was meant to be an expression, and
// gives the text as it has to be written.
//
// [Decode] fills Go values from a tree, strictly: an unknown key is a problem that names the nearest right one.
// [Encode] writes Go values by the same names.
//
// This is the only package that imports a library for YAML.
package yamldoc
