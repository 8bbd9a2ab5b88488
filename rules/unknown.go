package rules

import "github.com/mozci/mozci-run/schemas"

// Unknown is the type of what has a mistake that was reported: nothing more is said about a value of it, or of what is made of it.
func Unknown() *schemas.Type { return typeBad }

// Nil is the type of nil alone: what a name has while nothing is known of its value but that it may be missing.
func Nil() *schemas.Type { return typeNil }
