package yamldoc

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func mustParse(t *testing.T, text string) *Node {
	t.Helper()
	n, problems := Parse("a.yaml", []byte(text))
	for _, p := range problems {
		t.Fatal(p.Show())
	}
	return n
}

func TestParse(t *testing.T) {
	n := mustParse(t, "\uFEFFa: 1\nb: [x, 1.5, true, ~, 2025-03-01]\nc:\n  - 'it''s'\n  - |\n    one\n    two\n  -\nd: {e: yes}\n")
	var got []string
	var walk func(n *Node)
	walk = func(n *Node) {
		switch n.Kind {
		case Scalar:
			got = append(got, fmt.Sprintf("%d:%d %s %q", n.Line, n.Column, n.Type, n.Value))
		case Map:
			for _, e := range n.Entries {
				walk(e.Key)
				walk(e.Value)
			}
		case List:
			for _, i := range n.Items {
				walk(i)
			}
		}
	}
	walk(n)
	want := []string{
		`1:1 string "a"`, `1:4 int "1"`,
		`2:1 string "b"`, `2:5 string "x"`, `2:8 float "1.5"`, `2:13 bool "true"`, `2:19 nil "~"`, `2:22 time "2025-03-01"`,
		`3:1 string "c"`, `4:5 string "it's"`, `5:5 string "one\ntwo\n"`, `8:4 nil ""`,
		`9:1 string "d"`, `9:5 string "e"`, `9:8 string "yes"`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if n.Get("d").Get("e").Value != "yes" || n.Get("nothing") != nil || n.Get("a").Get("b") != nil {
		t.Error("Get does not find what is there, or finds what is not")
	}
}

func TestAt(t *testing.T) {
	for _, tt := range []struct {
		name, text   string
		line, column int
		want         string // "line:column", and the character there
	}{
		{"plain", "k: héllo + x", 1, 9, "1:12 x"},
		{"single", "k: 'it''s x'", 1, 6, "1:11 x"},
		{"double", `k: "a\"b\u00e9 x"`, 1, 6, "1:16 x"},
		{"literal", "k:\n  a: |\n    one\n\n     x\n", 3, 2, "5:6 x"},
		{"literal with its own indent", "k: |2\n    x\n", 1, 3, "2:5 x"},
		{"plain over lines", "k: a &&\n  b &&\n\n   x\n", 2, 1, "4:4 x"},
		{"double over lines", "k: \"a &&\n  b && x\"\n", 1, 11, "2:8 x"},
		{"folded is not known", "k: >\n  a\n  x\n", 1, 3, "no"},
		{"beyond", "k: abc\n", 1, 5, "no"},
		{"the end is a place", "k: abcx\n", 1, 4, "1:7 x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := mustParse(t, tt.text).Get("k")
			if n.Kind == Map {
				n = n.Get("a")
			}
			got := "no"
			if l, c, ok := n.At(tt.line, tt.column); ok {
				got = fmt.Sprintf("%d:%d %c", l, c, []rune(n.SourceLine(l))[c-1])
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"duplicate key", "a: 1\nb: 2\na: 3\n", "3:1: the key a is here twice; it was first given on line 1 [duplicate-key]"},
		{"alias", "a: &x 1\nb: *x\n", "1:4: anchors are not read here; leave out &x; if this is text, quote it: '&x 1' [yaml-anchor]|" +
			"2:4: aliases are not read here; write out what *x stands for; if this is text, quote it: '*x' [yaml-alias]"},
		{"an alias of nothing", "a: 1\nb: *nowhere\n", "2:4: YAML takes *nowhere for an alias, and aliases are not read here; if this is text, quote it: '*nowhere' [yaml-alias]"},
		{"merge key", "a: {b: 1}\nc:\n  <<: {d: 2}\n", "3:3: merge keys are not read here; write out what << stands for [yaml-merge]"},
		{"tag", "if: !done\n", "1:5: YAML takes !done for a tag, and tags are not read here; if this is text, quote it: '!done' [yaml-tag]"},
		{"tag before a call", "if: !any(x, y)\n", "1:5: YAML takes !any(x, for a tag, and tags are not read here; if this is text, quote it: '!any(x, y)' [yaml-tag]"},
		{"tab", "a:\n\tb: 1\n", "2:1: YAML is indented with spaces, and this is a tab [yaml-tab]"},
		{"quote that ends early", "a:\n  if: \"x\" in y\n  b: 1\n", "2:7: YAML ends a text that starts with \" at the next \"; quote the whole of it: '\"x\" in y' [yaml-syntax]"},
		{"colon within", "a: 1\nlet: a ? b : c\nd: 2\n", "2:6: YAML takes `: ` for the end of a key; quote the text: 'a ? b : c' [yaml-syntax]"},
		{"percent", "let: %a\n", "1:6: YAML keeps % at the start of a value for itself; quote the text: '%a' [yaml-syntax]"},
		{"flow that goes on", "let: [a, b] + c\n", "1:6: YAML reads a value that starts with [ as its own; if text was meant, quote it: '[a, b] + c' [yaml-syntax]"},
		{"far from the start of the map", "a: 1\nb: 2\nc: 3\n d: 4\ne: 5\n", "4:2: is this line indented as its neighbours are?"},
		{"second document", "a: 1\n---\nb: 2\n", "2:1: a second document starts here; a file holds one [yaml-document]"},
		{"control character", "a: b\x00c\n", "1:5: the character U+0000 cannot stand in a YAML file; save it as UTF-8 text [yaml-encoding]"},
		{"not UTF-8", "a: b\xff\n", "1:5: the byte 0xFF is not UTF-8; is the file in Latin-1 or Windows-1252, where it is ÿ? Save it as UTF-8, or: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW [yaml-encoding]"},
		{"not UTF-8, nor a letter elsewhere", "a: b\x81\n", "1:5: the byte 0x81 is not UTF-8; save the file as UTF-8 [yaml-encoding]"},
		{"the character for what could not be read", "a: \uFFFD\n", "1:4: the character U+FFFD cannot stand in a YAML file; save it as UTF-8 text [yaml-encoding]"},
		{"UTF-16", "\xff\xfea\x00:\x00 \x00b\x00\n\x00", "1:1: the file is in UTF-16, little-endian, and UTF-8 is read here; save it as UTF-8, or: iconv -f UTF-16LE -t UTF-8 FILE > NEW [yaml-encoding]"},
		{"UTF-16 of the other order, no mark, half a character at its end", "\x00a\x00:\x00 \x00b\x00", "1:1: the file is in UTF-16, big-endian, and UTF-8 is read here; save it as UTF-8, or: iconv -f UTF-16BE"},
		{"UTF-32", "\xff\xfe\x00\x00a\x00\x00\x00", "1:1: the file is in UTF-32, little-endian, and UTF-8 is read here; save it as UTF-8, or: iconv -f UTF-32LE"},
		{"map as key", "a: {{ b }}\n", "1:4: YAML takes {{ }} for a map within a map; if an expression was meant, write \"${{ b }}\" [yaml-key]"},
		{"too deep", strings.Repeat("[", 70) + strings.Repeat("]", 70), "1:66: maps and lists lie within one another more than 64 deep [yaml-bounds]"},
		{"bomb", "a: &a [x,x]\nb: &b [*a,*a]\n", "1:4: anchors"},
		{"merge of what is there", "a: &b {c: 1}\nd:\n  <<: *b\n", "1:4: anchors are not read here; leave out &b [yaml-anchor]|3:3: merge keys are not read here; write out what << stands for [yaml-merge]"},
		{"unquoted in a flow map", "with: {branch: {{ inputs.branch }}, job: a}\n", "1:16: YAML takes {{ }} for a map within a map; if an expression was meant, write \"${{ inputs.branch }}\" [yaml-key]"},
		{"unclosed map", "a: 1\nb: {c: 3\nd: 4\n", "2:4: this { is not closed: } is missing [yaml-syntax]"},
		{"unclosed list", "a: [b, c\nd: 4\n", "1:4: this [ is not closed: ] is missing [yaml-syntax]"},
		{"unclosed within another", "a: {b: [c, d}\ne: 4\n", "1:8: this [ is not closed: ] is missing [yaml-syntax]"},
		{"no comma", "a: {b: 'c' d: e}\n", "1:12: a comma or } was expected here [yaml-syntax]"},
		{"a dash within { }", "a: {b: - x, c: d}\n", "1:8: a list item cannot stand here; put the - on a line of its own, or quote the text [yaml-syntax]"},
		{"a dash after a key", "a: - x\n", "1:4: a list item cannot stand here; put the - on a line of its own, or quote the text [yaml-syntax]"},
		{"a map after a dash after a key", "a: - b: x\n", "1:4: a list item cannot stand here; put the - on a line of its own, or quote the text [yaml-syntax]"},
		{"question mark", "a: ? x\n", "1:4: YAML keeps ? at the start of a value for itself; quote the text: '? x' [yaml-syntax]"},
		{"comma", "a: , x\n", "1:4: YAML keeps , at the start of a value for itself; quote the text: ', x' [yaml-syntax]"},
		{"closing bracket", "a: ]\n", "1:4: YAML keeps ] at the start of a value for itself; quote the text: ']' [yaml-syntax]"},
		{"no space after the colon", "a:\n  - id:x\n    let: 1\n", "2:7: a space is missing after this colon [yaml-syntax]"},
		{"no space after the colon, next to last", "a:1\nb: 2\n", "1:2: a space is missing after this colon [yaml-syntax]"},
		{"no space after the dash", "a:\n  -id: x\n   let: 1\n", "2:3: a space is missing after this - [yaml-syntax]"},
		{"no colon", "a: 1\nsteps\n  - b: 1\n", "2:6: a colon is missing after this key, or the line is indented wrongly [yaml-syntax]"},
		{"deeper than its neighbour", "a:\n  - id: x\n     let: 1\n", "3:6: is this line indented as its neighbours are? A key cannot stand within the text of the line before it [yaml-syntax]"},
		{"question mark within { }", "given: {row: Row?, b: int}\n", "1:14: within { } and [ ] a text with ? has to be quoted: 'Row?' [yaml-syntax]"},
		{"question marks within [ ]", "a:\n  - [x ?? 1, b]\n", "2:6: within { } and [ ] a text with ? has to be quoted: 'x ?? 1' [yaml-syntax]"},
		{"directive", "%YAML 1.2\n---\na: 1\n", "1:9: leave out the line with %YAML [yaml-syntax]"},
		{"open quote", "a: 1\nb: \"abc\nc: 1\n", "2:4: the quote is not closed [yaml-syntax]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, problems := Parse("a.yaml", []byte(tt.text))
			var got []string
			for _, p := range problems {
				got = append(got, strings.TrimPrefix(p.Error(), "a.yaml:"))
			}
			if n != nil && len(got) > 0 {
				t.Error("a node and problems")
			}
			if g := strings.Join(got, "|"); !strings.HasPrefix(g, tt.want) || g != tt.want && strings.HasSuffix(tt.want, "]") {
				t.Errorf("got  %s\nwant %s", g, tt.want)
			}
		})
	}
}

func TestMisread(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"let: any(xs, # > 3)", "YAML takes everything from ` #` on for a comment; quote the text: 'any(xs, # > 3)'"},
		{"let: [1, 2]", "YAML takes [ ] for a list of its own; quote the text: '[1, 2]'"},
		{"{let: [1, 2], b: c}", "YAML takes [ ] for a list of its own; quote the text: '[1, 2]'"},
		{"let: {a: 1}", "YAML takes { } for a map of its own; quote the text: '{a: 1}'"},
		{"let:\n  - x + 1", "YAML takes - at the start for a list; quote the text: '- x + 1'"},
		{"let:\n  a ?b : c", "YAML takes what is before `: ` for a key; quote the text: 'a ?b : c'"},
		{"let: any(xs, .x)", ""},
		{"let: 'any(xs, # > 3)' # why", ""},
	} {
		if got := mustParse(t, tt.text).Get("let").Misread(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestQuote(t *testing.T) {
	for _, s := range []string{"", "a", "it's", `"x" in y`, "a\nb\t\\", "a ? b : c", " x ", "é\u2028\x01", "#"} {
		if got := mustParse(t, "k: "+Quote(s)).Get("k"); got.Value != s || got.Type != String {
			t.Errorf("%q becomes %s, which is %q", s, Quote(s), got.Value)
		}
	}
}

type tested struct {
	Name    string            `json:"name"`
	Every   time.Duration     `yaml:"every,omitempty"`
	At      *time.Time        `json:"at,omitempty"`
	Counts  []int             `json:"counts"`
	Labels  map[string]string `json:"labels,omitempty"`
	Nested  []struct{ X any } `json:"nested,omitempty"`
	Ratio   float64           `json:"ratio,omitempty"`
	Raw     *Node             `json:"raw,omitempty"`
	Ignored string            `json:"-"`
}

func TestDecodeAndEncode(t *testing.T) {
	text := `name: "007"
every: 1h30m
at: 2025-03-01T12:00:00Z
counts: [1, 0x10]
labels: {a: b}
nested:
  - x: {y: [null, 1.5, text]}
ratio: 2
raw: [1]
`
	var v tested
	if err := Unmarshal("a.yaml", []byte(text), &v); err != nil {
		t.Fatal(err)
	}
	if v.Name != "007" || v.Every != 90*time.Minute || v.At.Hour() != 12 || v.Counts[1] != 16 || v.Ratio != 2 || v.Raw.Kind != List {
		t.Errorf("got %+v", v)
	}
	if d := cmp.Diff(map[string]any{"y": []any{nil, 1.5, "text"}}, v.Nested[0].X); d != "" {
		t.Error(d)
	}
	out, err := Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	var again tested
	if err := Unmarshal("b.yaml", out, &again); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	v.Raw, again.Raw = nil, nil
	if d := cmp.Diff(v, again); d != "" {
		t.Errorf("what was written reads otherwise:\n%s", d)
	}
}

func TestDecodeProblems(t *testing.T) {
	text := "nmae: x\nname: 7\nevery: soon\ncounts: 3\nlabels: [a]\nratio: many\nzzz: 1\nat: {a: 1}\n"
	var v tested
	n := mustParse(t, text)
	var got []string
	for _, p := range Decode(n, &v) {
		got = append(got, p.Error())
	}
	want := []string{
		"a.yaml:1:1: there is no key nmae here; did you mean name? [unknown-key]",
		"a.yaml:2:7: text is wanted, and this is the int 7; quote it if it is text: '7' [wrong-type]",
		`a.yaml:3:8: a duration (90s, 15m, 6h) is wanted, and this is the text 'soon' [wrong-type]`,
		"a.yaml:4:9: a list is wanted, and this is the int 3 [wrong-type]",
		"a.yaml:5:9: a map is wanted, and this is a list [wrong-type]",
		"a.yaml:6:8: a number is wanted, and this is the text 'many' [wrong-type]",
		"a.yaml:7:1: there is no key zzz here; it may be name, every, at, counts, labels, nested, ratio, raw [unknown-key]",
		"a.yaml:8:5: a time (2025-03-01T12:00:00Z) is wanted, and this is a map [wrong-type]",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestShow(t *testing.T) {
	long := strings.Repeat("x", 200) + "HERE" + strings.Repeat("y", 200)
	for _, tt := range []struct {
		line           string
		column, length int
		want           string
	}{
		{"a: bad", 4, 3, "    a: bad\n       ^^^"},
		{"\ta: bad", 5, 3, "     a: bad\n        ^^^"},
		{"日本: bad", 5, 3, "    日本: bad\n          ^^^"},
		{"a: b", 5, 1, "    a: b\n        ^"},
		{"", 1, 1, "    \n    ^"},
	} {
		if got := Excerpt(tt.line, tt.column, tt.length); got != tt.want {
			t.Errorf("%q: got\n%s\nwant\n%s", tt.line, got, tt.want)
		}
	}
	for _, line := range strings.Split(Excerpt(long, 101, 300), "\n") {
		if n := len([]rune(line)); n > 110 {
			t.Errorf("%d characters of a long caret: %s", n, line)
		}
	}
	lines := strings.Split(Excerpt(long, 201, 4), "\n")
	at := strings.Index(lines[1], "^")
	if r := []rune(lines[0]); string(r[at:at+4]) != "HERE" || len(r) > 120 {
		t.Errorf("a long line is shown as\n%s", strings.Join(lines, "\n"))
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a: 1", "a: [1, {b: 'c'}]\n", "k: |\n  a\n b", "a: \"x\" in y", "a: &x [*x]", "? a\n: b", "--- a\n--- b", "a:\n\tb", "{", "a: *b", "!x", "a: >-\n  b\n\n  c", "%", "a: b: c", "- - - a", "\xff", "#"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, problems := Parse("f.yaml", []byte(text))
		if (n == nil) != (len(problems) > 0) {
			t.Fatalf("a node %v, and problems %v", n, problems)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Message == "" || p.Show() == "" {
				t.Fatalf("a problem without a place: %+v", p)
			}
		}
		if n != nil {
			visit(n)
			var v tested
			Decode(n, &v)
			if _, err := Encode(n.Any()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func visit(n *Node) {
	n.Misread()
	n.ProblemAt(1, 2, 1, "", "").Show()
	for _, e := range n.Entries {
		visit(e.Key)
		visit(e.Value)
	}
	for _, i := range n.Items {
		visit(i)
	}
}

// A line of any length is shown at once, and only the part around the caret.
func TestExcerptOfAHugeLine(t *testing.T) {
	line := strings.Repeat("x", 1<<21)
	for _, column := range []int{1, 1 << 20, 1 << 21} {
		got := Excerpt(line, column, 1<<20)
		if lines := strings.Split(got, "\n"); len(got) > 1000 || len(lines) != 2 || !strings.Contains(lines[1], "^") {
			t.Errorf("column %d: %d bytes: %.200s", column, len(got), got)
		}
	}
}
