package sourcetest_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/sources/sourcetest"
)

func TestRecordingsAreRead(t *testing.T) {
	for _, tt := range []struct {
		folder, file, method, uri string
		status                    int
		sent, asked               string // a header that was asked with
		body                      string // the beginning of its body
	}{
		{"pushlog", "02-v2-default.http", "GET", "/integration/autoland/json-pushes?version=2", 200, "", "", "{\n\"lastpushid\": 202"},
		{"pushlog", "13-startID-notint.http", "GET", "/integration/autoland/json-pushes?version=2&startID=abc&endID=2", 500, "", "", "Internal Server Error"},
		{"treeherder", "01-go-ua-403.http", "GET", "/api/project/autoland/push/?count=1", 403, "", "User-Agent: Go-http-client/1.1", ""},
		{"treeherder", "74-accept-version-bad.http", "GET", "/api/project/autoland/push/?count=1", 406, "", "Accept: application/json; version=9", "{"},
		{"taskcluster", "46-trigger-ok.http", "POST", "/api/hooks/v1/hooks/project-gecko/in-tree-action-3-retrigger/trigger", 200, "", "", "{\n  \"taskId\""},
		{"taskcluster", "41b-findtasks-at-index.http", "POST", "/api/index/v1/tasks/indexes", 200,
			`{"indexes":["gecko.v2.autoland.revision.da270bd7c9dba2496edd3ddeb19809e164b3e9d4.firefox.linux64-opt","no.such"]}`, "Content-Type: application/json", "{"},
		{"taskcluster", "65-head.http", "HEAD", "/api/queue/v1/task/a3oYGK0ySqykzoaHSYgCDw", 200, "", "", ""},
		{"taskcluster/no-anonymous-role", "01-task.http", "GET", "/api/queue/v1/task/DRiKqt22TamY5LYBQItLvQ", 403, "", "", "{"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			r := sourcetest.Recorded(t, sourcetest.Recordings(t, tt.folder), tt.file)
			if r.Method != tt.method || r.URL.RequestURI() != tt.uri || r.Status != tt.status || string(r.Sent) != tt.sent {
				t.Errorf("got %s %s %d, sent %q\nwant %s %s %d, sent %q", r.Method, r.URL.RequestURI(), r.Status, r.Sent, tt.method, tt.uri, tt.status, tt.sent)
			}
			if k, v, ok := strings.Cut(tt.asked, ": "); ok && r.Asked.Get(k) != v {
				t.Errorf("asked with %v, want %s", r.Asked, tt.asked)
			}
			if !strings.HasPrefix(string(r.Body), tt.body) {
				t.Errorf("body is %.80q, want %q at its beginning", r.Body, tt.body)
			}
		})
	}
}

func TestAFollowedRedirectIsTwoRecordings(t *testing.T) {
	var hops []sourcetest.Recording
	for _, r := range sourcetest.Recordings(t, "taskcluster") {
		if r.File == "40b-index-artifact-L.http" {
			hops = append(hops, r)
		}
	}
	if len(hops) != 2 || hops[0].Status != 303 || hops[1].Status != 200 || hops[1].URL.Path != "/public-bucket/f6IucS4oQtiIs7IMphOn8Q/0/public/actions.json" {
		t.Fatalf("hops: %+v", hops)
	}
	if !strings.HasPrefix(string(hops[1].Body), `{"version":1`) || strings.Contains(string(hops[0].Body), "HTTP/1.1") {
		t.Errorf("bodies of the hops: %.60q, %.60q", hops[0].Body, hops[1].Body)
	}
}

func TestEveryRecordingIsServed(t *testing.T) {
	for _, folder := range []string{"pushlog", "treeherder", "taskcluster", "taskcluster/no-anonymous-role"} {
		for _, r := range sourcetest.Recordings(t, folder) {
			client := &http.Client{Transport: sourcetest.Replay(t, r), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			req, err := http.NewRequest(r.Method, "http://ci.example"+r.URL.RequestURI(), strings.NewReader(string(r.Sent)))
			if err != nil {
				t.Fatal(err)
			}
			for k := range r.Asked {
				req.Header.Set(k, r.Asked.Get(k))
			}
			req.Host = r.Asked.Get("Host")
			resp, err := client.Do(req)
			if err != nil {
				t.Fatalf("%s: %v", r.File, err)
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != r.Status || string(body) != string(r.Body) {
				t.Errorf("%s: got %d with %d bytes (%v), want %d with %d", r.File, resp.StatusCode, len(body), err, r.Status, len(r.Body))
			}
		}
	}
}

func TestReplayTakesTheRecordingThatSaysMost(t *testing.T) {
	list := sourcetest.Recordings(t, "treeherder")
	p := sourcetest.Replay(t, list...)
	ask := func(h map[string]string) *http.Response {
		req, _ := http.NewRequest("GET", "http://ci.example/api/project/autoland/push/?count=10", nil)
		for k, v := range h {
			req.Header.Set(k, v)
		}
		resp, err := p.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	resp := ask(map[string]string{"Accept-Encoding": "gzip"})
	zr, err := gzip.NewReader(resp.Body)
	if err != nil || resp.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("no gzip came: %v, %v", resp.Header, err)
	}
	if body, err := io.ReadAll(zr); err != nil || !strings.HasPrefix(string(body), `{"meta"`) && !strings.HasPrefix(string(body), `{"results"`) {
		t.Errorf("unpacked: %.80q, %v", body, err)
	}
	if p.Used("76-gzip.http") != 1 {
		t.Errorf("76-gzip.http was used %d times", p.Used("76-gzip.http"))
	}
}
