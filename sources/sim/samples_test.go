package sim

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// Answers that no recording shows are held against real samples, where they are at hand.
func TestAnswersLikeRealSamples(t *testing.T) {
	s := shaped(t)
	b := s.w.branch("autoland")
	var failed *run
	for _, r := range s.tl.ingested {
		if r.state == "failed" && r.task.kind == "test" && r.task.push == b.positioned(2) {
			failed = r
		}
	}
	rows := []struct {
		file, path string
		ignore     string // places that the sample's age or its machines explain
	}{
		{"data/treeherder/full-job.json", "/th/api/project/autoland/jobs/" + itoa(failed.thID) + "/", ""},
		{"data/treeherder/repositories.json", "/th/api/repository/", "$[].life_cycle_order"},
		{"data/taskcluster/task_original.json", "/tc/api/queue/v1/task/" + failed.task.id, "$.projectId $.taskQueueId"},
		{"data/taskcluster/actions_autoland-109591_2020.json", "/tc/public-bucket/" + b.positioned(2).decision + "/0/public/actions.json", ""},
	}
	for _, row := range rows {
		t.Run(row.file, func(t *testing.T) {
			text, err := os.ReadFile(shared(t, row.file))
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(do(s, get(row.path)).Body)
			ours, theirs := shape{}, shape{}
			ours.read(t, row.path, body)
			theirs.read(t, row.file, text)
			for _, sh := range []shape{ours, theirs} {
				for path := range sh {
					// Schemas of actions and what labels a context has are each action's own.
					if strings.Contains(path, ".schema.") || strings.Contains(path, ".context[].") || contains(strings.Fields(row.ignore), path) {
						delete(sh, path)
					}
				}
			}
			diffShapes(t, row.file, ours, theirs)
		})
	}
}

// bucketJSON follows an artifact's redirect.
func bucketJSON(t *testing.T, s *Sim, task, name string) []byte {
	t.Helper()
	resp := do(s, get("/tc/api/queue/v1/task/"+task+"/artifacts/"+name))
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s: status %d", name, resp.StatusCode)
	}
	resp = do(s, get(strings.TrimPrefix(resp.Header.Get("Location"), "http://sim.example")))
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d: %s", name, resp.StatusCode, body)
	}
	return body
}

// The decision task's artifacts agree with one another and with the group.
func TestArtifactsAgree(t *testing.T) {
	s, _ := start(t, "standard", 2, Options{})
	p := s.w.branches[0].positioned(6)
	var labels map[string]string
	var full map[string]struct {
		Dependencies map[string]string
		Attributes   map[string]any
	}
	var targets []string
	var made map[string]struct{ Label string }
	for name, v := range map[string]any{"label-to-taskid.json": &labels, "full-task-graph.json": &full, "target-tasks.json": &targets, "task-graph.json": &made} {
		if err := json.Unmarshal(bucketJSON(t, s, p.decision, "public/"+name), v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if len(labels) < 5 || len(made) != len(labels) || len(full) != len(s.w.jobs) {
		t.Errorf("%d labels, %d made, %d can run", len(labels), len(made), len(full))
	}
	for _, l := range targets {
		if labels[l] == "" {
			t.Errorf("%s was to run, and has no task", l)
		}
		for _, up := range full[l].Dependencies {
			if labels[up] == "" {
				t.Errorf("%s has no upstream %s", l, up)
			}
		}
	}
	for label, id := range labels {
		def := read(t, s, get("/tc/api/queue/v1/task/"+id), http.StatusOK)
		if got := def["tags"].(map[string]any)["label"]; got != label || def["taskGroupId"] != p.decision {
			t.Errorf("%s: %v in group %v", label, got, def["taskGroupId"])
		}
	}
	if text := string(bucketJSON(t, s, p.decision, "public/parameters.yml")); !strings.Contains(text, `pushlog_id: "`+itoa(p.id)+`"`) {
		t.Errorf("parameters.yml: %s", text)
	}
	for _, task := range s.tl.on[p] {
		if task.kind == "test" && task.stateAt(s.Now()) == "completed" {
			text := bucketJSON(t, s, task.id, "public/test_info/"+task.jt.Suite+"_errorsummary.log")
			if !strings.Contains(string(text), task.manifests[0]) {
				t.Errorf("the error summary lacks %s: %s", task.manifests[0], text)
			}
		}
	}
}

func TestPayloadHash(t *testing.T) {
	// From Hawk's own documentation.
	if got, want := payloadHash("text/plain", []byte("Thank you for flying Hawk")), "Yi9LfIIFRtBEPt74PVmbTF/xVAwPn7ub15ePICfgnuY="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if _, err := base64.StdEncoding.DecodeString(payloadHash("Application/JSON; charset=utf-8", nil)); err != nil {
		t.Error(err)
	}
}
