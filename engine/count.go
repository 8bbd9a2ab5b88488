package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A question is what has to be known to say how many more actions a unit needs.
type question struct {
	unit    unitRecord
	entries []Entry   // the ledger's rows of its key, by ordinal
	jobs    []ci.Job  // the jobs of its type on its push, where it makes jobs
	run     string    // who asks
	step    string    //
	again   bool      // whatever others have asked for
	asked   time.Time // when the facts were asked on which the step decided
	now     time.Time
}

// An answer is how many more are needed, which ordinal is next, and what stands for those that are not.
type answer struct {
	need  int
	next  int
	have  int          // what counts already, where jobs are counted
	lost  []Entry      // requests whose jobs were never seen
	other []ci.Outcome // done by this step before, or there already
}

// answer counts. Three ways of wanting: so many jobs in total, so many more, or once per key.
func (q question) answer() answer {
	a := answer{next: nextOrdinal(q.entries)}
	own := 0
	for _, en := range q.entries {
		if q.own(en) && en.State == Done {
			own++
			a.other = append(a.other, ownOutcome(en))
		}
	}
	want := max(1, q.unit.Want)
	switch {
	case q.unit.More > 0:
		a.need = q.unit.More - own
		q.blocked(&a)
	case q.again:
		a.need = want - own
	case q.unit.Count:
		q.count(&a, want, own)
	default:
		q.once(&a, want-own)
	}
	a.need = max(0, a.need)
	return a
}

func (q question) own(en Entry) bool { return en.Run == q.run && en.Step == q.step }

// nextOrdinal is the first that is free: one that came to nothing, or one more than there are.
func nextOrdinal(entries []Entry) int {
	next := 1
	for _, en := range entries {
		if en.State == Void {
			return en.Ordinal
		}
		next = max(next, en.Ordinal+1)
	}
	return next
}

// once: an action of this key that was done stands for ever.
func (q question) once(a *answer, need int) {
	for _, en := range q.entries {
		if need > 0 && !q.own(en) && en.State == Done {
			need--
			a.other = append(a.other, outcomeOf(en, ci.Already, "done by run "+en.Run))
		}
	}
	a.need = need
}

// count: jobs that are on their way or have evidence count, and so do requests whose job is yet to be seen. A job
// without evidence (cancelled, superseded, broken machines) frees the next ordinal, and so does a request that was lost. A
// job that nobody asked for under this key counts only where it tells of the manifests that the unit is about.
func (q question) count(a *answer, want, own int) {
	seen := match(q.entries, q.jobs)
	known := map[int]bool{}
	for i, en := range q.entries {
		j, ok := seen[i]
		if ok {
			known[j] = true
		}
		if !ok && en.State != Void && q.lost(en) {
			a.lost = append(a.lost, en)
			continue
		}
		if en.State == Void || ok && !counts(q.jobs[j]) {
			continue
		}
		a.have++
		if q.own(en) && en.State == Done {
			continue // told already
		}
		reason := asker(en) + "is on the way"
		if en.State == Uncertain {
			reason = "run " + en.Run + " asked for it, and it may or may not have arrived"
		} else if ok {
			reason = asker(en) + how(q.jobs[j])
		}
		a.other = append(a.other, outcomeOf(en, ci.Already, reason))
	}
	for j, job := range q.jobs {
		if known[j] || !counts(job) || !tells(job, q.unit.Manifests) {
			continue
		}
		a.have++
		a.other = append(a.other, ci.Outcome{Status: ci.Already, Effect: q.unit.Key.Effect, Branch: q.unit.Key.Branch, Revision: q.unit.Key.Revision,
			Job: q.unit.Key.Job, Request: job.Request, Reason: "one " + how(job), Link: job.Link})
	}
	a.need = want - a.have
	a.other = a.other[:min(len(a.other), max(want, own))]
}

