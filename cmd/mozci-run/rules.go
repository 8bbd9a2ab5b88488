package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/workflows"
)

func (c *command) rulesCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "rules", Short: "try rules out on what was seen", Args: exactly(0, "backtest"), RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var on []string
	back := &cobra.Command{
		Use: "backtest OLD NEW --on DATA", Short: "which pushes two files of rules judge differently, and why",
		Long: `backtest evaluates every rule that takes one row of a history with both files of rules, on every row in DATA, and prints the rows on which
they differ, with the row of the table that held in each. OLD and NEW are files of rules; standard stands for the rules that ship.
DATA is runs (every history that the runs in the state file have seen), the id of a run, or a file with rows as
mozci-run --output json query jobs.history prints them. The exit code is 1 where a push is judged differently.`,
		Example: `  mozci-run rules backtest standard team/stricter.rules.yaml --on runs
  mozci-run --output json query jobs.history -i job=test-linux/opt-m-1 > rows.json
  mozci-run rules backtest old.rules.yaml new.rules.yaml --on rows.json`,
		Args: exactly(2, "two files of rules"),
		RunE: func(_ *cobra.Command, args []string) error { return c.backtest(args[0], args[1], on) },
	}
	back.Flags().StringArrayVar(&on, "on", nil, "runs, the id of a run, or a file of rows; as often as needed")
	cmd.AddCommand(back)
	return cmd
}

// A judged is a row that two files of rules judge differently.
type judged struct {
	Push     string `json:"push"`
	PushID   string `json:"push_id"`
	From     string `json:"from"` // the run or the file
	Rule     string `json:"rule"`
	Old      any    `json:"old"`
	OldWhy   string `json:"old_why"`
	New      any    `json:"new"`
	NewWhy   string `json:"new_why"`
	OldError string `json:"old_error,omitempty"`
	NewError string `json:"new_error,omitempty"`
}

func (c *command) backtest(older, newer string, on []string) error {
	if len(on) == 0 {
		return usage("--on runs takes the histories that your runs have seen", "rules backtest wants --on: what to judge")
	}
	was, err := readRules(older)
	if err != nil {
		return err
	}
	is, err := readRules(newer)
	if err != nil {
		return err
	}
	data, err := c.histories(on)
	if err != nil {
		return err
	}
	c.tellApart(was, is, older, newer)
	found := []judged{}
	rows := 0
	for _, h := range data {
		rows += len(h.rows)
	}
	if rows == 0 {
		return usage("mozci-run --output json query jobs.history prints rows for a file", "there is no row in %s, and so nothing to judge", strings.Join(on, ", "))
	}
	for _, h := range data {
		for _, row := range h.rows {
			found = append(found, c.judge(was, is, h.from, row)...)
		}
	}
	if c.flags.output == "json" {
		err = json.NewEncoder(c.m.stdout).Encode(found)
	} else {
		c.tellJudged(found)
	}
	c.note("%s judged, %s", count(rows, "row", "rows"), count(len(found), "difference", "differences"))
	if err == nil && len(found) > 0 {
		return ending(exitFound)
	}
	return err
}

// tellJudged prints differences, each once: runs, and the steps of one, have seen the same push many times.
func (c *command) tellJudged(found []judged) {
	type told struct{ push, text string }
	times := map[told]int{}
	var first []judged
	saying := func(j judged) told {
		return told{j.Push + j.PushID, fmt.Sprintf("%s: %s; now %s", j.Rule, gives(j.Old, j.OldWhy, j.OldError), gives(j.New, j.NewWhy, j.NewError))}
	}
	for _, j := range found {
		if times[saying(j)]++; times[saying(j)] == 1 {
			first = append(first, j)
		}
	}
	w := c.laidOut(2)
	for _, j := range first {
		more := ""
		if n := times[saying(j)] - 1; n > 0 {
			more = fmt.Sprintf(", and %d more", n)
		}
		fmt.Fprintf(w, "%s (push %s, %s%s): %s\n", short(j.Push), j.PushID, j.From, more, saying(j).text)
	}
}

// longest is how much of a value people are shown.
const longest = 60

// gives says what a rule gives of a row, and why, where that is one row of a table.
func gives(v any, why, err string) string {
	if err != "" {
		return "an error (" + err + ")"
	}
	text, e := json.Marshal(v)
	must(e) // facts of rules are plain
	s := []rune(string(bytes.Trim(text, `"`)))
	if list, is := v.([]any); is && len(s) > longest {
		s = []rune(count(len(list), "element", "elements"))
	} else if len(s) > longest {
		s = append(s[:longest], '…')
	}
	if why == byExpression {
		return string(s)
	}
	return string(s) + ", because " + why
}

// tellApart says which rules of one row stand in one of the sets only, or take something else in the other: nothing is compared there.
func (c *command) tellApart(was, is *rules.Set, older, newer string) {
	for _, side := range []struct {
		has, lacks *rules.Set
		file       string
	}{{was, is, newer}, {is, was, older}} {
		for _, r := range side.has.List() {
			params, _, _ := side.has.Types(r.Name)
			if other, _, known := side.lacks.Types(r.Name); oneRow(params) && (!known || !oneRow(other)) {
				c.note("%s is not compared: %s has no such rule of one row", r.Name, side.file)
			}
		}
	}
}

