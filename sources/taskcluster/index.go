package taskcluster

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/mozci/mozci-run/sources/ci"
)

// An indexed is a row of the index. Only tasks that ended well are indexed.
type indexed struct {
	Namespace string    `json:"namespace"`
	TaskID    string    `json:"taskId"`
	Expires   time.Time `json:"expires"`
}

type indexPage struct {
	Tasks             []indexed `json:"tasks"`
	ContinuationToken string    `json:"continuationToken,omitempty"`
}

var (
	revisions = regexp.MustCompile(`^[0-9a-f]{40}$`)
	words     = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

// below is the index path of a push, to which a name is appended.
func (c *Client) below(branch, revision, name string) (string, error) {
	b := c.branch(branch)
	switch {
	case !words.MatchString(b.Project) || !words.MatchString(b.Domain):
		return "", refused("reading the index", fmt.Errorf("%q is no branch that could be indexed", shorten(branch)), "look at the branch's name, or say in the profile where it is indexed")
	case !revisions.MatchString(revision):
		return "", refused("reading the index", fmt.Errorf("%q is no revision", shorten(revision)), "give the push's tip revision in full: 40 hex digits")
	}
	return fmt.Sprintf("%s.v2.%s.revision.%s.%s", b.Domain, b.Project, revision, name), nil
}

// decisionOf finds the decision task of a push. Its kind is ErrNotFound where none is indexed.
func (c *Client) decisionOf(ctx context.Context, branch, revision string) (indexed, error) {
	path, err := c.below(branch, revision, "taskgraph.decision")
	if err != nil {
		return indexed{}, err
	}
	doing := fmt.Sprintf("decision task of %s on %s", revision, branch)
	row, err := ask[indexed](ctx, c, call{ep: epIndex, args: []string{path}, doing: doing})
	switch {
	case err != nil:
		return indexed{}, err
	case row.Namespace != path:
		return indexed{}, changed(doing, "$.namespace", fmt.Errorf("the row of another path came, %q", shorten(row.Namespace)))
	case !IsTaskID(row.TaskID):
		return indexed{}, changed(doing, "$.taskId", fmt.Errorf("%q is no task id", shorten(row.TaskID)))
	}
	return row, nil
}

// runnable answers pushes.runnable: a push is runnable where its decision task is indexed. A decision task that is still
// running, or that failed, is not: nothing can be asked of it either. Nor can it of one that has expired.
func (c *Client) runnable(ctx context.Context, q ci.RunnableOn) ([]ci.Runnable, error) {
	return sideBySide(ctx, q.Revisions, func(ctx context.Context, revision string) (ci.Runnable, error) {
		r := ci.Runnable{Revision: revision}
		if revision == "" {
			r.NotRunnable = because(ci.EmptyPush)
			return r, nil
		}
		row, err := c.decisionOf(ctx, q.Branch, revision)
		switch {
		case isNotFound(err):
			r.NotRunnable = because(ci.NoDecision)
		case err != nil:
			return r, err
		case expired(row.Expires, c.opts.Now()):
			r.NotRunnable = because(ci.NoDecision)
		}
		r.Decision = row.TaskID
		return r, nil
	})
}

func because(n ci.NotRunnable) *ci.NotRunnable { return &n }

// listed lists the tasks that are indexed right below a path, of all pages.
func (c *Client) listed(ctx context.Context, path string) ([]indexed, error) {
	var out []indexed
	seen := map[string]bool{}
	doing := "tasks indexed below " + path
	err := pages(func(token string) (string, error) {
		p, err := ask[indexPage](ctx, c, call{ep: epNamespace, args: []string{path}, query: tokenQuery(token), doing: doing})
		if err != nil {
			return "", err
		}
		for _, row := range p.Tasks {
			if seen[row.Namespace] {
				return "", restarted(doing, row.Namespace)
			}
			seen[row.Namespace] = true
		}
		out = append(out, p.Tasks...)
		return p.ContinuationToken, nil
	})
	return out, err
}
