package taskcluster

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// readShared reads a sample that is not part of the project; the test is skipped, and says so, where it is not there.
func readShared(t *testing.T, name string, into any) {
	t.Helper()
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for ; filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
		data, err := os.ReadFile(filepath.Join(dir, "shared", name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, into); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return
	}
	t.Skipf("SKIPPED: there is no ../shared/%s beside the project, nor above it", name)
}
