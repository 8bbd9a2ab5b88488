package treeherder

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

func withCookie(r *http.Request) error {
	r.Header.Set("Cookie", "sessionid=s3cret")
	return nil
}

// units splits what a step asks for, through the effect's own door and through JSON, as the engine does.
func units(t *testing.T, e sources.Effect, in ci.Classify) ([]sources.Unit, error) {
	t.Helper()
	got, err := e.Units(t.Context(), e.In.Fact(in))
	for i := range got {
		any := schemas.Of(schemas.Any)
		data, merr := any.Marshal(got[i].In)
		if merr != nil {
			t.Fatal(merr)
		}
		if got[i].In, merr = any.Unmarshal(data); merr != nil {
			t.Fatal(merr)
		}
	}
	return got, err
}

func TestClassify(t *testing.T) {
	f := someTree()
	c := f.client(Options{Authorize: withCookie})
	e := c.Effects()[0]
	list, err := units(t, e, ci.Classify{Branch: "autoland", Jobs: []string{"400", "202"}, Classification: ci.ClassIntermittent, Text: "Bug 1700000"})
	if err != nil {
		t.Fatal(err)
	}
	var what []string
	for _, u := range list {
		what = append(what, u.Key.Revision+" "+u.Key.Job+u.Refusal)
	}
	if d := cmp.Diff([]string{hashOf(40000) + " job 400 as intermittent: Bug 1700000", hashOf(20000) + " job 202 as intermittent: Bug 1700000"}, what); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	since := time.Date(2025, 3, 1, 11, 59, 59, 0, time.UTC) // the fake's notes are made at noon
	if got, err := e.Find(t.Context(), list[0], 1, since); err != nil || got.Presence != sources.Absent {
		t.Errorf("before: %+v, %v", got, err)
	}
	if got, err := e.Do(t.Context(), list[0], 1); err != nil || !strings.Contains(got.Link, "selectedTaskRun=0000000000000000000400.0") {
		t.Fatalf("done: %+v, %v", got, err)
	}
	if d := cmp.Diff([]note{{1, 400, 4, "2025-03-01T12:00:00.25", "me", "Bug 1700000"}}, f.notes); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if got, err := e.Find(t.Context(), list[0], 1, since); err != nil || got.Presence != sources.Found || got.Receipt.Request != "1" {
		t.Errorf("after: %+v, %v", got, err)
	}
	for name, other := range map[string]ci.Classify{
		"another text": {Branch: "autoland", Jobs: []string{"400"}, Classification: ci.ClassIntermittent, Text: "Bug 1700001"},
		"another word": {Branch: "autoland", Jobs: []string{"400"}, Classification: ci.Infra, Text: "Bug 1700000"},
	} {
		list, err := units(t, e, other)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := e.Find(t.Context(), list[0], 1, since); err != nil || got.Presence != sources.Absent {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if got, err := e.Find(t.Context(), list[1], 1, since); err != nil || got.Presence != sources.Absent {
		t.Errorf("the other job: %+v, %v", got, err)
	}
	if got, err := e.Find(t.Context(), list[0], 1, since.Add(time.Hour)); err != nil || got.Presence != sources.Absent {
		t.Errorf("since an hour later: %+v, %v", got, err)
	}
}

// Only what Treeherder answers to a note says that there is one: another page's JSON, after a redirect perhaps, does not.
func TestANoteIsStoredWhereTreeherderSaysSo(t *testing.T) {
	f := someTree()
	e := f.client(Options{Authorize: withCookie}).Effects()[0]
	list, err := units(t, e, ci.Classify{Branch: "autoland", Jobs: []string{"400"}, Classification: ci.Infra})
	if err != nil {
		t.Fatal(err)
	}
	f.spoils = func(path string, _ url.Values, a any) any {
		if strings.HasSuffix(path, "/note/") {
			return map[string]any{"status": "ok"}
		}
		return a
	}
	if _, err := e.Do(t.Context(), list[0], 1); !errors.Is(err, sources.ErrChangedFormat) || !strings.Contains(err.Error(), "$.message") {
		t.Errorf("got %v", err)
	}
}

func TestClassifyIsBelievedAbsentOnlyAfterItsTime(t *testing.T) {
	if terms := someTree().client(Options{}).Effects()[0].Terms(); terms.Conclusive && terms.Settling < 2*terms.Deadline {
		t.Errorf("%+v", terms)
	}
}

func TestClassifyRefusals(t *testing.T) {
	c := someTree().client(Options{})
	list, err := units(t, c.Effects()[0], ci.Classify{Branch: "autoland", Jobs: []string{"400"}, Classification: ci.Infra})
	if err != nil || len(list) != 1 || !strings.Contains(list[0].Refusal, "no credentials") || !list[0].Denied {
		t.Errorf("without credentials: %+v, %v", list, err)
	}
	if _, err := c.Effects()[0].Do(t.Context(), list[0], 1); !errors.Is(err, sources.ErrUnauthorised) {
		t.Errorf("without credentials it is done: %v", err)
	}
	for _, r := range []struct {
		in   ci.Classify
		want error
	}{
		{ci.Classify{Branch: "autoland", Jobs: []string{"400"}, Classification: ci.OtherClassification}, sources.ErrRefused},
		{ci.Classify{Branch: "autoland", Jobs: []string{"9"}, Classification: ci.Infra}, sources.ErrNotFound},
		{ci.Classify{Branch: "autoland", Jobs: []string{"x"}, Classification: ci.Infra}, sources.ErrRefused},
	} {
		if _, err := units(t, c.Effects()[0], r.in); !errors.Is(err, r.want) {
			t.Errorf("%+v gives %v", r.in, err)
		}
	}
	if list, err := units(t, c.Effects()[0], ci.Classify{Branch: "autoland", Jobs: []string{}, Classification: ci.Infra}); err != nil || len(list) != 0 {
		t.Errorf("no jobs give %v, %v", list, err)
	}
}

// Every word of the vocabulary but one has its number, and gets back from it.
func TestClassificationsGoThereAndBack(t *testing.T) {
	c := someTree().client(Options{})
	for _, word := range ci.Classification("").Values() {
		n, err := c.number(t.Context(), ci.Classification(word), "")
		if word == string(ci.OtherClassification) {
			if !errors.Is(err, sources.ErrRefused) {
				t.Errorf("%s can be written as %d", word, n)
			}
			continue
		}
		if err != nil || classifications[n] != ci.Classification(word) {
			t.Errorf("%s is written as %d, %v", word, n, err)
		}
	}
}

func TestCredentialsAreNotShown(t *testing.T) {
	f := someTree()
	c := f.client(Options{Authorize: withCookie})
	list, err := units(t, c.Effects()[0], ci.Classify{Branch: "autoland", Jobs: []string{"400"}, Classification: ci.Infra})
	if err != nil {
		t.Fatal(err)
	}
	c.opts.Authorize = func(*http.Request) error { return errors.New("the cookie s3cret is stale") }
	_, err = c.Effects()[0].Do(t.Context(), list[0], 1)
	if !errors.Is(err, sources.ErrUnauthorised) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
	c.opts.Authorize = withCookie
	c.reader.Client = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("Cookie") != "sessionid=s3cret" {
			t.Error("the request carries no credentials")
		}
		return nil, errors.New("connection reset with " + r.Header.Get("Content-Type"))
	})}
	_, err = c.Effects()[0].Do(t.Context(), list[0], 1)
	if !errors.Is(err, sources.ErrUnavailable) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}
