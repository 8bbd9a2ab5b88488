package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources/ci"
)

// A runOrder is what run is told.
type runOrder struct {
	given  []string
	link   *string // nil for none
	apply  bool
	latest bool
	again  bool
}

const runLong = `run runs a workflow: a file, or a name (workflows/NAME.yaml, then the one of that name that ships).

LINK is what a sheriff has in the clipboard: a Treeherder, Taskcluster or pushlog address. It fills the workflow's inputs
branch, job and revision, and from and to where the page shows a range of pushes.

Effects are shown first, and done with --apply, or with y on a terminal.

With --output json, stdout gets one event a line and nothing else. Each has seq, time (the profile's), run and kind; what does not
apply to a kind is left out. The kinds are
`

// runCommand makes the command that runs workflows: both mozci-run itself and mozci-run run.
func (c *command) runCommand() *cobra.Command {
	var o runOrder
	cmd := &cobra.Command{
		Use: "run WORKFLOW [LINK]", Short: "run a workflow", Long: runLong + kindsOfEvents(),
		Example: "  mozci-run run workflows/backfill.yaml -i job=test-linux/opt-mochitest-1 -i revision=4fe1c2…",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usage(knownWorkflows(), "a workflow is wanted, and perhaps a link, and there %s", are(len(args))+" "+count(len(args), "argument", "arguments"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				o.link = &args[1]
			}
			w, err := findWorkflow(args[0])
			if err != nil {
				return orCommand(cmd.Root(), args[0], err)
			}
			return c.run(w, o)
		},
		ValidArgsFunction: c.completeWorkflows,
	}
	f := cmd.Flags()
	f.StringArrayVarP(&o.given, "input", "i", nil, "name=value, as often as needed")
	f.BoolVar(&o.apply, "apply", false, "do the effects")
	f.BoolVar(&o.latest, "latest", false, "take inputs that are missing from the newest failure that the workflow's on matches")
	f.BoolVar(&o.again, "again", false, "ask for jobs although earlier ones are on their way or have brought evidence")
	c.closedFlag(f)
	must(cmd.RegisterFlagCompletionFunc("input", c.completeInputs))
	return cmd
}

// closedFlag is for whoever has closed a tree and looks for what broke it.
func (c *command) closedFlag(f *pflag.FlagSet) {
	f.BoolVar(&c.flags.closed, "closed", false, "ask for jobs although the tree is closed")
}

// A house is a session with an engine in it.
type house struct {
	*session
	engine  *engine.Engine
	applied atomic.Bool // whether requests that change the world may leave
}

func (h *house) close() error {
	err := h.engine.Close()
	h.session.close()
	return err
}

// enter chooses the profile, and opens the engine and the profile's sources.
func (c *command) enter() (*house, error) {
	p, err := c.choose()
	if err != nil {
		return nil, err
	}
	c.note("%s", p)
	if p.Replay != "" && c.flags.db == "" {
		c.flags.db = inMemory // what is asked for in a replay is asked of nobody, and need not be remembered
	}
	db, err := c.database()
	if err != nil {
		return nil, err
	}
	around, err := c.surround(p, db)
	if err != nil {
		return nil, err
	}
	return c.house(newSession(around, p), db)
}

// house puts an engine into a session, and the profile's sources on it.
func (c *command) house(s *session, db string) (*house, error) {
	p := s.profile
	h := &house{session: s}
	var err error
	h.engine, err = engine.Open(c.ctx, engine.Config{DB: db, Clock: h.clock, Wall: c.m.now, Random: rand.Reader, Registry: h.registry,
		Profile: p.name, Host: c.m.host, Rebuild: rebuild(h.session), Beat: p.Patience.Beat, Call: p.Patience.Call})
	if err == nil {
		err = c.wire(h.session, h.engine, h.applied.Load)
	}
	if err != nil {
		s.close()
		return nil, storeError(err)
	}
	return h, nil
}

func (c *command) run(w workflowFile, o runOrder) error {
	h, err := c.enter()
	if err != nil {
		return err
	}
	defer h.close()
	defer h.tellUnused(c)
	return c.runIn(h, w, o)
}

