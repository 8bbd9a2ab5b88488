package hgmo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

// recorded is a client of what real servers answered.
func recorded(t *testing.T, list ...sourcetest.Recording) *Client {
	t.Helper()
	return New(&http.Client{Transport: sources.Unpack(sourcetest.Replay(t, list...), 0)}, "http://127.0.0.1:18080", Mozilla())
}

// lastTen is the newest page of autoland: 201 has been emptied.
var lastTen = []int{202, 200, 199, 198, 197, 196, 195, 194, 193}

// read are the recordings of json-pushes and json-automationrelevance. Each was asked with parameters of its own, most of
// which the adapter never sends; what comes is read all the same.
var read = []struct {
	file string
	ids  []int
	kind error
	says string
}{
	{"01-v1-default.http", nil, sources.ErrChangedFormat, "$.pushes: an object is wanted"},
	{"02-v2-default.http", lastTen, nil, ""},
	{"03-v2-full1.http", lastTen, nil, ""},
	{"04-v2-full0-still-full.http", []int{199}, nil, ""},
	{"05-v2-ids.http", []int{105, 104, 103, 102, 101, 99, 98, 97, 96}, nil, ""},
	{"06-v2-ids-full.http", []int{105, 104, 103, 102, 101, 99, 98, 97, 96}, nil, ""},
	{"07-startID-only.http", []int{202, 200, 199, 198}, nil, ""},
	{"08-endID-only-ignored.http", lastTen, nil, ""},
	{"09-startID0-endID3.http", []int{3, 2, 1}, nil, ""},
	{"10-startID-gt-endID.http", []int{}, nil, ""},
	{"11-startID-beyond.http", []int{}, nil, ""},
	{"13-startID-notint.http", nil, sources.ErrUnavailable, "Internal Server Error"},
	{"14-changeset.http", []int{20}, nil, ""},
	{"15-changeset-short12.http", []int{20}, nil, ""},
	{"17-changeset-unknown40.http", nil, sources.ErrNotFound, "unknown revision 'ffffffffff"},
	{"18-changeset-unknown40b.http", nil, sources.ErrNotFound, "unknown revision '1111111111"},
	{"19-changeset-bad.http", nil, sources.ErrNotFound, "unknown revision 'doesnotexist'"},
	{"20-changeset-empty.http", nil, sources.ErrNotFound, "revision not found: "},
	{"21-changeset-tip.http", []int{202}, nil, ""},
	{"25-changeset-full-tipsonly.http", []int{20}, nil, ""},
	{"26-from-to.http", []int{24, 23, 22, 21, 20, 19, 18, 17}, nil, ""},
	{"27-from-to-full.http", []int{24, 23, 22, 21, 20, 19, 18, 17}, nil, ""},
	{"28-fromchange-unknown.http", nil, sources.ErrNotFound, "unknown revision '1111111111"},
	{"29-tochange-only-ignored.http", lastTen, nil, ""},
	{"31-version3.http", nil, sources.ErrRefused, "does not know this version"},
	{"32-versionx.http", nil, sources.ErrRefused, "does not know this version"},
	{"33-startdate.http", []int{99, 98, 97, 96}, nil, ""},
	{"34-startdate-garbage.http", []int{}, nil, ""},
	{"35-startdate-T-iso.http", []int{}, nil, ""},
	{"36-user.http", []int{55, 46, 37, 28, 19, 10, 1}, nil, ""},
	{"37-user-unknown.http", []int{}, nil, ""},
	{"40-tipsonly.http", []int{200, 199, 198, 197, 196}, nil, ""},
	{"42-branch-unknown.http", nil, sources.ErrNotFound, "unknown revision 'nosuch'"},
	{"45-nosuch-repo.http", nil, sources.ErrNotFound, "no repository at this path"},
	{"47-try.http", []int{13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, nil, ""},
	{"48-try-full.http", []int{13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2}, nil, ""},
	{"49-central-all.http", []int{5, 4, 3, 2, 1}, nil, ""},
	{"54-automationrelevance.http", []int{20}, nil, ""},
	{"55-automationrelevance-unknown.http", nil, sources.ErrNotFound, "unknown revision '1111111111"},
	{"61-gzip.http", []int{2}, nil, ""},
}

// unread are the recordings of endpoints that the adapter does not read, with the reason.
var unread = map[string]string{
	"50-json-rev.http":         "json-rev is about one changeset and its diff; the pushlog has what is needed of it",
	"51-json-rev-git.http":     "json-rev, as above, with a git commit",
	"52-json-rev-unknown.http": "json-rev, as above, of nothing",
	"58-json-info.http":        "json-info knows no push",
	"63-json-log.http":         "json-log goes by changesets, not by pushes",
	"68-raw-file.http":         "raw-file is a file of the repository",
}

func TestEveryRecordingIsConsidered(t *testing.T) {
	for _, r := range sourcetest.Recordings(t, "pushlog") {
		n := 0
		for _, x := range read {
			if x.file == r.File {
				n++
			}
		}
		if unread[r.File] != "" {
			n++
		}
		if n != 1 {
			t.Errorf("%s stands %d times in the tables, want once", r.File, n)
		}
	}
}

func TestRecordings(t *testing.T) {
	list := sourcetest.Recordings(t, "pushlog")
	for _, tt := range read {
		t.Run(tt.file, func(t *testing.T) {
			rec := sourcetest.Recorded(t, list, tt.file)
			got, err := readRecording(t.Context(), recorded(t, rec), rec)
			if !errors.Is(err, tt.kind) || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("got the error %v\nwant %v, with %s", err, tt.kind, tt.says)
			}
			if d := cmp.Diff(tt.ids, got); d != "" {
				t.Errorf("pushes (-want +got):\n%s", d)
			}
		})
	}
}

