package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mozci/mozci-run/engine"
)

func (c *command) runsCommand() *cobra.Command {
	var limit int
	var o runOrder
	cmd := &cobra.Command{Use: "runs", Short: "see, resume, cancel and approve runs", Args: exactly(0, "list, show, resume, cancel or approve"),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	list := &cobra.Command{Use: "list", Short: "the runs that there are, the newest first", Args: exactly(0, "no argument"),
		RunE: func(*cobra.Command, []string) error { return c.listRuns(limit) }}
	list.Flags().IntVar(&limit, "limit", 20, "how many; all where it is 0")
	show := &cobra.Command{Use: "show ID", Short: "the whole story of a run", Args: oneRun,
		Long:    "show tells the whole story of a run: each step, what it was given and what came of it, each decision and its reason.\nThe last letters of the id are enough.",
		Example: "  mozci-run runs show 250301-120000-k7qw\n  mozci-run runs show k7qw", ValidArgsFunction: c.completeRuns,
		RunE: func(_ *cobra.Command, args []string) error { return c.showRun(args[0]) }}
	resume := &cobra.Command{Use: "resume ID", Short: "go on with a run that was interrupted, has failed, or was planned", Args: oneRun,
		Example: "  mozci-run runs resume k7qw\n  mozci-run runs resume --apply k7qw", ValidArgsFunction: c.completeRuns,
		RunE: func(_ *cobra.Command, args []string) error { return c.resumeRun(args[0], o.apply) }}
	resume.Flags().BoolVar(&o.apply, "apply", false, "do the effects that it has planned")
	c.closedFlag(resume.Flags())
	cancel := &cobra.Command{Use: "cancel ID", Short: "stop a run, wherever it is going on", Args: oneRun, ValidArgsFunction: c.completeRuns,
		RunE: func(_ *cobra.Command, args []string) error { return c.cancelRun(args[0]) }}
	cmd.AddCommand(list, show, resume, cancel, c.approveCommand())
	return cmd
}

// records opens the engine for reading what it has kept: no source is needed.
func (c *command) records() (*engine.Engine, error) {
	db, there, err := c.kept()
	if err != nil {
		return nil, err
	}
	e, err := engine.Open(c.ctx, engine.Config{DB: db, There: there, Clock: realClock{c.m}, Random: zeros{}})
	return e, storeError(err)
}

// zeros is the randomness of somebody who makes no ids.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func (c *command) listRuns(limit int) error {
	if limit < 0 {
		return usage("--limit 0 lists all of them", "--limit is how many runs to list, and %d is none", limit)
	}
	e, err := c.records()
	if err != nil {
		return err
	}
	defer e.Close()
	runs, err := e.List(c.ctx, limit)
	if err != nil {
		return err
	}
	if c.flags.output == "json" {
		return json.NewEncoder(c.m.stdout).Encode(append([]engine.Run{}, runs...))
	}
	if len(runs) == 0 {
		c.note("there are no runs yet")
	}
	table := make([][]string, len(runs))
	for i, r := range runs {
		table[i] = []string{r.ID, r.Workflow, r.Profile, r.Wall.Local().Format(time.DateTime), ended(r.Status, r.Reason) + subject(r.Inputs)}
	}
	c.painter(c.m.stdout).table(table)
	return nil
}

// subject says which job on which push a run is about, as far as its inputs name them so.
func subject(inputs json.RawMessage) string {
	var in struct{ Job, Revision any }
	if json.Unmarshal(inputs, &in) != nil {
		return "" // the run is listed all the same
	}
	var said []string
	if job, ok := in.Job.(string); ok && job != "" {
		said = append(said, job)
	}
	if rev, ok := in.Revision.(string); ok && rev != "" {
		said = append(said, "on "+short(rev))
	}
	if said == nil {
		return ""
	}
	return " (" + strings.Join(said, " ") + ")"
}

// story reads the whole story of a run.
func (c *command) story(id string) (engine.Story, error) {
	e, err := c.records()
	if err != nil {
		return engine.Story{}, err
	}
	defer e.Close()
	story, err := e.Show(c.ctx, id)
	if err != nil {
		return story, startError(err)
	}
	return story, nil
}

func (c *command) showRun(id string) error {
	story, err := c.story(id)
	if err != nil {
		return err
	}
	if c.flags.output == "json" {
		return json.NewEncoder(c.m.stdout).Encode(story)
	}
	c.retell(story)
	return nil
}

