package main

import "testing"

func TestRepeatable(t *testing.T) {
	const next = "mozci-run runs approve k7qw, then mozci-run runs resume k7qw"
	for _, r := range []struct{ config, db, want string }{
		{"", "", next},
		{"", "memory", next},
		{"ci/mozci.yaml", "", "mozci-run --config ci/mozci.yaml runs approve k7qw, then mozci-run --config ci/mozci.yaml runs resume k7qw"},
		{"", "my runs.db", "mozci-run --db 'my runs.db' runs approve k7qw, then mozci-run --db 'my runs.db' runs resume k7qw"},
		{"", "it's.db", `mozci-run --db 'it'\''s.db' runs approve k7qw, then mozci-run --db 'it'\''s.db' runs resume k7qw`},
		{"", "postgres://me:secret@db.example.org/runs", "mozci-run --db postgres://db.example.org/runs runs approve k7qw, then mozci-run --db postgres://db.example.org/runs runs resume k7qw"},
	} {
		c := &command{flags: flags{config: r.config, db: r.db}}
		if got := c.repeatable(next); got != r.want {
			t.Errorf("--config %q --db %q: got %s, want %s", r.config, r.db, got, r.want)
		}
	}
}
