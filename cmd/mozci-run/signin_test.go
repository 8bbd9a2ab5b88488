package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	firefoxCI = "https://firefox-ci-tc.services.mozilla.com"
	community = "https://community-tc.services.mozilla.com"
)

// noon is when these tests are.
var noon = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

// certificateOf is a certificate's text, with the canary where its secrets are.
func certificateOf(start, expiry time.Time) string {
	return fmt.Sprintf(`{"version":1,"scopes":["*"],"start":%d,"expiry":%d,"seed":"%s","signature":"%s"}`, start.UnixMilli(), expiry.UnixMilli(), canary, canary)
}

// Credentials are taken whole from where Taskcluster's own tools keep them, and are used for their own deployment only. Why they are not used is told, and none of
// them is in what is told.
func TestTheAccountOfTaskcluster(t *testing.T) {
	both := map[string]string{idVariable: "me", tokenVariable: canary}
	with := func(name, value string) map[string]string {
		m := maps.Clone(both)
		m[name] = value
		return m
	}
	const kept = "config:\n  clientId: kept\n  accessToken: " + canary + "\n"
	good, old := certificateOf(noon.Add(-time.Hour), noon.Add(time.Hour)), certificateOf(noon.Add(-48*time.Hour), noon.Add(-24*time.Hour))
	for _, r := range []struct {
		name string
		env  map[string]string
		file string // taskcluster.yml; empty where there is none
		base string // of the profile; empty where it leaves it out
		at   string // what is asked
		who  string // whose credentials are used; empty for nobody's
		told string // why not; empty for no word
	}{
		{name: "nothing", at: firefoxCI},
		{name: "the environment", env: both, at: firefoxCI, who: "me"},
		{name: "another profile's deployment", env: both, base: community, at: community, told: "the credentials in the environment are for " + firefoxCI + ", and are not used for " + community},
		{name: "the environment names the deployment", env: with(rootVariable, community+"/"), at: community, who: "me"},
		{name: "it names that of the profile", env: with(rootVariable, "HTTPS://Community-TC.services.mozilla.com:443/"), base: community, at: community, who: "me"},
		{name: "it names another than the profile", env: with(rootVariable, community), base: firefoxCI, at: firefoxCI, told: "are for " + community + ", and are not used for " + firefoxCI},
		{name: "without encryption it is another", env: with(rootVariable, firefoxCI), base: strings.Replace(firefoxCI, "https", "http", 1), at: "http://firefox-ci-tc.services.mozilla.com", told: "are not used for http://"},
		{name: "half of them", env: map[string]string{idVariable: "me"}, file: kept, at: firefoxCI, told: "TASKCLUSTER_CLIENT_ID is set, and TASKCLUSTER_ACCESS_TOKEN is not"},
		{name: "the other half", env: map[string]string{tokenVariable: canary}, at: firefoxCI, told: "TASKCLUSTER_ACCESS_TOKEN is set, and TASKCLUSTER_CLIENT_ID is not"},
		{name: "temporary", env: with(certVariable, good), at: firefoxCI, who: "me"},
		{name: "expired", env: with(certVariable, old), at: firefoxCI, who: "me", told: "nothing can be done with the credentials in the environment: the temporary credentials of me expired at 2025-02-28T12:00:00Z; make new ones"},
		{name: "not yet", env: with(certVariable, certificateOf(noon.Add(time.Hour), noon.Add(2*time.Hour))), at: firefoxCI, who: "me", told: "are valid from 2025-03-01T13:00:00Z on"},
		{name: "no certificate", env: with(certVariable, canary), at: firefoxCI, who: "me", told: "the certificate of the credentials cannot be read: it is no JSON object"},
		{name: "a client that is none", env: map[string]string{idVariable: "me and\nothers", tokenVariable: canary}, at: firefoxCI, who: "me and\nothers", told: "has characters that no client id has"},

		{name: "the file", file: kept, at: firefoxCI, who: "kept"},
		{name: "the environment before the file, and whole", env: both, file: kept + "  certificate: '" + old + "'\n", at: firefoxCI, who: "me"},
		{name: "the file's deployment", file: kept + "  rootUrl: " + community + "/\n", base: community, at: community, who: "kept"},
		{name: "the file's deployment is another", file: kept + "  rootUrl: " + community + "\n", at: firefoxCI, told: "taskcluster.yml are for " + community + ", and are not used for " + firefoxCI},
		{name: "the file's own counts for it", env: map[string]string{rootVariable: firefoxCI}, file: kept + "  rootUrl: " + community + "\n", at: firefoxCI, told: "are for " + community},
		{name: "the environment says which the file's is", env: map[string]string{rootVariable: community}, file: kept, at: community, who: "kept"},
		{name: "the file says which the environment's is", env: both, file: "config: {rootUrl: \"" + community + "\"}\n", at: firefoxCI, told: "the credentials in the environment are for " + community},
		{name: "half a file", file: "config: {clientId: kept}\n", at: firefoxCI, told: "it has one of clientId and accessToken, and not the other"},
		{name: "a file of other things", file: "task: {}\nconfig:\n  other: " + canary + "\n", at: firefoxCI},
		{name: "an empty file", file: "\n", at: firefoxCI},
		{name: "no YAML", file: "config:\n  accessToken: @" + canary + "\n", at: firefoxCI, told: "line 2 is no YAML that is read here [yaml-syntax]"},
		{name: "a certificate that is no text", file: kept + "  certificate: " + good + "\n", at: firefoxCI, told: "certificate, on line 4, is no text"},
		{name: "a certificate", file: kept + "  certificate: '" + good + "'\n", at: firefoxCI, who: "kept"},
		{name: "an expired one", file: kept + "  certificate: '" + old + "'\n", at: firefoxCI, who: "kept", told: "taskcluster.yml: the temporary credentials of kept expired at 2025-02-28T12:00:00Z"},
		{name: "scopes", file: kept + "  authorizedScopes: [queue:get]\n", at: firefoxCI, who: "kept"},
		{name: "no scopes", file: kept + "  authorizedScopes: " + canary + "\n", at: firefoxCI, told: "authorizedScopes, on line 4, is no list of text"},
		{name: "a root URL with a password", file: kept + "  rootUrl: https://somebody:" + canary + "@tc.example\n", at: firefoxCI, told: "are for another deployment, and are not used for " + firefoxCI},
	} {
		t.Run(r.name, func(t *testing.T) {
			env := map[string]string{"HOME": t.TempDir()}
			maps.Copy(env, r.env)
			if r.file != "" {
				writeFile(t, filepath.Join(env["HOME"], ".config", "taskcluster.yml"), r.file)
			}
			c := &command{m: testMachine(env)}
			p, err := c.based(profile{Sources: []sourceSpec{{Adapter: "taskcluster", Account: taskclusterAccount, Base: r.base}}})
			if err != nil {
				t.Fatal(err)
			}
			spec := p.Sources[0]
			if spec.at() != r.at {
				t.Errorf("%s is asked, want %s", spec.at(), r.at)
			}
			f, err := c.find(p, spec)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.credentials["client_id"]; got != r.who {
				t.Errorf("the credentials of %q are used, want %q", got, r.who)
			}
			told := f.unusable(noon)
			if !strings.Contains(told, r.told) || told != "" && r.told == "" {
				t.Errorf("told %q, want %q", told, r.told)
			}
			unseen(t, "what is told", []byte(told+f.without+p.elsewhere))
		})
	}
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Taskcluster's own configuration file is in XDG_CONFIG_HOME where that is set, and what cannot be read is told by its path.
func TestWhereTheAccountIs(t *testing.T) {
	dir := t.TempDir()
	c := &command{m: testMachine(map[string]string{"HOME": "/nowhere", "XDG_CONFIG_HOME": dir})}
	writeFile(t, filepath.Join(dir, "taskcluster.yml"), "config: {clientId: kept, accessToken: x, authorizedScopes: [a, b]}\n")
	if a := c.taskcluster(); a.credentials.ClientID != "kept" || len(a.credentials.AuthorizedScopes) != 2 || a.from != filepath.Join(dir, "taskcluster.yml") {
		t.Errorf("%v from %s", a.credentials, a.from)
	}
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "taskcluster.yml"), 0o700); err != nil {
		t.Fatal(err)
	}
	c.m = testMachine(map[string]string{"XDG_CONFIG_HOME": folder})
	if a := c.taskcluster(); !strings.Contains(a.wrong, "they cannot be read: ") || a.none() {
		t.Errorf("%q", a.wrong)
	}
	c.m = testMachine(nil)
	if a := c.taskcluster(); !a.none() {
		t.Errorf("%q", a.wrong)
	}
}

