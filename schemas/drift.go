package schemas

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// A Change is the kind of a difference between two shapes.
type Change string

// The kinds. Each has a stable code, which reports and accepted findings use.
const (
	Added       Change = "added"
	Removed     Change = "removed"
	Retyped     Change = "retyped"
	Nullable    Change = "made nullable"
	Optional    Change = "made optional"
	EnumGrown   Change = "enumeration grown"
	EnumShrunk  Change = "enumeration shrunk"
	Pattern     Change = "pattern broken"
	OrderBroken Change = "order broken"
	PageSize    Change = "page size"
	Status      Change = "status"
	ContentType Change = "content type"
)

// Code is the change's stable code: D101 and so on.
func (c Change) Code() string {
	codes := map[Change]string{Added: "D101", Removed: "D102", Retyped: "D103", Nullable: "D104", Optional: "D105", EnumGrown: "D106",
		EnumShrunk: "D107", Pattern: "D108", OrderBroken: "D109", PageSize: "D110", Status: "D111", ContentType: "D112"}
	return codes[c]
}

// Says tells in a sentence what the kind is.
func (c Change) Says() string {
	return map[Change]string{
		Added:       "A member is there that was not there.",
		Removed:     "A member that was there is in no answer any more.",
		Retyped:     "A value is of another type than it was, or than its schema has.",
		Nullable:    "A value is null that never was, or whose schema does not allow it.",
		Optional:    "A member is missing more often than chance explains, or where its schema requires it.",
		EnumGrown:   "A vocabulary has a word that is new.",
		EnumShrunk:  "A word of a vocabulary is no longer seen.",
		Pattern:     "A text, or the key of a map, is not written as its schema's pattern has it: a new family of names.",
		OrderBroken: "A list is in another order than it was, or than its schema has.",
		PageSize:    "A page that says that more follow is less full than it was.",
		Status:      "A request that was answered with one status is answered with another.",
		ContentType: "An answer is of another content type than it was, or is no JSON where that is wanted.",
	}[c]
}

// Changes lists all kinds, in the order of their codes.
func Changes() []Change {
	return []Change{Added, Removed, Retyped, Nullable, Optional, EnumGrown, EnumShrunk, Pattern, OrderBroken, PageSize, Status, ContentType}
}

// A Difference is one change at one path.
type Difference struct {
	Path   string
	Change Change
	Then   string // what stood there, with counts: string, 391 of 400
	Now    string
	Words  []string // of an enumeration or a pattern: what is new, or gone; sorted
	Parses bool     // of Retyped: a number became a string that can still be read as that number, or the other way round
}

// Significance is how improbable it has to be that two samples of the same habit differ so, before presence counts as changed.
const Significance = 0.001

// Drift compares what answers looked like with what they look like now. Below a path that was added or removed nothing more is
// said. Words count as an enumeration where both sides have few of them, often repeated, or where the schema declares one. What the
// schema says may be (null, another type, absence of what it does not require) is no difference, and which lists have an order it
// says, too; it may be nil. The differences are ordered by path, then by code.
func Drift(then, now *Shape, says *Schema) []Difference {
	c := comparison{then, now, says}
	var out []Difference
	gone := map[string]bool{}
	for _, p := range union(then, now) {
		if covered(gone, p) {
			continue
		}
		a, b := then.Paths[p], now.Paths[p]
		d := c.compare(p, a, b)
		for _, one := range d {
			if one.Change == Added || one.Change == Removed {
				gone[p] = true
			}
		}
		out = append(out, d...)
	}
	slices.SortStableFunc(out, func(x, y Difference) int {
		if c := strings.Compare(x.Path, y.Path); c != 0 {
			return c
		}
		return strings.Compare(x.Change.Code(), y.Change.Code())
	})
	return out
}

