package yamldoc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// The bounds of what is read.
const (
	MaxSize  = 4 << 20 // bytes of a text
	MaxDepth = 64      // maps and lists within one another
)

// Parse reads one document. file is the name that places carry. The Node is nil where there is a problem; an empty
// text gives a null scalar. Problems come in the order of the file.
func Parse(file string, text []byte) (*Node, []Problem) {
	if p := otherEncoding(file, text); p != nil {
		return nil, []Problem{*p}
	}
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	src := newSource(file, string(text))
	if p := readable(src, text); p != nil {
		return nil, []Problem{*p}
	}
	doc, err := parse(text)
	if err != nil {
		return nil, []Problem{src.syntax(text, err)}
	}
	if doc == nil {
		return &Node{Type: Null, Line: 1, Column: 1, src: src}, nil
	}
	b := builder{src: src}
	n := b.build(doc, 0)
	if len(b.problems) > 0 {
		return nil, Sort(b.problems)
	}
	return n, nil
}

// readable finds what no reader of YAML should be handed.
func readable(src *source, text []byte) *Problem {
	if len(text) > MaxSize {
		p := src.problem(1, 1, "yaml-bounds", fmt.Sprintf("the file has %d bytes; %d are the bound", len(text), MaxSize))
		return &p
	}
	for i, line := range src.lines {
		column := 0
		for _, r := range line {
			column++
			if r == utf8.RuneError || r < ' ' && r != '\t' || r == 0x7f {
				message := fmt.Sprintf("the character %U cannot stand in a YAML file; save it as UTF-8 text", r)
				if other := notUTF8(line); r == utf8.RuneError && other != "" {
					message = other
				}
				p := src.problem(i+1, column, "yaml-encoding", message)
				return &p
			}
		}
	}
	return nil
}

// errSecond is the problem of a file with two documents.
var errSecond = errors.New("second document")

// parse runs the library, which panics on some inputs, and on some answers with no more than a line.
func parse(text []byte) (doc *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			doc, err = nil, fmt.Errorf("yaml: %v", r)
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var first, second yaml.Node
	if err := dec.Decode(&first); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, err
	}
	if err := dec.Decode(&second); err == nil {
		return &second, errSecond
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return &first, nil
}

// A builder turns the library's tree into ours and refuses what is not read here.
type builder struct {
	src      *source
	problems []Problem
	flow     int // how many { } and [ ] are open
}

func (b *builder) add(n *yaml.Node, kind, message string) {
	b.problems = append(b.problems, b.src.problem(n.Line, n.Column, kind, message))
}

func (b *builder) build(y *yaml.Node, depth int) *Node {
	if y.Kind == yaml.DocumentNode {
		return b.build(y.Content[0], depth)
	}
	n := &Node{Line: y.Line, Column: y.Column, src: b.src, depth: depth, Flow: y.Style&yaml.FlowStyle != 0}
	if depth > MaxDepth {
		b.add(y, "yaml-bounds", fmt.Sprintf("maps and lists lie within one another more than %d deep", MaxDepth))
		return n
	}
	if y.Kind == yaml.AliasNode {
		b.add(y, "yaml-alias", fmt.Sprintf("aliases are not read here; write out what *%s stands for%s", y.Value, b.orQuote(y)))
		return n
	}
	if y.Anchor != "" {
		b.add(y, "yaml-anchor", fmt.Sprintf("anchors are not read here; leave out &%s%s", y.Anchor, b.orQuote(y)))
	}
	if y.Style&yaml.TaggedStyle != 0 {
		b.add(y, "yaml-tag", fmt.Sprintf("YAML takes %s for a tag, and tags are not read here%s", y.Tag, b.orQuote(y)))
	}
	if n.Flow {
		b.flow++
		defer func() { b.flow-- }()
	}
	switch y.Kind {
	case yaml.MappingNode:
		n.Kind = Map
		b.entries(n, y)
	case yaml.SequenceNode:
		n.Kind = List
		for _, c := range y.Content {
			n.Items = append(n.Items, b.build(c, depth+1))
		}
	default:
		b.scalar(n, y)
	}
	return n
}

