package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite" // SQLite, for DBOS and for the tables of our own
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// The tables of our own lie beside DBOS's in the same database: what a run was started with and how it ended, which
// processes are alive, the ledger of effects, and what people have approved. Times in them are microseconds since
// 1970: `wall` ones of this machine's clock, the others of the profile's.
const tables = `
CREATE TABLE IF NOT EXISTS mozci_runs (
	id TEXT PRIMARY KEY, workflow TEXT NOT NULL, bundle TEXT NOT NULL, inputs TEXT NOT NULL, event TEXT NOT NULL,
	profile TEXT NOT NULL, started TEXT NOT NULL, apply BIGINT NOT NULL, again BIGINT NOT NULL,
	status TEXT NOT NULL, ended TEXT NOT NULL, owner TEXT NOT NULL, attempt BIGINT NOT NULL, cancelled TEXT NOT NULL,
	started_at BIGINT NOT NULL, ended_at BIGINT NOT NULL, wall BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS mozci_executors (
	id TEXT PRIMARY KEY, host TEXT NOT NULL, beat BIGINT NOT NULL, started BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS mozci_ledger (
	key TEXT NOT NULL, ordinal BIGINT NOT NULL, run TEXT NOT NULL, step TEXT NOT NULL, owner TEXT NOT NULL,
	state TEXT NOT NULL, effect TEXT NOT NULL, branch TEXT NOT NULL, revision TEXT NOT NULL, job TEXT NOT NULL,
	jobs BIGINT NOT NULL, base TEXT NOT NULL, unit TEXT NOT NULL, at BIGINT NOT NULL, until BIGINT NOT NULL,
	expires BIGINT NOT NULL, tries BIGINT NOT NULL, request TEXT NOT NULL, link TEXT NOT NULL, reason TEXT NOT NULL,
	PRIMARY KEY (key, ordinal)
);
CREATE INDEX IF NOT EXISTS mozci_ledger_job ON mozci_ledger (branch, job);
CREATE INDEX IF NOT EXISTS mozci_ledger_run ON mozci_ledger (run);
CREATE TABLE IF NOT EXISTS mozci_approvals (
	run TEXT NOT NULL, step TEXT NOT NULL, message TEXT NOT NULL, answer TEXT NOT NULL, person TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (run, step)
)`

// A store is the database in which runs are kept. It is safe for use by any number of goroutines and processes.
type store struct {
	db       *sql.DB
	dsn      string // of SQLite; empty for PostgreSQL
	postgres string // the URL; empty for SQLite
	pool     *pgxpool.Pool
}

var memories atomic.Int64 // databases in memory have names, so that two of one process are two

// openStore opens the database: the path of a SQLite file (its folder is made), "memory", or a postgres:// URL.
func openStore(ctx context.Context, where string) (*store, error) {
	s := &store{}
	switch {
	case where == "":
		return nil, errors.New("opening the store of runs: no database is named; give a file, memory, or a postgres:// URL")
	case strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://"):
		s.postgres = where
	case where == "memory":
		s.dsn = sqliteDSN(fmt.Sprintf("file:/mozci-run-%d?vfs=memdb", memories.Add(1)))
	default:
		if err := os.MkdirAll(filepath.Dir(where), 0o700); err != nil {
			return nil, fmt.Errorf("opening the store of runs: %w; mozci-run --db FILE keeps them elsewhere", err)
		}
		s.dsn = sqliteDSN("file:" + (&url.URL{Path: where}).EscapedPath() + "?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)")
	}
	if err := s.open(ctx); err != nil {
		return nil, fmt.Errorf("opening the store of runs: %w; mozci-run --db FILE keeps them elsewhere, and mozci-run --db memory nowhere", redactDB(err, where))
	}
	return s, nil
}

func sqliteDSN(base string) string {
	return base + "&_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=foreign_keys(ON)"
}

// redactDB keeps a database's password out of errors.
func redactDB(err error, where string) error {
	u, perr := url.Parse(where)
	if perr != nil || u.User == nil {
		return err
	}
	pass, _ := u.User.Password()
	if pass == "" || !strings.Contains(err.Error(), pass) {
		return err
	}
	return errors.New(strings.ReplaceAll(err.Error(), pass, "xxxxx"))
}

func (s *store) open(ctx context.Context) error {
	if s.postgres != "" {
		pool, err := pgxpool.New(ctx, s.postgres)
		if err != nil {
			return err
		}
		s.pool, s.db = pool, stdlib.OpenDBFromPool(pool)
	} else {
		db, err := s.handle()
		if err != nil {
			return err
		}
		s.db = db
	}
	for _, stmt := range strings.Split(tables, ";\n") {
		if _, err := s.db.ExecContext(ctx, stmt); err != nil {
			s.close()
			return err
		}
	}
	return nil
}

// handle opens the SQLite database once more: DBOS closes the handle that it is given.
func (s *store) handle() (*sql.DB, error) {
	db, err := sql.Open("sqlite", s.dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	return db, nil
}

func (s *store) close() {
	s.db.Close()
	if s.pool != nil {
		s.pool.Close()
	}
}

// sql writes a statement's ?1, ?2 as the database wants them.
func (s *store) sql(stmt string) string {
	if s.postgres == "" {
		return stmt
	}
	return strings.ReplaceAll(stmt, "?", "$")
}

// exec runs a statement and returns how many rows it touched.
func (s *store) exec(ctx context.Context, q querier, stmt string, args ...any) (int64, error) {
	res, err := q.ExecContext(ctx, s.sql(stmt), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// rows runs a query and hands each row to scan.
func (s *store) rows(ctx context.Context, q querier, scan func(row) error, stmt string, args ...any) error {
	rows, err := q.QueryContext(ctx, s.sql(stmt), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// A row is what Scan reads.
type row interface{ Scan(into ...any) error }

// A querier is a database or a transaction.
type querier interface {
	ExecContext(ctx context.Context, stmt string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, stmt string, args ...any) (*sql.Rows, error)
}

// tx runs f in a transaction of its own. On PostgreSQL it is serializable, and run again where it met another.
func (s *store) tx(ctx context.Context, f func(querier) error) error {
	for try := 0; ; try++ {
		err := s.once(ctx, f)
		if err == nil || try == 20 || !serialization(err) {
			return err
		}
	}
}

func (s *store) once(ctx context.Context, f func(querier) error) error {
	opts := &sql.TxOptions{}
	if s.postgres != "" {
		opts.Isolation = sql.LevelSerializable
	}
	tx, err := s.db.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// serialization says whether PostgreSQL asks for a transaction to be run again (40001, 40P01).
func serialization(err error) bool {
	var state interface{ SQLState() string }
	return errors.As(err, &state) && (state.SQLState() == "40001" || state.SQLState() == "40P01")
}
