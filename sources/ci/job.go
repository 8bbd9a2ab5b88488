package ci

import (
	"strings"
	"time"
)

// A State says how far a job has come.
type State string

// The states. Taskcluster's "exception" and "failed" are Completed with a Result; so are Buildbot's finished builds.
const (
	Unscheduled State = "unscheduled" // waits for an upstream job
	Pending     State = "pending"     // waits for a machine
	Running     State = "running"
	Completed   State = "completed"
)

// Values lists the vocabulary, in the order in which a job goes through it.
func (State) Values() []string {
	return []string{string(Unscheduled), string(Pending), string(Running), string(Completed)}
}

// A Result says how a completed job ended. It is Unknown while a job is not completed.
type Result string

// The results, in Treeherder's words.
// Buildbot's: 0 success, 1 testfailed, 2 busted, 3 skipped, 4 exception, 5 retry, 6 usercancel.
const (
	Success    Result = "success"
	TestFailed Result = "testfailed" // ran, and tests failed
	Busted     Result = "busted"     // did not get as far as its tests, or was a build
	Exception  Result = "exception"  // the machines failed: says nothing of the push
	Retry      Result = "retry"      // was started again by the service: says nothing of the push
	UserCancel Result = "usercancel"
	Superseded Result = "superseded" // coalesced: a newer push's job was run in its place
	Skipped    Result = "skipped"
	Unknown    Result = "unknown" // not completed, or a word that the source has and we have not
)

// Values lists the vocabulary.
func (Result) Values() []string {
	return []string{string(Success), string(TestFailed), string(Busted), string(Exception), string(Retry),
		string(UserCancel), string(Superseded), string(Skipped), string(Unknown)}
}

// A Classification is what a person, or the service, has said about a failure.
type Classification string

// The classifications, after Treeherder's table (ids 1 to 8).
const (
	NotClassified        Classification = "not_classified"
	FixedByCommit        Classification = "fixed_by_commit"
	ExpectedFail         Classification = "expected_fail"
	ClassIntermittent    Classification = "intermittent"
	Infra                Classification = "infra"
	NewFailure           Classification = "new_failure"
	AutoIntermittent     Classification = "autoclassified_intermittent"
	IntermittentNeedsBug Classification = "intermittent_needs_bug"
	OtherClassification  Classification = "other" // a word that the source has and we have not
)

// Values lists the vocabulary.
func (Classification) Values() []string {
	return []string{string(NotClassified), string(FixedByCommit), string(ExpectedFail), string(ClassIntermittent),
		string(Infra), string(NewFailure), string(AutoIntermittent), string(IntermittentNeedsBug), string(OtherClassification)}
}

// A JobType is what can run on a push.
type JobType struct {
	Name     string `json:"name" doc:"a Taskcluster label or a Buildbot buildername"`
	Symbol   string `json:"symbol" doc:"the service's short name for it, group first: M(bc1)"`
	Platform string `json:"platform" doc:"the platform on which it runs: linux1804-64-qr"`
	Option   string `json:"option" doc:"the build option: opt, debug, asan"`
	Tier     int    `json:"tier" doc:"1: its failure closes the tree; 0 where unknown"`
	Upstream string `json:"upstream" doc:"the job type that has to end first; empty where there is none or it is not known"`
}

// SameSuite says whether two job types are chunks of one suite: their names are equal but for the number at their end,
// test-linux/opt-mochitest-browser-chrome-3 and -12. A job type without such a number has no other chunks.
func SameSuite(a, b string) bool {
	if a == b {
		return true
	}
	suiteA, chunkA := chunk(a)
	suiteB, chunkB := chunk(b)
	return chunkA && chunkB && suiteA == suiteB
}

// chunk cuts "-12" from the end of a job type's name.
func chunk(name string) (suite string, ok bool) {
	suite = strings.TrimRight(name, "0123456789")
	return suite, len(suite) < len(name) && strings.HasSuffix(suite, "-")
}

