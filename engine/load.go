package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// A Reader reads a file by name. A file that is not there is an error that is fs.ErrNotExist.
type Reader func(file string) ([]byte, error)

// ReadFrom reads from a file system.
func ReadFrom(fsys fs.FS) Reader {
	return func(file string) ([]byte, error) { return fs.ReadFile(fsys, file) }
}

// StandardRules is the name under which a bundle holds the standard rules.
const StandardRules = "standard.rules.yaml (built in)"

// Load reads a workflow with everything that it imports and calls. standard is the text of the standard rules.
// All problems come at once, in the order of the file; where what the file says could be read in part, the Definition is there all the same,
// and [Check] says what else is wrong. It is nil where the file could not be read at all.
func Load(read Reader, file string, standard string) (*Definition, []Problem) {
	l := &loader{read: read, files: map[string]string{StandardRules: standard}, rulesOf: map[string][]rules.Rule{}}
	def := l.workflow(file, nil)
	list := sorted(l.problems, file)
	if def != nil {
		def.problems = list
		def.Bundle = Bundle{Entry: file, Files: l.files}
	}
	return def, list
}

// LoadBundle reads a workflow from the texts that were stored with a run, and from nothing else.
func LoadBundle(b Bundle) (*Definition, []Problem) {
	read := func(file string) ([]byte, error) {
		text, ok := b.Files[file]
		if !ok {
			return nil, fmt.Errorf("reading %s: %w", file, fs.ErrNotExist)
		}
		return []byte(text), nil
	}
	return Load(read, b.Entry, b.Files[StandardRules])
}

// A loader reads one workflow and what belongs to it.
type loader struct {
	read     Reader
	files    map[string]string
	rulesOf  map[string][]rules.Rule // by file, so that each is read once
	calling  []string                // the workflows that led here by call
	problems []Problem
	bad      map[*yamldoc.Node]bool // of the file at hand: what is not as the table of keywords says
	made     int                    // how many ids were made up
	counted  int                    // how many steps there are so far, in all files
	ids      map[string]bool        // of the file at hand: those that were given
}

func (l *loader) report(list ...yamldoc.Problem) {
	for _, p := range list {
		l.problems = append(l.problems, Problem{Problem: p})
	}
}

func (l *loader) problem(n *yamldoc.Node, kind, format string, args ...any) {
	l.report(n.Problem(kind, fmt.Sprintf(format, args...)))
}

// text reads a file once. by is who names it; nil for the entry.
func (l *loader) text(file string, by *yamldoc.Node) (string, bool) {
	if text, ok := l.files[file]; ok {
		return text, true
	}
	b, err := l.read(file)
	if err == nil && len(b) > yamldoc.MaxSize {
		err = fmt.Errorf("it has %d bytes, and %d are the bound", len(b), yamldoc.MaxSize)
	}
	if err != nil {
		message := fmt.Sprintf("%s cannot be read: %v", file, err)
		if errors.Is(err, fs.ErrNotExist) {
			message = fmt.Sprintf("there is no file %s", file)
		}
		if by == nil {
			l.report(yamldoc.Problem{File: file, Line: 1, Column: 1, Length: 1, Kind: "file", Message: message})
		} else {
			l.problem(by, "file", "%s; names are relative to %s", message, by.File())
		}
		return "", false
	}
	l.files[file] = string(b)
	return string(b), true
}

// beside is the name of a file that another one names.
func beside(file, name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(path.Dir(file), name)
}

