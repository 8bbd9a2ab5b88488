package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
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

// A painter writes lines. On a terminal a line that is longer than the terminal is wide goes on below, indented; and a
// few live lines stand below all others, and are drawn anew whenever they change. Elsewhere a line stays one line, however
// long, and live lines are not written at all.
type painter struct {
	w       io.Writer
	live    bool                       // whether it is a terminal that draws
	colored bool                       //
	size    func() (columns, rows int) // of the terminal as it is now; 0 for what is not known

	mu    sync.Mutex
	below []item // the live lines as they were shown
	drawn []int  // how many cells each of their rows took
	width int    // for which they were drawn
}

// An item is a line. What goes on below it is indented as far as its lead is wide.
type item struct{ lead, text string }

// painter makes one for a stream. A CI's log may say that it is a terminal, and keeps every line that is drawn over.
func (c *command) painter(w io.Writer) *painter {
	terminal := c.m.terminal(w) && c.m.getenv("TERM") != "dumb"
	return &painter{
		w: w, live: terminal && !c.inCI(), colored: terminal && c.m.getenv("NO_COLOR") == "",
		size: func() (int, int) { return c.m.size(w) },
	}
}

// inCI says whether a CI has started the command: nobody is there to answer.
func (c *command) inCI() bool { return !slices.Contains([]string{"", "0", "false"}, c.m.getenv("CI")) }

// paint colors a text, where there are colors.
func (p *painter) paint(c color, s string) string {
	if !p.colored || c == noColor || s == "" {
		return s
	}
	return "\x1b[" + string(c) + "m" + s + "\x1b[0m"
}

// line writes a line above the live ones. What goes on below it is indented by two more than it is itself.
func (p *painter) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	rest := strings.TrimLeft(text, " ")
	p.put(item{text[:len(text)-len(rest)], rest}, 2)
}

// write writes an item above the live lines.
func (p *painter) write(i item) { p.put(i, 0) }

func (p *painter) put(i item, further int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	width := 0
	if p.live {
		width, _ = p.room()
	}
	var b strings.Builder
	p.erase(&b)
	for _, row := range p.rows(i, further, width) {
		b.WriteString(row + "\n")
	}
	p.draw(&b)
	io.WriteString(p.w, b.String())
}

// rows lays an item out, what goes on below it indented further than its lead is wide. A text of several lines has them one below the other.
func (p *painter) rows(i item, further, width int) []string {
	lead, indent := printable(i.lead, p.colored), cells(i.lead)
	var rows []string
	for n, text := range strings.Split(strings.TrimRight(i.text, "\n"), "\n") {
		if n > 0 {
			lead = strings.Repeat(" ", indent)
		}
		rows = append(rows, layout(lead, printable(text, p.colored), indent+further, width)...)
	}
	return rows
}

// show replaces the live lines.
func (p *painter) show(below ...item) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if width, _ := p.room(); width == p.width && slices.Equal(below, p.below) {
		return
	}
	var b strings.Builder
	p.erase(&b)
	p.below = below
	p.draw(&b)
	io.WriteString(p.w, b.String())
}

// freshLine takes off the terminal what it has echoed after the live lines: ^C.
func (p *painter) freshLine() {
	p.show()
	if p.live {
		io.WriteString(p.w, "\r\x1b[J")
	}
}

// room is how many cells a row may have, and how many rows may be drawn over: a row less than there are, for the cursor.
func (p *painter) room() (columns, rows int) {
	columns, rows = p.size()
	if columns <= 0 {
		columns = 80
	}
	if rows <= 0 {
		rows = 24
	}
	return max(1, columns-1), max(1, rows-1)
}

// erase takes the live lines off the terminal. Where it has become narrower since they were drawn, their rows were broken.
func (p *painter) erase(b *strings.Builder) {
	if !p.live || len(p.drawn) == 0 {
		return
	}
	width, _ := p.room()
	rows := 0
	for _, n := range p.drawn {
		rows += 1 + max(0, n-1)/(width+1)
	}
	fmt.Fprintf(b, "\r\x1b[%dA\x1b[J", rows)
	p.drawn = nil
}

// draw writes the live lines, each of their rows cut to the width of the terminal; where they are too many, the last.
func (p *painter) draw(b *strings.Builder) {
	if !p.live {
		return
	}
	width, height := p.room()
	p.width = width
	var rows []string
	for _, i := range p.below {
		rows = append(rows, p.rows(i, 0, width)...)
	}
	for _, row := range rows[max(0, len(rows)-height):] {
		row = fit(row, width)
		p.drawn = append(p.drawn, cells(row))
		b.WriteString(row + "\n")
	}
}
