package yamldoc

import "strings"

// A source is a text, cut into lines as YAML cuts it.
type source struct {
	file  string
	lines []string
}

var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

func newSource(file, text string) *source {
	return &source{file: file, lines: strings.Split(lineBreaks.Replace(text), "\n")}
}

// line returns a line of the text, counted from 1, without its end; "" beyond the text.
func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return s.lines[n-1]
}

func (s *source) problem(line, column int, kind, message string) Problem {
	line, column = max(line, 1), max(column, 1)
	if line > len(s.lines) {
		line = len(s.lines)
		column = 1 + len([]rune(s.line(line)))
	}
	return Problem{File: s.file, Line: line, Column: column, Length: 1, Kind: kind, Message: message, Source: s.line(line)}
}

// SourceLine returns a line of the file that the node is from, counted from 1, without its end; "" beyond the file.
func (n *Node) SourceLine(line int) string { return n.src.line(line) }
