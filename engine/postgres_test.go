package engine_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/mozci/mozci-run/engine"
)

// emptyPostgres makes a database on the server whose URL is in MOZCI_TEST_POSTGRES, and drops it when the test ends.
func emptyPostgres(t *testing.T) string {
	t.Helper()
	server, err := url.Parse(os.Getenv("MOZCI_TEST_POSTGRES"))
	if err != nil || server.Host == "" {
		const why = "nothing was tried on PostgreSQL; set MOZCI_TEST_POSTGRES=postgres://USER@HOST/postgres, of somebody who may make databases"
		if os.Getenv("MOZCI_NO_SKIPS") != "" {
			t.Fatal(why)
		}
		t.Skip("SKIPPED: " + why)
	}
	db, err := sql.Open("pgx", server.String())
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("mozci_test_%d", time.Now().UnixNano())
	if _, err := db.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		db.Close()
	})
	return server.JoinPath("..", name).String()
}

// TestPostgres runs on PostgreSQL what several hosts share.
func TestPostgres(t *testing.T) {
	db := emptyPostgres(t)
	w := newWorld(t)
	w.db = db
	reached, letGo := hold(w, "below")
	one, two := w.engine(), w.engine()
	id := fmt.Sprint("run-", time.Now().UnixNano())
	cancel, result := w.start(one, fill, nil, engine.Options{Apply: true, RunID: id})
	<-reached
	cancel()
	w.want(<-result, engine.Interrupted, "")
	close(letGo)
	res, err := two.Resume(context.Background(), id, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			res, err := []*engine.Engine{one, two}[i%2].Start(context.Background(), w.program(fill), map[string]any{"revisions": []any{"r8", "r9"}}, engine.Options{Apply: true})
			if err != nil {
				t.Error(err)
				return
			}
			w.want(res, engine.Succeeded, "")
		})
	}
	wg.Wait()
	if got := w.service.arrived(); len(got) != 4 {
		t.Errorf("seven runs on two hosts have asked for %v", got)
	}
	if _, err := two.Show(context.Background(), id); err != nil {
		t.Error(err)
	}
	if _, err := one.Cancel(context.Background(), id, "x"); err == nil {
		t.Error("a run that has ended was cancelled")
	}
}