// A Job is one run of a job type on a push.
type Job struct {
	ID             string         `json:"id" doc:"the job's own number in its source (Treeherder job id, Buildbot build id)"`
	Type           string         `json:"type" doc:"its job type: a Taskcluster label or a Buildbot buildername"`
	Branch         string         `json:"branch" doc:"the branch of its push"`
	Revision       string         `json:"revision" doc:"the tip revision of its push"`
	State          State          `json:"state" doc:"how far it has come"`
	Result         Result         `json:"result" doc:"how it ended; unknown while it is not completed"`
	Classification Classification `json:"classification" doc:"what was said about its failure"`
	Tier           int            `json:"tier" doc:"1: its failure closes the tree; 0 where unknown"`
	Symbol         string         `json:"symbol" doc:"the service's short name for it, group first: M(bc1)"`
	Platform       string         `json:"platform" doc:"the platform on which it ran"`
	Option         string         `json:"option" doc:"the build option: opt, debug, asan"`
	Request        string         `json:"request" doc:"the request that it answers: a Taskcluster task id, a Buildbot request id; empty where unknown"`
	Requests       []string       `json:"requests" doc:"every request that it answers; more than one where requests were coalesced into it"`
	CoalescedTo    string         `json:"coalesced_to" doc:"the job that was run in its place, on a newer push; empty where it ran itself"`
	Attempt        int            `json:"attempt" doc:"which run of its request it is, from 0"`
	Reason         string         `json:"reason" doc:"why it ran, in the source's words: scheduled, a rebuild, who asked"`
	Backfill       bool           `json:"backfill" doc:"true where a backfill or another action asked for it, ours or somebody's"`
	Group          string         `json:"group" doc:"the task group or build set to which it belongs; empty where unknown"`
	Submitted      *time.Time     `json:"submitted" doc:"when it was asked for; nil where unknown"`
	Started        *time.Time     `json:"started" doc:"when it started; nil while it has not or where unknown"`
	Ended          *time.Time     `json:"ended" doc:"when it ended; nil while it has not or where unknown"`
	Machine        string         `json:"machine" doc:"on what it ran; empty where unknown"`
	Groups         []GroupResult  `json:"groups" doc:"results by test manifest; empty where the source does not know them"`
	Link           string         `json:"link" doc:"where a person can look at it"`
}

// A GroupResult is the outcome of one test manifest within a job.
type GroupResult struct {
	Group string `json:"group" doc:"the manifest: browser/base/content/test/browser.toml"`
	OK    bool   `json:"ok" doc:"true where all its tests passed"`
}

// A Failure is what a failed job said about why.
type Failure struct {
	Job      string   `json:"job" doc:"the id of the failed job"`
	Lines    []string `json:"lines" doc:"the error lines of its log, in order, as the service cut them"`
	Groups   []string `json:"groups" doc:"the test manifests that failed; empty where the source does not know them"`
	Parsed   bool     `json:"parsed" doc:"false where the service has not read the log (yet, or ever)"`
	Searched []string `json:"searched" doc:"the terms under which the service looks for known bugs"`
}

// A Request is what asks for a job.
type Request struct {
	ID        string     `json:"id" doc:"a Taskcluster task id, a Buildbot request id"`
	Type      string     `json:"type" doc:"the job type that is asked for"`
	Branch    string     `json:"branch" doc:"the branch of the push"`
	Revision  string     `json:"revision" doc:"the tip revision of the push"`
	State     State      `json:"state" doc:"how far its newest job has come"`
	Submitted *time.Time `json:"submitted" doc:"when it was made; nil where unknown"`
	Jobs      []Job      `json:"jobs" doc:"its jobs, oldest first; empty while it has none"`
	Link      string     `json:"link" doc:"where a person can look at it"`
}

// A Row is one push of a history with its jobs of one type.
//
// Where ByManifest is set, the row answers for the test manifests of the failure that the history is about: its jobs are
// those of the type and of the other chunks of its suite that ran one of them on the same platform and option, each with
// the result of these manifests and with no other groups; and the jobs that have not come so far. Package derived says how.
type Row struct {
	Push        Push         `json:"push" doc:"the push"`
	Jobs        []Job        `json:"jobs" doc:"its jobs of the type that was asked for, oldest first"`
	Requested   bool         `json:"requested" doc:"true while we have asked for the job and neither seen it nor given it up"`
	Lost        int          `json:"lost,omitempty" doc:"how many of our requests for it were given up, because no job of theirs was seen within their lease"`
	NotRunnable *NotRunnable `json:"not_runnable" doc:"why nothing can run on the push; nil where it can"`
	ByManifest  bool         `json:"by_manifest" doc:"true where the row's evidence was compared by test manifest, false where by label only"`
}
