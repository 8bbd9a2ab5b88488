package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var writeSchema = flag.Bool("write-schema", false, "write schemas/workflow.schema.json anew")

// The schema of workflows that is committed is the one that the program writes.
func TestCommittedSchema(t *testing.T) {
	const file = "../../schemas/workflow.schema.json"
	var out, diag bytes.Buffer
	m := thisMachine()
	m.stdin, m.stdout, m.stderr = strings.NewReader(""), &out, &diag
	m.getenv = func(string) string { return "" }
	if code := Main(context.Background(), []string{"schema", "--profile", "mozilla"}, m); code != 0 {
		t.Fatalf("exit code %d\n%s", code, diag.String())
	}
	if *writeSchema {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), out.String()); d != "" {
		t.Errorf("go test ./cmd/mozci-run -run TestCommittedSchema -write-schema writes it anew (-committed +written):\n%s", d)
	}
}
