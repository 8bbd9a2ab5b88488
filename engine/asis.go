package engine

import (
	"fmt"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// asIs is how DBOS keeps what it is given: the text itself. All that a run hands to it is text already, most of it records in JSON; as DBOS would
// write it by itself (JSON of that text, in base64) a journal is twice as large, and nobody can read it who looks into the database.
type asIs struct{}

var _ dbos.Serializer[any] = asIs{}

// Name is kept beside each text: what was kept in another way is read in that way.
func (asIs) Name() string { return "mozci-run_text" }

// Encode takes text, and nil for none. Anything else is a bug.
func (asIs) Encode(v any) (*string, error) {
	switch v := v.(type) {
	case nil:
		return new(string), nil
	case string:
		return &v, nil
	}
	return nil, fmt.Errorf("only text is kept of a run, and this is a %T", v)
}

// Decode gives the text, and nil where there is none.
func (asIs) Decode(text *string) (any, error) {
	if text == nil || *text == "" {
		return nil, nil
	}
	return *text, nil
}
