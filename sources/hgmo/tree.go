package hgmo

import (
	"context"
	"net/url"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// treeAnswer is the answer of the tree status service about one tree.
type treeAnswer struct {
	Result struct {
		Tree   string `json:"tree"`
		Status string `json:"status"`
		Reason string `json:"reason"`
	} `json:"result"`
}

var treeStates = map[string]ci.TreeState{"open": ci.TreeOpen, "closed": ci.TreeClosed, "approval required": ci.TreeApprovalRequired}

// treeStatus answers tree.status. A branch whose tree the profile does not name has a tree of the same name.
func (c *Client) treeStatus(ctx context.Context, q ci.TreeOf) (ci.Tree, error) {
	doing := "the tree of " + q.Branch
	name := c.opts.Trees[q.Branch]
	if name == "" {
		name = q.Branch
	}
	if name == "" || name == "." || name == ".." {
		return ci.Tree{}, fail(sources.ErrRefused, doing, "", "%q is no name of a tree", name)
	}
	address := c.trees + "/trees/" + url.PathEscape(name)
	answer, err := sources.Fetch[treeAnswer](ctx, c.tree, treeEndpoint, address, doing)
	if err != nil {
		return ci.Tree{}, err
	}
	state, known := treeStates[answer.Result.Status]
	var e *sources.Error
	switch {
	case answer.Result.Tree != name:
		e = changed("$.result.tree", "%q is wanted, and this is %.60q", name, answer.Result.Tree)
	case !known:
		e = changed("$.result.status", "open, closed or approval required is wanted, and this is %.60q", answer.Result.Status)
	default:
		tree := ci.Tree{Branch: q.Branch, State: state}
		if state != ci.TreeOpen {
			tree.Reason = answer.Result.Reason
		}
		return tree, nil
	}
	e.Source, e.Doing, e.URL = Source, doing, sources.Redact(address)
	return ci.Tree{}, e
}
