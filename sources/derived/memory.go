package derived

import (
	"slices"
	"sync"
	"time"

	"github.com/mozci/mozci-run/sources/ci"
)

// remembered is how long a job that was seen is believed in, though later answers do not have it, or have it less far: as long
// as the copies that a service answers from may be behind one another, and some more.
const remembered = 10 * time.Minute

// A memory holds the jobs that were seen of late. A service answers from several copies, and the next answer may be older than
// the last: a job that has ended is running again, one that was running was never there. Whoever waits for jobs would
// take that for news. It may be used side by side.
type memory struct {
	mu   sync.Mutex
	seen map[string]map[string]sighting // by branch and revision, then by the job's id
}

// A sighting is a job as it was when it had come furthest, and when it was last seen so.
type sighting struct {
	job ci.Job
	at  time.Time
}

// further says whether a job has come further than another sight of it.
func further(a, b ci.Job) bool {
	far := a.State.Values()
	return slices.Index(far, string(a.State)) > slices.Index(far, string(b.State))
}

// newest puts into an answer what earlier ones knew better, and remembers it. Jobs of a request of which the answer has one
// are not missing from it: it is news of them, in whatever form.
func (m *memory) newest(q ci.JobsOn, answer []ci.Job, now time.Time) []ci.Job {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil {
		m.seen = map[string]map[string]sighting{}
	}
	m.forget(now)
	out := make([]ci.Job, len(answer))
	answered, requests := map[string]bool{}, map[string]bool{}
	for i, j := range answer {
		out[i] = m.sight(q, j, now)
		answered[j.ID] = true
		for _, r := range slices.Concat(j.Requests, []string{j.Request}) {
			requests[r] = r != ""
		}
	}
	for _, revision := range q.Revisions {
		for id, s := range m.seen[q.Branch+"\x1f"+revision] {
			if !answered[id] && !requests[s.job.Request] && wants(q, s.job) {
				out = append(out, groupsFor(q, s.job))
			}
		}
	}
	return out
}

// wants says whether a job is of the type that a question is about.
func wants(q ci.JobsOn, j ci.Job) bool {
	return q.Job == "" || j.Type == q.Job || q.Chunks && ci.SameSuite(j.Type, q.Job)
}

// groupsFor leaves out the results by manifest where they were not asked for.
func groupsFor(q ci.JobsOn, j ci.Job) ci.Job {
	if !q.Groups {
		j.Groups = nil
	}
	return j
}

// sight remembers a job, and gives it as it was when it had come furthest.
func (m *memory) sight(q ci.JobsOn, j ci.Job, now time.Time) ci.Job {
	on := q.Branch + "\x1f" + j.Revision
	if m.seen[on] == nil {
		m.seen[on] = map[string]sighting{}
	}
	best := sighting{j, now}
	if was, known := m.seen[on][j.ID]; known {
		if further(was.job, j) {
			best = was
		}
		if len(best.job.Groups) == 0 {
			best.job.Groups = was.job.Groups
		}
	}
	m.seen[on][j.ID] = best
	return groupsFor(q, best.job)
}

// forget lets go of what was not seen for long.
func (m *memory) forget(now time.Time) {
	for on, jobs := range m.seen {
		for id, s := range jobs {
			if now.Sub(s.at) > remembered {
				delete(jobs, id)
			}
		}
		if len(jobs) == 0 {
			delete(m.seen, on)
		}
	}
}
