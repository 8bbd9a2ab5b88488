package treeherder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

const (
	tip98 = "eff6ab455e595e78b09618368442ba4fbad4a9c0"
	mid98 = "d7aafe1d2bfd873f5b8ae1966ed79871d43687a9"
	tip61 = "82b34c551e9c90b9639ae7493c605604e8ac6338"
)

// always answers every request with one recording.
func always(r sourcetest.Recording) *Client {
	h := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		for k, vs := range r.Header {
			if k != "Transfer-Encoding" && k != "Connection" && k != "Content-Length" {
				w.Header()[k] = vs
			}
		}
		w.WriteHeader(r.Status)
		w.Write(r.Body)
	})
	return New(sourcetest.Client(h), "https://th.example/api", Options{})
}

func anything(kind) string { return "" }

func said(v any, err error) string {
	if err != nil {
		return errorOf(err)
	}
	return fmt.Sprint(v)
}

// errorOf writes what a caller can tell an error by, and what it says.
func errorOf(err error) string {
	var own *sources.Error
	if !errors.As(err, &own) {
		return "unnamed: " + err.Error()
	}
	s := own.Kind.Error()
	if own.Path != "" {
		s += " at " + own.Path
	}
	if own.Status != 0 {
		s += fmt.Sprintf(" (%d)", own.Status)
	}
	if own.Err != nil {
		s += ": " + own.Err.Error()
	}
	return s
}

func brief(p push) string {
	return fmt.Sprintf("%d %.6s ×%d of %d", p.ID, p.Revision, len(p.Revisions), p.Count)
}

func briefList(list []push, err error) string {
	if err != nil {
		return errorOf(err)
	}
	if len(list) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d: %s … %s", len(list), brief(list[0]), brief(list[len(list)-1]))
}

func briefRow(r row) string {
	return fmt.Sprintf("%d on %d %s %s %s %s/%d %d-%d-%d %s", r.ID, r.PushID, r.symbol(), r.State, r.Result, r.task(), r.run(),
		r.Submitted, r.Started, r.Ended, r.Machine)
}

func pushesOf(c *Client) string {
	var out pushList
	err := c.get(context.Background(), pushes, c.address("autoland", "/push/", nil), "", func(dec *json.Decoder) (err error) {
		out, err = decodePushes(dec)
		return err
	})
	return briefList(out.Results, err)
}

func projectJobsOf(c *Client) string {
	var out jobList
	err := c.get(context.Background(), projectJobs, c.address("autoland", "/jobs/", nil), "", func(dec *json.Decoder) (err error) {
		out, err = decodeJobs(dec)
		return err
	})
	if err != nil || len(out.Results) == 0 {
		return said("none", err)
	}
	return fmt.Sprintf("%d of %d from %d: %s … %s", len(out.Results), out.Meta.Count, out.Meta.Offset, briefRow(out.Results[0]), briefRow(out.Results[len(out.Results)-1]))
}

func pagesOf(c *Client) string {
	got, err := c.pages(context.Background(), filter{project: "autoland", belongs: anything})
	if err != nil || len(got) == 0 {
		return said("none", err)
	}
	return fmt.Sprintf("%d: %s %s tier %d … %s", len(got), got[0].symbol(), got[0].Type, got[0].Tier, got[len(got)-1].Type)
}

func findOf(rev string) func(*Client) string {
	return func(c *Client) string {
		p, err := c.pushesFind(context.Background(), ci.PushFind{Branch: "autoland", Revision: rev})
		return said(fmt.Sprintf("%s %.6s order %d, %d changesets from %q", p.ID, p.Revision, p.Order, len(p.Changesets), p.Author), err)
	}
}

