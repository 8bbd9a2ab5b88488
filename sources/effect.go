package sources

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/mozci/mozci-run/schemas"
)

// An Effect changes the world, one unit at a time. It is implemented by [NewEffect] over an [Effector].
type Effect struct {
	Name  string        // jobs.trigger
	Doc   string        // a line for the reference
	In    *schemas.Type // what a step asks for, an object
	Out   *schemas.Type // always a list of ci.Outcome
	units func(ctx context.Context, in any) ([]Unit, error)
	do    func(ctx context.Context, u Unit, ordinal int) (Receipt, error)
	find  func(ctx context.Context, u Unit, ordinal int, since time.Time) (Finding, error)
	terms Terms
}

// An Effector is how an adapter performs an effect. In is what a step asks for.
type Effector[In any] interface {
	// Units splits what a step asks for into single actions, in the order in which they are to happen.
	// It may ask (is the tree closed? is there a decision task?) and never acts. A unit that cannot or must not be
	// done has its Refusal set: it is reported and never done.
	Units(ctx context.Context, in In) ([]Unit, error)
	// Do performs one unit, once. The context has a deadline. An error of kind ErrRefused, ErrUnauthorised or
	// ErrNotFound says that certainly nothing happened; any other error leaves it open.
	Do(ctx context.Context, u Unit, ordinal int) (Receipt, error)
	// Find looks whether an earlier Do of the same unit and ordinal, made at since or later, has arrived.
	Find(ctx context.Context, u Unit, ordinal int, since time.Time) (Finding, error)
	// Terms are the same for all units.
	Terms() Terms
}

// Terms say how an effect shows itself.
type Terms struct {
	Base         string        // the service's base URL, as the keys have it; empty where the keys are all of its service
	Conclusive   bool          // whether Find's Absent can be relied on
	Settling     time.Duration // how long after the end of Do it may take until Find sees it
	Lease        time.Duration // how long a request may stay unseen before it is given up as lost
	Deadline     time.Duration // how long one Do may take; 0 means a minute
	Irreversible bool          // whether it cannot be cancelled afterwards: shown in plans
}

// A Unit is one action of an effect.
type Unit struct {
	Key   Key
	Want  int  // how many of this key are wanted in total; 0 means 1
	More  int  // how many are wanted beyond those that exist: jobs.retrigger; Want is then ignored
	Count bool // whether jobs of Key.Job on Key.Revision that exist count: on their way, or with evidence

	// Manifests are the test manifests of which evidence is wanted: where Count, a job that is known to have ended without it
	// does not count, unless it is one that was asked for under this key. Empty takes any evidence.
	Manifests []string

	PerStep bool   // whether it is the run's and the step's own: the engine makes them a part of Key.Job
	In      any    // what Do needs, a fact that survives JSON (it is stored with the run)
	What    string // what it is about, for people, without what is done: test-linux/opt-m-1 on 4fe1c2
	Refusal string // why it is not to be done; empty where it may be
	Denied  bool   // whether it is refused for want of credentials, or of better ones: a run that was told to do it has failed then
}

// A Key names a unit for ever. Two runs, hosts or workflows that want the same have the same key.
type Key struct {
	Base     string `json:"base"`     // the service's base URL, without user or query
	Effect   string `json:"effect"`   // jobs.trigger
	Branch   string `json:"branch"`   // as the profile names it
	Revision string `json:"revision"` // the tip revision of the push, 40 hex digits; empty where it is about none
	Job      string `json:"job"`      // the job type, or what else tells it apart
}

// String writes the key on one line; two keys are equal where their strings are.
func (k Key) String() string {
	return strings.Join([]string{k.Base, k.Effect, k.Branch, k.Revision, k.Job}, "\x1f")
}

// Token is a number that belongs to the key and an ordinal and to nothing else, as 32 hex digits: what a service that takes
// an id from its client is given, so that the same action asked twice is one.
func (k Key) Token(ordinal int) string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("mozci-run\x1f%s\x1f%d", k, ordinal)))
	return hex.EncodeToString(sum[:16])
}

// A Receipt is what the service answered to a unit that was done.
type Receipt struct {
	Request string `json:"request"` // the id of what was made; empty where the service does not say
	Link    string `json:"link"`    // where a person can look at it
	Already bool   `json:"already"` // the service said that it had been done before
}

// A Presence says whether an action has arrived.
type Presence string

// What Find may say.
const (
	Found      Presence = "found"
	Absent     Presence = "absent" // to be believed only where Terms.Conclusive, and after Terms.Settling
	CannotTell Presence = "cannot tell"
)

// A Finding is what Find found.
type Finding struct {
	Presence Presence
	Receipt  Receipt // of what was found
}

// NewEffect makes an effect of an effector.
func NewEffect[In any](name, doc string, e Effector[In]) Effect {
	in := schemas.TypeOf[In]()
	return Effect{
		Name: name, Doc: doc, In: in, Out: outcomes, do: e.Do, find: e.Find, terms: e.Terms(),
		units: func(ctx context.Context, v any) ([]Unit, error) {
			var ask In
			if err := in.Bind(v, &ask); err != nil {
				return nil, &Error{Kind: ErrRefused, Doing: name, Err: err, Hint: "see mozci-run sources show " + name}
			}
			return e.Units(ctx, ask)
		},
	}
}

// Units splits what a step asks for (a fact of In) into single actions. See Effector.
func (e Effect) Units(ctx context.Context, in any) ([]Unit, error) { return e.units(ctx, in) }

// Do performs one unit. See Effector.
func (e Effect) Do(ctx context.Context, u Unit, ordinal int) (Receipt, error) {
	return e.do(ctx, u, ordinal)
}

// Find looks whether a unit has arrived. See Effector.
func (e Effect) Find(ctx context.Context, u Unit, ordinal int, since time.Time) (Finding, error) {
	return e.find(ctx, u, ordinal, since)
}

// Terms say how the effect shows itself.
func (e Effect) Terms() Terms { return e.terms }
