package engine

import (
	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// placeIn finds the place in its file of a spot in a text that rules were handed: the text's handle is the node that holds it. ok is false where
// the handle is none of ours.
func placeIn(handle any, line, column int) (p Place, ok bool) {
	n, ok := handle.(*yamldoc.Node)
	if !ok || n == nil {
		return Place{}, false
	}
	p = Place{File: n.File(), Line: n.Line, Column: n.Column}
	if l, c, known := n.At(max(line, 1), max(column, 1)); known {
		p.Line, p.Column = l, c
	}
	return p, true
}

// PlaceOf is the place in its file of what coverage counts. ok is false where the text came from no file.
func PlaceOf(p rules.Point) (Place, bool) { return placeIn(p.Origin, p.Line, p.Column) }