// workflow reads a workflow file. by is the call that names it; nil for the entry.
func (l *loader) workflow(file string, by *yamldoc.Node) *Definition {
	text, ok := l.text(file, by)
	if !ok {
		return nil
	}
	doc, problems := yamldoc.Parse(file, []byte(text))
	l.report(problems...)
	if doc == nil {
		return nil
	}
	if doc.IsNull() {
		l.problem(doc, "wrong-type", "the file is empty; a workflow starts with mozci: 1 and has a name and steps")
		return nil
	}
	outer := *l
	l.bad, l.made, l.ids = map[*yamldoc.Node]bool{}, 0, map[string]bool{}
	defer func() { l.bad, l.made, l.ids = outer.bad, outer.made, outer.ids }()
	if doc.Kind == yamldoc.Map && doc.Get("steps") == nil && doc.Get("rules") != nil && doc.Get("inputs") == nil {
		if by == nil {
			by = doc
		}
		l.problem(by, "not-a-workflow", "%s is a file of rules: it has no steps; a workflow imports it", file)
		return nil
	}
	if l.ofOthers(doc) {
		l.problem(doc, "not-a-workflow", "this is no workflow of mozci-run: that has mozci: 1, a name and steps")
		return nil
	}
	if !l.object(doc, workflowObject) && doc.Kind != yamldoc.Map {
		return nil
	}
	l.version(doc)
	return l.definition(file, doc)
}

// ofOthers says whether a file is for another program: it says neither mozci nor steps, and has keys that nothing here has.
func (l *loader) ofOthers(doc *yamldoc.Node) bool {
	return doc.Kind == yamldoc.Map && doc.Get("mozci") == nil && doc.Get("steps") == nil &&
		slices.ContainsFunc(doc.Entries, func(e yamldoc.Entry) bool { return workflowObject.key(e.Key.Value) == nil })
}

func (l *loader) version(doc *yamldoc.Node) {
	if v := l.get(doc, "mozci"); v != nil && v.Value != "1" {
		l.problem(v, "version", "this mozci-run reads version 1 of the language, and the file is written in version %s", v.Value)
	}
}

// get is the value of a key that is as the table says; else nil.
func (l *loader) get(n *yamldoc.Node, key string) *yamldoc.Node {
	v := n.Get(key)
	if v == nil || l.bad[v] {
		return nil
	}
	return v
}

// entries are those of a map under a key, where it is as the table says.
func (l *loader) entries(n *yamldoc.Node, key string) []yamldoc.Entry {
	if v := l.get(n, key); v != nil {
		return v.Entries
	}
	return nil
}

func (l *loader) items(n *yamldoc.Node, key string) []*yamldoc.Node {
	if v := l.get(n, key); v != nil {
		return slices.DeleteFunc(slices.Clone(v.Items), func(n *yamldoc.Node) bool { return l.bad[n] })
	}
	return nil
}

func (l *loader) definition(file string, doc *yamldoc.Node) *Definition {
	d := &Definition{File: file, doc: doc, Name: l.get(doc, "name"), Description: l.get(doc, "description")}
	for _, e := range l.entries(doc, "inputs") {
		if l.bad[e.Key] {
			continue
		}
		d.Inputs = append(d.Inputs, &inputDef{name: e.Key, node: e.Value, typ: l.get(e.Value, "type"), doc: l.get(e.Value, "description"),
			def: l.get(e.Value, "default"), min: l.get(e.Value, "min"), max: l.get(e.Value, "max"), enum: l.get(e.Value, "enum")})
	}
	d.badInputs = doc.Get("inputs") != nil && l.get(doc, "inputs") == nil
	d.Rules, d.standard = l.allRules(file, doc), l.standardNames()
	if s := standardOf(l.files[StandardRules]); s.alone(d.Rules) {
		d.shared = s
	}
	for _, e := range l.entries(doc, "on") {
		if v := e.Value; !l.bad[v] && onObject.key(e.Key.Value) != nil {
			d.Starts = append(d.Starts, &startDef{kind: e.Key, node: v, cond: l.get(v, "if"), every: l.get(v, "every"), cron: l.get(v, "cron"), inputs: l.get(v, "inputs")})
		}
	}
	on := l.get(doc, "on")
	if include := l.get(doc, "include"); include != nil && on != nil && on.Get("failure") == nil && on.Get("job") == nil {
		l.problem(include, "companion", "include is about events, and on has neither failure nor job")
	}
	for _, n := range l.items(doc, "include") {
		d.Include = append(d.Include, n.Value)
	}
	if limits := l.get(doc, "limits"); limits != nil {
		d.Limits = limitsDef{effects: l.get(limits, "effects"), runtime: l.get(limits, "runtime")}
	}
	l.given(l.items(doc, "steps"))
	l.given(l.items(doc, "finally"))
	d.Steps = l.steps(file, l.items(doc, "steps"), 1)
	d.Outputs = l.entries(doc, "outputs")
	d.Finally = l.steps(file, l.items(doc, "finally"), 1)
	return d
}

