package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mozci/mozci-run/engine"
)

// inMemory is the database that leaves nothing.
const inMemory = engine.InMemory

// database is where runs are kept: what --db names, or a file in the user's state directory. The folder of a file is made.
func (c *command) database() (string, error) {
	file := c.flags.db
	if file == inMemory || strings.Contains(file, "://") {
		return file, nil
	}
	if file == "" {
		var err error
		if file, err = c.usualDatabase(); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", fmt.Errorf("making the folder for runs: %w; mozci-run --db FILE keeps them elsewhere, and mozci-run --db memory nowhere", err)
	}
	return file, nil
}

// usualDatabase is the file in the user's state directory.
func (c *command) usualDatabase() (string, error) {
	dir := c.m.getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) { // the standard says that a relative path is no path
		home := c.m.getenv("HOME")
		if home == "" {
			return "", usage("set HOME or XDG_STATE_HOME, or give --db FILE or --db memory", "there is no folder to keep runs in")
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "mozci-run", "runs.db"), nil
}

// kept is where runs are read from: what --db names, which then has to be there, or the file in the user's state directory, which is empty where no run
// has been kept yet. Nothing is made.
func (c *command) kept() (db string, there bool, err error) {
	switch c.flags.db {
	case inMemory:
		return "", false, usage("leave out --db, or name the file that the run was kept in", "--db memory leaves nothing that could be read")
	case "":
		file, err := c.usualDatabase()
		if _, missing := os.Stat(file); errors.Is(missing, fs.ErrNotExist) {
			return inMemory, false, err
		}
		return file, true, err
	}
	return c.flags.db, true, nil
}

// besides is the store beside which a simulated CI is kept, for commands that only ask: one that --db names has to be there.
func (c *command) besides() (string, error) {
	if c.flags.db == "" {
		return c.database()
	}
	return c.flags.db, storeError(engine.FindStore(c.flags.db))
}

// storeError says what to do about a store that is named wrongly.
func storeError(err error) error {
	if errors.Is(err, engine.ErrStoreName) || errors.Is(err, engine.ErrNoStore) {
		return usage("--db FILE names the file in which runs are kept; without --db it is one in your state directory", "--db: %w", err)
	}
	return err
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
