package sim

import (
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
)

// ids are the push ids of a pushlog answer, in numeric order.
func ids(t testing.TB, s http.Handler, query string) string {
	t.Helper()
	v := read(t, s, get("/hg/integration/autoland/json-pushes?version=2&"+query), http.StatusOK)
	var list []int
	for k := range v["pushes"].(map[string]any) {
		n, err := strconv.Atoi(k)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	sort.Ints(list)
	return strings.Trim(fmt.Sprint(list), "[]")
}

func TestPushlogDoesNotListen(t *testing.T) {
	sc, err := Named("crossing-100000")
	if err != nil {
		t.Fatal(err)
	}
	sc.Histories = nil
	sc.Branches[0].Settings = []PushSetting{{At: 5, Empty: true}, {At: 8, SkipIDs: 1}, {At: 7, Shift: -3 * time.Hour}}
	clock := &fixedClock{sc.normal().Now}
	s, err := New(sc, 3, clock.now, Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := s.w.branches[0]
	rev := func(at int) string { return b.positioned(at).tip() }
	newest := "99992 99994 99995 99996 99998 99999 100000 100001 100002"
	if b.positioned(0).id != 100002 || b.positioned(5).id != 99997 {
		t.Fatalf("the newest push is %d", b.positioned(0).id)
	}
	rows := []struct{ query, want string }{
		{"", newest},
		{"endID=99980", newest},
		{"tochange=" + rev(10), newest},
		{"startID=99998", "99999 100000 100001 100002"},
		{"startID=99998&endID=100000", "99999 100000"},
		{"startID=99995&endID=99998", "99996 99998"},
		{"startID=99991&endID=99994", "99992 99994"},
		{"startID=100000&endID=99990", ""},
		{"fromchange=" + rev(3) + "&tochange=" + rev(1), "100000 100001"},
		{"fromchange=" + rev(3) + "&startID=1&endID=100001", "100000 100001"},
		{"changeset=" + rev(4) + "&changeset=" + rev(2), "99998 100000"},
		{"changeset=" + rev(4) + "&startID=99999&endID=100001", ""},
		{"changeset=0", itoa(b.log[0].push.id)},
		{"user=nobody@example.org", ""},
		{"startdate=garbage", ""},
	}
	for _, r := range rows {
		if got := ids(t, s, r.query); got != r.want {
			t.Errorf("%s: %s, want %s", r.query, got, r.want)
		}
	}
	if v := read(t, s, get("/hg/integration/autoland/json-pushes?version=2&startID=100001"), 200); v["lastpushid"].(float64) != 100002 {
		t.Errorf("lastpushid: %v", v["lastpushid"])
	}
	if resp := do(s, get("/hg/integration/autoland/json-pushes?version=2&tipsonly=1&startID=99995&endID=99998")); resp.StatusCode != 500 {
		t.Errorf("tipsonly over an emptied push: %d", resp.StatusCode)
	}
	if resp := do(s, asked{method: "HEAD", path: "/hg/integration/autoland/json-pushes"}); resp.StatusCode != 501 {
		t.Errorf("HEAD: %d", resp.StatusCode)
	}
	dates := func(at int) time.Time { return b.positioned(at).date }
	if !dates(7).Before(dates(8)) {
		t.Error("the dates grow with the ids")
	}
}

func TestTreeherderTraps(t *testing.T) {
	s, clock := start(t, "standard", 1, Options{})
	count := func(path string) int {
		v := read(t, s, get(path), http.StatusOK)
		return len(v["results"].([]any))
	}
	p := s.w.branches[0].positioned(10)
	all := count("/th/api/jobs/?count=99999")
	if all < 300 || count("/th/api/jobs/?count=2000&revision="+p.tip()) != all {
		t.Errorf("%d jobs: an unknown parameter is not ignored", all)
	}
	if n := count("/th/api/jobs/"); n != 100 {
		t.Errorf("a page has %d jobs", n)
	}
	if n := count("/th/api/project/autoland/push/?count=1000"); n != 40 {
		t.Errorf("%d pushes are known to Treeherder, want 40", n)
	}
	if n := count("/th/api/project/autoland/jobs/?count=2000&result=success,testfailed"); n != 0 {
		t.Errorf("two results at once give %d jobs", n)
	}
	if resp := do(s, get("/th/api/project/autoland/jobs/?count=2001")); resp.StatusCode != 400 {
		t.Errorf("2001 jobs: %d", resp.StatusCode)
	}

	// Paging by offset repeats and skips when jobs change meanwhile; page by page over /jobs/ it does not.
	order := func() (list []float64) {
		for offset := 0; ; offset += 50 {
			v := read(t, s, get("/th/api/project/autoland/jobs/?count=50&offset="+itoa(offset)), http.StatusOK)
			rows := v["results"].([]any)
			for _, r := range rows {
				list = append(list, r.(map[string]any)["id"].(float64))
			}
			if len(rows) < 50 {
				return list
			}
			clock.t = clock.t.Add(10 * time.Minute)
		}
	}
	list := order()
	seen, sorted := map[float64]bool{}, sort.Float64sAreSorted(list)
	for _, id := range list {
		seen[id] = true
	}
	if sorted || len(seen) == len(list) {
		t.Errorf("offsets neither repeat nor are they unordered: %d jobs, %d different", len(list), len(seen))
	}
}

// A job is seen to have ended before its log has been read.
func TestLogsAreReadLate(t *testing.T) {
	sc, err := Named("gap-of-three")
	if err != nil {
		t.Fatal(err)
	}
	sc.Ingestion.Logs = 3 * time.Minute
	clock := &fixedClock{sc.normal().Now}
	s, err := New(sc, 1, clock.now, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := s.w.branches[0].positioned(0)
	r := s.tl.labels[place{p, bc2}].runs[0]
	look := func() (state, log string, groups bool) {
		detail := read(t, s, get("/th/api/project/autoland/jobs/"+itoa(r.thID)+"/"), http.StatusOK)
		list := do(s, get("/th/api/project/autoland/job-log-url/?job_id="+itoa(r.thID)))
		text, _ := io.ReadAll(list.Body)
		_, status, _ := strings.Cut(string(text), `"parse_status":"`)
		status, _, _ = strings.Cut(status, `"`)
		return detail["state"].(string), status, read(t, s, get("/th/api/project/autoland/push/group_results/?revision="+p.tip()), http.StatusOK)[r.task.id] != nil
	}
	for after, want := range map[time.Duration]string{time.Minute: "completed pending false", 4 * time.Minute: "completed parsed true"} {
		clock.t = r.resolved.Add(r.task.late + after)
		if state, log, groups := look(); fmt.Sprint(state, " ", log, " ", groups) != want {
			t.Errorf("after %s: %s %s %v, want %s", after, state, log, groups, want)
		}
	}
}

func TestOneFailureToLookAt(t *testing.T) {
	unraced(t)
	for seed := range uint64(4) {
		s, _ := start(t, "default", seed, Options{})
		v := read(t, s, get("/th/api/jobs/?count=2000&tier=1&failure_classification_id=1&result__in=testfailed,busted"), http.StatusOK)
		rows := v["results"].([]any)
		if len(rows) != 1 || rows[0].([]any)[4] != s.Truth()[0].Label || rows[0].([]any)[9] != s.Truth()[0].Failure.Revision {
			t.Errorf("seed %d: %v, want one failure of %+v", seed, rows, s.Truth()[0])
		}
	}
}

func TestTaskclusterTraps(t *testing.T) {
	s, _ := start(t, "standard", 1, Options{})
	p := s.w.branches[0].positioned(5)
	list := func(query string) ([]string, string) {
		v := read(t, s, get("/tc/api/queue/v1/task-group/"+p.decision+"/list"+query), http.StatusOK)
		var ids []string
		for _, x := range v["tasks"].([]any) {
			ids = append(ids, x.(map[string]any)["status"].(map[string]any)["taskId"].(string))
		}
		token, _ := v["continuationToken"].(string)
		return ids, token
	}
	whole, token := list("?limit=5000")
	if token != "" || len(whole) < 5 {
		t.Fatalf("%d tasks, token %q", len(whole), token)
	}
	var paged []string
	for token = "none of ours"; token != ""; {
		var ids []string
		ids, token = list("?limit=2&continuationToken=" + strings.ReplaceAll(token, " ", "+"))
		paged = append(paged, ids...)
	}
	if strings.Join(paged, " ") != strings.Join(whole, " ") {
		t.Errorf("page by page, begun with a bad token: %v, want %v", paged, whole)
	}
	if ids, token := list("?limit=0"); len(ids) != 0 || token != "" {
		t.Errorf("limit=0: %v %q", ids, token)
	}
	for path, want := range map[string]int{"task/short": 400, "task/" + p.decision + "x/status": 400, "nosuch/route": 404, "task-group/" + p.decision + "/list?limit=x": 400} {
		if resp := do(s, get("/tc/api/queue/v1/"+path)); resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
	}
}

// What a client can know before it triggers: whether the push has a decision task, whether it is still there, whether it
// may do what its actions.json says, and whether the tree is open.
func TestDecisionTasksDiffer(t *testing.T) {
	sc, err := Named("tree-closed")
	if err != nil {
		t.Fatal(err)
	}
	sc.Branches = append([]Branch(nil), sc.Branches...)
	sc.Branches[0].Settings = []PushSetting{{At: 4, NoDecision: true}, {At: 5, DecisionFailed: true}, {At: 6, Expired: true}, {At: 7, Untrusted: true}, {At: 8, DontBuild: true}}
	sc.Histories = nil
	s, err := New(sc, 1, (&fixedClock{sc.normal().Now}).now, Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		at                  int
		index, th, artifact int
		hooks               bool
	}{
		{3, 200, 200, 303, true}, {4, 404, 404, 404, true}, {5, 404, 404, 404, true}, {6, 404, 200, 404, true}, {7, 200, 200, 303, false}, {8, 404, 404, 404, true},
	}
	for _, r := range rows {
		p := s.w.branches[0].positioned(r.at)
		status := func(path string) int { return do(s, get(path)).StatusCode }
		if got := status("/tc/api/index/v1/task/gecko.v2.autoland.pushlog-id." + itoa(p.id) + ".decision"); got != r.index {
			t.Errorf("push %d: index %d, want %d", r.at, got, r.index)
		}
		if got := status("/th/api/project/autoland/push/decisiontask/?push_ids=" + itoa(p.thID)); got != r.th {
			t.Errorf("push %d: Treeherder %d, want %d", r.at, got, r.th)
		}
		if got := status("/tc/api/queue/v1/task/" + p.decision + "/artifacts/public/actions.json"); got != r.artifact {
			t.Errorf("push %d: actions.json %d, want %d", r.at, got, r.artifact)
		}
		scopes := compact(obj{"scopes": s.w.decisionScopes(p)})
		v := read(t, s, post("/tc/api/auth/v1/scopes/expand", string(scopes)), http.StatusOK)
		if got := strings.Contains(fmt.Sprint(v["scopes"]), "in-tree:hook-action:project-gecko/in-tree-action-3-*"); got != r.hooks {
			t.Errorf("push %d: may use the hooks: %v", r.at, got)
		}
	}
	for path, want := range map[string]string{"/treestatus/api/treestatus/trees/firefox-autoland": "closed", "/treestatus/trees/firefox-mozilla-beta": "open"} {
		v := read(t, s, get(path), http.StatusOK)
		if got := v["result"].(map[string]any)["status"]; got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
	if resp := do(s, get("/treestatus/trees/nosuch")); resp.StatusCode != 404 {
		t.Errorf("an unknown tree: %d", resp.StatusCode)
	}
}

func TestBackfillWithSlices(t *testing.T) {
	s, clock := start(t, "no-good-in-reach", 1, Options{})
	b := s.w.branches[0]
	p := b.positioned(13) // the last that ran before a gap of 21
	trigger(t, s, p, "backfill", s.tl.labels[place{p, bc2}].id, `{"slices": 3}`)
	clock.t = clock.t.Add(10 * time.Minute)
	var at []int
	for _, tr := range s.Triggers() {
		at = append(at, p.id-tr.PushID)
	}
	if len(at) != 3 || at[0] < 4 || at[2] > 18 {
		t.Errorf("triggered %v pushes back, want three that are evenly spread", at)
	}
}

func TestActionsMayFail(t *testing.T) {
	sc, err := Named("gap-of-three")
	if err != nil {
		t.Fatal(err)
	}
	sc.Actions.Fails = 1
	clock := &fixedClock{sc.normal().Now}
	s, err := New(sc, 1, clock.now, Options{})
	if err != nil {
		t.Fatal(err)
	}
	id := trigger(t, s, s.w.branches[0].positioned(1), "add-new-jobs", "", `{"tasks": ["`+bc2+`"]}`)
	clock.t = clock.t.Add(time.Hour)
	v := read(t, s, get("/tc/api/queue/v1/task/"+id+"/status"), http.StatusOK)
	if got := v["status"].(map[string]any)["state"]; got != "failed" || len(s.Triggers()) != 0 {
		t.Errorf("%v, %v", got, s.Triggers())
	}
	log := do(s, get("/tc/public-bucket/"+id+"/0/public/logs/live_backing.log"))
	if text, _ := io.ReadAll(log.Body); !strings.Contains(string(text), "Max retries exceeded") {
		t.Errorf("its log: %s", text)
	}
}
