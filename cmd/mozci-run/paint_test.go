package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestPainter(t *testing.T) {
	rows := []struct {
		name string
		live bool
		want string
	}{
		{"a terminal draws live lines anew", true, "one\n" + up(1) + "two\nthree\n" + up(2) + "above\ntwo\nthree\n" + up(2)},
		{"elsewhere there are none", false, "above\n"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			var b strings.Builder
			p := &painter{w: &b, live: r.live, size: func() (int, int) { return 80, 24 }}
			p.show(item{"", "one"})
			p.show(item{"", "two"}, item{"", "three"})
			p.show(item{"", "two"}, item{"", "three"}) // nothing has changed
			p.line("above")
			p.show()
			if b.String() != r.want {
				t.Errorf("got %q, want %q", b.String(), r.want)
			}
		})
	}
}

func up(rows int) string { return fmt.Sprintf("\r\x1b[%dA\x1b[J", rows) }

func TestLiveLinesFitTheTerminalAsItIs(t *testing.T) {
	columns, lines := 11, 24
	var b strings.Builder
	p := &painter{w: &b, live: true, size: func() (int, int) { return columns, lines }}
	steps := []struct {
		name string
		do   func()
		want string
	}{
		{"broken between words, and cut where a word is too long", func() { p.show(item{"- ", "one twenty incomprehensible"}) }, "- one\n  twenty\n  incompr…\n"},
		{"narrower: the terminal has broken two of the rows", func() { columns = 6; p.show(item{"", "end"}) }, up(5) + "end\n"},
		{"wider: what was broken stays so", func() { columns = 80; p.show(item{"", "wide"}) }, up(1) + "wide\n"},
		{"lower: the last rows are drawn", func() { lines = 3; p.show(item{"", "1"}, item{"", "2"}, item{"", "3"}) }, up(1) + "2\n3\n"},
		{"a terminal that knows no size has 80 columns", func() { columns, lines = 0, 0; p.show(item{"", strings.Repeat("x", 90)}) }, up(2) + strings.Repeat("x", 78) + "…\n"},
	}
	for _, s := range steps {
		b.Reset()
		s.do()
		if b.String() != s.want {
			t.Errorf("%s: got %q, want %q", s.name, b.String(), s.want)
		}
	}
}

func TestPainterOf(t *testing.T) {
	rows := []struct {
		name          string
		terminal      bool
		env           map[string]string
		live, colored bool
	}{
		{"a terminal", true, nil, true, true},
		{"a pipe", false, nil, false, false},
		{"no color", true, map[string]string{"NO_COLOR": "1"}, true, false},
		{"a terminal that cannot draw", true, map[string]string{"TERM": "dumb"}, false, false},
		{"the log of a CI", true, map[string]string{"CI": "true"}, false, true},
		{"no CI", true, map[string]string{"CI": "false"}, true, true},
	}
	for _, r := range rows {
		m := testMachine(r.env)
		m.terminal = func(any) bool { return r.terminal }
		p := (&command{m: m}).painter(m.stderr)
		if p.live != r.live || p.colored != r.colored {
			t.Errorf("%s: live %t and colored %t, want %t and %t", r.name, p.live, p.colored, r.live, r.colored)
		}
	}
}

func TestPaint(t *testing.T) {
	if got := (&painter{colored: true}).paint(red, "F"); got != "\x1b[31mF\x1b[0m" {
		t.Errorf("got %q", got)
	}
	if got := (&painter{}).paint(red, "F"); got != "F" {
		t.Errorf("without colors, got %q", got)
	}
}
