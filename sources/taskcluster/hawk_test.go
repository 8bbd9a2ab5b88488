package taskcluster

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// The examples of Hawk's own description (github.com/mozilla/hawk, API.md): a header with and without a payload.
func TestHawkExamples(t *testing.T) {
	u, err := url.Parse("http://example.com:8000/resource/1?b=1&a=2")
	if err != nil {
		t.Fatal(err)
	}
	h := hawkCall{method: "GET", url: u, id: "dh37fgj492je", key: "werxhqb98rpaxn39848xrunpaw3489ruxnpa98w4rxn", at: time.Unix(1353832234, 0), nonce: "j4h3g2", ext: "some-app-ext-data"}
	if got, want := h.header(), `Hawk id="dh37fgj492je", ts="1353832234", nonce="j4h3g2", ext="some-app-ext-data", mac="6R4rV5iE+NPoym+WwjeHzjAGXUtLNIxmo1vpMofpLAE="`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	h.method, h.hash = "POST", payloadHash("Text/Plain; charset=utf-8", []byte("Thank you for flying Hawk"))
	if got, want := h.hash, "Yi9LfIIFRtBEPt74PVmbTF/xVAwPn7ub15ePICfgnuY="; got != want {
		t.Errorf("got hash %s, want %s", got, want)
	}
	if got, want := h.mac(), "aSe1DERmZuRl3pI36/9BdZmnErTw3sNzOOAUlfeKjVw="; got != want {
		t.Errorf("got mac %s, want %s", got, want)
	}
}