// given gathers the ids that the file gives, so that none that is made up meets one.
func (l *loader) given(list []*yamldoc.Node) {
	for _, n := range list {
		if id := l.get(n, "id"); id != nil {
			l.ids[id.Value] = true
		}
		l.given(l.items(n, "steps"))
		if r := l.get(n, "repeat"); r != nil {
			l.given(l.items(r, "steps"))
		}
	}
}

func (l *loader) steps(file string, list []*yamldoc.Node, depth int) []*stepDef {
	var out []*stepDef
	for _, n := range list {
		if l.counted++; l.counted == MaxSteps+1 {
			l.problem(n, "too-large", "there are more than %d steps, those within steps and those of called workflows included", MaxSteps)
		}
		if l.counted > MaxSteps {
			break
		}
		out = append(out, l.step(file, n, depth))
	}
	return out
}

func (l *loader) step(file string, n *yamldoc.Node, depth int) *stepDef {
	get := func(name string) *yamldoc.Node { return l.get(n, name) }
	s := &stepDef{node: n, idNode: get("id"), name: get("name"), uses: get("uses"), with: get("with"), let: get("let"), cond: get("if"),
		foreach: get("foreach"), as: get("as"), parallel: get("parallel"), until: get("until"), every: get("every"), timeout: get("timeout"),
		onTime: get("on_timeout"), require: get("require"), message: get("message"), after: l.items(n, "after"), repeat: get("repeat"), call: get("call")}
	s.id = l.idOf(s)
	if a := get("approve"); a != nil {
		s.approve, s.approveWithin = l.get(a, "message"), l.get(a, "timeout")
	}
	if r := get("retry"); r != nil {
		s.attempts, s.backoff = l.get(r, "attempts"), l.get(r, "backoff")
	}
	inner := n
	if s.repeat != nil {
		s.repeatUntil, s.repeatMost = l.get(s.repeat, "until"), l.get(s.repeat, "max")
		inner = s.repeat
	}
	if below := l.items(inner, "steps"); len(below) > 0 {
		if depth >= MaxNesting {
			l.problem(n, "too-deep", "steps lie within steps more than %d deep; move some to a workflow of their own and call it", MaxNesting)
		} else {
			s.steps = l.steps(file, below, depth+1)
		}
	}
	if s.call != nil {
		s.callee = l.callee(file, s.call)
	}
	kinds := 0
	for _, k := range []*yamldoc.Node{s.uses, s.let, s.call, get("approve"), s.repeat, get("steps")} {
		if k != nil {
			kinds++
		}
	}
	s.badWith = s.with == nil && n.Get("with") != nil
	s.broken = kinds != 1 || l.bad[n] || s.kind() == ApproveStep && s.approve == nil
	return s
}

// idOf is a step's id, or one that is made up: step1, step2.
func (l *loader) idOf(s *stepDef) string {
	if s.idNode != nil {
		return s.idNode.Value
	}
	for {
		l.made++
		if id := fmt.Sprintf("step%d", l.made); !l.ids[id] {
			return id
		}
	}
}

// callee reads the workflow that a step calls.
func (l *loader) callee(file string, call *yamldoc.Node) *Definition {
	name := beside(file, call.Value)
	chain := append(slices.Clone(l.calling), file)
	switch {
	case slices.Contains(chain, name):
		l.problem(call, "circle", "the workflow calls itself: %s", strings.Join(append(chain[slices.Index(chain, name):], name), " calls "))
		return nil
	case len(chain) > MaxCalls:
		l.problem(call, "too-deep", "workflows call one another more than %d deep", MaxCalls)
		return nil
	}
	before := l.calling
	l.calling = chain
	defer func() { l.calling = before }()
	return l.workflow(name, call)
}
