package sim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// forbiddenAgents are the User-Agents that Treeherder turns away.
var forbiddenAgents = regexp.MustCompile(`^(Go-http-client/|Go 1\.1 package http|libcurl/|Python-urllib/|python-requests/)`)

// acceptedVersions are what an Accept header may ask for.
var acceptedVersions = regexp.MustCompile(`version=([^;, ]*)`)

// A thView is Treeherder looking at the world at an instant.
type thView struct {
	s   *Sim
	tl  *timeline
	now time.Time
	r   *http.Request
	q   url.Values
}

// treeherder answers for Treeherder. path is what follows /th, escaped.
func (s *Sim) treeherder(r *http.Request, path string) *reply {
	if forbiddenAgents.MatchString(r.UserAgent()) {
		rep := thPage(http.StatusForbidden, "403 Forbidden")
		rep.header.Set("Vary", "origin") // it never came as far as the session
		return rep
	}
	tl, now := s.view()
	v := &thView{s: s, tl: tl, now: now, r: r, q: r.URL.Query()}
	rest, api := strings.CutPrefix(path, "/api/")
	if !api || !strings.HasSuffix(rest, "/") {
		return v.ui()
	}
	if m := acceptedVersions.FindStringSubmatch(r.Header.Get("Accept")); m != nil && m[1] != "1.0" && m[1] != "1.1" {
		return v.json(http.StatusNotAcceptable, obj{"detail": `Invalid version in "Accept" header.`})
	}
	part := strings.Split(strings.TrimSuffix(rest, "/"), "/")
	for i := range part {
		part[i], _ = url.PathUnescape(part[i])
	}
	if part[0] == "project" && len(part) >= 3 {
		return v.project(part[1], part[2:])
	}
	if len(part) > 1 {
		return v.ui()
	}
	switch part[0] {
	case "jobs":
		return v.jobs()
	case "failureclassification":
		return v.json(http.StatusOK, classifications)
	case "repository":
		return v.json(http.StatusOK, v.repositories())
	case "optioncollectionhash":
		return v.json(http.StatusOK, v.options())
	case "taskclustermetadata":
		return v.metadata()
	}
	return v.ui()
}

// project answers below /api/project/<name>/.
func (v *thView) project(name string, part []string) *reply {
	b := v.s.w.named(name)
	missing := b == nil
	switch {
	case part[0] == "push" && len(part) <= 3:
		if missing {
			return v.json(http.StatusNotFound, obj{"detail": "No project with name " + name})
		}
		return v.push(b, part[1:])
	case part[0] == "jobs" && len(part) == 1:
		if missing {
			return v.json(http.StatusNotFound, obj{"detail": "No project with name " + name})
		}
		return v.projectJobs(b)
	case part[0] == "jobs" && len(part) <= 3:
		return v.job(b, part[1], part[2:])
	case part[0] == "note" && len(part) == 1:
		return v.note(b)
	case part[0] == "note" && len(part) == 2 && part[1] == "push_notes":
		return v.pushNotes(b)
	case part[0] == "bug-job-map" && len(part) == 1:
		return v.json(http.StatusOK, []any{})
	case part[0] == "job-log-url" && len(part) == 1:
		return v.logURLs(b)
	}
	return v.ui()
}

// named finds a branch by its exact name, or returns nil.
func (w *world) named(name string) *branch {
	if name == "" {
		return nil
	}
	return w.branch(name)
}

// ui is what every path gets that the API does not know: the page of the user interface, with status 200.
func (v *thView) ui() *reply {
	rep := text(http.StatusOK, "text/html; charset=utf-8", "<!doctype html>treeherder")
	return thHeaders(rep)
}

// thPage is one of Django's bare error pages.
func thPage(status int, title string) *reply {
	head := title
	if status == http.StatusInternalServerError {
		head = "Server Error (500)"
	}
	return thHeaders(text(status, "text/html; charset=utf-8", "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>"+head+"</title>\n</head>\n<body>\n  <h1>"+head+"</h1><p></p>\n</body>\n</html>\n"))
}

// thHeaders adds what every answer of Treeherder has.
func thHeaders(rep *reply) *reply {
	rep.header.Set("Server", "gunicorn")
	rep.header.Set("Vary", "Cookie, origin")
	rep.header.Set("X-Frame-Options", "DENY")
	rep.header.Set("X-Content-Type-Options", "nosniff")
	rep.header.Set("Referrer-Policy", "origin-when-cross-origin")
	return rep
}