// A path is signed as it is sent: a slash in a hook's id stays escaped, ports are those of the scheme, hosts small letters.
func TestHawkSignsWhatIsSent(t *testing.T) {
	var seen *http.Request
	c := New(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) { seen = r; return nil, errors.New("enough") })}, "https://TC.example/", options(ours()))
	_, _ = c.triggerHook(t.Context(), group, hookID, obj{"a": "<&>"})
	if seen == nil {
		t.Fatal("nothing was sent")
	}
	body, err := seen.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	var sent bytes.Buffer
	if _, err := sent.ReadFrom(body); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("hawk.1.header\n%d\nn0nce\nPOST\n/api/hooks/v1/hooks/project-gecko/in-tree-action-3-generic%%2F0123456789/trigger\ntc.example\n443\n%s\n\n",
		noon().Unix(), payloadHash("application/json", sent.Bytes()))
	if got := seen.Header.Get("Authorization"); !strings.HasSuffix(got, `, mac="`+macOf(ours().AccessToken, want)+`"`) {
		t.Errorf("%s was not signed as\n%s", got, want)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// cert makes a certificate with the signature sekrit-signature.
func cert(t testing.TB, start, expiry int64) string {
	t.Helper()
	text, err := json.Marshal(certificate{Version: 1, Scopes: []string{"a"}, Start: start, Expiry: expiry, Seed: "sekrit-seed", Signature: "sekrit-signature"})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestExt(t *testing.T) {
	now := noon().UnixMilli()
	good := cert(t, now-1000, now+1000)
	rows := []struct {
		name string
		cred Credentials
		want string // decoded; empty for none
		why  string
	}{
		{name: "permanent", cred: Credentials{ClientID: "a", AccessToken: "b"}},
		{name: "temporary", cred: Credentials{ClientID: "a", AccessToken: "b", Certificate: " " + good}, want: `{"certificate":` + good + `}`},
		{name: "limited", cred: Credentials{ClientID: "a", AccessToken: "b", AuthorizedScopes: []string{"x:<y>"}}, want: `{"authorizedScopes":["x:<y>"]}`},
		{name: "expired", cred: Credentials{ClientID: "a", AccessToken: "b", Certificate: cert(t, now-2000, now-1)}, why: "expired at 2026-11-22T16:39:59Z"},
		{name: "not yet", cred: Credentials{ClientID: "a", AccessToken: "b", Certificate: cert(t, now+600_000, now+700_000)}, why: "valid from 2026-11-22T16:50:00Z on"},
		{name: "soon", cred: Credentials{ClientID: "a", AccessToken: "b", Certificate: cert(t, now+60_000, now+700_000)}, want: `{"certificate":` + cert(t, now+60_000, now+700_000) + `}`},
		{name: "too long", cred: Credentials{ClientID: "a", AccessToken: "b", Certificate: cert(t, now, now+32*24*3600*1000)}, why: "longer than 31 days"},
		{name: "garbage", cred: Credentials{ClientID: "a", AccessToken: "b", Certificate: `{"sekrit`}, why: "it is no JSON object"},
		{name: "version 2", cred: Credentials{ClientID: "a", AccessToken: "b", Certificate: `{"version":2}`}, why: "its version is 2"},
		{name: "no signature", cred: Credentials{ClientID: "a", AccessToken: "b", Certificate: `{"version":1,"seed":"x"}`}, why: "no seed or no signature"},
		{name: "backwards", cred: Credentials{ClientID: "a", AccessToken: "b", Certificate: cert(t, now, now)}, why: "ends before it starts"},
		{name: "no client", cred: Credentials{AccessToken: "sekrit"}, why: "client id is empty"},
		{name: "a client with a quote", cred: Credentials{ClientID: `a"`, AccessToken: "sekrit"}, why: "characters that no client id has"},
		{name: "no token", cred: Credentials{ClientID: "a"}, why: "access token is empty"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			got, err := r.cred.ext(noon())
			if r.why != "" {
				if !errors.Is(err, sources.ErrUnauthorised) || !strings.Contains(err.Error(), r.why) || strings.Contains(err.Error(), "sekrit") {
					t.Errorf("%q is wanted: %v", r.why, err)
				}
				return
			}
			text, derr := base64.StdEncoding.DecodeString(got)
			if err != nil || derr != nil || string(text) != r.want {
				t.Errorf("got %s, %v, %v", text, err, derr)
			}
		})
	}
	var none *Credentials
	if err := none.Usable(noon()); !errors.Is(err, sources.ErrUnauthorised) {
		t.Errorf("no credentials: %v", err)
	}
}

// Taskcluster's own vectors of temporary credentials: what we read of a certificate is enough to make its signature and its
// token again from the permanent credentials, and it is sent as it came.
func TestTemporaryCredentialsVectors(t *testing.T) {
	var vectors []struct {
		Description       string
		Seed              string
		PermCreds         struct{ ClientID, AccessToken string }
		ExpectedTempCreds struct {
			ClientID, AccessToken, Certificate string
			AuthorizedScopes                   []string
		}
	}
	readShared(t, "data/taskcluster/hawk-temporary-credentials_vectors.json", &vectors)
	for _, v := range vectors {
		t.Run(v.Description, func(t *testing.T) {
			c, err := parseCertificate(v.ExpectedTempCreds.Certificate)
			if err != nil {
				t.Fatal(err)
			}
			lines := []string{"version:1"}
			if c.Issuer != "" {
				lines = append(lines, "clientId:"+v.ExpectedTempCreds.ClientID, "issuer:"+c.Issuer)
			}
			lines = append(lines, "seed:"+c.Seed, fmt.Sprint("start:", c.Start), fmt.Sprint("expiry:", c.Expiry), "scopes:")
			if got := macOf(v.PermCreds.AccessToken, strings.Join(append(lines, c.Scopes...), "\n")); got != c.Signature {
				t.Errorf("the signature of what was read is %s, and the certificate's is %s", got, c.Signature)
			}
			m := hmac.New(sha256.New, []byte(v.PermCreds.AccessToken))
			m.Write([]byte(c.Seed))
			if got := base64.RawURLEncoding.EncodeToString(m.Sum(nil)); got != v.ExpectedTempCreds.AccessToken {
				t.Errorf("the token is %s, and %s is wanted", got, v.ExpectedTempCreds.AccessToken)
			}
			cred := Credentials{ClientID: v.ExpectedTempCreds.ClientID, AccessToken: v.ExpectedTempCreds.AccessToken, Certificate: v.ExpectedTempCreds.Certificate, AuthorizedScopes: v.ExpectedTempCreds.AuthorizedScopes}
			ext, err := cred.ext(time.UnixMilli(c.Start + 1))
			if err != nil {
				t.Fatal(err)
			}
			text, err := base64.StdEncoding.DecodeString(ext)
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				Certificate      certificate
				AuthorizedScopes []string
			}
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c, got.Certificate); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(v.ExpectedTempCreds.AuthorizedScopes, got.AuthorizedScopes); d != "" {
				t.Error(d)
			}
		})
	}
}

// No way of printing credentials shows their secrets.
func TestCredentialsArePrintedWithoutSecrets(t *testing.T) {
	c := Credentials{ClientID: "me", AccessToken: "sekrit", Certificate: "sekrit"}
	text, err := json.Marshal(struct{ C *Credentials }{&c})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(c), fmt.Sprint(&c), fmt.Sprintf("%v %+v %#v %s %q %x", c, c, c, c, c, &c), fmt.Sprintf("%#v", Options{Credentials: &c}.Credentials), string(text)} {
		if strings.Contains(s, "sekrit") || strings.Contains(s, fmt.Sprintf("%x", "sekrit")) {
			t.Errorf("%s", s)
		}
	}
}

// A service that repeats what it was sent does not get a secret into an error.
func TestEchoedSecretsAreHidden(t *testing.T) {
	d := newDeployment()
	now := noon().UnixMilli()
	cred := &Credentials{ClientID: "me", AccessToken: "sekrit-token", Certificate: cert(t, now-1, now+100_000)}
	c := d.client(cred)
	u := unit(t, c, ci.Trigger{})
	d.trigger = func(obj) (int, any) {
		return 400, problem("InputError", "you sent "+cred.AccessToken+" and "+cred.Certificate+" with sekrit-signature and sekrit-seed")
	}
	_, err := effect(t, c, "jobs.trigger").Do(t.Context(), u, 1)
	if err == nil || strings.Contains(err.Error(), "sekrit") {
		t.Errorf("%v", err)
	}
}
