package hgmo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

func ids(pushes []ci.Push) []int {
	out := []int{}
	for _, p := range pushes {
		out = append(out, p.Order)
	}
	return out
}

// down lists the numbers from a down to b.
func down(a, b int) []int {
	out := []int{}
	for ; a >= b; a-- {
		out = append(out, a)
	}
	return out
}

func TestPushesRange(t *testing.T) {
	plain := landed(span(1, 40)...)
	crossing := landed(span(99980, 100010)...)
	gaps := landed(append(append([]int{3, 90}, span(100, 104)...), 107, 150, 151)...)
	emptied := append(landed(1, 2), fakePush{id: 3, nodes: []string{node(3, 0)}, obsolete: true}, fakePush{id: 4, vanished: true})
	emptied = append(emptied, landed(5)...)
	allGone := landed(1, 2, 3)
	for _, id := range span(4, 20) {
		allGone = append(allGone, fakePush{id: id, vanished: true})
	}
	for _, tt := range []struct {
		name   string
		pushes []fakePush
		q      ci.PushRange
		want   []int
		trips  int // one after the other; requests that are made side by side are one
	}{
		{"newest page is enough", plain, ci.PushRange{Depth: 10}, down(40, 31), 1},
		{"less than the newest page", plain, ci.PushRange{Depth: 3}, down(40, 38), 1},
		{"more than the newest page", plain, ci.PushRange{Depth: 20}, down(40, 21), 1},
		{"more than there are", plain, ci.PushRange{Depth: 50}, down(40, 1), 1},
		{"more than the pages", landed(span(1, 90)...), ci.PushRange{Depth: 70}, down(90, 21), 2},
		{"up to a tip", plain, ci.PushRange{UpTo: node(30, 1), Depth: 20}, down(30, 11), 2},
		{"up to a changeset in the middle of its push", plain, ci.PushRange{UpTo: node(30, 0), Depth: 20}, down(30, 11), 2},
		{"up to a short hash", plain, ci.PushRange{UpTo: node(30, 1)[:12], Depth: 2}, down(30, 29), 2},
		{"up to, in capitals", plain, ci.PushRange{UpTo: strings.ToUpper(node(30, 1)), Depth: 2}, down(30, 29), 2},
		{"one push", plain, ci.PushRange{UpTo: node(30, 1), Depth: 1}, []int{30}, 1},
		{"up to the first push", plain, ci.PushRange{UpTo: node(1, 1), Depth: 20}, []int{1}, 1},
		{"where the branch begins", plain, ci.PushRange{UpTo: node(4, 1), Depth: 20}, down(4, 1), 2},
		{"after, exclusive, up to, inclusive", plain, ci.PushRange{After: node(20, 0), UpTo: node(25, 0)}, down(25, 21), 1},
		{"after, to the newest", plain, ci.PushRange{After: node(37, 1)}, down(40, 38), 1},
		{"after the newest", plain, ci.PushRange{After: node(40, 1)}, []int{}, 1},
		{"after and up to the same", plain, ci.PushRange{After: node(20, 0), UpTo: node(20, 1)}, []int{}, 1},
		{"after something newer", plain, ci.PushRange{After: node(25, 0), UpTo: node(20, 1)}, []int{}, 1},
		{"across 99999, from the newest", crossing, ci.PushRange{Depth: 20}, down(100010, 99991), 1},
		{"gaps on the pages", gaps, ci.PushRange{Depth: 20}, []int{151, 150, 107, 104, 103, 102, 101, 100, 90, 3}, 2},
		{"across 99999, up to", crossing, ci.PushRange{UpTo: node(100003, 0), Depth: 10}, down(100003, 99994), 2},
		{"across 99999, after", crossing, ci.PushRange{After: node(99997, 0), UpTo: node(100002, 1)}, down(100002, 99998), 1},
		{"across 99999, the newest page", landed(span(99990, 100002)...), ci.PushRange{Depth: 5}, down(100002, 99998), 1},
		{"gaps", gaps, ci.PushRange{UpTo: node(107, 0), Depth: 6}, []int{107, 104, 103, 102, 101, 100}, 2},
		{"a desert", gaps, ci.PushRange{UpTo: node(151, 0), Depth: 4}, []int{151, 150, 107, 104}, 4},
		{"deserts down to the beginning", gaps, ci.PushRange{UpTo: node(151, 0), Depth: 50}, []int{151, 150, 107, 104, 103, 102, 101, 100, 90, 3}, 3},
		{"obsolete is there, stripped is not", emptied, ci.PushRange{Depth: 4}, []int{5, 3, 2, 1}, 1},
		{"up to an obsolete one", emptied, ci.PushRange{UpTo: node(3, 0), Depth: 2}, []int{3, 2}, 2},
		{"the newest page is all gone", allGone, ci.PushRange{Depth: 2}, []int{3, 2}, 3},
		{"an empty branch", nil, ci.PushRange{Depth: 20}, []int{}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hg := &fakeHG{pushes: tt.pushes}
			tt.q.Branch = "autoland"
			got, err := hg.open(t).pushesRange(t.Context(), tt.q)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, ids(got)); d != "" {
				t.Errorf("pushes (-want +got):\n%s", d)
			}
			if n := trips(hg.asked); n != tt.trips {
				t.Errorf("%d round trips, want %d: %q", n, tt.trips, hg.asked)
			}
			for _, a := range hg.asked {
				if strings.Contains(a, "endID") && !strings.Contains(a, "startID") {
					t.Errorf("an upper bound was given alone: %s", a)
				}
			}
		})
	}
}

