package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/sim"
)

// mozillaAt writes a file in which mozilla is a server of ours: the same adapters and the same credentials, none of which are there.
func mozillaAt(t *testing.T, g *stage) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(g.dir, settingsFile))
	if err != nil {
		t.Fatal(err)
	}
	file := strings.ReplaceAll(string(text), "  stage:", "  mozilla:")
	before, after, ok := strings.Cut(file, "        credentials:\n")
	if !ok {
		t.Fatalf("no credentials in\n%s", file)
	}
	_, after, _ = strings.Cut(after, "    inputs:")
	file = before + "        credentials: {client_id: {env: TASKCLUSTER_CLIENT_ID}, access_token: {env: TASKCLUSTER_ACCESS_TOKEN}}\n    inputs:" + after
	path := filepath.Join(t.TempDir(), settingsFile)
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestMozillaIsPlannedFromALink plans a backfill of what a link points at, with no credentials, over HTTP.
func TestMozillaIsPlannedFromALink(t *testing.T) {
	g := newStage(t, "default", 1, 1)
	file := mozillaAt(t, g)
	task := g.failedTask(t, file)
	rows := []struct {
		name, link string
		more       []string
	}{
		{"a job in Treeherder", g.url + sim.TreeherderPath + "/jobs?repo=autoland&revision=" + g.truth.Failure.Revision + "&selectedTaskRun=" + task + ".0", nil},
		{"a task in Taskcluster", g.url + sim.TaskclusterPath + "/tasks/" + task, nil},
		{"a push in the pushlog", g.url + sim.HGPath + "/integration/autoland/pushloghtml?changeset=" + g.truth.Failure.Revision, []string{"-i", "job=" + g.truth.Label}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			args := append([]string{"--config", file, "--profile", "mozilla", "--db", "memory", "backfill", r.link}, r.more...)
			got := mozciRun(t, t.Context(), nil, args...)
			if got.code != exitDone || !strings.Contains(got.stdout, "3 jobs would be asked for; nothing has been") {
				t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
			}
			if !strings.Contains(got.stderr, "job="+g.truth.Label) || !strings.HasPrefix(got.stderr, "profile mozilla, by --profile\n") {
				t.Errorf("it was not told of what\n%s", got.stderr)
			}
		})
	}
	if n := len(g.sim.Triggers()); n != 0 {
		t.Errorf("%d jobs were asked for by plans", n)
	}
}

// failedTask is the task of the failure.
func (g *stage) failedTask(t *testing.T, file string) string {
	t.Helper()
	c := &command{m: thisMachine(), ctx: t.Context(), flags: flags{config: file, profile: "mozilla", db: inMemory}}
	c.m.stderr = &strings.Builder{}
	s, err := c.open()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	jobs, err := sources.Ask[[]ci.Job](t.Context(), s.registry, "jobs.list", ci.JobsOn{Branch: "autoland", Revisions: []string{g.truth.Failure.Revision}, Job: g.truth.Label})
	if err != nil || len(jobs) == 0 {
		t.Fatalf("the failure has %d jobs: %v", len(jobs), err)
	}
	return jobs[0].Request
}
