package schemas_test

import (
	"testing"

	"github.com/mozci/mozci-run/schemas"
)

func TestNearest(t *testing.T) {
	names := []string{"require", "requests", "with", "timeout", "on_timeout", "if", "id", "on", "run"}
	for _, tt := range []struct{ got, want string }{
		{"requires", "require"},
		{"reqiure", "require"},
		{"wtih", "with"},
		{"onTimeout", "on_timeout"},
		{"time_out", "timeout"},
		{"fi", "if"},
		{"requirement", "require"},
		{"env", ""},
		{"True", ""},
		{"whatever", ""},
		{"", ""},
		{"x", ""},
	} {
		if got := schemas.Nearest(tt.got, names); got != tt.want {
			t.Errorf("Nearest(%q) = %q, want %q", tt.got, got, tt.want)
		}
	}
}