// readRules reads and checks a file of rules; those that ship stand behind it where it does not replace them.
func readRules(file string) (*rules.Set, error) {
	standard, problems := engine.LoadRules(engine.ReadFrom(workflows.FS), workflows.StandardRules)
	if len(problems) > 0 {
		return nil, fmt.Errorf("the standard rules: %s", engine.ShowAll(problems))
	}
	list := standard
	if file != "standard" {
		own, problems := engine.LoadRules(os.ReadFile, file)
		if len(problems) > 0 {
			return nil, mistakes(file, problems)
		}
		list = slices.DeleteFunc(standard, func(r rules.Rule) bool {
			return slices.ContainsFunc(own, func(o rules.Rule) bool { return o.Name == r.Name })
		})
		list = append(list, own...)
	}
	if file != "standard" {
		if problems := engine.CheckRules(os.ReadFile, file, workflows.Standard()); len(problems) > 0 {
			return nil, mistakes(file, problems)
		}
	}
	set, wrong := rules.NewSet(engine.NamedTypes(), list)
	if len(wrong) > 0 {
		panic("mozci-run: rules that were checked have mistakes: " + wrong[0].Message)
	}
	return set, nil
}

func mistakes(file string, problems []engine.Problem) error {
	return usage("mozci-run check "+file+" shows this as well", "the rules have mistakes:\n%s", strings.TrimSpace(engine.ShowAll(problems)))
}

// judge compares what two sets say of a row, by every rule of both that takes one row.
func (c *command) judge(was, is *rules.Set, from string, row any) []judged {
	var out []judged
	for _, r := range is.List() {
		params, _, _ := is.Types(r.Name)
		before, _, known := was.Types(r.Name)
		if !known || !oneRow(params) || !oneRow(before) {
			continue
		}
		old, oldErr := was.Decide(c.ctx, r.Name, row)
		now, nowErr := is.Decide(c.ctx, r.Name, row)
		j := judged{From: from, Rule: r.Name, Old: old.Value, New: now.Value, OldWhy: why(old), NewWhy: why(now), OldError: errorText(oldErr), NewError: errorText(nowErr)}
		if j.OldError == j.NewError && len(schemas.Differences(old.Value, now.Value)) == 0 {
			continue
		}
		if push, ok := row.(map[string]any)["push"].(map[string]any); ok {
			j.Push, _ = push["revision"].(string)
			j.PushID, _ = push["id"].(string)
		}
		out = append(out, j)
	}
	return out
}

func oneRow(params []*schemas.Type) bool { return len(params) == 1 && params[0].Name == "Row" }

func why(d rules.Decision) string {
	if d.When == "" {
		return byExpression
	}
	return d.When
}

// byExpression is why a rule that is no table gives what it does.
const byExpression = "the expression says so"

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Seen is rows, and where they come from.
type seen struct {
	from string
	rows []any
}

var rowsType = schemas.TypeOf[[]ci.Row]()

// histories reads what --on names.
func (c *command) histories(on []string) ([]seen, error) {
	var out []seen
	for _, name := range on {
		if info, err := os.Stat(name); err == nil && !info.IsDir() {
			data, err := os.ReadFile(name)
			if err != nil {
				return nil, fmt.Errorf("reading rows: %w", err)
			}
			rows, err := rowsType.Unmarshal(data)
			if err != nil {
				return nil, usage("mozci-run --output json query jobs.history prints such rows", "reading rows from %s: %w", name, err)
			}
			out = append(out, seen{name, rows.([]any)})
			continue
		}
		if _, err := os.Stat(name); filepath.Base(name) != name || filepath.Ext(name) != "" || err == nil { // no run is called so
			return nil, usage("mozci-run --output json query jobs.history prints rows for a file", "reading rows: there is no file %s", name)
		}
		list, err := c.recorded(name)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// recorded takes the histories that one run, or all, have seen.
func (c *command) recorded(name string) ([]seen, error) {
	e, err := c.records()
	if err != nil {
		return nil, err
	}
	defer e.Close()
	ids := []string{name}
	if name == "runs" {
		runs, err := e.List(c.ctx, 0)
		if err != nil {
			return nil, err
		}
		ids = nil
		for _, r := range runs {
			ids = append(ids, r.ID)
		}
	}
	var out []seen
	for _, id := range ids {
		story, err := e.Show(c.ctx, id)
		if err != nil {
			return nil, startError(err)
		}
		for _, s := range story.Steps {
			if rows, err := rowsType.Unmarshal(s.Value); err == nil && s.Uses == "jobs.history" {
				out = append(out, seen{"run " + story.Run.ID + ", step " + s.Step, rows.([]any)})
			}
		}
	}
	return out, nil
}
