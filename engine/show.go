package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/mozci/mozci-run/sources/ci"
)

// A Story is everything that a run has kept: what it was started with, each step with what it was given, what came and
// why, each decision, each effect with the state of its row in the ledger, and how it ended.
type Story struct {
	Run    Run         `json:"run"`
	Steps  []StepStory `json:"steps"`  // in the order in which they were begun
	Ledger []Entry     `json:"ledger"` // the rows that this run has made
	Asks   []Ask       `json:"asks"`   // what it asks, or has asked, people
}

// A StepStory is one step's part of a story.
type StepStory struct {
	Step      string          `json:"step"`
	Name      string          `json:"name,omitempty"`
	Kind      StepKind        `json:"kind"`
	Uses      string          `json:"uses,omitempty"`
	Began     time.Time       `json:"began"`
	Ended     time.Time       `json:"ended,omitzero"` // zero where it has not
	Status    Status          `json:"status"`         // running where it has not ended
	Cause     Cause           `json:"cause,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	Error     *RecordedError  `json:"error,omitempty"`
	Inputs    json.RawMessage `json:"inputs,omitempty"` // as they were given
	Value     json.RawMessage `json:"value,omitempty"`  // of its last round
	Source    string          `json:"source,omitempty"` // which source answered
	Instead   string          `json:"instead,omitempty"`
	Rounds    int             `json:"rounds,omitempty"` // how often it was asked
	Vain      int             `json:"vain,omitempty"`   // how often of these there was no answer
	Items     int             `json:"items,omitempty"`  // how many items of its foreach have ended
	Decisions []Decision      `json:"decisions,omitempty"`
	Effects   []EffectStory   `json:"effects,omitempty"`
}

// An EffectStory is one action of a step.
type EffectStory struct {
	What    string     `json:"what"`
	Outcome ci.Outcome `json:"outcome"`
	State   EntryState `json:"state,omitempty"` // of its row in the ledger; empty where it has none

	foreseen bool // by the plan
}

// List lists runs, the newest first; at most limit, all where that is 0.
func (e *Engine) List(ctx context.Context, limit int) ([]Run, error) {
	where := `1 = 1 ORDER BY wall DESC, id DESC`
	if limit > 0 {
		where += fmt.Sprintf(" LIMIT %d", limit)
	}
	return e.runs(ctx, where)
}

// Show tells the whole story of a run, by its id or the only end or beginning that fits.
func (e *Engine) Show(ctx context.Context, id string) (Story, error) {
	r, err := e.find(ctx, id)
	if err != nil {
		return Story{}, err
	}
	s := Story{Run: r, Steps: []StepStory{}}
	if s.Ledger, err = e.entries(ctx, e.store.db, `run = ?1`, r.ID); err != nil {
		return s, err
	}
	if s.Asks, err = e.asked(ctx, r.ID); err != nil {
		return s, err
	}
	list, err := e.read(ctx, r.ID)
	if err != nil {
		return s, err
	}
	places := map[string]int{}
	for _, rec := range list {
		if rec.StepKind == "" {
			continue // the run's own: its start, its outputs, its end
		}
		i, ok := places[rec.Step]
		if !ok {
			i = len(s.Steps)
			places[rec.Step] = i
			s.Steps = append(s.Steps, StepStory{Step: rec.Step, Name: rec.Name, Kind: rec.StepKind, Uses: rec.Uses, Began: rec.Began, Status: Running})
		}
		s.Steps[i].add(rec.record, s.Ledger)
	}
	return s, nil
}

// add takes one more record into a step's story.
func (s *StepStory) add(r record, ledger []Entry) {
	if r.Inputs != nil {
		s.Inputs = r.Inputs
	}
	if r.Value != nil && r.Stage != "list" && r.Stage != "units" && r.Stage != "item" {
		s.Value = r.Value
	}
	if r.Source != "" {
		s.Source, s.Instead = r.Source, r.Instead
	}
	if len(r.Decisions) > 0 {
		s.Decisions = r.Decisions
	}
	switch r.Stage {
	case "round":
		s.Rounds = r.Round
		if r.Vain > 0 {
			s.Vain++
		}
	case "item":
		s.Items++
	case "unit":
		s.forget()
	}
	for i, o := range r.Outcomes {
		s.Effects = append(s.Effects, EffectStory{What: r.Whats[i], Outcome: o, State: stateOf(ledger, o), foreseen: r.Stage == "units"})
	}
	if r.Status != Running && r.Stage != "item" && r.Stage != "unit" && r.Stage != "confirm" {
		s.Ended, s.Status, s.Cause, s.Reason, s.Error = r.Ended, r.Status, r.Cause, r.Reason, r.Error
	}
}

// forget drops what the plan foresaw, once it is being done.
func (s *StepStory) forget() {
	s.Effects = slices.DeleteFunc(s.Effects, func(e EffectStory) bool { return e.foreseen })
}

func stateOf(ledger []Entry, o ci.Outcome) EntryState {
	for _, en := range ledger {
		if en.Key.Effect == o.Effect && en.Key.Branch == o.Branch && en.Key.Revision == o.Revision && en.Key.Job == o.Job && en.Ordinal == o.Ordinal {
			return en.State
		}
	}
	return ""
}

// read reads a run's journal: with this process's DBOS where that runs, otherwise as a client, which launches nothing.
func (e *Engine) read(ctx context.Context, id string) ([]kept, error) {
	e.launching.Lock()
	dctx := e.dctx
	e.launching.Unlock()
	if dctx != nil {
		return e.journal(dctx, id)
	}
	cfg := dbos.ClientConfig{AppName: "mozci-run", Logger: e.cfg.Logger, Serializer: asIs{}}
	if e.store.postgres != "" {
		cfg.DatabaseURL = e.store.postgres
	} else {
		db, err := e.store.handle()
		if err != nil {
			return nil, fmt.Errorf("reading the journal of run %s: %w", id, err)
		}
		defer db.Close()
		cfg.SQLiteSystemDB = db
	}
	client, err := dbos.NewClient(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("reading the journal of run %s: %w", id, err)
	}
	defer dbos.Shutdown(client, time.Second)
	return e.journal(client, id)
}
