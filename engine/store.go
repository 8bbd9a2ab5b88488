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
	name     string // for people
	dsn      string // of SQLite; empty for PostgreSQL
	postgres string // the URL; empty for SQLite
	pool     *pgxpool.Pool
}

// openStore opens the database: the path of a SQLite file (its folder is made), "memory", or a postgres:// URL. One that has to be there is
// only looked for, and nothing is made.
func openStore(ctx context.Context, where string, there bool) (*store, error) {
	if err := CheckStore(where); err != nil {
		return nil, err
	}
	s := &store{name: ShownStore(where)}
	switch {
	case isPostgres(where):
		s.postgres = where
	case where == InMemory:
		if err := s.openMemory(ctx); err != nil {
			return nil, fmt.Errorf("opening %s: %w", s.name, err)
		}
		return s, nil
	default:
		if err := findOrMake(where, there); err != nil {
			return nil, err
		}
		base := "file:" + (&url.URL{Path: where}).EscapedPath() + "?_pragma=synchronous(NORMAL)"
		if !there { // what may be somebody else's database is left as it is
			base += "&_pragma=journal_mode(WAL)"
		}
		s.dsn = sqliteDSN(base)
	}
	err := s.open(ctx, there)
	switch {
	case errors.Is(err, ErrNoStore):
		return nil, fmt.Errorf("%s: %w: no run has ever been kept in this database", s.name, err)
	case err != nil:
		return nil, fmt.Errorf("opening the store of runs %s: %w; %s", s.name, redactDB(err, where), elsewhere(err))
	}
	return s, nil
}

// findOrMake looks for the file of a store that has to be there, or makes the folder of one that will be.
func findOrMake(file string, there bool) error {
	if there {
		return noStore(file)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("opening the store of runs %s: %w; mozci-run --db FILE keeps them elsewhere", file, err)
	}
	return nil
}

// The results of SQLite that tell of a file which is no database, or a damaged one, or one that the machine does not let us use.
const (
	sqliteReadOnly = 8
	sqliteIO       = 10
	sqliteCorrupt  = 11
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteNotADB   = 26
)

// sqliteResult is the primary result of SQLite that an error carries; 0 where it carries none.
func sqliteResult(err error) int {
	var coded interface{ Code() int }
	if errors.As(err, &coded) {
		return coded.Code() & 0xff
	}
	return 0
}

// elsewhere says what to do about a store that cannot be used.
func elsewhere(err error) string {
	const other = "mozci-run --db FILE keeps them elsewhere, and mozci-run --db memory nowhere"
	switch sqliteResult(err) {
	case sqliteNotADB:
		return "it is another kind of file, or is damaged; " + other
	case sqliteCorrupt:
		return "the file is damaged; put it aside and a new one is made, or " + other
	}
	return other
}

// named gives an error that tells of the file itself the file's name: whoever reads it has not opened it.
func (s *store) named(err error) error {
	switch sqliteResult(err) {
	case sqliteReadOnly, sqliteIO, sqliteCorrupt, sqliteFull, sqliteCantOpen, sqliteNotADB:
		return fmt.Errorf("the store of runs %s: %w; %s", s.name, err, elsewhere(err))
	}
	return err
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

// open connects, and makes the tables; those of a store that has to be there are looked for first.
func (s *store) open(ctx context.Context, there bool) error {
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
	if there && !s.isOurs(ctx) {
		s.close()
		return ErrNoStore
	}
	for _, stmt := range strings.Split(tables, ";\n") {
		if _, err := s.db.ExecContext(ctx, stmt); err != nil {
			s.close()
			return err
		}
	}
	return nil
}

// isOurs says whether the table of runs is there, or no table at all: what was begun and killed is ours. Where that cannot be told it is true: whatever
// comes next says why.
func (s *store) isOurs(ctx context.Context) bool {
	stmt := `SELECT count(*) FILTER (WHERE name = 'mozci_runs'), count(*) FROM sqlite_master`
	if s.postgres != "" {
		stmt = `SELECT count(to_regclass('mozci_runs')), 1`
	}
	runs, all := 0, 0
	err := s.db.QueryRowContext(ctx, stmt).Scan(&runs, &all)
	return runs > 0 || all == 0 || err != nil
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
		return 0, s.named(err)
	}
	return res.RowsAffected()
}

// rows runs a query and hands each row to scan.
func (s *store) rows(ctx context.Context, q querier, scan func(row) error, stmt string, args ...any) error {
	rows, err := q.QueryContext(ctx, s.sql(stmt), args...)
	if err != nil {
		return s.named(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return s.named(rows.Err())
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
		return s.named(err)
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return s.named(tx.Commit())
}

// serialization says whether PostgreSQL asks for a transaction to be run again (40001, 40P01).
func serialization(err error) bool {
	var state interface{ SQLState() string }
	return errors.As(err, &state) && (state.SQLState() == "40001" || state.SQLState() == "40P01")
}
