package treeherder

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/mozci/mozci-run/sources/sourcetest"
)

// A fake is a Treeherder with a few pushes and jobs. It knows the parameters that the adapter uses, and behaves as the
// recordings do: /project/X/jobs/ has no order, /jobs/ clamps its pages.
type fake struct {
	pushes  []push // in any order
	jobs    []row
	groups  map[string]map[string]map[string]bool // by tip and task
	decided map[int64]string
	notes   []note
	clamp   int // of /jobs/; 0 means that it gives what is asked for
	page    int // how many jobs its client asks for at a time; 0 means 2000
	// meets is called before each answer: a test may change the fake then, or the answer afterwards.
	meets func(path string, params url.Values)
	// spoils may change an answer.
	spoils func(path string, params url.Values, answer any) any
	asked  []string
	mu     sync.Mutex
}

func hashOf(n int64) string { return fmt.Sprintf("%012x%028x", n*0x1234567, n) }

func (f *fake) client(opts Options) *Client {
	c := New(sourcetest.Client(f), "https://th.example/api", opts)
	if f.page > 0 {
		c.page = f.page
	}
	return c
}

func (f *fake) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	path, params := strings.TrimPrefix(req.URL.Path, "/api"), req.URL.Query()
	f.asked = append(f.asked, req.URL.RequestURI())
	if f.meets != nil {
		f.meets(path, params)
	}
	status, answer := f.answer(req, path, params)
	if f.spoils != nil {
		answer = f.spoils(path, params, answer)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer)
}

func (f *fake) answer(req *http.Request, path string, params url.Values) (int, any) {
	if rest, ok := strings.CutPrefix(path, "/project/"); ok {
		project, rest, _ := strings.Cut(rest, "/")
		if project != "autoland" {
			return 404, map[string]any{"detail": "No project with name " + project}
		}
		return f.ofProject(req, "/"+rest, params)
	}
	switch path {
	case "/jobs/":
		return f.table(params)
	case "/failureclassification/":
		var out []failureClassification
		for id, word := range classifications {
			out = append(out, failureClassification{id, classificationNames[word]})
		}
		slices.SortFunc(out, func(a, b failureClassification) int { return a.ID - b.ID })
		return 200, out
	case "/repository/":
		return 200, []repository{{"try", "active"}, {"autoland", "active"}, {"old", "onhold"}}
	}
	return 404, "no such path: " + path
}

func (f *fake) ofProject(req *http.Request, path string, params url.Values) (int, any) {
	var id int64
	var tail string
	switch {
	case path == "/push/":
		return 200, f.pushList(params)
	case path == "/jobs/":
		return 200, f.jobList(params)
	case path == "/push/decisiontask/":
		return f.decisions(params)
	case path == "/push/group_results/":
		if g := f.groups[params.Get("revision")]; g != nil {
			return 200, g
		}
		return 200, map[string]any{}
	case path == "/note/" && req.Method == "POST":
		var n struct {
			Job            int64  `json:"job_id"`
			Classification int    `json:"failure_classification_id"`
			Text           string `json:"text"`
		}
		json.NewDecoder(req.Body).Decode(&n)
		f.notes = append(f.notes, note{int64(len(f.notes)) + 1, n.Job, n.Classification, "2025-03-01T12:00:00.25", "me", n.Text})
		return 200, map[string]any{"message": fmt.Sprintf("note stored for job %d", n.Job)}
	case path == "/note/":
		out := slices.DeleteFunc(slices.Clone(f.notes), func(n note) bool { return strconv.FormatInt(n.Job, 10) != params.Get("job_id") })
		return 200, append([]note{}, out...)
	case path == "/job-log-url/":
		out := []jobLog{}
		for _, job := range params["job_id"] {
			n, _ := strconv.ParseInt(job, 10, 64)
			out = append(out, jobLog{n, "live_backing_log", "parsed"}, jobLog{n, summaryLog, "pending"})
		}
		return 200, out
	}
	if n, _ := fmt.Sscanf(path, "/push/%d/", &id); n == 1 {
		for _, p := range f.pushes {
			if p.ID == id {
				return 200, p
			}
		}
		return 404, fmt.Sprintf("No push with id: %d", id)
	}
	fmt.Sscanf(path, "/jobs/%d/%s", &id, &tail)
	return f.ofJob(id, tail)
}

func (f *fake) ofJob(id int64, tail string) (int, any) {
	for _, r := range f.jobs {
		if r.ID != id {
			continue
		}
		switch tail {
		case "text_log_errors/":
			return 200, []textLogError{{id, "line 1"}, {id, "line 2"}}
		case "bug_suggestions/":
			term := "browser_x.js"
			return 200, []bugSuggestion{{[]*string{&term, nil}}, {[]*string{&term}}}
		}
		return 200, r
	}
	return 404, fmt.Sprintf("No job with id: %d", id)
}