// runIn runs a workflow in a house.
func (c *command) runIn(h *house, w workflowFile, o runOrder) error {
	c.note("workflow %s", w)
	prog, problems := load(w, h.session)
	if len(problems) > 0 {
		return usage("mozci-run check "+w.word()+" shows this as well", "the workflow has %s:\n%s", count(len(problems), "mistake", "mistakes"), strings.TrimSpace(engine.ShowAll(problems)))
	}
	inputs, event, err := c.inputs(h.session, prog, o)
	if err != nil {
		return err
	}
	return c.follow(h, o.apply, func(ctx context.Context, opts engine.Options) (engine.Result, error) {
		opts.Again, opts.Event, opts.Started = o.again, event, "by hand"
		return h.engine.Start(ctx, prog, inputs, opts)
	})
}

// follow lets a run go, tells of it as it goes, and writes its answer.
func (c *command) follow(h *house, apply bool, start func(context.Context, engine.Options) (engine.Result, error)) error {
	h.applied.Store(apply)
	opts := engine.Options{Apply: apply}
	if c.flags.output == "json" {
		return c.stream(opts, start)
	}
	t := newTalker(c.painter(c.m.stderr))
	t.now, t.time = h.clock.Now, h.timeOf()
	t.kept, t.repeatable = c.flags.db != inMemory, c.repeatable
	opts.Listener = t
	if !apply && c.attended() {
		opts.Confirm = func(p engine.Plan) bool {
			yes := c.confirm(t, p)
			h.applied.Store(yes)
			return yes
		}
	}
	stop := c.ticking(t.p, t.tick)
	res, err := start(c.ctx, opts)
	stop()
	t.p.show()
	if c.ctx.Err() != nil {
		t.p.freshLine()
	}
	if err != nil {
		return startError(err)
	}
	t.tell(c.painter(c.m.stdout), res)
	return &runEnding{res}
}

// stream writes a run's events to stdout, one a line.
func (c *command) stream(opts engine.Options, start func(context.Context, engine.Options) (engine.Result, error)) error {
	enc := json.NewEncoder(c.m.stdout)
	enc.SetEscapeHTML(false)
	var broken error
	opts.Listener = engine.ListenerFunc(func(e engine.Event) { broken = errors.Join(broken, enc.Encode(e)) })
	res, err := start(c.ctx, opts)
	if err = errors.Join(err, broken); err != nil {
		return startError(err)
	}
	return &runEnding{res}
}

// attended says whether there is somebody who can answer a question.
func (c *command) attended() bool {
	return c.m.terminal(c.m.stdin) && c.m.terminal(c.m.stderr) && !c.inCI()
}

// ticking calls tick each second, where a painter can show that time passes, until it is told to stop.
func (c *command) ticking(p *painter, tick func()) (stop func()) {
	if !p.live {
		return func() {}
	}
	ctx, cancel := context.WithCancel(c.ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for c.m.sleep(ctx, time.Second) == nil {
			tick()
		}
	}()
	return func() {
		cancel()
		<-over
	}
}

// startError says what to do about a run that could not start.
func startError(err error) error {
	var inputs *engine.InputError
	var live *engine.LiveError
	var unknown *engine.UnknownRunError
	var state *engine.StateError
	switch {
	case errors.As(err, &inputs):
		return usage("inputs are given with -i name=value, or by the link of a failure, or by --latest, which takes the newest failure", "%w", err)
	case errors.As(err, &live), errors.As(err, &unknown), errors.As(err, &state):
		return usage("", "%w", err)
	}
	return err
}

// confirm shows a plan and asks whether to go on.
func (c *command) confirm(t *talker, plan engine.Plan) bool {
	if !t.asks(plan) {
		return false
	}
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(c.m.stdin).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		t.answered(strings.HasSuffix(line, "\n"))
		return slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(line)))
	case <-c.ctx.Done():
		t.answered(false)
		return false
	}
}

