package sim

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// job answers below /api/project/<name>/jobs/<id>/.
func (v *thView) job(b *branch, id string, part []string) *reply {
	n, err := strconv.Atoi(id)
	if err != nil {
		return v.ui()
	}
	r := v.byID(n)
	if b == nil || r == nil || r.task.push.branch != b {
		return v.json(http.StatusNotFound, "No job with id: "+id)
	}
	if len(part) == 0 {
		return v.json(http.StatusOK, v.detail(r))
	}
	switch part[0] {
	case "text_log_errors":
		return v.json(http.StatusOK, v.logErrors(r))
	case "bug_suggestions":
		return v.json(http.StatusOK, v.suggestions(r))
	case "similar_jobs":
		return v.similar(r)
	}
	return v.ui()
}

// detail is one job in full.
func (v *thView) detail(r *run) any {
	d := dict(v.fields(r), projectColumns)
	logs := []any{}
	if v.stamp(r, r.started) > 0 {
		logs = append(logs, ordered{"name", "live_backing_log", "url", v.logURL(r)})
	}
	return append(d, "resource_uri", "/api/project/"+r.task.push.branch.Name+"/jobs/"+itoa(r.thID)+"/", "logs", logs,
		"taskcluster_metadata", ordered{"task_id", r.task.id, "retry_id", r.id})
}

// logURL is where Taskcluster has the log.
func (v *thView) logURL(r *run) string {
	return v.origin() + TaskclusterPath + "/api/queue/v1/task/" + r.task.id + "/runs/" + itoa(r.id) + "/artifacts/public/logs/live_backing.log"
}

func (v *thView) logURLs(b *branch) *reply {
	list := []any{}
	for _, id := range v.q["job_id"] {
		n, err := strconv.Atoi(id)
		if err != nil {
			return v.json(http.StatusBadRequest, "job_id parameter must be an integer")
		}
		if r := v.byID(n); r != nil && b != nil && r.task.push.branch == b && v.stamp(r, r.started) > 0 {
			status := "pending"
			if v.parsed(r) {
				status = "parsed"
			}
			list = append(list, ordered{"id", r.thID, "job_id", r.thID, "name", "live_backing_log", "url", v.logURL(r), "parse_status", status})
		}
	}
	return v.json(http.StatusOK, list)
}

// parsed says whether Treeherder has read the log of a run that has ended.
func (v *thView) parsed(r *run) bool {
	return v.state(r) == "completed" && past(r.resolved.Add(v.s.w.sc.Ingestion.Logs), v.seenAt(r.task))
}

// failed says whether Treeherder has parsed the log of a failed run.
func (v *thView) failed(r *run) bool { return r.broken != nil && v.parsed(r) }

func (v *thView) logErrors(r *run) any {
	if !v.failed(r) {
		return []any{}
	}
	return []any{ordered{"id", r.thID * 3, "line", r.broken.line, "line_number", 1000 + v.s.w.rng("line number", r.broken.line).IntN(4000),
		"new_failure", !r.broken.flake, "job", r.thID}}
}

func (v *thView) suggestions(r *run) any {
	if !v.failed(r) {
		return []any{}
	}
	line := strings.TrimPrefix(r.broken.line, "TEST-UNEXPECTED-FAIL | ")
	file, _, _ := strings.Cut(line, " | ")
	known := []any{}
	if r.broken.flake {
		bug := 1700000 + v.s.w.rng("bug", r.broken.line).IntN(90000)
		known = append(known, ordered{"id", bug, "status", "NEW", "resolution", "", "summary", "Intermittent " + line, "dupe_of", nil, "crash_signature", "",
			"keywords", "intermittent-failure", "whiteboard", "", "occurrences", 3})
	}
	return []any{ordered{"search", r.broken.line, "search_terms", []string{file[strings.LastIndexByte(file, '/')+1:]}, "path_end", file,
		"bugs", ordered{"open_recent", known, "all_others", []any{}}, "line_number", 1000 + v.s.w.rng("line number", r.broken.line).IntN(4000),
		"counter", 1, "failure_new_in_rev", !r.broken.flake}}
}

