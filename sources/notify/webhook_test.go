package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/notify"
)

const canary = "T0CANARY/B0CANARY/aVerySecretPath"

// A room is a service that takes notices.
type room struct {
	*httptest.Server
	bodies []string
	keys   []string
	status int
}

func open(t *testing.T) *room {
	t.Helper()
	r := &room{status: http.StatusOK}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.bodies = append(r.bodies, req.Method+" "+req.URL.Path+" "+req.Header.Get("Content-Type")+" "+string(body))
		r.keys = append(r.keys, req.Header.Get("Idempotency-Key"))
		if r.status/100 == 3 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(r.status)
		fmt.Fprintf(w, "you asked for %s", req.URL) // a service may repeat the secret
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *room) hook() *notify.Webhook { return notify.New(r.Client(), r.URL+"/services/"+canary) }

// units asks for a notice's units through the effect, as the engine does.
func units(t *testing.T, w *notify.Webhook, in map[string]any) []sources.Unit {
	t.Helper()
	list, err := w.Effects()[0].Units(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 {
		t.Fatalf("%d units, and one notice", len(list))
	}
	return list
}

// secretFree fails where something that leaves the adapter holds a part of the URL.
func secretFree(t *testing.T, r *room, things ...any) {
	t.Helper()
	host := strings.TrimPrefix(r.URL, "http://")
	for _, v := range things {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{fmt.Sprintf("%v %+v %#v", v, v, v), string(text)} {
			if strings.Contains(s, "CANARY") || strings.Contains(s, "SecretPath") || strings.Contains(s, host) {
				t.Errorf("the webhook's URL shows in %s", s)
			}
		}
	}
}

func TestNoticeIsSent(t *testing.T) {
	r := open(t)
	w := r.hook()
	u := units(t, w, map[string]any{"text": "mochitest-1 fails on every push\nsince <abc>", "once_per": "mochitest-1 since abc"})[0]
	if u.PerStep || u.Key.Job != "mochitest-1 since abc" || u.Refusal != "" || u.What != "a notice: mochitest-1 fails on every push …" {
		t.Errorf("got %+v", u)
	}
	receipt, err := w.Do(t.Context(), u, 1)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]string{"text": "mochitest-1 fails on every push\nsince <abc>"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"POST /services/" + canary + " application/json " + string(body)}, r.bodies); diff != "" {
		t.Error(diff)
	}
	if _, err := w.Do(t.Context(), u, 2); err != nil {
		t.Fatal(err)
	}
	if r.keys[0] != u.Key.Token(1) || r.keys[0] == r.keys[1] {
		t.Errorf("the keys %q: one for each notice is wanted", r.keys)
	}
	secretFree(t, r, u, receipt, w, w.Endpoints()[0].Path)
}

func TestKeys(t *testing.T) {
	r := open(t)
	w := r.hook()
	key := func(w *notify.Webhook, text, per string) sources.Key {
		in := map[string]any{"text": text}
		if per != "" {
			in["once_per"] = per
		}
		return units(t, w, in)[0].Key
	}
	elsewhere := notify.New(r.Client(), r.URL+"/services/other")
	if key(w, "a", "p") != key(w, "b", "p") {
		t.Error("once_per is the key, whatever the text")
	}
	if key(w, "a", "p") == key(elsewhere, "a", "p") {
		t.Error("two webhooks are told each")
	}
	if u := units(t, w, map[string]any{"text": "a"})[0]; !u.PerStep || u.Key.Job != "a" {
		t.Errorf("without once_per a notice is its step's own, and told apart by its text: %+v", u)
	}
}

// What a status means, and whether it says that certainly nothing has happened.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		status int
		want   error
		says   string
	}{
		{200, nil, ""},
		{204, nil, ""},
		{302, sources.ErrRefused, "elsewhere"},
		{307, sources.ErrRefused, "elsewhere"},
		{400, sources.ErrRefused, "did not take"},
		{401, sources.ErrUnauthorised, "lets nobody write"},
		{403, sources.ErrUnauthorised, "lets nobody write"},
		{404, sources.ErrNotFound, "no such webhook"},
		{408, sources.ErrUnavailable, "it may have"},
		{410, sources.ErrNotFound, "no such webhook"},
		{413, sources.ErrRefused, "did not take"},
		{429, sources.ErrRefused, "no more notices for now"},
		{500, sources.ErrUnavailable, "it may have"},
		{503, sources.ErrUnavailable, "it may have"},
	} {
		t.Run(fmt.Sprint(tt.status), func(t *testing.T) {
			r := open(t)
			r.status = tt.status
			w := r.hook()
			_, err := w.Do(t.Context(), units(t, w, map[string]any{"text": "x"})[0], 1)
			if sources.KindOf(err) != tt.want {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if len(r.bodies) != 1 {
				t.Errorf("it was sent %d times", len(r.bodies))
			}
			if err != nil {
				secretFree(t, r, err.Error())
				if !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%q is not in %v", tt.says, err)
				}
			}
		})
	}
}

