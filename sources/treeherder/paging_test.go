package treeherder

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

// crowd is one push with n jobs of the same type, of which a page holds a hundred.
func crowd(n int) *fake {
	f := &fake{pushes: []push{somePush(10, 1)}, page: 100}
	for i := range n {
		f.jobs = append(f.jobs, someJob(int64(1000+3*i), 10, label, "success"))
	}
	return f
}

func listOf(t *testing.T, f *fake) ([]ci.Job, error) {
	t.Helper()
	return f.client(Options{}).jobsList(t.Context(), ci.JobsOn{Branch: "autoland", Revisions: []string{hashOf(10000)}, Job: label})
}

// ids checks that the jobs are those of the fake, each once, in order.
func sameJobs(t *testing.T, f *fake, got []ci.Job) {
	t.Helper()
	if len(got) != len(f.jobs) {
		t.Fatalf("%d jobs came, of %d", len(got), len(f.jobs))
	}
	for i, j := range got {
		if j.ID != fmt.Sprint(f.jobs[i].ID) {
			t.Fatalf("job %d is %s, want %d", i, j.ID, f.jobs[i].ID)
		}
	}
}

func requests(f *fake, part string) int {
	n := 0
	for _, u := range f.asked {
		if strings.Contains(u, part) {
			n++
		}
	}
	return n
}

func TestJobsOfOnePageAreOneQuestion(t *testing.T) {
	f := crowd(99)
	got, err := listOf(t, f)
	if err != nil {
		t.Fatal(err)
	}
	sameJobs(t, f, got)
	if len(f.asked) != 2 {
		t.Errorf("asked %d times: %v", len(f.asked), f.asked)
	}
}

func TestAPageIsAsLargeAsTheServiceGives(t *testing.T) {
	f := crowd(3)
	f.page = 0
	if _, err := listOf(t, f); err != nil || requests(f, "count=2000") != 1 {
		t.Errorf("asked for %v, %v", f.asked, err)
	}
}

func TestUnorderedJobsOfManyPagesAreCompleteAndOrdered(t *testing.T) {
	for _, n := range []int{100, 101, 370} {
		f := crowd(n)
		got, err := listOf(t, f)
		if err != nil {
			t.Fatal(err)
		}
		sameJobs(t, f, got)
		if requests(f, "offset") > 0 {
			t.Errorf("%d jobs were read by offset", n)
		}
	}
}

func TestClampedPagesAreReadToTheEnd(t *testing.T) {
	f := crowd(250)
	f.clamp = 30
	got, err := listOf(t, f)
	if err != nil {
		t.Fatal(err)
	}
	sameJobs(t, f, got)
	if n := requests(f, "/api/jobs/"); n != 9 {
		t.Errorf("%d pages of 30 were read", n)
	}
}

func TestJobsThatComeWhileTheyAreReadAreFound(t *testing.T) {
	f := crowd(250)
	f.meets = func(path string, _ url.Values) {
		if path == "/jobs/" { // between the pages
			f.jobs = append(f.jobs, someJob(f.jobs[len(f.jobs)-1].ID+3, 10, label, "success"))
		}
	}
	_, err := listOf(t, f)
	if !errors.Is(err, sources.ErrUnavailable) || !strings.Contains(err.Error(), "came or went while they were read") {
		t.Fatalf("a total that never rests gives %v", err)
	}
	f = crowd(250)
	moves := 1
	f.meets = func(path string, params url.Values) {
		if path == "/jobs/" && params.Get("page") == "2" && moves > 0 {
			moves--
			f.jobs = slices.Delete(f.jobs, 5, 6)
		}
	}
	got, err := listOf(t, f)
	if err != nil {
		t.Fatalf("a total that moved once gives %v", err)
	}
	sameJobs(t, f, got)
}

// A window of ids that more jobs have come into than it has room for is no answer, and neither is one that lacks a job which was there.
func TestWindowsOfIdsAreHeldAgainstTheListing(t *testing.T) {
	f := crowd(250)
	crowded := false
	f.meets = func(path string, params url.Values) {
		if strings.HasSuffix(path, "/jobs/") && params.Get("id__lt") != "" && !crowded {
			crowded = true
			for i := range int64(20) {
				f.jobs = append(f.jobs, someJob(1001+3*i, 10, label, "success"))
			}
			sorted(f.jobs)
		}
	}
	got, err := listOf(t, f)
	if err != nil || !crowded {
		t.Fatalf("a window that was full once gives %v", err)
	}
	sameJobs(t, f, got)
	f = crowd(250)
	f.spoils = func(_ string, params url.Values, a any) any {
		if l, ok := a.(jobList); ok && params.Get("id__gte") != "" {
			l.Results = slices.DeleteFunc(l.Results, func(r row) bool { return r.ID == 1003 })
			return l
		}
		return a
	}
	if _, err = listOf(t, f); !errors.Is(err, sources.ErrUnavailable) || !strings.Contains(err.Error(), "job 1003 was there and is not any more") {
		t.Errorf("a job that is missing gives %v", err)
	}
}

