package engine_test

import (
	"context"
	"database/sql"
	"runtime"
	"strings"
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
	db, err := sql.Open("sqlite", "file:"+w.db+"?_txlock=immediate&_pragma=busy_timeout(5000)")
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
	first := w.engine()
	if _, err := first.Start(context.Background(), w.program(three), nil, engine.Options{}); err != nil { // what is started once and for all
		t.Fatal(err)
	}
	first.Close()
	const others = 2 // may come of tests before this one; three engines leave at least three behind, if any
	before := runtime.NumGoroutine() + others
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

// A run whose journal cannot be written (the disk is full) ends here and now, stops what is on its way, and goes on where it was when
// there is room again.
func TestAJournalThatCannotBeWritten(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	reached, letGo := hold(w, "c")
	stopped := make(chan struct{})
	held := w.service.answers["c"]
	w.service.answers["c"] = func(ctx context.Context, in question) (reply, error) {
		defer close(stopped)
		return held(ctx, in)
	}
	w.service.answers["b"] = func(context.Context, question) (reply, error) {
		<-reached
		w.sql(`CREATE TRIGGER full BEFORE INSERT ON operation_outputs BEGIN SELECT RAISE(FAIL, 'the disk is full'); END`)
		return reply{}, nil
	}
	e := w.engine()
	res, err := e.Start(context.Background(), w.program(`
steps:
  - {id: a, uses: test.ask, with: {name: a}}
  - {id: b, uses: test.ask, with: {name: b, see: ["${{ a.name }}"]}}
  - {id: c, uses: test.ask, with: {name: c}}
`), nil, engine.Options{RunID: "run-1"})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Interrupted, "the disk is full")
	if res.Cause != engine.ByMachine {
		t.Errorf("the cause is called %s", res.Cause)
	}
	select {
	case <-stopped:
	case <-time.After(5 * time.Second):
		t.Error("what is on its way goes on, and nobody will hear of it")
	}
	w.sql(`DROP TRIGGER full`)
	close(letGo)
	w.service.answers = nil
	if res, err = e.Resume(context.Background(), "run-1", engine.Options{}); err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if n := strings.Count(strings.Join(w.service.asked, ""), "a"); n != 1 {
		t.Errorf("what was recorded was asked %d times", n)
	}
}
