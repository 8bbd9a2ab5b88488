package taskcluster

import (
	"errors"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

func TestTargets(t *testing.T) {
	c := newDeployment().client(nil)
	rows := []struct {
		link string
		want target
		mine bool
		bad  bool
	}{
		{rootID + "/tasks/" + failing, target{task: failing, run: -1}, true, false},
		{rootID + "/tasks/" + failing + "/", target{task: failing, run: -1}, true, false},
		{rootID + "/tasks/" + failing + "/runs/2/logs/public/logs/live.log?x=y#L7", target{task: failing, run: 2}, true, false},
		{" " + rootID + "/tasks/" + failing + "/definition ", target{task: failing, run: -1}, true, false},
		{rootID + "/tasks/groups/" + decision, target{group: decision, run: -1}, true, false},
		{rootID + "/tasks/groups/" + decision + "?search=bc3", target{group: decision, run: -1}, true, false},
		{rootID + "/tasks/groups/" + decision + "/tasks/" + failing + "/runs/0", target{task: failing, run: 0}, true, false},
		{strings.ToUpper(rootID[:5]) + rootID[5:] + "/api/queue/v1/task/" + failing + "/runs/1/artifacts/public/x", target{task: failing, run: 1}, true, false},
		{rootID + "/api/queue/v1/task-group/" + decision + "/list", target{group: decision, run: -1}, true, false},
		{rootID + "/tasks/nonsense", target{}, true, true},
		{rootID + "/tasks/groups/nonsense", target{}, true, true},
		{rootID + "/tasks/" + failing + "/runs/x", target{}, true, true},
		{rootID + "/tasks/" + failing + "/runs/-1", target{}, true, true},
		{rootID + "/hooks/project-gecko", target{}, false, false},
		{"https://other.example/tasks/" + failing, target{}, false, false},
		{"ftp://tc.example/tasks/" + failing, target{}, false, false},
		{"://", target{}, false, false},
		{"", target{}, false, false},
	}
	for _, r := range rows {
		got, mine, err := c.target(r.link)
		if mine != r.mine || (err != nil) != r.bad || (!r.bad && got != r.want) {
			t.Errorf("%s: got %+v, %v, %v", r.link, got, mine, err)
		}
		if r.bad && !errors.Is(err, sources.ErrRefused) {
			t.Errorf("%s: %v", r.link, err)
		}
	}
}

func TestLinkEvents(t *testing.T) {
	d := settled()
	c := d.client(nil)
	rows := []struct {
		link, job string
		result    ci.Result
		backfill  bool
	}{
		{"/tasks/" + failing, failing + "/1", ci.Success, false},
		{"/tasks/" + failing + "/runs/0", failing + "/0", ci.Retry, false},
		{"/tasks/" + madeID + "/runs/0/logs/public/logs/live.log", madeID + "/0", ci.TestFailed, true},
		{"/tasks/" + absent, absent, ci.Unknown, false},
	}
	for _, r := range rows {
		ev, err := c.Link(t.Context(), rootID+r.link)
		if err != nil {
			t.Errorf("%s: %v", r.link, err)
			continue
		}
		if ev.Kind != ci.JobEvent || ev.Job.ID != r.job || ev.Job.Result != r.result || ev.Backfill != r.backfill || ev.Job.Type != label ||
			ev.Push.Branch != "autoland" || ev.Push.Revision != revision || ev.Push.ID != "100000" || ev.Link != rootID+r.link {
			t.Errorf("%s: %+v, job %+v, push %+v", r.link, ev, ev.Job, ev.Push)
		}
	}
	ev, err := c.Link(t.Context(), rootID+"/tasks/groups/"+decision)
	if err != nil || ev.Kind != ci.PushEvent || ev.Job != nil || ev.Push.Revision != revision {
		t.Errorf("%+v, %v", ev, err)
	}
	d.tasks[madeID] = obj{"taskGroupId": madeID, "routes": []any{}, "created": "2026-11-22T11:00:00.000Z", "expires": "2027-11-22T11:00:00.000Z", "metadata": obj{"name": "retriggered"}, "extra": obj{}}
	for link, kind := range map[string]error{
		"/tasks/" + failing + "/runs/5":        sources.ErrNotFound,
		"/tasks/" + madeID:                     sources.ErrRefused, // says nothing of a push
		"/tasks/groups/" + madeID:              sources.ErrRefused,
		"/tasks/groups/BBBBBBBBQBCBBBBBBBBBBg": sources.ErrNotFound,
		"/docs":                                sources.ErrNotFilled,
	} {
		if ev, err := c.Link(t.Context(), rootID+link); !errors.Is(err, kind) {
			t.Errorf("%s: %+v, %v", link, ev, err)
		}
	}
}