// trips counts requests; the pages after the first are asked for beside it.
func trips(asked []string) int {
	n := 0
	for _, a := range asked {
		if !strings.Contains(a, "/json-pushes/") {
			n++
		}
	}
	return n
}

// The pages are asked for side by side, and a push may land before either of them is answered.
func TestPushesThatLandMeanwhileMoveThePages(t *testing.T) {
	pages := []string{"/integration/autoland/json-pushes?version=2", "/integration/autoland/json-pushes/2?version=2"}
	for i, newest := range []int{41, 40} {
		hg := &fakeHG{pushes: landed(span(1, 40)...), lands: map[string]fakePush{pages[i]: landed(41)[0]}}
		answered := make(chan struct{})
		inTurn := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RequestURI() == pages[i] {
				<-answered
			}
			hg.ServeHTTP(w, r)
			if r.URL.RequestURI() == pages[1-i] {
				close(answered)
			}
		})
		got, err := New(sourcetest.Client(inTurn), "http://hg.example", fakeOptions).pushesRange(t.Context(), ci.PushRange{Branch: "autoland", Depth: 20})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(down(newest, newest-19), ids(got)); d != "" {
			t.Errorf("where page %d comes last (-want +got):\n%s", i+1, d)
		}
	}
}

// Pushes of a branch that takes merges are large: a range that is more than comes at a time is asked for in halves.
func TestALargeRangeIsAskedForInHalves(t *testing.T) {
	hg := &fakeHG{pushes: landed(span(1, 40)...)}
	large := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, _ := strconv.Atoi(r.FormValue("startID"))
		to, _ := strconv.Atoi(r.FormValue("endID"))
		if to-from > 8 || from < 13 && to >= 13 && to < 20 {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "20000000")
			return
		}
		hg.ServeHTTP(w, r)
	})
	c := New(sourcetest.Client(large), "http://hg.example", fakeOptions)
	got, err := c.pushesRange(t.Context(), ci.PushRange{Branch: "autoland", UpTo: node(40, 0), Depth: 12})
	if d := cmp.Diff(down(40, 29), ids(got)); d != "" || err != nil {
		t.Errorf("%v, pushes (-want +got):\n%s", err, d)
	}
	if _, err := testRepo(c).between(t.Context(), 12, 14); !errors.Is(err, sources.ErrTooLarge) {
		t.Errorf("a single push that is too large: %v", err)
	}
}

func TestADesertOfNumbersIsCrossedInFewRoundTrips(t *testing.T) {
	hg := &fakeHG{pushes: landed(1, 2, 3, 900000)}
	got, err := hg.open(t).pushesRange(t.Context(), ci.PushRange{Branch: "autoland", UpTo: node(900000, 0), Depth: 4})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]int{900000, 3, 2, 1}, ids(got)); d != "" || len(hg.asked) > 12 {
		t.Errorf("after %d round trips:\n%s", len(hg.asked), d)
	}
}

func TestPushIsTranslated(t *testing.T) {
	hg := &fakeHG{pushes: append(landed(7), fakePush{id: 8, nodes: []string{node(8, 0)}, obsolete: true})}
	got, err := hg.open(t).pushesRange(t.Context(), ci.PushRange{Branch: "autoland", Depth: 2, Full: true})
	if err != nil {
		t.Fatal(err)
	}
	link := "http://hg.example/integration/autoland/"
	of := func(i int) ci.Changeset {
		return ci.Changeset{Revision: node(7, i), Author: "Dev <dev@example.org>", Desc: "Bug 1234567 - change\n\nmore", Bugs: []string{"1234567"},
			BacksOut: []string{}, Link: link + "rev/" + node(7, i)}
	}
	want := []ci.Push{
		{Branch: "autoland", ID: "8", Order: 8, Date: time.Unix(1420071321, 0).UTC(), Author: "dev@example.org", Changesets: []ci.Changeset{}, Empty: true,
			Link: link + "pushloghtml?startID=7&endID=8"},
		{Branch: "autoland", Revision: node(7, 1), ID: "7", Order: 7, Date: time.Unix(1420071320, 0).UTC(), Author: "dev@example.org",
			Changesets: []ci.Changeset{of(0), of(1)}, Link: link + "pushloghtml?changeset=" + node(7, 1)},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("pushes (-want +got):\n%s", d)
	}
}

