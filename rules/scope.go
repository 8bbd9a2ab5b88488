package rules

import "github.com/mozci/mozci-run/schemas"

// A Scope is what an expression may name. Nobody changes one while it is used.
type Scope struct {
	Vars  []Var
	Rules *Set     // may be nil
	Sure  []string // what is known not to be nil here: names and paths, as Ensures lists them
	// Origin finds the place of the text that is compiled, in what a Coverage says of it. It has to be comparable.
	Origin any
}

// A Var is a name with its type.
type Var struct {
	Name string
	Type *schemas.Type
	Doc  string
	Note string // added to an error about it: why it may be nil, and what to do
	// Skipped says that the value may be missing altogether, because its step may have been skipped. Where every reading
	// of it is guarded (see Ref) it may be nil; where one is not, whoever reads it is skipped too, and so it is never nil.
	Skipped bool
}

func (s *Scope) lookup(name string) *Var {
	for i := range s.Vars {
		if s.Vars[i].Name == name {
			return &s.Vars[i]
		}
	}
	return nil
}

// names lists what an expression could have meant by a name that is none.
func (s *Scope) names() []string {
	out := make([]string, len(s.Vars))
	for i, v := range s.Vars {
		out[i] = v.Name
	}
	return out
}