func TestALastPageThatIsGoneIsReadAgain(t *testing.T) {
	f := crowd(201)
	gone := false
	f.meets = func(path string, params url.Values) {
		if path == "/jobs/" && params.Get("page") == "3" && !gone {
			gone = true
			f.jobs = f.jobs[:200]
		}
	}
	got, err := listOf(t, f)
	if err != nil {
		t.Fatal(err)
	}
	sameJobs(t, f, got)
}

// Each of these answers is not what was asked for, and none of them may pass as an answer.
func TestAnswersThatAreNotWhatWasAskedFor(t *testing.T) {
	inJobs := func(change func(*jobList)) func(*fake) {
		return func(f *fake) {
			f.spoils = func(path string, _ url.Values, a any) any {
				if l, ok := a.(jobList); ok {
					change(&l)
					return l
				}
				return a
			}
		}
	}
	inPushes := func(change func(*pushList)) func(*fake) {
		return func(f *fake) {
			f.spoils = func(path string, _ url.Values, a any) any {
				if l, ok := a.(pushList); ok {
					change(&l)
					return l
				}
				return a
			}
		}
	}
	rows := []struct {
		name  string
		spoil func(*fake)
		want  string
	}{
		{"a row of another push", inJobs(func(l *jobList) { l.Results[1].PushID = 11 }), "changed format at $.results[] (200): job 1006 was not asked for: it is on push 11; a parameter may have been ignored"},
		{"a row of another type", inJobs(func(l *jobList) { l.Results[0].Type = "build" }), "changed format at $.results[] (200): job 1000 was not asked for: it is a build; a parameter may have been ignored"},
		{"a row twice", inJobs(func(l *jobList) { l.Results = append(l.Results, l.Results[0]) }), "changed format at $.results[].id (200): job 1000 came twice"},
		{"fewer rows a page than asked for", inJobs(func(l *jobList) { l.Meta.Count = 2 }), "changed format at $.meta.count (200): the first 100 rows were asked for, and 2 from 0 on are announced"},
		{"jobs of another project", inJobs(func(l *jobList) { l.Meta.Repository = "try" }), `changed format at $.meta.repository (200): jobs of autoland were asked for, and those of "try" came`},
		{"a state that nobody knows", inJobs(func(l *jobList) { l.Results[0].State = "coalesced" }), `changed format at $.results[].state (200): job 1000 is "coalesced", and unscheduled, pending, running, completed are known`},
		{"a lying count of pushes", inPushes(func(l *pushList) { l.Meta.Count = 7 }), "changed format at $.meta.count (200): 7 pushes are announced, and 1 came"},
		{"another push", inPushes(func(l *pushList) { l.Results[0] = somePush(90, 1) }), "changed format at $.results[] (200): push 90 was not asked for: it does not hold " + hashOf(10000) + "; a parameter may have been ignored"},
		{"a push twice", inPushes(func(l *pushList) { l.Results = append(l.Results, l.Results[0]); l.Meta.Count = 2 }), "changed format at $.results[].id (200): push 10 came twice"},
		{"pushes of another project", inPushes(func(l *pushList) { l.Meta.Repository = "try" }), `changed format at $.meta.repository (200): pushes of autoland were asked for, and those of "try" came`},
		{"more changesets than counted", inPushes(func(l *pushList) { l.Results[0].Count = 0 }), "changed format at $.results[].revision_count (200): push 10 has 0 revisions and lists 1"},
		{"a tip that is none", inPushes(func(l *pushList) { l.Results[0].Revision = "f4929fbf4ea1" }), `changed format at $.results[].revision (200): push 10 has the revision "f4929fbf4ea1", and 40 hex digits are wanted`},
		{"a push without a time", inPushes(func(l *pushList) { l.Results[0].Timestamp = 0 }), "changed format at $.results[].push_timestamp (200): push 10 has no time"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			f := crowd(3)
			r.spoil(f)
			got, err := listOf(t, f)
			if err == nil {
				t.Fatalf("it passed as %d jobs", len(got))
			}
			if e := errorOf(err); e != r.want {
				t.Errorf("got  %s\nwant %s", e, r.want)
			}
		})
	}
}

func onPush10(k kind) string {
	if k.PushID != 10 {
		return fmt.Sprintf("it is on push %d", k.PushID)
	}
	return ""
}

