package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources/ci"
)

// A talker tells people what happens in a run, as it happens: a listener of its events. What it says goes to stderr; the
// answer, which story.go writes, goes to stdout.
type talker struct {
	p     *painter
	strip strip  // of the history that was read last
	said  string // how that strip was last written
	step  string // where the run is at

	explained bool // whether the marks of the strip have been explained

	repeat string // how mozci-run is called to find the run again; empty where it is kept nowhere

	judged   map[int]engine.Decision // of the step that is going on, by index of the row
	decided  []engine.Decision       // of the last history, by index of the row
	outcomes []outcome               // of all effects, in the order in which they happened
	now      time.Time
}

// An outcome is what became of one action, with the line that its effect has for it.
type outcome struct {
	ci.Outcome
	what string
}

func newTalker(p *painter) *talker { return &talker{p: p, judged: map[int]engine.Decision{}} }

// repeat is how the command is called so that it finds the same profiles and the same runs; empty where runs are not kept.
func (c *command) repeat() string {
	s := "mozci-run"
	if c.flags.db == inMemory {
		return ""
	}
	if c.flags.config != "" {
		s += " --config " + c.flags.config
	}
	if c.flags.db != "" {
		s += " --db " + engine.ShownStore(c.flags.db)
	}
	return s
}

// Hear is called by the engine, one event at a time.
func (t *talker) Hear(e engine.Event) {
	t.now = e.Time
	switch e.Kind {
	case engine.RunStarted:
		t.p.line("run %s of %s, from %s", e.Run, e.Workflow, e.File)
		for _, l := range members(e.Inputs) {
			t.p.line("  %s", l)
		}
	case engine.StepStarted:
		t.step = e.Step
		clear(t.judged)
	case engine.Decided:
		t.judged[e.Decision.Index] = *e.Decision
	case engine.RoundEnded, engine.StepEnded:
		t.ended(e)
	case engine.EffectEvent:
		t.remember(outcome{*e.Outcome, e.What})
		t.p.line("%s", t.outcomeText(*e.Outcome, e.What))
	case engine.Waiting:
		t.wait(e)
	case engine.Progress:
		t.p.show(append(t.picture(), e.What)...)
	case engine.RunEnded:
		if t.p.live {
			t.leave()
		}
	}
}

// ended tells of a step's answer, or of a round's.
func (t *talker) ended(e engine.Event) {
	if rows, ok := as[[]ci.Row](e.Fact); ok {
		t.history(rows)
	}
	if e.Instead != "" {
		t.p.line("%s was answered by %s, because %s", e.Step, e.Source, e.Instead)
	}
	if e.Kind == engine.StepEnded && e.Status != engine.Succeeded && e.Status != engine.Planned {
		t.p.line("%s %s", e.Step, ended(e.Status, e.Reason))
	}
}

// remember keeps what became of an action: what a plan said of it is forgotten once it is done, or is not to be.
func (t *talker) remember(o outcome) {
	t.outcomes = slices.DeleteFunc(t.outcomes, func(was outcome) bool {
		same := was.Effect == o.Effect && was.Revision == o.Revision && was.Job == o.Job
		return same && (was.Status == ci.Planned || was.Status == o.Status && was.Ordinal == o.Ordinal && was.Request == o.Request)
	})
	t.outcomes = append(t.outcomes, o)
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// judge takes a new look at the pushes.
func (t *talker) judge(rows []ci.Row) {
	t.strip = strip{rows: rows, verdicts: make([]string, len(rows))}
	t.decided = make([]engine.Decision, len(rows))
	for i := range rows {
		if d, ok := t.judged[i]; ok {
			t.decided[i] = d
			_ = json.Unmarshal(d.Value, &t.strip.verdicts[i]) // a verdict that is no text is a rule of somebody else's, and is not drawn
		}
	}
	clear(t.judged)
}

// history writes the pushes down, where they are not as they were.
func (t *talker) history(rows []ci.Row) {
	t.judge(rows)
	if t.strip.plain() == t.said {
		return
	}
	t.said = t.strip.plain()
	if t.p.live {
		t.p.show(t.picture()...)
		return
	}
	t.leave()
}

// leave writes the strip down for good.
func (t *talker) leave() {
	t.p.show()
	for _, l := range t.picture() {
		t.p.line("%s", l)
	}
	t.explained = true
}

// picture is the strip with its marks, which are explained once, and always where they are drawn anew.
func (t *talker) picture() []string {
	if len(t.strip.rows) == 0 {
		return nil
	}
	line, marks := t.strip.draw(t.p, t.p.columns()-len("history  "))
	out := []string{"history  " + line}
	if marks == "" {
		return out
	}
	marks = "         " + marks
	if t.p.live || !t.explained {
		gap := max(2, len([]rune(visible(out[0])))-len([]rune(visible(marks)))+2)
		marks += strings.Repeat(" ", gap) + t.p.paint(dim, "newest first; ! first bad, ~ no answer yet, ^ last good")
	}
	return append(out, marks)
}

// wait tells what the run waits for, and until when.
func (t *talker) wait(e engine.Event) {
	what := e.What
	if what == "" {
		what = e.Step + " waits"
	}
	if e.Until != nil {
		what += fmt.Sprintf(", next look in %s", e.Until.Sub(e.Time).Round(time.Second))
	}
	open := 0
	for i := range t.strip.rows {
		if t.strip.verdicts[i] == "unsettled" {
			open++
		}
	}
	if open > 0 {
		what += fmt.Sprintf("; %s without an answer yet", count(open, "push", "pushes"))
	}
	t.p.show(append(t.picture(), what)...)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// outcomeText is the line of one action.
func (t *talker) outcomeText(o ci.Outcome, what string) string {
	marks := map[ci.OutcomeStatus]struct {
		mark  string
		color color
	}{
		ci.Done: {"+ ", green}, ci.Planned: {"+ would ask for ", cyan}, ci.Already: {"= already there: ", dim}, ci.Refused: {"- not asked for: ", yellow}, ci.Uncertain: {"? uncertain: ", red},
	}
	m := marks[o.Status]
	return t.p.paint(m.color, m.mark+what) + because(o.Reason)
}

// members writes the members of a JSON object as name=value lines, in their order.
func members(object json.RawMessage) []string {
	var m map[string]json.RawMessage
	if len(object) == 0 || json.Unmarshal(object, &m) != nil {
		return nil
	}
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []string
	for _, name := range names {
		var text string
		if json.Unmarshal(m[name], &text) != nil {
			text = string(m[name])
		}
		out = append(out, name+"="+text)
	}
	return out
}
