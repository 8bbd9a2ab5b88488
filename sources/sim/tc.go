package sim

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A tcCall is one request to one of Taskcluster's methods.
type tcCall struct {
	s      *Sim
	tl     *timeline
	now    time.Time
	r      *http.Request
	q      url.Values
	method string            // as the references name it: listTaskGroup
	params map[string]string // of the route
	raw    json.RawMessage   // the body of a POST or PUT
}

// A tcRoute is one method. In a route <x> is one segment of the path, and a last <x...> all the rest.
type tcRoute struct {
	verb, route, name string
	serve             func(*tcCall) *reply
}

// isoMilli is how Taskcluster writes times.
const isoMilli = "2006-01-02T15:04:05.000Z"

func iso(t time.Time) string { return t.UTC().Format(isoMilli) }

// slugPattern is what a task id looks like.
const slugPattern = `^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$`

var slugExpr = regexp.MustCompile(slugPattern)

// tcRoutes are the methods of all services, by service.
var tcRoutes = map[string][]tcRoute{
	"queue": queueRoutes, "index": indexRoutes, "hooks": hookRoutes, "auth": authRoutes,
}

// taskcluster answers for a Taskcluster deployment. path is what follows /tc, escaped.
func (s *Sim) taskcluster(r *http.Request, path string) *reply {
	tl, now := s.view()
	c := &tcCall{s: s, tl: tl, now: now, r: r, q: r.URL.Query()}
	if name, ok := strings.CutPrefix(path, "/public-bucket/"); ok {
		return c.bucket(name)
	}
	part := strings.SplitN(strings.TrimPrefix(path, "/api/"), "/", 3)
	if len(part) < 3 || part[1] != "v1" || !strings.HasPrefix(path, "/api/") {
		return tcUnknown(r)
	}
	verb := r.Method
	if verb == http.MethodHead {
		verb = http.MethodGet
	}
	for _, list := range [][]tcRoute{tcRoutes[part[0]], commonRoutes} {
		for _, x := range list {
			if x.verb == verb && tcRoutes[part[0]] != nil && c.fits(x.route, part[2]) {
				c.method = x.name
				return c.serve(x)
			}
		}
	}
	return tcUnknown(r)
}

// tcUnknown is what express says to a path it has no route for.
func tcUnknown(r *http.Request) *reply {
	return text(http.StatusNotFound, "text/html; charset=utf-8", "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot "+
		htmlText.Replace(r.Method+" "+r.URL.EscapedPath())+"</pre>\n</body>\n</html>\n")
}

// fits matches an escaped path with a route and reads its parameters.
func (c *tcCall) fits(route, path string) bool {
	c.params = map[string]string{}
	want, have := strings.Split(route, "/"), strings.Split(path, "/")
	for i, w := range want {
		if i >= len(have) {
			return false
		}
		if name, ok := strings.CutSuffix(w, "...>"); ok {
			rest, err := url.PathUnescape(strings.Join(have[i:], "/"))
			c.params[name[1:]] = rest
			return err == nil && rest != ""
		}
		if !strings.HasPrefix(w, "<") {
			if w != have[i] {
				return false
			}
			continue
		}
		one, err := url.PathUnescape(have[i])
		if err != nil || one == "" {
			return false
		}
		c.params[strings.Trim(w, "<>")] = one
	}
	return len(want) == len(have)
}

// serve checks what all methods check, and calls the method.
func (c *tcCall) serve(x tcRoute) *reply {
	for _, name := range []string{"taskId", "taskGroupId"} {
		if v, has := c.params[name]; has && !slugExpr.MatchString(v) {
			return c.fail(http.StatusBadRequest, "InvalidRequestArguments",
				"\nInvalid URL patterns:\n\nURL parameter '"+name+"' given as '"+v+"' must match regular expression: '/"+slugPattern+"/'\n")
		}
	}
	if limit := c.q.Get("limit"); limit != "" && !digits.MatchString(limit) {
		return c.fail(http.StatusBadRequest, "InvalidRequestArguments",
			"\nInvalid query-string arguments:\n\nQuery-string parameter: limit, must match regular expression: /^[0-9]+$/\n")
	}
	if c.r.Method == http.MethodPost || c.r.Method == http.MethodPut {
		raw, err := io.ReadAll(io.LimitReader(c.r.Body, maxBody+1))
		if err != nil || len(raw) > maxBody {
			return c.fail(http.StatusRequestEntityTooLarge, "InputTooLarge", "Request body is too large")
		}
		if len(strings.TrimSpace(string(raw))) > 0 && !json.Valid(raw) {
			return c.fail(http.StatusBadRequest, "MalformedPayload", "Failed to parse JSON: it ends too early, or is none")
		}
		c.raw = raw
	}
	return x.serve(c)
}

