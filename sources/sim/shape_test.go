package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/mozci/mozci-run/sources/sourcetest"
)

// A shape says which types stand at which places of an answer; map keys that are ids, and indexes, are generalised.
type shape map[string]map[string]bool

var idKey = regexp.MustCompile(`^([0-9]+|[0-9a-f]{12}|[0-9a-f]{40}|[A-Za-z0-9_-]{22})$`)

func (s shape) add(path string, v any) {
	put := func(kind string) {
		if s[path] == nil {
			s[path] = map[string]bool{}
		}
		s[path][kind] = true
	}
	switch v := v.(type) {
	case map[string]any:
		put("object")
		for k, x := range v {
			if idKey.MatchString(k) {
				k = "*"
			}
			s.add(path+"."+k, x)
		}
	case []any:
		put("array")
		for _, x := range v {
			s.add(path+"[]", x)
		}
	default:
		put(typeOf(v))
	}
}

// opaque are places whose content is the deployment's: made up there, made up here.
var opaque = regexp.MustCompile(`^\$\.task\.|\.(payload|extra|tags|data|triggerSchema|meta\.filter_params|scopes\[\]|params)\.|\.dependencies\[\]|\.routes\[\]|\.scopes\[\]|\.tags\[\]|\.backsoutnodes\[\]|\.continuationToken$`)

// asked is one request to the simulator that has to be answered like a recording.
type asked struct {
	method, path, body string
	header             [2]string
	kin                string // rows of one kin are compared together: their answers have optional parts
}

func get(path string) asked { return asked{method: "GET", path: path} }

func post(path, body string) asked { return asked{method: "POST", path: path, body: body} }

func (a asked) of(kin string) asked { a.kin = kin; return a }

