package taskcluster

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/sources"
)

// Whatever somebody has pushed as actions.json, it is an error or a payload, never a panic.
func FuzzActions(f *testing.F) {
	good, err := json.Marshal(gecko())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(good))
	f.Add(`{"version":1,"actions":[{"name":"add-new-jobs","kind":"hook","context":[],"schema":{"$ref":"#"},"hookPayload":{"$if":"taskId","then":{"$eval":"x"}}}]}`)
	f.Add(`{"version":1,"variables":{"input":{"$eval":"1"}},"actions":[{"name":"add-new-jobs","context":[],"hookPayload":{"$map":{"$eval":"input.tasks"},"each(x)":"${x}"}}]}`)
	f.Add(`{"actions":[{"name":"add-new-jobs","schema":true,"hookPayload":{"a":"${now}","$merge":[1]}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var file actions
		if json.Unmarshal([]byte(text), &file) != nil {
			return
		}
		_ = file.names()
		for _, a := range file.Actions {
			_ = a.takes(addInput("label"))
			payload, err := render(a.HookPayload, file.Variables, decision, "", marked(addInput("label"), noToken), noon())
			if (payload == nil) == (err == nil) {
				t.Errorf("neither a payload nor an error, or both: %v, %v", payload, err)
			}
			if _, err := json.Marshal(payload); err != nil {
				t.Errorf("the payload cannot be sent: %v", err)
			}
		}
		file.forPush("add-new-jobs")
		file.forTask("add-new-jobs", map[string]string{"kind": "test"})
	})
}

// A link is somebody else's, or names a task or a group that has the shape of one, or is refused by name.
func FuzzLinks(f *testing.F) {
	for _, s := range []string{rootID + "/tasks/" + failing, rootID + "/tasks/groups/" + decision + "/tasks/" + failing + "/runs/0", rootID + "/tasks//runs/", "%", "https://tc.example/tasks/groups/" + decision + "/tasks"} {
		f.Add(s)
	}
	c := newDeployment().client(nil)
	f.Fuzz(func(t *testing.T, link string) {
		got, mine, err := c.target(link)
		switch {
		case err != nil && !errors.Is(err, sources.ErrRefused):
			t.Errorf("%v", err)
		case err == nil && mine && !IsTaskID(got.task) && !IsTaskID(got.group):
			t.Errorf("%q points at %+v", link, got)
		case !mine && (err != nil || got != target{}):
			t.Errorf("%q is not ours, and gives %+v, %v", link, got, err)
		}
	})
}

// A certificate is read or refused; nothing of it is in the error or in what is sent but itself.
func FuzzCertificates(f *testing.F) {
	f.Add(cert(f, 1438964811744, 1439051211744))
	f.Add(`{"version":1,"seed":"a","signature":"b","start":1,"expiry":2}`)
	f.Add(`{"version":1e0}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, text string) {
		c := Credentials{ClientID: "me", AccessToken: "s3cret-token", Certificate: text}
		ext, err := c.ext(noon())
		if err != nil && (!errors.Is(err, sources.ErrUnauthorised) || ext != "") {
			t.Errorf("%q, %v", ext, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret-token") {
			t.Errorf("%v", err)
		}
		if got := c.hide("before s3cret-token after"); strings.Contains(got, "s3cret-token") {
			t.Errorf("%s", got)
		}
	})
}
