package taskcluster

import (
	"net/http"
	"testing"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

// settled is a deployment in which things have happened: a failed test, one that was tried again, one that waits, and an action
// of ours with what came of it.
func settled() *deployment {
	d := newDeployment()
	d.tasks[failing], d.states[failing] = testTask(decision), stateOf(failing, "completed", runOf(0, "exception", "worker-shutdown"), runOf(1, "completed", "completed"))
	d.tasks[absent], d.states[absent] = testTask(decision), stateOf(absent, "unscheduled")
	d.tasks[madeID], d.states[madeID] = testTask(actID), stateOf(madeID, "failed", runOf(0, "failed", "failed"))
	d.tasks[actID] = actionTask("add-new-jobs", "static/taskcluster/root", obj{"tasks": []any{label}, "times": 1})
	d.states[actID] = stateOf(actID, "completed", runOf(0, "completed", "completed"))
	build := testTask(actID)
	build["tags"], build["metadata"] = obj{"kind": "build", "label": "build-linux64/opt"}, obj{"name": "build-linux64/opt", "source": ""}
	d.tasks["AAAAAAAAQACAAAAAAAAAAg"], d.states["AAAAAAAAQACAAAAAAAAAAg"] = build, stateOf("AAAAAAAAQACAAAAAAAAAAg", "completed", runOf(0, "completed", "completed"))
	return d
}

const actID = "BBBBBBBBQBCBBBBBBBBBBA"

func TestSuite(t *testing.T) {
	graph := map[sourcetest.Fault][]error{ // a graph may be as large as that; the list that comes in its place is no graph
		sourcetest.Huge: {sources.ErrChangedFormat}, sourcetest.GzipBomb: {sources.ErrChangedFormat},
	}
	none := map[sourcetest.Fault]string{sourcetest.NotFound: "a 404 of the index says that there is no decision task"}
	sourcetest.Run(t, sourcetest.Suite{
		New: func(client *http.Client, base string) sources.Source {
			c := ours()
			return New(client, base, options(c))
		},
		Serve: func() http.Handler { return settled() },
		Path:  "/tc",
		Questions: []sourcetest.Question{
			{Query: "pushes.runnable", In: ci.RunnableOn{Branch: "autoland", Revisions: []string{revision, ""}}, Skip: none},
			{Query: "jobs.available", In: ci.AvailableOn{Branch: "autoland", Revision: revision}, Also: graph},
			{Query: "jobs.upstream", In: ci.UpstreamOf{Branch: "autoland", Revision: revision, Job: label}, Also: graph},
			{Query: "jobs.list", In: ci.JobsOn{Branch: "autoland", Revisions: []string{revision}, Job: label}, Skip: none},
			{Query: "jobs.status", Case: "of a task", In: ci.StatusOf{Branch: "autoland", Requests: []string{failing}}},
			{Query: "jobs.status", Case: "of an action", In: ci.StatusOf{Requests: []string{actID}}},
		},
	})
}

const unknown = "1111111111111111111111111111111111111111"
