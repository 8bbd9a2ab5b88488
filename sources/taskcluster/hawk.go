package taskcluster

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A hawkCall is what one Authorization header of the Hawk scheme is made of.
type hawkCall struct {
	method string
	url    *url.URL
	id     string
	key    string
	at     time.Time
	nonce  string
	hash   string // of the payload, see payloadHash; empty leaves the payload out of the signature
	ext    string // extra data that are signed with the rest; empty where there are none
}

// header writes the Authorization header.
func (h hawkCall) header() string {
	var b strings.Builder
	fmt.Fprintf(&b, `Hawk id="%s", ts="%d", nonce="%s"`, h.id, h.at.Unix(), h.nonce)
	if h.hash != "" {
		fmt.Fprintf(&b, `, hash="%s"`, h.hash)
	}
	if h.ext != "" {
		fmt.Fprintf(&b, `, ext="%s"`, h.ext)
	}
	fmt.Fprintf(&b, `, mac="%s"`, h.mac())
	return b.String()
}

// mac signs the normalised request string of Hawk, version 1.
func (h hawkCall) mac() string {
	lines := []string{
		"hawk.1.header",
		strconv.FormatInt(h.at.Unix(), 10),
		h.nonce,
		strings.ToUpper(h.method),
		h.url.RequestURI(),
		strings.ToLower(h.url.Hostname()),
		port(h.url),
		h.hash,
		strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(h.ext),
	}
	return macOf(h.key, strings.Join(lines, "\n")+"\n")
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}

func macOf(key, text string) string {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// payloadHash is Hawk's hash of a body: its media type without parameters, then the body itself.
func payloadHash(contentType string, body []byte) string {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		media = strings.ToLower(strings.TrimSpace(contentType))
	}
	sum := sha256.Sum256([]byte("hawk.1.payload\n" + media + "\n" + string(body) + "\n"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// sign puts the Authorization header on a request whose body is body (nil where it has none).
func (c *Client) sign(req *http.Request, body []byte) error {
	cred := c.opts.Credentials
	ext, err := cred.ext(c.opts.Now())
	if err != nil {
		return err
	}
	h := hawkCall{method: req.Method, url: req.URL, id: cred.ClientID, key: cred.AccessToken, at: c.opts.Now(), nonce: c.opts.Nonce(), ext: ext}
	if body != nil {
		h.hash = payloadHash(req.Header.Get("Content-Type"), body)
	}
	req.Header.Set("Authorization", h.header())
	return nil
}