func union(a, b *Shape) []string {
	var out []string
	for p := range a.Paths {
		out = append(out, p)
	}
	for p := range b.Paths {
		if a.Paths[p] == nil {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

func covered(gone map[string]bool, path string) bool {
	for up := ParentPath(path); up != ""; up = ParentPath(up) {
		if gone[up] {
			return true
		}
	}
	return false
}

// A comparison is of two shapes, by what a schema says, which may be nil.
type comparison struct {
	then, now *Shape
	says      *Schema
}

// takes says whether the schema allows a type at a path.
func (c comparison) takes(path, typ string) bool {
	if c.says == nil {
		return false
	}
	p, ok := c.says.Place(path)
	names := map[string]string{"int": "integer", "bool": "boolean"}
	if n, renamed := names[typ]; renamed {
		typ = n
	}
	return ok && (slices.Contains(p.Types, typ) || typ == "integer" && slices.Contains(p.Types, "number"))
}

// free says whether the schema lets a path be absent.
func (c comparison) free(path string) bool {
	if c.says == nil {
		return false
	}
	p, ok := c.says.Place(path)
	return ok && (!p.Required || p.Default)
}

func (c comparison) compare(path string, a, b *Spot) []Difference {
	then, now := c.then, c.now
	switch {
	case a == nil && b == nil:
		return nil
	case a == nil:
		return appeared(path, b, then)
	case b == nil:
		return vanished(path, a, now)
	}
	var out []Difference
	out = append(out, c.retyped(path, a, b)...)
	if Fisher(a.Present, a.Could-a.Present, b.Present, b.Could-b.Present) < Significance && share(b) < share(a) && !c.free(path) {
		out = append(out, Difference{Path: path, Change: Optional, Then: count(a), Now: count(b)})
	}
	out = append(out, c.words(path, a, b)...)
	return append(out, c.ordered(path, a, b)...)
}

// appeared tells a new member from one whose parent was never there, or there too rarely to know.
func appeared(path string, b *Spot, then *Shape) []Difference {
	up := then.Paths[ParentPath(path)]
	if up == nil || strings.HasSuffix(path, "[]") || strings.HasSuffix(path, ".*") || up.Types["object"] == 0 {
		return nil // there was nowhere for it to be
	}
	if Fisher(0, up.Types["object"], b.Present, b.Could-b.Present) >= Significance && b.Present < b.Could {
		return nil // rare now: it may have been as rare then
	}
	return []Difference{{Path: path, Change: Added, Then: fmt.Sprintf("absent, 0 of %d", up.Types["object"]), Now: b.Kinds()}}
}

// vanished tells a member that is gone from one that has had no chance to be there.
func vanished(path string, a *Spot, now *Shape) []Difference {
	up := now.Paths[ParentPath(path)]
	if up == nil || strings.HasSuffix(path, "[]") || strings.HasSuffix(path, ".*") || up.Types["object"] == 0 {
		return nil
	}
	n := up.Types["object"]
	if a.Present < a.Could && Fisher(a.Present, a.Could-a.Present, 0, n) >= Significance {
		return nil // it was rare, and its absence may be chance
	}
	return []Difference{{Path: path, Change: Removed, Then: a.Kinds(), Now: fmt.Sprintf("absent, 0 of %d", n)}}
}

func (c comparison) retyped(path string, a, b *Spot) []Difference {
	if a.Types["null"] == 0 && b.Types["null"] > 0 && !c.takes(path, "null") {
		return append([]Difference{{Path: path, Change: Nullable, Then: a.Kinds(), Now: b.Kinds()}}, c.newTypes(path, a, b)...)
	}
	return c.newTypes(path, a, b)
}

func (c comparison) newTypes(path string, a, b *Spot) []Difference {
	for t, n := range b.Types {
		if t == "null" || a.Types[t] > 0 || n == 0 || onlyNull(a) || c.takes(path, t) {
			continue
		}
		if t == "int" && a.Types["number"] > 0 {
			continue // a number without a fraction
		}
		parses := t == "string" && b.Numeric == b.Types["string"] && (a.Types["int"] > 0 || a.Types["number"] > 0) ||
			(t == "int" || t == "number") && a.Types["string"] > 0 && a.Numeric == a.Types["string"]
		return []Difference{{Path: path, Change: Retyped, Then: a.Kinds(), Now: b.Kinds(), Parses: parses}}
	}
	return nil
}

func onlyNull(p *Spot) bool { return p.Types["null"] == p.Present }

// words compares enumerations. Without a declared one it takes words for an enumeration only where they are few and repeat.
func (c comparison) words(path string, a, b *Spot) []Difference {
	var declared []string
	if c.says != nil {
		declared = c.says.enums[path]
		if p, spoken := c.says.Place(path); spoken && declared == nil && slices.Contains(p.Types, "string") {
			return nil // any text will do there
		}
	}
	if a.Types["string"] == 0 || b.Types["string"] == 0 || b.Words == nil {
		return nil
	}
	known := map[string]bool{}
	for _, w := range declared {
		known[w] = true
	}
	if declared == nil {
		if !closed(a) || !closed(b) {
			return nil
		}
	}
	for w := range a.Words {
		known[w] = true
	}
	var fresh []string
	for w := range b.Words {
		if !known[w] {
			fresh = append(fresh, w)
		}
	}
	if len(fresh) == 0 {
		return shrunk(path, a, b)
	}
	slices.Sort(fresh)
	return []Difference{{Path: path, Change: EnumGrown, Then: counted(a.Words), Now: counted(b.Words), Words: fresh}}
}

func shrunk(path string, a, b *Spot) []Difference {
	var lost []string
	for w, n := range a.Words {
		if b.Words[w] == 0 && Fisher(n, a.Present-n, 0, b.Present) < Significance {
			lost = append(lost, w)
		}
	}
	if len(lost) == 0 || !closed(a) {
		return nil
	}
	slices.Sort(lost)
	return []Difference{{Path: path, Change: EnumShrunk, Then: counted(a.Words), Now: counted(b.Words), Words: lost}}
}

// closed says whether the words look like a vocabulary: few, short, and each seen several times on average.
func closed(p *Spot) bool {
	if p.Words == nil || len(p.Words) > 16 || p.Types["string"] < 20*len(p.Words) {
		return false
	}
	for w := range p.Words {
		if len(w) > 40 || looksLikeID(w) {
			return false
		}
	}
	return true
}

// ordered says whether a list that was strictly in one order no longer is.
func (c comparison) ordered(path string, a, b *Spot) []Difference {
	if c.says != nil {
		return nil // the schema says which lists have an order, and Validate holds them to it
	}
	names := func(p *Spot) string {
		switch {
		case p.Rising > 0 && p.Falling == 0:
			return "rising"
		case p.Falling > 0 && p.Rising == 0:
			return "falling"
		}
		return "in no order"
	}
	if a.Rising+a.Falling < 8 || b.Rising+b.Falling < 4 || names(a) == "in no order" || names(a) == names(b) {
		return nil
	}
	return []Difference{{Path: path, Change: OrderBroken, Then: names(a), Now: names(b)}}
}

func share(p *Spot) float64 {
	if p.Could == 0 {
		return 1
	}
	return float64(p.Present) / float64(p.Could)
}

func count(p *Spot) string { return fmt.Sprintf("%d of %d", p.Present, p.Could) }

// Kinds tells which kinds of values stood there, and how often: string, 391 of 400; or int 1091, string 50, 1141 of 1141.
func (p *Spot) Kinds() string {
	if len(p.Types) == 1 {
		return fmt.Sprintf("%s, %s", slices.Collect(maps.Keys(p.Types))[0], count(p))
	}
	return fmt.Sprintf("%s, %s", counted(p.Types), count(p))
}

// counted writes words with how often each was seen, the most frequent first; of many, twelve.
func counted(m map[string]int) string {
	words := slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Or(m[b]-m[a], strings.Compare(a, b)) })
	more := ""
	if len(words) > 12 {
		words, more = words[:12], ", …"
	}
	for i, w := range words {
		words[i] = fmt.Sprintf("%s %d", w, m[w])
	}
	return strings.Join(words, ", ") + more
}

// Fisher is the two-sided p-value of Fisher's exact test on the table {{a, b}, {c, d}} (R. A. Fisher, Statistical Methods for
// Research Workers, 1934): how probable a table at least as lopsided is where both rows follow the same habit.
func Fisher(a, b, c, d int) float64 {
	n, row, col := a+b+c+d, a+b, a+c
	if n == 0 {
		return 1
	}
	logp := func(x int) float64 { return choose(row, x) + choose(n-row, col-x) - choose(n, col) }
	observed := logp(a)
	p := 0.0
	for x := max(0, col-(n-row)); x <= min(row, col); x++ {
		if l := logp(x); l <= observed+1e-9 {
			p += math.Exp(l)
		}
	}
	return min(p, 1)
}

// choose is the logarithm of the binomial coefficient.
func choose(n, k int) float64 {
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	return lg(n) - lg(k) - lg(n-k)
}