// readRecording sends the request of a recording and reads its answer as the adapter's own requests are read.
func readRecording(ctx context.Context, c *Client, rec sourcetest.Recording) ([]int, error) {
	before, rev, isRelevance := strings.Cut(rec.URL.Path, "/json-automationrelevance/")
	if isRelevance {
		a, err := sources.Fetch[relevance](ctx, c.reader, jsonRelevance, c.base+rec.URL.RequestURI(), "a recording of "+before)
		if err != nil {
			return nil, err
		}
		if e := a.check(rev); e != nil {
			return nil, e
		}
		return []int{a.Changesets[0].PushID}, nil
	}
	out := []int{}
	err := c.reader.Get(ctx, jsonPushes, c.base+rec.URL.RequestURI(), "a recording", readIDs(&out))
	if err != nil {
		return nil, err
	}
	return out, nil
}

// The same answers to the adapter's own questions, value by value.
func TestQuestionsToRecordings(t *testing.T) {
	const at20 = "a72cef551e42a822969d0a00f163b6d99942624b"
	c := recorded(t, sourcetest.Recordings(t, "pushlog")...)
	p, err := c.pushesFind(t.Context(), ci.PushFind{Branch: "autoland", Revision: at20[:12]})
	if err != nil {
		t.Fatal(err)
	}
	link := "http://127.0.0.1:18080/integration/autoland/"
	want := ci.Push{Branch: "autoland", Revision: at20, ID: "20", Order: 20, Date: unix(1420088478), Author: "lando@example.org", Link: link + "pushloghtml?changeset=" + at20,
		Changesets: []ci.Changeset{{Revision: at20, Bugs: []string{}, BacksOut: []string{}, Link: link + "rev/" + at20}}}
	if d := cmp.Diff(want, p); d != "" {
		t.Errorf("the push (-want +got):\n%s", d)
	}

	list, err := c.pushesRange(t.Context(), ci.PushRange{Branch: "autoland", After: "010bbdf24f89cdce6cdeeb8df6dca4f9642241d6", UpTo: "6807e401278bcb8bf6e370dde02f212107178064", Full: true})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]int{24, 23, 22, 21, 20, 19, 18, 17}, ids(list)); d != "" {
		t.Errorf("pushes (-want +got):\n%s", d)
	}
	if cs := list[4].Changesets[0]; cs.Desc != "Bug 1100050 - Part 1: change something. r=reviewer0,reviewer0" || cs.Author != "Dev 2 <dev2@example.org>" ||
		!slices.Equal(cs.Bugs, []string{"1100050"}) || len(list[7].Changesets) != 4 || list[7].Revision != list[7].Changesets[3].Revision {
		t.Errorf("changesets: %+v", list[4])
	}

	if list, err = c.pushesRange(t.Context(), ci.PushRange{Branch: "autoland", Depth: 9}); err != nil || !slices.Equal(ids(list), lastTen) {
		t.Errorf("the newest nine: %v, %v", ids(list), err)
	}
	if _, err = c.pushesFind(t.Context(), ci.PushFind{Branch: "autoland", Revision: strings.Repeat("1", 40)}); !errors.Is(err, sources.ErrNotFound) {
		t.Errorf("an unknown revision: %v", err)
	}
}

func TestRecordedRangesAreHeldAgainstTheQuestion(t *testing.T) {
	list := sourcetest.Recordings(t, "pushlog")
	for _, tt := range []struct {
		file     string
		from, to int
		want     []int
		kind     error
	}{
		{"05-v2-ids.http", 95, 105, []int{105, 104, 103, 102, 101, 99, 98, 97, 96}, nil}, // 100 is empty
		{"09-startID0-endID3.http", 0, 3, []int{3, 2, 1}, nil},
		{"11-startID-beyond.http", 9999, 10099, []int{}, nil},
		{"08-endID-only-ignored.http", 0, 5, nil, sources.ErrChangedFormat}, // a server that ignores the bounds
	} {
		rec := sourcetest.Recorded(t, list, tt.file)
		got, err := testRepo(answering(string(rec.Body))).between(t.Context(), tt.from, tt.to)
		if !errors.Is(err, tt.kind) || err == nil && !slices.Equal(numbers(got), tt.want) {
			t.Errorf("%s: %v, %v", tt.file, numbers(got), err)
		}
	}
}

