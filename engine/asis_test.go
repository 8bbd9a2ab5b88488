package engine_test

import (
	"database/sql"
	"encoding/json"
	"testing"

	"github.com/mozci/mozci-run/engine"
)

// A journal is readable for whoever looks into the database: its records are the JSON that they are.
func TestTheJournalIsKeptAsItIs(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	e := w.engine()
	res := w.run("steps:\n  - {id: a, uses: test.ask, with: {name: a}}\n", nil, engine.Options{})
	w.want(res, engine.Succeeded, "")
	e.Close()
	db, err := sql.Open("sqlite", "file:"+w.db)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var text string
	if err := db.QueryRow(`SELECT output FROM operation_outputs WHERE workflow_uuid = ? AND function_name = 'a'`, res.Run).Scan(&text); err != nil {
		t.Fatal(err)
	}
	var record struct{ Step, Status string }
	if err := json.Unmarshal([]byte(text), &record); err != nil || record.Step != "a" || record.Status != "succeeded" {
		t.Errorf("the record of a is %s (%v)", text, err)
	}
}
