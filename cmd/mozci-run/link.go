package main

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// pointedAt reads what a person has in the clipboard into an event. What cannot be read, or points at nothing that there is, is wrong use.
func (c *command) pointedAt(s *session, clip string) (ci.Event, error) {
	link := s.cleaned(clip)
	if err := s.noLink(link); err != nil {
		return ci.Event{}, err
	}
	ev, err := s.registry.Link(c.ctx, link)
	switch {
	case errors.Is(err, sources.ErrNotFilled):
		return ci.Event{}, s.strange(link)
	case errors.Is(err, sources.ErrRefused), errors.Is(err, sources.ErrNotFound), errors.Is(err, sources.ErrGone):
		hint := "copy the address of the failing job once more"
		var of *sources.Error
		if errors.As(err, &of) && of.Hint != "" {
			hint = of.Hint
		}
		if strings.Contains(link, "?") && !strings.Contains(link, "&") {
			hint += "\nquote the link: '" + link + "…'; without quotes the shell ends it at the first &"
		}
		return ci.Event{}, usage(hint, "%w", err)
	}
	return ev, err
}

var (
	webAddress    = regexp.MustCompile(`(?i)https?://`)
	withoutScheme = regexp.MustCompile(`^([A-Za-z0-9.-]+(?::\d+)?)/`)
	aRevision     = regexp.MustCompile(`^[0-9a-fA-F]{12,40}$`)
	aTask         = regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`)
	userPart      = regexp.MustCompile(`//[^?#]*@`)
	anInput       = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*=`)
)

// cleaned takes off a link what comes with it from chats, mails, terminals and source text: quotes and brackets around it, line breaks within it, a full
// stop behind it, &amp; for &, a name and a password, and gives it the scheme that browsers hide.
func (s *session) cleaned(clip string) string {
	link := strings.Map(func(r rune) rune {
		if r != ' ' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return -1
		}
		return r
	}, clip)
	if at := webAddress.FindStringIndex(link); at != nil {
		link = link[at[0]:]
	}
	link = strings.TrimLeft(link, " \u00a0\"'`<([{“‘")
	if i := strings.IndexFunc(link, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("<>|\"`”", r) }); i >= 0 && strings.Contains(link, "/") {
		link = link[:i]
	}
	link = strings.ReplaceAll(strings.TrimRight(link, " '.,;:!*)]}’"), "&amp;", "&")
	if m := withoutScheme.FindStringSubmatch(link); m != nil {
		for _, p := range s.places() {
			if strings.EqualFold(m[1], p.url.Host) {
				link = p.url.Scheme + "://" + link
				break
			}
		}
	}
	u, err := url.Parse(link)
	if err == nil && u.User != nil {
		u.User = nil
		return u.String()
	}
	if err != nil { // a password may have a slash in it
		return userPart.ReplaceAllString(link, "//")
	}
	return link
}

// noLink says what to write instead of something that is no link, where that can be known; nil for what may be one.
func (s *session) noLink(text string) error {
	switch {
	case text == "":
		return usage("give a Treeherder, Taskcluster or pushlog link, or leave it out and give inputs with -i name=value", "the link is empty")
	case anInput.MatchString(text):
		return usage("write -i "+text, "%q is an input, and a link is wanted here", text)
	case aRevision.MatchString(text):
		return usage("write -i revision="+text+" and -i job=…, or give the link of a job", "%q is a revision, and a link is wanted here", text)
	case aTask.MatchString(text):
		hint := "give the task's address"
		for _, p := range s.places() {
			if p.adapter == "taskcluster" {
				hint += ": " + strings.TrimRight(p.url.String(), "/") + "/tasks/" + text
				break
			}
		}
		return usage(hint, "%q is a task's id, and a link is wanted here", text)
	}
	return nil
}

// A place is where links of an adapter come from.
type place struct {
	adapter string
	url     *url.URL
}

// places are those of the sources of the session that read links, in their order.
func (s *session) places() []place {
	var out []place
	readers := s.registry.Sources()
	for _, spec := range s.specs {
		i := slices.IndexFunc(readers, func(r sources.Source) bool { return r.Name() == spec.Adapter })
		if i < 0 {
			continue
		}
		if _, reads := readers[i].(sources.Linker); !reads {
			continue
		}
		for _, at := range []string{spec.Options["ui"], spec.Options["links"], spec.at()} {
			if u, err := url.Parse(at); err == nil && u.Host != "" {
				u.User, u.RawQuery = nil, ""
				u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/api")
				out = append(out, place{spec.Adapter, u})
			}
		}
	}
	return out
}

// strange is the error of a link that is no source's.
func (s *session) strange(link string) error {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" {
		return usage("give a Treeherder, Taskcluster or pushlog link, or inputs with -i name=value", "%.100q is no link", link)
	}
	var known []string
	for _, p := range s.places() {
		if strings.EqualFold(u.Host, p.url.Host) && strings.HasPrefix(u.Path+"/", p.url.Path+"/") {
			return usage("open the failing job there, or the push, and copy the address", "%s is a page of %s that points at no job and no push", sources.Redact(link), p.adapter)
		}
		known = append(known, p.adapter+" ("+p.url.String()+")")
	}
	for _, a := range adapters {
		if of, err := url.Parse(a.base); err == nil && of.Host != "" && strings.EqualFold(u.Host, of.Host) {
			return usage("--profile mozilla asks it", "%s is a link of %s, which the profile %s does not ask", sources.Redact(link), of.Host, s.profile.name)
		}
	}
	return usage("it reads links of "+strings.Join(known, ", ")+"; inputs are given with -i name=value", "%s is no link that the profile %s can read", sources.Redact(link), s.profile.name)
}

// incomplete is the error of a link to a push that a program wants a job of: it names those that have failed there. It is nil where nothing is missing
// that a job's link would have said.
func (c *command) incomplete(s *session, prog *engine.Program, ev ci.Event, sets ...map[string]any) error {
	i := slices.IndexFunc(prog.Inputs, func(in engine.Input) bool { return in.Name == "job" })
	if ev.Job != nil || ev.Push == nil || i < 0 || !lacks(prog.Inputs[i], sets...) {
		return nil
	}
	hint := "give -i job=…, or the link of a job"
	jobs, err := sources.Ask[[]ci.Job](c.ctx, s.registry, "jobs.list", ci.JobsOn{Branch: ev.Push.Branch, Revisions: []string{ev.Push.Revision}})
	var failed []string
	for _, j := range jobs {
		if hasFailed(j) && !slices.Contains(failed, j.Type) {
			failed = append(failed, j.Type)
		}
	}
	switch n := len(failed); {
	case err != nil: // the hint is poorer for it
	case n == 0:
		hint += "; no job has failed there"
	default:
		slices.Sort(failed)
		hint += "; " + count(n, "job has", "jobs have") + " failed there:\n  " + strings.Join(failed[:min(n, 10)], "\n  ")
		if n > 10 {
			hint += fmt.Sprintf("\n  and %d more", n-10)
		}
	}
	return usage(hint, "the link points at a push, %s, and %s wants a job", short(ev.Push.Revision), prog.Name)
}

func hasFailed(j ci.Job) bool {
	return j.State == ci.Completed && (j.Result == ci.TestFailed || j.Result == ci.Busted)
}
