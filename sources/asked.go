package sources

import (
	"context"
	"time"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources/ci"
)

var outcomes = schemas.TypeOf[[]ci.Outcome]()

// Asked is a request of ours, as the ledger of effects has it.
type Asked struct {
	Key     Key
	Ordinal int
	Request string    // the service's id of it; empty where it gave none
	At      time.Time // when it was asked for, in the profile's time
	Until   time.Time // when it is given up as lost, unless its job was seen
	Run     string    // the run that asked
}

// A Ledger tells what we have asked for. The engine keeps it; derived queries read it.
type Ledger interface {
	// Asked lists the requests for jobs of a type on a branch that were made, or are being made, oldest first;
	// those of any type where job is empty.
	// It is empty, not an error, where there are none.
	Asked(ctx context.Context, branch, job string) ([]Asked, error)
}

// NothingAsked is the ledger of someone who has never asked for anything.
type NothingAsked struct{}

// Asked returns nothing.
func (NothingAsked) Asked(context.Context, string, string) ([]Asked, error) { return nil, nil }
