package main

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/mozci/mozci-run/fixtures"
	"github.com/mozci/mozci-run/sources"
)

// cassettesDir is where cassettes lie in a project.
const cassettesDir = "fixtures/cassettes"

// A recordOrder is what record is told.
type recordOrder struct {
	dir      string
	scenario string
	seed     int
	workflow string
	given    []string
	apply    bool
	imports  bool
	in       importOrder
}

const recordLong = `record asks the profile's sources what workflows ask them, and keeps the answers: a cassette for each source and query,
at DIR/SOURCE/QUERY.yaml. SOURCE or SOURCE.QUERY keep some of them only; SOURCE.link is what links are read by. Nothing is changed anywhere; but of a
simulated CI effects are recorded as well, as SOURCE.EFFECT.

Secrets and addresses are taken out. A cassette is written to a temporary file, read back, held to its schemas, and only then put in the
place of the old one; where a question fails, the old one stays. mozci-run contract compares it with the one that it replaced.

With --run WORKFLOW a workflow is run, and everything that it asks becomes one cassette for each source in DIR: a scenario for --replay.
With --import, FILES are raw exchanges (a line "# METHOD URL", then the answer) or HTTP Archives (.har) that become the cassette --case.`

const recordExample = `  mozci-run record --profile mozilla treeherder.jobs.list
  mozci-run record --profile sim --scenario flaky --seed 3
  mozci-run record --profile sim --scenario gap-of-three --run backfill --apply -o fixtures/cassettes/scenarios/gap-of-three
  mozci-run record --import exchange.http --source treeherder --case odd-page --from live --what 'what a sheriff saw'`

func (c *command) recordCommand() *cobra.Command {
	var o recordOrder
	cmd := &cobra.Command{
		Use: "record [SOURCE[.QUERY] …]", Short: "keep what services answer, as cassettes", Long: recordLong, Example: recordExample,
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case o.imports:
				o.in.dir = or(o.dir, cassettesDir)
				return c.recordImport(args, o.in)
			case o.workflow != "":
				return c.recordRun(args, o)
			}
			return c.recordQuestions(args, o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.dir, "to", "o", "", "the folder of the cassettes ("+cassettesDir+")")
	f.StringVar(&o.scenario, "scenario", "", "of a simulated CI: a file, or the name of one that ships")
	f.IntVar(&o.seed, "seed", 0, "of a simulated CI: what settles all that the scenario leaves open")
	f.StringVar(&o.workflow, "run", "", "run this workflow, and keep what it asks")
	f.StringArrayVarP(&o.given, "input", "i", nil, "an input of the workflow: name=value, as often as needed")
	f.BoolVar(&o.apply, "apply", false, "do the workflow's effects: in a simulated CI only")
	f.BoolVar(&o.imports, "import", false, "the arguments are files to import")
	f.StringVar(&o.in.source, "source", "", "with --import: whose answers these are")
	f.StringVar(&o.in.base, "base", "", "with --import: the base of their requests")
	f.StringVar(&o.in.from, "from", string(fixtures.Live), "with --import: live, simulator, server (a real one, started locally) or hand")
	f.StringVar(&o.in.what, "what", "", "with --import: what exactly they came from")
	f.StringVar(&o.in.name, "case", "", "with --import: the name of the cassette")
	f.StringVar(&o.in.apart, "apart", "", "with --import: why nobody asks so, where nobody does; the contract passes over them")
	f.StringArrayVar(&o.in.branches, "branch", nil, "with --import: a branch and what the service calls it: autoland=integration/autoland")
	return cmd
}

// recordQuestions asks each source the standard questions, and keeps each answer on its own.
func (c *command) recordQuestions(targets []string, o recordOrder) error {
	s, err := c.openRecording(o)
	if err != nil {
		return err
	}
	defer s.close()
	q, err := standardQuestions(c.ctx, s.registry, s.branch())
	if err != nil {
		return fmt.Errorf("finding something to ask about: %w", err)
	}
	matched := make([]bool, len(targets))
	failed := c.recordEach(s, targets, matched, q, func(spec sourceSpec, name string) error {
		return c.recordQuestion(s, spec, name, q[name], o)
	})
	if s.sim != nil {
		failed = errors.Join(failed, c.recordEffects(s, targets, matched, o))
	}
	for i, t := range targets {
		if !matched[i] && c.ctx.Err() == nil {
			return usage("mozci-run sources list shows what there is", "nothing is called %s: SOURCE or SOURCE.QUERY is wanted", t)
		}
	}
	if failed != nil {
		return &notRecorded{failed}
	}
	return nil
}