// inputs puts a run's inputs together: what was given, then what the link or the newest failure says, then what the
// profile says.
func (c *command) inputs(s *session, prog *engine.Program, o runOrder) (map[string]any, *ci.Event, error) {
	given, err := parseGiven(prog, o.given)
	if err != nil {
		return nil, nil, err
	}
	out := map[string]any{}
	for _, in := range prog.Inputs {
		v, ok := s.profile.Inputs[in.Name]
		if _, over := given[in.Name]; !ok || over {
			continue
		}
		if err := in.Check(v); err != nil {
			return nil, nil, usage("mend it in "+or(s.profile.from, "the profile")+", or give -i "+in.Name+"=…", "the profile %s gives %s, which takes another value: %w", s.profile.name, in.Name, err)
		}
		out[in.Name] = v
	}
	var event *ci.Event
	switch {
	case o.link != nil && o.latest:
		return nil, nil, usage("leave out one of them", "--latest takes the newest failure, and the link points at another")
	case o.link != nil:
		over := c.during("looks up what the link points at")
		ev, err := c.pointedAt(s, *o.link)
		over()
		if err != nil {
			return nil, nil, err
		}
		event = &ev
		from, err := pointed(c.ctx, prog, ev)
		if err != nil {
			return nil, nil, err
		}
		if len(from) == 0 {
			return nil, nil, usage("give its inputs with -i name=value", "%s takes nothing from a link: it has no on, and no input called branch, revision, job, from or to", prog.Name)
		}
		maps.Copy(out, from)
		if err := c.incomplete(s, prog, ev, out, given); err != nil {
			return nil, nil, err
		}
		if j := ev.Job; j != nil && !hasFailed(*j) {
			c.note("the job that the link points at has not failed: it is %s, %s", j.State, j.Result)
		}
	case (o.latest || (s.sim != nil || s.replay != nil) && hasEvents(prog)) && open(prog, out, given):
		branch := fmt.Sprint(or(text(given["branch"]), text(out["branch"])))
		over := c.during("looks for the newest failure")
		ev, from, err := newest(c.ctx, s.registry, prog, branch)
		over()
		if err != nil {
			return nil, nil, err
		}
		c.note("from the newest failure: %s", or(ev.Link, ev.Job.Link))
		event = &ev
		maps.Copy(out, from)
	}
	maps.Copy(out, given)
	return out, event, nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// open says whether an input is missing that has no default.
func open(prog *engine.Program, sets ...map[string]any) bool {
	return slices.ContainsFunc(prog.Inputs, func(in engine.Input) bool { return lacks(in, sets...) })
}

// lacks says whether an input is given by none of the sets, and has to be given.
func lacks(in engine.Input, sets ...map[string]any) bool {
	return in.Default == nil && !in.Type.Nullable && !slices.ContainsFunc(sets, func(set map[string]any) bool { return set[in.Name] != nil })
}

// parseGiven reads name=value texts as the program's inputs.
func parseGiven(prog *engine.Program, given []string) (map[string]any, error) {
	names := make([]string, len(prog.Inputs))
	for i, in := range prog.Inputs {
		names[i] = in.Name
	}
	return valuesOf(prog.InputType(), prog.Name, given, func(name string) string { return oneOf(name, names) })
}

// valuesOf reads name=value texts as members of an object. hint says what there is instead of a name that it has not.
func valuesOf(t *schemas.Type, of string, given []string, hint func(name string) string) (map[string]any, error) {
	out := map[string]any{}
	for _, g := range given {
		name, value, ok := strings.Cut(g, "=")
		f := t.Field(name)
		switch {
		case f == nil:
			return nil, usage(hint(name), "-i %s: %s has no input of that name", g, of)
		case !ok:
			return nil, usage("give -i "+name+"=VALUE", "-i %s: it has no value", g)
		case out[name] != nil:
			return nil, usage("leave out one of them; a list takes commas", "-i %s: %s is given twice", g, name)
		}
		v, err := f.Type.Parse(value)
		if err != nil {
			return nil, usage(f.Doc, "-i %s: %w", g, err)
		}
		out[name] = v
	}
	return out, nil
}
