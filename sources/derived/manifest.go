package derived

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/mozci/mozci-run/sources/ci"
)

// compare puts evidence by manifest into the rows, where it is known. See the package's comment.
func (s *Source) compare(ctx context.Context, q ci.HistoryOf, rows []ci.Row) ([]ci.Row, error) {
	failure := slices.IndexFunc(rows, func(r ci.Row) bool { return slices.ContainsFunc(r.Jobs, broke) })
	if failure < 0 || !slices.ContainsFunc(rows[failure].Jobs, failed) {
		return rows, nil
	}
	green := slices.IndexFunc(rows[failure+1:], func(r ci.Row) bool { return slices.ContainsFunc(r.Jobs, passed) })
	end := len(rows)
	if green >= 0 {
		end = failure + 1 + green + 1
	}
	suite, err := s.suite(ctx, q, rows[:end])
	if err != nil {
		return nil, err
	}
	c := newComparison(q.Job, rows[failure], suite)
	c.now = s.clock.Now()
	if len(c.manifests) == 0 {
		return rows, nil
	}
	out := c.rows(rows[:end])
	if slices.ContainsFunc(out[failure+1:], func(r ci.Row) bool { return slices.ContainsFunc(r.Jobs, passed) }) {
		return append(out, rows[end:]...), nil
	}
	if end < len(rows) {
		rest, err := s.suite(ctx, q, rows[end:])
		if err != nil {
			return nil, err
		}
		maps.Copy(suite, rest)
	}
	if !slices.ContainsFunc(rows, c.awaits) {
		c = c.lessNew()
	}
	return c.rows(rows), nil
}

// suite asks for the jobs of all chunks of the suite with their manifests, by push.
func (s *Source) suite(ctx context.Context, q ci.HistoryOf, rows []ci.Row) (map[string][]ci.Job, error) {
	var revisions []string
	for _, r := range rows {
		if r.NotRunnable == nil {
			revisions = append(revisions, r.Push.Revision)
		}
	}
	return s.jobs(ctx, ci.JobsOn{Branch: q.Branch, Revisions: revisions, Job: q.Job, Chunks: true, Groups: true})
}

func passed(j ci.Job) bool { return j.State == ci.Completed && j.Result == ci.Success }
func failed(j ci.Job) bool { return j.State == ci.Completed && j.Result == ci.TestFailed }

// broke says whether a job failed, though perhaps before it came to its tests.
func broke(j ci.Job) bool { return failed(j) || j.State == ci.Completed && j.Result == ci.Busted }

// ran says whether a job got so far that it can prove something.
func ran(j ci.Job) bool { return passed(j) || broke(j) }

// A comparison is a failure by manifest, and what the chunks of its suite ran on each push.
type comparison struct {
	job       string
	at        string   // the push of the failure
	manifests []string // that failed and can be compared; none where it has to be by label
	platform  string
	option    string
	suite     map[string][]ci.Job
	now       time.Time
}

// reading is for how long after a job's end its log may yet be read.
const reading = 10 * time.Minute

// newComparison finds the manifests of a failure.
func newComparison(job string, failure ci.Row, suite map[string][]ci.Job) comparison {
	c := comparison{job: job, at: failure.Push.Revision, suite: suite}
	for _, j := range suite[c.at] {
		if j.Type != job || !failed(j) {
			continue
		}
		c.platform, c.option = j.Platform, j.Option
		for _, g := range named(j.Groups) {
			if !g.OK && !slices.Contains(c.manifests, g.Group) {
				c.manifests = append(c.manifests, g.Group)
			}
		}
	}
	return c
}

// lessNew leaves out the manifests that have run on no other push.
func (c comparison) lessNew() comparison {
	elsewhere := map[string]bool{}
	for revision, jobs := range c.suite {
		for _, j := range jobs {
			if revision == c.at || !c.comparable(j) {
				continue
			}
			for _, g := range j.Groups {
				elsewhere[g.Group] = true
			}
		}
	}
	c.manifests = slices.DeleteFunc(c.manifests, func(m string) bool { return !elsewhere[m] })
	return c
}

