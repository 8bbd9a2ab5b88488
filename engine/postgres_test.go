package engine_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/mozci/mozci-run/engine"
)

// TestPostgres runs on PostgreSQL what several hosts share. MOZCI_TEST_POSTGRES is the URL of an empty database.
func TestPostgres(t *testing.T) {
	url := os.Getenv("MOZCI_TEST_POSTGRES")
	if url == "" {
		t.Skip("SKIPPED: nothing was tried on PostgreSQL; set MOZCI_TEST_POSTGRES=postgres://… to an empty database")
	}
	w := newWorld(t)
	w.db = url
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
