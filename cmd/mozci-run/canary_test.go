package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mozci/mozci-run/sources/sim"
)

// canary is a secret that must be seen nowhere.
const canary = "c4n4ry-s3cret+of/all=adapters"

// A world with a canary in it: a simulated CI that wants signatures, a webhook, and every place in which people keep credentials.
type canaryWorld struct {
	dir  string // holds mozci.yaml, ask.yaml and a home; what commands leave is below left
	srv  *httptest.Server
	out  bytes.Buffer // what commands print
	seen []string     // the Authorization headers that the CI was sent
}

func newCanaryWorld(t *testing.T) *canaryWorld {
	t.Helper()
	sc, err := scenario("gap-of-three")
	if err != nil {
		t.Fatal(err)
	}
	sc.Access.Clients = []sim.Client{{ID: "canary", AccessToken: canary, Scopes: []string{"*"}}}
	start := time.Now()
	var world *sim.Sim
	w := &canaryWorld{dir: t.TempDir()}
	world, err = sim.New(sc, 1, func() time.Time { return world.Start().Add(time.Since(start)) }, sim.Options{Epoch: start})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { world.Close() })
	var mu sync.Mutex
	w.srv = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if head := r.Header.Get("Authorization"); head != "" {
			mu.Lock()
			w.seen = append(w.seen, head)
			mu.Unlock()
		}
		if strings.HasPrefix(r.URL.Path, "/hook/") {
			return
		}
		world.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.srv.Close)
	writeFile(t, filepath.Join(w.dir, "token.txt"), canary+"\n")
	writeFile(t, filepath.Join(w.dir, "mozci.yaml"), `profiles:
  canary:
    sources:
      - {adapter: hgmo, base: "`+w.srv.URL+sim.HGPath+`", branches: {autoland: integration/autoland}}
      - {adapter: treeherder, base: "`+w.srv.URL+sim.TreeherderPath+`/api", credentials: {token: {file: token.txt}}}
      - {adapter: taskcluster, base: "`+w.srv.URL+sim.TaskclusterPath+`", account: taskcluster}
      - {adapter: notify, credentials: {url: {env: CANARY_WEBHOOK}}}
    inputs: {branch: autoland}
    clock: {epoch: `+world.Start().Format(time.RFC3339)+`, at: `+start.UTC().Format(time.RFC3339)+`}
`)
	writeFile(t, filepath.Join(w.dir, "ask.yaml"), `mozci: 1
name: ask
description: Asks for a job on the newest push, and tells of it.
inputs:
  branch: {type: string}
steps:
  - id: pushes
    uses: pushes.range
    with: {branch: "${{ inputs.branch }}", depth: 3}
  - id: fill
    uses: jobs.trigger
    with: {branch: "${{ inputs.branch }}", job: test-linux1804-64-qr/opt-mochitest-browser-chrome-2, revisions: "${{ map(pushes, .revision) }}", total: 1}
  - id: told
    uses: notify.webhook
    with: {text: "asked on ${{ inputs.branch }}"}
`)
	if err := os.Mkdir(filepath.Join(w.dir, "left"), 0o700); err != nil {
		t.Fatal(err)
	}
	return w
}

// run runs a command with an environment, and wants an exit code.
func (w *canaryWorld) run(t *testing.T, env map[string]string, wants int, args ...string) string {
	t.Helper()
	all := map[string]string{"HOME": filepath.Join(w.dir, "home"), "CANARY_WEBHOOK": w.srv.URL + "/hook/" + url.PathEscape(canary)}
	maps.Copy(all, env)
	var out bytes.Buffer
	m := testMachine(all)
	m.stdout, m.stderr = &out, &out
	args = append([]string{"--config", filepath.Join(w.dir, "mozci.yaml"), "--profile", "canary", "--db", filepath.Join(w.dir, "left", "runs.db")}, args...)
	if code := Main(context.Background(), args, m); code != wants {
		t.Errorf("%v: exit code %d, want %d\n%s", args, code, wants, out.String())
	}
	w.out.Write(out.Bytes())
	return out.String()
}

// left looks for the canary in what was printed and in all that was left.
func (w *canaryWorld) left(t *testing.T, least int) {
	t.Helper()
	unseen(t, "what was printed", w.out.Bytes())
	files := 0
	err := filepath.WalkDir(filepath.Join(w.dir, "left"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files++
		unseen(t, path, data)
		return err
	})
	if err != nil || files < least {
		t.Errorf("%d files were left: %v", files, err)
	}
}

// temporary makes temporary credentials of the canary's, whose certificate is as secret as they are.
func temporary(start, expiry time.Time) (token, certificate string) {
	const seed = canary + "-as-a-seed"
	sign := func(text string) []byte {
		m := hmac.New(sha256.New, []byte(canary))
		m.Write([]byte(text))
		return m.Sum(nil)
	}
	signed := fmt.Sprintf("version:1\nseed:%s\nstart:%d\nexpiry:%d\nscopes:\n*", seed, start.UnixMilli(), expiry.UnixMilli())
	return base64.RawURLEncoding.EncodeToString(sign(seed)), fmt.Sprintf(`{"version":1,"scopes":["*"],"start":%d,"expiry":%d,"seed":"%s","signature":"%s"}`,
		start.UnixMilli(), expiry.UnixMilli(), seed, base64.StdEncoding.EncodeToString(sign(signed)))
}