// recorded says of each recording what the adapter makes of it.
var recorded = map[string]struct {
	ask  func(c *Client) string
	want string
}{
	"01-go-ua-403.http":                   {pushesOf, "unauthorised (403): a page in HTML came"},
	"01b-go-ua2-403.http":                 {pushesOf, "unauthorised (403): a page in HTML came"},
	"02-push-default.http":                {pushesOf, "10: 100 847a4e ×1 of 1 … 91 ccd939 ×2 of 2"},
	"04-push-count1001.http":              {pushesOf, "refused (400): Specified count exceeds api limit: 1000"},
	"05-push-countx.http":                 {pushesOf, "refused (400): Valid count value required"},
	"07-push-revision-nontip-empty.http":  {findOf(mid98), "not found: no push of autoland holds " + mid98},
	"08-push-commit_revision-nontip.http": {findOf(mid98), `98 eff6ab order 98, 3 changesets from "sheriff@example.org"`},
	"10-push-revision-unknown.http":       {findOf(strings.Repeat("1", 40)), "not found: no push of autoland holds " + strings.Repeat("1", 40)},
	"11-push-fromchange-unknown-500.http": {pushesOf, "unavailable (500): a page in HTML came"},
	"13-push-noproject.http":              {pushesOf, "not found (404): No project with name nosuch"},
	"14-push-detail.http":                 {detailOf(98), "98 eff6ab ×3 of 3"},
	"16-push-detail-wrongproject.http":    {detailOf(98), "not found (404): No push with id: 98"},
	"17-push-noslash.http":                {pushesOf, `unavailable (200): JSON is wanted, and "text/html; charset=utf-8" came`},
	"19-push-idin.http":                   {pushesOf, "3: 3 53641c ×2 of 2 … 1 097dd4 ×4 of 4"},
	"20-push-idin-bad.http":               {pushesOf, "refused (400): Invalid id__in specification"},
	"22-push-startdate.http":              {pushesOf, "91: 91 ccd939 ×2 of 2 … 1 097dd4 ×4 of 4"},
	"23-push-startdate-bad.http":          {pushesOf, "unavailable (500): a page in HTML came"},
	"25-jobs-default.http":                {pagesOf, "87: D Gecko Decision Task tier 1 … test-android-em-7-0-x86_64-qr/debug-web-platform-tests-3"},
	"26-jobs-count2000.http":              {pagesOf, "87: D Gecko Decision Task tier 1 … test-android-em-7-0-x86_64-qr/debug-web-platform-tests-3"},
	"28-jobs-page-beyond.http":            {pagesOf, "not found (404): Invalid page."},
	"31-jobs-result-filter.http":          {pagesOf, "2: M(bc3) test-linux1804-64-qr/opt-mochitest-browser-chrome-3 tier 1 … test-linux1804-64-qr/debug-mochitest-browser-chrome-3"},
	"32-jobs-result-bad.http":             {pagesOf, "none"},
	"34-jobs-pushid-bad.http":             {pagesOf, `refused (400): {"push_id":["Select a valid choice. That choice is not one of the available choices."]}`},
	"35-jobs-last_modified_gt.http":       {pagesOf, "unavailable: jobs came or went while they were read: job 1 came on two pages"}, // page 1 of 44, over and over
	"37-pjobs-default.http":               {projectJobsOf, "10 of 10 from 0: 1 on 61 D completed success ZRMnDiaeTTeyp03kUua0OA/0 1420215360-1420215421-1420216201 worker-1 … 10 on 61 W(wpt2) completed exception DLHinGWMShSV5gr1k70Ezw/0 1420215360-1420215430-1420216210 worker-10"},
	"38-pjobs-list.http":                  {projectJobsOf, "3 of 3 from 0: 1 on 61 D completed success ZRMnDiaeTTeyp03kUua0OA/0 1420215360-1420215421-1420216201 worker-1 … 2 on 61 B completed success 0j8IJBKLTzOMXH_QpqOkUA/0 1420215360-1420215422-1420216202 worker-2"},
	"40-pjobs-offset.http":                {projectJobsOf, "5 of 5 from 5: 6 on 61 X(X1) completed success jRFuzhc4R9m9nBckEeILjw/0 1420215360-1420215426-1420216206 worker-6 … 10 on 61 W(wpt2) completed exception DLHinGWMShSV5gr1k70Ezw/0 1420215360-1420215430-1420216210 worker-10"},
	"41-pjobs-result_set_id.http":         {projectJobsOf, "1 of 1 from 0: 1 on 61 D completed success ZRMnDiaeTTeyp03kUua0OA/0 1420215360-1420215421-1420216201 worker-1 … 1 on 61 D completed success ZRMnDiaeTTeyp03kUua0OA/0 1420215360-1420215421-1420216201 worker-1"},
	"43-pjobs-result-comma.http":          {projectJobsOf, "none"},
	"44-pjobs-lastmod-bad.http":           {projectJobsOf, "refused (400): Invalid date value for `last_modified`: garbage"},
	"46-job-detail-404.http":              {jobOf(99999999), "not found (404): No job with id: 99999999"},
	"47-job-tle.http":                     {linesOf(5), "[TEST-UNEXPECTED-FAIL | browser/base/content/test/general/browser_thing0.js | Test timed out - expected PASS [0]]"},
	"49-job-similar.http":                 {projectJobsOf, "5 of 5 from 0: 3177 on 97 M(bc3) completed success FT2y4GDrStCrpS63_FNeyw/0 1420247773-1420247890-1420248790 worker-17 … 2661 on 91 M(bc3) completed success b_2pmwhITE6o3XbqXFEzDA/0 1420242386-1420242467-1420243487 worker-21"},
	"50-note.http":                        {notesOf, "found 1"},
	"53-joblogurl.http":                   {parsedOf, "[false]"},
	"64-group_results.http":               {groupsOf, "map[]"},
	"71-notfound.http":                    {pushesOf, `unavailable (200): JSON is wanted, and "text/html; charset=utf-8" came`},
	"73-accept-version.http":              {pushesOf, "1: 100 847a4e ×1 of 1 … 100 847a4e ×1 of 1"},
	"74-accept-version-bad.http":          {pushesOf, `refused (406): Invalid version in "Accept" header.`},
	"76-gzip.http":                        {gunzipped(pushesOf), "10: 100 847a4e ×1 of 1 … 91 ccd939 ×2 of 2"},
	"77-host-bad.http":                    {pushesOf, "refused (400): a page in HTML came"},
	"79-pjobs-visible-fields.http":        {projectJobsOf, "1 of 1 from 0: 1 on 61 D completed success ZRMnDiaeTTeyp03kUua0OA/0 1420215360-1420215421-1420216201 worker-1 … 1 on 61 D completed success ZRMnDiaeTTeyp03kUua0OA/0 1420215360-1420215421-1420216201 worker-1"},
	"80-failure-lines.http":               {linesOf(5), `unavailable (200): JSON is wanted, and "text/html; charset=utf-8" came`},
}

// unread are recordings of endpoints that the adapter does not read, and why.
var unread = map[string]string{
	"52-bug-job-map.http":         "bugs of a job: no query asks for them",
	"59-taskclustermetadata.http": "the task of a job: every row of jobs has it",
}
