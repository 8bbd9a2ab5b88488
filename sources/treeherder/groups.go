package treeherder

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/sources/ci"
)

// addGroups puts the results by manifest into jobs. Treeherder keeps them by task, whichever of its runs they are of. Where one
// run of a task came to an end of its own, they are that run's. Where somebody had the task run again, they are of all these
// runs in one, and which manifest failed in which cannot be told: then none of the runs has any.
func (c *Client) addGroups(ctx context.Context, project, doing string, list []ci.Job) error {
	runs := map[string][]*ci.Job{} // by task: those that may have results
	var tips []string
	for i := range list {
		j := &list[i]
		if j.Request == "" || j.State != ci.Completed || j.Result == ci.Retry {
			continue
		}
		if endedByItself(*j) {
			runs[j.Request] = append(runs[j.Request], j)
		}
		if !slices.Contains(tips, j.Revision) {
			tips = append(tips, j.Revision)
		}
	}
	parts := make([]map[string][]ci.GroupResult, len(tips))
	err := each(ctx, len(tips), func(ctx context.Context, i int) (err error) {
		parts[i], err = c.groups(ctx, project, tips[i], doing, func(task string) bool { return len(runs[task]) == 1 })
		return err
	})
	for _, part := range parts {
		for task, groups := range part {
			runs[task][0].Groups = groups
		}
	}
	return err
}

// endedByItself says whether a completed job ran to an end of its own, neither stopped nor failed by its machine: others have no results.
func endedByItself(j ci.Job) bool {
	return j.Result == ci.Success || j.Result == ci.TestFailed || j.Result == ci.Busted
}

// groups reads the results by manifest of a push's tasks that are wanted, sorted by manifest. Results that Treeherder keeps
// under no name, or under "default", belong to no manifest and are not among them.
func (c *Client) groups(ctx context.Context, project, revision, doing string, wanted func(task string) bool) (map[string][]ci.GroupResult, error) {
	out := map[string][]ci.GroupResult{}
	address := c.address(project, "/push/group_results/", url.Values{"revision": {revision}})
	err := c.get(ctx, groupResults, address, doing, func(dec *json.Decoder) error {
		return object(dec, "$", func(task string) error {
			if !wanted(task) {
				return skip(dec)
			}
			var ok map[string]bool
			if err := value(dec, "$.*", &ok); err != nil {
				return err
			}
			for group, passed := range ok {
				if group != "" && group != "default" {
					out[task] = append(out[task], ci.GroupResult{Group: group, OK: passed})
				}
			}
			slices.SortFunc(out[task], func(a, b ci.GroupResult) int { return strings.Compare(a.Group, b.Group) })
			return nil
		})
	})
	return out, err
}
