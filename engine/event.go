package engine

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/mozci/mozci-run/sources/ci"
)

// An Event is one thing that happened in a run. Everything that leaves the engine leaves as a stream of events: text,
// JSON, pages and tests are listeners of it. As JSON, members that do not apply to the kind are left out, and the
// names and meanings of members do not change.
//
// The order of a stream: one run-started (a run that is resumed may tell of progress before); then for each step one step-started and one step-ended, with what happened
// within the step between them; last of all one run-ended. Steps overlap where they run side by side.
type Event struct {
	Seq      int       `json:"seq"`                // from 1, without gaps, within this process's part of the run
	Time     time.Time `json:"time"`               // in the profile's time
	Run      string    `json:"run"`                // the run's id
	Kind     EventKind `json:"kind"`               //
	Replayed bool      `json:"replayed,omitempty"` // true where it was recorded earlier, and is told again on a resume

	Workflow string          `json:"workflow,omitempty"` // run-started: the workflow's name
	File     string          `json:"file,omitempty"`     // run-started: the file it came from
	Profile  string          `json:"profile,omitempty"`  // run-started
	Inputs   json.RawMessage `json:"inputs,omitempty"`   // run-started; step-started of a query, effect or call: what it is given

	Step     string   `json:"step,omitempty"`      // the step's id; in a loop or call after its outer step's: each[2]/ask, narrow#3/ask, other/ask, finally/tell
	Name     string   `json:"name,omitempty"`      // the step's name for people, where it has one
	StepKind StepKind `json:"step_kind,omitempty"` // step-started
	Uses     string   `json:"uses,omitempty"`      // the query or effect
	Round    int      `json:"round,omitempty"`     // round: which, from 1
	Item     *int     `json:"item,omitempty"`      // item-ended: which item of a foreach, from 0

	Status  Status          `json:"status,omitempty"`  // step-ended, item-ended, run-ended
	Cause   Cause           `json:"cause,omitempty"`   // why it did not end well, in one word; round: why there was no answer
	Reason  string          `json:"reason,omitempty"`  // why, for people
	Value   json.RawMessage `json:"value,omitempty"`   // step-ended, item-ended, round: the result
	Source  string          `json:"source,omitempty"`  // which source answered
	Instead string          `json:"instead,omitempty"` // why it was not the first that has the query

	Decision *Decision   `json:"decision,omitempty"` // decision
	Outcome  *ci.Outcome `json:"outcome,omitempty"`  // effect: planned, done, already, refused or uncertain
	What     string      `json:"what,omitempty"`     // effect: one line for people; progress: what is going on
	Until    *time.Time  `json:"until,omitempty"`    // waiting: until when, in the profile's time

	Outputs json.RawMessage `json:"outputs,omitempty"` // run-ended: the workflow's outputs, by name
	Next    string          `json:"next,omitempty"`    // run-ended: what a person can do now

	Fact any `json:"-"` // Value as a fact, or Inputs or Outputs where those are set; nil where none is
}

// An EventKind says what happened.
type EventKind string

// The kinds.
const (
	RunStarted  EventKind = "run-started"
	StepStarted EventKind = "step-started"
	RoundEnded  EventKind = "round" // of an until: an answer that was not the last
	ItemEnded   EventKind = "item-ended"
	StepEnded   EventKind = "step-ended"
	Decided     EventKind = "decision"
	EffectEvent EventKind = "effect"
	Waiting     EventKind = "waiting"
	Progress    EventKind = "progress"
	RunEnded    EventKind = "run-ended"
)

// A Decision is what a rule said of one row of a history, and which of its rows chose it.
type Decision struct {
	Rule     string          `json:"rule"`            // verdict
	Index    int             `json:"index"`           // of the row in the history, from 0
	Push     string          `json:"push"`            // the tip revision of the row's push; empty where it has none
	PushID   string          `json:"push_id"`         // the push's own number
	Value    json.RawMessage `json:"value"`           // what was decided
	Row      int             `json:"row"`             // the row of the rule that held, from 0
	When     string          `json:"when"`            // its condition as written
	Place    *Place          `json:"place,omitempty"` // where that is
	Evidence string          `json:"evidence"`        // manifest, or label
}

// A Listener hears of what happens, one event at a time, in order. It must not block for long: the run waits.
type Listener interface{ Hear(Event) }

// ListenerFunc is a function as a Listener.
type ListenerFunc func(Event)

// Hear calls f.
func (f ListenerFunc) Hear(e Event) { f(e) }

// An emitter numbers a run's events and hands them on.
type emitter struct {
	mu   sync.Mutex
	run  string
	seq  int
	to   []Listener
	done bool
}

func (e *emitter) emit(ev Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.done {
		return // a body that was left behind by an interrupt
	}
	e.seq++
	ev.Seq, ev.Run = e.seq, e.run
	e.done = ev.Kind == RunEnded
	for _, l := range e.to {
		l.Hear(ev)
	}
}
