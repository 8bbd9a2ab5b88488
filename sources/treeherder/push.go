package treeherder

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mozci/mozci-run/sources/ci"
)

// A push is one as Treeherder writes it.
type push struct {
	ID        int64    `json:"id"`
	Revision  string   `json:"revision"` // the tip
	Author    string   `json:"author"`
	Revisions []commit `json:"revisions"` // newest first, at most 20
	Count     int      `json:"revision_count"`
	Timestamp int64    `json:"push_timestamp"` // epoch seconds
}

// A commit is a changeset of a push.
type commit struct {
	Revision string `json:"revision"`
	Author   string `json:"author"`
	Comments string `json:"comments"`
}

// A pushList is the answer of /push/.
type pushList struct {
	Meta    pushMeta `json:"meta"`
	Results []push   `json:"results"`
}

type pushMeta struct {
	Count      int    `json:"count"` // of Results
	Repository string `json:"repository"`
}

// whole says whether all changesets of the push are there.
func (p *push) whole() bool { return len(p.Revisions) >= p.Count }

// holds says whether the push has a changeset whose hash starts with rev. Changesets that are not listed may.
func (p *push) holds(rev string) bool {
	return strings.HasPrefix(p.Revision, rev) || !p.whole() ||
		slices.ContainsFunc(p.Revisions, func(c commit) bool { return strings.HasPrefix(c.Revision, rev) })
}

// decodePush reads a push and checks what everything else relies on.
func decodePush(dec *json.Decoder, path string) (push, error) {
	var p push
	if err := value(dec, path, &p); err != nil {
		return p, err
	}
	switch {
	case p.ID <= 0:
		return p, changed(path+".id", "push %s has no id", p.Revision)
	case !isHash(p.Revision):
		return p, changed(path+".revision", "push %d has the revision %q, and 40 hex digits are wanted", p.ID, p.Revision)
	case p.Timestamp <= 0:
		return p, changed(path+".push_timestamp", "push %d has no time", p.ID)
	case p.Count < len(p.Revisions):
		return p, changed(path+".revision_count", "push %d has %d revisions and lists %d", p.ID, p.Count, len(p.Revisions))
	}
	for _, c := range p.Revisions {
		if !isHash(c.Revision) {
			return p, changed(path+".revisions[].revision", "push %d holds the revision %q, and 40 hex digits are wanted", p.ID, c.Revision)
		}
	}
	return p, nil
}

// decodePushes reads the answer of /push/. Results may come before meta or after it.
func decodePushes(dec *json.Decoder) (pushList, error) {
	var out pushList
	var meta, results bool
	err := object(dec, "$", func(name string) error {
		switch name {
		case "meta":
			meta = true
			return value(dec, "$.meta", &out.Meta)
		case "results":
			results = true
			return list(dec, "$.results", func() error {
				p, err := decodePush(dec, "$.results[]")
				out.Results = append(out.Results, p)
				return err
			})
		}
		return skip(dec)
	})
	switch {
	case err != nil:
		return out, err
	case !results:
		return out, changed("$.results", "there is none")
	case !meta:
		return out, changed("$.meta", "there is none")
	case out.Meta.Count != len(out.Results):
		return out, changed("$.meta.count", "%d pushes are announced, and %d came", out.Meta.Count, len(out.Results))
	}
	return out, nil
}

func isHash(s string) bool { return len(s) == 40 && isHex(s) }

func isHex(s string) bool {
	return strings.Trim(s, "0123456789abcdef") == ""
}

// push translates a push. Authors and messages of changesets are given where full; the push has to be whole, or its
// changesets are left out.
func (c *Client) push(p push, branch string, full bool) ci.Push {
	out := ci.Push{
		Branch: branch, Revision: p.Revision, ID: strconv.FormatInt(p.ID, 10), Order: int(p.ID),
		Date: time.Unix(p.Timestamp, 0).UTC(), Author: p.Author, Changesets: []ci.Changeset{},
		Empty: p.Count == 0, Link: c.pushLink(branch, p.Revision),
	}
	if !p.whole() {
		return out
	}
	for _, r := range slices.Backward(p.Revisions) {
		cs := ci.Changeset{Revision: r.Revision, Bugs: ci.BugsIn(r.Comments), BacksOut: ci.BackedOutIn(r.Comments)}
		if full {
			cs.Author, cs.Desc = r.Author, r.Comments
		}
		out.Changesets = append(out.Changesets, cs)
	}
	return out
}
