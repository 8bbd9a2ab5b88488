package sim

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// hawkField is one attribute of an Authorization header.
var hawkField = regexp.MustCompile(`(\w+)="([^"\\]*)"`)

// A caller is who has signed a request. The zero caller is anonymous.
type caller struct {
	id     string
	scopes []string
}

// caller checks the signature of a request. problem says in Taskcluster's words why there is none that counts. Time
// stamps are taken as they are: the simulated clock need not be the client's.
func (c *tcCall) caller() (who caller, problem string) {
	head, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Hawk ")
	if !ok || len(c.s.w.sc.Access.Clients) == 0 {
		return caller{}, ""
	}
	attr := map[string]string{}
	for _, m := range hawkField.FindAllStringSubmatch(head, -1) {
		attr[m[1]] = m[2]
	}
	for _, name := range []string{"id", "ts", "nonce", "mac"} {
		if attr[name] == "" {
			return caller{}, "Missing attributes"
		}
	}
	who, key, problem := c.credentials(attr)
	if problem != "" {
		return caller{}, problem
	}
	if attr["hash"] != "" && attr["hash"] != payloadHash(c.r.Header.Get("Content-Type"), c.raw) {
		return caller{}, "Bad payload hash"
	}
	if !hmac.Equal([]byte(attr["mac"]), []byte(hawkMAC(key, c.r, attr))) {
		return caller{}, "Bad mac"
	}
	return who, ""
}

// A certificate makes temporary credentials.
type certificate struct {
	Version   int      `json:"version"`
	Scopes    []string `json:"scopes"`
	Start     int64    `json:"start"`
	Expiry    int64    `json:"expiry"`
	Seed      string   `json:"seed"`
	Signature string   `json:"signature"`
	Issuer    string   `json:"issuer"`
}

// credentials finds the client, its scopes and the key it has to sign with.
func (c *tcCall) credentials(attr map[string]string) (who caller, key, problem string) {
	var ext struct {
		Certificate      *certificate `json:"certificate"`
		AuthorizedScopes []string     `json:"authorizedScopes"`
	}
	if attr["ext"] != "" {
		raw, err := base64.StdEncoding.DecodeString(attr["ext"])
		if err != nil || json.Unmarshal(raw, &ext) != nil {
			return who, "", "Failed to parse ext"
		}
	}
	issuer := attr["id"]
	if ext.Certificate != nil && ext.Certificate.Issuer != "" {
		issuer = ext.Certificate.Issuer
	}
	client := c.client(issuer)
	if client == nil {
		return who, "", "Client with clientId '" + issuer + "' not found"
	}
	who, key = caller{attr["id"], client.Scopes}, client.AccessToken
	if cert := ext.Certificate; cert != nil {
		now := c.now.UnixMilli()
		switch {
		case !hmac.Equal([]byte(cert.sign(client.AccessToken, attr["id"])), []byte(cert.Signature)):
			return who, "", "ext.certificate.signature is not valid"
		case now < cert.Start-5*60e3, now > cert.Expiry+5*60e3:
			return who, "", "ext.certificate.expiry < now"
		}
		for _, s := range cert.Scopes {
			if !satisfies(client.Scopes, s) {
				return who, "", "ext.certificate issuer `" + issuer + "` doesn't satisfy certificate's scopes"
			}
		}
		who.scopes, key = cert.Scopes, temporaryKey(client.AccessToken, cert.Seed)
	}
	if ext.AuthorizedScopes != nil {
		for _, s := range ext.AuthorizedScopes {
			if !satisfies(who.scopes, s) {
				return who, "", "ext.authorizedScopes oversteps your scopes"
			}
		}
		who.scopes = ext.AuthorizedScopes
	}
	return who, key, ""
}

func (c *tcCall) client(id string) *Client {
	for i, x := range c.s.w.sc.Access.Clients {
		if x.ID == id {
			return &c.s.w.sc.Access.Clients[i]
		}
	}
	return nil
}

// sign is the signature that the issuer's key gives a certificate.
func (cert *certificate) sign(key, clientID string) string {
	parts := []string{fmt.Sprintf("version:%d", cert.Version)}
	if cert.Issuer != "" {
		parts = append(parts, "clientId:"+clientID, "issuer:"+cert.Issuer)
	}
	parts = append(parts, "seed:"+cert.Seed, fmt.Sprintf("start:%d", cert.Start), fmt.Sprintf("expiry:%d", cert.Expiry), "scopes:")
	return base64.StdEncoding.EncodeToString(mac(key, strings.Join(append(parts, cert.Scopes...), "\n")))
}

// temporaryKey is the access token of temporary credentials.
func temporaryKey(key, seed string) string {
	return base64.RawURLEncoding.EncodeToString(mac(key, seed))
}

func mac(key, message string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	io.WriteString(h, message)
	return h.Sum(nil)
}

// hawkMAC is the signature that a request should have.
func hawkMAC(key string, r *http.Request, attr map[string]string) string {
	host, port, _ := strings.Cut(strings.ToLower(r.Host), ":")
	if port == "" {
		port = "80"
		if strings.HasPrefix(origin(r), "https:") {
			port = "443"
		}
	}
	text := strings.Join([]string{"hawk.1.header", attr["ts"], attr["nonce"], r.Method, r.URL.RequestURI(), host, port, attr["hash"], attr["ext"]}, "\n") + "\n"
	if attr["app"] != "" {
		text += attr["app"] + "\n" + attr["dlg"] + "\n"
	}
	return base64.StdEncoding.EncodeToString(mac(key, text))
}

// payloadHash is Hawk's hash of a body.
func payloadHash(contentType string, body []byte) string {
	kind, _, _ := strings.Cut(contentType, ";")
	sum := sha256.Sum256(bytes.Join([][]byte{[]byte("hawk.1.payload"), []byte(strings.ToLower(strings.TrimSpace(kind))), body, nil}, []byte("\n")))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// satisfies says whether one of the scopes covers a wanted one.
func satisfies(have []string, want string) bool {
	for _, s := range have {
		if s == want {
			return true
		}
		if head, open := strings.CutSuffix(s, "*"); open && strings.HasPrefix(want, head) {
			return true
		}
	}
	return false
}

// reads asks for a scope that everybody has, unless the scenario's deployment gives none to strangers.
func (c *tcCall) reads(scope string) *reply { return c.need(scope, !c.s.w.sc.Access.NoAnonymousReads) }

// writes asks for a scope that strangers have only where the scenario names no clients.
func (c *tcCall) writes(scope string) *reply { return c.need(scope, len(c.s.w.sc.Access.Clients) == 0) }

// need is nil if the caller may, and the refusal otherwise. A signature that is no good is refused in any case.
func (c *tcCall) need(scope string, anybody bool) *reply { return c.needFor(scope, scope, anybody) }

// needFor is need with the scope expression as the method shows it.
func (c *tcCall) needFor(scope, expression string, anybody bool) *reply {
	who, problem := c.caller()
	if problem != "" {
		return c.fail(http.StatusUnauthorized, "AuthenticationFailed", problem)
	}
	if anybody || satisfies(who.scopes, scope) {
		return nil
	}
	if who.id == "" {
		return c.fail(http.StatusForbidden, "InsufficientScopes",
			"This request requires Taskcluster credentials that satisfy the following scope expression:\n\n```\n"+expression+"\n```")
	}
	return c.fail(http.StatusForbidden, "InsufficientScopes", "Client ID "+who.id+" does not have sufficient scopes and is missing the following scopes:\n\n```\n"+
		scope+"\n```\n\nThis request requires the client to satisfy the following scope expression:\n\n```\n"+expression+"\n```")
}
