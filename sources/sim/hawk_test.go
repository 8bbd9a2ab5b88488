package sim

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTriggersNeedCredentials(t *testing.T) {
	sc, err := Named("gap-of-three")
	if err != nil {
		t.Fatal(err)
	}
	sc.Access.Clients = []Client{
		{ID: "sheriff", AccessToken: "s3cret", Scopes: []string{"hooks:trigger-hook:project-gecko/in-tree-action-3-generic/*"}},
		{ID: "reader", AccessToken: "r3ader"},
	}
	s, err := New(sc, 1, (&fixedClock{sc.normal().Now}).now, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := s.w.branches[0].positioned(1)
	path := "/tc/api/hooks/v1/hooks/project-gecko/" + strings.ReplaceAll(p.hookID("generic"), "/", "%2F") + "/trigger"
	body := payloadFor(s, p, "add-new-jobs", "", `{"tasks": ["`+bc2+`"]}`)
	rows := []struct {
		name, auth string
		status     int
		code       string
	}{
		{"nobody", "", 403, "InsufficientScopes"},
		{"unknown", hawkFor("who", "x", "POST", path), 401, "AuthenticationFailed"},
		{"wrong key", hawkFor("sheriff", "x", "POST", path), 401, "AuthenticationFailed"},
		{"another request's signature", hawkFor("sheriff", "s3cret", "GET", path), 401, "AuthenticationFailed"},
		{"half a header", `Hawk id="sheriff"`, 401, "AuthenticationFailed"},
		{"without the scope", hawkFor("reader", "r3ader", "POST", path), 403, "InsufficientScopes"},
		{"right", hawkFor("sheriff", "s3cret", "POST", path), 200, ""},
	}
	for _, row := range rows {
		a := post(path, body)
		a.header = [2]string{"Authorization", row.auth}
		resp := do(s, a)
		var v struct{ Code, Message string }
		raw, _ := io.ReadAll(resp.Body)
		if json.Unmarshal(raw, &v) != nil || resp.StatusCode != row.status || v.Code != row.code {
			t.Errorf("%s: %d %s", row.name, resp.StatusCode, raw)
		}
	}
	if n := len(s.Triggers()); n != 1 {
		t.Errorf("%d jobs were asked for, want the one with the right signature", n)
	}
	read(t, s, get("/tc/api/queue/v1/task/"+p.decision), http.StatusOK) // reading needs none
}

// Temporary credentials are checked as Taskcluster makes them, by its own vectors.
func TestTemporaryCredentials(t *testing.T) {
	file := shared(t, "data/taskcluster/hawk-temporary-credentials_vectors.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	type creds struct{ AccessToken, ClientID, Certificate string }
	var vectors []struct {
		Description                  string
		PermCreds, ExpectedTempCreds creds
	}
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors) == 0 {
		t.Fatalf("%s: %v", file, err)
	}
	for _, v := range vectors {
		var cert certificate
		if err := json.Unmarshal([]byte(v.ExpectedTempCreds.Certificate), &cert); err != nil {
			t.Fatal(err)
		}
		if got := temporaryKey(v.PermCreds.AccessToken, cert.Seed); got != v.ExpectedTempCreds.AccessToken {
			t.Errorf("%s: access token %s, want %s", v.Description, got, v.ExpectedTempCreds.AccessToken)
		}
		if got := cert.sign(v.PermCreds.AccessToken, v.ExpectedTempCreds.ClientID); got != cert.Signature {
			t.Errorf("%s: signature %s, want %s", v.Description, got, cert.Signature)
		}
	}
}

// shared finds a file of the samples that stand beside the repository, and skips where there are none.
func shared(t *testing.T, name string) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "shared/recordings/README.md")); err == nil {
			return filepath.Join(dir, "shared", name)
		}
	}
	t.Skip("SKIPPED: the folder of real samples (shared) is nowhere above: " + name + " was not looked at")
	return ""
}

func TestTemporaryCredentialsOverTheWire(t *testing.T) {
	sc, err := Named("gap-of-three")
	if err != nil {
		t.Fatal(err)
	}
	sc.Access.Clients = []Client{{ID: "issuer", AccessToken: "perm", Scopes: []string{"queue:*"}}}
	now := sc.normal().Now
	s, err := New(sc, 1, (&fixedClock{now}).now, Options{})
	if err != nil {
		t.Fatal(err)
	}
	path := "/tc/api/queue/v1/task/" + s.w.branches[0].positioned(0).decision + "/cancel"
	ask := func(change func(*certificate), authorized ...string) int {
		cert := certificate{Version: 1, Scopes: []string{"queue:cancel-task:*"}, Start: now.UnixMilli(), Expiry: now.UnixMilli() + 1000, Seed: "abc"}
		cert.Signature = cert.sign("perm", "issuer")
		change(&cert)
		ext := map[string]any{"certificate": cert}
		if authorized != nil {
			ext["authorizedScopes"] = authorized
		}
		raw, _ := json.Marshal(ext)
		attr := map[string]string{"ts": "1", "nonce": "n", "ext": base64.StdEncoding.EncodeToString(raw)}
		r, _ := http.NewRequest("POST", "http://sim.example"+path, nil)
		a := post(path, "")
		a.header = [2]string{"Authorization", `Hawk id="issuer", ts="1", nonce="n", ext="` + attr["ext"] + `", mac="` + hawkMAC(temporaryKey("perm", cert.Seed), r, attr) + `"`}
		return do(s, a).StatusCode
	}
	none := func(*certificate) {}
	rows := []struct {
		name string
		got  int
		want int
	}{
		{"right", ask(none), 200},
		{"tampered", ask(func(c *certificate) { c.Scopes = []string{"queue:*"} }), 401},
		{"expired", ask(func(c *certificate) { c.Expiry -= 400000; c.Start -= 400000; c.Signature = c.sign("perm", "issuer") }), 401},
		{"more than the issuer has", ask(func(c *certificate) { c.Scopes = []string{"hooks:*"}; c.Signature = c.sign("perm", "issuer") }), 401},
		{"authorised for less", ask(none, "queue:cancel-task:nothing"), 403},
		{"authorised for more", ask(none, "*"), 401},
	}
	for _, row := range rows {
		if row.got != row.want {
			t.Errorf("%s: %d, want %d", row.name, row.got, row.want)
		}
	}
}
