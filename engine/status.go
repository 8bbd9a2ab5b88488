package engine

// A Status says how far a run or a step has come, or how it ended.
type Status string

// The statuses. Skipped and NotRun are those of steps only.
const (
	Running     Status = "running"
	Succeeded   Status = "succeeded"
	Failed      Status = "failed"      // a require, a source or an expression
	Planned     Status = "planned"     // everything up to the first effect was done; apply does the rest
	Incomplete  Status = "incomplete"  // a person is needed: an uncertain effect, a limit, an approval
	Cancelled   Status = "cancelled"   // a person stopped it
	Interrupted Status = "interrupted" // its process ended; resume goes on
	Skipped     Status = "skipped"     // a step whose condition was false, or that names a skipped one
	NotRun      Status = "not_run"     // a step that stands below a failure, or below an effect that was only planned
)

// over says whether a run of that status has come to an end of which a person is told: neither going on nor interrupted.
func (s Status) over() bool { return s != Running && s != Interrupted }

// Values lists the vocabulary of run.status, as expressions see it.
func (Status) Values() []string {
	return []string{string(Running), string(Succeeded), string(Failed), string(Planned), string(Incomplete), string(Cancelled), string(Interrupted)}
}

// A Cause says in one word why a run or a step did not end well. Exit codes come from it.
type Cause string

// The causes.
const (
	NoCause       Cause = ""
	ByRequire     Cause = "require"    // a require did not hold
	ByExpression  Cause = "expression" // an expression failed at run time
	BySource      Cause = "source"     // a source gave no answer
	ByTimeout     Cause = "timeout"    // a step's own timeout
	ByLimit       Cause = "limit"      // limits.effects or limits.runtime
	ByUncertain   Cause = "uncertain"  // an effect may or may not have arrived
	ByApproval    Cause = "approval"   // a person said no, or has said nothing in time
	ByCancel      Cause = "cancel"     // a person stopped it
	ByInterrupt   Cause = "interrupt"  // its process ended
	ByMachine     Cause = "machine"    // the store or this program failed
	ByEarlier     Cause = "earlier"    // a step above did not end well
	ByPlan        Cause = "plan"       // known after apply
	ByCondition   Cause = "condition"  // if was false
	BySkippedName Cause = "skipped"    // it names a step that was skipped
)
