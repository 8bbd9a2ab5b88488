package hgmo

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

// A target is the push that a link points at: by a changeset of it, or by its number.
type target struct {
	path     string // of the repository
	revision string // 12 to 40 hex digits, or empty
	id       int    // 0 where revision is given
	ranged   bool   // whether a range of pushes is shown, of which this is the newest
	from     string // a revision of the push below the range, or empty
	fromID   int    // its number, where from is empty
}

const howToLink = "open the changeset or the push on hg.mozilla.org and copy the address from there"

// Link reads a link of the server's pages, or of hg.mozilla.org where the server stands in for it, into an event of the push:
// REPO/rev/REVISION and the pages like it, REPO/pushloghtml?changeset=REVISION, and a range of pushes (fromchange and tochange, or
// startID and endID), whose newest push is meant and which becomes the event's. Events of links do not say whether their push has been backed out.
func (c *Client) Link(ctx context.Context, link string) (ci.Event, error) {
	const doing = "reading the link"
	below, ours := c.below(link)
	if !ours {
		return ci.Event{}, fail(sources.ErrNotFilled, doing, "", "%q is no link to %s", sources.Redact(link), c.public)
	}
	t, err := parseTarget(below)
	if err != nil {
		return ci.Event{}, fail(sources.ErrRefused, doing, howToLink, "%w", err)
	}
	r := repo{c, c.branch(t.path), t.path, true, doing}
	l, err := r.look(ctx, t)
	if err != nil {
		return ci.Event{}, err
	}
	p := r.push(l)
	shown, err := r.shown(ctx, t, p)
	return ci.Event{Kind: ci.PushEvent, Push: &p, Range: shown, Link: sources.Redact(strings.TrimSpace(link))}, err
}

// shown is the range of pushes that a link shows, up to its newest; nil where it shows none, or nothing that has landed. The push that a
// pushlog's link starts from is not in it.
func (r repo) shown(ctx context.Context, t target, newest ci.Push) (*ci.Span, error) {
	if !t.ranged || newest.Empty {
		return nil, nil
	}
	if t.from != "" {
		l, err := r.find(ctx, t.from)
		if err != nil {
			return nil, err
		}
		t.fromID = l.id
	}
	for from, width := t.fromID, 10; from < newest.Order; from, width = from+width, 4*width {
		list, err := r.between(ctx, from, min(from+width, newest.Order))
		if err != nil {
			return nil, err
		}
		for _, l := range slices.Backward(list) { // newest first
			if p := r.push(l); !p.Empty {
				return &ci.Span{From: p.Revision, To: newest.Revision}, nil
			}
		}
	}
	return nil, nil
}

// look fetches what a link points at.
func (r repo) look(ctx context.Context, t target) (landing, error) {
	if t.revision != "" {
		return r.find(ctx, t.revision)
	}
	list, err := r.between(ctx, t.id-1, t.id)
	if err == nil && len(list) == 0 {
		err = fail(sources.ErrNotFound, r.doing, "", "%s has no push %d, or it has been emptied", t.path, t.id)
	}
	if err != nil {
		return landing{}, err
	}
	return list[0], nil
}

// below returns what of a link stands below the server's base, or below Mozilla's.
func (c *Client) below(link string) (*url.URL, bool) {
	u, err := url.Parse(strings.TrimSpace(link))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, false
	}
	for _, base := range []string{c.public, Base} {
		b, err := url.Parse(base)
		if err != nil || b.Host == "" || !strings.EqualFold(u.Host, b.Host) {
			continue
		}
		if path, ok := strings.CutPrefix(u.Path, strings.TrimRight(b.Path, "/")+"/"); ok {
			return &url.URL{Path: path, RawQuery: u.RawQuery}, true
		}
	}
	return nil, false
}

// pages are the pages of one changeset: REPO/PAGE/REVISION.
var pages = map[string]bool{"rev": true, "changeset": true, "raw-rev": true, "json-rev": true, "log": true, "shortlog": true, "file": true,
	"json-automationrelevance": true, "json-pushchangedfiles": true, "comparison": true}

// parseTarget says what a link points at, or what is missing.
func parseTarget(u *url.URL) (target, error) {
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	for i, p := range parts {
		var t target
		var err error
		switch {
		case i == 0:
			continue
		case p == "pushloghtml" || p == "pushlog" || p == "json-pushes":
			t, err = parsePushlog(u.Query())
		case pages[p]:
			t, err = parsePage(parts[i+1:])
		default:
			continue
		}
		t.path = strings.Join(parts[:i], "/")
		if err == nil && !pathOfRepository.MatchString(t.path) {
			err = fmt.Errorf("%.100q is no path of a repository", t.path)
		}
		return t, err
	}
	return target{}, fmt.Errorf("it is about no changeset and no push")
}

// parsePage reads what follows the name of a page.
func parsePage(rest []string) (target, error) {
	if len(rest) == 0 {
		return target{}, fmt.Errorf("it names no changeset")
	}
	return aRevision(rest[0])
}

func aRevision(text string) (target, error) {
	r := strings.ToLower(text)
	if !revisionShape.MatchString(r) {
		return target{}, fmt.Errorf("%.60q is no revision: 12 to 40 hex digits are wanted", text)
	}
	return target{revision: r}, nil
}

// parsePushlog reads the parameters of a page of the pushlog.
func parsePushlog(q url.Values) (target, error) {
	switch {
	case q.Get("changeset") != "":
		return aRevision(q.Get("changeset"))
	case q.Get("tochange") != "":
		t, err := aRevision(q.Get("tochange"))
		if from, wrong := aRevision(q.Get("fromchange")); wrong == nil {
			t.ranged, t.from = true, from.revision
		}
		return t, err
	case q.Get("endID") != "":
		id, err := strconv.Atoi(q.Get("endID"))
		if err != nil || id < 1 || id > largest {
			return target{}, fmt.Errorf("%.60q is no number of a push", q.Get("endID"))
		}
		t := target{id: id}
		if from, err := strconv.Atoi(q.Get("startID")); err == nil && from >= 0 && from < id {
			t.ranged, t.fromID = true, from
		}
		return t, nil
	}
	return target{}, fmt.Errorf("it names no push: changeset=, tochange= or endID= is missing")
}