// Variables of Taskcluster that a profile names itself are of the deployment that the environment names.
func TestNamedVariablesAreOfTheirDeployment(t *testing.T) {
	named := secrets{"client_id": {Env: idVariable}, "access_token": {Env: tokenVariable}}
	own := secrets{"client_id": {Env: "OUR_ID"}, "access_token": {Env: "OUR_TOKEN"}}
	env := map[string]string{idVariable: "me", tokenVariable: canary, "OUR_ID": "we", "OUR_TOKEN": canary}
	for _, r := range []struct {
		credentials secrets
		root        string
		who, told   string
	}{
		{named, "", "me", ""},
		{named, community, "me", ""},
		{named, firefoxCI, "", "the credentials in the environment are for " + firefoxCI + ", as TASKCLUSTER_ROOT_URL says, and are not used for " + community},
		{own, firefoxCI, "we", ""},
	} {
		env[rootVariable] = r.root
		c := &command{m: testMachine(env)}
		f, err := c.find(profile{}, sourceSpec{Adapter: "taskcluster", Base: community, Credentials: r.credentials})
		if err != nil || f.credentials["client_id"] != r.who || f.unusable(noon) != r.told {
			t.Errorf("with %q: %q are used, and told is %q: %v", r.root, f.credentials["client_id"], f.unusable(noon), err)
		}
	}
}

// A root URL in the environment that is none is wrong use, and is not repeated.
func TestARootURLThatIsNone(t *testing.T) {
	for _, root := range []string{"firefox-ci", "https://somebody:" + canary + "@tc.example", "ftp://tc.example", "https://tc.example?token=" + canary} {
		got := mozciRun(t, t.Context(), map[string]string{rootVariable: root, "HOME": "/nowhere"}, "--profile", "mozilla", "--db", "memory", "sources", "list")
		if got.code != exitUsage || !strings.Contains(got.stderr, "TASKCLUSTER_ROOT_URL is no root URL: a base ") {
			t.Errorf("exit code %d\n%s", got.code, got.stderr)
		}
		unseen(t, "what is told", []byte(got.stderr))
	}
	got := mozciRun(t, t.Context(), map[string]string{rootVariable: community, "HOME": "/nowhere"}, "--profile", "mozilla", "--db", "memory", "sources", "list")
	if want := "profile mozilla (taskcluster at " + community + ", as TASKCLUSTER_ROOT_URL says), by --profile\n"; got.stderr != want {
		t.Errorf("got %swant %s", got.stderr, want)
	}
}
