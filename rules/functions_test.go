package rules_test

import (
	"os"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/rules"
)

// TestTheEssayListsTheFunctions holds the table in doc.go against the one that expressions are checked by.
func TestTheEssayListsTheFunctions(t *testing.T) {
	essay, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, f := range rules.Functions() {
		for i, s := range f.Signatures {
			want.WriteString("//\t" + s)
			if i == len(f.Signatures)-1 {
				want.WriteString("  " + f.Doc)
			}
			want.WriteString("\n")
		}
	}
	if !strings.Contains(string(essay), want.String()+"package rules") {
		t.Errorf("doc.go has to end with\n%s", want.String())
	}
}

// TestFunctionsAreTried: each function has a row in testdata.
func TestFunctionsAreTried(t *testing.T) {
	rows, err := os.ReadFile("testdata/values.rows")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range rules.Functions() {
		if !strings.Contains(string(rows), f.Name+"(") {
			t.Errorf("%s has no row in testdata/values.rows", f.Name)
		}
		if f.Doc == "" || len(f.Signatures) == 0 || !strings.HasPrefix(f.Signatures[0], f.Name+"(") {
			t.Errorf("%s: %q, %v", f.Name, f.Doc, f.Signatures)
		}
	}
}
