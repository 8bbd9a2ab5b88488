package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// A color is how a terminal is told to write what follows.
type color string

const (
	noColor color = ""
	red     color = "31"
	green   color = "32"
	yellow  color = "33"
	cyan    color = "36"
	bold    color = "1"
	dim     color = "2"
)

// A painter writes lines. On a terminal it keeps a few live lines below them, which it draws anew whenever they
// change; elsewhere these are not written at all.
type painter struct {
	w       io.Writer
	live    bool // whether live lines are drawn
	colored bool
	columns func() int

	mu    sync.Mutex
	below []string // the live lines as they stand
}

// painter makes one for a stream.
func (c *command) painter(w io.Writer) *painter {
	terminal := c.m.terminal(w) && c.m.getenv("TERM") != "dumb"
	return &painter{w: w, live: terminal, colored: terminal && c.m.getenv("NO_COLOR") == "", columns: c.m.columns}
}

// paint colors a text, where there are colors.
func (p *painter) paint(c color, s string) string {
	if !p.colored || c == noColor || s == "" {
		return s
	}
	return "\x1b[" + string(c) + "m" + s + "\x1b[0m"
}

// line writes a line above the live ones.
func (p *painter) line(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	fmt.Fprintf(p.w, format+"\n", args...)
	p.draw()
}

// show replaces the live lines.
func (p *painter) show(lines ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.below = lines
	p.draw()
}

func (p *painter) erase() {
	if p.live && len(p.below) > 0 {
		fmt.Fprint(p.w, strings.Repeat("\x1b[1A\x1b[2K", len(p.below)))
	}
}

func (p *painter) draw() {
	if !p.live {
		return
	}
	for _, l := range p.below {
		fmt.Fprintln(p.w, fit(l, p.columns()))
	}
}

// fit cuts a line to a width, so that it takes one line of the terminal. Colors take no room. A width of 0 is unknown.
func fit(s string, width int) string {
	if width <= 0 {
		return s
	}
	var b strings.Builder
	room, escape := width-1, false
	for i, r := range s {
		switch {
		case r == '\x1b':
			escape = true
		case escape:
			escape = r != 'm'
		case room == 0:
			return b.String() + "\x1b[0m"
		case room == 1 && utf8.RuneCountInString(visible(s[i:])) > 1:
			b.WriteRune('…')
			room--
			continue
		default:
			room--
		}
		b.WriteRune(r)
	}
	return b.String()
}

// visible drops colors.
func visible(s string) string {
	var b strings.Builder
	escape := false
	for _, r := range s {
		switch {
		case r == '\x1b':
			escape = true
		case escape:
			escape = r != 'm'
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
