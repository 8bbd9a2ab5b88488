package main

import (
	"strings"
	"testing"

	"github.com/mozci/mozci-run/sources/ci"
)

// stripOf reads a strip as it is drawn.
func stripOf(s string) strip {
	var out strip
	for _, l := range strings.Fields(s) {
		verdict := "?!"
		for name, v := range letters {
			if v.letter == l {
				verdict = name
			}
		}
		out.rows, out.verdicts = append(out.rows, ci.Row{}), append(out.verdicts, verdict)
	}
	return out
}

func TestStripMarksWhatLiesBetween(t *testing.T) {
	rows := []struct{ strip, marks string }{
		{"F . . P", "! ~ ~ ^"},
		{"F F . P", "  ! ~ ^"},
		{"F x F P", "  ~ ! ^"},
		{"F ? - I P", "! ~     ^"},
		{"F . .", ""},
		{"F P F P", "! ^"},
		{"P . P", ""},
		{". F . P", "  ! ~ ^"},
		{"P P", ""},
		{"", ""},
	}
	for _, r := range rows {
		line, marks := stripOf(r.strip).draw(&painter{}, 80)
		if line != r.strip || marks != r.marks {
			t.Errorf("%q was drawn as %q with marks %q, want %q", r.strip, line, marks, r.marks)
		}
	}
}

func TestStripFitsTheTerminal(t *testing.T) {
	line, marks := stripOf("F . . . . . . . . P").draw(&painter{}, 12)
	if line != "F........P" || marks != "!~~~~~~~~^" {
		t.Errorf("got %q and %q", line, marks)
	}
}