func (c *command) resumeRun(id string, apply bool) error {
	story, err := c.story(id)
	if err != nil {
		return err
	}
	if c.flags.profile == "" {
		c.flags.profile, c.flags.run = story.Run.Profile, story.Run.ID // a run goes on with the profile that it began with
	}
	switch r := story.Run; {
	case c.flags.profile != r.Profile:
		return usage("leave out --profile", "run %s was started with the profile %s, and goes on with no other", r.ID, r.Profile)
	case r.Status == engine.Succeeded:
		return usage("mozci-run runs show "+r.ID+" tells of it", "run %s has ended well: there is nothing to resume", r.ID)
	case r.Status == engine.Planned && !apply:
		return usage("mozci-run runs resume --apply "+r.ID+" does what it plans", "run %s is planned, and waits for a word", r.ID)
	}
	h, err := c.enter()
	if err != nil {
		return err
	}
	defer h.close()
	return c.follow(h, apply || story.Run.Apply, func(ctx context.Context, opts engine.Options) (engine.Result, error) {
		opts.Apply = apply
		return h.engine.Resume(ctx, story.Run.ID, opts)
	})
}

// person is who gives the command, for those who read about it later.
func (c *command) person() string {
	who := "somebody"
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	return who + "@" + c.m.host
}

func (c *command) approveCommand() *cobra.Command {
	var no bool
	cmd := &cobra.Command{Use: "approve ID [STEP]", Short: "say yes or no to what a run asks", Args: oneOrTwo, ValidArgsFunction: c.completeRuns,
		Long:    "approve answers a step of a run that waits for a person. STEP may be left out where the run waits at one step only.",
		Example: "  mozci-run runs approve k7qw\n  mozci-run runs approve k7qw ask --no",
		RunE:    func(_ *cobra.Command, args []string) error { return c.approveRun(args[0], append(args, "")[1], !no) }}
	cmd.Flags().BoolVar(&no, "no", false, "say no: what stands below is not done")
	return cmd
}

const theRuns = "mozci-run runs list shows the runs that there are"

// oneRun wants the id of a run.
func oneRun(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return usage(theRuns, "runs %s wants the id of a run, and got %s", cmd.Name(), count(len(args), "argument", "arguments"))
}

// oneOrTwo wants the id of a run, and perhaps a step of it.
func oneOrTwo(cmd *cobra.Command, args []string) error {
	if len(args) == 1 || len(args) == 2 {
		return nil
	}
	return usage(theRuns, "runs approve wants the id of a run, and perhaps a step, and got %s", count(len(args), "argument", "arguments"))
}

func (c *command) approveRun(id, step string, yes bool) error {
	e, err := c.records()
	if err != nil {
		return err
	}
	defer e.Close()
	r, err := e.Approve(c.ctx, id, step, yes, c.person())
	if err != nil {
		return startError(err)
	}
	next := "mozci-run runs show " + r.ID + " says what comes of it"
	if r.Status != engine.Running {
		next = "mozci-run runs resume " + r.ID + " goes on with it"
	}
	c.note("run %s has its answer; %s", r.ID, c.repeatable(next))
	return nil
}

func (c *command) cancelRun(id string) error {
	e, err := c.records()
	if err != nil {
		return err
	}
	defer e.Close()
	r, err := e.Cancel(c.ctx, id, c.person())
	if err != nil {
		return startError(err)
	}
	if r.Status == engine.Cancelled {
		c.note("run %s is cancelled", r.ID)
		return nil
	}
	c.note("run %s is being stopped; %s says when it has ended", r.ID, c.repeatable("mozci-run runs show "+r.ID))
	return nil
}

// completeRuns lets the shell complete ids of runs.
func (c *command) completeRuns(_ *cobra.Command, args []string, part string) ([]string, cobra.ShellCompDirective) {
	e, err := c.records()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer e.Close()
	runs, err := e.List(c.ctx, 30)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var ids []string
	for _, r := range runs {
		ids = append(ids, fmt.Sprintf("%s\t%s, %s", r.ID, r.Workflow, strings.ReplaceAll(string(r.Status), "_", " ")))
	}
	return beginning(ids, part), cobra.ShellCompDirectiveNoFileComp
}
