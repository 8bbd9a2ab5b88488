package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// inMemory is the database that leaves nothing.
const inMemory = "memory"

// database is where runs are kept: what --db names, or a file in the user's state directory, whose folder is made.
func (c *command) database() (string, error) {
	if c.flags.db != "" {
		return c.flags.db, nil
	}
	dir := c.m.getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) { // the standard says that a relative path is no path
		home := c.m.getenv("HOME")
		if home == "" {
			return "", usage("set HOME or XDG_STATE_HOME, or give --db FILE or --db memory", "there is no folder to keep runs in")
		}
		dir = filepath.Join(home, ".local", "state")
	}
	dir = filepath.Join(dir, "mozci-run")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", usage("give --db FILE or --db memory", "making the folder for runs: %w", err)
	}
	return filepath.Join(dir, "runs.db"), nil
}

// journalBeside is the file that keeps what a simulated CI was asked to do, beside the database of runs: a run that was
// killed finds its jobs again. It is empty where the database leaves nothing, or is no file.
func journalBeside(db, scenario string, seed int) string {
	if db == inMemory || strings.Contains(db, "://") {
		return ""
	}
	name := strings.TrimSuffix(filepath.Base(scenario), filepath.Ext(scenario))
	return fmt.Sprintf("%s.sim-%s-%d", db, name, seed)
}
