package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mozci/mozci-run/schemas"
)

// InputType is the type of a program's inputs as one object.
func (p *Program) InputType() *schemas.Type {
	fields := make([]schemas.Field, len(p.Inputs))
	for i, in := range p.Inputs {
		fields[i] = schemas.Field{Name: in.Name, Doc: in.Doc, Type: in.Type, Default: in.Default, Optional: in.Default != nil}
	}
	return schemas.ObjectOf("", fields...)
}

// Bind checks given inputs (facts, or text that is read as the input's type), fills in defaults, and returns all of them.
// The error names every input that is wrong, and what would be right.
func (p *Program) Bind(given map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(p.Inputs))
	var wrong []string
	for _, in := range p.Inputs {
		v, ok := given[in.Name]
		if !ok || v == nil {
			if in.Default == nil && !in.Type.Nullable {
				wrong = append(wrong, fmt.Sprintf("%s is missing (%s%s): give -i %s=…", in.Name, in.Type, doc(in.Doc), in.Name))
				continue
			}
			v = in.Default
		}
		v, err := in.bind(v)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s: %v", in.Name, err))
			continue
		}
		out[in.Name] = v
	}
	for name := range given {
		if !slices.ContainsFunc(p.Inputs, func(in Input) bool { return in.Name == name }) {
			wrong = append(wrong, fmt.Sprintf("%s has no input %q; it has %s", p.Name, name, p.inputNames()))
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return nil, &InputError{Workflow: p.Name, Wrong: wrong}
	}
	return out, nil
}

func doc(s string) string {
	if s == "" {
		return ""
	}
	return ": " + s
}

func (p *Program) inputNames() string {
	if len(p.Inputs) == 0 {
		return "none"
	}
	names := make([]string, len(p.Inputs))
	for i, in := range p.Inputs {
		names[i] = in.Name
	}
	return strings.Join(names, ", ")
}

// Check says whether a value can be the input's: nil, or what would be right.
func (in Input) Check(v any) error {
	_, err := in.bind(v)
	return err
}

func (in Input) bind(v any) (any, error) {
	if s, ok := v.(string); ok && in.Type.Kind != schemas.String {
		p, err := in.Type.Parse(s)
		if err != nil {
			return nil, err
		}
		v = p
	}
	v, err := in.Type.Conform(v)
	if err != nil {
		return nil, err
	}
	if n, ok := number(v); ok {
		if low, ok := number(in.Min); ok && n < low {
			return nil, fmt.Errorf("%v is less than %v", v, in.Min)
		}
		if high, ok := number(in.Max); ok && n > high {
			return nil, fmt.Errorf("%v is more than %v", v, in.Max)
		}
	}
	return v, nil
}

func number(v any) (float64, bool) {
	switch x := v.(type) {
	case int:
		return float64(x), true
	case float64:
		return x, true
	case time.Duration:
		return float64(x), true
	}
	return 0, false
}

// An InputError says which inputs of a workflow are wrong.
type InputError struct {
	Workflow string
	Wrong    []string // sorted
}

// Error lists them.
func (e *InputError) Error() string {
	return "inputs of " + e.Workflow + ": " + strings.Join(e.Wrong, "; ")
}
