package treeherder

import (
	"net/http"
	"testing"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

const label = "test-linux/opt-mochitest-browser-chrome-3"

// someTree is four pushes: a failure on 40, nothing on 30 (whose decision task is missing), a retried job and a chunk that
// a backfill asked for on 20, success on 10. Treeherder lists them by time, which is not the order of their ids.
func someTree() *fake {
	f := &fake{
		pushes:  []push{somePush(40, 2), somePush(30, 1), somePush(20, 1), somePush(10, 3)},
		decided: map[int64]string{40: "decision40", 20: "decision20", 10: "decision10"},
		groups: map[string]map[string]map[string]bool{
			hashOf(40000): {"0000000000000000000400": {"a.toml": false, "b.toml": true, "": true, "default": false}, "somebody-elses": {"c.toml": true}},
		},
	}
	f.pushes[3].Timestamp = f.pushes[0].Timestamp + 600 // the oldest by id is the newest by time
	f.pushes[0].Revisions[0].Comments = "Backed out changeset " + hashOf(20000)[:12] + " (bug 100020) for failures"
	retried := someJob(200, 20, label, "retry")
	again := someJob(201, 20, label, "success")
	again.Task, again.Retry = retried.Task, new(int)
	*again.Retry = 1
	chunk := someJob(202, 20, "test-linux/opt-mochitest-browser-chrome-1", "testfailed")
	chunk.GroupSymbol, chunk.TypeSymbol = "M-bk", "bc1-1234567890a-bk"
	pending := someJob(101, 10, label, "unknown")
	pending.State, pending.Started, pending.Ended = "pending", 0, 0
	low := someJob(401, 40, "test-linux/opt-web-platform-tests-1", "busted")
	low.Tier, low.GroupSymbol = 2, "W"
	build := someJob(399, 40, "build-linux/opt", "busted")
	build.GroupSymbol, build.TypeSymbol = "?", "B"
	failed := someJob(400, 40, label, "testfailed")
	failed.Classification = 4
	decision := someJob(98, 10, "Gecko Decision Task", "success")
	decision.TypeSymbol, decision.GroupSymbol = "D", "?"
	f.jobs = []row{failed, low, build, retried, again, chunk, pending, someJob(100, 10, label, "success"), decision}
	return f
}

func TestSuite(t *testing.T) {
	suite := sourcetest.Suite{
		New: func(client *http.Client, base string) sources.Source {
			return New(client, base, Options{Authorize: func(r *http.Request) error {
				r.Header.Set("Cookie", "sessionid="+sourcetest.Canary)
				return nil
			}})
		},
		Serve: func() http.Handler { return someTree() },
		Path:  "/api",
		Questions: []sourcetest.Question{
			{Query: "pushes.range", Case: "by depth", In: ci.PushRange{Branch: "autoland", UpTo: hashOf(30000), Depth: 2, Full: true}},
			{Query: "pushes.range", Case: "after", In: ci.PushRange{Branch: "autoland", After: hashOf(10001)}},
			{Query: "pushes.find", In: ci.PushFind{Branch: "autoland", Revision: hashOf(10001), Full: true}},
			{Query: "pushes.runnable", In: ci.RunnableOn{Branch: "autoland", Revisions: []string{hashOf(40000), hashOf(30000)}}},
			{Query: "jobs.list", Case: "one type", In: ci.JobsOn{Branch: "autoland", Job: label,
				Revisions: []string{hashOf(40000), hashOf(30000), hashOf(20000)}, Groups: true}},
			{Query: "jobs.list", Case: "chunks", In: ci.JobsOn{Branch: "autoland", Job: label, Revisions: []string{hashOf(20000)}, Chunks: true}},
			{Query: "jobs.failures", In: ci.FailuresOf{Branch: "autoland", Jobs: []string{"400"}}},
			{Query: "events.recent", In: ci.EventsSince{Branch: "autoland", Pushes: 3}},
		},
	}
	for i := range suite.Questions { // answers are read as a stream: that a list came for an object is seen at its first byte
		suite.Questions[i].Also = map[sourcetest.Fault][]error{
			sourcetest.Huge: {sources.ErrChangedFormat}, sourcetest.GzipBomb: {sources.ErrChangedFormat},
		}
	}
	sourcetest.Run(t, suite)
}