func TestPagesThatLie(t *testing.T) {
	ask := func(spoil func(params url.Values, table map[string]any)) error {
		f := crowd(10)
		f.clamp = 4
		f.spoils = func(path string, params url.Values, a any) any {
			if table, ok := a.(map[string]any); ok && path == "/jobs/" {
				spoil(params, table)
			}
			return a
		}
		_, err := f.client(Options{}).pages(t.Context(), filter{project: "autoland", params: url.Values{"push_id__in": {"10"}}, belongs: onPush10})
		return err
	}
	rows := []struct {
		name  string
		spoil func(params url.Values, table map[string]any)
		want  string
	}{
		{"nothing", func(url.Values, map[string]any) {}, ""},
		{"a count that is too large on the only page", func(p url.Values, m map[string]any) { m["next"] = nil }, "changed format: 10 jobs are announced, and 4 came on the only page"},
		{"a count that is too small", func(p url.Values, m map[string]any) { m["count"] = 4 }, "changed format: 4 jobs are announced, 4 came on the first page, and it says that there is a second"},
		{"a count that is too large", func(p url.Values, m map[string]any) { m["count"] = 11 }, "unavailable: jobs came or went while they were read: 11 jobs are announced, and 10 came"},
		{"a count that moves", func(p url.Values, m map[string]any) {
			if p.Get("page") == "2" {
				m["count"] = 12
			}
		}, "unavailable: jobs came or went while they were read: the number of jobs changed from page to page"},
		{"a row on two pages", func(p url.Values, m map[string]any) {
			if rows := m["results"].([][]any); p.Get("page") == "2" {
				rows[0][0] = 1000
			}
		}, "unavailable: jobs came or went while they were read: job 1000 came on two pages"},
		{"a row twice on a page", func(p url.Values, m map[string]any) {
			rows := m["results"].([][]any)
			rows[1][0] = rows[0][0]
		}, "changed format at $.results[].id (200): job 1000 came twice"},
		{"a row of another push", func(p url.Values, m map[string]any) { m["results"].([][]any)[1][1] = 12 }, "changed format at $.results[] (200): job 1003 was not asked for: it is on push 12; a parameter may have been ignored"},
		{"a column gone", func(p url.Values, m map[string]any) { m["job_property_names"].([]string)[3] = "symbol" }, "changed format at $.results[].job_type_symbol (200): the column is gone"},
		{"a row too short", func(p url.Values, m map[string]any) {
			rows := m["results"].([][]any)
			rows[0] = rows[0][:5]
		}, "changed format at $.results[] (200): a row has 5 columns, and 9 are named"},
		{"no names", func(p url.Values, m map[string]any) { delete(m, "job_property_names") }, "changed format at $.job_property_names (200): rows came as lists, and the names of their columns did not"},
		{"no count", func(p url.Values, m map[string]any) { delete(m, "count") }, "changed format at $.count (200): there is none"},
		{"no results", func(p url.Values, m map[string]any) { delete(m, "results") }, "changed format at $.results (200): there is none"},
		{"no job type", func(p url.Values, m map[string]any) { m["results"].([][]any)[0][2] = "" }, "changed format at $.results[].job_type_name (200): job 1000 has no job type"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			got := ""
			if err := ask(r.spoil); err != nil {
				got = errorOf(err)
			}
			if got != r.want {
				t.Errorf("got  %s\nwant %s", got, r.want)
			}
		})
	}
}

// The order of columns has changed over the years; they are read by name.
func TestColumnsAreReadByName(t *testing.T) {
	c := New(sourcetest.Client(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"job_property_names":["duration","tier","platform_option","platform","job_group_symbol","job_type_symbol","job_type_name","push_id","id"],
			"count":1,"next":null,"results":[[13,2,"debug","win64","M","bc1","test-win64/debug-x-1",5,77]]}`))
	})), "https://th.example/api", Options{})
	got, err := c.pages(t.Context(), filter{project: "autoland", belongs: anything})
	if err != nil {
		t.Fatal(err)
	}
	if want := (kind{77, 5, "test-win64/debug-x-1", "bc1", "M", "win64", "debug", 2}); len(got) != 1 || got[0] != want {
		t.Errorf("got %+v", got)
	}
}

func TestEachGivesTheFirstFailureAndEndsTheOthers(t *testing.T) {
	boom := errors.New("boom")
	err := each(t.Context(), 50, func(ctx context.Context, i int) error {
		if i == 3 {
			return boom
		}
		<-ctx.Done() // until the failure of another ends it
		return ctx.Err()
	})
	if err != boom {
		t.Errorf("got %v", err)
	}
}
