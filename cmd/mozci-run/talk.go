package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources/ci"
)

// A talker tells people what happens in a run, as it happens: a listener of its events. What it says goes to stderr; the
// answer, which story.go writes, goes to stdout.
//
// On a terminal the history is a strip that fills before one's eyes, with what the run waits for below it; it is written
// down for good before something is done that follows from it, and at the end. Elsewhere it is written whenever it has
// changed, and what the run waits for now and then, so that a log shows that somebody is at it.
type talker struct {
	p   *painter
	now func() time.Time // the clock of the profile

	time   string // what its time is called; empty where it is that of those who wait
	indent string // before each line of the strip

	kept       bool                // whether the run can be found again
	repeatable func(string) string // writes commands so that they find it

	mu        sync.Mutex
	strip     strip                   // of the history that was read last
	from      string                  // the step that read it
	of        ci.HistoryOf            // what was asked for it
	judged    map[int]engine.Decision // of the step that is going on, by index of the row
	decided   []engine.Decision       // of the last history, by index of the row
	outcomes  []outcome               // of all effects, in the order in which they happened
	written   string                  // the strip as it was last written for good
	explained map[string]bool         // letters and marks of what was written
	busy      []busy                  // the steps that are at it
	waits     *wait                   // nil where nothing is waited for
	most      int                     // how many pushes were without an answer when the waiting began
	asking    bool                    // whether a question stands on the last line, which has not ended
	said      string                  // what was last said of waiting, in lines
	saidAt    map[string]time.Time    // when something was last said of a step's waiting
}

// A busy step is one that asks or does something.
type busy struct{ step, what string }

// An outcome is what became of one action, with what it is about.
type outcome struct {
	ci.Outcome
	what string
}

func newTalker(p *painter) *talker {
	return &talker{p: p, judged: map[int]engine.Decision{}, explained: map[string]bool{}}
}

// Hear is called by the engine, one event at a time.
func (t *talker) Hear(e engine.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turn()
	switch e.Kind {
	case engine.RunStarted:
		t.started(e)
	case engine.StepStarted:
		t.begins(e)
	case engine.Decided:
		t.judged[e.Decision.Index] = *e.Decision
	case engine.RoundEnded, engine.StepEnded:
		t.ended(e)
		t.draw()
	case engine.EffectEvent:
		t.leave()
		o := outcome{*e.Outcome, e.What}
		t.remember(o)
		t.p.write(t.p.outcome(o, o.what))
		t.draw()
	case engine.Waiting, engine.Progress:
		t.wait(e)
	case engine.RunEnded:
		t.leave()
	}
}

// asks shows a plan and asks whether to do it, where there is something to do.
func (t *talker) asks(plan engine.Plan) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leave()
	if tellPlan(t.p, plan) == 0 {
		return false
	}
	io.WriteString(t.p.w, "go on and do it? y or n: ")
	t.asking = true
	return true
}

// answered hears that somebody has answered, and whether that has ended the line.
func (t *talker) answered(ended bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ended {
		t.asking = false
	}
	t.turn()
}

// turn ends a question's line: nobody waits for an answer any more.
func (t *talker) turn() {
	if t.asking {
		io.WriteString(t.p.w, "\n")
	}
	t.asking = false
}

func (t *talker) started(e engine.Event) {
	t.p.line("run %s of %s, from %s", e.Run, e.Workflow, e.File)
	for _, l := range members(e.Inputs) {
		t.p.line("  %s", l)
	}
	inputs, _ := e.Fact.(map[string]any)
	t.strip.intermittent, _ = inputs["intermittent"].(string)
}

// begins notes that a step is at it. Those that only reckon do not take long enough to be shown.
func (t *talker) begins(e engine.Event) {
	t.most = 0
	clear(t.judged)
	if e.Uses != "" {
		t.busy = append(t.busy, busy{e.Step, or(e.Name, e.Step) + " (" + e.Uses + ")"})
		t.draw()
	}
}

// ended tells of a step's answer, or of a round's.
func (t *talker) ended(e engine.Event) {
	t.waits = nil
	if e.Kind == engine.StepEnded {
		t.busy = slices.DeleteFunc(t.busy, func(b busy) bool { return b.step == e.Step })
	}
	if rows, ok := as[[]ci.Row](e.Fact); ok && len(t.judged) > 0 {
		t.from = e.Step
		_ = json.Unmarshal(e.Inputs, &t.of) // what the question was of is worth a heading, and no more
		t.history(rows)
	}
	if e.Instead != "" {
		t.p.line("%s was answered by %s, because %s", e.Step, e.Source, e.Instead)
	}
	if e.Kind == engine.RoundEnded && e.Reason != "" {
		t.p.line("%s %s", e.Step, e.Reason)
	}
	untold := e.Status == engine.Succeeded || e.Status == engine.Planned || e.Cause == engine.ByEarlier || e.Cause == engine.ByPlan // the end of the run says it
	if e.Kind == engine.StepEnded && !untold {
		t.leave()
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
	t.strip.rows, t.strip.verdicts = rows, make([]string, len(rows))
	t.decided = make([]engine.Decision, len(rows))
	for i := range rows {
		if d, ok := t.judged[i]; ok {
			t.decided[i] = d
			_ = json.Unmarshal(d.Value, &t.strip.verdicts[i]) // a verdict that is no text is a rule of somebody else's, and is not drawn
		}
	}
	clear(t.judged)
}

// history takes a new look at the pushes; where there is no terminal, they are written down if they are not as they were.
func (t *talker) history(rows []ci.Row) {
	t.judge(rows)
	if !t.p.live {
		t.leave()
	}
}

// leave writes the strip down for good, where it was not yet. What it waits for is over.
func (t *talker) leave() {
	t.waits = nil
	t.p.show()
	if t.strip.plain() == t.written {
		return
	}
	for _, i := range t.picture(t.explained) {
		t.p.write(i)
	}
	t.written = t.strip.plain()
}

// draw shows, on a terminal, the strip where it is not written down, and what is waited for or going on.
func (t *talker) draw() {
	if !t.p.live {
		return
	}
	var below []item
	if t.strip.plain() != t.written {
		below = t.picture(nil)
	}
	switch {
	case t.waits != nil:
		below = append(below, item{pad("waiting"), t.waiting(*t.waits)})
	case len(t.busy) > 0:
		below = append(below, item{pad("now"), strings.Join(each(t.busy, func(b busy) string { return b.what }), ", ")})
	}
	t.p.show(below...)
}

// pad is how the names of live lines are written, one below the other.
func pad(name string) string { return fmt.Sprintf("%-9s", name) }

// picture is the strip with its marks, and what they mean where that is not known, which is noted down.
func (t *talker) picture(known map[string]bool) []item {
	if len(t.strip.rows) == 0 {
		return nil
	}
	width := 0
	if t.p.live {
		width, _ = t.p.room()
		width = max(1, width-len(t.indent+pad("")))
	}
	var out []item
	for _, row := range t.strip.draw(t.p, width) {
		out = append(out, item{t.indent + pad(""), row})
	}
	out[0].lead = t.indent + pad("history")
	if text := t.strip.legend(known); text != "" {
		out = append(out, item{t.indent + pad(""), t.p.paint(dim, text)})
	}
	return out
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
