package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// told is a writer that hands on what is written to it.
type told chan string

func (w told) Write(p []byte) (int, error) {
	w <- string(p)
	return len(p), nil
}

// TestSimIsServed serves a simulated CI, and asks it with the profile that it has printed.
func TestSimIsServed(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	profile, ended := make(told, 1), make(chan int, 1)
	m := thisMachine()
	m.stdin, m.stdout, m.stderr = strings.NewReader(""), profile, io.Discard
	m.getenv = func(string) string { return "" }
	go func() {
		ended <- Main(ctx, []string{"sim", "--listen", "127.0.0.1:0", "--scenario", "gap-of-three", "--seed", "3"}, m)
	}()
	file := filepath.Join(t.TempDir(), settingsFile)
	select {
	case text := <-profile:
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		agree(t, schemaOfSettings(t), file, []byte(text))
		if got := mozciRun(t, t.Context(), nil, "check", file); got.code != exitDone {
			t.Errorf("what it has printed has mistakes:\n%s%s", got.stdout, got.stderr)
		}
	case code := <-ended:
		t.Fatalf("it ended at once, with %d", code)
	}
	got := mozciRun(t, t.Context(), nil, "--config", file, "--db", "memory", "backfill", "--latest")
	if got.code != exitDone || !strings.Contains(got.stdout, "3 jobs would be asked for; nothing has been") {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if !strings.HasPrefix(got.stderr, "profile simulated, by "+file+"\n") {
		t.Errorf("the profile is not the one that was printed:\n%s", got.stderr)
	}
	stop()
	if code := <-ended; code != exitDone {
		t.Errorf("it ended with %d", code)
	}
}