// do asks the simulator without a socket.
func do(s http.Handler, a asked) *http.Response {
	r := httptest.NewRequest(a.method, "http://sim.example"+a.path, strings.NewReader(a.body))
	r.Header.Set("User-Agent", "mozci-run (tests)")
	if a.header[0] != "" {
		r.Header.Set(a.header[0], a.header[1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

// headers that clients look at, or that caches do.
var headers = []string{"Content-Type", "Allow", "Location", "Vary", "Www-Authenticate", "X-Taskcluster-Artifact-Storage-Type", "Etag", "Cache-Control", "Content-Encoding", "Retry-After"}

// compareShapes asks for each recording what its row says, and compares.
func compareShapes(t *testing.T, s http.Handler, folder string, rows map[string]asked, skipped map[string]string) {
	t.Helper()
	ours, theirs, done := map[string]shape{}, map[string]shape{}, map[string]bool{}
	for _, rec := range sourcetest.Recordings(t, folder) {
		row, ok := rows[rec.File]
		if why := skipped[rec.File]; why != "" || !ok {
			if why == "" {
				t.Errorf("%s: no request of the simulator is compared with it, and no reason given", rec.File)
			}
			continue
		}
		if done[rec.File] {
			continue // what a redirect led to
		}
		done[rec.File] = true
		resp := do(s, row)
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != rec.Status {
			t.Errorf("%s: status %d, recorded %d: %.300s", rec.File, resp.StatusCode, rec.Status, body)
			continue
		}
		for _, h := range headers {
			got, want := resp.Header.Get(h), rec.Header.Get(h)
			if h == "Location" || h == "Etag" {
				got, want = fmt.Sprint(got != ""), fmt.Sprint(want != "")
			}
			if h == "Vary" && (strings.Contains(got, "Accept-Encoding") != strings.Contains(want, "Accept-Encoding")) && folder == "treeherder" {
				continue // depends on the length
			}
			if got != want {
				t.Errorf("%s: header %s: %q, recorded %q", rec.File, h, got, want)
			}
		}
		kin := or(row.kin, rec.File)
		if ours[kin] == nil {
			ours[kin], theirs[kin] = shape{}, shape{}
		}
		if strings.HasPrefix(rec.Header.Get("Content-Type"), "application/json") && row.header[0] != "Accept-Encoding" && row.method != "HEAD" {
			ours[kin].read(t, rec.File+" (simulated)", body)
			theirs[kin].read(t, rec.File, rec.Body)
		}
	}
	for kin := range ours {
		diffShapes(t, kin, ours[kin], theirs[kin])
	}
}

func (s shape) read(t *testing.T, name string, body []byte) {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Errorf("%s: %v: %.200s", name, err, body)
		return
	}
	s.add("$", v)
}

// diffShapes wants the same places with no other types. Where the simulator's answers have been emptier or fuller than
// the recordings, a list or map without content says nothing about what would be in it.
func diffShapes(t *testing.T, kin string, ours, theirs shape) {
	t.Helper()
	report := func(a, b shape, what string) {
		var paths []string
		for path := range a {
			paths = append(paths, path)
		}
		sort.Strings(paths)
		for _, path := range paths {
			if opaque.MatchString(path+".") || opaque.MatchString(path) || strings.HasSuffix(path, "[]") && b[path] == nil {
				continue
			}
			if b[path] == nil && b.hasParent(path) {
				t.Errorf("%s: %s at %s (%v)", kin, what, path, keys(a[path]))
			}
		}
	}
	report(ours, theirs, "the simulator has more")
	report(theirs, ours, "the simulator lacks what was recorded")
	for path, kinds := range ours {
		for k := range kinds {
			same := theirs[path][k] || k == "integer" && theirs[path]["number"] || k == "number" && theirs[path]["integer"]
			if theirs[path] != nil && !same && !opaque.MatchString(path+".") {
				t.Errorf("%s: %s is %s, recorded %v", kin, path, k, keys(theirs[path]))
			}
		}
	}
}

// hasParent says whether the place around a path has content of this kind at all.
func (s shape) hasParent(path string) bool {
	i := strings.LastIndexAny(path, ".[")
	return i > 0 && s[path[:i]] != nil
}

func keys(m map[string]bool) []string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	sort.Strings(list)
	return list
}

// shaped is the scenario that is held against the recordings: with a try branch, a backout and everything that has a
// state, some hours after its start.
func shaped(t *testing.T) *Sim {
	sc, err := Named("standard")
	if err != nil {
		t.Fatal(err)
	}
	sc.Branches = append(sc.Branches, Branch{Name: "try", Pushes: 13, First: 1, Settings: []PushSetting{{At: 2, Obsolete: true}}})
	sc.Branches[0].Settings = append(sc.Branches[0].Settings, PushSetting{At: 1, Empty: true}, PushSetting{At: 3, Description: "one"})
	bc := "test-linux1804-64-qr/opt-mochitest-browser-chrome-"
	sc.Histories = []History{{Label: bc + "1", Strip: "? - F r x c s P P P I"}, {Label: bc + "2", Strip: "~ - F P x c s P P P P"}}
	sc.Culprits = []Culprit{{Label: "build-win64/opt", At: Span{4, 4}, Fixed: new(int)}}
	*sc.Culprits[0].Fixed = 3
	sc.Classified = []Classified{{Label: bc + "1", At: 2, Classification: 4, Text: "Bug 1700000"}}
	sc.Access.Clients = []Client{{ID: "tester", AccessToken: "secret", Scopes: []string{"*"}}}
	clock := &fixedClock{sc.normal().Now.Add(time.Minute)}
	s, err := New(sc, 7, clock.now, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPushlogAnswersLikeTheRealOne(t *testing.T) {
	unraced(t)
	s := shaped(t)
	b := s.w.branch("autoland")
	root := "/hg/integration/autoland/"
	full := b.positioned(4)
	rev := full.tip()
	multi := b.positioned(6)
	from, to := "&fromchange="+b.positioned(9).tip(), "&tochange="+b.positioned(6).tip()
	v2 := root + "json-pushes?version=2"
	span := "&startID=" + itoa(b.positioned(12).id) + "&endID=" + itoa(b.positioned(5).id)
	rows := map[string]asked{
		"01-v1-default.http":                  get(root + "json-pushes"),
		"02-v2-default.http":                  get(v2).of("v2"),
		"03-v2-full1.http":                    get(v2 + "&full=1").of("v2-full"),
		"04-v2-full0-still-full.http":         get(v2 + "&full=0" + span).of("v2-full"),
		"05-v2-ids.http":                      get(v2 + span).of("v2"),
		"06-v2-ids-full.http":                 get(v2 + "&full=1" + span).of("v2-full"),
		"07-startID-only.http":                get(v2 + "&startID=" + itoa(b.positioned(4).id)).of("v2"),
		"08-endID-only-ignored.http":          get(v2 + "&endID=5").of("v2"),
		"09-startID0-endID3.http":             get(v2 + "&startID=0&endID=213464").of("v2"),
		"10-startID-gt-endID.http":            get(v2 + "&startID=105&endID=95").of("v2"),
		"11-startID-beyond.http":              get(v2 + "&startID=999999&endID=1009999").of("v2"),
		"13-startID-notint.http":              get(v2 + "&startID=abc&endID=2"),
		"14-changeset.http":                   get(v2 + "&changeset=" + rev).of("v2"),
		"15-changeset-short12.http":           get(v2 + "&changeset=" + rev[:12]).of("v2"),
		"17-changeset-unknown40.http":         get(v2 + "&changeset=" + strings.Repeat("f", 42)),
		"18-changeset-unknown40b.http":        get(v2 + "&changeset=" + strings.Repeat("1", 40)),
		"19-changeset-bad.http":               get(v2 + "&changeset=doesnotexist"),
		"20-changeset-empty.http":             get(v2 + "&changeset="),
		"21-changeset-tip.http":               get(v2 + "&changeset=tip").of("v2"),
		"25-changeset-full-tipsonly.http":     get(v2 + "&full=1&tipsonly=1&changeset=" + rev).of("v2-full"),
		"26-from-to.http":                     get(v2 + from + to).of("v2"),
		"27-from-to-full.http":                get(v2 + "&full=1" + from + to).of("v2-full"),
		"28-fromchange-unknown.http":          get(v2 + "&fromchange=" + strings.Repeat("1", 40) + to),
		"29-tochange-only-ignored.http":       get(v2 + to).of("v2"),
		"31-version3.http":                    get(root + "json-pushes?version=3"),
		"32-versionx.http":                    get(root + "json-pushes?version=x"),
		"33-startdate.http":                   get(v2 + "&startdate=2025-03-01%2005:00:00&enddate=2025-03-01%2009:00:00").of("v2"),
		"34-startdate-garbage.http":           get(v2 + "&startdate=garbage").of("v2"),
		"35-startdate-T-iso.http":             get(v2 + "&startdate=2015-01-02T00:00:00Z&enddate=2015-01-02T01:00:00Z").of("v2"),
		"36-user.http":                        get(v2 + "&user=" + multi.user + "&startID=0&endID=999999").of("v2"),
		"37-user-unknown.http":                get(v2 + "&user=nobody").of("v2"),
		"40-tipsonly.http":                    get(v2 + "&tipsonly=1" + span).of("v2"),
		"42-branch-unknown.http":              get(v2 + "&branch=nosuch&startID=197&endID=199"),
		"45-nosuch-repo.http":                 get("/hg/nosuch/json-pushes?version=2"),
		"47-try.http":                         get("/hg/try/json-pushes?version=2&startID=0&endID=20").of("v2"),
		"48-try-full.http":                    get("/hg/try/json-pushes?version=2&full=1&startID=1&endID=20").of("v2-full"),
		"49-central-all.http":                 get(v2 + "&startID=0&endID=999999").of("v2"),
		"50-json-rev.http":                    get(root + "json-rev/" + rev).of("json-rev"),
		"51-json-rev-git.http":                get(root + "json-rev/" + multi.tip()).of("json-rev"),
		"52-json-rev-unknown.http":            get(root + "json-rev/" + strings.Repeat("1", 40)),
		"54-automationrelevance.http":         get(root + "json-automationrelevance/" + noGit(t, b)),
		"55-automationrelevance-unknown.http": get(root + "json-automationrelevance/" + strings.Repeat("1", 40)),
		"58-json-info.http":                   get(root + "json-info?node=" + rev),
		"61-gzip.http":                        {method: "GET", path: v2 + span, header: [2]string{"Accept-Encoding", "gzip"}},
		"63-json-log.http":                    get(root + "json-log?rev=tip"),
	}
	compareShapes(t, s, "pushlog", rows, map[string]string{"68-raw-file.http": "files are not simulated"})
}

// noGit is a changeset that the git mirror has not seen, as the one in the recording.
func noGit(t *testing.T, b *branch) string {
	for _, c := range b.log {
		if c.git == "" && c.push == b.byRev[c.node].push && c.push.At >= 0 {
			return c.node
		}
	}
	t.Fatal("every changeset has a git hash")
	return ""
}

func TestTreeherderAnswersLikeTheRealOne(t *testing.T) {
	unraced(t)
	s := shaped(t)
	b := s.w.branch("autoland")
	root := "/th/api/project/autoland/"
	p := b.positioned(2)
	id := itoa(p.thID)
	var failed string
	for _, r := range s.tl.ingested {
		if r.state == "failed" && r.task.push == p && r.task.kind == "test" {
			failed = itoa(r.thID)
		}
	}
	middle := b.positioned(6)
	for middle.At < 30 && len(middle.changesets) < 2 {
		middle = b.positioned(middle.At + 1)
	}
	ones := strings.Repeat("1", 40)
	agent := func(name string) asked {
		return asked{method: "GET", path: root + "push/?count=1", header: [2]string{"User-Agent", name}}
	}
	accept := func(version string) asked {
		return asked{method: "GET", path: root + "push/?count=1", header: [2]string{"Accept", "application/json; version=" + version}}
	}
	rows := map[string]asked{
		"01-go-ua-403.http":                   agent("Go-http-client/1.1"),
		"01b-go-ua2-403.http":                 agent("Go-http-client/2.0"),
		"02-push-default.http":                get(root + "push/").of("push"),
		"04-push-count1001.http":              get(root + "push/?count=1001"),
		"05-push-countx.http":                 get(root + "push/?count=x"),
		"07-push-revision-nontip-empty.http":  get(root + "push/?revision=" + middle.changesets[0].node),
		"08-push-commit_revision-nontip.http": get(root + "push/?commit_revision=" + middle.changesets[0].node),
		"10-push-revision-unknown.http":       get(root + "push/?revision=" + ones),
		"11-push-fromchange-unknown-500.http": get(root + "push/?fromchange=" + ones),
		"13-push-noproject.http":              get("/th/api/project/nosuch/push/"),
		"14-push-detail.http":                 get(root + "push/" + id + "/"),
		"16-push-detail-wrongproject.http":    get("/th/api/project/try/push/" + id + "/"),
		"17-push-noslash.http":                get(root + "push"),
		"19-push-idin.http":                   get(root + "push/?id__in=" + id + "," + itoa(p.thID-1)),
		"20-push-idin-bad.http":               get(root + "push/?id__in=1,x"),
		"22-push-startdate.http":              get(root + "push/?startdate=2025-03-01&enddate=2025-03-01&count=100"),
		"23-push-startdate-bad.http":          get(root + "push/?startdate=garbage"),
		"25-jobs-default.http":                get("/th/api/jobs/?push_id=" + id).of("jobs"),
		"26-jobs-count2000.http":              get("/th/api/jobs/?count=2000&push_id=" + id).of("jobs"),
		"28-jobs-page-beyond.http":            get("/th/api/jobs/?count=20&page=999&push_id=" + id),
		"31-jobs-result-filter.http":          get("/th/api/jobs/?result=testfailed&push_id=" + id).of("jobs"),
		"32-jobs-result-bad.http":             get("/th/api/jobs/?result=nosuch&push_id=" + id).of("jobs"),
		"34-jobs-pushid-bad.http":             get("/th/api/jobs/?push_id=abc"),
		"35-jobs-last_modified_gt.http":       get("/th/api/jobs/?count=2&last_modified__gt=2020-01-01T00:00:00&push_id=" + id).of("jobs"),
		"37-pjobs-default.http":               get(root + "jobs/?push_id=" + id),
		"38-pjobs-list.http":                  get(root + "jobs/?return_type=list&count=3&push_id=" + id),
		"40-pjobs-offset.http":                get(root + "jobs/?count=5&offset=5&push_id=" + id),
		"41-pjobs-result_set_id.http":         get(root + "jobs/?count=1&result_set_id=" + id),
		"43-pjobs-result-comma.http":          get(root + "jobs/?result=testfailed,busted&push_id=" + id),
		"44-pjobs-lastmod-bad.http":           get(root + "jobs/?last_modified__gt=garbage"),
		"46-job-detail-404.http":              get(root + "jobs/99999999/"),
		"47-job-tle.http":                     get(root + "jobs/" + failed + "/text_log_errors/"),
		"49-job-similar.http":                 get(root + "jobs/" + failed + "/similar_jobs/?count=5"),
		"50-note.http":                        get(root + "note/?job_id=" + failed),
		"53-joblogurl.http":                   get(root + "job-log-url/?job_id=" + failed),
		"59-taskclustermetadata.http":         get("/th/api/taskclustermetadata/?job_ids=" + failed),
		"71-notfound.http":                    get("/th/api/nosuch/"),
		"73-accept-version.http":              accept("1.1"),
		"74-accept-version-bad.http":          accept("9"),
		"76-gzip.http":                        {method: "GET", path: root + "push/?count=10", header: [2]string{"Accept-Encoding", "gzip"}},
		"79-pjobs-visible-fields.http":        get(root + "jobs/?state=completed&count=1&visible=true&exclusion_profile=false"),
		"80-failure-lines.http":               get(root + "jobs/" + failed + "/failure_lines/"),
	}
	compareShapes(t, s, "treeherder", rows, map[string]string{
		"52-bug-job-map.http":   "no bug is ever filed here: the list is empty",
		"64-group_results.http": "recorded empty: the real server had no error summaries",
		"77-host-bad.http":      "any host is ours",
	})
}

func TestTaskclusterAnswersLikeTheRealOne(t *testing.T) {
	unraced(t)
	s := shaped(t)
	b := s.w.branch("autoland")
	p := b.positioned(4)
	group := p.decision
	in := func(state, reason string) string {
		for _, task := range s.tl.order {
			runs := task.seen(s.Now())
			if task.jt == nil || task.push.branch != b || task.stateAt(s.Now()) != state {
				continue
			}
			if reason == "" || len(runs) > 0 && (runs[len(runs)-1].reason == reason || reason == "retry" && len(runs) == 2) {
				return task.id
			}
		}
		t.Fatalf("no task is %s for %s", state, reason)
		return ""
	}
	q, ix := "/tc/api/queue/v1/task/", "/tc/api/index/v1/"
	nobody := "AAAAAAAAQACAAAAAAAAAAA"
	firstPage := do(s, get("/tc/api/queue/v1/task-group/"+group+"/list?limit=2"))
	var page struct{ ContinuationToken string }
	if err := json.NewDecoder(firstPage.Body).Decode(&page); err != nil || page.ContinuationToken == "" {
		t.Fatalf("no continuation token: %v", err)
	}
	rows := taskclusterRows(s, p, page.ContinuationToken, in)
	rows["70-hooktask.http"] = get(q + s.w.slug("fired", p.hookID("generic"), 1))
	compareShapes(t, s, "taskcluster", rows, map[string]string{"26-artifact-reference.http": "no run leaves references"})

	sc, err := Named("standard")
	if err != nil {
		t.Fatal(err)
	}
	sc.Access.NoAnonymousReads = true
	closed, err := New(sc, 1, func() time.Time { return sc.normal().Now }, Options{})
	if err != nil {
		t.Fatal(err)
	}
	compareShapes(t, closed, "taskcluster/no-anonymous-role", map[string]asked{"01-task.http": get(q + nobody), "34-index-find.http": get(ix + "task/x.y")}, nil)
}

// taskclusterRows are the requests for the recordings; in finds a task by its state and the reason of its last run.
func taskclusterRows(s *Sim, p *push, token string, in func(state, reason string) string) map[string]asked {
	group := p.decision
	q, ix, hooks := "/tc/api/queue/v1/task/", "/tc/api/index/v1/", "/tc/api/hooks/v1/hooks/project-gecko/"
	nobody := "AAAAAAAAQACAAAAAAAAAAA"
	rev := "gecko.v2.autoland.revision." + p.tip()
	hook := strings.ReplaceAll(p.hookID("generic"), "/", "%2F")
	signed := func(a asked) asked {
		a.header = [2]string{"Authorization", hawkFor("tester", "secret", a.method, a.path)}
		return a
	}
	chosen := "YFYFufpWSPOdxqhMrjeGQQ"
	payload := payloadFor(s, p, "add-new-jobs", "", `{"tasks": []}`)
	again := strings.Replace(payload, "{", `{"taskId": "`+chosen+`",`, 1)
	return map[string]asked{
		"01-task.http":                         get(q + in("failed", "")),
		"02-task-404.http":                     get(q + nobody),
		"04-status-failed.http":                get(q + in("failed", "") + "/status"),
		"05-status-retry-2runs.http":           get(q + in("completed", "retry") + "/status"),
		"07-status-canceled.http":              get(q + in("exception", "canceled") + "/status"),
		"08-status-unscheduled-depfailed.http": get(q + in("unscheduled", "") + "/status"),
		"10-status-running.http":               get(q + in("running", "") + "/status"),
		"11-status-pending.http":               get(q + in("pending", "") + "/status"),
		"11b-status-completed.http":            get(q + group + "/status"),
		"13-group-limit2.http":                 get("/tc/api/queue/v1/task-group/" + group + "/list?limit=2").of("group"),
		"14-group-page2.http":                  get("/tc/api/queue/v1/task-group/" + group + "/list?limit=2&continuationToken=" + token).of("group"),
		"16-group-404.http":                    get("/tc/api/queue/v1/task-group/" + nobody + "/list"),
		"19-group-info.http":                   get("/tc/api/queue/v1/task-group/" + group),
		"20-artifacts.http":                    get(q + group + "/runs/0/artifacts"),
		"22-artifacts-norun.http":              get(q + group + "/runs/7/artifacts"),
		"22b-artifacts-task404.http":           get(q + nobody + "/artifacts"),
		"23-artifact-s3-redirect.http":         get(q + group + "/runs/0/artifacts/public/logs/live_backing.log"),
		"25-artifact-link.http":                get(q + group + "/artifacts/public/logs/live.log"),
		"28-artifact-404.http":                 get(q + group + "/artifacts/public/nope"),
		"29-artifact-private-anon.http":        get(q + group + "/artifacts/private/secret.txt"),
		"31-latest-artifact-pendingtask.http":  get(q + in("pending", "") + "/artifacts/public/x"),
		"31b-artifact-unscheduled.http":        get(q + in("unscheduled", "") + "/artifacts/public/x"),
		"32-artifact-info.http":                get(q + group + "/artifact-info/public/logs/live_backing.log"),
		"34-index-find.http":                   get(ix + "task/" + rev + ".firefox.linux1804-64-opt"),
		"35-index-find-404.http":               get(ix + "task/gecko.v2.nope.latest"),
		"37-index-list-ns-get.http":            get(ix + "namespaces/gecko.v2.autoland"),
		"38-index-list-tasks-get.http":         get(ix + "tasks/" + rev + ".firefox"),
		"40-index-artifact.http":               get(ix + "task/" + rev + ".taskgraph.decision/artifacts/public/actions.json"),
		"40b-index-artifact-L.http":            get(ix + "task/" + rev + ".taskgraph.decision/artifacts/public/actions.json"),
		"41-index-revision-prefix.http":        get(ix + "namespaces/gecko.v2.autoland.revision?limit=1"),
		"41b-findtasks-at-index.http":          post(ix+"tasks/indexes", `{"indexes": ["`+rev+`.firefox.linux1804-64-opt", "no.such"]}`),
		"43-hook.http":                         get(hooks + hook),
		"44-hook-404.http":                     get(hooks + "nope"),
		"46-trigger-ok.http":                   signed(post(hooks+hook+"/trigger", payload)),
		"47-trigger-schema-invalid.http":       signed(post(hooks+hook+"/trigger", `{"input": 1}`)),
		"49-trigger-idempotent-first.http":     signed(post(hooks+hook+"/trigger", again)),
		"50-trigger-idempotent-repeat.http":    signed(post(hooks+hook+"/trigger", again)),
		"52-cancel-completed.http":             signed(post(q+in("completed", "")+"/cancel", "")),
		"53-rerun-pending.http":                signed(post(q+in("pending", "")+"/rerun", "")),
		"53b-rerun-running.http":               signed(post(q+in("running", "")+"/rerun", "")),
		"55-rerun-404.http":                    signed(post(q+nobody+"/rerun", "")),
		"56-schedule-depfailed.http":           signed(post(q+in("unscheduled", "")+"/schedule", "")),
		"58-unknown-client.http":               {method: "GET", path: q + group + "/artifacts/private/secret.txt", header: [2]string{"Authorization", hawkFor("nobody", "x", "GET", q+group+"/artifacts/private/secret.txt")}},
		"59-pending-tasks.http":                get("/tc/api/queue/v1/pending/gecko-t/t-linux-kvm-gcp"),
		"61-dependents.http":                   get(q + group + "/dependents"),
		"62-ping.http":                         get("/tc/api/queue/v1/ping"),
		"65-head.http":                         {method: "HEAD", path: q + in("failed", "")},
		"67-heartbeat.http":                    get("/tc/api/queue/v1/__heartbeat__"),
		"68-version.http":                      get("/tc/api/queue/v1/__version__"),
		"71-createTask-bad.http":               signed(asked{method: "PUT", path: q + chosen, body: `{"a": 1}`}),
		"73-tasks-defs.http":                   post("/tc/api/queue/v1/tasks", `{"taskIds": ["`+group+`"]}`),
		"74-status-404.http":                   get(q + nobody + "/status"),
	}
}