func TestObsoletePushesOfTry(t *testing.T) {
	rec := sourcetest.Recorded(t, sourcetest.Recordings(t, "pushlog"), "48-try-full.http")
	r := repo{answering(string(rec.Body)), "try", "try", true, "a test"}
	list, err := r.between(t.Context(), 1, 20)
	if err != nil {
		t.Fatal(err)
	}
	var empty []int
	for _, l := range list {
		if r.push(l).Empty {
			empty = append(empty, l.id)
		}
	}
	if d := cmp.Diff([]int{11, 7, 3}, empty); d != "" {
		t.Errorf("empty pushes (-want +got):\n%s", d)
	}
	if l := list[2]; !l.holds("72cdc43c5ea5") || r.push(l).Link != "http://hg.example/try/pushloghtml?startID=10&endID=11" {
		t.Errorf("push 11 does not know what it held: %+v", r.push(l))
	}
}

func TestRecordingsFitTheSchemas(t *testing.T) {
	for _, rec := range sourcetest.Recordings(t, "pushlog") {
		name := ""
		switch {
		case strings.Contains(rec.URL.Path, "/json-automationrelevance/"):
			name = jsonRelevance.Schema
		case strings.HasSuffix(rec.URL.Path, "/json-pushes"):
			name = jsonPushes.Schema
		}
		if name == "" || rec.Status != 200 {
			continue
		}
		var v any
		if err := json.Unmarshal(rec.Body, &v); err != nil {
			t.Fatal(err)
		}
		found, err := schemas.Validate(name, v)
		if err != nil {
			t.Fatal(err)
		}
		if fits := len(found) == 0; fits == (rec.File == "01-v1-default.http") {
			t.Errorf("%s: %v", rec.File, found)
		}
	}
}

// Real samples that are not part of the project.
func TestSharedSamples(t *testing.T) {
	dir := shared(t, "pushlog")
	for _, tt := range []struct {
		file string
		ids  []int
		kind error
		says string
	}{
		{"unknown-revision_v1-string.json", nil, sources.ErrNotFound, "unknown revision '123456123456s'"},
		{"unknown-revision_v2-object.json", nil, sources.ErrNotFound, "unknown revision '123456123456s'"},
		{"v1-full_2015-06.json", nil, sources.ErrChangedFormat, "version 2 of the format"},
		{"v1-one_2015-08.json", nil, sources.ErrChangedFormat, "version 2 of the format"},
		{"v2-full-try_2019.json", []int{136598}, nil, ""},
		{"v2-range_2015.json", []int{53350, 53349, 53348}, nil, ""},
	} {
		body, err := os.ReadFile(filepath.Join(dir, tt.file))
		if err != nil {
			t.Fatal(err)
		}
		list, _, err := testRepo(answering(string(body))).ask(t.Context(), map[string][]string{})
		if !errors.Is(err, tt.kind) || err != nil && !strings.Contains(err.Error(), tt.says) || !slices.Equal(numbers(list), tt.ids) {
			t.Errorf("%s: got %v, %v; want %v, %v", tt.file, numbers(list), err, tt.ids, tt.kind)
		}
	}
}

// The answers that the pushlog's own tests expect: those in version 2 and the errors are read, the others are version 1.
func TestSharedServerTests(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(shared(t, "pushlog"), "server-tests_feed.requests.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Request string          `json:"request"`
		Status  int             `json:"status"`
		Body    json.RawMessage `json:"body"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, x := range list {
		if x.Status != 200 {
			continue
		}
		got, _, err := testRepo(answering(string(x.Body))).ask(t.Context(), map[string][]string{})
		var v2 struct {
			Pushes map[string]json.RawMessage `json:"pushes"`
		}
		if json.Unmarshal(x.Body, &v2) != nil || v2.Pushes == nil {
			if !errors.Is(err, sources.ErrChangedFormat) {
				t.Errorf("%s: version 1 gives %v", x.Request, err)
			}
			continue
		}
		read++
		if err != nil || len(got) != len(v2.Pushes) {
			t.Errorf("%s: %d pushes of %d, %v", x.Request, len(got), len(v2.Pushes), err)
		}
		for _, l := range got {
			if v2.Pushes[strconv.Itoa(l.id)] == nil || l.tip() == "" {
				t.Errorf("%s: push %d", x.Request, l.id)
			}
		}
	}
	if read == 0 {
		t.Error("no answer of version 2 is among them")
	}
}
