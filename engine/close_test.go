package engine_test

import (
	"context"
	"database/sql"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mozci/mozci-run/engine"
)

// However many runs are going on, closing takes no longer than for one: they are ended side by side.
func TestCloseEndsRunsSideBySide(t *testing.T) {
	const runs = 3
	w := newWorld(t)
	reached, all := make(chan struct{}, runs), make(chan struct{})
	var told atomic.Int64
	w.service.answers["c"] = func(ctx context.Context, in question) (reply, error) {
		reached <- struct{}{}
		<-ctx.Done()
		if told.Add(1) == runs {
			close(all)
		}
		select {
		case <-all:
		case <-time.After(900 * time.Millisecond):
			t.Error("a run was told to end, and the others were not")
		}
		return reply{}, context.Cause(ctx)
	}
	e := w.engine()
	var results []<-chan engine.Result
	for range runs {
		_, result := w.start(e, three, nil, engine.Options{})
		results = append(results, result)
	}
	for range runs {
		<-reached
	}
	e.Close()
	for _, result := range results {
		w.want(<-result, engine.Interrupted, "")
	}
}

// A store that another process holds for long does not keep a run from being interrupted.
func TestCtrlCWithALockedStore(t *testing.T) {
	w := newWorld(t)
	reached, _ := hold(w, "c")
	e := w.engine()
	cancel, result := w.start(e, three, nil, engine.Options{})
	<-reached
	db, err := sql.Open("sqlite", "file:"+w.db+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	time.Sleep(60 * time.Millisecond) // a sign of life is on its way
	began := time.Now()
	cancel()
	w.want(<-result, engine.Interrupted, "")
	e.Close()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %s to end", took)
	}
}

// What an engine has started ends with it.
func TestCloseLeavesNothingBehind(t *testing.T) {
	w := newWorld(t)
	w.run(three, nil, engine.Options{}) // what is started once and for all
	before := runtime.NumGoroutine()
	for range 3 {
		e := w.engine()
		reached, _ := hold(w, "c")
		for range 2 {
			cancel, result := w.start(e, three, nil, engine.Options{})
			<-reached
			cancel()
			<-result
		}
		w.start(e, three, nil, engine.Options{})
		<-reached
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("there were %d goroutines, and there are %d:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
	}
}
