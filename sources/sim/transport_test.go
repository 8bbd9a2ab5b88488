package sim

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The transport without sockets and the real one give the same answers.
func TestTransportIsLikeTheRealOne(t *testing.T) {
	s := faulty(t, Options{})
	p := s.w.branches[0].positioned(0)
	ask := clients(t, s)
	for _, path := range []string{"/th/api/project/autoland/push/?count=20", "/th/api/jobs/?count=5", "/th/api/nosuch", "/hg/nosuch/json-pushes", "/hg/integration/autoland/json-pushes?startID=x",
		"/tc/api/queue/v1/task/" + p.decision + "/artifacts/public/actions.json", "/tc/public-bucket/" + p.decision + "/0/public/actions.json", "/nowhere", "/treestatus/trees"} {
		for _, header := range [][2]string{{}, {"Accept-Encoding", "gzip"}, {"User-Agent", ""}} {
			got := map[string]string{}
			for name, do := range ask {
				r := request(t, path)
				if header[0] == "User-Agent" {
					r.Header.Del("User-Agent")
				} else if header[0] != "" {
					r.Header.Set(header[0], header[1])
				}
				resp, err := do(r)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				resp.Header.Del("Date")
				var h strings.Builder
				resp.Header.Write(&h)
				got[name] = resp.Status + h.String() + string(body) + itoa(int(resp.ContentLength))
				if err != nil || resp.Uncompressed && resp.Header.Get("Content-Encoding") != "" {
					t.Errorf("%s: %v, %v", path, err, resp)
				}
			}
			if got["socket"] != got["transport"] {
				t.Errorf("%s %v:\n%.500q\n%.500q", path, header, got["socket"], got["transport"])
			}
		}
	}
}

func TestTransportObeysItsContext(t *testing.T) {
	arrived := make(chan bool, 1)
	s := faulty(t, Options{Sleep: func(ctx context.Context, _ time.Duration) error {
		arrived <- true
		<-ctx.Done()
		return ctx.Err()
	}}, Fault{Kind: FaultSlow, Delay: time.Hour})
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-arrived; cancel() }()
	_, err := (&http.Client{Transport: Transport(s)}).Do(request(t, "/th/api/jobs/").WithContext(ctx))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("while waiting: %v", err)
	}
	_, err = Transport(s).RoundTrip(request(t, "/th/api/jobs/").WithContext(ctx))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("canceled before: %v", err)
	}

	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	resp, err := Transport(faulty(t, Options{}, Fault{Kind: FaultHuge})).RoundTrip(request(t, "/th/api/jobs/").WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	io.CopyN(io.Discard, resp.Body, 1000)
	cancel()
	if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, context.Canceled) {
		t.Errorf("in the middle of a body: %v", err)
	}
}
