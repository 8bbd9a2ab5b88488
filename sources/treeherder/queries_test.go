package treeherder

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

func idsOf(list []ci.Push) string {
	var ids []string
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	return strings.Join(ids, " ")
}

func TestPushesRange(t *testing.T) {
	rows := []struct {
		name string
		in   ci.PushRange
		want string
	}{
		{"the newest", ci.PushRange{Depth: 3}, "40 30 20"},
		{"more than there are", ci.PushRange{Depth: 9}, "40 30 20 10"},
		{"up to a push", ci.PushRange{UpTo: hashOf(30000), Depth: 2}, "30 20"},
		{"up to a revision within a push", ci.PushRange{UpTo: hashOf(40001), Depth: 1}, "40"},
		{"up to an abbreviated tip", ci.PushRange{UpTo: hashOf(30000)[:12], Depth: 1}, "30"},
		{"up to a revision in capitals", ci.PushRange{UpTo: strings.ToUpper(hashOf(30000)), Depth: 1}, "30"},
		{"after a revision within a push", ci.PushRange{After: hashOf(10002)}, "40 30 20"},
		{"after, up to", ci.PushRange{UpTo: hashOf(30000), After: hashOf(10000)}, "30 20"},
		{"after itself", ci.PushRange{UpTo: hashOf(30000), After: hashOf(30000)}, ""},
		{"after what is newer", ci.PushRange{UpTo: hashOf(20000), After: hashOf(30000)}, "refused: " + hashOf(30000) + " is newer than " + hashOf(20000)},
		{"no bound", ci.PushRange{}, "refused: give either a depth of 1 to 999, or the revision after which to begin"},
		{"both bounds", ci.PushRange{After: hashOf(10000), Depth: 2}, "refused: give either a depth of 1 to 999, or the revision after which to begin"},
		{"too deep", ci.PushRange{Depth: 1000}, "refused: a depth of 1000 is asked for, and 999 is the most that can be told to be complete"},
		{"an unknown revision", ci.PushRange{UpTo: hashOf(7), Depth: 1}, "not found: no push of autoland holds " + hashOf(7)},
		{"no revision", ci.PushRange{UpTo: "tip", Depth: 1}, `refused: "tip" is no revision`},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			r.in.Branch = "autoland"
			list, err := someTree().client(Options{}).pushesRange(t.Context(), r.in)
			got := idsOf(list)
			if err != nil {
				got = errorOf(err)
			}
			if got != r.want {
				t.Errorf("got %q, want %q", got, r.want)
			}
		})
	}
}

// A push whose time is far from its neighbours' takes the window of ids far down, where there are more than come at a time.
func TestAPushOfAnOddTimeHidesNoOther(t *testing.T) {
	f := &fake{}
	for id := range int64(1500) {
		f.pushes = append(f.pushes, somePush(id+1, 1))
	}
	f.pushes[4].Timestamp = f.pushes[1499].Timestamp + 60    // an old push was dated anew
	f.pushes[1497].Timestamp = f.pushes[300].Timestamp - 600 // and a new one is dated back
	got, err := f.client(Options{}).pushesRange(t.Context(), ci.PushRange{Branch: "autoland", Depth: 4})
	if ids := idsOf(got); err != nil || ids != "1500 1499 1498 1497" || len(f.asked) != 3 {
		t.Errorf("got %s after %d questions, %v", ids, len(f.asked), err)
	}
}