var digits = regexp.MustCompile(`^[0-9]+$`)

// commonRoutes are what every service has.
var commonRoutes = []tcRoute{
	{"GET", "ping", "ping", func(c *tcCall) *reply {
		return c.ok(ordered{"alive", true, "uptime", c.now.Sub(c.s.w.sc.Now).Seconds() + 3600.5})
	}},
	{"GET", "__heartbeat__", "heartbeat", func(c *tcCall) *reply { return c.ok(obj{}) }},
	{"GET", "__lbheartbeat__", "lbheartbeat", func(c *tcCall) *reply { return c.ok(obj{}) }},
	{"GET", "__version__", "version", func(c *tcCall) *reply {
		return c.ok(ordered{"version", "v106.0.0", "commit", "", "source", "", "build", ""})
	}},
}

// ok is an answer.
func (c *tcCall) ok(body any) *reply { return tcReply(http.StatusOK, body) }

// fail is an error of this call.
func (c *tcCall) fail(status int, code, message string) *reply {
	params := obj{}
	for k, v := range c.params {
		params[k] = v
	}
	var payload any = obj{}
	if len(c.raw) > 0 {
		payload = c.raw
	}
	return tcError(status, code, message, c.method, params, payload, c.now)
}

// notFound is the commonest of them.
func (c *tcCall) notFound(message string) *reply {
	return c.fail(http.StatusNotFound, "ResourceNotFound", message)
}

// tcError is an error in Taskcluster's form.
func tcError(status int, code, message, method string, params, payload any, now time.Time) *reply {
	message += "\n\n---\n\n* method:     " + method + "\n* errorCode:  " + code + "\n* statusCode: " + itoa(status) + "\n* time:       " + iso(now)
	rep := tcReply(status, ordered{"code", code, "message", message,
		"requestInfo", ordered{"method", method, "params", params, "payload", payload, "time", iso(now)}})
	if status == http.StatusUnauthorized {
		rep.header.Set("Www-Authenticate", "hawk")
	}
	return rep
}

func tcReply(status int, body any) *reply {
	rep := &reply{status: status, header: http.Header{}, body: indented(body)}
	rep.header.Set("Content-Type", "application/json; charset=utf-8")
	sum := sha1.Sum(rep.body)
	rep.header.Set("Etag", `W/"`+strconv.FormatInt(int64(len(rep.body)), 16)+"-"+base64.RawStdEncoding.EncodeToString(sum[:])+`"`)
	return tcHeaders(rep)
}

// tcHeaders adds what every answer has.
func tcHeaders(rep *reply) *reply {
	for k, v := range map[string]string{
		"Content-Security-Policy":       "report-uri /__cspreport__;default-src 'none';frame-ancestors 'none';",
		"X-Content-Type-Options":        "nosniff",
		"Access-Control-Allow-Origin":   "*",
		"Access-Control-Max-Age":        "900",
		"Access-Control-Allow-Methods":  "OPTIONS,GET,HEAD,POST,PUT,DELETE,TRACE,CONNECT",
		"Access-Control-Request-Method": "*",
		"Access-Control-Allow-Headers":  "X-Requested-With,Content-Type,Authorization,Accept,Origin,Cache-Control",
		"Cache-Control":                 "no-store no-cache must-revalidate",
		"Vary":                          "Accept-Encoding",
	} {
		rep.header.Set(k, v)
	}
	return rep
}

// pageOf cuts a page out of n items: at most 1000, none for limit=0, from the start again for a token that is none of
// ours. The token for the next page is "" on the last one.
func (c *tcCall) pageOf(n int) (from, to int, token string) {
	limit := 1000
	if v, ok := atoi(c.q.Get("limit")); ok {
		limit = min(v, 1000)
	}
	if t := c.q.Get("continuationToken"); t != "" {
		for i := range n {
			if c.token(i) == t {
				from = i
			}
		}
	}
	to = min(n, from+limit)
	if to < n && limit > 0 {
		token = c.token(to)
	}
	return from, to, token
}

// token is a continuation token: opaque, and only good for the same list.
func (c *tcCall) token(at int) string {
	return c.s.w.slug("token", c.method, c.r.URL.Path, at)[:10]
}
