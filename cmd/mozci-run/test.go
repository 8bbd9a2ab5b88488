package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mozci/mozci-run/engine/workflowtest"
	"github.com/mozci/mozci-run/schemas/yamldoc"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/sim"
	"github.com/mozci/mozci-run/workflows"
)

// testFlags are those of test.
type testFlags struct {
	run     string
	verbose bool
	junit   string
	lcov    string
	min     float64
	update  bool
}

func (c *command) testCommand() *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use: "test [PATH…]", Short: "run the tests of workflows and rules",
		Long: `test runs files NAME_test.yaml through the real engine: with facts, cassettes or a simulated CI in place of services, a clock that
jumps, and effects that are written down and never done. PATH is a file or a folder; the folder workflows where it is left out.
It says what differs from what was expected, and what no test has reached. The exit code is 1 where a test failed, or less
than --min percent of a file was reached.`,
		Example: "  mozci-run test\n  mozci-run test workflows --run 'backfill.*killed' -v\n  mozci-run test --junit report.xml --lcov coverage.info --min 95",
		RunE:    func(_ *cobra.Command, args []string) error { return c.test(args, f) },
	}
	cmd.Flags().StringVar(&f.run, "run", "", "only tests whose FILE/NAME this regular expression finds")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "list tests that pass, and every place that none has reached")
	cmd.Flags().StringVar(&f.junit, "junit", "", "write a report for CI systems to this file")
	cmd.Flags().StringVar(&f.lcov, "lcov", "", "write the coverage to this file")
	cmd.Flags().BoolVar(&f.update, "update", false, "write golden files anew where they differ from what came")
	cmd.Flags().Float64Var(&f.min, "min", 0, "how many percent of each file tests have to reach")
	return cmd
}

func (c *command) test(paths []string, f testFlags) error {
	if f.min < 0 || f.min > 100 {
		return usage("--min 95", "--min %v is no share: 0 to 100 percent", f.min)
	}
	files, err := testFiles(paths)
	if err != nil {
		return err
	}
	s, err := c.openOffline()
	if err != nil {
		return err
	}
	began := c.m.now()
	cfg := workflowtest.Config{
		Catalog: s.registry, Read: os.ReadFile, Standard: workflows.Standard(), Workers: runtime.GOMAXPROCS(0), Simulate: c.simulateTest, Replay: c.replayTest, Update: f.update,
		Now: time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC), Elapsed: func() time.Duration { return c.m.now().Sub(began) },
	}
	if f.run != "" {
		if cfg.Filter, err = regexp.Compile(f.run); err != nil {
			return usage("a regular expression such as 'backfill_test.yaml/.*killed'", "--run: %w", err)
		}
	}
	rep, err := workflowtest.Run(c.ctx, cfg, files)
	if err != nil {
		return err
	}
	if len(rep.Results) == 0 && !rep.Failed() {
		return usage("mozci-run test -v lists the names", "no test in %s is found by --run %s", or(strings.Join(paths, ", "), workflowFolder), f.run)
	}
	for _, file := range rep.Written() {
		c.note("%s is written anew", file)
	}
	w := c.m.stdout
	if c.flags.output == "text" {
		w = c.laidOut(2)
	}
	if err := rep.Write(w, c.flags.output, f.verbose); err != nil {
		return err
	}
	if err := writeReports(rep, f); err != nil {
		return err
	}
	if rep.Failed() || c.below(rep, f) {
		return ending(exitFound)
	}
	return nil
}

// below says which files tests do not reach as far as they have to.
func (c *command) below(rep *workflowtest.Report, f testFlags) bool {
	short := false
	for _, s := range workflowtest.Shares(rep.Coverage()) {
		if s.Percent() < f.min {
			c.note("%s: %.1f %% reached, and %.1f %% are wanted; -v lists what is missing", s.File, s.Percent(), f.min)
			short = true
		}
	}
	return short
}

func writeReports(rep *workflowtest.Report, f testFlags) error {
	var junit, lcov bytes.Buffer
	if err := rep.Write(&junit, "junit", false); err != nil {
		return err
	}
	if err := workflowtest.WriteLCOV(&lcov, rep.Coverage()); err != nil {
		return err
	}
	for file, text := range map[string][]byte{f.junit: junit.Bytes(), f.lcov: lcov.Bytes()} {
		if file == "" {
			continue
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	return nil
}

// testFiles finds and reads files of tests. All mistakes in them come at once.
func testFiles(paths []string) ([]*workflowtest.File, error) {
	if len(paths) == 0 {
		paths = []string{workflowFolder}
	}
	var files []*workflowtest.File
	var problems []yamldoc.Problem
	for _, p := range paths {
		names, err := testsBelow(p)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, fmt.Errorf("reading tests: %w", err)
			}
			f, found := workflowtest.Parse(filepath.ToSlash(name), text)
			problems = append(problems, found...)
			files = append(files, f)
		}
	}
	if len(problems) > 0 {
		return nil, usage("the format is described in engine/workflowtest", "%w", yamldoc.AsError(problems))
	}
	return files, nil
}

func testsBelow(p string) ([]string, error) {
	info, err := os.Stat(p)
	if err != nil {
		return nil, usage("name a file NAME_test.yaml, or a folder with such files", "looking for tests: %w", err)
	}
	if !info.IsDir() {
		return []string{p}, nil
	}
	var names []string
	err = filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, "_test.yaml") {
			names = append(names, path)
		}
		return err
	})
	if err == nil && len(names) == 0 {
		err = usage("a file of tests is called NAME_test.yaml and lies beside what it tests", "there are no tests below %s", p)
	}
	return names, err
}

// simulateTest gives a test a simulated CI of its own, on the test's clock.
func (c *command) simulateTest(_ context.Context, t workflowtest.Sim, clock sources.Clock, ledger sources.Ledger) (*sources.Registry, error) {
	sc, err := scenario(or(t.Scenario, defaultScenario))
	if err != nil {
		return nil, err
	}
	world, err := sim.New(sc, uint64(t.Seed), clock.Now, sim.Options{Epoch: clock.Now()})
	if err != nil {
		return nil, fmt.Errorf("starting the simulated CI: %w", err)
	}
	at := fmt.Sprintf("http://%s-%d.sim.invalid", sc.Name, t.Seed)
	s := newSession(surroundings{clock: clock, connection: sim.Transport(world), sim: world, scenario: sc, at: at, close: func() {}}, chosen{})
	return s.registry, c.wire(s, ledger, func() bool { return true })
}

// replayTest gives a test what was recorded in a folder, and nothing else.
func (c *command) replayTest(dir string) (workflowtest.Replay, error) {
	p, err := replayed(dir)
	if err != nil {
		return workflowtest.Replay{}, err
	}
	return workflowtest.Replay{At: p.Clock.Epoch, Open: func(clock sources.Clock, ledger sources.Ledger) (*sources.Registry, error) {
		around, err := c.replay(chosen{profile: p})
		if err != nil {
			return nil, err
		}
		around.clock = clock
		s := newSession(around, chosen{profile: p})
		return s.registry, c.wire(s, ledger, func() bool { return true })
	}}, nil
}
