package engine_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/engine"
)

// What can be no store is refused by name, with what to write, and nothing is made of it.
func TestCheckStore(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ where, want string }{
		{"runs.db", ""}, {"new/runs.db", ""}, {"memory", ""}, {`C:\runs.db`, ""}, {"a:b.db", ""},
		{"postgres://u@h/d", ""}, {"postgresql://u@h/d", ""},
		{"", `"" cannot be a store of runs: give a file, memory, or postgres://`},
		{"mysql://h/d", `"mysql://h/d" cannot be a store of runs: runs are kept in a file of SQLite (its path), in memory (memory), or in PostgreSQL (postgres://USER@HOST/DATABASE), and not in mysql`},
		{"MySQL://u:secret@h/d", `"mysql://u:xxxxx@h/d" `},
		{"mysql://u:s%zzecret@h/d", `"mysql://…@h/d" `},
		{"sqlite:///tmp/runs.db", "a file of SQLite is named by its path alone: /tmp/runs.db"},
		{"sqlite://", "a file of SQLite is named by its path alone: FILE"},
		{"file:runs.db", "a file of SQLite is named by its path alone: runs.db"},
		{":memory:", "write memory"},
		{"postgres:h", "PostgreSQL is named as postgres://"},
		{".", "it is a folder; name a file in it: runs.db"},
		{"folder", "it is a folder; name a file in it: folder/runs.db"},
		{"new/", "it is a folder; name a file in it: new/runs.db"},
	} {
		err := engine.CheckStore(tt.where)
		if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, engine.ErrStoreName) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%q: %v, want %s", tt.where, err, tt.want)
		}
		if tt.want == "" {
			continue
		}
		if _, opened := open(t, tt.where, false); opened == nil || opened.Error() != err.Error() {
			t.Errorf("%q is opened: %v", tt.where, opened)
		}
	}
	if left, _ := os.ReadDir("."); len(left) != 1 {
		t.Errorf("%v were made", left)
	}
}

func open(t *testing.T, where string, there bool) (*engine.Engine, error) {
	t.Helper()
	e, err := engine.Open(context.Background(), engine.Config{DB: where, There: there, Clock: &jumpClock{}, Random: strings.NewReader(strings.Repeat("x", 100))})
	if err == nil {
		t.Cleanup(func() { e.Close() })
	}
	return e, err
}

// Who only reads makes no store, and leaves a database of somebody else as it was.
func TestReadingMakesNoStore(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("runs.db", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", "places.sqlite")
	if err == nil {
		_, err = other.Exec("CREATE TABLE places (id INTEGER)")
	}
	if err := errors.Join(err, other.Close()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile("places.sqlite")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ where, want string }{
		{"runs.dbb", "runs.dbb: there is no such store of runs; did you mean runs.db?"},
		{"nowhere/kept.db", "nowhere/kept.db: there is no such store of runs; a run makes it, and what only reads does not"},
		{"places.sqlite", "places.sqlite: there is no such store of runs: no run has ever been kept in this database"},
	} {
		if _, err := open(t, tt.where, true); !errors.Is(err, engine.ErrNoStore) || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.where, err, tt.want)
		}
	}
	if after, err := os.ReadFile("places.sqlite"); err != nil || string(after) != string(before) {
		t.Errorf("a database of somebody else is not as it was: %v", err)
	}
	left, err := filepath.Glob("*")
	if err != nil || len(left) != 2 {
		t.Errorf("%v is there: %v", left, err)
	}
	for _, file := range []string{freshDB(t), "runs.db"} { // the second is what a kill leaves that comes before there are tables
		if _, err := open(t, file, true); err != nil {
			t.Error(err)
		}
	}
}

// What is wrong with a store's file is told with the file's name: whether all of it is damaged, or a part that is met later.
func TestADamagedStoreIsNamed(t *testing.T) {
	dir := t.TempDir()
	good := freshDB(t)
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	damaged := append([]byte{}, data...)
	for i := 4096; i < len(damaged); i++ {
		damaged[i] ^= 0x5a
	}
	for name, content := range map[string][]byte{"text.db": []byte(strings.Repeat("this is no database\n", 100)), "damaged.db": damaged} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, there := range []bool{true, false} {
			_, err := open(t, path, there)
			if err == nil || !strings.HasPrefix(err.Error(), "opening the store of runs "+path+": ") || errors.Is(err, engine.ErrNoStore) || errors.Is(err, engine.ErrStoreName) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	e, err := open(t, good, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(good, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := e.List(context.Background(), 0); err == nil || !strings.Contains(err.Error(), "the store of runs "+good+": ") {
		t.Errorf("a store that is damaged while it is open: %v", err)
	}
}
