package taskcluster

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/mozci/mozci-run/sources"
)

// Credentials say who we are. They are printed without their secrets.
type Credentials struct {
	ClientID         string
	AccessToken      string   // secret
	Certificate      string   // JSON text; empty for permanent credentials. Its signature is as secret as the token
	AuthorizedScopes []string // limits calls to these scopes; nil leaves all that the credentials have
}

// String names the client and nothing else.
func (c Credentials) String() string { return "credentials of " + c.ClientID }

// GoString is String: %#v shows no secret either.
func (c Credentials) GoString() string { return c.String() }

// Format is String for every verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(c.String())) }

// MarshalJSON writes no secret.
func (c Credentials) MarshalJSON() ([]byte, error) { return json.Marshal(c.String()) }

// A certificate is what makes credentials temporary: the scopes that they have, and from when to when.
// Format: services/auth of Taskcluster; start and expiry are milliseconds since 1970.
type certificate struct {
	Version   int      `json:"version"`
	Scopes    []string `json:"scopes"`
	Start     int64    `json:"start"`
	Expiry    int64    `json:"expiry"`
	Seed      string   `json:"seed"`
	Signature string   `json:"signature"`
	Issuer    string   `json:"issuer,omitempty"`
}

var errCertificate = errors.New("the certificate of the credentials cannot be read")

// parseCertificate reads a certificate. Its errors say what is wrong and repeat nothing of it.
func parseCertificate(text string) (certificate, error) {
	var c certificate
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return certificate{}, fmt.Errorf("%w: it is no JSON object with version, scopes, start, expiry, seed and signature", errCertificate)
	}
	switch {
	case c.Version != 1:
		return certificate{}, fmt.Errorf("%w: its version is %d, and 1 is known", errCertificate, c.Version)
	case c.Seed == "" || c.Signature == "":
		return certificate{}, fmt.Errorf("%w: it has no seed or no signature", errCertificate)
	case c.Start <= 0 || c.Expiry <= c.Start:
		return certificate{}, fmt.Errorf("%w: it ends before it starts", errCertificate)
	case c.Expiry-c.Start > (31 * 24 * time.Hour).Milliseconds():
		return certificate{}, fmt.Errorf("%w: it is valid for longer than 31 days", errCertificate)
	}
	return c, nil
}

// CheckCertificate says whether a text is the certificate of temporary credentials, at whatever time. The error repeats nothing of it.
func CheckCertificate(text string) error {
	_, err := parseCertificate(text)
	return err
}

// skew is how far a service's clock may be from ours: what Taskcluster allows at the least.
const skew = 5 * time.Minute

// ext is the ext attribute of a signed call: base64 of {certificate, authorizedScopes}, empty for permanent credentials
// without a limit. An error says why these credentials cannot be used at this time.
func (c *Credentials) ext(now time.Time) (string, error) {
	var parts struct {
		Certificate      json.RawMessage `json:"certificate,omitempty"`
		AuthorizedScopes []string        `json:"authorizedScopes,omitempty"`
	}
	if err := c.Usable(now); err != nil {
		return "", err
	}
	if c.Certificate != "" {
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(c.Certificate)); err != nil {
			return "", errCertificate
		}
		parts.Certificate = compact.Bytes()
	}
	parts.AuthorizedScopes = c.AuthorizedScopes
	if parts.Certificate == nil && parts.AuthorizedScopes == nil {
		return "", nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(parts); err != nil {
		return "", errCertificate
	}
	return base64.StdEncoding.EncodeToString(bytes.TrimSpace(b.Bytes())), nil
}

// clientIDs is what may be a client id; nothing else may stand in a header.
var clientIDs = regexp.MustCompile(`^[A-Za-z0-9!@/:.+|_-]+$`)

// mayAct says whether calls can be signed: nil, or why not.
func (c *Client) mayAct() error {
	if c.opts.Credentials == nil && c.opts.Without != "" {
		return &sources.Error{Kind: sources.ErrUnauthorised, Source: Name, Doing: "signing", Err: errors.New(c.opts.Without), Hint: howToSignIn}
	}
	return c.opts.Credentials.Usable(c.opts.Now())
}

const howToSignIn = "give TASKCLUSTER_ROOT_URL, TASKCLUSTER_CLIENT_ID and TASKCLUSTER_ACCESS_TOKEN, or run: eval `taskcluster signin`"

// Usable says whether calls can be signed with these credentials at this time: nil, or why not. The error repeats no secret.
func (c *Credentials) Usable(now time.Time) error {
	const hint = "make new ones, for example with: eval `taskcluster signin`"
	wrong := func(err error) error {
		return &sources.Error{Kind: sources.ErrUnauthorised, Source: Name, Doing: "signing", Err: err, Hint: hint}
	}
	switch {
	case c == nil:
		return &sources.Error{Kind: sources.ErrUnauthorised, Source: Name, Doing: "signing", Err: errors.New("there are no credentials"), Hint: howToSignIn}
	case !clientIDs.MatchString(c.ClientID):
		return wrong(errors.New("the client id is empty, or has characters that no client id has"))
	case c.AccessToken == "":
		return wrong(errors.New("the access token is empty"))
	case c.Certificate == "":
		return nil
	}
	cert, err := parseCertificate(c.Certificate)
	if err != nil {
		return wrong(err)
	}
	if end := time.UnixMilli(cert.Expiry).UTC(); now.After(end) {
		return wrong(fmt.Errorf("the temporary credentials of %s expired at %s", c.ClientID, end.Format(time.RFC3339)))
	}
	if start := time.UnixMilli(cert.Start).UTC(); now.Add(skew).Before(start) {
		return wrong(fmt.Errorf("the temporary credentials of %s are valid from %s on", c.ClientID, start.Format(time.RFC3339)))
	}
	return nil
}

// hide removes every secret of the credentials from text that a service sent.
func (c *Credentials) hide(text string) string {
	if c == nil {
		return text
	}
	secrets := []string{c.AccessToken, c.Certificate}
	if cert, err := parseCertificate(c.Certificate); err == nil {
		secrets = append(secrets, cert.Signature, cert.Seed)
	}
	for _, s := range secrets {
		if len(s) > 3 {
			text = strings.ReplaceAll(text, s, "REDACTED")
		}
	}
	return text
}
