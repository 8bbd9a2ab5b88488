package hgmo

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

// answering returns a client whose every request gets this body.
func answering(body string) *Client {
	return New(sourcetest.Client(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(body))
	})), "http://hg.example", fakeOptions)
}

// testRepo is autoland, asked by a test.
func testRepo(c *Client) repo { return repo{c, "autoland", "integration/autoland", false, "a test"} }

func TestDecodePushesErrors(t *testing.T) {
	n := node(1, 0)
	push := func(s string) string { return `{"lastpushid": 3, "pushes": {"2": {` + s + `}}}` }
	for _, tt := range []struct {
		name, body string
		kind       error
		want       string
	}{
		{"version 1", `{"2": {"user": "u", "date": 1, "changesets": []}}`, sources.ErrChangedFormat, "$.pushes: an object is wanted"},
		{"no lastpushid", `{"pushes": {}}`, sources.ErrChangedFormat, "$.lastpushid"},
		{"lastpushid is null", `{"pushes": {}, "lastpushid": null}`, sources.ErrChangedFormat, "$.lastpushid"},
		{"pushes, and no number", `{"lastpushid": 0, "pushes": {"1": {"user": "u", "date": 1, "changesets": []}}}`, sources.ErrChangedFormat, "$.lastpushid"},
		{"an endless number", `{"lastpushid": 4611686018427387904, "pushes": {}}`, sources.ErrChangedFormat, "$.lastpushid"},
		{"pushes are null", `{"lastpushid": 1, "pushes": null}`, sources.ErrChangedFormat, "$.pushes"},
		{"pushes are a list", `{"lastpushid": 1, "pushes": []}`, sources.ErrChangedFormat, "$.pushes"},
		{"a push called by a word", `{"lastpushid": 3, "pushes": {"x": {}}}`, sources.ErrChangedFormat, "$.pushes.x"},
		{"a push called 02", `{"lastpushid": 3, "pushes": {"02": {}}}`, sources.ErrChangedFormat, "$.pushes.02"},
		{"a push is null", `{"lastpushid": 3, "pushes": {"2": null}}`, sources.ErrChangedFormat, "$.pushes.2.user"},
		{"no user", push(`"date": 1, "changesets": []`), sources.ErrChangedFormat, "$.pushes.2.user: it is missing"},
		{"no date", push(`"user": "u", "changesets": []`), sources.ErrChangedFormat, "$.pushes.2.date"},
		{"a date with a fraction", push(`"user": "u", "date": 1.5, "changesets": []`), sources.ErrChangedFormat, "date"},
		{"a date as text", push(`"user": "u", "date": "2015-01-01", "changesets": []`), sources.ErrChangedFormat, "date"},
		{"a date in microseconds", push(`"user": "u", "date": 1420071313000000, "changesets": []`), sources.ErrChangedFormat, "date"},
		{"no changesets", push(`"user": "u", "date": 1`), sources.ErrChangedFormat, "$.pushes.2.changesets"},
		{"a short hash", push(`"user": "u", "date": 1, "changesets": ["` + n[:12] + `"]`), sources.ErrChangedFormat, "$.pushes.2.changesets[0]: 40 hex digits"},
		{"a null hash", push(`"user": "u", "date": 1, "changesets": [null]`), sources.ErrChangedFormat, "$.pushes.*.changesets[]"},
		{"an object without node", push(`"user": "u", "date": 1, "changesets": [{"author": "a", "desc": "d"}]`), sources.ErrChangedFormat, "$.pushes.*.changesets[]"},
		{"an object without a message", push(`"user": "u", "date": 1, "changesets": [{"author": "a", "node": "` + n + `"}]`), sources.ErrChangedFormat, "changesets"},
		{"an obsolete short hash", push(`"user": "u", "date": 1, "changesets": [], "obsoletechangesets": ["x"]`), sources.ErrChangedFormat, "changesets"},
		{"old words with a 200", `"unknown revision '123456123456'"`, sources.ErrNotFound, "unknown revision '123456123456'"},
		{"new words with a 200", `{"error": "unknown revision '123456123456'"}`, sources.ErrNotFound, "unknown revision"},
		{"ambiguous", `{"error": "revision not found: 123456123456"}`, sources.ErrNotFound, "revision not found"},
		{"other words", `{"error": "no"}`, sources.ErrRefused, "the server says: no"},
		{"two values", `{"lastpushid": 0, "pushes": {}} {}`, sources.ErrChangedFormat, "something follows"},
		{"half", `{"lastpushid": 0, "pus`, sources.ErrUnavailable, "no JSON"},
		{"nothing", ``, sources.ErrUnavailable, "no JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := testRepo(answering(tt.body)).ask(t.Context(), map[string][]string{})
			if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %v, with %s", err, tt.kind, tt.want)
			}
		})
	}
}

func FuzzDecodePushes(f *testing.F) {
	for _, r := range sourcetest.Recordings(f, "pushlog") {
		if len(r.Body) < 4000 {
			f.Add(r.Body)
		}
	}
	f.Add([]byte(`"unknown revision"`))
	f.Add([]byte(`{"lastpushid":1,"pushes":{"1":{"user":"u","date":1,"changesets":[{"node":null}]}}}`))
	r := testRepo(answering(""))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, last, err := decodePushes(strings.NewReader(string(data)))
		if err != nil {
			if list != nil || last != 0 {
				t.Fatalf("pushes came beside the error %v", err)
			}
			return
		}
		for i, l := range list {
			if l.id < 1 || i > 0 && list[i-1].id <= l.id {
				t.Fatalf("push %d stands behind %d", l.id, list[max(0, i-1)].id)
			}
			p := r.push(l)
			if p.Empty != (p.Revision == "") || !p.Empty && !wholeRevision.MatchString(p.Revision) {
				t.Fatalf("push %d: %+v", l.id, p)
			}
		}
	})
}

// shared finds a folder of samples that are not part of the project, beside one of the ancestors of this package.
func shared(t *testing.T, folder string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "shared", "recordings", "README.md")); err == nil {
			return filepath.Join(dir, "shared", "data", folder)
		}
	}
	t.Skip("SKIPPED: the folder shared/ with samples of real answers is not beside the project: nothing was tested here")
	return ""
}
