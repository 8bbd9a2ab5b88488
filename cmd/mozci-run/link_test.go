package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/schemas/yamldoc"
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
	file, problems := readSettings(settingsFile, text)
	if len(problems) > 0 {
		t.Fatal(yamldoc.AsError(problems))
	}
	p := file.Profiles["stage"]
	for i, real := range builtIn()[0].Sources {
		if p.Sources[i].Adapter != real.Adapter {
			t.Fatalf("%s is where mozilla has %s", p.Sources[i].Adapter, real.Adapter)
		}
		p.Sources[i].Account, p.Sources[i].Credentials = real.Account, real.Credentials
	}
	if text, err = yamldoc.Encode(profileFile{Profiles: map[string]profile{"mozilla": p}}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), settingsFile)
	if err := os.WriteFile(path, text, 0o600); err != nil {
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

// TestARangeIsPlannedFromALink plans runs on the pushes that a page shows.
func TestARangeIsPlannedFromALink(t *testing.T) {
	g := newStage(t, "default", 1, 1)
	file := mozillaAt(t, g)
	good, bad := g.truth.LastGood.Revision, g.truth.Failure.Revision
	for _, r := range []struct {
		name, link string
		pushes     string // a pushlog leaves out the push from which the range starts
		more       []string
	}{
		{"of Treeherder", g.url + sim.TreeherderPath + "/jobs?repo=autoland&fromchange=" + good + "&tochange=" + bad + "&selectedTaskRun=" + g.failedTask(t, file) + ".0", "5", nil},
		{"of the pushlog", g.url + sim.HGPath + "/integration/autoland/pushloghtml?fromchange=" + good + "&tochange=" + bad, "4", []string{"-i", "job=" + g.truth.Label}},
	} {
		t.Run(r.name, func(t *testing.T) {
			got := mozciRun(t, t.Context(), nil, append([]string{"--config", file, "--profile", "mozilla", "--db", "memory", "trigger-range", r.link}, r.more...)...)
			if got.code != exitDone || !strings.Contains(got.stdout, "\npushes       "+r.pushes+"\n") || !strings.Contains(got.stdout, "3 jobs would be asked for; nothing has been") {
				t.Errorf("exit code %d, want %s pushes\n%s%s", got.code, r.pushes, got.stdout, got.stderr)
			}
		})
	}
}

// opened opens the profile of a file, without a word.
func opened(t *testing.T, file string) (*command, *session) {
	t.Helper()
	c := &command{m: testMachine(nil), ctx: t.Context(), flags: flags{config: file, db: inMemory}}
	c.m.stderr = &strings.Builder{}
	s, err := c.open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return c, s
}

// failedTask is the task of the failure.
func (g *stage) failedTask(t *testing.T, file string) string {
	t.Helper()
	_, s := opened(t, file)
	jobs, err := sources.Ask[[]ci.Job](t.Context(), s.registry, "jobs.list", ci.JobsOn{Branch: "autoland", Revisions: []string{g.truth.Failure.Revision}, Job: g.truth.Label})
	if err != nil || len(jobs) == 0 {
		t.Fatalf("the failure has %d jobs: %v", len(jobs), err)
	}
	return jobs[0].Request
}

// TestLinksOfEveryKind reads what people have in the clipboard: with what comes with it from chats and terminals, of every page that points at a
// job or a push, and much that points at neither.
func TestLinksOfEveryKind(t *testing.T) {
	g := newStage(t, "default", 1, 1)
	file := filepath.Join(g.dir, settingsFile)
	task, rev := g.failedTask(t, file), g.truth.Failure.Revision
	c, s := opened(t, file)
	th, tc, hg := g.url+sim.TreeherderPath, g.url+sim.TaskclusterPath, g.url+sim.HGPath+"/integration/autoland"
	link := th + "/jobs?repo=autoland&revision=" + rev + "&selectedTaskRun=" + task + ".0"
	job, push := "job on "+rev, "push "+rev
	older := g.truth.LastGood.Revision
	for _, r := range []struct{ name, clip, want, hint string }{
		{"a job", link, job, ""},
		{"with a tier, a filter and a slash", th + "/jobs/?repo=autoland&tier=1%2C2%2C3&searchStr=mochi&selectedTaskRun=" + task + ".0", job, ""},
		{"of the old page", th + "/#/jobs?repo=autoland&selectedTaskRun=" + task + "-0", job, ""},
		{"in a range", th + "/jobs?repo=autoland&fromchange=" + older + "&tochange=" + rev + "&selectedTaskRun=" + task + ".0", job, ""},
		{"https for http, and capitals", strings.Replace(strings.ToUpper(g.url), "HTTP", "HTTPS", 1) + strings.TrimPrefix(link, g.url), job, ""},
		{"no scheme", strings.TrimPrefix(link, "http://"), job, ""},
		{"a log", th + "/logviewer?repo=autoland&task=" + task + ".0&lineNumber=7#L7", job, ""},
		{"quotes", "'" + link + "'", job, ""},
		{"a quote behind", link + `"`, job, ""},
		{"a line end", link + "\r\n", job, ""},
		{"a line end within", strings.Replace(link, "&", "&\n", 1), job, ""},
		{"brackets of a mail", "<" + link + ">", job, ""},
		{"in a sentence", "Look at " + link + ".", job, ""},
		{"Markdown", "[the failure](" + link + "), again", job, ""},
		{"Slack", "<" + link + "|the failure>", job, ""},
		{"HTML", strings.ReplaceAll(link, "&", "&amp;"), job, ""},
		{"characters that nobody sees", "\u200b" + link + "\ufeff", job, ""},
		{"a name and a password", strings.Replace(link, "://", "://somebody:"+canary+"@", 1), job, ""},
		{"a task", tc + "/tasks/" + task, job, ""},
		{"a task with a slash", tc + "/tasks/" + task + "/", job, ""},
		{"a run with its log", tc + "/tasks/" + task + "/runs/0/logs/live/public/logs/live.log#L3", job, ""},
		{"a task in its group", tc + "/tasks/groups/" + task + "/tasks/" + task, job, ""},
		{"the API of a task", tc + "/api/queue/v1/task/" + task + "/status", job, ""},

		{"a revision", th + "/jobs?repo=autoland&revision=" + rev[:12], push, ""},
		{"a range", th + "/jobs?repo=autoland&fromchange=" + older + "&tochange=" + rev, push, ""},
		{"push health", th + "/push-health/push?repo=autoland&revision=" + rev, push, ""},
		{"a push", hg + "/pushloghtml?changeset=" + rev[:12], push, ""},
		{"pushes", hg + "/pushloghtml?fromchange=" + older + "&tochange=" + rev, push, ""},
		{"a changeset", hg + "/rev/" + rev + "/#l1.2", push, ""},
		{"JSON of a push", hg + "/json-pushes?version=2&changeset=" + rev, push, ""},

		{"cut by the shell", th + "/jobs?repo=autoland", "it selects neither a job nor a push", "quote the link: '" + th + "/jobs?repo=autoland…'"},
		{"no repository", th + "/jobs?revision=" + rev, "it does not name its repository", "copy the address"},
		{"another branch", th + "/jobs?repo=mozilla-beta&selectedTaskRun=" + task + ".0", "there is no run 0 of task " + task + " on mozilla-beta", "Treeherder may not have taken it in"},
		{"no branch", th + "/jobs?repo=autolnd&selectedTaskRun=" + task + ".0", "No project with name autolnd", "autoland, mozilla-beta"},
		{"no such run", tc + "/tasks/" + task + "/runs/7", "has no run 7", "copy the address"},
		{"no such task", tc + "/tasks/AAAAAAAAQ1K-AqUAKKvynw", "does not correspond to a task that exists", "copy the address"},
		{"half a task", tc + "/tasks/AAAA", `"AAAA" is no task id`, "22 letters"},
		{"half a revision", hg + "/rev/3f6e8cf", `"3f6e8cf" is no revision`, "copy the address"},
		{"no such push", hg + "/pushloghtml?endID=99999999", "has no push 99999999", "copy the address"},
		{"another page", th + "/perfherder/alerts?id=1", "is a page of treeherder that points at no job and no push", "open the failing job there"},
		{"another page of Taskcluster", tc + "/hooks", "is a page of taskcluster that points at no job", "open the failing job there"},
		{"the front page", th, "is a page of treeherder that points at no job", "open the failing job there"},
		{"of another profile", "https://treeherder.mozilla.org/jobs?repo=try", "is a link of treeherder.mozilla.org, which the profile stage does not ask", "--profile mozilla"},
		{"of another service", "https://bugs.example/1", "https://bugs.example/1 is no link that the profile stage can read", "it reads links of hgmo (" + g.url},
		{"a revision alone", rev, "is a revision, and a link is wanted here", "-i revision=" + rev},
		{"a task alone", task, "is a task's id, and a link is wanted here", tc + "/tasks/" + task},
		{"an input", "job=x", `"job=x" is an input`, "write -i job=x"},
		{"words", "the failure", `"the failure" is no link`, "give a Treeherder, Taskcluster or pushlog link"},
		{"nothing", " \n", "the link is empty", "leave it out"},
	} {
		t.Run(r.name, func(t *testing.T) {
			ev, err := c.pointedAt(s, r.clip)
			if err != nil {
				var told strings.Builder
				report(&painter{w: &told}, err)
				if exitCode(err) != exitUsage || !strings.Contains(told.String(), r.want) || r.hint == "" || !strings.Contains(told.String(), r.hint) {
					t.Errorf("exit code %d\n%swant %s\n     %s", exitCode(err), told.String(), r.want, r.hint)
				}
				return
			}
			got := "push " + ev.Push.Revision
			if ev.Job != nil {
				got = "job on " + ev.Job.Revision
			}
			if got != r.want {
				t.Errorf("got %s, want %s", got, r.want)
			}
			unseen(t, "the event", []byte(ev.Link))
		})
	}
}

// TestWhatALinkLacks asks for what a link does not say, and names what would fit.
func TestWhatALinkLacks(t *testing.T) {
	g := newStage(t, "default", 1, 1)
	file := filepath.Join(g.dir, settingsFile)
	task := g.failedTask(t, file)
	push := g.url + sim.HGPath + "/integration/autoland/rev/" + g.truth.Failure.Revision
	for _, r := range []struct {
		args []string
		want string
	}{
		{[]string{"backfill", push}, "1 job has failed there:\n    " + g.truth.Label},
		{[]string{"backfill", g.url + sim.HGPath + "/integration/autoland/rev/" + g.truth.LastGood.Revision}, "no job has failed there"},
		{[]string{"backfill", push, "--latest"}, "--latest takes the newest failure, and the link points at another"},
		{[]string{"backfill", ""}, "the link is empty"},
		{[]string{"trigger-range", g.url + sim.TaskclusterPath + "/tasks/" + task}, "from is missing"},
		{[]string{"trigger-range", "--latest"}, "does not say under on which events start it"},
	} {
		got := mozciRun(t, t.Context(), nil, append([]string{"--config", file, "--db", "memory"}, r.args...)...)
		if got.code != exitUsage || !strings.Contains(got.stderr, r.want) {
			t.Errorf("%v: exit code %d, want %s\n%s", r.args, got.code, r.want, got.stderr)
		}
	}
}
