package schemas

// An Origin says of which answer a value is a part, and where in it that part stands.
type Origin struct {
	Of   string // whose answer: jobs.history
	Path string // generalised, as Differences writes it: [].push.revision; empty for the answer itself
}

// Followed returns a copy of a type in which every part has its origin in an answer. What is made of it keeps them, so that it can be told what of
// the answer is read. Followed types fit what the others fit.
func (t *Type) Followed(of string) *Type { return t.followed(of, "") }

func (t *Type) followed(of, path string) *Type {
	c := *t
	c.Origins = []Origin{{of, path}}
	if t.Elem != nil {
		step := "[]"
		if t.Kind == Map {
			step = ".*"
		}
		c.Elem = t.Elem.followed(of, path+step)
	}
	c.Fields = nil
	for _, f := range t.Fields {
		below := f.Name
		if path != "" {
			below = path + "." + f.Name
		}
		f.Type = f.Type.followed(of, below)
		c.Fields = append(c.Fields, f)
	}
	return &c
}

// IsFollowed says whether a value of the type is a part of an answer, or holds one.
func (t *Type) IsFollowed() bool {
	if len(t.Origins) > 0 || t.Elem != nil && t.Elem.IsFollowed() {
		return true
	}
	for _, f := range t.Fields {
		if t.Name == "" && f.Type.IsFollowed() { // one with a name of its own is a part of an answer as a whole, or no part of it
			return true
		}
	}
	return false
}

// AllOrigins lists the origins of a type, and those of its parts where it has none itself, in their order.
func (t *Type) AllOrigins() []Origin {
	if t == nil || len(t.Origins) > 0 {
		return t.origins()
	}
	out := t.Elem.AllOrigins()
	for _, f := range t.Fields {
		out = append(out, f.Type.AllOrigins()...)
	}
	return out
}

func (t *Type) origins() []Origin {
	if t == nil {
		return nil
	}
	return t.Origins
}
