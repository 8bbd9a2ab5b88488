package taskcluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/mozci/mozci-run/sources"
)

// An offer is what a push's decision task lets be done.
type offer struct {
	decision string
	task     task
	actions  actions
	labels   map[string]string // what the decision task has made, by label
	looked   string            // a label that was looked for among all that can run, while the rest was read; empty for none
	found    bool              // whether it is there
	missed   error             // why that is not known
}

// A reason is why something cannot be done: an error for people that no caller takes for a failure of the service.
type reason struct {
	text   string
	denied bool // it is for want of credentials, or of better ones
}

func (r reason) Error() string { return r.text }

func reasonf(format string, args ...any) error { return reason{text: fmt.Sprintf(format, args...)} }

func deniedf(format string, args ...any) error { return reason{fmt.Sprintf(format, args...), true} }

// offer reads what the decision task of a push offers, and looks for a label meanwhile. A reason says why there is no offer.
func (c *Client) offer(ctx context.Context, branch, revision, label string) (offer, error) {
	row, err := c.decisionOf(ctx, branch, revision)
	if isNotFound(err) {
		b := c.branch(branch)
		return offer{}, reasonf("no decision task is indexed for this push (%s.v2.%s): it failed, is still running, was never made, or has left the index", b.Domain, b.Project)
	}
	if err != nil {
		return offer{}, err
	}
	if expired(row.Expires, c.opts.Now()) {
		return offer{}, reasonf("the decision task %s expired on %s", row.TaskID, row.Expires.UTC().Format(time.DateOnly))
	}
	return c.offerOf(ctx, row.TaskID, label)
}

