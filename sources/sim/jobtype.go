package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A jobType is one label: a member of the family that the scenario declares.
type jobType struct {
	JobType
	label    string
	symbol   string
	chunk    int // from 1
	upstream *jobType
	family   *family
}

// A family is a declared job type with the manifests that its chunks share.
type family struct {
	JobType
	manifests []string
}

// expand makes the job types of a scenario, in its order.
func expand(s seed, sc *Scenario) ([]*jobType, error) {
	var all []*jobType
	byLabel := map[string]*jobType{}
	for _, decl := range sc.Jobs {
		f := &family{JobType: decl}
		f.fill(s)
		for chunk := 1; chunk <= f.Chunks; chunk++ {
			put := func(text string) string { return strings.ReplaceAll(text, "{chunk}", strconv.Itoa(chunk)) }
			jt := &jobType{JobType: f.JobType, label: put(f.Label), symbol: put(f.Symbol), chunk: chunk, family: f}
			if byLabel[jt.label] != nil {
				return nil, fmt.Errorf("job type %q is declared twice", jt.label)
			}
			byLabel[jt.label] = jt
			all = append(all, jt)
		}
	}
	for _, jt := range all {
		if jt.Upstream == "" {
			continue
		}
		if jt.upstream = byLabel[jt.Upstream]; jt.upstream == nil {
			return nil, fmt.Errorf("job type %q: its upstream %q is not declared", jt.label, jt.Upstream)
		}
	}
	return all, nil
}

// fill replaces what was left out by what it means.
func (f *family) fill(s seed) {
	name, variant, _ := strings.Cut(f.Label, "/")
	option, rest, _ := strings.Cut(variant, "-")
	if f.Kind == "" {
		f.Kind, _, _ = strings.Cut(name, "-")
	}
	_, platform, _ := strings.Cut(name, "-")
	f.Platform = or(f.Platform, platform)
	f.Option = or(f.Option, or(option, "opt"))
	f.Suite = or(f.Suite, strings.TrimSuffix(rest, "-{chunk}"))
	f.Tier = or(f.Tier, 1)
	f.Chunks = or(f.Chunks, 1)
	f.Duration = or(f.Duration, 20*time.Minute)
	f.Density = or(f.Density, 1)
	if f.Kind == "build" {
		f.Symbol, f.Pool = or(f.Symbol, "B"), or(f.Pool, "gecko-3/b-linux-gcp")
		f.Group, f.GroupSymbol = or(f.Group, "unknown"), or(f.GroupSymbol, "?")
		return
	}
	f.Pool = or(f.Pool, "gecko-t/t-linux-kvm-gcp")
	f.Group, f.GroupSymbol = or(f.Group, "Mochitests"), or(f.GroupSymbol, "M")
	f.Symbol = or(f.Symbol, "bc{chunk}")
	f.manifests = f.ManifestNames
	if len(f.manifests) > 0 || f.Kind != "test" {
		return
	}
	folders := []string{"browser/base/content/test", "browser/components/urlbar/tests", "dom/base/test", "toolkit/content/tests", "devtools/client/test"}
	for i := range or(f.Manifests, 4*f.Chunks) {
		at := (i + s.rng("manifests", f.Label).IntN(5)) % len(folders)
		f.manifests = append(f.manifests, fmt.Sprintf("%s/%s%d/browser.toml", folders[at], f.Suite[:min(4, len(f.Suite))], i+1))
	}
}

// holds returns the manifests that the label runs on a push, in order; on a push where the chunks have drifted, others.
func (jt *jobType) holds(s seed, p *push) []string {
	return jt.shifted(jt.family.shift(s, p))
}

// shifted returns what the label runs where the manifests have moved by so many places; 0 is the usual.
func (jt *jobType) shifted(shift int) []string {
	all := jt.family.manifests
	var mine []string
	for i, m := range all {
		if (i+shift)%len(all)*jt.family.Chunks/len(all)+1 == jt.chunk {
			mine = append(mine, m)
		}
	}
	return mine
}

// shift is by how many places the manifests have moved on a push.
func (f *family) shift(s seed, p *push) int {
	for _, d := range f.Drifts {
		if d.At == p.At {
			return ((d.Shift % len(f.manifests)) + len(f.manifests)) % len(f.manifests)
		}
	}
	if len(f.manifests) < 2 || !s.chance(f.Drift, "drift", p.branch.Name, p.id, f.Label) {
		return 0
	}
	return 1 + s.rng("drift by", p.branch.Name, p.id, f.Label).IntN(len(f.manifests)-1)
}

// or is a, unless that is the zero value.
func or[T comparable](a, b T) T {
	var zero T
	if a == zero {
		return b
	}
	return a
}
