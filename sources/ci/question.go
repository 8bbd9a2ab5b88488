package ci

import "time"

// The questions that queries answer. A field whose json tag says omitempty may be left out.

// A PushRange asks pushes.range for pushes of a branch, newest first.
// Exactly one of the lower bounds Depth and After is needed; pushes that were emptied are part of the answer.
type PushRange struct {
	Branch string `json:"branch" doc:"the branch, as the profile names it"`
	UpTo   string `json:"upto,omitempty" doc:"any revision of the newest push wanted (inclusive); the branch's newest push where it is empty"`
	After  string `json:"after,omitempty" doc:"any revision of the push below the oldest one wanted (exclusive)"`
	Depth  int    `json:"depth,omitempty" doc:"how many pushes, the upper bound included"`
	Full   bool   `json:"full,omitempty" doc:"whether authors and messages of changesets are wanted"`
}

// A PushFind asks pushes.find for the push that holds a revision.
type PushFind struct {
	Branch   string `json:"branch" doc:"the branch, as the profile names it"`
	Revision string `json:"revision" doc:"any revision of the push, 12 to 40 hex digits"`
	Full     bool   `json:"full,omitempty" doc:"whether authors and messages of changesets are wanted"`
}

// A BackoutsOf asks pushes.backouts which pushes back a push out.
type BackoutsOf struct {
	Branch   string `json:"branch" doc:"the branch, as the profile names it"`
	Revision string `json:"revision" doc:"any revision of the push"`
}

// A Backout says that one changeset was backed out by another.
type Backout struct {
	Revision string `json:"revision" doc:"what was backed out"`
	By       string `json:"by" doc:"the changeset that backed it out"`
}

// A HistoryOf asks jobs.history for the rows of one job type, newest push first.
type HistoryOf struct {
	Branch string `json:"branch" doc:"the branch, as the profile names it"`
	Job    string `json:"job" doc:"the job type: a Taskcluster label or a Buildbot buildername"`
	UpTo   string `json:"upto,omitempty" doc:"any revision of the newest push wanted (inclusive); the branch's newest push where it is empty"`
	Depth  int    `json:"depth,omitempty" default:"20" doc:"how many pushes, the upper bound included"`
}

// A JobsOn asks jobs.list for the jobs on given pushes, in the order of the pushes and within one oldest first.
type JobsOn struct {
	Branch    string   `json:"branch" doc:"the branch, as the profile names it"`
	Revisions []string `json:"revisions" doc:"tip revisions of pushes"`
	Job       string   `json:"job,omitempty" doc:"one job type; all where it is empty"`
	Chunks    bool     `json:"chunks,omitempty" doc:"whether the other chunks of its suite are wanted too: job types whose name differs in the number at its end only (ci.SameSuite)"`
	Groups    bool     `json:"groups,omitempty" doc:"whether results by test manifest are wanted, where the source knows them"`
}

// A StatusOf asks jobs.status for the requests with given ids, in their order.
type StatusOf struct {
	Branch   string   `json:"branch,omitempty" doc:"the branch, where the source needs it"`
	Requests []string `json:"requests,omitempty" doc:"request ids: Taskcluster task ids, Buildbot request ids"`
}

// A RunnableOn asks pushes.runnable which of the given pushes nothing can run on.
type RunnableOn struct {
	Branch    string   `json:"branch" doc:"the branch, as the profile names it"`
	Revisions []string `json:"revisions" doc:"tip revisions of pushes"`
}

// A Runnable is one push's part of the answer to RunnableOn.
type Runnable struct {
	Revision    string       `json:"revision" doc:"the tip revision of the push"`
	NotRunnable *NotRunnable `json:"not_runnable" doc:"why nothing can run on it; nil where it can"`
	Decision    string       `json:"decision" doc:"the id of what scheduled it: a decision task; empty where there is none"`
}

// A FailuresOf asks jobs.failures why given jobs failed, in their order.
type FailuresOf struct {
	Branch string   `json:"branch" doc:"the branch, as the profile names it"`
	Jobs   []string `json:"jobs" doc:"job ids, as jobs.list gives them"`
}

// An UpstreamOf asks jobs.upstream which job types have to end before a given one can start, nearest first.
type UpstreamOf struct {
	Branch   string `json:"branch" doc:"the branch, as the profile names it"`
	Revision string `json:"revision" doc:"the tip revision of a push"`
	Job      string `json:"job" doc:"the job type"`
}

// An AvailableOn asks jobs.available which job types can run on a push, in order of their names.
type AvailableOn struct {
	Branch   string `json:"branch" doc:"the branch, as the profile names it"`
	Revision string `json:"revision" doc:"the tip revision of a push"`
}

// A TreeOf asks tree.status whether a branch takes pushes and jobs.
type TreeOf struct {
	Branch string `json:"branch" doc:"the branch, as the profile names it"`
}

// A TreeState says whether a tree is open.
type TreeState string

// The states of a tree, after Mozilla's tree status.
const (
	TreeOpen             TreeState = "open"
	TreeClosed           TreeState = "closed"
	TreeApprovalRequired TreeState = "approval_required"
)

// Values lists the vocabulary.
func (TreeState) Values() []string {
	return []string{string(TreeOpen), string(TreeClosed), string(TreeApprovalRequired)}
}

// A Tree is the answer to TreeOf.
type Tree struct {
	Branch string    `json:"branch" doc:"the branch, as the profile names it"`
	State  TreeState `json:"state" doc:"whether it takes pushes"`
	Reason string    `json:"reason" doc:"why it is closed, as a person wrote it; empty where it is open"`
}

