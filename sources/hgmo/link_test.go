package hgmo

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

func TestLink(t *testing.T) {
	rev := node(7, 0)
	oldest := map[string]string{ // of the ranges: a pushlog leaves out the push from which one starts
		"a range of changesets": node(6, 1), "a range of numbers": node(6, 1), "a range from the beginning": node(1, 1),
	}
	for _, tt := range []struct {
		name, link string
		want       int // the push; 0 where there is an error
		branch     string
		kind       error
		words      string
	}{
		{"a changeset", "http://hg.example/integration/autoland/rev/" + rev, 7, "autoland", nil, ""},
		{"with a line", "http://hg.example/integration/autoland/rev/" + rev + "#l1.7", 7, "autoland", nil, ""},
		{"Mozilla's, where the server stands in for it", "https://hg.mozilla.org/integration/autoland/rev/" + rev, 7, "autoland", nil, ""},
		{"spaces around, capitals", " https://HG.mozilla.org/integration/autoland/rev/" + strings.ToUpper(rev[:14]) + "\n", 7, "autoland", nil, ""},
		{"another page of it", "https://hg.mozilla.org/integration/autoland/json-automationrelevance/" + rev + "?backouts=1", 7, "autoland", nil, ""},
		{"a file at it", "https://hg.mozilla.org/integration/autoland/file/" + rev + "/rev/tip.txt", 7, "autoland", nil, ""},
		{"its push", "https://hg.mozilla.org/integration/autoland/pushloghtml?changeset=" + rev, 7, "autoland", nil, ""},
		{"its push as JSON", "https://hg.mozilla.org/integration/autoland/json-pushes?version=2&changeset=" + rev, 7, "autoland", nil, ""},
		{"a range of changesets", "https://hg.mozilla.org/integration/autoland/pushloghtml?fromchange=" + node(5, 0) + "&tochange=" + rev, 7, "autoland", nil, ""},
		{"a range of numbers", "https://hg.mozilla.org/integration/autoland/pushloghtml?startID=5&endID=8", 8, "autoland", nil, ""},
		{"a range from the beginning", "https://hg.mozilla.org/integration/autoland/pushloghtml?startID=0&endID=8", 8, "autoland", nil, ""},
		{"a range of nothing", "https://hg.mozilla.org/integration/autoland/pushloghtml?fromchange=" + rev + "&tochange=" + rev, 7, "autoland", nil, ""},
		{"a range from what is unknown", "https://hg.mozilla.org/integration/autoland/pushloghtml?fromchange=" + strings.Repeat("1", 40) + "&tochange=" + rev, 0, "", sources.ErrNotFound, "unknown revision"},
		{"a range without an end", "https://hg.mozilla.org/integration/autoland/pushloghtml?fromchange=" + rev, 0, "", sources.ErrRefused, "tochange= or endID= is missing"},
		{"a number that is none", "https://hg.mozilla.org/integration/autoland/pushloghtml?endID=x", 0, "", sources.ErrRefused, "no number of a push"},
		{"a number that is gone", "https://hg.mozilla.org/integration/autoland/pushloghtml?startID=8&endID=9", 0, "", sources.ErrNotFound, "no push 9"},
		{"tip", "https://hg.mozilla.org/integration/autoland/rev/tip", 0, "", sources.ErrRefused, `"tip" is no revision`},
		{"no revision", "https://hg.mozilla.org/integration/autoland/rev/", 0, "", sources.ErrRefused, "names no changeset"},
		{"no page", "https://hg.mozilla.org/integration/autoland", 0, "", sources.ErrRefused, "about no changeset and no push"},
		{"no repository", "https://hg.mozilla.org/rev/" + rev, 0, "", sources.ErrRefused, "about no changeset"},
		{"an odd repository", "https://hg.mozilla.org/a%20b/rev/" + rev, 0, "", sources.ErrRefused, "no path of a repository"},
		{"a repository that is not there", "https://hg.mozilla.org/try/rev/" + rev, 0, "", sources.ErrNotFound, "no repository"},
		{"another server", "https://treeherder.mozilla.org/jobs?repo=autoland&revision=" + rev, 0, "", sources.ErrNotFilled, ""},
		{"no web page", "ftp://hg.mozilla.org/integration/autoland/rev/" + rev, 0, "", sources.ErrNotFilled, ""},
		{"no link", "F P F P", 0, "", sources.ErrNotFilled, ""},
		{"nothing", "", 0, "", sources.ErrNotFilled, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hg := &fakeHG{pushes: append(landed(span(1, 8)...), fakePush{id: 9, vanished: true})}
			ev, err := hg.open(t).Link(t.Context(), tt.link)
			if tt.want == 0 {
				if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.words) {
					t.Errorf("got %v\nwant %v, with %s", err, tt.kind, tt.words)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if ev.Kind != ci.PushEvent || ev.Push.Order != tt.want || ev.Push.Branch != tt.branch || ev.Job != nil || ev.Link != strings.TrimSpace(tt.link) {
				t.Errorf("got %+v of push %+v", ev, ev.Push)
			}
			from := ""
			if ev.Range != nil {
				from = ev.Range.From
			}
			if want := oldest[tt.name]; from != want || want != "" && ev.Range.To != ev.Push.Revision {
				t.Errorf("the range is %v, want one from %q", ev.Range, want)
			}
			if ev.Push.Changesets[0].Desc == "" {
				t.Error("the push has no messages")
			}
		})
	}
}

func TestLinkNamesTheBranchAsTheProfileDoes(t *testing.T) {
	hg := &fakeHG{pushes: landed(7)}
	c := hg.open(t)
	c.opts = Options{Repositories: map[string]string{"inbound": "integration/inbound"}}
	ev, err := c.Link(t.Context(), "https://hg.mozilla.org/integration/autoland/rev/"+node(7, 0))
	if err != nil || ev.Push.Branch != "integration/autoland" {
		t.Errorf("a repository without a name is called by its path: got %+v, %v", ev.Push, err)
	}
}

func FuzzLink(f *testing.F) {
	for _, s := range []string{
		"https://hg.mozilla.org/integration/autoland/rev/" + node(7, 0), "https://hg.mozilla.org/a/pushloghtml?fromchange=1&tochange=tip",
		"https://hg.mozilla.org/try/pushloghtml?startID=1&endID=-2", "http://hg.example//rev//", "https://hg.mozilla.org/%2e%2e/rev/x", ":",
	} {
		f.Add(s)
	}
	c := New(nil, "http://hg.example/hg", fakeOptions)
	f.Fuzz(func(t *testing.T, link string) {
		u, ours := c.below(link)
		if !ours {
			return
		}
		if _, err := url.Parse(link); err != nil && !strings.ContainsAny(link, " \t\r\n") {
			t.Fatalf("%q is ours, and no URL: %v", link, err)
		}
		got, err := parseTarget(u)
		if err == nil && ((got.id == 0) == (got.revision == "") || got.revision != "" && !revisionShape.MatchString(got.revision) || !pathOfRepository.MatchString(got.path)) {
			t.Fatalf("%q points at %+v", link, got)
		}
	})
}
