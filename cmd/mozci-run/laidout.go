package main

import (
	"bytes"
	"io"
	"strings"
)

// laidOut is stdout for texts that others write, line by line: on a terminal each line is laid out, elsewhere it is left as it
// is. What goes on below is indented by so many cells more than its line is. Every line has to end.
func (c *command) laidOut(further int) io.Writer {
	p := c.painter(c.m.stdout)
	if !p.live {
		return c.m.stdout
	}
	return &lineWriter{p: p, further: further}
}

// A lineWriter hands whole lines to a painter.
type lineWriter struct {
	p       *painter
	further int
	rest    []byte
}

func (w *lineWriter) Write(b []byte) (int, error) {
	w.rest = append(w.rest, b...)
	for {
		line, rest, whole := bytes.Cut(w.rest, []byte("\n"))
		if !whole {
			return len(b), nil
		}
		text := strings.ReplaceAll(string(line), "\t", "    ")
		words := strings.TrimLeft(text, " ")
		w.p.put(item{text[:len(text)-len(words)], words}, w.further)
		w.rest = rest
	}
}

// table writes rows of as many cells each, one below the other; the last cell may go on below.
func (p *painter) table(rows [][]string) {
	var wide []int
	for _, row := range rows {
		for i, text := range row[:len(row)-1] {
			if len(wide) == i {
				wide = append(wide, 0)
			}
			wide[i] = max(wide[i], cells(text))
		}
	}
	for _, row := range rows {
		lead := ""
		for i, n := range wide {
			lead += row[i] + strings.Repeat(" ", n-cells(row[i])+2)
		}
		p.write(item{lead, row[len(wide)]})
	}
}
