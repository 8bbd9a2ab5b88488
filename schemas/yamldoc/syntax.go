package yamldoc

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// The library tells no columns, and of the line often the one where the surrounding map began. So the place is searched for:
// the shortest beginning of the text that has the same mistake ends at it.

var (
	saidLine    = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)
	saidAlias   = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
	keyThenRest = regexp.MustCompile(`^(\s*(?:- +)*[\w-]+:[ \t]+)(\S.*)$`)
)

// syntax turns the library's error into a problem.
func (s *source) syntax(text []byte, err error) Problem {
	if errors.Is(err, errSecond) {
		line := s.secondDocument()
		return s.problem(line, 1, "yaml-document", "a second document starts here; a file holds one")
	}
	message := err.Error()
	said := 0
	if m := saidLine.FindStringSubmatch(message); m != nil {
		said, _ = strconv.Atoi(m[1])
		message = message[len(m[0]):]
	}
	if m := saidAlias.FindStringSubmatch(message); m != nil {
		return s.unknownAlias(m[1])
	}
	line, column := s.whereFails(text, message, said)
	if p := s.tab(line); p != nil {
		return *p
	}
	if p := s.spaceMissing(line); p != nil {
		return *p
	}
	if p := s.questioned(line, column, message); p != nil {
		return *p
	}
	if p := s.unclosed(line, message); p != nil {
		return *p
	}
	if hint, from, length := s.quoted(line); hint != "" {
		p := s.problem(line, from, "yaml-syntax", hint)
		p.Length = length
		return p
	}
	switch l := s.line(line); {
	case message == "did not find expected node content" && strings.HasSuffix(string([]rune(l)[:column-1]), "-"):
		return s.problem(line, column-1, "yaml-syntax", noItem)
	case strings.HasPrefix(message, "mapping values") && strings.TrimSpace(string([]rune(l)[:column-1])) == keyAlone(l):
		return s.problem(line, firstColumn(l), "yaml-syntax",
			"is this line indented as its neighbours are? A key cannot stand within the text of the line before it")
	case strings.HasPrefix(message, "could not find expected ':'") && strings.TrimSpace(l) == keyAlone(l):
		return s.problem(line, firstColumn(l)+utf8.RuneCountInString(keyAlone(l)), "yaml-syntax",
			"a colon is missing after this key, or the line is indented wrongly")
	}
	return s.problem(line, column, "yaml-syntax", plainWords(message))
}

var (
	firstKey     = regexp.MustCompile(`^\s*(?:- +)*([\w-]+)`)
	colonNoSpace = regexp.MustCompile(`^\s*(?:- +)*[A-Za-z_][\w-]*:[^\s:/]`)
	dashNoSpace  = regexp.MustCompile(`^\s*-[A-Za-z]`)
)

// keyAlone is the key, or what could be one, at the start of a line.
func keyAlone(line string) string {
	if m := firstKey.FindStringSubmatch(line); m != nil {
		return m[1]
	}
	return ""
}

// firstColumn is where the text of a line begins, behind dashes.
func firstColumn(line string) int {
	if m := firstKey.FindStringSubmatchIndex(line); m != nil {
		return 1 + utf8.RuneCountInString(line[:m[2]])
	}
	return 1
}

// spaceMissing finds key:value or -item on the line before a mistake, which YAML takes for a text that goes on.
func (s *source) spaceMissing(line int) *Problem {
	before := line - 1
	for before > 1 && strings.TrimSpace(s.line(before)) == "" {
		before--
	}
	for _, missing := range []struct {
		pattern *regexp.Regexp
		after   string
	}{{colonNoSpace, "colon"}, {dashNoSpace, "-"}} {
		if m := missing.pattern.FindString(s.line(before)); m != "" {
			p := s.problem(before, utf8.RuneCountInString(m)-1, "yaml-syntax", "a space is missing after this "+missing.after)
			return &p
		}
	}
	return nil
}

