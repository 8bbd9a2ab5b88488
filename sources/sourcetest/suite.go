package sourcetest

import (
	"net/http"
	"testing"

	"github.com/mozci/mozci-run/sources"
)

// A Suite is an adapter with questions that it can answer.
type Suite struct {
	// New makes the adapter. base holds a user and a password, which no error and no answer may show; an adapter that
	// is given credentials takes Canary as its secret.
	New func(client *http.Client, base string) sources.Source
	// Serve returns a service that answers every question well. It is called anew for each try, and its answers may
	// not depend on when they are asked.
	Serve func() http.Handler
	// Questions hold at least one for each query of the source.
	Questions []Question
	// Secrets are further texts that no error and no answer may show.
	Secrets []string
	// Path is put behind the base's host: /api. Empty where the service is at its root.
	Path string
}

// A Question is one that Serve answers well.
type Question struct {
	Query string // pushes.range
	Case  string // tells questions of one query apart; may be empty
	In    any    // a Go value of the query's input type, or a fact
	// Also names kinds of error that a fault may give beside its own: a 404 that is ErrNotFilled.
	Also map[Fault][]error
	// Skip names faults that say nothing of this question, with the reason: a 404 that means "there is none".
	Skip map[Fault]string
}

// Canary is a secret that may be seen nowhere.
const Canary = "canary-5f1c3e77a1"

const host = "ci.example"

func (s Suite) base() string { return "http://canary-user:" + Canary + "@" + host + s.Path }

func (q Question) title() string {
	if q.Case == "" {
		return q.Query
	}
	return q.Query + " " + q.Case
}

// Run runs the suite: see the package's comment.
func Run(t *testing.T, s Suite) {
	t.Run("source", func(t *testing.T) { report(t, s.checkSource()) })
	for _, q := range s.Questions {
		t.Run(q.title(), func(t *testing.T) {
			good := s.ask(t.Context(), q, nil, bare)
			if problems := good.problems(s); len(problems) > 0 {
				report(t, problems) // the rest would say the same
				return
			}
			t.Run("answers", func(t *testing.T) { report(t, s.checkAnswers(t.Context(), q, good)) })
			t.Run("endpoints", func(t *testing.T) { report(t, s.checkEndpoints(q, good)) })
			t.Run("cancelled", func(t *testing.T) { report(t, s.checkCancelled(q, good)) })
			for _, f := range Faults {
				t.Run(string(f), func(t *testing.T) {
					if why := q.Skip[f]; why != "" {
						t.Skip(why)
					}
					if raced && (f == Huge || f == GzipBomb) {
						t.Skip("SKIPPED: the race detector makes seconds of so much; go test without it reads it")
					}
					report(t, s.checkFault(t.Context(), q, f, good))
				})
			}
		})
	}
}

func report(t *testing.T, problems []string) {
	t.Helper()
	for _, p := range problems {
		t.Error(p)
	}
}