// notRecorded is what could not be recorded, which was said one by one.
type notRecorded struct{ err error }

func (n *notRecorded) Error() string {
	return "not all was recorded; where something is missing, the cassette that was there stays"
}

func (n *notRecorded) Unwrap() error { return n.err }

// recordEach records what is among the targets, and says what could not be.
func (c *command) recordEach(s *recording, targets []string, matched []bool, q questions, record func(spec sourceSpec, name string) error) error {
	var failed error
	for _, spec := range s.specs {
		for _, name := range inOrder(keys(q)) {
			if !wants(targets, matched, spec.Adapter, name) {
				continue
			}
			if err := record(spec, name); err != nil {
				c.note("not recorded: %v", err)
				failed = errors.Join(failed, err)
			}
			if c.ctx.Err() != nil { // nothing more can be asked
				return failed
			}
		}
	}
	return failed
}

// recordEffects does what can be done in a simulated CI, each in a world of its own, as if nothing had been done before.
func (c *command) recordEffects(s *recording, targets []string, matched []bool, o recordOrder) error {
	q, err := standardEffects(c.ctx, s.registry, s.branch())
	if err != nil {
		return fmt.Errorf("finding something to do: %w", err)
	}
	return c.recordEach(s, targets, matched, q, func(spec sourceSpec, name string) error {
		one, err := spec.adapt(adapting{client: &http.Client{Transport: nowhere{}}, clock: s.clock, asker: s.registry, machine: c.m})
		if err != nil || !q[name][0].Has(one) {
			return err
		}
		fresh, err := c.putTogether(s.profile)
		if err != nil {
			return err
		}
		defer fresh.close()
		return c.recordQuestion(fresh, spec, name, q[name], o)
	})
}

// turnedDown says whether a service, or the adapter before it was asked, has found a question wrong.
func turnedDown(err error) bool {
	return errors.Is(err, sources.ErrNotFound) || errors.Is(err, sources.ErrRefused)
}

// wants says whether a source's query is among the targets, and marks which.
func wants(targets []string, matched []bool, source, query string) bool {
	any := len(targets) == 0
	for i, t := range targets {
		if t == source || t == source+"."+query {
			matched[i], any = true, true
		}
	}
	return any
}

// recordQuestion asks a source, and keeps what came over the wire.
func (c *command) recordQuestion(s *recording, spec sourceSpec, name string, asked []fixtures.Question, o recordOrder) error {
	tape, err := c.ask(s, spec, name, asked)
	if err != nil || tape == nil {
		return err
	}
	file := filepath.Join(or(o.dir, cassettesDir), spec.Adapter, s.caseOf(name)+".yaml")
	if err := s.validate(tape); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return c.keep(tape, file)
}

// ask opens a source of its own, so that nothing is answered from a cache, asks it, and returns what came over the wire; nil where the source does
// not answer this query. Where it fails, what came until then is returned as well, as far as it can be.
func (c *command) ask(s *recording, spec sourceSpec, name string, asked []fixtures.Question) (*fixtures.Cassette, error) {
	rec, err := fixtures.NewRecorder(s.wire(), s.head(c, spec), fixtures.NewRedactor(c.secrets()...))
	if err != nil {
		return nil, err
	}
	defer rec.Discard()
	client := &http.Client{Transport: sources.Stack(sources.StackOptions{Connection: rec, Clock: s.clock, DryRun: s.sim == nil})}
	one, err := spec.adapt(adapting{client: client, clock: s.clock, asker: s.registry, machine: c.m})
	if err != nil {
		return nil, err
	}
	var failed error
	for _, q := range asked {
		before := rec.Count()
		_, err := q.Ask(c.ctx, one, s.at, func(d time.Duration) error { return s.clock.Sleep(c.ctx, d) })
		switch {
		case err == nil:
			q.Ends = ""
			rec.Asked(q)
		case q.Ends != "" && turnedDown(err):
			if q.Ends = sources.KindOf(err).Error(); rec.Count() > before {
				rec.Asked(q)
			}
		case !errors.Is(err, sources.ErrNotFilled):
			failed = errors.Join(failed, fmt.Errorf("%s of %s: %w", name, one.Name(), err))
		}
	}
	if rec.Count() == 0 {
		return nil, failed
	}
	tape, err := rec.Take()
	if failed != nil {
		return tape, failed
	}
	return tape, err
}
