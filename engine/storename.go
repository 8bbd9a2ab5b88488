package engine

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/mozci/mozci-run/schemas"
)

// InMemory names the store that leaves nothing.
const InMemory = "memory"

var (
	// ErrStoreName is the error of a name that can be no store's.
	ErrStoreName = errors.New("cannot be a store of runs")
	// ErrNoStore is the error of a store that was to be read, and is not there.
	ErrNoStore = errors.New("there is no such store of runs")
)

// CheckStore says whether where can name a store: the path of a file, which need not be there, "memory", or a postgres:// URL. The error is an
// [ErrStoreName], and says what to write instead.
func CheckStore(where string) error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%q %w: %s", ShownStore(where), ErrStoreName, fmt.Sprintf(format, args...))
	}
	switch scheme, rest := schemeOf(where); {
	case where == "":
		return wrong("give a file, memory, or postgres://USER@HOST/DATABASE")
	case isPostgres(where), where == InMemory:
		return nil
	case where == ":memory:":
		return wrong("write memory")
	case scheme == "sqlite" || scheme == "sqlite3" || scheme == "file":
		return wrong("a file of SQLite is named by its path alone: %s", cmp.Or(rest, "FILE"))
	case scheme == "postgres" || scheme == "postgresql":
		return wrong("PostgreSQL is named as postgres://USER@HOST/DATABASE")
	case scheme != "":
		return wrong("runs are kept in a file of SQLite (its path), in memory (memory), or in PostgreSQL (postgres://USER@HOST/DATABASE), and not in %s", scheme)
	}
	if info, err := os.Stat(where); err == nil && info.IsDir() || strings.HasSuffix(where, "/") || strings.HasSuffix(where, string(filepath.Separator)) {
		return wrong("it is a folder; name a file in it: %s", filepath.Join(where, "runs.db"))
	}
	return nil
}

// FindStore says whether a store can be looked for under a name: CheckStore, and that the file of a name that is a file's is there. The error is
// then an [ErrNoStore].
func FindStore(where string) error {
	if err := CheckStore(where); err != nil || where == InMemory || isPostgres(where) {
		return err
	}
	return noStore(where)
}

func isPostgres(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}

// schemed are names that are written as URLs: with a scheme of two letters at least, since C:\runs.db is a path.
var schemed = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]+):(//)?(.*)$`)

// schemeOf takes the scheme off a name that is written as a URL; empty where it is none. A colon alone makes a URL of those schemes
// only that people use with one.
func schemeOf(where string) (scheme, rest string) {
	m := schemed.FindStringSubmatch(where)
	if m == nil {
		return "", ""
	}
	scheme = strings.ToLower(m[1])
	switch scheme {
	case "sqlite", "sqlite3", "file", "postgres", "postgresql":
		return scheme, m[3]
	}
	if m[2] == "" {
		return "", ""
	}
	return scheme, m[3]
}

// ShownStore is the name of a store as it may be shown: without a password.
func ShownStore(where string) string {
	if u, err := url.Parse(where); err == nil && u.User != nil {
		return u.Redacted()
	}
	if scheme, rest := schemeOf(where); scheme != "" && strings.Contains(rest, "@") { // no URL, and yet there may be a password in it
		return scheme + "://…" + rest[strings.LastIndex(rest, "@"):]
	}
	return where
}

// noStore is the error of a file that is to be read, and is not there: with the name of one beside it that is nearly called so.
func noStore(file string) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return nil // there is one, or why there is none is found when it is opened
	}
	var names []string
	beside, _ := os.ReadDir(filepath.Dir(file)) // where there is no folder there is nothing to guess
	for _, e := range beside {
		if e.Type().IsRegular() && !strings.HasSuffix(e.Name(), "-wal") && !strings.HasSuffix(e.Name(), "-shm") {
			names = append(names, e.Name())
		}
	}
	if near := schemas.Nearest(filepath.Base(file), names); near != "" {
		return fmt.Errorf("%s: %w; did you mean %s?", file, ErrNoStore, filepath.Join(filepath.Dir(file), near))
	}
	return fmt.Errorf("%s: %w; a run makes it, and what only reads does not", file, ErrNoStore)
}
