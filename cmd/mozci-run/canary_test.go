package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"io/fs"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/mozci/mozci-run/sources/sim"
)

// canary is a secret that must be seen nowhere.
const canary = "c4n4ry-s3cret+of/all=adapters"

// A secret that is given to every adapter appears in no byte of what recording, running and checking leave behind or print.
func TestACanaryIsSeenNowhere(t *testing.T) {
	sc, err := scenario("gap-of-three")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	var world *sim.Sim
	world, err = sim.New(sc, 1, func() time.Time { return world.Start().Add(time.Since(start)) }, sim.Options{Epoch: start})
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	srv := httptest.NewServer(world)
	defer srv.Close()

	dir := t.TempDir()
	settings := `profiles:
  canary:
    sources:
      - {adapter: hgmo, base: "` + withUser(srv.URL) + sim.HGPath + `", branches: {autoland: integration/autoland}}
      - {adapter: treeherder, base: "` + srv.URL + sim.TreeherderPath + `/api", credentials: {token: {env: CANARY}}}
      - {adapter: taskcluster, base: "` + srv.URL + sim.TaskclusterPath + `", credentials: {client_id: {env: CANARY_ID}, access_token: {env: CANARY}}}
    inputs: {branch: autoland}
`
	workflow := `mozci: 1
name: ask
description: Asks for a job on the newest push.
inputs:
  branch: {type: string}
steps:
  - id: pushes
    uses: pushes.range
    with: {branch: "${{ inputs.branch }}", depth: 3}
  - id: fill
    uses: jobs.trigger
    with: {branch: "${{ inputs.branch }}", job: test-linux1804-64-qr/opt-mochitest-browser-chrome-2, revisions: "${{ map(pushes, .revision) }}", total: 1}
`
	for name, text := range map[string]string{"mozci.yaml": settings, "ask.yaml": workflow} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	ask := func(wants int, args ...string) {
		t.Helper()
		m := testMachine(map[string]string{"HOME": dir, "CANARY": canary, "CANARY_ID": "canary"})
		m.stdout, m.stderr = &out, &out
		args = append([]string{"--config", filepath.Join(dir, "mozci.yaml"), "--profile", "canary", "--db", filepath.Join(dir, "left", "runs.db")}, args...)
		if code := Main(context.Background(), args, m); code != wants {
			t.Errorf("%v: exit code %d, want %d\n%s", args, code, wants, out.String())
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "left"), 0o700); err != nil {
		t.Fatal(err)
	}
	ask(0, "record", "-o", filepath.Join(dir, "left", "cassettes"))
	ask(0, "run", filepath.Join(dir, "ask.yaml"), "--apply", "--output", "json")
	ask(0, "record", "--run", filepath.Join(dir, "ask.yaml"), "-o", filepath.Join(dir, "left", "scenario"))
	for _, format := range []string{"json", "sarif", "markdown", "junit", "text"} {
		ask(0, "contract", filepath.Join(dir, "left", "cassettes"), "--format", format)
	}
	unseen(t, "what was printed", out.Bytes())
	files := 0
	err = filepath.WalkDir(filepath.Join(dir, "left"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files++
		unseen(t, path, data)
		return err
	})
	if err != nil || files < 15 {
		t.Errorf("%d files were left: %v", files, err)
	}
}

// withUser puts the canary into a base URL, where people put passwords.
func withUser(base string) string {
	u, err := url.Parse(base)
	must(err) // of a test's server
	u.User = url.UserPassword("somebody", canary)
	return u.String()
}

// unseen looks for the canary, as it is and as it may have been written.
func unseen(t *testing.T, where string, data []byte) {
	t.Helper()
	for _, form := range []string{canary, url.QueryEscape(canary), url.PathEscape(canary), base64.StdEncoding.EncodeToString([]byte(canary)),
		base64.RawURLEncoding.EncodeToString([]byte(canary)), base64.StdEncoding.EncodeToString([]byte("somebody:" + canary)), "c4n4ry-s3cret"} {
		if i := bytes.Index(data, []byte(form)); i >= 0 {
			t.Errorf("%s holds the secret: …%.120s…", where, data[max(0, i-60):])
			return
		}
	}
}