// whereFails is the line and column up to which the text has to be read to meet the mistake.
func (s *source) whereFails(text []byte, message string, said int) (line, column int) {
	text = lineEnds(text)
	ends := []int{0}
	for i, c := range text {
		if c == '\n' {
			ends = append(ends, i+1)
		}
	}
	if ends[len(ends)-1] != len(text) {
		ends = append(ends, len(text))
	}
	if len(text) > 256<<10 { // too long to be read a dozen times
		return max(said, 1), 1
	}
	bad := search(len(ends)-1, func(k int) bool { return failsWith(text[:ends[k]], message) })
	if bad == 0 {
		return max(said, 1), 1
	}
	start, end := ends[bad-1], ends[bad]
	runes := []rune(string(text[start:end]))
	c := search(len(runes), func(k int) bool { return failsWith(text[:start+len(string(runes[:k]))], message) })
	column = max(c, 1)
	if first := 1 + len(runes) - len([]rune(strings.TrimLeft(string(runes), " \t"))); column < first {
		column = first
	}
	return bad, column
}

// search is the least k from 0 to n for which f holds, where f holds for n and does not go back and forth.
func search(n int, f func(int) bool) int {
	lo, hi := 0, n
	for lo < hi {
		mid := (lo + hi) / 2
		if f(mid) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

func failsWith(text []byte, message string) bool {
	fails := func(text []byte) bool {
		_, err := parse(text)
		return err != nil && !errors.Is(err, errSecond) && saidLine.ReplaceAllString(err.Error(), "") == message
	}
	if !fails(text) {
		return false
	}
	open, _ := newSource("", string(text)).openAt(bytes.Count(text, []byte("\n")) + 1)
	if len(open) == 0 {
		return true
	}
	whole := slices.Clone(text) // what is cut off within { } or [ ] fails for that alone
	for _, b := range slices.Backward(open) {
		whole = append(whole, byte(closers[b.sign]))
	}
	return fails(whole)
}

func lineEnds(text []byte) []byte { return []byte(lineBreaks.Replace(string(text))) }

// tab finds a tab in the indentation of a line or of the one before it.
func (s *source) tab(line int) *Problem {
	for _, n := range []int{line, line - 1} {
		l := s.line(n)
		indent := l[:len(l)-len(strings.TrimLeft(l, " \t"))]
		if i := strings.IndexByte(indent, '\t'); i >= 0 {
			p := s.problem(n, i+1, "yaml-tab", "YAML is indented with spaces, and this is a tab")
			return &p
		}
	}
	return nil
}

var unquotedText = regexp.MustCompile(`(?:^|[^"'\w])(\$\{\{.*?\}\})`)

// quoted gives the value of a line as it has to be written, and where it stands, where what follows its key is a quoted text and more
// (as in `"a" in b`), or holds a `: ` (as in `a ? b : c`), or a ${{ }} within { } or [ ], or starts with a sign that no value starts with.
func (s *source) quoted(line int) (hint string, column, length int) {
	m := keyThenRest.FindStringSubmatch(s.line(line))
	if m == nil {
		return "", 0, 0
	}
	value := strings.TrimRight(m[2], " \t")
	column, length = utf8.RuneCountInString(m[1])+1, utf8.RuneCountInString(value)
	first := rune(value[0])
	switch {
	case first == '"' || first == '\'':
		end := strings.IndexRune(value[1:], first)
		if end < 0 {
			return "", 0, 0
		}
		after := strings.TrimSpace(value[end+2:])
		if after == "" || after[0] == '#' || rune(after[0]) == first {
			return "", 0, 0
		}
		hint = fmt.Sprintf("YAML ends a text that starts with %c at the next %c; quote the whole of it: %s", first, first, Quote(value))
	case strings.HasPrefix(value, "- "):
		return noItem, column, 1
	case strings.ContainsRune("{[", first):
		if at := unquotedText.FindStringSubmatchIndex(value); at != nil {
			text := value[at[2]:at[3]]
			return fmt.Sprintf("a ${{ }} within { } or [ ] has to be quoted: %s", doubleQuote(text)), column + utf8.RuneCountInString(value[:at[2]]), utf8.RuneCountInString(text)
		}
		if after := strings.TrimSpace(value[flowEnd(value):]); after == "" || after[0] == '#' {
			return "", 0, 0
		}
		hint = fmt.Sprintf("YAML reads a value that starts with %c as its own; if text was meant, quote it: %s", first, Quote(value))
	case strings.ContainsRune("%@`|>*&!?,]}", first):
		hint = fmt.Sprintf("YAML keeps %c at the start of a value for itself; quote the text: %s", first, Quote(value))
	case strings.Contains(value, ": ") || strings.HasSuffix(value, ":"):
		hint = "YAML takes `: ` for the end of a key; quote the text: " + Quote(value)
	}
	return hint, column, length
}

// flowEnd is where what starts with { or [ is closed again, as far as brackets tell; its length where it is not.
func flowEnd(value string) int {
	depth := 0
	for i, r := range value {
		switch r {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(value)
}

// unknownAlias finds the first * that names nothing.
func (s *source) unknownAlias(name string) Problem {
	for i, l := range s.lines {
		if at := strings.Index(l, "*"+name); at >= 0 {
			n := &Node{Line: i + 1, Column: utf8.RuneCountInString(l[:at]) + 1, src: s}
			p := s.problem(n.Line, n.Column, "yaml-alias",
				fmt.Sprintf("YAML takes *%s for an alias, and aliases are not read here; if this is text, quote it: %s", name, Quote(n.restOfLine())))
			p.Length = utf8.RuneCountInString(name) + 1
			return p
		}
	}
	return s.problem(1, 1, "yaml-alias", fmt.Sprintf("aliases are not read here; write out what *%s stands for", name))
}

// secondDocument is the line of the second document's start.
func (s *source) secondDocument() int {
	text := []byte(strings.Join(s.lines, "\n"))
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var n yaml.Node
	for range 2 {
		if dec.Decode(&n) != nil {
			return 1
		}
	}
	line := n.Line
	for line > 1 && !strings.HasPrefix(s.line(line), "---") {
		line--
	}
	return line
}

const noItem = "a list item cannot stand here; put the - on a line of its own, or quote the text"

// words says in plain words what the library says in its own.
var words = []struct{ said, plain string }{
	{"did not find expected key", "a key with a colon was expected here; is the line indented as its neighbours are, and is the text before it quoted whole?"},
	{"did not find expected '-' indicator", "a list item with its - was expected here; is the line indented as its neighbours are?"},
	{"mapping values are not allowed in this context", "a second `: ` cannot stand here; quote the value, or indent the key on a line of its own"},
	{"could not find expected ':'", "a colon after the key is missing, or the line is indented wrongly"},
	{"block sequence entries are not allowed in this context", noItem},
	{"found character that cannot start any token", "no value can start with this character; quote the text"},
	{"found incompatible YAML document", "leave out the line with %YAML"},
	{"did not find expected ',' or ']'", "a comma or ] was expected here"},
	{"did not find expected ',' or '}'", "a comma or } was expected here"},
	{"did not find expected node content", "a value was expected here"},
	{"found unexpected end of stream", "the quote is not closed"},
	{"found unknown escape character", `"" knows no such escape; use '' around text with a backslash`},
	{"found unexpected document indicator", "the quote is not closed"},
	{"found undefined tag handle", "YAML takes a ! for a tag; quote the text"},
	{"did not find expected tag URI", "YAML takes a ! for a tag; quote the text"},
	{"did not find expected alphabetic or numeric character", "YAML takes * for an alias and & for an anchor; quote the text"},
	{"did not find expected comment or line break", "only a comment can follow | or > on its line"},
	{"did not find expected <document start>", "this cannot follow the document; is the line indented as its neighbours are?"},
}

func plainWords(message string) string {
	for _, w := range words {
		if strings.Contains(message, w.said) {
			return w.plain
		}
	}
	return message
}
