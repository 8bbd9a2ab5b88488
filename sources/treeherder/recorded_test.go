package treeherder

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

func detailOf(id int64) func(*Client) string {
	return func(c *Client) string {
		p, err := c.pushByID(context.Background(), "autoland", id, "")
		return said(brief(p), err)
	}
}

func jobOf(id int64) func(*Client) string {
	return func(c *Client) string {
		r, err := c.jobByID(context.Background(), "autoland", id, "")
		return said(briefRow(r), err)
	}
}

func linesOf(id int64) func(*Client) string {
	return func(c *Client) string {
		lines, err := c.errorLines(context.Background(), "autoland", "", id)
		return said(lines, err)
	}
}

func groupsOf(c *Client) string {
	got, err := c.groups(context.Background(), "autoland", tip98, "", func(string) bool { return true })
	return said(got, err)
}

func parsedOf(c *Client) string {
	out := make([]ci.Failure, 1)
	err := c.markParsed(context.Background(), "autoland", "", []int64{5}, out)
	return said([]bool{out[0].Parsed}, err)
}

// notesOf looks for the note that was made by somebody on job 5 at 16:11:30 UTC.
func notesOf(c *Client) string {
	u := sources.Unit{In: map[string]any{"project": "autoland", "job": "5", "classification": "4", "text": "Bug 1700000"}}
	f, err := classify{c}.Find(context.Background(), u, 1, time.Date(2026, 11, 22, 16, 11, 0, 0, time.UTC))
	if err == nil {
		late, _ := classify{c}.Find(context.Background(), u, 1, time.Date(2026, 11, 22, 16, 20, 0, 0, time.UTC))
		if late.Presence != sources.Absent {
			return fmt.Sprintf("found, and what came before %s", late.Presence)
		}
	}
	return said(string(f.Presence)+" "+f.Receipt.Request, err)
}

// gunzipped asks with a client that unpacks, as net/http does for those that ask for nothing else.
func gunzipped(ask func(*Client) string) func(*Client) string {
	return func(c *Client) string {
		under := c.reader.Client.Transport
		c.reader.Client = &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			resp, err := under.RoundTrip(req)
			if err != nil || resp.Header.Get("Content-Encoding") != "gzip" {
				return resp, err
			}
			packed, err := io.ReadAll(resp.Body)
			if err != nil {
				return nil, err
			}
			z, err := gzip.NewReader(bytes.NewReader(packed))
			if err != nil {
				return nil, err
			}
			resp.Body = io.NopCloser(z)
			return resp, nil
		})}
		return ask(c)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestEveryRecording(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range sourcetest.Recordings(t, "treeherder") {
		seen[r.File] = true
		if unread[r.File] != "" {
			continue
		}
		row, ok := recorded[r.File]
		if !ok {
			t.Errorf("%s is neither asked nor left out for a reason", r.File)
			continue
		}
		t.Run(r.File, func(t *testing.T) {
			if got := row.ask(always(r)); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
	for file := range recorded {
		if !seen[file] {
			t.Errorf("the recording %s is gone", file)
		}
	}
}
