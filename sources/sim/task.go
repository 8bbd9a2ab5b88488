package sim

import "time"

// A task is a task of Taskcluster with everything that will ever happen to it, as far as the writes accepted so far
// decide. Looked at through taskState at an instant, it shows only what has happened by then.
type task struct {
	id      string
	label   string
	kind    string   // decision-task, action-callback, build, test, or other
	jt      *jobType // nil for decision and action tasks, and for what clients invent
	push    *push
	ordinal int    // among the tasks of its label on its push, from 0
	parent  string // who created it
	deps    []string
	pool    string
	created time.Time
	late    time.Duration // by how much Treeherder sees it later
	letter  string        // what a History wants of it; "" is the truth

	manifests []string // what it runs
	symbol    string
	group     string // Treeherder's group symbol
	action    *action
	made      *definition // what a client has created by createTask

	runs       []*run
	waiting    int // dependencies that have not completed
	dependents []*task
}

// A run is one attempt. Times are zero where they never come.
type run struct {
	task      *task
	id        int
	thID      int
	why       string // reasonCreated
	state     string // how it ends: completed, failed, exception
	reason    string // reasonResolved
	scheduled time.Time
	started   time.Time
	resolved  time.Time
	worker    string
	broken    *breakage // what the log of a failed run says
	from      *pool     // whose machine it holds
	retried   bool      // another run follows by itself
}

// A breakage is why a run failed.
type breakage struct {
	line     string
	manifest string // "" for builds and infrastructure
	flake    bool
}

// past says whether something has happened by now.
func past(t, now time.Time) bool { return !t.IsZero() && !t.After(now) }

// stateAt is the run's state, once it has been scheduled.
func (r *run) stateAt(now time.Time) string {
	switch {
	case past(r.resolved, now):
		return r.state
	case past(r.started, now):
		return "running"
	}
	return "pending"
}

// seen returns the runs that have been scheduled by now.
func (t *task) seen(now time.Time) []*run {
	for i, r := range t.runs {
		if !past(r.scheduled, now) {
			return t.runs[:i]
		}
	}
	return t.runs
}

// stateAt is the state of the task as Taskcluster says it: that of its last run.
func (t *task) stateAt(now time.Time) string {
	runs := t.seen(now)
	if len(runs) == 0 {
		return "unscheduled"
	}
	return runs[len(runs)-1].stateAt(now)
}
