package notify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// Name is the adapter's name.
const Name = "notify"

// effect is what the adapter does.
const effect = "notify.webhook"

// A Webhook sends notices to one URL. It is safe for concurrent use.
type Webhook struct {
	client *http.Client
	url    string
	why    string // why nothing can be sent; empty where it can
	digest string // of the URL
}

var (
	_ sources.Actor                  = (*Webhook)(nil)
	_ sources.Documented             = (*Webhook)(nil)
	_ sources.Effector[ci.Notice]    = (*Webhook)(nil)
	_ interface{ GoString() string } = (*Webhook)(nil)
)

// New returns a webhook at a URL, which may be empty: every notice is then refused, with that as the reason. The client is
// used without following redirects: a webhook that has moved has to be told anew.
func New(client *http.Client, address string) *Webhook {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	sum := sha256.Sum256([]byte(address))
	return &Webhook{client: &own, url: address, why: unusable(address), digest: hex.EncodeToString(sum[:6])}
}

// unusable says why nothing can be sent to a URL, without repeating it.
func unusable(address string) string {
	if address == "" {
		return "this profile has no webhook: give the adapter notify the credential url, such as credentials: {url: {env: MOZCI_WEBHOOK}}"
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return "what this profile gives as the webhook's URL is none: it starts with https:// and a host"
	}
	return ""
}

// Name is the adapter's name.
func (w *Webhook) Name() string { return Name }

// String is the webhook without its URL, as %v writes it.
func (w *Webhook) String() string { return "webhook " + w.digest }

// GoString is the webhook without its URL, as %#v writes it.
func (w *Webhook) GoString() string { return w.String() }

// Queries are none: a webhook cannot be asked.
func (w *Webhook) Queries() []sources.Query { return nil }

// Effects is the one thing that it does.
func (w *Webhook) Effects() []sources.Effect {
	return []sources.Effect{sources.NewEffect[ci.Notice](effect, "tells people something", w)}
}

// Endpoints is the webhook. All of its path is secret, and is a name here; its base is with the profile's credentials.
func (w *Webhook) Endpoints() []sources.Endpoint {
	return []sources.Endpoint{{Name: "webhook", Doc: "takes {\"text\": …}", Method: http.MethodPost, Path: "/{webhook...}", Feeds: []string{effect}, Limit: answerLimit, Text: true}}
}

// Terms say that a webhook shows nothing: whether a notice has arrived cannot be asked, and it cannot be taken back.
func (w *Webhook) Terms() sources.Terms {
	return sources.Terms{Base: w.base(), Conclusive: false, Deadline: 30 * time.Second, Irreversible: true}
}

// base tells webhooks apart in keys without telling their URLs.
func (w *Webhook) base() string { return "webhook:" + w.digest }

// Units makes one unit of the notice.
func (w *Webhook) Units(_ context.Context, in ci.Notice) ([]sources.Unit, error) {
	u := sources.Unit{
		Key: sources.Key{Base: w.base(), Effect: effect, Job: in.OncePer}, PerStep: in.OncePer == "",
		In: map[string]any{"text": in.Text}, What: "a notice: " + firstLine(in.Text), Refusal: w.why, Denied: w.why != "",
	}
	if u.PerStep {
		u.Key.Job = in.Text
	}
	if strings.TrimSpace(in.Text) == "" {
		u.Denied, u.Refusal = false, "there is nothing to say: its text is empty"
	}
	return []sources.Unit{u}, nil
}

// firstLine is enough of a text to know it by.
func firstLine(text string) string {
	line, _, more := strings.Cut(strings.TrimSpace(text), "\n")
	if runes := []rune(line); len(runes) > 100 {
		line, more = string(runes[:100]), true
	}
	if more {
		line += " …"
	}
	return line
}

// Find cannot tell.
func (w *Webhook) Find(context.Context, sources.Unit, int, time.Time) (sources.Finding, error) {
	return sources.Finding{Presence: sources.CannotTell}, nil
}

// answerLimit is how much of an answer is read, so that the connection can be used again.
const answerLimit = 64 << 10

// idempotencyKey is not written as Go writes headers: its transport would know it, take the POST for one that may be sent twice, and
// do so by itself where a connection breaks. To services both are the same header.
const idempotencyKey = "idempotency-key"

// Do sends the notice, once.
func (w *Webhook) Do(ctx context.Context, u sources.Unit, ordinal int) (sources.Receipt, error) {
	if w.why != "" {
		return sources.Receipt{}, failed(sources.ErrRefused, 0, w.why, "")
	}
	in, _ := u.In.(map[string]any)
	text, _ := in["text"].(string)
	if text == "" {
		return sources.Receipt{}, failed(sources.ErrRefused, 0, "the unit is not one of notify.webhook", "")
	}
	body, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		return sources.Receipt{}, failed(sources.ErrRefused, 0, "its text is none that JSON can hold", "")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil { // New has parsed the URL
		return sources.Receipt{}, failed(sources.ErrRefused, 0, "the webhook's URL gives no request", "")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header[idempotencyKey] = []string{u.Key.Token(ordinal)}
	resp, err := w.client.Do(req)
	if err != nil {
		return sources.Receipt{}, broken(ctx, err)
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, answerLimit)) // what it says is not needed, and its status has come
	return sources.Receipt{}, refusal(resp.StatusCode)
}

func failed(kind error, status int, text, hint string) error {
	return &sources.Error{Kind: kind, Source: Name, Doing: "sending a notice", Status: status, Err: errors.New(text), Hint: hint}
}
