package main

import (
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mozci/mozci-run/fixtures"
)

// acceptedFile lists the findings that somebody has looked at.
const acceptedFile = "fixtures/accepted.yaml"

// A contractOrder is what contract is told.
type contractOrder struct {
	against  string
	format   string
	strict   bool
	maxAge   string
	accepted string
}

const contractLong = `contract holds what services have answered to the schemas, and compares it with what they answered before.

Without --profile it reads the cassettes in DIR (` + cassettesDir + `). With --profile it asks the services of that profile the standard questions,
changes nothing, keeps nothing, and compares with the cassettes in DIR.

A finding is breaking where an adapter reads what has changed; risky where a vocabulary or a family of names has grown, or something has
become rarer; news otherwise. Findings that were looked at stand in ` + acceptedFile + `, with a reason and a day on which they expire.

The exit code is 1 where something breaks (with --strict, where something is risky), or cassettes are older than --max-age; 3 where a service
could not be reached.`

func (c *command) contractCommand() *cobra.Command {
	var o contractOrder
	cmd := &cobra.Command{
		Use: "contract [DIR]", Short: "say whether services still answer as they did", Long: contractLong,
		Example: "  mozci-run contract --max-age 90d\n  mozci-run contract --profile mozilla --format sarif",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(cmd.CommandPath()+" --help shows what it takes", "contract wants one folder at most, and got %d", len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			dir := cassettesDir
			if len(args) == 1 {
				dir = args[0]
			}
			return c.contract(dir, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.against, "against", "", "a folder of earlier cassettes to compare with")
	f.StringVar(&o.format, "format", "", strings.Join(fixtures.Formats(), ", "))
	f.BoolVar(&o.strict, "strict", false, "whether what is risky fails, too")
	f.StringVar(&o.maxAge, "max-age", "", "how old cassettes may be: 30d, 12h")
	f.StringVar(&o.accepted, "accepted", acceptedFile, "the file of findings that were looked at")
	return cmd
}

func (c *command) contract(dir string, o contractOrder) error {
	if o.format == "" {
		o.format = c.flags.output
	}
	oldest, err := c.oldest(o.maxAge)
	if err != nil {
		return err
	}
	accepted, err := fixtures.ReadAccepted(o.accepted)
	if err != nil {
		return usage("each entry has a fingerprint, a reason and a day on which it expires", "%w", err)
	}
	now, then, unreached, err := c.compared(dir, o)
	if err != nil {
		return err
	}
	k := fixtures.Contract{Sources: expectations(), Accepted: accepted, Now: c.m.now(), Workflows: c.usersOf()}
	rep, err := k.Check(c.ctx, now, then)
	if err != nil {
		return err
	}
	rep.Reached = len(unreached) == 0
	if err := rep.Write(c.m.stdout, o.format, c.m.now()); err != nil {
		return usage("--format text", "%w", err)
	}
	return c.verdict(rep, o, oldest, unreached)
}

// compared opens what is to be checked and what it is compared with: cassettes and earlier ones, or live answers and cassettes.
func (c *command) compared(dir string, o contractOrder) (now, then *fixtures.Library, unreached []error, err error) {
	if c.flags.profile == "" && c.flags.replay == "" {
		if now, err = fixtures.Open(dir); err != nil {
			return nil, nil, nil, usage("mozci-run record makes cassettes", "%w", err)
		}
		dir = o.against
	} else {
		if now, unreached, err = c.recordLive(); err != nil {
			return nil, nil, nil, err
		}
		dir = or(o.against, dir)
	}
	if dir == "" {
		return now, nil, unreached, nil
	}
	if then, err = fixtures.Open(dir); err != nil {
		return nil, nil, nil, usage("mozci-run record makes cassettes", "what is compared with: %w", err)
	}
	return now, then, unreached, nil
}

// verdict says on stderr what the report means for whoever called, and gives the exit code.
func (c *command) verdict(rep *fixtures.Report, o contractOrder, oldest time.Time, unreached []error) error {
	for _, err := range unreached {
		c.note("not reached: %v", err)
	}
	old := 0
	for _, a := range rep.Ages {
		if a.At.Before(oldest) {
			old++
			c.note("too old: %s was recorded %s (record it again: mozci-run record %s)", filepath.ToSlash(a.File), a.At.UTC().Format(time.DateOnly), a.Source)
		}
	}
	worst := rep.Worst()
	switch {
	case worst == fixtures.Breaking, worst == fixtures.Risky && o.strict, old > 0:
		return ending(exitFound)
	case len(unreached) > 0:
		return ending(exitFailed)
	}
	return nil
}

// oldest is the time before which cassettes are too old; zero where any age will do.
func (c *command) oldest(age string) (time.Time, error) {
	if age == "" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(age, "d"); ok {
		n, err := strconv.Atoi(days)
		if err == nil && n > 0 {
			return c.m.now().AddDate(0, 0, -n), nil
		}
	}
	d, err := time.ParseDuration(age)
	if err != nil || d <= 0 {
		return time.Time{}, usage("--max-age 30d, or --max-age 12h", "--max-age %s is no length of time", age)
	}
	return c.m.now().Add(-d), nil
}
