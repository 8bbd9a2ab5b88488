package main

import (
	"os"
	"path/filepath"
	"slices"
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
	accept   string // the fingerprint of a finding that is to be accepted,
	reason   string // why,
	until    string // and for how long
}

const contractLong = `contract holds what services have answered to the schemas, and compares it with what they answered before.

Without --profile it reads the cassettes in DIR (` + cassettesDir + `), and compares those that were recorded again here with what they
replaced, or all of them with earlier ones that --against names: those of another checkout. With --profile it asks the services of that profile the
standard questions, changes nothing, keeps nothing, and compares with the cassettes in DIR.

A finding is breaking where an adapter reads what has changed; risky where a vocabulary or a family of names has grown, or something has
become rarer; news otherwise. Findings that were looked at stand in ` + acceptedFile + `, with a reason and a day on which they expire;
--accept adds one.

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
				dir = fromHere(args[0])
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
	f.StringVar(&o.accept, "accept", "", "add the finding with this fingerprint to that file; wants --reason and --until")
	f.StringVar(&o.reason, "reason", "", "with --accept: why")
	f.StringVar(&o.until, "until", "", "with --accept: the day on which it counts again, 2027-03-01")
	return cmd
}

// fromHere writes a folder relative to this one where it lies below it, so that a report means the same on another machine.
func fromHere(dir string) string {
	here, err := os.Getwd()
	if err != nil || !filepath.IsAbs(dir) {
		return dir
	}
	if rel, err := filepath.Rel(here, dir); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return dir
}

func (c *command) contract(dir string, o contractOrder) error {
	if o.format == "" {
		o.format = c.flags.output
	}
	oldest, err := c.oldest(o.maxAge)
	if err != nil {
		return err
	}
	entry, err := c.acceptance(o)
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
	if entry != nil {
		accepted = append(accepted, *entry)
	}
	k := fixtures.Contract{Sources: expectations(), Accepted: accepted, Now: c.m.now(), Workflows: c.usersOf(), Profile: c.flags.profile}
	rep, err := k.Check(c.ctx, now, then)
	if err != nil {
		return err
	}
	rep.Strict, rep.Unreached = o.strict, texts(unreached)
	rep.MarkOld(oldest)
	if err := c.accept(rep, entry, o.accepted); err != nil {
		return err
	}
	w := c.m.stdout
	if o.format == "text" {
		w = c.laidOut(2)
	}
	if err := rep.Write(w, o.format, c.m.now()); err != nil {
		return usage("--format text", "%w", err)
	}
	return c.verdict(rep)
}

// acceptance is the entry that --accept is about; nil where it is not given.
func (c *command) acceptance(o contractOrder) (*fixtures.Accepted, error) {
	const example = "--accept 3f9a0c12be55 --reason 'no workflow needs it' --until 2027-03-01"
	if o.accept == "" {
		if o.reason != "" || o.until != "" {
			return nil, usage(example, "--reason and --until go with --accept")
		}
		return nil, nil
	}
	if strings.TrimSpace(o.reason) == "" {
		return nil, usage(example, "--accept wants a --reason: whoever reads the file later wants to know")
	}
	until, err := time.Parse(time.DateOnly, o.until)
	if err != nil {
		return nil, usage(example, "--accept wants --until, a day such as 2027-03-01, and got %q", o.until)
	}
	if !until.After(c.m.now()) {
		return nil, usage(example, "--until %s has passed", o.until)
	}
	return &fixtures.Accepted{Fingerprint: o.accept, Reason: o.reason, Expires: until}, nil
}

// accept adds the entry to the file, where something was found that it is about.
func (c *command) accept(rep *fixtures.Report, entry *fixtures.Accepted, file string) error {
	if entry == nil {
		return nil
	}
	var there []string
	for _, f := range rep.Findings {
		there = append(there, f.Fingerprint)
	}
	if len(there) == 0 {
		return usage("", "nothing was found, and so there is nothing to accept")
	}
	if !slices.Contains(there, entry.Fingerprint) {
		return usage("the report has the fingerprint of each finding", "nothing with the fingerprint %s was found; %s", entry.Fingerprint, oneOf(entry.Fingerprint, there))
	}
	if err := fixtures.Accept(file, *entry); err != nil {
		return usage("", "accepting a finding: %w", err)
	}
	c.note("%s is accepted until %s, in %s", entry.Fingerprint, entry.Expires.Format(time.DateOnly), file)
	return nil
}

func texts(list []error) []string {
	var out []string
	for _, err := range list {
		out = append(out, err.Error())
	}
	return out
}

// compared opens what is to be checked and what it is compared with: cassettes and earlier ones, or live answers and cassettes.
func (c *command) compared(dir string, o contractOrder) (now, then *fixtures.Library, unreached []error, err error) {
	if c.flags.profile == "" && c.flags.replay == "" {
		if now, err = fixtures.Open(dir); err != nil {
			return nil, nil, nil, usage("mozci-run record makes cassettes", "%w", err)
		}
		if o.against == "" {
			if then, err = now.Replaced(); err != nil {
				return nil, nil, nil, usage("mozci-run record records it again", "what was replaced: %w", err)
			}
			return now, then, nil, nil
		}
		dir = o.against
	} else {
		if now, unreached, err = c.recordLive(); err != nil {
			return nil, nil, nil, err
		}
		dir = or(o.against, dir)
	}
	if then, err = fixtures.Open(dir); err != nil {
		return nil, nil, nil, usage("mozci-run record makes cassettes", "what is compared with: %w", err)
	}
	return now, then, unreached, nil
}

// verdict gives the exit code, and says on stderr what has failed, for those who read the report elsewhere.
func (c *command) verdict(rep *fixtures.Report) error {
	for _, text := range rep.Unreached {
		c.note("not reached: %s", text)
	}
	if n := len(rep.TooOld); n > 0 {
		c.note("%s than --max-age allows; the report names them", count(n, "cassette is older", "cassettes are older"))
	}
	switch {
	case rep.Fails():
		return ending(exitFound)
	case len(rep.Unreached) > 0:
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
