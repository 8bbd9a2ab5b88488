package hgmo

import (
	"context"
	"fmt"
	"strings"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// relevance is the answer of json-automationrelevance.
type relevance struct {
	Changesets []relevant `json:"changesets"` // oldest first, up to the one that was asked for
}

type relevant struct {
	Node        string `json:"node"`
	PushID      int    `json:"pushid"`
	PushHead    string `json:"pushhead"`
	BackedOutBy string `json:"backedoutby,omitempty"` // empty, or missing, where nothing has
}

// pushesBackouts answers pushes.backouts: the changesets of the push that were backed out, oldest first, and by what.
func (c *Client) pushesBackouts(ctx context.Context, q ci.BackoutsOf) ([]ci.Backout, error) {
	doing := fmt.Sprintf("backouts of %.60s on %s", q.Revision, q.Branch)
	r, err := c.repo(q.Branch, false, doing)
	if err != nil {
		return nil, err
	}
	rev, err := revision(q.Revision, doing)
	if err != nil {
		return nil, err
	}
	list, err := r.relevance(ctx, rev)
	if err != nil {
		return nil, err
	}
	if asked := list[len(list)-1]; asked.Node != asked.PushHead { // the rest of the push is missing
		if list, err = r.relevance(ctx, asked.PushHead); err != nil {
			return nil, err
		}
	}
	out := []ci.Backout{}
	for _, cs := range list {
		if cs.PushID == list[len(list)-1].PushID && cs.BackedOutBy != "" { // try adds ancestors of other pushes
			out = append(out, ci.Backout{Revision: cs.Node, By: cs.BackedOutBy})
		}
	}
	return out, nil
}

// relevance asks for the changesets up to rev. The last of them is rev.
func (r repo) relevance(ctx context.Context, rev string) ([]relevant, error) {
	address := r.c.base + "/" + r.path + "/json-automationrelevance/" + rev + "?backouts=1"
	answer, err := sources.Fetch[relevance](ctx, r.c.reader, jsonRelevance, address, r.doing)
	if err == nil {
		if e := answer.check(rev); e != nil {
			e.Source, e.Doing, e.URL = Source, r.doing, sources.Redact(address)
			err = e
		}
	}
	return answer.Changesets, err
}

func (a relevance) check(rev string) *sources.Error {
	n := len(a.Changesets)
	if n == 0 || !strings.HasPrefix(a.Changesets[n-1].Node, rev) {
		return changed("$.changesets", "the last one should be %s", rev)
	}
	for i, cs := range a.Changesets {
		at := fmt.Sprintf("$.changesets[%d]", i)
		switch {
		case !wholeRevision.MatchString(cs.Node):
			return changed(at+".node", "40 hex digits are wanted, and this is %.60q", cs.Node)
		case !wholeRevision.MatchString(cs.PushHead):
			return changed(at+".pushhead", "40 hex digits are wanted, and this is %.60q", cs.PushHead)
		case cs.PushID < 1:
			return changed(at+".pushid", "the push's number is wanted, and this is %d", cs.PushID)
		case cs.BackedOutBy != "" && !wholeRevision.MatchString(cs.BackedOutBy):
			return changed(at+".backedoutby", "40 hex digits are wanted, and this is %.60q", cs.BackedOutBy)
		}
	}
	return nil
}