type failing struct{ err error }

func (f failing) RoundTrip(req *http.Request) (*http.Response, error) {
	if f.err == nil {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	return nil, f.err
}

// Where no answer came, it is told apart whether something was sent, and what the connection says of the URL is not repeated.
func TestNoAnswer(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want error
		says string
	}{
		{"refused connection", &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connect to " + canary)}, sources.ErrRefused, "nothing was sent"},
		{"unknown host", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: canary}}, sources.ErrRefused, "nothing was sent"},
		{"reset", &net.OpError{Op: "read", Net: "tcp", Err: errors.New("reset by " + canary)}, sources.ErrUnavailable, "may have arrived"},
		{"plan", &sources.Error{Kind: sources.ErrRefused, URL: canary, Err: errors.New("this is a plan")}, sources.ErrRefused, "held back"},
		{"deadline", nil, sources.ErrUnavailable, "no answer came in time"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t)
			w := notify.New(&http.Client{Transport: failing{tt.err}}, r.URL+"/"+canary)
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			if tt.err != nil {
				ctx = t.Context()
			}
			_, err := w.Do(ctx, units(t, w, map[string]any{"text": "x"})[0], 1)
			if sources.KindOf(err) != tt.want || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %v: %s", err, tt.want, tt.says)
			}
			secretFree(t, r, err.Error())
		})
	}
}

// Go's own transport sends a request with an Idempotency-Key again where the connection that it used before breaks. A notice
// that may have arrived is not sent again by anybody.
func TestAConnectionThatBreaksSendsNothingAgain(t *testing.T) {
	var sent atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			t.Error(err)
		}
		if sent.Add(1) == 2 {
			panic(http.ErrAbortHandler) // takes the notice, and breaks the connection
		}
	}))
	defer s.Close()
	w := notify.New(s.Client(), s.URL+"/"+canary)
	u := units(t, w, map[string]any{"text": "x"})[0]
	if _, err := w.Do(t.Context(), u, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Do(t.Context(), u, 2); sources.KindOf(err) != sources.ErrUnavailable || sent.Load() != 2 {
		t.Errorf("it was sent %d times, %v", sent.Load(), err)
	}
}

func TestCannotTell(t *testing.T) {
	w := open(t).hook()
	f, err := w.Find(t.Context(), units(t, w, map[string]any{"text": "x"})[0], 1, time.Time{})
	if err != nil || f.Presence != sources.CannotTell || w.Terms().Conclusive {
		t.Errorf("a webhook has no memory: %v, %v", f, err)
	}
}

func TestRefusedBeforehand(t *testing.T) {
	r := open(t)
	for _, tt := range []struct{ url, text, want string }{
		{"", "x", "this profile has no webhook"},
		{"hooks.example/" + canary, "x", "is none"},
		{"ftp://hooks.example/" + canary, "x", "is none"},
		{"https://%zz/" + canary, "x", "is none"},
		{r.URL, " \n", "its text is empty"},
	} {
		w := notify.New(r.Client(), tt.url)
		u := units(t, w, map[string]any{"text": tt.text})[0]
		if !strings.Contains(u.Refusal, tt.want) {
			t.Errorf("%q is not in %q", tt.want, u.Refusal)
		}
		secretFree(t, r, u)
		if tt.text == "x" {
			if _, err := w.Do(t.Context(), u, 1); !errors.Is(err, sources.ErrRefused) {
				t.Errorf("done all the same: %v", err)
			}
		}
	}
	if len(r.bodies) > 0 {
		t.Errorf("%q were sent", r.bodies)
	}
	if _, err := r.hook().Do(t.Context(), sources.Unit{In: 3}, 1); !errors.Is(err, sources.ErrRefused) {
		t.Errorf("a unit of something else: %v", err)
	}
}

func TestEndpointIsDeclared(t *testing.T) {
	w := open(t).hook()
	e := w.Endpoints()[0]
	if !e.Match(http.MethodPost, "https://hooks.example", "https://hooks.example/services/"+canary) || e.Asks || e.Feeds[0] != "notify.webhook" {
		t.Errorf("got %+v", e)
	}
	if q := w.Queries(); len(q) > 0 {
		t.Errorf("a webhook answers nothing: %v", q)
	}
	if in := w.Effects()[0].In; in.Field("once_per") == nil || w.Name() != "notify" {
		t.Errorf("its input is not %T: %v", ci.Notice{}, in)
	}
}
