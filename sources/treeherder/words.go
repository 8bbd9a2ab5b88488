package treeherder

import (
	"strconv"
	"strings"
	"time"

	"github.com/mozci/mozci-run/sources/ci"
)

// stateWords are Treeherder's states.
var stateWords = []string{"unscheduled", "pending", "running", "completed"}

var states = map[string]ci.State{
	"unscheduled": ci.Unscheduled, "pending": ci.Pending, "running": ci.Running, "completed": ci.Completed,
}

// results are Treeherder's, and its former "skipped". Whatever else it says is ci.Unknown.
var results = map[string]ci.Result{
	"success": ci.Success, "testfailed": ci.TestFailed, "busted": ci.Busted, "exception": ci.Exception, "retry": ci.Retry,
	"usercancel": ci.UserCancel, "superseded": ci.Superseded, "skipped": ci.Skipped,
}

// classifications are the numbers of Treeherder's table of failure classifications. Another number is ci.OtherClassification.
var classifications = map[int]ci.Classification{
	1: ci.NotClassified, 2: ci.FixedByCommit, 3: ci.ExpectedFail, 4: ci.ClassIntermittent, 5: ci.Infra, 6: ci.NewFailure,
	7: ci.AutoIntermittent, 8: ci.IntermittentNeedsBug,
}

// classificationNames are the same table's names.
var classificationNames = map[ci.Classification]string{
	ci.NotClassified: "not classified", ci.FixedByCommit: "fixed by commit", ci.ExpectedFail: "expected fail",
	ci.ClassIntermittent: "intermittent", ci.Infra: "infra", ci.NewFailure: "new failure not classified",
	ci.AutoIntermittent: "autoclassified intermittent", ci.IntermittentNeedsBug: "intermittent needs bugid",
}

// byAction are the ends of symbols by which actions mark what they ask for: backfill and confirm-failures.
var byAction = []string{"-bk", "-cf"}

func markedByAction(symbol string) bool {
	for _, end := range byAction {
		if strings.HasSuffix(symbol, end) {
			return true
		}
	}
	return false
}

func unmarked(symbol string) string {
	for _, end := range byAction {
		symbol = strings.TrimSuffix(symbol, end)
	}
	return symbol
}

func (k kind) symbol() string {
	if k.GroupSymbol == "" || k.GroupSymbol == "?" {
		return k.TypeSymbol
	}
	return k.GroupSymbol + "(" + k.TypeSymbol + ")"
}

// byAction says whether an action asked for the job, as far as its symbols tell.
func (k kind) byAction() bool { return markedByAction(k.GroupSymbol) || markedByAction(k.TypeSymbol) }

func (r row) task() string {
	if r.Task == nil {
		return ""
	}
	return *r.Task
}

func (r row) run() int {
	if r.Retry == nil {
		return 0
	}
	return *r.Retry
}

// job translates a job of a push whose tip is revision.
func (c *Client) job(r row, branch, revision string) ci.Job {
	out := ci.Job{
		ID: strconv.FormatInt(r.ID, 10), Type: r.Type, Branch: branch, Revision: revision,
		State: states[r.State], Result: ci.Unknown, Classification: ci.OtherClassification,
		Tier: r.Tier, Symbol: r.symbol(), Platform: r.Platform, Option: r.Option,
		Request: r.task(), Requests: []string{}, Attempt: r.run(), Reason: r.Reason, Backfill: r.byAction(),
		Submitted: epoch(r.Submitted), Machine: r.Machine, Groups: []ci.GroupResult{}, Link: c.jobLink(branch, revision, r),
	}
	if out.Request != "" {
		out.Requests = append(out.Requests, out.Request)
	}
	if w, ok := classifications[r.Classification]; ok {
		out.Classification = w
	}
	if out.State == ci.Running || out.State == ci.Completed {
		out.Started = epoch(r.Started)
	}
	if out.State == ci.Completed {
		out.Ended = epoch(r.Ended)
		if w, ok := results[r.Result]; ok {
			out.Result = w
		}
	}
	return out
}

// epoch translates seconds since 1970; nil where it has not happened.
func epoch(s int64) *time.Time {
	if s <= 0 {
		return nil
	}
	t := time.Unix(s, 0).UTC()
	return &t
}
