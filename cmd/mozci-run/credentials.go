package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/mozci/mozci-run/schemas/yamldoc"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/taskcluster"
)

// Credentials are named in a profile and read here, when a source is opened that may want them, and by nobody else. They are handed to the adapter, and are in
// no text: what is wrong with one is told by where it was to be found.

// read finds a secret. Empty means that there is none, which is no error: much can be read, and planned, without.
func (c *command) read(s secret, dir string) (string, error) {
	switch {
	case s.Simulated:
		return "simulated", nil
	case s.Env != "":
		return c.m.getenv(s.Env), nil
	case s.File == "":
		return "", nil
	}
	text, err := os.ReadFile(c.pathFrom(dir, s.File))
	if err != nil {
		return "", fmt.Errorf("reading a credential: %w", err)
	}
	if text = bytes.TrimRight(text, "\r\n"); len(text) == 0 {
		return "", fmt.Errorf("reading a credential: %s is empty", c.pathFrom(dir, s.File))
	}
	return string(text), nil
}

// What is found of the credentials of a source.
type found struct {
	credentials map[string]string // those that there are
	scopes      []string          // what an account limits itself to; nil for no limit
	from        string            // where they are from, for people
	without     string            // why those that there are are not used; empty where they are
}

// find reads the credentials of a source, and says, before anything is sent, why they will not do.
func (c *command) find(p profile, spec sourceSpec) (found, error) {
	f := found{credentials: map[string]string{}, from: "the profile " + p.name}
	for _, name := range inOrder(keys(spec.Credentials)) {
		value, err := c.read(spec.Credentials[name], p.dir)
		if err != nil {
			return found{}, fmt.Errorf("%s: %s: %w", spec.Adapter, name, err)
		}
		if value != "" {
			f.credentials[name] = value
		}
	}
	if spec.Adapter != taskcluster.Name {
		return f, nil
	}
	if spec.Account == taskclusterAccount {
		f = c.signIn(spec)
	}
	f = c.scoped(spec, f)
	return f, nil
}

// unusable says why credentials of Taskcluster would not do at a time, without a secret; empty where they would, and where there are none.
func (f found) unusable(now time.Time) string {
	if f.without != "" {
		return f.without
	}
	if f.credentials["client_id"] == "" || f.credentials["access_token"] == "" {
		return ""
	}
	err := f.taskcluster().Usable(now)
	var of *sources.Error
	if errors.As(err, &of) {
		return fmt.Sprintf("nothing can be done with the credentials in %s: %v; %s", f.from, of.Err, of.Hint)
	}
	return ""
}

// taskcluster is what was found as Taskcluster wants it; nil where there is none.
func (f found) taskcluster() *taskcluster.Credentials {
	if f.credentials["client_id"] == "" || f.credentials["access_token"] == "" {
		return nil
	}
	return &taskcluster.Credentials{ClientID: f.credentials["client_id"], AccessToken: f.credentials["access_token"], Certificate: f.credentials["certificate"], AuthorizedScopes: f.scopes}
}

// unread finds what a profile says of credentials and is not so: a file that is not there, a certificate that is none. A variable that is not set is none of
// it: that may be as it should be.
func (c *command) unread(p profile) []yamldoc.Problem {
	k := settingsCheck{}
	for i, spec := range p.Sources {
		for _, name := range inOrder(keys(spec.Credentials)) {
			at := itemOf(p.node.Get("sources"), i).Get("credentials").Get(name)
			where := spec.Credentials[name]
			value, err := c.read(where, p.dir)
			if err == nil && name == "certificate" && value != "" && !where.Simulated {
				err = taskcluster.CheckCertificate(value)
			}
			if at != nil && err != nil {
				k.add(at, "credential", "%s: %v", name, err)
			}
		}
	}
	return k.problems
}