// An EventsSince asks events.recent for what happened on a branch, newest first.
type EventsSince struct {
	Branch string `json:"branch" doc:"the branch, as the profile names it"`
	Pushes int    `json:"pushes,omitempty" default:"10" doc:"how many pushes back to look"`
}

// An Event is one thing that happened and may start a workflow: a job ended, or a person pointed at something.
type Event struct {
	Kind      EventKind `json:"kind" doc:"what happened"`
	Push      *Push     `json:"push" doc:"the push that it is about"`
	Job       *Job      `json:"job" doc:"the job that it is about; nil where it is about a push"`
	Backfill  bool      `json:"backfill" doc:"true where the job was asked for by a backfill, ours or somebody's: such events start nothing by themselves"`
	BackedOut bool      `json:"backed_out" doc:"true where the push has been backed out since"`
	Range     *Span     `json:"range" doc:"the pushes that the link shows, where it says from which to which"`
	Link      string    `json:"link" doc:"the link from which it was read; empty where there was none"`
}

// A Span is a range of pushes of a branch, with both of its ends in it.
type Span struct {
	From string `json:"from" doc:"a revision of the oldest push, 12 to 40 hex digits"`
	To   string `json:"to" doc:"a revision of the newest push, 12 to 40 hex digits"`
}

// An EventKind says what an event is about.
type EventKind string

// The kinds.
const (
	JobEvent  EventKind = "job"
	PushEvent EventKind = "push"
)

// Values lists the vocabulary.
func (EventKind) Values() []string { return []string{string(JobEvent), string(PushEvent)} }

// The actions that effects take.

// A Trigger asks jobs.trigger for jobs of one type on pushes.
type Trigger struct {
	Branch    string   `json:"branch" doc:"the branch, as the profile names it"`
	Job       string   `json:"job" doc:"the job type"`
	Revisions []string `json:"revisions" doc:"tip revisions of the pushes on which it shall run"`
	Total     int      `json:"total,omitempty" default:"1" doc:"how many jobs with evidence, or on their way, each push shall have in the end: not as many more"`
	Manifests []string `json:"manifests,omitempty" doc:"the test manifests of which evidence is wanted: a job that is there and has ended counts where it ran all of them, one of them failed in it, or nobody knows what it ran; any job does where it is empty"`
	Like      string   `json:"like,omitempty" doc:"a request whose test manifests shall be run, where the service's chunks drift and it can be told; empty leaves them to the push"`
}

// A Retrigger asks jobs.retrigger for further jobs beside one that exists.
type Retrigger struct {
	Branch    string   `json:"branch" doc:"the branch, as the profile names it"`
	Job       string   `json:"job" doc:"the job type"`
	Revisions []string `json:"revisions" doc:"tip revisions of the pushes on which it shall run again"`
	Add       int      `json:"add,omitempty" default:"1" doc:"how many more"`
}

// A Cancel asks jobs.cancel to stop requests.
type Cancel struct {
	Branch   string   `json:"branch" doc:"the branch, as the profile names it"`
	Requests []string `json:"requests" doc:"request ids"`
}

// A Classify asks jobs.classify to say something about a failure.
type Classify struct {
	Branch         string         `json:"branch" doc:"the branch, as the profile names it"`
	Jobs           []string       `json:"jobs" doc:"job ids, as jobs.list gives them"`
	Classification Classification `json:"classification" doc:"what to say"`
	Text           string         `json:"text,omitempty" doc:"a note for people"`
}

// A Notice asks notify.webhook to tell people something.
type Notice struct {
	Text    string `json:"text" doc:"what to say"`
	OncePer string `json:"once_per,omitempty" doc:"a notice with the same text here is sent once; the run and its step where it is empty"`
}

// An OutcomeStatus says what became of one action of an effect.
type OutcomeStatus string

// The statuses.
const (
	Done      OutcomeStatus = "done"      // asked for, by this run
	Already   OutcomeStatus = "already"   // asked for earlier, by this or another run, or there anyway
	Refused   OutcomeStatus = "refused"   // not asked for, for the reason given
	Planned   OutcomeStatus = "planned"   // would be asked for
	Uncertain OutcomeStatus = "uncertain" // may or may not have arrived: a person has to look
)

// Values lists the vocabulary.
func (OutcomeStatus) Values() []string {
	return []string{string(Done), string(Already), string(Refused), string(Planned), string(Uncertain)}
}

// An Outcome is what became of one action. The result of a step with an effect is a list of them.
type Outcome struct {
	Status   OutcomeStatus `json:"status" doc:"what became of it"`
	Effect   string        `json:"effect" doc:"jobs.trigger"`
	Branch   string        `json:"branch" doc:"the branch"`
	Revision string        `json:"revision" doc:"the tip revision of the push; empty where the action is about none"`
	Job      string        `json:"job" doc:"the job type; empty where the action is about none"`
	Ordinal  int           `json:"ordinal" doc:"which of the jobs of this type on this push, from 1"`
	Request  string        `json:"request" doc:"the id of the request that was made; empty where none was"`
	Reason   string        `json:"reason" doc:"why it was or was not done"`
	Run      string        `json:"run" doc:"the run that asked for it"`
	Link     string        `json:"link" doc:"where a person can look at it"`
	At       *time.Time    `json:"at" doc:"when it was asked for; nil where it was not"`
}