func TestPushesFind(t *testing.T) {
	hg := &fakeHG{pushes: append(landed(5, 6, 7), fakePush{id: 8, nodes: []string{node(8, 0)}, obsolete: true})}
	// On try a later push holds what an earlier one brought: node(5, 1) is push 5's tip, node(6, 0) is nobody's.
	hg.pushes = append(hg.pushes, fakePush{id: 9, nodes: []string{node(5, 1), node(6, 0), node(9, 0)}})
	for _, tt := range []struct {
		rev  string
		want int
	}{
		{node(7, 1), 7}, {node(7, 0), 7}, {node(7, 0)[:39], 7}, {node(8, 0), 8}, {node(5, 1), 5}, {node(5, 1)[:40], 5}, {node(6, 0), 6}, {node(9, 0), 9},
	} {
		p, err := hg.open(t).pushesFind(t.Context(), ci.PushFind{Branch: "autoland", Revision: tt.rev})
		if err != nil || p.Order != tt.want {
			t.Errorf("%s: got push %d, %v; want %d", tt.rev, p.Order, err, tt.want)
		}
	}
}

func TestQuestionsThatAreRefusedBeforeTheyAreAsked(t *testing.T) {
	rev := node(1, 0)
	for _, tt := range []struct {
		name string
		ask  func(*Client) error
		want string
	}{
		{"a local revision number", find("autoland", "10"), `"10" is no revision: 12 to 40 hex digits are wanted`},
		{"tip", find("autoland", "tip"), `"tip" is no revision`},
		{"nothing", find("autoland", ""), `"" is no revision`},
		{"11 digits", find("autoland", rev[:11]), "is no revision"},
		{"41 digits", find("autoland", rev+"0"), "is no revision"},
		{"no hex", find("autoland", "g"+rev[:20]), "is no revision"},
		{"a revset", find("autoland", "last(all(), 3)"), "is no revision"},
		{"up to a number", ranged(ci.PushRange{Branch: "autoland", UpTo: "10", Depth: 2}), `"10" is no revision`},
		{"after a branch", ranged(ci.PushRange{Branch: "autoland", After: "default"}), `"default" is no revision`},
		{"after one, up to a branch", ranged(ci.PushRange{Branch: "autoland", After: rev, UpTo: "tip"}), `"tip" is no revision`},
		{"no lower bound", ranged(ci.PushRange{Branch: "autoland"}), "give either a depth"},
		{"both", ranged(ci.PushRange{Branch: "autoland", Depth: 2, After: rev}), "give either a depth"},
		{"a negative depth", ranged(ci.PushRange{Branch: "autoland", Depth: -1}), "give either a depth"},
		{"an unknown branch", find("autolnad", rev), `the branch "autolnad" has no repository here; there are autoland, nowhere`},
		{"an empty branch", find("", rev), `the branch "" has no repository here`},
		{"a way out", find("a/../../b", rev), "is no path of a repository"},
		{"a query", find("a/b?x=1", rev), "is no path of a repository"},
		{"backouts of a number", func(c *Client) error {
			_, err := c.Queries()[2].Call(context.Background(), map[string]any{"branch": "autoland", "revision": "10"})
			return err
		}, `"10" is no revision`},
		{"no tree", func(c *Client) error {
			_, err := c.Queries()[3].Call(context.Background(), map[string]any{"branch": ".."})
			return err
		}, "is no name of a tree"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hg := &fakeHG{pushes: landed(1, 2)}
			err := tt.ask(hg.open(t))
			if !errors.Is(err, sources.ErrRefused) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant refused, with %s", err, tt.want)
			}
			if len(hg.asked) > 0 {
				t.Errorf("the server was asked: %q", hg.asked)
			}
		})
	}
}

// A profile that names no branch takes paths, and says so.
func TestNoBranchIsNamed(t *testing.T) {
	c := (&fakeHG{}).open(t)
	c.opts.Repositories = nil
	err := find("autoland", strings.Repeat("a", 40))(c)
	if err == nil || !strings.Contains(err.Error(), `the branch "autoland" has no repository here; the profile names none (name its repository in the profile, or give`) {
		t.Error(err)
	}
}

