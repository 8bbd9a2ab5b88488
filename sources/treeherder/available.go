package treeherder

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// available answers jobs.available with the job types that were seen on a push, in order of their names: what has run, is
// running, or has been asked for. What could be asked for besides, Treeherder does not know. Of several jobs of a type the
// first that no action asked for tells symbol and tier.
func (c *Client) available(ctx context.Context, q ci.AvailableOn) ([]ci.JobType, error) {
	doing := fmt.Sprintf("job types of %s on %s", q.Revision, q.Branch)
	rev, err := revision(q.Revision, doing)
	if err != nil {
		return nil, err
	}
	project := c.project(q.Branch)
	p, err := c.find(ctx, project, rev, doing)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, fail(sources.ErrNotFilled, doing, "Treeherder may not have taken it in yet: try again in a few minutes",
			"no push of %s holds %s", project, q.Revision)
	}
	seen, err := c.pages(ctx, filter{project: project, doing: doing, params: url.Values{"push_id": {strconv.FormatInt(p.ID, 10)}},
		belongs: func(k kind) string {
			if k.PushID != p.ID {
				return fmt.Sprintf("it is on push %d", k.PushID)
			}
			return ""
		}})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(seen, func(a, b kind) int {
		if d := strings.Compare(a.Type, b.Type); d != 0 {
			return d
		}
		if a.byAction() != b.byAction() {
			return map[bool]int{false: -1, true: 1}[a.byAction()]
		}
		return int(a.ID - b.ID)
	})
	out := []ci.JobType{}
	for _, k := range seen {
		if len(out) == 0 || out[len(out)-1].Name != k.Type {
			out = append(out, k.jobType())
		}
	}
	return out, nil
}
