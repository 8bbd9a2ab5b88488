package yamldoc

import "strings"

// A Kind is what a node is.
type Kind int

// The kinds.
const (
	Scalar Kind = iota
	Map
	List
)

func (k Kind) String() string { return [...]string{"scalar", "map", "list"}[k] }

// A Type is what YAML takes a scalar for. Quoted and block scalars are always String.
type Type int

// The types.
const (
	String Type = iota
	Int
	Float
	Bool
	Null // also a value that was left out
	Time
)

func (t Type) String() string {
	return [...]string{"string", "int", "float", "bool", "nil", "time"}[t]
}

// A Style is how a scalar was written.
type Style int

// The styles.
const (
	Plain   Style = iota
	Single        // 'text'
	Double        // "text"
	Literal       // |
	Folded        // >
)

// A Node is a map, a list or a scalar with its place. Nodes are made by Parse; nobody changes them.
type Node struct {
	Kind  Kind
	Type  Type   // of a scalar
	Style Style  // of a scalar
	Flow  bool   // of a map or list: written as { } or [ ]
	Value string // of a scalar: its text as YAML reads it; "" where it was left out

	// Line and Column say where it starts, from 1, in characters: for a quoted scalar at the quote, for a block
	// scalar at its | or >, for a value that was left out where it would have stood.
	Line, Column int

	// TextLine and Indent say, for a literal scalar, on which line its text starts and by how many characters it is indented.
	TextLine, Indent int

	Entries []Entry // of a map, in the order of the file
	Items   []*Node // of a list

	src   *source
	depth int // how deep it stands, from 0
}

// An Entry is a key of a map with its value.
type Entry struct {
	Key   *Node // a scalar
	Value *Node // never nil
}

// Get returns the value of a key, or nil where the node is no map or has no such key.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, e := range n.Entries {
		if e.Key.Value == key {
			return e.Value
		}
	}
	return nil
}

// File is the name under which the text was parsed.
func (n *Node) File() string { return n.src.file }

// IsNull says whether the node is a scalar that YAML takes for null, or was left out.
func (n *Node) IsNull() bool { return n.Kind == Scalar && n.Type == Null }

// IsEmpty says whether the node is a text without a character.
func (n *Node) IsEmpty() bool { return n.Kind == Scalar && n.Type == String && n.Value == "" }

// Describe says what the node is, for an error: a list, a map, the int 7, the string "x", nothing.
func (n *Node) Describe() string {
	switch {
	case n.Kind == Map:
		return "a map"
	case n.Kind == List:
		return "a list"
	case n.Type == Null:
		return "nothing"
	case n.Type == String:
		return "the text " + shorten(Quote(n.Value), 60)
	}
	return "the " + n.Type.String() + " " + shorten(n.Value, 60)
}

// Problem makes a problem about the node: its caret stands under the whole of a scalar that fits its line.
func (n *Node) Problem(kind, message string) Problem {
	p := n.src.problem(n.Line, n.Column, kind, message)
	p.Length = n.width()
	return p
}

// ProblemAt makes a problem about length characters of a scalar's text, from a line and column within it (both from 1).
// Where that place cannot be found in the file, it is about the whole scalar.
func (n *Node) ProblemAt(line, column, length int, kind, message string) Problem {
	l, c, ok := n.At(line, column)
	if !ok {
		return n.Problem(kind, message)
	}
	p := n.src.problem(l, c, kind, message)
	p.Length = length
	return p
}

// width is how many characters of its first line the node takes.
func (n *Node) width() int {
	if n.Kind != Scalar || n.Style == Literal || n.Style == Folded {
		return 1
	}
	if rest, end := n.span(); end > 0 {
		return len([]rune(strings.TrimRight(string(rest[:end]), " \t")))
	}
	return 1
}

func shorten(s string, limit int) string {
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	return string(r[:limit-1]) + "…"
}