// blocked: further jobs are not asked for while others' are on their way, or have brought evidence that those who
// decided could not see.
func (q question) blocked(a *answer) {
	if q.again {
		return
	}
	seen := match(q.entries, q.jobs)
	for i, en := range q.entries {
		if a.need <= 0 || en.Run == q.run || en.State == Void {
			continue
		}
		j, ok := seen[i]
		reason := ""
		switch {
		case !ok && !q.lost(en):
			reason = asker(en) + "is on the way"
		case ok && q.jobs[j].State != ci.Completed:
			reason = asker(en) + how(q.jobs[j])
		case ok && counts(q.jobs[j]) && q.jobs[j].Ended != nil && q.jobs[j].Ended.After(q.asked):
			reason = asker(en) + how(q.jobs[j]) + " since this run looked; look again, or say --again"
		default:
			continue
		}
		a.need--
		a.other = append(a.other, outcomeOf(en, ci.Already, reason))
	}
}

// lost says whether a request whose job was not seen is given up.
func (q question) lost(en Entry) bool { return q.now.After(en.Until) }

// counts says whether a job is on its way or is evidence.
func counts(j ci.Job) bool {
	if j.State != ci.Completed {
		return true
	}
	return j.Result == ci.Success || j.Result == ci.TestFailed || j.Result == ci.Busted
}

// tells says whether a job that counts says something of the manifests: it is on its way, it ran them all, one of them
// failed in it, or nobody knows what it ran. Every job says something of no manifests.
func tells(j ci.Job, manifests []string) bool {
	if j.State != ci.Completed || len(j.Groups) == 0 {
		return true
	}
	ok := map[string]bool{}
	for _, g := range j.Groups {
		ok[g.Group] = g.OK
	}
	all := true
	for _, m := range manifests {
		passed, ran := ok[m]
		if ran && !passed {
			return true
		}
		all = all && ran
	}
	return all
}

// asker begins a sentence about what a row asked for.
func asker(en Entry) string { return "the one that run " + en.Run + " asked for " }

func how(j ci.Job) string {
	if j.State == ci.Completed {
		return "has ended with " + string(j.Result)
	}
	return "is " + string(j.State)
}

// match says which job answers which row: by the request's id, and where that is not known by the time: the first job
// that was submitted when the row was asked for, or later (a service's clock may be a minute behind).
func match(entries []Entry, jobs []ci.Job) map[int]int {
	out, taken := map[int]int{}, map[int]bool{}
	for i, en := range entries {
		for j, job := range jobs {
			if en.Request != "" && !taken[j] && (job.Request == en.Request || slices.Contains(job.Requests, en.Request)) {
				out[i], taken[j] = j, true
				break
			}
		}
	}
	byTime := make([]int, 0, len(jobs))
	for j, job := range jobs {
		if !taken[j] && job.Submitted != nil {
			byTime = append(byTime, j)
		}
	}
	slices.SortStableFunc(byTime, func(a, b int) int { return jobs[a].Submitted.Compare(*jobs[b].Submitted) })
	for i, en := range entries {
		if _, ok := out[i]; ok || en.State == Void {
			continue
		}
		for _, j := range byTime {
			if !taken[j] && !jobs[j].Submitted.Before(en.At.Add(-time.Minute)) {
				out[i], taken[j] = j, true
				break
			}
		}
	}
	return out
}

func outcomeOf(en Entry, s ci.OutcomeStatus, reason string) ci.Outcome {
	at := en.At
	return ci.Outcome{Status: s, Effect: en.Key.Effect, Branch: en.Key.Branch, Revision: en.Key.Revision, Job: en.Key.Job, Ordinal: en.Ordinal,
		Request: en.Request, Reason: reason, Run: en.Run, Link: en.Link, At: &at}
}

// ownOutcome is that of a row which this run has made, with why.
func ownOutcome(en Entry) ci.Outcome { return outcomeOf(en, ci.Done, en.Reason) }

func sortAsked(list []sources.Asked) {
	slices.SortStableFunc(list, func(a, b sources.Asked) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key.String(), b.Key.String()), cmp.Compare(a.Ordinal, b.Ordinal))
	})
}
