package treeherder

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A failureClassification is a row of Treeherder's table of them.
type failureClassification struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// A note is a classification of a job by somebody.
type note struct {
	ID             int64  `json:"id"`
	Job            int64  `json:"job_id"`
	Classification int    `json:"failure_classification_id"`
	Created        string `json:"created"` // ISO 8601 without a zone, UTC
	Who            string `json:"who"`
	Text           string `json:"text"`
}

// noteStored is what a note is answered with.
type noteStored struct {
	Message string `json:"message"` // note stored for job 5
}

// classify is the effect jobs.classify. A unit is one job, one word and one text.
type classify struct{ c *Client }

// Effects lists what Treeherder can be made to do.
func (c *Client) Effects() []sources.Effect {
	return []sources.Effect{sources.NewEffect("jobs.classify", "says something about failures, for everyone to see", classify{c})}
}

// Terms: a note is there when its answer comes, or within the time a request may take on its way.
func (e classify) Terms() sources.Terms {
	return sources.Terms{Base: e.c.public, Conclusive: true, Settling: time.Minute, Lease: 5 * time.Minute, Deadline: 30 * time.Second}
}

// Units gives one unit for each job, in their order. The number of the classification is read from Treeherder's own table.
func (e classify) Units(ctx context.Context, in ci.Classify) ([]sources.Unit, error) {
	doing := "classifying jobs of " + in.Branch
	ids, err := numbers(in.Jobs, doing)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	c, project := e.c, e.c.project(in.Branch)
	number, err := c.number(ctx, in.Classification, doing)
	if err != nil {
		return nil, err
	}
	of, err := c.byID(ctx, project, doing, ids)
	if err != nil {
		return nil, err
	}
	tips, err := c.tips(ctx, project, doing, of)
	if err != nil {
		return nil, err
	}
	out := make([]sources.Unit, len(ids))
	for i, id := range ids {
		what := fmt.Sprintf("job %d as %s", id, in.Classification)
		if in.Text != "" {
			what += ": " + in.Text
		}
		out[i] = sources.Unit{
			Key: sources.Key{Base: c.public, Effect: "jobs.classify", Branch: in.Branch, Revision: tips[of[id].PushID], Job: what},
			In: map[string]any{"project": project, "job": strconv.FormatInt(id, 10), "classification": strconv.Itoa(number), "text": in.Text,
				"link": c.jobLink(in.Branch, tips[of[id].PushID], of[id])},
			What: fmt.Sprintf("%s (%s)", what, of[id].Type),
		}
		if c.opts.Authorize == nil {
			out[i].Denied, out[i].Refusal = true, "this profile has no credentials for Treeherder"
		}
	}
	return out, nil
}

// number looks a classification up in Treeherder's table.
func (c *Client) number(ctx context.Context, word ci.Classification, doing string) (int, error) {
	name, ok := classificationNames[word]
	if !ok {
		return 0, fail(sources.ErrRefused, doing, "", "%q can be read, and not be written", word)
	}
	number := 0
	err := c.get(sources.Settled(ctx), failureClassifications, c.address("", "/failureclassification/", nil), doing, func(dec *json.Decoder) error {
		return list(dec, "$", func() error {
			var f failureClassification
			err := value(dec, "$[]", &f)
			if f.Name == name {
				number = f.ID
			}
			return err
		})
	})
	if err == nil && number == 0 {
		err = fail(sources.ErrChangedFormat, doing, "", "Treeherder has no classification called %q any more", name)
	}
	return number, err
}

// A claim is what a unit's In holds.
type claim struct {
	project, text, link string
	job                 int64
	classification      int
}

func readClaim(u sources.Unit) (claim, error) {
	in, _ := u.In.(map[string]any)
	text := func(k string) string { s, _ := in[k].(string); return s }
	job, err := strconv.ParseInt(text("job"), 10, 64)
	classification, err2 := strconv.Atoi(text("classification"))
	if err != nil || err2 != nil || text("project") == "" {
		return claim{}, fail(sources.ErrRefused, u.What, "", "the unit is not one of jobs.classify")
	}
	return claim{project: text("project"), text: text("text"), link: text("link"), job: job, classification: classification}, nil
}

// Do writes one note.
func (e classify) Do(ctx context.Context, u sources.Unit, _ int) (sources.Receipt, error) {
	cl, err := readClaim(u)
	if err != nil {
		return sources.Receipt{}, err
	}
	c := e.c
	if c.opts.Authorize == nil {
		return sources.Receipt{}, fail(sources.ErrUnauthorised, u.What, "name credentials for Treeherder in the profile", "there are none")
	}
	body, err := json.Marshal(map[string]any{"job_id": cl.job, "failure_classification_id": cl.classification, "text": cl.text})
	if err != nil {
		return sources.Receipt{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address(cl.project, "/note/", nil), bytes.NewReader(body))
	if err != nil {
		return sources.Receipt{}, fail(sources.ErrRefused, u.What, "", "the project %q gives no URL", cl.project)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	if c.opts.Authorize(req) != nil { // what it says may hold the secret
		return sources.Receipt{}, fail(sources.ErrUnauthorised, u.What, "look at the credentials for Treeherder in the profile", "they could not be had")
	}
	err = c.reader.Do(req, notesPost, u.What, whole(func(dec *json.Decoder) error {
		var stored noteStored
		if err := value(dec, "$", &stored); err != nil || stored.Message != "" {
			return err
		}
		return changed("$.message", "Treeherder does not say that it has stored the note")
	}))
	return sources.Receipt{Link: cl.link}, err
}

// clockSkew is how far Treeherder's clock may be behind ours.
const clockSkew = time.Minute

// Find reads the job's notes back: one like this that was made since then is ours, or as good.
func (e classify) Find(ctx context.Context, u sources.Unit, _ int, since time.Time) (sources.Finding, error) {
	cl, err := readClaim(u)
	if err != nil {
		return sources.Finding{}, err
	}
	doing := "looking for a note on " + u.What
	var newest note // of those that are alike; its id is 0 where there is none
	address := e.c.address(cl.project, "/note/", url.Values{"job_id": {strconv.FormatInt(cl.job, 10)}})
	err = e.c.get(ctx, notes, address, doing, func(dec *json.Decoder) error {
		return list(dec, "$", func() error {
			var one note
			if err := value(dec, "$[]", &one); err != nil {
				return err
			}
			if one.Job != cl.job {
				return changed("$[].job_id", "a note on job %d was not asked for", one.Job)
			}
			at, err := iso(one.Created)
			if err != nil {
				return changed("$[].created", "%q is no time", one.Created)
			}
			if one.Classification == cl.classification && one.Text == cl.text && one.ID > newest.ID && !at.Before(since.Add(-clockSkew)) {
				newest = one
			}
			return nil
		})
	})
	switch {
	case err != nil:
		return sources.Finding{Presence: sources.CannotTell}, err
	case newest.ID == 0:
		return sources.Finding{Presence: sources.Absent}, nil
	}
	return sources.Finding{Presence: sources.Found,
		Receipt: sources.Receipt{Request: strconv.FormatInt(newest.ID, 10), Link: cl.link}}, nil
}

// iso reads a time of Treeherder's: ISO 8601, without a zone, which means UTC, or with one.
func iso(s string) (time.Time, error) {
	if t, err := time.Parse("2006-01-02T15:04:05.999999999", s); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.UTC(), err
}
