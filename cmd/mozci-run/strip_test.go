package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
		want := []string{}
		for _, l := range []string{r.strip, r.marks} {
			if l != "" {
				want = append(want, l)
			}
		}
		if diff := cmp.Diff(want, append([]string{}, stripOf(r.strip).draw(&painter{}, 80)...)); diff != "" {
			t.Errorf("%q: %s", r.strip, diff)
		}
	}
}

func TestStripFitsTheTerminal(t *testing.T) {
	rows := []struct {
		name, strip, intermittent string
		width                     int
		want                      []string
	}{
		{"with a space between", "F . . P", "", 7, []string{"F . . P", "! ~ ~ ^"}},
		{"without", "F . . . P", "", 8, []string{"F...P", "!~~~^"}},
		{"what is older than the last good push is left out", "F . . P P P P P", "", 4, []string{"F..P", "!~~^", "and 4 older"}},
		{"in several rows", "F . . . F F . P P", "", 3, []string{"F..", " ~~", ".FF", "~ !", ".P", "~^", "and 1 older"}},
		{"without a last good push nothing is left out", "F . . F .", "", 3, []string{"F..", "F."}},
		{"one cell", "F P", "", 1, []string{"F", "!", "P", "^"}},
		{"of unknown width", "F . P", "", 0, []string{"F . P", "! ~ ^"}},
		{"intermittent, which bounds nothing", "F I . P", "", 80, []string{"F I . P", "!   ~ ^"}},
		{"intermittent, taken as passed", "F I . P", "passed", 80, []string{"F I . P", "! ^"}},
		{"intermittent, taken as failed", "F I . P", "failed", 80, []string{"F I . P", "  ! ~ ^"}},
	}
	for _, r := range rows {
		s := stripOf(r.strip)
		s.intermittent = r.intermittent
		if diff := cmp.Diff(r.want, s.draw(&painter{}, r.width)); diff != "" {
			t.Errorf("%s: %s", r.name, diff)
		}
	}
}

func TestLegendExplainsOnce(t *testing.T) {
	known := map[string]bool{}
	for _, r := range []struct{ strip, want string }{
		{"F . P", "F failed, P passed, . missing; ! first bad, ~ no answer yet, ^ last good; newest first"},
		{"F ? P", "? unsettled"},
		{"F P P", ""},
	} {
		if got := stripOf(r.strip).legend(known); got != r.want {
			t.Errorf("%q: got %q, want %q", r.strip, got, r.want)
		}
	}
	if got, want := stripOf("F -").legend(nil), "F failed, - not runnable; newest first"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
