package sim

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// faulty is a simulated CI with rules.
func faulty(t *testing.T, opts Options, rules ...Fault) *Sim {
	t.Helper()
	sc, err := Named("gap-of-three")
	if err != nil {
		t.Fatal(err)
	}
	sc.Faults = rules
	s, err := New(sc, 1, func() time.Time { return sc.normal().Now }, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// clients are the two ways to a simulated CI: over a socket and without one.
func clients(t *testing.T, s *Sim) map[string]func(*http.Request) (*http.Response, error) {
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	// The address is the same for both, so that both are asked alike.
	over := func(c *http.Client) func(*http.Request) (*http.Response, error) {
		return func(r *http.Request) (*http.Response, error) {
			u := *r.URL
			u.Scheme, u.Host = "http", strings.TrimPrefix(server.URL, "http://")
			r.URL, r.Host = &u, ""
			return c.Do(r)
		}
	}
	real := &http.Transport{}
	t.Cleanup(real.CloseIdleConnections)
	return map[string]func(*http.Request) (*http.Response, error){
		"socket":    over(&http.Client{Transport: real, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}),
		"transport": over(&http.Client{Transport: Transport(s), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}),
	}
}

func request(t *testing.T, path string) *http.Request {
	t.Helper()
	r, err := http.NewRequest("GET", "http://sim.example"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", "mozci-run (tests)")
	return r
}

func TestEachFault(t *testing.T) {
	const hg, th, tc = "/hg/integration/autoland/json-pushes?version=2", "/th/api/project/autoland/push/", "/tc/api/index/v1/task/gecko.v2.autoland.latest.taskgraph.decision"
	status := func(code int, kind string) func(*testing.T, *http.Response, []byte, error) {
		return func(t *testing.T, resp *http.Response, body []byte, err error) {
			if err != nil || resp.StatusCode != code || !strings.HasPrefix(resp.Header.Get("Content-Type"), kind) {
				t.Errorf("%v, %v: %.200s", resp, err, body)
			}
		}
	}
	rows := []struct {
		path  string
		rule  Fault
		check func(t *testing.T, resp *http.Response, body []byte, err error)
	}{
		{tc, Fault{Kind: Fault401}, status(401, "application/json")},
		{tc, Fault{Kind: Fault403}, status(403, "application/json")},
		{hg, Fault{Kind: Fault404}, status(404, "application/json")},
		{tc, Fault{Kind: Fault409}, status(409, "application/json")},
		{th, Fault{Kind: Fault500}, status(500, "text/html")},
		{hg, Fault{Kind: Fault500}, status(500, "")},
		{tc, Fault{Kind: Fault500}, status(500, "application/json")},
		{hg, Fault{Kind: FaultHTML503}, status(503, "text/html")},
		{tc, Fault{Kind: FaultHTML200}, status(200, "text/html")},
		{th, Fault{Kind: Fault429, RetryAfter: 7 * time.Second}, func(t *testing.T, resp *http.Response, body []byte, err error) {
			status(429, "application/json")(t, resp, body, err)
			if got := resp.Header.Get("Retry-After"); got != "7" {
				t.Errorf("Retry-After: %q", got)
			}
		}},
		{th, Fault{Kind: FaultReset}, func(t *testing.T, resp *http.Response, body []byte, err error) {
			if err == nil {
				t.Errorf("an answer came: %v", resp)
			}
		}},
		{th, Fault{Kind: FaultTruncated}, func(t *testing.T, resp *http.Response, body []byte, err error) {
			if !errors.Is(err, io.ErrUnexpectedEOF) || len(body) == 0 || json.Valid(body) {
				t.Errorf("%v after %d bytes", err, len(body))
			}
		}},
		{th, Fault{Kind: FaultWrongType}, func(t *testing.T, resp *http.Response, body []byte, err error) {
			status(200, "application/json")(t, resp, body, err)
			var v struct{ Results []struct{ ID any } }
			if json.Unmarshal(body, &v) != nil || len(v.Results) == 0 {
				t.Fatalf("%.200s", body)
			}
			if _, text := v.Results[0].ID.(string); !text {
				t.Errorf("the id is still %v", v.Results[0].ID)
			}
		}},
		{th, Fault{Kind: FaultHuge}, big},
		{th, Fault{Kind: FaultGzipBomb}, big},
		{th, Fault{Kind: FaultSlow, Delay: time.Minute}, status(200, "application/json")},
	}
	for _, row := range rows {
		t.Run(string(row.rule.Kind)+row.path[:3], func(t *testing.T) {
			waited := time.Duration(0)
			s := faulty(t, Options{Sleep: func(_ context.Context, d time.Duration) error { waited += d; return nil }}, row.rule)
			for name, ask := range clients(t, s) {
				t.Run(name, func(t *testing.T) {
					resp, err := ask(request(t, row.path))
					if err != nil {
						row.check(t, nil, nil, err)
						return
					}
					defer resp.Body.Close()
					body, err := io.ReadAll(io.LimitReader(resp.Body, 3<<20))
					row.check(t, resp, body, err)
				})
			}
			if row.rule.Delay*2 != waited {
				t.Errorf("waited %v", waited)
			}
		})
	}
}

// big wants a body that does not end soon.
func big(t *testing.T, resp *http.Response, body []byte, err error) {
	if err != nil || len(body) < 3<<20 {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}

func TestABombIsSmallOnTheWire(t *testing.T) {
	unraced(t)
	s := faulty(t, Options{}, Fault{Kind: FaultGzipBomb})
	r := request(t, "/th/api/jobs/")
	r.Header.Set("Accept-Encoding", "gzip")
	resp, err := Transport(s).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	packed := &counter{from: resp.Body}
	z, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.CopyN(io.Discard, z, 10<<20) // a tenth of it
	if err != nil || packed.n > 200<<10 {
		t.Errorf("%d bytes out of %d, %v", n, packed.n, err)
	}
}

type counter struct {
	from io.Reader
	n    int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += n
	return n, err
}

func TestWhichRequestsAreHit(t *testing.T) {
	rows := []struct {
		rule Fault
		want string // per request: x is spoilt
	}{
		{Fault{Match: "GET /hg/*", Kind: Fault404}, "........"},
		{Fault{Match: "GET /tc/*", Kind: Fault404}, "xxxxxxxx"},
		{Fault{Nth: []int{2, 5}, Kind: Fault404}, ".x..x..."},
		{Fault{First: 3, Kind: Fault404}, "xxx....."},
		{Fault{Every: 4, Kind: Fault404}, "...x...x"},
	}
	pattern := func(rule Fault) string {
		s, out := faulty(t, Options{}, rule), ""
		for range 8 {
			if do(s, get("/tc/api/queue/v1/ping")).StatusCode == http.StatusOK {
				out += "."
			} else {
				out += "x"
			}
		}
		return out
	}
	for _, row := range rows {
		if got := pattern(row.rule); got != row.want {
			t.Errorf("%+v: %s, want %s", row.rule, got, row.want)
		}
	}
	half := Fault{Probability: 0.5, Kind: Fault404}
	if a, b := pattern(half), pattern(half); a != b || !strings.Contains(a, "x") || !strings.Contains(a, ".") {
		t.Errorf("by probability: %s, then %s", a, b)
	}
}

// A write whose answer is lost has happened; one that is refused in front of the service has not.
func TestALostAnswer(t *testing.T) {
	for _, after := range []bool{true, false} {
		s := faulty(t, Options{}, Fault{Match: "POST *", Kind: FaultReset, First: 1, After: after})
		p := s.w.branches[0].positioned(1)
		path := "/tc/api/hooks/v1/hooks/project-gecko/" + strings.ReplaceAll(p.hookID("generic"), "/", "%2F") + "/trigger"
		r, err := http.NewRequest("POST", "http://sim.example"+path, strings.NewReader(payloadFor(s, p, "add-new-jobs", "", `{"tasks": ["`+bc2+`"]}`)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Transport(s).RoundTrip(r); err == nil {
			t.Fatal("an answer came")
		}
		if n := len(s.Triggers()); (n == 1) != after {
			t.Errorf("after=%v: %d jobs were asked for", after, n)
		}
	}
}

func TestScenariosThatDoNotFitAreRefused(t *testing.T) {
	rows := []struct {
		change func(*Scenario)
		want   string
	}{
		{func(sc *Scenario) { sc.Faults = []Fault{{Kind: "418"}} }, "unknown kind"},
		{func(sc *Scenario) { sc.Latency = time.Second }, "Options.Sleep"},
		{func(sc *Scenario) { sc.Culprits = []Culprit{{Label: "nosuch"}} }, "no such branch or job type"},
		{func(sc *Scenario) { sc.Histories = []History{{Label: bc2, Strip: "F Q"}} }, "unknown letter 'Q'"},
		{func(sc *Scenario) { sc.Histories = []History{{Label: bc2, Strip: "F -"}} }, "does not fit"},
		{func(sc *Scenario) { sc.Requested = []Requested{{Action: "dance", Label: bc2}} }, "requested dance"},
		{func(sc *Scenario) { sc.Branches = nil }, "no branch"},
		{func(sc *Scenario) { sc.Jobs = append(sc.Jobs, sc.Jobs[0]) }, "declared twice"},
		{func(sc *Scenario) { sc.Jobs = []JobType{{Label: "test-x/opt-y", Upstream: "z"}} }, `upstream "z"`},
	}
	for _, row := range rows {
		sc, err := Named("standard")
		if err != nil {
			t.Fatal(err)
		}
		row.change(&sc)
		if _, err := New(sc, 1, time.Now, Options{}); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("want %q, got %v", row.want, err)
		}
	}
}

func TestScenarioFiles(t *testing.T) {
	sc, err := ParseScenario("x.yaml", []byte("base: gap-of-three\nname: mine\nlatency: 100ms\npools: [{name: a/b, machines: 2}]\n"))
	if err != nil || sc.Name != "mine" || sc.Latency != 100*time.Millisecond || len(sc.Culprits) != 1 || len(sc.Branches) != 2 {
		t.Errorf("%+v, %v", sc, err)
	}
	for text, want := range map[string]string{
		"base: nosuch\n":                    `x.yaml:1:7: there is no scenario "nosuch"`,
		"branches: [{name: a, pusches: 3}]": "did you mean pushes?",
		"now: tomorrow\n":                   "x.yaml:1:6",
	} {
		if _, err := ParseScenario("x.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := Named("nosuch"); err == nil || !strings.Contains(err.Error(), "gap-of-three") {
		t.Errorf("an unknown name: %v", err)
	}
}
