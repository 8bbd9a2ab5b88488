package taskcluster

import (
	"errors"
	"testing"
	"time"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

func fireOf(id string, at time.Time, result string) obj {
	return obj{"hookGroupId": group, "hookId": hookID, "taskId": id, "firedBy": "triggerHook", "taskCreateTime": at.Format(time.RFC3339Nano), "result": result, "error": "", "taskState": "pending"}
}

func TestFind(t *testing.T) {
	since := noon()
	rows := []struct {
		name   string
		change func(d *deployment, u sources.Unit, token string)
		want   sources.Presence
		id     string
	}{
		{name: "nothing there", want: sources.Absent},
		{name: "marked as ours", want: sources.Found, id: madeID, change: func(d *deployment, u sources.Unit, token string) {
			d.fires = []obj{fireOf(absent, since.Add(time.Second), "success"), fireOf(madeID, since.Add(time.Second), "success")}
			d.tasks[absent] = actionTask("add-new-jobs", "static/taskcluster/root", obj{"tasks": []any{label}, "times": 1})
			d.tasks[madeID] = actionTask("add-new-jobs", "x", obj{"tasks": []any{label}, "times": 1, "mozci_run": token})
		}},
		{name: "the mark of another ordinal", want: sources.Absent, change: func(d *deployment, u sources.Unit, _ string) {
			d.fires = []obj{fireOf(madeID, since.Add(time.Second), "success")}
			d.tasks[madeID] = actionTask("add-new-jobs", "static/taskcluster/root", obj{"tasks": []any{label}, "times": 1, "mozci_run": u.Key.Token(2)})
		}},
		{name: "a fire that failed", want: sources.Absent, change: func(d *deployment, u sources.Unit, token string) {
			d.fires = []obj{fireOf(madeID, since.Add(time.Second), "error")}
		}},
		{name: "a fire whose answer was lost on its way to the hook, and whose task is there", want: sources.Found, id: madeID, change: func(d *deployment, u sources.Unit, token string) {
			d.fires = []obj{fireOf(madeID, since.Add(time.Second), "error")}
			d.tasks[madeID] = actionTask("add-new-jobs", "x", obj{"tasks": []any{label}, "times": 1, "mozci_run": token})
		}},
		{name: "the service's clock is four minutes behind", want: sources.Found, id: madeID, change: func(d *deployment, u sources.Unit, token string) {
			d.fires = []obj{fireOf(madeID, since.Add(-4*time.Minute), "success")}
			d.tasks[madeID] = actionTask("add-new-jobs", "x", obj{"tasks": []any{label}, "times": 1, "mozci_run": token})
		}},
		{name: "older fires are not looked at", want: sources.Absent, change: func(d *deployment, u sources.Unit, token string) {
			d.fires = []obj{fireOf(madeID, since.Add(-time.Hour), "success")}
		}},
		{name: "a fire whose task is gone", want: sources.Absent, change: func(d *deployment, u sources.Unit, token string) {
			d.fires = []obj{fireOf(madeID, since.Add(time.Second), "success")}
		}},
		{name: "fires are not shown, and the index has it", want: sources.Found, id: madeID, change: func(d *deployment, u sources.Unit, token string) {
			d.refuse["GET /api/hooks/v1/hooks/project-gecko/in-tree-action-3-generic%2F0123456789/last-fires"] = answer{403, lacking("hooks:list-last-fires:x")}
			d.fires = []obj{fireOf(madeID, since, "success")}
			d.tasks[madeID] = actionTask("add-new-jobs", "x", obj{"tasks": []any{label}, "times": 1, "mozci_run": token})
		}},
		{name: "fires are not shown, and the index has it not", want: sources.CannotTell, change: func(d *deployment, u sources.Unit, token string) {
			d.refuse["GET /api/hooks/v1/hooks/project-gecko/in-tree-action-3-generic%2F0123456789/last-fires"] = answer{404, problem("ResourceNotFound", "No such hook")}
		}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			d := newDeployment()
			c := d.client(ours())
			u := unit(t, c, ci.Trigger{})
			if r.change != nil {
				r.change(d, u, u.Key.Token(1))
			}
			got, err := effect(t, c, "jobs.trigger").Find(t.Context(), u, 1, since)
			if err != nil || got.Presence != r.want || got.Receipt.Request != r.id {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// Where no mark can be carried, a task is ours that our client made after we asked, with the same action and input.
func TestFindWithoutMark(t *testing.T) {
	rows := []struct {
		name           string
		action, client string
		input          any
		created        string
		want           sources.Presence
	}{
		{"ours", "add-new-jobs", "static/taskcluster/root", obj{"tasks": []any{label}, "times": 1}, "2026-11-22T16:40:01.000Z", sources.Found},
		{"somebody else's", "add-new-jobs", "mozilla-auth0/a", obj{"tasks": []any{label}, "times": 1}, "2026-11-22T16:40:01.000Z", sources.Absent},
		{"another input", "add-new-jobs", "static/taskcluster/root", obj{"tasks": []any{label}, "times": 2}, "2026-11-22T16:40:01.000Z", sources.Absent},
		{"another action", "rerun", "static/taskcluster/root", obj{"tasks": []any{label}, "times": 1}, "2026-11-22T16:40:01.000Z", sources.Absent},
		{"ours, and the service's clock is four minutes behind", "add-new-jobs", "static/taskcluster/root", obj{"tasks": []any{label}, "times": 1}, "2026-11-22T16:36:00.000Z", sources.Found},
		{"before we asked", "add-new-jobs", "static/taskcluster/root", obj{"tasks": []any{label}, "times": 1}, "2026-11-22T16:34:00.000Z", sources.Absent},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			d := newDeployment()
			firstAction(d)["schema"].(obj)["additionalProperties"] = false
			c := d.client(ours())
			u := unit(t, c, ci.Trigger{})
			if f, err := bindFiring(u); err != nil || f.Marked {
				t.Fatalf("it is marked: %v", err)
			}
			d.fires = []obj{fireOf(madeID, noon(), "success")}
			d.tasks[madeID] = actionTask(r.action, r.client, r.input)
			d.tasks[madeID]["created"] = r.created
			got, err := effect(t, c, "jobs.trigger").Find(t.Context(), u, 1, noon())
			if err != nil || got.Presence != r.want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestFindChosen(t *testing.T) {
	d := newDeployment()
	d.schema = obj{}
	c := d.client(ours())
	u := unit(t, c, ci.Trigger{})
	e := effect(t, c, "jobs.trigger")
	chosen := slugOf(u.Key.Token(1))
	got, err := e.Find(t.Context(), u, 1, noon())
	if err != nil || got.Presence != sources.Absent {
		t.Errorf("before: %+v, %v", got, err)
	}
	d.states[chosen] = stateOf(chosen, "pending")
	if got, err = e.Find(t.Context(), u, 1, noon()); err != nil || got.Presence != sources.Found || got.Receipt.Request != chosen {
		t.Errorf("after: %+v, %v", got, err)
	}
	d.refuse["GET /api/queue/v1/task/"+chosen+"/status"] = answer{503, "<html>"}
	if got, err = e.Find(t.Context(), u, 1, noon()); !errors.Is(err, sources.ErrUnavailable) || got.Presence != sources.CannotTell {
		t.Errorf("while the queue is down: %+v, %v", got, err)
	}
}

// The last fires of a hook are read by pages, as far back as we asked and no farther.
func TestFindReadsPages(t *testing.T) {
	for _, r := range []struct {
		name  string
		ours  int // where ours is among the fires
		want  sources.Presence
		pages int
	}{
		{"on the first page", 0, sources.Found, 3},
		{"on the page with the first older one", 4, sources.Found, 3},
		{"nowhere", -1, sources.Absent, 3},
	} {
		t.Run(r.name, func(t *testing.T) {
			d := newDeployment()
			d.firesPage = 2
			c := d.client(ours())
			u := unit(t, c, ci.Trigger{})
			for i := range 8 { // five since we asked, three before
				at := noon().Add(time.Minute - time.Duration(i/5)*time.Hour)
				id := slugOf(u.Key.Token(100 + i))
				d.fires = append(d.fires, fireOf(id, at, "success"))
				d.tasks[id] = actionTask("add-new-jobs", "x", obj{"tasks": []any{label}, "times": 1})
				if i == r.ours {
					d.tasks[id] = actionTask("add-new-jobs", "x", obj{"tasks": []any{label}, "times": 1, "mozci_run": u.Key.Token(1)})
				}
			}
			got, err := effect(t, c, "jobs.trigger").Find(t.Context(), u, 1, noon())
			if err != nil || got.Presence != r.want || d.count("/last-fires") != r.pages {
				t.Errorf("got %+v, %v, after %d pages", got, err, d.count("/last-fires"))
			}
		})
	}
}

// What Find says of an action that it does not see is believed of hooks alone, which record each call, and not before the call and
// its record have had their time.
func TestTerms(t *testing.T) {
	for _, e := range newDeployment().client(ours()).Effects() {
		terms := e.Terms()
		if terms.Conclusive != (e.Name != "jobs.cancel") || terms.Settling < 2*terms.Deadline || terms.Deadline <= 0 || terms.Lease <= terms.Settling || terms.Base != rootID {
			t.Errorf("%s: %+v", e.Name, terms)
		}
	}
}