// json is an answer of the API. Bodies from 200 bytes on are compressed for who takes it.
func (v *thView) json(status int, body any) *reply {
	rep := thHeaders(&reply{status: status, header: http.Header{}, body: compact(body)})
	rep.header.Set("Content-Type", "application/json")
	rep.header.Set("Allow", "GET, HEAD, OPTIONS")
	if len(rep.body) >= 200 {
		rep.zip = true
		rep.header.Set("Vary", "Cookie, Accept-Encoding, origin")
	}
	return rep
}

// crash is an exception in a view.
func (v *thView) crash() *reply { return thPage(http.StatusInternalServerError, "Server Error (500)") }

// ordered is a JSON object whose keys keep their order.
type ordered []any

// MarshalJSON implements json.Marshaler.
func (o ordered) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i := 0; i+1 < len(o); i += 2 {
		if i > 0 {
			out = append(out, ',')
		}
		key, err := json.Marshal(o[i])
		if err != nil {
			return nil, err
		}
		out = append(append(out, key...), ':')
		out = append(out, compact(o[i+1])...)
	}
	return append(out, '}'), nil
}

// classifications is Treeherder's table.
var classifications = []any{
	ordered{"id", 1, "name", "not classified"},
	ordered{"id", 2, "name", "fixed by commit"},
	ordered{"id", 3, "name", "expected fail"},
	ordered{"id", 4, "name", "intermittent"},
	ordered{"id", 5, "name", "infra"},
	ordered{"id", 6, "name", "new failure not classified"},
	ordered{"id", 7, "name", "autoclassified intermittent"},
	ordered{"id", 8, "name", "intermittent needs bugid"},
}

// className is the name of a classification.
func className(id int) string {
	if id < 1 || id > len(classifications) {
		return ""
	}
	return classifications[id-1].(ordered)[3].(string)
}

// repositoryID is Treeherder's id of a branch; autoland's is 77.
func (v *thView) repositoryID(b *branch) int {
	for i, x := range v.s.w.branches {
		if x == b {
			return 77 + 5*i
		}
	}
	return 0
}

func (v *thView) repositories() any {
	list := []any{}
	for _, b := range v.s.w.branches {
		list = append(list, ordered{"id", v.repositoryID(b),
			"repository_group", ordered{"name", "development", "description", "Collection of repositories where code initially lands in the development process"},
			"name", b.Name, "dvcs_type", "hg", "url", hgRoot + b.Repo, "branch", nil, "codebase", "gecko", "description", "", "active_status", "active",
			"life_cycle_order", 9999, "performance_alerts_enabled", true, "expire_performance_data", false, "is_try_repo", b.Name == "try",
			"tc_root_url", v.origin() + TaskclusterPath, "pushLogUrl", hgRoot + b.Repo + "/pushloghtml", "revisionHrefPrefix", hgRoot + b.Repo + "/rev/"})
	}
	return list
}

// origin is scheme and host under which the client has reached us.
func (v *thView) origin() string { return origin(v.r) }

func origin(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || r.URL.Scheme == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// optionHash is the hash of an option collection: SHA-1 of its name, as Treeherder's table has it for opt and debug.
func (w *world) optionHash(option string) string {
	switch option {
	case "opt":
		return "102210fe594ee9b33d82058545b1ed14f4c8206e"
	case "debug":
		return "32faaecac742100f7753f0c1d0aa0add01b4046b"
	}
	return w.hex40("option", option)
}

func (v *thView) options() any {
	list, seen := []any{}, map[string]bool{}
	names := []string{"opt", "debug"}
	for _, jt := range v.s.w.jobs {
		names = append(names, jt.Option)
	}
	for _, name := range names {
		if !seen[name] {
			seen[name] = true
			list = append(list, ordered{"option_collection_hash", v.s.w.optionHash(name), "options", []any{ordered{"name", name}}})
		}
	}
	return list
}

// metadata is the task behind each job.
func (v *thView) metadata() *reply {
	list := []any{}
	for _, id := range strings.Split(v.q.Get("job_ids"), ",") {
		n, err := strconv.Atoi(id)
		if err != nil {
			return v.crash()
		}
		if r := v.byID(n); r != nil {
			list = append(list, ordered{"job", r.thID, "task_id", r.task.id, "retry_id", r.id})
		}
	}
	return v.json(http.StatusOK, list)
}
