package main

import (
	"strings"
	"testing"
)

func TestFit(t *testing.T) {
	rows := []struct {
		text  string
		width int
		want  string
	}{
		{"short", 80, "short"},
		{"exactly", 8, "exactly"},
		{"a longer text", 8, "a long…\x1b[0m"},
		{"unknown width", 0, "unknown width"},
		{"\x1b[31mred\x1b[0m", 5, "\x1b[31mred\x1b[0m"},
		{"\x1b[31mredder\x1b[0m", 5, "\x1b[31mred…\x1b[0m"},
	}
	for _, r := range rows {
		if got := fit(r.text, r.width); got != r.want {
			t.Errorf("fit(%q, %d) = %q, want %q", r.text, r.width, got, r.want)
		}
	}
}

func TestPainter(t *testing.T) {
	rows := []struct {
		name string
		p    *painter
		want string
	}{
		{"a terminal draws live lines anew", &painter{live: true}, "one\n\x1b[1A\x1b[2Ktwo\nthree\n\x1b[1A\x1b[2K\x1b[1A\x1b[2Kabove\ntwo\nthree\n\x1b[1A\x1b[2K\x1b[1A\x1b[2K"},
		{"elsewhere there are none", &painter{}, "above\n"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			var b strings.Builder
			p := r.p
			p.w, p.columns = &b, func() int { return 80 }
			p.show("one")
			p.show("two", "three")
			p.line("above")
			p.show()
			if b.String() != r.want {
				t.Errorf("got %q, want %q", b.String(), r.want)
			}
		})
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
