package derived

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// skew is how far our clock and a service's may be apart.
const skew = time.Minute

// asked reads the ledger, by tip revision, oldest request first.
func (s *Source) asked(ctx context.Context, branch, job string) (map[string][]sources.Asked, error) {
	list, err := s.ledger.Asked(ctx, branch, job)
	if err != nil {
		return nil, fmt.Errorf("what we have asked for: %w", err)
	}
	out := map[string][]sources.Asked{}
	for _, a := range list {
		out[a.Key.Revision] = append(out[a.Key.Revision], a)
	}
	return out, nil
}

// unseen counts the requests that have brought no job: those that still may, and those that are given up.
func unseen(asked []sources.Asked, jobs []ci.Job, now time.Time) (open, lost int) {
	seen := claim(asked, jobs)
	for i, a := range asked {
		switch {
		case seen[i] != nil:
		case now.Before(a.Until):
			open++
		default:
			lost++
		}
	}
	return open, lost
}

// claim finds the jobs that requests have brought, as indexes into jobs: first by id, all that name the request; then, for
// those whose id no job names, the oldest unclaimed job that was submitted after the request was made. Both lists are oldest first.
func claim(asked []sources.Asked, jobs []ci.Job) [][]int {
	seen := make([][]int, len(asked))
	taken := make([]bool, len(jobs))
	for i, a := range asked {
		for k, j := range jobs {
			if a.Request != "" && (j.Request == a.Request || slices.Contains(j.Requests, a.Request)) {
				seen[i], taken[k] = append(seen[i], k), true
			}
		}
	}
	for i, a := range asked {
		if seen[i] != nil {
			continue
		}
		for k, j := range jobs {
			if at, ok := when(j); ok && !taken[k] && !at.Before(a.At.Add(-skew)) {
				seen[i], taken[k] = []int{k}, true
				break
			}
		}
	}
	return seen
}
