package hgmo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A repo is a repository that is asked for one purpose.
type repo struct {
	c      *Client
	branch string // as the question names it
	path   string
	full   bool
	doing  string // for errors
}

func (c *Client) repo(branch string, full bool, doing string) (repo, error) {
	path, err := c.repository(branch, doing)
	return repo{c, branch, path, full, doing}, err
}

// ask asks json-pushes. See decodePushes.
func (r repo) ask(ctx context.Context, params url.Values) (list []landing, last int, err error) {
	return r.read(ctx, jsonPushes, "/json-pushes", params)
}

func (r repo) read(ctx context.Context, ep sources.Endpoint, path string, params url.Values) (list []landing, last int, err error) {
	params.Set("version", "2")
	if r.full {
		params.Set("full", "1") // any value would do, 0 included
	}
	address := r.c.base + "/" + r.path + path + "?" + params.Encode()
	err = r.c.reader.Get(ctx, ep, address, r.doing, func(body io.Reader) error {
		list, last, err = decodePushes(body)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	for _, l := range list {
		for i, cs := range l.Changesets {
			if r.full && !cs.full {
				e := changed(fmt.Sprintf("$.pushes.%d.changesets[%d]", l.id, i), "an object is wanted with full=1, and a hash came")
				e.Source, e.Doing, e.URL = Source, r.doing, sources.Redact(address)
				return nil, 0, e
			}
		}
	}
	return list, last, nil
}

// find asks for the push that holds a revision.
func (r repo) find(ctx context.Context, text string) (landing, error) {
	rev, err := revision(text, r.doing)
	if err != nil {
		return landing{}, err
	}
	list, _, err := r.ask(ctx, url.Values{"changeset": {rev}})
	if err != nil {
		return landing{}, err
	}
	var found *landing
	for i, l := range list { // newest first
		if !l.holds(rev) {
			return landing{}, r.stray(l, "of the changeset "+rev)
		}
		if found == nil || !strings.HasPrefix(found.tip(), rev) {
			found = &list[i]
		}
	}
	if found == nil {
		return landing{}, fail(sources.ErrNotFound, r.doing, "", "the changeset %s is there, and no push holds it", rev)
	}
	return *found, nil
}

// stray is the error of a push that was not asked for: the server has not listened.
func (r repo) stray(l landing, what string) error {
	e := changed(fmt.Sprintf("$.pushes.%d", l.id), "the push %d came, and it is none %s", l.id, what)
	e.Source, e.Doing = Source, r.doing
	return e
}

// between asks for the pushes with numbers above from, up to and including to. Where they are more than may come at a time, it asks
// for the newer and the older half of the numbers.
func (r repo) between(ctx context.Context, from, to int) ([]landing, error) {
	list, _, err := r.ask(ctx, url.Values{"startID": {strconv.Itoa(from)}, "endID": {strconv.Itoa(to)}})
	if errors.Is(err, sources.ErrTooLarge) && to-from > 1 {
		middle := from + (to-from)/2
		newer, err := r.between(ctx, middle, to)
		if err != nil {
			return nil, err
		}
		older, err := r.between(ctx, from, middle)
		return append(newer, older...), err
	}
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		if l.id <= from || l.id > to {
			return nil, r.stray(l, fmt.Sprintf("above %d up to %d", from, to))
		}
	}
	return list, nil
}

// deepen appends older pushes, from the number to downwards, until there are depth of them or the branch begins.
func (r repo) deepen(ctx context.Context, list []landing, to, depth int) ([]landing, error) {
	need := depth - len(list)
	for width := need + need/4 + 5; len(list) < depth && to > 0; {
		from := max(0, to-width)
		more, err := r.between(ctx, from, to)
		if err != nil {
			return nil, err
		}
		list, to = append(list, more...), from
		width *= 4 // a desert of numbers is crossed in leaps
		if len(more) > 0 {
			width = min(width, 50*(depth-len(list))+1000)
		}
	}
	return list[:min(depth, len(list))], nil
}

// pushesFind answers pushes.find.
func (c *Client) pushesFind(ctx context.Context, q ci.PushFind) (ci.Push, error) {
	r, err := c.repo(q.Branch, q.Full, fmt.Sprintf("the push of %.60s on %s", q.Revision, q.Branch))
	if err != nil {
		return ci.Push{}, err
	}
	l, err := r.find(ctx, q.Revision)
	if err != nil {
		return ci.Push{}, err
	}
	return r.push(l), nil
}

// pushesRange answers pushes.range, newest first. See the package's comment for how often it asks. Where After is no older than
// UpTo, there is nothing between them, and the answer is empty.
func (c *Client) pushesRange(ctx context.Context, q ci.PushRange) ([]ci.Push, error) {
	r, err := c.repo(q.Branch, q.Full, "pushes of "+q.Branch)
	if err != nil {
		return nil, err
	}
	var list []landing
	switch {
	case q.Depth < 0 || (q.Depth == 0) == (q.After == ""):
		err = fail(sources.ErrRefused, r.doing, "", "give either a depth of 1 or more, or the revision after which to begin")
	case q.After != "":
		list, err = r.after(ctx, q.After, q.UpTo)
	case q.UpTo != "":
		list, err = r.upTo(ctx, q.UpTo, q.Depth)
	default:
		list, err = r.newest(ctx, q.Depth)
	}
	if err != nil {
		return nil, err
	}
	out := make([]ci.Push, len(list))
	for i, l := range list {
		out[i] = r.push(l)
	}
	return out, nil
}

func (r repo) after(ctx context.Context, after, upTo string) ([]landing, error) {
	from, err := revision(after, r.doing)
	if err != nil {
		return nil, err
	}
	params := url.Values{"fromchange": {from}}
	if upTo != "" {
		to, err := revision(upTo, r.doing)
		if err != nil {
			return nil, err
		}
		params.Set("tochange", to)
	}
	list, _, err := r.ask(ctx, params)
	if err != nil {
		return nil, err
	}
	if to := params.Get("tochange"); to != "" && len(list) > 0 && !list[0].holds(to) {
		return nil, r.stray(list[0], "up to "+to)
	}
	for _, l := range list {
		if strings.HasPrefix(l.tip(), from) {
			return nil, r.stray(l, "after "+from)
		}
	}
	return list, nil
}

func (r repo) upTo(ctx context.Context, upTo string, depth int) ([]landing, error) {
	top, err := r.find(ctx, upTo)
	if err != nil {
		return nil, err
	}
	return r.deepen(ctx, []landing{top}, top.id-1, depth)
}

// push translates a push.
func (r repo) push(l landing) ci.Push {
	p := ci.Push{Branch: r.branch, ID: strconv.Itoa(l.id), Order: l.id, Date: unix(l.Date), Author: l.User, Empty: len(l.Changesets) == 0, Changesets: []ci.Changeset{}}
	for _, cs := range l.Changesets {
		p.Changesets = append(p.Changesets, ci.Changeset{
			Revision: cs.Node, Author: cs.Author, Desc: cs.Desc, Bugs: ci.BugsIn(cs.Desc), BacksOut: ci.BackedOutIn(cs.Desc),
			Link: r.c.public + "/" + r.path + "/rev/" + cs.Node,
		})
		p.Revision = cs.Node
	}
	p.Link = r.c.public + "/" + r.path + "/pushloghtml?changeset=" + p.Revision
	if p.Empty {
		p.Link = fmt.Sprintf("%s/%s/pushloghtml?startID=%d&endID=%d", r.c.public, r.path, l.id-1, l.id)
	}
	return p
}

func unix(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
