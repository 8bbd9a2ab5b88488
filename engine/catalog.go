package engine

import "github.com/mozci/mozci-run/sources"

// A Catalog is what a workflow may use: what a profile's sources answer and do. *sources.Registry is one.
type Catalog interface {
	// Query returns the query of that name and the sources that answer it.
	Query(name string) (q sources.Query, from []string, ok bool)
	// Effect returns the effect of that name and the source that performs it.
	Effect(name string) (e sources.Effect, from string, ok bool)
	// QueryNames and EffectNames list what there is, sorted.
	QueryNames() []string
	EffectNames() []string
}

// A Catalog that also knows which inputs its profile gives where a run is started without them.
type profileInputs interface {
	GivesInput(name string) bool
}

// WithInputs is a catalog whose profile gives values to the named inputs.
func WithInputs(cat Catalog, names ...string) Catalog { return givingCatalog{cat, names} }

type givingCatalog struct {
	Catalog
	names []string
}

func (g givingCatalog) GivesInput(name string) bool {
	for _, n := range g.names {
		if n == name {
			return true
		}
	}
	return false
}

var _ Catalog = (*sources.Registry)(nil)