// orQuote says how to write the value if text was meant: a value that starts with a sign of YAML's.
func (b *builder) orQuote(y *yaml.Node) string {
	if b.flow > 0 || y.Kind == yaml.MappingNode || y.Kind == yaml.SequenceNode {
		return ""
	}
	n := &Node{Line: y.Line, Column: y.Column, src: b.src}
	rest := n.restOfLine()
	if rest == "" || !strings.ContainsAny(rest[:1], "!&*") {
		return ""
	}
	return "; if this is text, quote it: " + Quote(rest)
}

func (b *builder) entries(n *Node, y *yaml.Node) {
	seen := make(map[string]*yaml.Node, len(y.Content)/2)
	for i := 0; i+1 < len(y.Content); i += 2 {
		k := y.Content[i]
		switch {
		case k.Kind == yaml.ScalarNode && k.Tag == "!!merge":
			b.add(k, "yaml-merge", "merge keys are not read here; write out what << stands for")
			continue // what it merges is most often an alias, of which no more need be said
		case k.Kind == yaml.AliasNode:
			b.add(k, "yaml-alias", fmt.Sprintf("aliases are not read here; write out what *%s stands for", k.Value))
		case b.braces(n, k):
		case k.Kind != yaml.ScalarNode:
			b.add(k, "yaml-key", "a key has to be text, and this is a "+map[bool]string{true: "map", false: "list"}[k.Kind == yaml.MappingNode])
		default:
			if first := seen[k.Value]; first != nil {
				p := b.src.problem(k.Line, k.Column, "duplicate-key", fmt.Sprintf("the key %s is here twice; it was first given on line %d", k.Value, first.Line))
				p.Length = utf8.RuneCountInString(k.Value)
				b.problems = append(b.problems, p)
			} else {
				seen[k.Value] = k
			}
		}
		key := b.build(k, n.depth+1)
		n.Entries = append(n.Entries, Entry{Key: key, Value: b.build(y.Content[i+1], n.depth+1)})
	}
}

var bracesPattern = regexp.MustCompile(`^\{\{(.*?)\}\}`)

// braces reports {{ x }}, which YAML takes for a map with a map as its key, and of which people think as an expression.
func (b *builder) braces(n *Node, k *yaml.Node) bool {
	m := bracesPattern.FindStringSubmatch(n.restOfLine())
	if m == nil || k.Kind != yaml.MappingNode || k.Line != n.Line || k.Column != n.Column+1 {
		return false
	}
	p := b.src.problem(n.Line, n.Column, "yaml-key", "YAML takes {{ }} for a map within a map; if an expression was meant, write "+doubleQuote("${{"+m[1]+"}}"))
	p.Length = utf8.RuneCountInString(m[0])
	b.problems = append(b.problems, p)
	return true
}

func (b *builder) scalar(n *Node, y *yaml.Node) {
	n.Value = y.Value
	switch {
	case y.Style&yaml.SingleQuotedStyle != 0:
		n.Style = Single
	case y.Style&yaml.DoubleQuotedStyle != 0:
		n.Style = Double
	case y.Style&yaml.LiteralStyle != 0:
		n.Style = Literal
	case y.Style&yaml.FoldedStyle != 0:
		n.Style = Folded
	}
	if n.Style == Plain {
		n.Type = map[string]Type{"!!int": Int, "!!float": Float, "!!bool": Bool, "!!null": Null, "!!timestamp": Time}[y.Tag]
	}
	if n.Style == Literal {
		n.TextLine, n.Indent = n.Line+1, b.indentOf(n)
	}
}

// indentOf is by how much a literal scalar's text is indented: seen at its first line that is not empty.
func (b *builder) indentOf(n *Node) int {
	for i, text := range strings.Split(n.Value, "\n") {
		if text != "" {
			return max(utf8.RuneCountInString(b.src.line(n.Line+1+i))-utf8.RuneCountInString(text), 0)
		}
	}
	return 0
}
