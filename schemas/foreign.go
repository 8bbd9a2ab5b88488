package schemas

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A Foreign is a JSON Schema that somebody else wrote and that is only known at run time: what an action of a service says
// about its input. It is never trusted to name further documents: nothing is loaded for it.
type Foreign struct {
	schema *jsonschema.Schema
}

// CompileForeign reads a JSON Schema of draft 7 (which takes those of draft 6, too), or of the draft that it names.
func CompileForeign(doc []byte) (*Foreign, error) {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return nil, fmt.Errorf("reading a schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	c.UseLoader(nothing{})
	const at = "foreign:///schema.json"
	if err := c.AddResource(at, v); err != nil {
		return nil, fmt.Errorf("reading a schema: %w", err)
	}
	s, err := c.Compile(at)
	if err != nil {
		return nil, fmt.Errorf("reading a schema: %w", err)
	}
	return &Foreign{schema: s}, nil
}

// Validate holds a value (as encoding/json decodes one, or a fact) to the schema. The error has all that is wrong, each with
// its place, on one line. Defaults of the schema are not applied.
func (f *Foreign) Validate(v any) error {
	err := f.schema.Validate(v)
	var bad *jsonschema.ValidationError
	if !errors.As(err, &bad) {
		return err
	}
	lines := strings.Split(bad.Error(), "\n")
	if len(lines) > 1 { // the first names the schema's own address
		lines = lines[1:]
	}
	for i := range lines {
		lines[i] = strings.TrimLeft(lines[i], " -")
	}
	slices.Sort(lines) // the library goes over members in no order
	return errors.New(strings.Join(lines, "; "))
}

// nothing loads no document.
type nothing struct{}

func (nothing) Load(url string) (any, error) {
	return nil, fmt.Errorf("a schema of somebody else refers to %s, which is not followed", url)
}
