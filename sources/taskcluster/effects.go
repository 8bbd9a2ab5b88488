package taskcluster

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

// A firing is all that is needed to trigger an action's hook: what a unit carries. It survives JSON.
type firing struct {
	Decision  string         `json:"decision"`  // the decision task that offers the action
	Action    string         `json:"action"`    // add-new-jobs
	Group     string         `json:"group"`     // of the hook
	Hook      string         `json:"hook"`      // its id within the group; may have slashes
	Task      string         `json:"task"`      // the task that the action is about; empty where it is about the push
	Template  map[string]any `json:"template"`  // the action's payload template
	Variables map[string]any `json:"variables"` // of actions.json
	Input     any            `json:"input"`
	Marked    bool           `json:"marked"` // whether the input may carry a mark of ours
	Chosen    bool           `json:"chosen"` // whether the hook takes an id of ours for its task
	Branch    string         `json:"branch"`
	Revision  string         `json:"revision"`
}

var firings = schemas.TypeOf[firing]()

// mark is the member of an input that holds the token of a key and an ordinal. Actions ignore members that they do not know;
// the task that carries the action out keeps its whole input, so that the mark tells it from everybody else's.
const mark = "mozci_run"

// noToken stands for a token where none is at hand.
var noToken = strings.Repeat("0", 32)

// marked is an input with a mark; an input that is no object is left as it is.
func marked(input any, token string) any {
	in, ok := input.(map[string]any)
	if !ok {
		return input
	}
	in = maps.Clone(in)
	in[mark] = token
	return in
}

func (f firing) payload(token string, now time.Time) (map[string]any, error) {
	input := f.Input
	if f.Marked {
		input = marked(input, token)
	}
	return render(f.Template, f.Variables, f.Decision, f.Task, input, now)
}

func (f firing) fact() any { return firings.Fact(f) }

func bindFiring(u sources.Unit) (firing, error) {
	var f firing
	if err := firings.Bind(u.In, &f); err != nil {
		return firing{}, refused(u.What, err, "plan the step again")
	}
	return f, nil
}

// A firer does units that trigger hooks, and finds them again. See the package essay.
type firer struct{ c *Client }

// Terms of what hooks make: their fires are recorded by the service, with the task that came of each.
func (f firer) Terms() sources.Terms {
	return sources.Terms{Base: f.c.base(), Conclusive: true, Settling: 2 * time.Minute, Lease: 2 * time.Hour, Deadline: time.Minute}
}

// Do triggers the hook of one unit.
func (f firer) Do(ctx context.Context, u sources.Unit, ordinal int) (sources.Receipt, error) {
	fire, err := bindFiring(u)
	if err != nil {
		return sources.Receipt{}, err
	}
	if err := f.c.mayAct(); err != nil {
		return sources.Receipt{}, err
	}
	return f.c.fire(ctx, fire, u.Key.Token(ordinal))
}

// fire renders and sends a firing. Nothing is asked before it is sent.
func (c *Client) fire(ctx context.Context, fire firing, token string) (sources.Receipt, error) {
	payload, err := fire.payload(token, c.opts.Now())
	if err != nil {
		return sources.Receipt{}, refused("action "+fire.Action, err, "")
	}
	if fire.Chosen {
		payload["taskId"] = slugOf(token)
	}
	made, err := c.triggerHook(ctx, fire.Group, fire.Hook, payload)
	if errors.Is(err, sources.ErrConflict) && fire.Chosen {
		return c.already(ctx, slugOf(token), err)
	}
	if err != nil {
		return sources.Receipt{}, err
	}
	return c.receipt(made, false), nil
}

func (c *Client) receipt(id string, already bool) sources.Receipt {
	return sources.Receipt{Request: id, Link: c.taskLink(id), Already: already}
}

// already looks at the task whose id was taken: it was made by an earlier call of ours, or the earlier call was recorded
// and came to nothing.
func (c *Client) already(ctx context.Context, id string, conflict error) (sources.Receipt, error) {
	_, err := c.statusOf(sources.Fresh(ctx), id)
	switch {
	case err == nil:
		return c.receipt(id, true), nil
	case isNotFound(err):
		return sources.Receipt{}, refused("action", errors.Join(errors.New("an earlier call with the same id was recorded and made no task"), conflict), "run it once more under another ordinal: --again")
	}
	return sources.Receipt{}, &sources.Error{Kind: sources.ErrUnavailable, Source: Name, Doing: "looking at task " + id, Err: err}
}

// closed is why the tree takes no jobs; empty where it does, or where whoever asks for jobs does not mind.
func (c *Client) closed(ctx context.Context, branch string) (string, error) {
	if c.opts.Tree == nil {
		return "", nil
	}
	t, err := c.opts.Tree(ctx, branch)
	if err != nil || t.State != ci.TreeClosed {
		return "", err
	}
	why := "the tree " + branch + " is closed (--closed asks all the same)"
	if t.Reason != "" {
		why += ": " + oneLine(t.Reason)
	}
	return why, nil
}

// units makes a unit for each revision, side by side: settle says how, or a reason why not. Whether the tree is closed is
// asked meanwhile, and is then the reason for all.
func (c *Client) units(ctx context.Context, blank sources.Unit, list []string, settle func(ctx context.Context, revision string) (firing, error)) ([]sources.Unit, error) {
	open, stop := context.WithCancel(ctx)
	defer stop()
	shut := later(func() (string, error) {
		why, err := c.closed(ctx, blank.Key.Branch)
		if why != "" || err != nil {
			stop() // the rest need not be known
		}
		return why, err
	})
	units, err := sideBySide(open, list, func(ctx context.Context, revision string) (sources.Unit, error) {
		u := unitOn(blank, revision)
		f, err := settle(ctx, revision)
		var r reason
		if errors.As(err, &r) {
			u.Refusal, u.Denied = r.text, r.denied
			return u, nil
		}
		if err != nil {
			return u, err
		}
		f.Branch, f.Revision = blank.Key.Branch, revision
		u.In = f.fact()
		u.What += " (" + f.Action + " of decision task " + f.Decision + ")"
		return u, nil
	})
	closed, wrong := shut()
	if wrong != nil {
		return nil, wrong
	}
	if closed == "" {
		return units, err
	}
	units = make([]sources.Unit, len(list))
	for i, revision := range list {
		units[i] = unitOn(blank, revision)
		units[i].Refusal = closed
	}
	return units, nil
}

func unitOn(blank sources.Unit, revision string) sources.Unit {
	u := blank
	u.Key.Revision = revision
	u.What = blank.Key.Job + " on " + shortRevision(revision)
	u.In = firing{}.fact()
	return u
}

func shortRevision(r string) string {
	if len(r) > 12 {
		return r[:12]
	}
	return r
}

// checkAsked refuses a question that makes no sense for any push.
func (c *Client) checkAsked(doing, branch, job string, list []string) error {
	if strings.TrimSpace(job) == "" {
		return refused(doing, errors.New("no job type is given"), "give the task's label")
	}
	for _, r := range list {
		if _, err := c.below(branch, r, "taskgraph.decision"); err != nil {
			return err
		}
	}
	return nil
}
