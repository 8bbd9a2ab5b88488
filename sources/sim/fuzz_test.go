package sim

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// No request makes the simulator panic, and every answer has a status.
func FuzzHTTP(f *testing.F) {
	s, _ := start(f, "empty-push", 1, Options{})
	p := s.w.branches[0].positioned(0)
	for _, seed := range [][3]string{
		{"GET", "/hg/integration/autoland/json-pushes?version=2&startID=3&endID=x&full", ""},
		{"GET", "/hg/integration/autoland/json-pushes/2?tipsonly=1&startdate=2025-01-01&enddate=99999999999999999", ""},
		{"GET", "/hg/integration/autoland/json-log?rev=1", ""},
		{"GET", "/hg/integration/autoland/json-automationrelevance/tip?backouts=1", ""},
		{"GET", "/th/api/project/autoland/push/?count=-1&id__lt=9&search=a&author=-x", ""},
		{"GET", "/th/api/project/autoland/push/decisiontask/?push_ids=" + itoa(p.thID), ""},
		{"GET", "/th/api/project/autoland/push/" + itoa(p.thID) + "/status/", ""},
		{"GET", "/th/api/jobs/?push_id__in=1,2&page=0&count=0&last_modified__gt=x&id__lt=3", ""},
		{"GET", "/th/api/project/autoland/jobs/?offset=9999999&count=2000&start_time__gt=2025-01-01&id__in=1", ""},
		{"GET", "/th/api/project/autoland/jobs/490000001/bug_suggestions/", ""},
		{"GET", "/th/api/project/autoland/note/push_notes/?revision=" + p.tip(), ""},
		{"POST", "/th/api/project/autoland/note/", `{"job_id": 490000001, "failure_classification_id": 4}`},
		{"GET", "/tc/api/queue/v1/task-group/" + p.decision + "/list?limit=1&continuationToken=x", ""},
		{"GET", "/tc/api/queue/v1/task/" + p.decision + "/runs/99/artifacts/a%2Fb", ""},
		{"GET", "/tc/public-bucket/" + p.decision + "/0/public/parameters.yml", ""},
		{"POST", "/tc/api/auth/v1/scopes/expand", `{"scopes": ["assume:repo:hg.mozilla.org/integration/autoland:branch:default"]}`},
		{"POST", "/tc/api/hooks/v1/hooks/project-gecko/" + strings.ReplaceAll(p.hookID("backfill"), "/", "%2F") + "/trigger", payloadFor(s, p, "backfill", p.decision, `{"depth": 25}`)},
		{"PUT", "/tc/api/queue/v1/task/Jt284ZopQY2hKWOvYux69A", `{"created": "", "deadline": "", "metadata": {"name": "", "description": "", "owner": "", "source": ""}, "payload": {}, "taskQueueId": "a/b", "dependencies": ["x"]}`},
		{"GET", "/treestatus/api/treestatus/trees/", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, method, target, body string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || !strings.HasPrefix(u.Path, "/") {
			t.Skip()
		}
		r := &http.Request{Method: method, URL: u, Host: "sim.example", Header: http.Header{"User-Agent": {"x"}}, RequestURI: target,
			Body: http.NoBody, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
		if body != "" {
			r = httptest.NewRequest("POST", "http://sim.example/", strings.NewReader(body))
			r.URL, r.Method = u, method
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code < 200 || w.Code > 599 {
			t.Errorf("status %d", w.Code)
		}
	})
}