func (c comparison) comparable(j ci.Job) bool {
	return j.Platform == c.platform && j.Option == c.option && ran(j)
}

// rows restates those rows that can be compared.
func (c comparison) rows(rows []ci.Row) []ci.Row {
	out := slices.Clone(rows)
	if len(c.manifests) == 0 {
		return out
	}
	for i, r := range out {
		jobs, ok := c.evidence(r)
		if ok {
			out[i].Jobs, out[i].ByManifest = jobs, true
		}
	}
	return out
}

// evidence lists the jobs of a row that count by manifest; ok is false where it has to be by label.
func (c comparison) evidence(r ci.Row) (jobs []ci.Job, ok bool) {
	if r.NotRunnable != nil {
		return nil, false
	}
	suite := c.suite[r.Push.Revision]
	for _, j := range r.Jobs {
		switch {
		case !ran(j):
			jobs = append(jobs, j)
		case c.unread(r, j) && !c.beingRead(j):
			return nil, false
		case c.unread(r, j): // what it ran is not known yet
			j.State, j.Result = ci.Running, ci.Unknown
			jobs = append(jobs, j)
		}
	}
	jobs = append(jobs, c.conclusive(suite)...)
	slices.SortFunc(jobs, byAge)
	return jobs, true
}

// unread says whether a job of a row came to its tests, and it is not known which these were.
func (c comparison) unread(r ci.Row, j ci.Job) bool {
	known := func(o ci.Job) bool { return o.ID == j.ID && len(named(o.Groups)) > 0 }
	return (passed(j) || failed(j)) && !slices.ContainsFunc(c.suite[r.Push.Revision], known)
}

// beingRead says whether a job's log may yet be read.
func (c comparison) beingRead(j ci.Job) bool { return j.Ended != nil && c.now.Sub(*j.Ended) <= reading }

// awaits says whether it will soon be known what a job of a row ran.
func (c comparison) awaits(r ci.Row) bool {
	return slices.ContainsFunc(r.Jobs, func(j ci.Job) bool { return c.unread(r, j) && c.beingRead(j) })
}

// conclusive lists the jobs of a push that decide about the manifests, with the result of these alone.
func (c comparison) conclusive(suite []ci.Job) []ci.Job {
	var about []ci.Job
	var bad, seen []string
	for _, j := range suite {
		if !c.comparable(j) {
			continue
		}
		j.Groups = slices.DeleteFunc(slices.Clone(j.Groups), func(g ci.GroupResult) bool { return !slices.Contains(c.manifests, g.Group) })
		if len(j.Groups) == 0 {
			continue
		}
		about = append(about, j)
		for _, g := range j.Groups {
			seen = append(seen, g.Group)
			if !g.OK {
				bad = append(bad, g.Group)
			}
		}
	}
	if len(bad) == 0 && !holdsAll(seen, c.manifests) {
		return nil
	}
	var out []ci.Job
	for _, j := range about {
		switch {
		case slices.ContainsFunc(j.Groups, func(g ci.GroupResult) bool { return !g.OK }):
			if j.Result == ci.Success {
				j.Result = ci.TestFailed
			}
			out = append(out, j)
		case holdsAll(groups(j), bad):
			j.Result = ci.Success
			out = append(out, j)
		}
	}
	return out
}

// named leaves out what is no manifest: tests outside of any are reported under no name, or as default.
func named(list []ci.GroupResult) []ci.GroupResult {
	return slices.DeleteFunc(slices.Clone(list), func(g ci.GroupResult) bool { return g.Group == "" || g.Group == "default" })
}

func groups(j ci.Job) []string {
	out := make([]string, len(j.Groups))
	for i, g := range j.Groups {
		out[i] = g.Group
	}
	return out
}

func holdsAll(have, want []string) bool {
	return !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(have, w) })
}
