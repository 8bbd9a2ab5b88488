package treeherder

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/sources/ci"
)

// sample reads a file of the real samples that lie beside the project, and are not part of it.
func sample(t *testing.T, name string) *json.Decoder {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "shared/recordings/README.md")); err == nil {
			data, err := os.ReadFile(filepath.Join(dir, "shared/data", name))
			if err != nil {
				t.Fatal(err)
			}
			return json.NewDecoder(bytes.NewReader(data))
		}
	}
	t.Skip("SKIPPED: the real samples (../shared/data) are not here, so nothing is known about " + name)
	return nil
}

func TestRealPushes(t *testing.T) {
	got, err := decodePushes(sample(t, "treeherder/push-list_ui.json"))
	if err != nil {
		t.Fatal(err)
	}
	if s := briefList(got.Results, nil); s != "10: 511138 ba9c69 ×2 of 2 … 511129 fb66ba ×2 of 2" || got.Meta.Repository != "try" {
		t.Error(s)
	}
	cut := 0
	for _, p := range got.Results {
		if !p.whole() {
			cut++
		}
	}
	if cut == 0 {
		t.Error("none of these pushes has more changesets than are listed, and some have")
	}
}

// These are as Treeherder's tests store them: a list, with comment for comments.
func TestRealPushesOf2025(t *testing.T) {
	dec := sample(t, "treeherder/push-list_autoland_2025.json")
	var got []push
	err := list(dec, "$", func() error {
		p, err := decodePush(dec, "$[]")
		got = append(got, p)
		return err
	})
	if s := briefList(got, err); s != "22: 1592793 9c6e4c ×1 of 1 … 1592519 9b109e ×1 of 1" {
		t.Error(s)
	}
}

func TestRealTables(t *testing.T) {
	for _, r := range []struct {
		file string
		want string
	}{
		{"jobs_1.json", "5 of 13: D Gecko Decision Task tier 1 opt … Meh test-android-hw-p2-8-0-arm7-api-16/debug-fennec-jittest-meh tier 2 debug next=false"},
		{"jobs_page-1.json", "2 of 2: D Gecko Decision Task tier 1 opt … B build-android-api-16/debug tier 1 debug next=true"},
		{"jobs_page-2.json", "1 of 1: Jit8 test-android-hw-p2-8-0-arm7-api-16/debug-fennec-jittest-1proc-8 tier 2 debug … Jit8 test-android-hw-p2-8-0-arm7-api-16/debug-fennec-jittest-1proc-8 tier 2 debug next=false"},
	} {
		t.Run(r.file, func(t *testing.T) {
			got, err := decodeTable(sample(t, "treeherder/"+r.file))
			if err != nil {
				t.Fatal(err)
			}
			line := func(k kind) string { return fmt.Sprintf("%s %s tier %d %s", k.symbol(), k.Type, k.Tier, k.Option) }
			n := len(got.Results)
			s := fmt.Sprintf("%d of %d: %s … %s next=%v", n, got.Count, line(got.Results[0]), line(got.Results[n-1]), got.Next != nil)
			if s != r.want {
				t.Errorf("got  %s\nwant %s", s, r.want)
			}
		})
	}
}

func TestRealJob(t *testing.T) {
	r, err := decodeJob(sample(t, "treeherder/full-job.json"))
	if err != nil {
		t.Fatal(err)
	}
	got := (&fake{}).client(Options{}).job(r, "try", "f00")
	want := ci.Job{
		ID: "303550431", Type: "test-linux1804-64/debug-mochitest-devtools-chrome-e10s-12", Branch: "try", Revision: "f00",
		State: ci.Completed, Result: ci.TestFailed, Classification: ci.NotClassified, Tier: 1, Symbol: "M(dt12)",
		Platform: "linux1804-64", Option: "debug", Request: "O5YBAWwxRfuZ_UlRJS5Rqg", Requests: []string{"O5YBAWwxRfuZ_UlRJS5Rqg"},
		Reason: "scheduled", Machine: "i-0e040b25b59698068", Submitted: epoch(1590616770), Started: epoch(1590617373), Ended: epoch(1590619891),
		Groups: []ci.GroupResult{}, Link: "https://th.example/jobs?repo=try&revision=f00&selectedTaskRun=O5YBAWwxRfuZ_UlRJS5Rqg.0",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestRealRepositories(t *testing.T) {
	var got []repository
	if err := sample(t, "treeherder/repositories.json").Decode(&got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]repository{{"mozilla-central", "active"}, {"try", "active"}, {"autoland", "active"}}, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// The file is Treeherder's fixture of the table, not its answer: the names and numbers are the same.
func TestRealClassifications(t *testing.T) {
	var got []struct {
		Number int `json:"pk"`
		Fields failureClassification
	}
	if err := sample(t, "treeherder/failure-classifications.json").Decode(&got); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(classifications) {
		t.Errorf("%d classifications, and %d are known", len(got), len(classifications))
	}
	for _, g := range got {
		if name := classificationNames[classifications[g.Number]]; name != g.Fields.Name {
			t.Errorf("%d is %q, and %q here", g.Number, g.Fields.Name, name)
		}
	}
}

// What was ingested is no answer, but its words are those that come out.
func TestRealIngestedJobs(t *testing.T) {
	dec := sample(t, "treeherder/ingested-jobs_122.jsonl")
	n := 0
	for dec.More() {
		var line struct {
			Job struct {
				State, Result, Name, Reason string
				Submitted                   int64  `json:"submit_timestamp"`
				Started                     int64  `json:"start_timestamp"`
				Ended                       int64  `json:"end_timestamp"`
				TypeSymbol                  string `json:"job_symbol"`
				GroupSymbol                 string `json:"group_symbol"`
			}
		}
		if err := dec.Decode(&line); err != nil {
			t.Fatal(err)
		}
		n++
		r := row{kind: kind{ID: 1, PushID: 1, Type: line.Job.Name, TypeSymbol: line.Job.TypeSymbol, GroupSymbol: line.Job.GroupSymbol},
			State: line.Job.State, Result: line.Job.Result, Submitted: line.Job.Submitted, Started: line.Job.Started, Ended: line.Job.Ended}
		if err := r.check("$"); err != nil {
			t.Fatal(err)
		}
		if j := (&fake{}).client(Options{}).job(r, "b", "r"); j.State == ci.Completed && (j.Result == ci.Unknown || string(j.Result) != line.Job.Result) {
			t.Errorf("line %d: %s became %s", n, line.Job.Result, j.Result)
		}
	}
	if n != 122 {
		t.Errorf("%d jobs", n)
	}
}

// The list of 2014 is of an endpoint that is gone; its rows have columns of the same names. Coalescing was Buildbot's, and
// has no column in the endpoints of today.
func TestRealJobsOf2014(t *testing.T) {
	var all struct {
		Results []struct {
			Platforms []struct {
				Groups []struct{ Jobs []row }
			}
		}
	}
	if err := sample(t, "treeherder-2014/resultset-list_2014-04_3712-jobs.json").Decode(&all); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, s := range all.Results {
		for _, p := range s.Platforms {
			for _, g := range p.Groups {
				for _, r := range g.Jobs {
					r.PushID = 1 // result_set_id then
					if err := r.check("$"); err != nil {
						t.Fatal(err)
					}
					j := (&fake{}).client(Options{}).job(r, "b", "r")
					got[string(j.State)+" "+string(j.Result)]++
				}
			}
		}
	}
	want := map[string]int{"completed success": 2575, "running unknown": 750, "pending unknown": 291, "completed testfailed": 53, "completed retry": 36, "completed busted": 7}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
