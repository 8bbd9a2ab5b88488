package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"modernc.org/sqlite"
)

// A database in memory has a name and lasts as long as somebody has it open. Making the tables of DBOS, version after version, takes longer
// than most runs in memory do, and a file of tests opens a store for each of them. So a process makes the tables once, in
// a database that stays open, and every store in memory starts as a copy of it.

var memories atomic.Int64 // how many names have been given

// memoryName gives a name that no other database in memory of this process has.
func memoryName() string {
	return fmt.Sprintf("file:/mozci-run-%d?vfs=memdb", memories.Add(1))
}

// emptyStore is a database in memory that has all tables and no rows.
var emptyStore = sync.OnceValues(func() (*store, error) {
	s := &store{dsn: sqliteDSN(memoryName())}
	ctx := context.Background()
	if err := s.open(ctx, false); err != nil {
		return nil, err
	}
	db, err := s.handle()
	if err != nil {
		return nil, err
	}
	made, err := dbos.NewContext(ctx, dbos.Config{AppName: "mozci-run", ApplicationVersion: language, ExecutorID: "none", SQLiteSystemDB: db, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		db.Close()
		return nil, err
	}
	dbos.Shutdown(made, time.Second) // closes db, too; s.db keeps the tables
	return s, nil
})

// openMemory opens a database in memory of its own, with all tables in it.
func (s *store) openMemory(ctx context.Context) error {
	empty, err := emptyStore()
	if err != nil {
		return err
	}
	name := memoryName()
	s.dsn = sqliteDSN(name)
	if s.db, err = s.handle(); err != nil {
		return err
	}
	var keep *sql.Conn // the copy lasts only if it is open while it is made
	if keep, err = s.db.Conn(ctx); err == nil {
		err = empty.copyTo(ctx, name)
		keep.Close()
	}
	if err != nil {
		s.db.Close()
	}
	return err
}

// copyTo copies the database, page by page, over the one of that name.
func (s *store) copyTo(ctx context.Context, name string) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error {
		b, err := driver.(interface {
			NewBackup(to string) (*sqlite.Backup, error)
		}).NewBackup(name)
		if err != nil {
			return err
		}
		_, err = b.Step(-1)
		return errors.Join(err, b.Finish())
	})
}
