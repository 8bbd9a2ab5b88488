//go:build unix

package main

import (
	"path/filepath"
	"syscall"
	"testing"
)

// BenchmarkColdStart starts processes: one that checks the workflows that ship, of which 30 ms is aimed at, and one that runs a backfill
// on the simulated CI to its end. It says how much memory they had at most, too.
func BenchmarkColdStart(b *testing.B) {
	program := filepath.Join(b.TempDir(), "mozci-run")
	if out, err := build(program); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, bb := range []struct {
		name string
		args []string
	}{
		{"check", []string{"check"}},
		{"run", []string{"--profile", "sim", "--db", "memory", "--apply", "backfill"}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var most int64
			for b.Loop() {
				c := inHome(b.TempDir(), program, bb.args...)
				if out, err := c.CombinedOutput(); err != nil {
					b.Fatalf("%v\n%s", err, out)
				}
				if use, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
					most = max(most, use.Maxrss)
				}
			}
			b.ReportMetric(float64(most)/1024, "MiB") // Linux counts in KiB
		})
	}
}
