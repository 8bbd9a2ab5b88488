package sources

import "testing"

func TestRedact(t *testing.T) {
	for _, r := range []struct{ raw, want string }{
		{"https://h.example/a?b=c", "https://h.example/a?b=c"},
		{"https://somebody:secret@h.example/a", "https://h.example/a"},
		{"https://somebody:se/cret@h.example/a?b=@", "https://h.example/a?b=@"},
		{"https://h.example/a?token=secret&b=c", "https://h.example/a?b=c&token=REDACTED"},
		{"no URL: %zz", "no URL: %zz"},
	} {
		if got := Redact(r.raw); got != r.want {
			t.Errorf("%s: got %s, want %s", r.raw, got, r.want)
		}
	}
}
