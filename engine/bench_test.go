package engine_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources"
)

// benchSteps is how many steps one run of the benchmarks has: so many that starting it does not show.
const benchSteps = 200

// BenchmarkDurableStep is a step of a workflow, one after the other, on a file of SQLite: evaluated, asked, encoded, recorded, told.
func BenchmarkDurableStep(b *testing.B) {
	w := newWorld(b)
	e := w.engine(func(c *engine.Config) { c.Listener = nil })
	var text strings.Builder
	text.WriteString("steps:\n  - {id: s0, uses: test.ask, with: {name: a}}\n")
	for i := 1; i < benchSteps; i++ {
		fmt.Fprintf(&text, "  - {id: s%d, uses: test.ask, with: {name: a, n: \"${{ s%d.n + 1 }}\"}}\n", i, i-1)
	}
	p := w.program(text.String())
	b.ResetTimer()
	for b.Loop() {
		res, err := e.Start(context.Background(), p, nil, engine.Options{})
		if err != nil || res.Status != engine.Succeeded {
			b.Fatal(res, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*benchSteps), "µs/step")
}

// BenchmarkRawDBOS is what it is held against: as many steps with the same answers, through dbos.Go, on the same kind of file.
func BenchmarkRawDBOS(b *testing.B) {
	w := newWorld(b)
	q, _, _ := registry(b, w.service).Query("test.ask")
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "raw.db")+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=foreign_keys(ON)")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	ctx, err := dbos.NewContext(context.Background(), dbos.Config{AppName: "raw-dbos", ApplicationVersion: "1", SQLiteSystemDB: db, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	raw := func(ctx dbos.Context, _ string) (string, error) {
		for i := range benchSteps {
			ch, err := dbos.Go(ctx, func(ctx context.Context) (string, error) {
				v, err := q.Call(ctx, map[string]any{"name": "a", "n": i})
				if err != nil {
					return "", err
				}
				out, err := q.Out.Marshal(v)
				return string(out), err
			}, dbos.WithStepName("step"))
			if err != nil {
				return "", err
			}
			if o := <-ch; o.Err != nil {
				return "", o.Err
			}
		}
		return "", nil
	}
	dbos.RegisterWorkflow(ctx, raw)
	if err := dbos.Launch(ctx); err != nil {
		b.Fatal(err)
	}
	defer dbos.Shutdown(ctx, 0)
	b.ResetTimer()
	for b.Loop() {
		h, err := dbos.RunWorkflow(ctx, raw, "")
		if err == nil {
			_, err = h.GetResult()
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*benchSteps), "µs/step")
}

// BenchmarkRunInMemory is a run without a step in a store of its own in memory: what each test of a workflow takes at least.
func BenchmarkRunInMemory(b *testing.B) {
	w := newWorld(b)
	w.db = "memory"
	for b.Loop() {
		e := w.engine(func(c *engine.Config) { c.Listener = nil })
		res, err := e.Start(context.Background(), &engine.Program{Limits: engine.Limits{Runtime: engine.DefaultRuntime}}, nil, engine.Options{})
		if err = errors.Join(err, e.Close()); err != nil || res.Status != engine.Succeeded {
			b.Fatal(res, err)
		}
	}
}

func registry(t testing.TB, s sources.Source) *sources.Registry {
	reg, err := sources.NewRegistry(s)
	if err != nil {
		t.Fatal(err)
	}
	return reg
}
