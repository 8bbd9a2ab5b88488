package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkColdCheck is mozci-run check on the workflows that ship, the start of the process included. (The aim is 30 ms.)
func BenchmarkColdCheck(b *testing.B) {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	program := filepath.Join(b.TempDir(), "mozci-run") // the test binary is mozci-run under this name
	if err := os.Symlink(self, program); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		cmd := exec.Command(program, "check", "--profile", "mozilla")
		cmd.Dir = "../.."
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
}
