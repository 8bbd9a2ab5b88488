package sim

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// faults spoil answers by a scenario's rules. Which request is hit depends on how many of its kind came before, so it is
// the same again for the same requests.
type faults struct {
	seed  seed
	rules []*faultRule
}

type faultRule struct {
	Fault
	match *regexp.Regexp

	mu    sync.Mutex
	count int            // requests that matched
	each  map[string]int // by request line
}

// newFaults checks the rules of a scenario.
func newFaults(s seed, list []Fault) (*faults, error) {
	f := &faults{seed: s}
	for i, x := range list {
		if _, known := faultKinds[x.Kind]; !known {
			return nil, fmt.Errorf("fault %d: unknown kind %q", i+1, x.Kind)
		}
		pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(or(x.Match, "*")), `\*`, ".*") + "$"
		f.rules = append(f.rules, &faultRule{Fault: x, match: regexp.MustCompile(pattern), each: map[string]int{}})
	}
	return f, nil
}

// slow says whether any rule has to wait.
func (f *faults) slow() bool {
	for _, x := range f.rules {
		if x.Kind == FaultSlow {
			return true
		}
	}
	return false
}

// hits says whether a rule spoils this request, and counts it.
func (f *faults) hits(i int, line string) bool {
	x := f.rules[i]
	if !x.match.MatchString(line) {
		return false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.count++
	x.each[line]++
	n := x.count
	for _, k := range x.Nth {
		if k == n {
			return true
		}
	}
	if n <= x.First || x.Every > 0 && n%x.Every == 0 {
		return true
	}
	if f.seed.chance(x.Probability, "fault", i, line, x.each[line]) {
		return true
	}
	return len(x.Nth) == 0 && x.First == 0 && x.Every == 0 && x.Probability == 0
}

// serve sends what answer has to say, spoilt by the first rule that hits.
func (f *faults) serve(rw http.ResponseWriter, r *http.Request, wait func(context.Context, time.Duration) error, answer func(*http.Request) *reply) {
	line := r.Method + " " + r.URL.RequestURI()
	for i, x := range f.rules {
		if !f.hits(i, line) {
			continue
		}
		if x.Kind == FaultSlow {
			if wait(r.Context(), x.Delay) != nil {
				return
			}
			break
		}
		var served *reply
		if x.After || x.Kind == FaultTruncated || x.Kind == FaultWrongType {
			served = answer(r)
		}
		faultKinds[x.Kind](rw, r, x, served)
		return
	}
	answer(r).send(rw, r)
}

// A spoiler answers wrongly. served is the right answer where the rule lets it come about.
type spoiler func(rw http.ResponseWriter, r *http.Request, x *faultRule, served *reply)

var faultKinds = map[FaultKind]spoiler{
	Fault401:       status(http.StatusUnauthorized),
	Fault403:       status(http.StatusForbidden),
	Fault404:       status(http.StatusNotFound),
	Fault409:       status(http.StatusConflict),
	Fault429:       status(http.StatusTooManyRequests),
	Fault500:       status(http.StatusInternalServerError),
	FaultHTML503:   html503,
	FaultReset:     func(http.ResponseWriter, *http.Request, *faultRule, *reply) { panic(http.ErrAbortHandler) },
	FaultTruncated: truncate,
	FaultWrongType: wrongType,
	FaultHTML200: func(rw http.ResponseWriter, r *http.Request, _ *faultRule, _ *reply) {
		text(http.StatusOK, "text/html; charset=utf-8", "<!DOCTYPE html><html><head><title>Sign in</title></head><body><form action=\"/login\"></form></body></html>\n").send(rw, r)
	},
	FaultHuge:     func(rw http.ResponseWriter, _ *http.Request, _ *faultRule, _ *reply) { huge(rw, false) },
	FaultGzipBomb: func(rw http.ResponseWriter, _ *http.Request, _ *faultRule, _ *reply) { huge(rw, true) },
	FaultSlow:     nil, // served in its own way
}

// status answers with an error in the form of the service whose path it is.
func status(code int) spoiler {
	return func(rw http.ResponseWriter, r *http.Request, x *faultRule, _ *reply) {
		rep := errorOf(r, code)
		if code == http.StatusTooManyRequests {
			rep.header.Set("Retry-After", itoa(max(1, int(x.RetryAfter/time.Second))))
		}
		rep.send(rw, r)
	}
}

// errorOf is how a service says a status.
func errorOf(r *http.Request, code int) *reply {
	title := http.StatusText(code)
	switch path := r.URL.Path; {
	case under(path, TaskclusterPath) && code != http.StatusTooManyRequests:
		names := map[int]string{401: "AuthenticationFailed", 403: "InsufficientScopes", 404: "ResourceNotFound", 409: "RequestConflict", 500: "InternalServerError"}
		return tcError(code, names[code], title+", by a rule of this scenario", "faulty", obj{}, obj{}, time.Time{})
	case under(path, TreeherderPath) && code < 500:
		return text(code, "application/json", string(compact(obj{"detail": title})))
	case under(path, TreeherderPath):
		return thPage(code, title)
	case under(path, HGPath) && code == http.StatusNotFound:
		return hgError(code, "unknown revision")
	case under(path, HGPath) && code == http.StatusInternalServerError:
		return crash()
	case under(path, TreeStatusPath):
		return problem(code, title, title)
	}
	return text(code, "text/html", "<html>\n<head><title>"+itoa(code)+" "+title+"</title></head>\n<body>\n<center><h1>"+itoa(code)+" "+title+"</h1></center>\n</body>\n</html>\n")
}

// html503 is a load balancer's page.
func html503(rw http.ResponseWriter, r *http.Request, x *faultRule, _ *reply) {
	rep := text(http.StatusServiceUnavailable, "text/html", "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n")
	if x.RetryAfter > 0 {
		rep.header.Set("Retry-After", itoa(int(x.RetryAfter/time.Second)))
	}
	rep.send(rw, r)
}

// truncate ends the answer in its middle.
func truncate(rw http.ResponseWriter, _ *http.Request, _ *faultRule, served *reply) {
	for k, v := range served.header {
		rw.Header()[k] = v
	}
	rw.Header().Set("Content-Length", itoa(len(served.body)+1))
	rw.WriteHeader(served.status)
	rw.Write(served.body[:len(served.body)/2])
	http.NewResponseController(rw).Flush() // a recorder cannot, and need not
	panic(http.ErrAbortHandler)
}

// wrongType answers with other types in the same places.
func wrongType(rw http.ResponseWriter, r *http.Request, _ *faultRule, served *reply) {
	var v any
	if json.Unmarshal(served.body, &v) != nil {
		v = "no JSON was here"
	}
	rep := *served
	rep.body = compact(retype(v))
	rep.send(rw, r)
}

// retype turns numbers into strings and strings into numbers.
func retype(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = retype(v[k])
		}
	case []any:
		for i := range v {
			v[i] = retype(v[i])
		}
	case string:
		return len(v)
	case float64:
		return fmt.Sprintf("about %v", v)
	case bool:
		return "perhaps"
	}
	return v
}

// hugeSize is how large the huge bodies are, unpacked.
const hugeSize = 100 << 20

// huge is a body that nobody should read to its end, packed or not.
func huge(rw http.ResponseWriter, packed bool) {
	rw.Header().Set("Content-Type", "application/json")
	var out interface{ Write([]byte) (int, error) } = rw
	if packed {
		rw.Header().Set("Content-Encoding", "gzip")
		z, _ := gzip.NewWriterLevel(rw, gzip.BestSpeed) // the level exists
		defer z.Close()
		out = z
	}
	rw.WriteHeader(http.StatusOK)
	block := []byte(strings.Repeat("a", 64<<10))
	if _, err := out.Write([]byte(`{"padding": "`)); err != nil {
		return
	}
	for range hugeSize / len(block) {
		if _, err := out.Write(block); err != nil {
			return
		}
	}
	out.Write([]byte(`"}`))
}