func find(branch, revision string) func(*Client) error {
	return func(c *Client) error {
		_, err := c.pushesFind(context.Background(), ci.PushFind{Branch: branch, Revision: revision})
		return err
	}
}

func ranged(q ci.PushRange) func(*Client) error {
	return func(c *Client) error {
		_, err := c.pushesRange(context.Background(), q)
		return err
	}
}

func TestWhatIsNotThere(t *testing.T) {
	hg := &fakeHG{pushes: landed(1, 2)}
	c := hg.open(t)
	unknown := strings.Repeat("f", 40)
	for name, err := range map[string]error{
		"find":     second(c.pushesFind(t.Context(), ci.PushFind{Branch: "autoland", Revision: unknown})),
		"up to":    second(c.pushesRange(t.Context(), ci.PushRange{Branch: "autoland", UpTo: unknown, Depth: 3})),
		"after":    second(c.pushesRange(t.Context(), ci.PushRange{Branch: "autoland", After: unknown})),
		"backouts": second(c.pushesBackouts(t.Context(), ci.BackoutsOf{Branch: "autoland", Revision: unknown})),
	} {
		if !errors.Is(err, sources.ErrNotFound) || !strings.Contains(err.Error(), "unknown revision '"+unknown) || !strings.Contains(err.Error(), "on another branch") {
			t.Errorf("%s: got %v, want not found, in the server's words, and what to do", name, err)
		}
	}
	_, err := c.pushesFind(t.Context(), ci.PushFind{Branch: "nowhere", Revision: unknown})
	if !errors.Is(err, sources.ErrNotFound) || !strings.Contains(err.Error(), "no repository at this path") {
		t.Errorf("a repository that is not there: %v", err)
	}
	if _, err := c.pushesFind(t.Context(), ci.PushFind{Branch: "integration/autoland", Revision: node(1, 0)}); err != nil {
		t.Errorf("a branch with a slash is a path: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

// A server that does not listen is found out: the pushes that come are not those that were asked for.
func TestPushesThatWereNotAskedFor(t *testing.T) {
	other := &fakeHG{pushes: landed(span(1, 30)...)}
	page := func(params string) string {
		return fmt.Sprintf(`{"lastpushid": 30, "pushes": {%q: {"user": "u", "date": 1, "changesets": [%q]}}}`, params, node(30, 0))
	}
	for _, tt := range []struct {
		name, body string
		ask        func(*Client) error
	}{
		{"another changeset", page("30"), find("autoland", node(2, 0))},
		{"a range below", page("3"), func(c *Client) error { return second(testRepo(c).between(context.Background(), 10, 20)) }},
		{"its exclusive bound", page("10"), func(c *Client) error { return second(testRepo(c).between(context.Background(), 10, 20)) }},
		{"a range above", page("21"), func(c *Client) error { return second(testRepo(c).between(context.Background(), 10, 20)) }},
		{"a range of changesets, and newer ones", `{"lastpushid": 30, "pushes": {"2": {"user": "u", "date": 1, "changesets": ["` + node(2, 0) + `"]}, "3": {"user": "u", "date": 1, "changesets": ["` + node(3, 0) + `"]}}}`,
			ranged(ci.PushRange{Branch: "autoland", After: node(1, 0), UpTo: node(2, 0)})},
		{"the push after which it begins", `{"lastpushid": 30, "pushes": {"1": {"user": "u", "date": 1, "changesets": ["` + node(1, 0) + `"]}, "2": {"user": "u", "date": 1, "changesets": ["` + node(2, 0) + `"]}}}`,
			ranged(ci.PushRange{Branch: "autoland", After: node(1, 0)})},
		{"a range of changesets", page("30"), ranged(ci.PushRange{Branch: "autoland", After: node(1, 0), UpTo: node(2, 0)})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.ask(answering(tt.body))
			if !errors.Is(err, sources.ErrChangedFormat) || !strings.Contains(err.Error(), "came, and it is none") {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := testRepo(other.open(t)).between(t.Context(), 10, 20); err != nil {
		t.Errorf("a server that listens: %v", err)
	}
}

func TestFullIsChecked(t *testing.T) {
	body := `{"lastpushid": 2, "pushes": {"2": {"user": "u", "date": 1, "changesets": [` + strconv.Quote(node(2, 0)) + `]}}}`
	_, err := answering(body).pushesFind(t.Context(), ci.PushFind{Branch: "autoland", Revision: node(2, 0), Full: true})
	if !errors.Is(err, sources.ErrChangedFormat) || !strings.Contains(err.Error(), "$.pushes.2.changesets[0]") {
		t.Errorf("a hash where an object is wanted: %v", err)
	}
}
