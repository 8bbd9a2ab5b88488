package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mozci/mozci-run/engine"
)

// A command is one call of mozci-run.
type command struct {
	m     machine
	ctx   context.Context
	flags flags
}

// flags are those that all commands share.
type flags struct {
	profile string
	replay  string
	config  string
	db      string
	output  string
	closed  bool   // of those that run workflows
	run     string // the run whose profile is wanted; empty where it is --profile that names one
}

// Main runs the command with the given arguments and returns its exit code. It may be called any number of times.
// It ends early, in an orderly way, when ctx does.
func Main(ctx context.Context, args []string, m machine) int {
	c := &command{m: m, ctx: ctx}
	root := c.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && strings.HasPrefix(err.Error(), "unknown command") {
		err = usage("mozci-run --help shows what there is", "%w", err)
	}
	p := c.painter(m.stderr)
	if err != nil && ctx.Err() != nil {
		p.freshLine()
	}
	report(p, err)
	return exitCode(err)
}

const rootLong = `mozci-run finds the push that broke a CI job. A workflow in YAML says how, and mozci-run runs it: it walks the
pushes, finds the last one on which the job was green, asks for the job on every push in between, watches
what comes of it, and names the culprit.

Effects are shown before they are done: --apply, or y on a terminal, does them.`

const rootExample = `  # a simulated CI, to see how it looks: nothing real is asked or changed
  mozci-run --profile sim --apply backfill

  # what would be done about the failed job that a link points at (Treeherder, Taskcluster, pushlog)
  mozci-run backfill 'https://treeherder.mozilla.org/jobs?repo=autoland&selectedTaskRun=…'

  # the same, done, with inputs by hand
  mozci-run backfill --apply -i job=test-linux/opt-mochitest-1 -i revision=4fe1c2…`

// root makes the tree of commands. The root itself is run.
func (c *command) root() *cobra.Command {
	root := c.runCommand()
	root.Use = "mozci-run WORKFLOW [LINK]"
	root.Short = "find the push that broke a CI job"
	root.Long, root.Example = rootLong, rootExample
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetOut(c.m.stdout)
	root.SetErr(c.m.stderr)
	root.SetIn(c.m.stdin)
	c.layOutHelp(root)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		text, _, _ := strings.Cut(err.Error(), ": strconv.") // what Go's own function is called says nothing to people
		return usage(meantFlag(cmd, text)+cmd.CommandPath()+" --help shows what it takes", "%s", text)
	})
	f := root.PersistentFlags()
	f.StringVar(&c.flags.profile, "profile", "", "which adapters answer, and where (MOZCI_PROFILE; mozilla)")
	f.StringVar(&c.flags.replay, "replay", "", "a folder of cassettes that answer instead: short for --profile replay:DIR")
	f.StringVar(&c.flags.config, "config", "", "the file of profiles (mozci.yaml here or in a folder above)")
	f.StringVar(&c.flags.db, "db", "", "where runs are kept: a file, memory, or postgres://… (a file in the user's state directory)")
	f.StringVar(&c.flags.output, "output", "text", "text or json")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		for _, name := range []string{"profile", "replay", "config"} {
			if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" { // a variable that is not set, most often
				return usage("leave it out, or say which", "--%s is empty", name)
			}
		}
		if c.flags.profile != "" && c.flags.replay != "" {
			return usage("leave out one of them", "--replay DIR is short for --profile replay:DIR, and --profile %s is another", c.flags.profile)
		}
		if cmd.Flags().Changed("db") {
			if err := engine.CheckStore(c.flags.db); err != nil {
				return storeError(err)
			}
		}
		if c.flags.output != "text" && c.flags.output != "json" {
			return usage("--output text, or --output json", "there is no output %q", c.flags.output)
		}
		return nil
	}
	root.AddCommand(c.runCommand(), c.checkCommand(), c.testCommand(), c.rulesCommand(), c.queryCommand(), c.watchCommand(), c.runsCommand(), c.sourcesCommand(), c.simCommand(),
		c.graphCommand(), c.schemaCommand(), c.recordCommand(), c.contractCommand())
	root.CompletionOptions.HiddenDefaultCmd = false
	root.InitDefaultCompletionCmd()
	knownShells(root)
	c.completeFlags(root)
	return root
}

// inParagraph is the end of a line that the next one goes on with.
var inParagraph = regexp.MustCompile(`(\S)\n(\S)`)

// layOutHelp lets help go on below where a terminal is narrower than it is.
func (c *command) layOutHelp(root *cobra.Command) {
	p := c.painter(c.m.stdout)
	if !p.live {
		return
	}
	width, _ := p.room()
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", fmt.Sprintf(".FlagUsagesWrapped %d", width)))
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		cmd.Long = inParagraph.ReplaceAllString(cmd.Long, "$1 $2")
		cmd.SetOut(c.laidOut(0))
		help(cmd, args)
	})
}

// knownShells has the command completion say which shells there are, to who names another.
func knownShells(root *cobra.Command) {
	cmd, _, err := root.Find([]string{"completion"})
	must(err) // it has just been made
	var names []string
	for _, shell := range cmd.Commands() {
		names = append(names, shell.Name())
	}
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return usage(oneOf(args[0], names), "there is no completion for %q", args[0])
	}
}

// exactly wants n arguments, and says which.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if n == 0 && len(args) > 0 && cmd.HasSubCommands() {
			return usage(oneOf(args[0], namesOf(cmd)), "there is no command %s %s", cmd.CommandPath(), args[0])
		}
		if len(args) != n {
			return usage(cmd.CommandPath()+" --help shows what it takes", "%s wants %s, and got %s", strings.TrimPrefix(cmd.CommandPath(), "mozci-run "), what, count(len(args), "argument", "arguments"))
		}
		return nil
	}
}

// note writes a line for people.
func (c *command) note(format string, args ...any) { c.painter(c.m.stderr).line(format, args...) }

// during shows on a terminal what is going on, until it is over.
func (c *command) during(what string) (over func()) {
	p := c.painter(c.m.stderr)
	p.show(item{pad("now"), what})
	return func() { p.show() }
}