func TestAPushIsTranslated(t *testing.T) {
	c := someTree().client(Options{Projects: map[string]string{"integration/autoland": "autoland"}, UI: "https://ui.example/"})
	got, err := c.pushesFind(t.Context(), ci.PushFind{Branch: "integration/autoland", Revision: hashOf(40001), Full: true})
	if err != nil {
		t.Fatal(err)
	}
	want := ci.Push{
		Branch: "integration/autoland", Revision: hashOf(40000), ID: "40", Order: 40, Date: time.Unix(1740802400, 0).UTC(), Author: "dev@example.org",
		Changesets: []ci.Changeset{
			{Revision: hashOf(40001), Author: "Dev <dev@example.org>", Desc: "Bug 100040 - Part 1.", Bugs: []string{"100040"}, BacksOut: []string{}},
			{Revision: hashOf(40000), Author: "Dev <dev@example.org>", Desc: "Backed out changeset " + hashOf(20000)[:12] + " (bug 100020) for failures",
				Bugs: []string{"100020"}, BacksOut: []string{hashOf(20000)[:12]}},
		},
		Link: "https://ui.example/jobs?repo=autoland&revision=" + hashOf(40000),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if short, err := c.pushesFind(t.Context(), ci.PushFind{Branch: "integration/autoland", Revision: hashOf(40000)}); err != nil || short.Changesets[0].Desc != "" || short.Changesets[0].Author != "" {
		t.Errorf("without full: %+v, %v", short, err)
	}
}

// Twenty changesets are all that Treeherder lists; a push with more has to come from somewhere else.
func TestAPushWithMoreChangesetsThanAreListedIsNotHandedOn(t *testing.T) {
	f := someTree()
	f.pushes[1] = somePush(30, 21)
	c := f.client(Options{})
	for _, full := range []bool{false, true} {
		_, err := c.pushesFind(t.Context(), ci.PushFind{Branch: "autoland", Revision: hashOf(30000), Full: full})
		if want := "not filled: push 30 (" + hashOf(30000) + ") has 21 changesets, and Treeherder lists 20"; err == nil || errorOf(err) != want {
			t.Errorf("full=%v: got %v, want %s", full, err, want)
		}
		if _, err := c.pushesRange(t.Context(), ci.PushRange{Branch: "autoland", Depth: 3, Full: full}); !errors.Is(err, sources.ErrNotFilled) {
			t.Errorf("full=%v: a range over it gives %v", full, err)
		}
	}
	f.jobs = append(f.jobs, someJob(300, 30, label, "testfailed"))
	events, err := c.recent(t.Context(), ci.EventsSince{Branch: "autoland", Pushes: 4})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(events, func(e ci.Event) bool { return e.Job.ID == "300" })
	if i < 0 || len(events[i].Push.Changesets) != 0 || events[i].Push.Empty {
		t.Errorf("its event is %+v", events)
	}
}

func TestAChangesetInSeveralPushes(t *testing.T) {
	f := &fake{pushes: []push{somePush(10, 1), somePush(20, 1), somePush(30, 1)}}
	shared := commit{Revision: hashOf(5)}
	f.pushes[2].Revisions, f.pushes[2].Count = append(f.pushes[2].Revisions, shared), 2
	f.pushes[1].Revisions, f.pushes[1].Count = append(f.pushes[1].Revisions, shared), 2
	c := f.client(Options{})
	if p, err := c.pushesFind(t.Context(), ci.PushFind{Branch: "autoland", Revision: hashOf(5)}); err != nil || p.ID != "20" {
		t.Errorf("the oldest that holds it is 20; got %s, %v", p.ID, err)
	}
	f.pushes[2].Revision, f.pushes[2].Revisions[0] = shared.Revision, shared
	f.pushes[2].Revisions = f.pushes[2].Revisions[:1]
	f.pushes[2].Count = 1
	if p, err := c.pushesFind(t.Context(), ci.PushFind{Branch: "autoland", Revision: hashOf(5)}); err != nil || p.ID != "30" {
		t.Errorf("its tip it is of 30; got %s, %v", p.ID, err)
	}
}

func TestAnAbbreviatedRevisionOfTwoPushesIsRefused(t *testing.T) {
	f := &fake{pushes: []push{somePush(10, 1), somePush(20, 1)}}
	for i := range f.pushes {
		tip := fmt.Sprintf("aaaaaaaaaaaa%028d", i)
		f.pushes[i].Revision, f.pushes[i].Revisions[0].Revision = tip, tip
	}
	_, err := f.client(Options{}).pushesFind(t.Context(), ci.PushFind{Branch: "autoland", Revision: "aaaaaaaaaaaa"})
	if !errors.Is(err, sources.ErrRefused) || !strings.Contains(err.Error(), "ambiguous") {
		t.Errorf("got %v", err)
	}
}

func TestAnUnknownProjectIsToldWithThoseThatThereAre(t *testing.T) {
	_, err := someTree().client(Options{}).pushesFind(t.Context(), ci.PushFind{Branch: "autolnad", Revision: hashOf(1)})
	if !errors.Is(err, sources.ErrNotFound) || !strings.Contains(err.Error(), "No project with name autolnad") || !strings.Contains(err.Error(), "this branch is: autoland, try)") {
		t.Errorf("got %v", err)
	}
}

func TestJobsList(t *testing.T) {
	c := someTree().client(Options{})
	got, err := c.jobsList(t.Context(), ci.JobsOn{Branch: "autoland", Job: label, Groups: true,
		Revisions: []string{hashOf(7), hashOf(40000), hashOf(30000), hashOf(20000), hashOf(10000)}}) // the first is not known yet
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, j := range got {
		lines = append(lines, fmt.Sprintf("%s %s/%d %s %s %s", j.ID, j.Request, j.Attempt, j.State, j.Result, j.Classification))
	}
	want := []string{
		"400 0000000000000000000400/0 completed testfailed intermittent",
		"200 0000000000000000000200/0 completed retry not_classified",
		"201 0000000000000000000200/1 completed success not_classified",
		"100 0000000000000000000100/0 completed success not_classified",
		"101 0000000000000000000101/0 pending unknown not_classified",
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	first := ci.Job{
		ID: "400", Type: label, Branch: "autoland", Revision: hashOf(40000), State: ci.Completed, Result: ci.TestFailed,
		Classification: ci.ClassIntermittent, Tier: 1, Symbol: "M(1)", Platform: "linux", Option: "opt",
		Request: "0000000000000000000400", Requests: []string{"0000000000000000000400"}, Reason: "scheduled", Machine: "worker-1",
		Submitted: epoch(1740830000), Started: epoch(1740830060), Ended: epoch(1740830600),
		Groups: []ci.GroupResult{{Group: "a.toml"}, {Group: "b.toml", OK: true}},
		Link:   "https://th.example/jobs?repo=autoland&revision=" + hashOf(40000) + "&selectedTaskRun=0000000000000000000400.0",
	}
	if d := cmp.Diff(first, got[0]); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if p := got[4]; p.Started != nil || p.Ended != nil || p.Submitted == nil {
		t.Errorf("a pending job has the times %v, %v, %v", p.Submitted, p.Started, p.Ended)
	}
}

// Treeherder keeps results by manifest under the task, those of all its runs in one: they can be told to be a run's only where
// no other run may have any.
func TestManifestsBelongToTheOnlyRunThatMayHaveThem(t *testing.T) {
	rows := []struct {
		name    string
		results [2]string // of the runs of one task
		want    string    // the runs that have manifests
	}{
		{"a retried run has none", [2]string{"retry", "testfailed"}, "1"},
		{"one that was stopped has none", [2]string{"testfailed", "usercancel"}, "0"},
		{"one whose machine failed has none", [2]string{"success", "exception"}, "0"},
		{"somebody had it run again", [2]string{"testfailed", "success"}, ""},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			f := someTree()
			f.groups[hashOf(20000)] = map[string]map[string]bool{"0000000000000000000200": {"a.toml": false}}
			for i := range f.jobs {
				if n := f.jobs[i].ID - 200; n == 0 || n == 1 {
					f.jobs[i].Result = r.results[n]
				}
			}
			list, err := f.client(Options{}).jobsList(t.Context(), ci.JobsOn{Branch: "autoland", Job: label, Groups: true, Revisions: []string{hashOf(20000)}})
			if err != nil || len(list) != 2 {
				t.Fatalf("%+v, %v", list, err)
			}
			got := ""
			for _, j := range list {
				if len(j.Groups) > 0 {
					got += fmt.Sprint(j.Attempt)
				}
			}
			if got != r.want {
				t.Errorf("the runs %q have manifests, want %q", got, r.want)
			}
		})
	}
}