func expired(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

// offerOf reads what a decision task offers: its definition and two artifacts, at once; and a third and larger one, where
// a label is looked for, which is given up as soon as the label is among those that were made.
func (c *Client) offerOf(ctx context.Context, decision, label string) (offer, error) {
	doing := "decision task " + decision
	looking, enough := context.WithCancel(ctx)
	defer enough()
	parts := []func(context.Context, *offer) error{
		func(ctx context.Context, o *offer) (err error) { o.task, err = c.task(ctx, decision); return },
		func(ctx context.Context, o *offer) (err error) {
			o.actions, err = ask[actions](sources.Settled(ctx), c, call{ep: epActions, args: []string{decision}, doing: "actions of " + doing})
			return
		},
		func(ctx context.Context, o *offer) (err error) {
			o.labels, err = ask[map[string]string](sources.Settled(ctx), c, call{ep: epLabels, args: []string{decision}, doing: "labels of " + doing})
			if isNotFound(err) { // not every decision task writes it; the other artifacts tell
				err = nil
			}
			if _, made := o.labels[label]; made {
				enough()
			}
			return
		},
		func(_ context.Context, o *offer) error {
			if label != "" {
				o.found, o.missed = c.canRun(looking, decision, []string{label})
			}
			return nil
		},
	}
	got, err := sideBySide(ctx, parts, func(ctx context.Context, f func(context.Context, *offer) error) (o offer, err error) {
		err = f(ctx, &o)
		return
	})
	if err != nil {
		return offer{}, gone(decision, err)
	}
	o := offer{decision: decision, task: got[0].task, actions: got[1].actions, labels: got[2].labels, looked: label, found: got[3].found, missed: got[3].missed}
	if expired(o.task.Expires, c.opts.Now()) {
		return offer{}, reasonf("the decision task %s expired on %s", decision, o.task.Expires.UTC().Format(time.DateOnly))
	}
	if o.actions.Version != 1 {
		return offer{}, changed("actions of "+doing, "$.version", fmt.Errorf("version 1 is known, and this is %d", o.actions.Version))
	}
	return o, nil
}

// gone turns what a service says of a task or artifact that is no longer there into a reason.
func gone(decision string, err error) error {
	var e *sources.Error
	if !errors.As(err, &e) || !(errors.Is(err, sources.ErrNotFound) || errors.Is(err, sources.ErrGone)) {
		return err
	}
	if e.Status == http.StatusFailedDependency {
		return reasonf("the decision task %s could not write its actions: %v", decision, e.Err)
	}
	return reasonf("the decision task %s, or its actions, expired or were never written (%s: %v)", decision, e.Doing, e.Kind)
}

// has says whether one of the given labels can run on the push. What was made is known at once; the rest is in artifacts
// that are large and are read only where it matters.
func (c *Client) has(ctx context.Context, o offer, names []string) (bool, error) {
	for _, n := range names {
		if _, ok := o.labels[n]; ok {
			return true, nil
		}
	}
	found, err := o.found, o.missed
	if len(names) != 1 || names[0] != o.looked {
		found, err = c.canRun(ctx, o.decision, names)
	}
	if err != nil {
		return false, gone(o.decision, err)
	}
	return found, nil
}

// canRun looks for labels among all that can run on a push.
func (c *Client) canRun(ctx context.Context, decision string, names []string) (bool, error) {
	found, err := c.hasLabel(ctx, epRunnable, decision, names)
	if isNotFound(err) {
		found, err = c.hasLabel(ctx, epGraph, decision, names)
	}
	return found, err
}

// A wish is one way in which something could be done by an action.
type wish struct {
	action  string
	task    string            // the task that it is about; empty where it is about the push
	tags    map[string]string // of that task
	input   any
	checked any // what is held to the action's schema; the input where nil
}

// settle finds the first wish that the push offers, that fits the action's and the hook's schemas, and whose hook the decision
// task may speak for. A reason says why there is none: that of the first wish that the push offers at all.
func (p *planner) settle(ctx context.Context, o offer, wishes []wish) (firing, error) {
	var why error
	for _, w := range wishes {
		a, ok := o.actions.forPush(w.action)
		if w.task != "" {
			a, ok = o.actions.forTask(w.action, w.tags)
		}
		if !ok {
			continue
		}
		f, err := p.firing(ctx, o, a, w)
		var r reason
		switch {
		case err == nil:
			return f, nil
		case !errors.As(err, &r):
			return firing{}, err
		case why == nil:
			why = err
		}
	}
	if why == nil {
		why = reasonf("the decision task %s offers no action %s for it; it offers %s", o.decision, wishes[0].action, o.actions.names())
	}
	return firing{}, why
}

// firing makes ready what Do needs, so that it has nothing left to ask, and says beforehand why the service would refuse it.
func (p *planner) firing(ctx context.Context, o offer, a action, w wish) (firing, error) {
	if a.Kind != "hook" || a.HookGroupID == "" || a.HookID == "" {
		return firing{}, reasonf("the action %s is of kind %q, and only hooks can be triggered", a.Name, shorten(a.Kind))
	}
	f := firing{Decision: o.decision, Action: a.Name, Group: a.HookGroupID, Hook: a.HookID, Task: w.task, Template: a.HookPayload, Variables: o.actions.Variables, Input: w.input}
	if w.checked == nil {
		w.checked = w.input
	}
	if err := a.takes(w.checked); err != nil {
		return firing{}, reasonf("the action %s would not take the input: %v", a.Name, err)
	}
	p.ahead(ctx, o.task, f.Group, f.Hook)
	ok, err := p.vouched(ctx, o.task, f.Group, f.Hook)
	if err != nil {
		return firing{}, err
	}
	if !ok {
		return firing{}, reasonf("the decision task %s may not speak for the hook %s/%s: its actions.json is not trusted", o.decision, shorten(f.Group), shorten(f.Hook))
	}
	f.Marked = a.takes(marked(w.checked, noToken)) == nil
	if err := p.fits(ctx, &f); err != nil {
		return firing{}, err
	}
	return f, p.allowed(ctx, f)
}

// ahead asks side by side for what firing looks at one after the other. The planner remembers the answers, errors too.
func (p *planner) ahead(ctx context.Context, decision task, group, id string) {
	var all sync.WaitGroup
	all.Go(func() { _, _ = p.vouched(ctx, decision, group, id) })
	all.Go(func() { _, _ = p.hook(ctx, group, id) })
	all.Wait()
}

// fits holds the payload to the hook's own schema, and finds out whether it takes an id of ours for the new task.
func (p *planner) fits(ctx context.Context, f *firing) error {
	h, err := p.hook(ctx, f.Group, f.Hook)
	if isNotFound(err) {
		return reasonf("the hook %s/%s is no longer there: hooks of a push go when nothing has used them for long", f.Group, f.Hook)
	}
	if err != nil {
		return err
	}
	payload, err := f.payload(noToken, p.c.opts.Now())
	if err != nil {
		return reasonf("%v", err)
	}
	if h == nil {
		return nil
	}
	if err := h.takes(payload); err != nil {
		return reasonf("the hook %s/%s would not take the payload: %v", f.Group, f.Hook, err)
	}
	if _, taken := payload["taskId"]; !taken {
		payload["taskId"] = slugOf(noToken)
		f.Chosen = h.takes(payload) == nil
	}
	return nil
}

// allowed says why our credentials cannot trigger the hook, where there are some and where that can be known.
func (p *planner) allowed(ctx context.Context, f firing) error {
	if p.c.opts.Credentials == nil {
		return nil // a plan needs none; Do says that they are missing
	}
	if err := p.c.opts.Credentials.Usable(p.c.opts.Now()); err != nil {
		return deniedf("%v", err)
	}
	scopes, err := p.ownScopes(ctx)
	if errors.Is(err, sources.ErrUnauthorised) {
		return deniedf("%v", err)
	}
	if err != nil || scopes == nil {
		return err
	}
	if wanted := "hooks:trigger-hook:" + f.Group + "/" + f.Hook; !satisfies(*scopes, wanted) {
		return deniedf("the credentials of %s lack the scope %s", p.c.opts.Credentials.ClientID, wanted)
	}
	return nil
}