func (f *fake) pushList(params url.Values) pushList {
	out := []push{}
	for _, p := range f.pushes {
		rev := params.Get("commit_revision")
		has := slices.ContainsFunc(p.Revisions, func(c commit) bool { return c.Revision == rev })
		if (rev == "" || has) && strings.HasPrefix(p.Revision, params.Get("revision")) && between(p.ID, params) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b push) int { return int(b.Timestamp - a.Timestamp) })
	if n, _ := strconv.Atoi(params.Get("count")); len(out) > n {
		out = out[:n]
	}
	return pushList{pushMeta{len(out), "autoland"}, out}
}

func between(id int64, params url.Values) bool { return inside("id", id, params) }

func inside(field string, id int64, params url.Values) bool {
	at := func(name string, or int64) int64 {
		n, err := strconv.ParseInt(params.Get(name), 10, 64)
		if err != nil {
			return or
		}
		return n
	}
	const far = 1 << 60
	return id >= at(field+"__gte", 0) && id <= at(field+"__lte", far) && id < at(field+"__lt", far)
}

// matching lists the jobs that a question lets through, ordered by id.
func (f *fake) matching(params url.Values) []row {
	is := func(name string, value any) bool {
		return params.Get(name) == "" || params.Get(name) == fmt.Sprint(value)
	}
	in := func(name string, id int64) bool {
		return params.Get(name) == "" || slices.Contains(strings.Split(params.Get(name), ","), strconv.FormatInt(id, 10))
	}
	var out []row
	for _, r := range f.jobs {
		if is("push_id", r.PushID) && in("push_id__in", r.PushID) && in("id__in", r.ID) && between(r.ID, params) && inside("push_id", r.PushID, params) &&
			is("job_type_name", r.Type) &&
			is("job_type_symbol", r.TypeSymbol) && is("job_group_symbol", r.GroupSymbol) && is("platform", r.Platform) && is("result", r.Result) &&
			is("task_id", r.task()) && is("retry_id", r.run()) {
			out = append(out, r)
		}
	}
	return sorted(out)
}

func (f *fake) jobList(params url.Values) jobList {
	out := append([]row{}, f.matching(params)...)
	slices.SortFunc(out, func(a, b row) int { return int(a.ID*7919%1009 - b.ID*7919%1009) }) // no order that means anything
	count, _ := strconv.Atoi(params.Get("count"))
	return jobList{out[:min(count, len(out))], listMeta{"autoland", 0, count}}
}

func (f *fake) table(params url.Values) (int, any) {
	all := f.matching(params)
	size, _ := strconv.Atoi(params.Get("count"))
	if f.clamp > 0 {
		size = min(size, f.clamp)
	}
	n := 1
	if params.Get("page") != "" {
		n, _ = strconv.Atoi(params.Get("page"))
	}
	if (n-1)*size >= max(1, len(all)) {
		return 404, map[string]any{"detail": "Invalid page."}
	}
	names := append(slices.Clone(kindColumns), "signature")
	table := map[string]any{"count": len(all), "next": nil, "previous": nil, "job_property_names": names}
	rows := [][]any{}
	for _, r := range all[(n-1)*size : min(n*size, len(all))] {
		rows = append(rows, []any{r.ID, r.PushID, r.Type, r.TypeSymbol, r.GroupSymbol, r.Platform, r.Option, r.Tier, "signature"})
	}
	if n*size < len(all) {
		table["next"] = fmt.Sprintf("http://internal:8000/api/jobs/?page=%d", n+1)
	}
	table["results"] = rows
	return 200, table
}

func (f *fake) decisions(params url.Values) (int, any) {
	out := map[string]any{}
	for _, id := range strings.Split(params.Get("push_ids"), ",") {
		n, _ := strconv.ParseInt(id, 10, 64)
		if task := f.decided[n]; task != "" {
			out[id] = map[string]any{"id": task, "run": "0"}
		}
	}
	if len(out) == 0 {
		return 404, fmt.Sprintf("No decision tasks found for pushes: ['%s']", params.Get("push_ids"))
	}
	return 200, out
}

// someJob is a completed job of a push.
func someJob(id, push int64, label, result string) row {
	task, run := fmt.Sprintf("%022d", id), 0
	return row{
		kind:  kind{ID: id, PushID: push, Type: label, TypeSymbol: "1", GroupSymbol: "M", Platform: "linux", Option: "opt", Tier: 1},
		State: "completed", Result: result, Classification: 1, Task: &task, Retry: &run, Reason: "scheduled", Machine: "worker-1",
		Submitted: 1740830000, Started: 1740830060, Ended: 1740830600,
	}
}

// somePush is a push of n changesets, the newest of which Treeherder lists.
func somePush(id int64, n int) push {
	p := push{ID: id, Revision: hashOf(id * 1000), Author: "dev@example.org", Count: n, Timestamp: 1740800000 + id*60}
	for i := range min(n, 20) {
		p.Revisions = append(p.Revisions, commit{hashOf(id*1000 + int64(i)), "Dev <dev@example.org>", fmt.Sprintf("Bug 1%05d - Part %d.", id, n-i)})
	}
	return p
}

var _ http.Handler = (*fake)(nil)
