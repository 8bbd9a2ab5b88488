package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// onTheWire is how long each request takes, besides what the service needs.
const onTheWire = 100 * time.Millisecond

// BenchmarkPlanDepth20 plans a backfill over twenty pushes of a simulated CI, with 100 ms on every request. It prints how long
// that took, how many requests it made, how long their critical path is (the longest chain of requests each of which began
// after the one before it had ended), and how much longer than that path the whole took; 1.3 is aimed at.
func BenchmarkPlanDepth20(b *testing.B) {
	file := filepath.Join(b.TempDir(), settingsFile)
	text := "profiles: {slow: {simulate: {seed: 1}, inputs: {branch: autoland}, clock: {speed: 1}}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	truth := truthOf(b, "default", 1)
	var took, path time.Duration
	var requests, chain int
	for b.Loop() {
		w := &wire{}
		m := thisMachine()
		var out, diag bytes.Buffer
		m.stdin, m.stdout, m.stderr = strings.NewReader(""), &out, &diag
		m.getenv = func(string) string { return "" }
		m.around = w.around
		began := time.Now()
		code := Main(b.Context(), []string{"--config", file, "--db", "memory", "backfill", "-i", "job=" + truth.Label, "-i", "revision=" + truth.Failure.Revision}, m)
		took += time.Since(began)
		if code != exitDone {
			b.Fatalf("exit code %d\n%s%s", code, out.String(), diag.String())
		}
		n := w.criticalPath()
		requests, chain, path = requests+len(w.trips), chain+n, path+time.Duration(n)*onTheWire
	}
	b.ReportMetric(took.Seconds()*1000/float64(b.N), "ms/plan")
	b.ReportMetric(float64(requests)/float64(b.N), "requests/plan")
	b.ReportMetric(float64(chain)/float64(b.N), "requests-in-path")
	b.ReportMetric(took.Seconds()/path.Seconds(), "times-the-path")
}

// A wire delays requests, and remembers when each was on its way.
type wire struct {
	next  http.RoundTripper
	mu    sync.Mutex
	trips []trip
}

type trip struct {
	what        string
	began, came time.Time
}

func (w *wire) around(next http.RoundTripper) http.RoundTripper {
	w.next = next
	return w
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	began := time.Now()
	if err := sleep(req.Context(), onTheWire); err != nil {
		return nil, err
	}
	resp, err := w.next.RoundTrip(req)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trips = append(w.trips, trip{req.Method + " " + req.URL.Path, began, time.Now()})
	return resp, err
}

// criticalPath is how many requests the longest chain has in which each began after the one before it had come.
func (w *wire) criticalPath() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.SortFunc(w.trips, func(a, b trip) int { return a.began.Compare(b.began) })
	longest, chains := 0, make([]int, len(w.trips))
	for i, t := range w.trips {
		chains[i] = 1
		for k := range i {
			if !t.began.Before(w.trips[k].came) {
				chains[i] = max(chains[i], chains[k]+1)
			}
		}
		longest = max(longest, chains[i])
	}
	return longest
}

func TestCriticalPath(t *testing.T) {
	at := func(began, came int) trip {
		return trip{began: time.Unix(int64(began), 0), came: time.Unix(int64(came), 0)}
	}
	rows := []struct {
		name  string
		trips []trip
		want  int
	}{
		{"nothing", nil, 0},
		{"one after the other", []trip{at(0, 1), at(1, 2), at(2, 3)}, 3},
		{"side by side", []trip{at(0, 2), at(1, 3), at(1, 2)}, 1},
		{"a fork and a join", []trip{at(0, 1), at(1, 2), at(1, 4), at(4, 5), at(2, 3)}, 4},
	}
	for _, r := range rows {
		if got := (&wire{trips: r.trips}).criticalPath(); got != r.want {
			t.Errorf("%s: %d, want %d", r.name, got, r.want)
		}
	}
}