// A secret that is given to every adapter, by variables, by files and by Taskcluster's own configuration, appears in no byte of what recording, running, checking and
// telling leave behind or print.
func TestACanaryIsSeenNowhere(t *testing.T) {
	if raced {
		t.Skip("SKIPPED: its commands run one after the other, and the race detector makes half a minute of them; go test without it runs this")
	}
	w := newCanaryWorld(t)
	writeFile(t, filepath.Join(w.dir, "home", ".config", "taskcluster.yml"),
		"config:\n  rootUrl: "+w.srv.URL+sim.TaskclusterPath+"\n  clientId: canary\n  accessToken: "+canary+"\n")
	w.run(t, nil, 0, "record", "-o", filepath.Join(w.dir, "left", "cassettes"))
	printed := w.run(t, nil, 0, "run", filepath.Join(w.dir, "ask.yaml"), "--apply", "--output", "json")
	w.run(t, nil, 0, "record", "--run", filepath.Join(w.dir, "ask.yaml"), "-o", filepath.Join(w.dir, "left", "scenario"))
	for _, format := range []string{"json", "sarif", "markdown", "junit", "text"} {
		w.run(t, nil, 0, "contract", filepath.Join(w.dir, "left", "cassettes"), "--format", format)
	}
	_, id, _ := strings.Cut(printed, `"run":"`)
	id, _, _ = strings.Cut(id, `"`)
	w.run(t, nil, 0, "runs", "show", id)
	w.run(t, nil, 0, "runs", "show", id, "--output", "json")
	w.run(t, nil, 0, "sources", "show", "taskcluster")
	w.run(t, nil, 0, "check")
	w.left(t, 15)
	if len(w.seen) == 0 {
		t.Error("nothing was signed: the canary was given to nobody")
	}
}

// What is done with temporary credentials of the environment is done, and what is wrong with credentials is told before anything is sent.
func TestACanaryThatExpires(t *testing.T) {
	unraced(t)
	w := newCanaryWorld(t)
	now := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	ask := filepath.Join(w.dir, "ask.yaml")
	env := func(root string, expiry time.Time) map[string]string {
		token, certificate := temporary(now.Add(-time.Hour), expiry)
		return map[string]string{rootVariable: root, idVariable: "canary", tokenVariable: token, certVariable: certificate}
	}
	at := w.srv.URL + sim.TaskclusterPath
	for _, r := range []struct {
		name  string
		env   map[string]string
		wants int
		told  string
	}{
		{"expired", env(at, now.Add(-time.Minute)), exitFailed, "nothing can be done with the credentials in the environment: the temporary credentials of canary expired at 2025-03-01T11:59:00Z; make new ones"},
		{"of another deployment", env("https://tc.example", now.Add(time.Hour)), exitFailed, "the credentials in the environment are for https://tc.example, and are not used for " + at},
		{"no certificate", map[string]string{idVariable: "canary", tokenVariable: canary, certVariable: canary, rootVariable: at}, exitFailed, "the certificate of the credentials cannot be read: it is no JSON object"},
		{"half of them", map[string]string{tokenVariable: canary}, exitFailed, "TASKCLUSTER_ACCESS_TOKEN is set, and TASKCLUSTER_CLIENT_ID is not"},
	} {
		got := w.run(t, r.env, r.wants, "run", ask, "--apply")
		if head, _, _ := strings.Cut(got, "\nworkflow "); !strings.Contains(head, r.told) {
			t.Errorf("%s: not told at the start: %s\n%s", r.name, r.told, got)
		}
		if len(w.seen) > 0 {
			t.Errorf("%s: something was signed: %q", r.name, w.seen)
		}
	}
	w.run(t, env(at, now.Add(time.Hour)), exitDone, "run", ask, "--apply")
	if len(w.seen) == 0 {
		t.Error("temporary credentials signed nothing")
	}
	w.left(t, 1)
}

// A secret that somebody has written into mozci.yaml is a mistake, and no command that finds it shows it.
func TestACanaryThatIsWritten(t *testing.T) {
	w := newCanaryWorld(t)
	for _, source := range []string{
		"{adapter: treeherder, credentials: {token: \"" + canary + "\"}}",
		"{adapter: treeherder, credentials: {token: {env: \"" + canary + "\"}}}",
		"{adapter: treeherder, credentials: {token: {value: \"" + canary + "\"}}, base: nowhere}",
		"{adapter: treeherder, token: \"" + canary + "\"}",
		"{adapter: taskcluster, credentials: [\"" + canary + "\"]}",
		"{adapter: hgmo, base: \"https://somebody:" + canary + "@hg.example\", bas: x}",
		"{adapter: treeherder, base: \"https://th.example/api?token=" + url.QueryEscape(canary) + "\"}",
		"{adapter: notify, base: \"https://hooks.example/" + canary + "\"}",
		"{adapter: hgmo, options: \"https://somebody:" + canary + "@hg.example\"}",
		"{adapter: treeherder, credentials: {token: @" + canary + "}}", // no YAML
		"{adapter: treeherder, credentials: {token: '" + canary + "}}",
	} {
		writeFile(t, filepath.Join(w.dir, "mozci.yaml"), "profiles:\n  canary:\n    sources:\n      - "+source+"\n")
		w.run(t, nil, exitFound, "check")
		w.run(t, nil, exitFound, "check", "--output", "json", filepath.Join(w.dir, "mozci.yaml"))
		w.run(t, nil, exitUsage, "run", filepath.Join(w.dir, "ask.yaml"))
		w.run(t, nil, exitUsage, "sources", "list")
	}
	w.left(t, 0)
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