// similar are the newest jobs of the same type.
func (v *thView) similar(r *run) *reply {
	count, err := strconv.Atoi(or(v.q.Get("count"), "50"))
	if err != nil || count < 0 {
		return v.json(http.StatusBadRequest, "Invalid value for offset or count")
	}
	results := []any{}
	b := r.task.push.branch
	for i := len(b.pushes) - 1; i >= 0 && len(results) < min(count, 50); i-- {
		for _, x := range v.runs(b.pushes[i]) {
			skip := x == r || x.task.label != r.task.label || v.q.Has("nosuccess") && v.result(x) == "success"
			if !skip && len(results) < min(count, 50) {
				results = append(results, dict(v.fields(x), projectColumns))
			}
		}
	}
	return v.json(http.StatusOK, ordered{"results", results, "meta", ordered{"offset", 0, "count", count, "repository", b.Name}})
}

// note lists the classifications of a job, or takes one.
func (v *thView) note(b *branch) *reply {
	if b == nil {
		return v.json(http.StatusNotFound, obj{"detail": "No project with that name"})
	}
	if v.r.Method == http.MethodPost {
		return v.addNote(b)
	}
	n, err := strconv.Atoi(v.q.Get("job_id"))
	if err != nil {
		return v.json(http.StatusBadRequest, "job_id parameter must be an integer")
	}
	list := []any{}
	for i := len(v.tl.notes) - 1; i >= 0; i-- {
		if x := v.tl.notes[i]; x.run.thID == n && x.run.task.push.branch == b && past(x.at, v.now) {
			list = append(list, ordered{"id", x.id, "job_id", n, "failure_classification_id", x.class, "created", x.at.UTC().Format(isoMicro), "who", x.who, "text", x.text})
		}
	}
	rep := v.json(http.StatusOK, list)
	rep.header.Set("Allow", "GET, POST, HEAD, OPTIONS")
	return rep
}

// maxBody bounds what a client may send.
const maxBody = 10 << 20

// addNote classifies a job.
func (v *thView) addNote(b *branch) *reply {
	if token := v.s.w.sc.Access.TreeherderToken; token != "" && v.r.Header.Get("Authorization") != "Bearer "+token {
		return v.json(http.StatusForbidden, obj{"detail": "Authentication credentials were not provided."})
	}
	raw, err := io.ReadAll(io.LimitReader(v.r.Body, maxBody))
	var body noteBody
	if err != nil || json.Unmarshal(raw, &body) != nil {
		return v.json(http.StatusBadRequest, obj{"detail": "JSON parse error"})
	}
	r := v.byID(body.JobID)
	if r == nil || r.task.push.branch != b || className(body.Class) == "" {
		return v.crash() // DoesNotExist, as the real view has it
	}
	rep, err := v.s.write(entry{Op: "note", TaskID: r.task.id, Run: r.id, Payload: raw}, func(*timeline, *entry) *reply { return nil })
	if err != nil {
		return v.crash()
	}
	if rep != nil {
		return rep
	}
	return v.json(http.StatusOK, obj{"message": "note stored for job " + itoa(body.JobID)})
}

// pushNotes are the classifications of a push's jobs.
func (v *thView) pushNotes(b *branch) *reply {
	if b == nil {
		return v.json(http.StatusNotFound, obj{"detail": "No project with that name"})
	}
	rev := v.q.Get("revision")
	if rev == "" {
		return v.json(http.StatusBadRequest, obj{"detail": "revision parameter is required"})
	}
	list := []any{}
	for _, x := range v.tl.notes {
		if x.run.task.push.branch == b && x.run.task.push.tip() == rev && past(x.at, v.now) {
			list = append(list, ordered{"id", x.id,
				"job", ordered{"task_id", x.run.task.id, "job_type_name", x.run.task.label, "result", v.result(x.run), "duration", v.minutes(x.run)},
				"failure_classification_name", className(x.class), "created", x.at.UTC().Format(isoMicro), "who", x.who, "text", x.text})
		}
	}
	return v.json(http.StatusOK, list)
}