// Job types and projects are somebody's text, and reach the service as they are.
func TestOddNamesAreAskedForAsTheyAre(t *testing.T) {
	const odd = "test-linux/opt a&b=c?d#e+f%2C,g\u00fc-1"
	f := someTree()
	f.jobs = append(f.jobs, someJob(900, 20, odd, "success"), someJob(901, 20, "test-linux/opt a", "success"))
	got, err := f.client(Options{}).jobsList(t.Context(), ci.JobsOn{Branch: "autoland", Job: odd, Chunks: true, Revisions: []string{hashOf(20000)}})
	if err != nil || len(got) != 1 || got[0].ID != "900" || got[0].Type != odd {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = f.client(Options{}).pushesFind(t.Context(), ci.PushFind{Branch: "a?b#c", Revision: hashOf(20000)})
	if !errors.Is(err, sources.ErrNotFound) || !strings.Contains(err.Error(), "No project with name a?b#c") {
		t.Errorf("a project that is not there: %v", err)
	}
}

func TestJobsOfNobodyKnownAreNone(t *testing.T) {
	got, err := someTree().client(Options{}).jobsList(t.Context(), ci.JobsOn{Branch: "autoland", Job: label, Revisions: []string{hashOf(7)}})
	if err != nil || got == nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestChunksOfASuiteAreFoundUnderEveryGroupSymbol(t *testing.T) {
	f := someTree()
	elsewhere := someJob(203, 20, "test-linux/opt-mochitest-devtools-1", "success") // another suite of the same group
	f.jobs = append(f.jobs, elsewhere)
	got, err := f.client(Options{}).jobsList(t.Context(), ci.JobsOn{Branch: "autoland", Job: label, Chunks: true, Revisions: []string{hashOf(20000)}})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, j := range got {
		ids = append(ids, fmt.Sprintf("%s %s %v", j.ID, j.Symbol, j.Backfill))
	}
	if d := cmp.Diff([]string{"200 M(1) false", "201 M(1) false", "202 M-bk(bc1-1234567890a-bk) true"}, ids); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// What the type was grouped under long ago does not hide the chunks of today.
func TestChunksAreFoundWhereTheGroupHasChanged(t *testing.T) {
	f := someTree()
	old := someJob(2, 10, label, "success")
	old.GroupSymbol = "M-fis"
	f.jobs = append(f.jobs, old)
	f.spoils = func(path string, params url.Values, a any) any {
		if l, ok := a.(jobList); ok && params.Get("count") == "1" {
			l.Results = []row{old}
			return l
		}
		return a
	}
	got, err := f.client(Options{}).jobsList(t.Context(), ci.JobsOn{Branch: "autoland", Job: label, Chunks: true, Revisions: []string{hashOf(20000)}})
	if err != nil || len(got) != 3 || got[2].ID != "202" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestManyRevisionsAreFoundInTwoRoundTrips(t *testing.T) {
	f := &fake{}
	var revs []string
	for i := range int64(30) {
		f.pushes = append(f.pushes, somePush(1000-i*7, 2))
		revs = append(revs, hashOf((1000-i*7)*1000))
	}
	known, err := f.client(Options{}).findAll(t.Context(), "autoland", revs, "")
	if err != nil || len(known) != 30 || len(f.asked) != 3 {
		t.Errorf("%d are known after %d questions, %v", len(known), len(f.asked), err)
	}
	f.asked = nil
	revs[0], revs[12] = hashOf(7), f.pushes[12].Revisions[1].Revision // the newest has not arrived, and one is no tip
	known, err = f.client(Options{}).findAll(t.Context(), "autoland", revs, "")
	if err != nil || len(known) != 29 || known[revs[12]].ID != f.pushes[12].ID {
		t.Errorf("%d are known, %v", len(known), err)
	}
}

func TestAHistoryOfJobsTakesTwoRoundTrips(t *testing.T) {
	f := &fake{}
	var revs []string
	for i := range int64(20) {
		f.pushes = append(f.pushes, somePush(1000-i*7, 1))
		f.jobs = append(f.jobs, someJob(5000-i, 1000-i*7, label, "success"), someJob(6000-i, 1000-i*7, "another", "success"))
		revs = append(revs, hashOf((1000-i*7)*1000))
	}
	q := ci.JobsOn{Branch: "autoland", Job: label, Revisions: revs}
	got, err := f.client(Options{}).jobsList(t.Context(), q)
	if err != nil || len(got) != 20 || got[19].Revision != revs[19] {
		t.Fatalf("%d jobs, %v", len(got), err)
	}
	if len(f.asked) != 4 { // the ends side by side; then the pushes and the jobs side by side
		t.Errorf("asked for %v", f.asked)
	}
	f.pushes = append(f.pushes, somePush(2000, 1)) // newer than the first of the question
	f.jobs = append(f.jobs, someJob(7000, 2000, label, "busted"))
	q.Revisions = slices.Insert(slices.Clone(revs[1:]), 5, hashOf(2000000), hashOf(7))
	if got, err = f.client(Options{}).jobsList(t.Context(), q); err != nil || len(got) != 20 || got[5].ID != "7000" {
		t.Errorf("with a push that lies outside of the others, %d jobs, %v", len(got), err)
	}
	f.page = 100
	for i := range int64(110) { // more than a page, on a push that nobody asked for
		f.jobs = append(f.jobs, someJob(10000+i, 999, label, "success"))
	}
	f.pushes = append(f.pushes, somePush(999, 1))
	q.Revisions = revs
	if got, err = f.client(Options{}).jobsList(t.Context(), q); err != nil || len(got) != 20 {
		t.Errorf("with a crowd between them, %d jobs, %v", len(got), err)
	}
}

// Jobs that are asked for by a range of pushes are held against the range.
func TestAJobOutsideOfTheRangeIsNoAnswer(t *testing.T) {
	f := &fake{}
	q := ci.JobsOn{Branch: "autoland", Job: label}
	for i := range int64(20) {
		f.pushes = append(f.pushes, somePush(1000-i*7, 1))
		q.Revisions = append(q.Revisions, f.pushes[i].Revision)
	}
	for _, stray := range []int64{1001, 1000 - 19*7 - 1} {
		f.spoils = func(_ string, _ url.Values, a any) any {
			if l, ok := a.(jobList); ok {
				l.Results = append(l.Results, someJob(1, stray, label, "success"))
				return l
			}
			return a
		}
		_, err := f.client(Options{}).jobsList(t.Context(), q)
		if !errors.Is(err, sources.ErrChangedFormat) || !strings.Contains(err.Error(), fmt.Sprintf("it is on push %d", stray)) {
			t.Errorf("got %v", err)
		}
	}
}

// A push that an earlier round did not know has to be looked for again, whatever a cache holds.
func TestAFreshQuestionAsksAgainForWhatWasNotKnown(t *testing.T) {
	f := someTree()
	if _, err := f.client(Options{}).findAll(sources.Fresh(t.Context()), "autoland", []string{hashOf(40000), hashOf(7)}, ""); err != nil {
		t.Fatal(err)
	}
	if n, m := requests(f, hashOf(40000)), requests(f, hashOf(7)); n != 1 || m != 2 {
		t.Errorf("the known one was asked for %d times, the other %d times", n, m)
	}
}

func TestRunnable(t *testing.T) {
	f := someTree()
	f.pushes = append(f.pushes, somePush(50, 1), somePush(60, 1), somePush(70, 1), somePush(80, 1))
	f.pushes[5].Revisions[0].Comments = "Bug 1 - a comment only. DONTBUILD"
	running, failed, done := someJob(500, 50, "Gecko Decision Task", "unknown"), someJob(700, 70, "Gecko Decision Task", "exception"), someJob(800, 80, "Gecko Decision Task", "success")
	running.State = "running"
	for _, r := range []*row{&running, &failed, &done} {
		r.TypeSymbol = "D"
	}
	docs := someJob(600, 60, "Documentation", "success") // has the same symbol
	docs.TypeSymbol = "D"
	f.jobs = append(f.jobs, running, failed, done, docs)
	none, dontBuild := ci.NoDecision, ci.DontBuild
	want := []ci.Runnable{
		{Revision: hashOf(7)},
		{Revision: hashOf(80000), Decision: done.task()}, // its answer has been remembered since before it succeeded
		{Revision: hashOf(70000), NotRunnable: &none},
		{Revision: hashOf(60000), NotRunnable: &dontBuild},
		{Revision: hashOf(50000)},
		{Revision: hashOf(40000), Decision: "decision40"},
		{Revision: hashOf(30000), NotRunnable: &none},
	}
	q := ci.RunnableOn{Branch: "autoland"}
	for _, r := range want {
		q.Revisions = append(q.Revisions, r.Revision)
	}
	got, err := f.client(Options{}).runnable(t.Context(), q)
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
	f.decided = nil // 404
	got, err = f.client(Options{}).runnable(t.Context(), ci.RunnableOn{Branch: "autoland", Revisions: []string{hashOf(30000)}})
	if d := cmp.Diff([]ci.Runnable{{Revision: hashOf(30000), NotRunnable: &none}}, got); d != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
}

func TestFailures(t *testing.T) {
	got, err := someTree().client(Options{}).failures(t.Context(), ci.FailuresOf{Branch: "autoland", Jobs: []string{"400", "202"}})
	want := []ci.Failure{
		{Job: "400", Lines: []string{"line 1", "line 2"}, Groups: []string{"a.toml"}, Parsed: true, Searched: []string{"browser_x.js"}},
		{Job: "202", Lines: []string{"line 1", "line 2"}, Groups: []string{}, Parsed: true, Searched: []string{"browser_x.js"}},
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
	f := someTree()
	f.spoils = func(_ string, _ url.Values, a any) any { // the log with the error lines has not been read, and the other one has
		if logs, ok := a.([]jobLog); ok {
			for i := range logs {
				logs[i].Status = map[bool]string{true: "parsed", false: "pending"}[logs[i].Name == summaryLog]
			}
		}
		return a
	}
	if got, err = f.client(Options{}).failures(t.Context(), ci.FailuresOf{Branch: "autoland", Jobs: []string{"400"}}); err != nil || got[0].Parsed {
		t.Errorf("with a log that has not been read: %+v, %v", got, err)
	}
	_, err = someTree().client(Options{}).failures(t.Context(), ci.FailuresOf{Branch: "autoland", Jobs: []string{"9"}})
	if !errors.Is(err, sources.ErrNotFound) {
		t.Errorf("an unknown job gives %v", err)
	}
	_, err = someTree().client(Options{}).failures(t.Context(), ci.FailuresOf{Branch: "autoland", Jobs: []string{"../1"}})
	if !errors.Is(err, sources.ErrRefused) {
		t.Errorf("what is no id gives %v", err)
	}
}

func TestRecent(t *testing.T) {
	f := someTree()
	noTier := someJob(405, 40, "test-x", "testfailed")
	noTier.Tier = 0
	f.jobs = append(f.jobs, noTier)
	got, err := f.client(Options{}).recent(t.Context(), ci.EventsSince{Branch: "autoland", Pushes: 4})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, e := range got {
		lines = append(lines, fmt.Sprintf("%s %s tier %d %s backfill=%v backed out=%v", e.Push.ID, e.Job.ID, e.Job.Tier, e.Job.Result, e.Backfill, e.BackedOut))
	}
	want := []string{
		"40 400 tier 1 testfailed backfill=false backed out=false",
		"40 399 tier 1 busted backfill=false backed out=false",
		"40 401 tier 2 busted backfill=false backed out=false",
		"40 405 tier 0 testfailed backfill=false backed out=false",
		"20 202 tier 1 testfailed backfill=true backed out=true",
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	f.spoils = func(path string, params url.Values, a any) any { // result= is ignored
		if l, ok := a.(jobList); ok && len(l.Results) > 0 {
			l.Results[0].Result = "success"
			return l
		}
		return a
	}
	if _, err := f.client(Options{}).recent(t.Context(), ci.EventsSince{Branch: "autoland", Pushes: 4}); !errors.Is(err, sources.ErrChangedFormat) {
		t.Errorf("a success among failures gives %v", err)
	}
}

// The table is Treeherder's own: what it says and we do not know becomes unknown, and nothing is made up.
func TestWords(t *testing.T) {
	c := (&fake{}).client(Options{})
	for result, want := range map[string]ci.Result{"success": ci.Success, "testfailed": ci.TestFailed, "busted": ci.Busted, "exception": ci.Exception,
		"retry": ci.Retry, "usercancel": ci.UserCancel, "superseded": ci.Superseded, "skipped": ci.Skipped, "unknown": ci.Unknown, "timeout": ci.Unknown, "": ci.Unknown} {
		if got := c.job(someJob(1, 1, "x", result), "b", "r").Result; got != want {
			t.Errorf("the result %q is %q, want %q", result, got, want)
		}
	}
	r := someJob(1, 1, "x", "success")
	for state, want := range map[string]ci.State{"unscheduled": ci.Unscheduled, "pending": ci.Pending, "running": ci.Running, "completed": ci.Completed} {
		r.State = state
		if got := c.job(r, "b", "r"); got.State != want || (got.Result != ci.Unknown) != (want == ci.Completed) {
			t.Errorf("the state %q is %q with the result %q", state, got.State, got.Result)
		}
	}
	r.State = "running"
	if got := c.job(r, "b", "r"); got.Result != ci.Unknown || got.Ended != nil || got.Started == nil {
		t.Errorf("a running job is %+v", got)
	}
	var words []string
	for id := range 10 {
		r.Classification = id
		words = append(words, string(c.job(r, "b", "r").Classification))
	}
	want := []string{"other", "not_classified", "fixed_by_commit", "expected_fail", "intermittent", "infra", "new_failure",
		"autoclassified_intermittent", "intermittent_needs_bug", "other"}
	if d := cmp.Diff(want, words); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	r.Task, r.Retry = nil, nil
	if got := c.job(r, "b", "r"); got.Request != "" || len(got.Requests) != 0 || !strings.HasSuffix(got.Link, "selectedJob=1") {
		t.Errorf("a job without a task is %+v", got)
	}
}
