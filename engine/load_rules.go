package engine

import (
	"slices"
	"strings"

	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// allRules are the rules that a workflow's expressions can call: its own, those that it imports, and the standard ones.
// A rule of the file, or of one that it imports, takes the place of the standard rule of its name. Elsewhere two rules of one name are
// reported by rules.NewSet.
func (l *loader) allRules(file string, doc *yamldoc.Node) []rules.Rule {
	list := l.rules(doc)
	imported := map[string]bool{}
	for _, n := range l.items(doc, "import") {
		name := beside(file, n.Value)
		if imported[name] {
			l.problem(n, "duplicate-import", "%s is imported twice", n.Value)
			continue
		}
		imported[name] = true
		list = append(list, l.rulesFile(name, n)...)
	}
	return l.overStandard(list)
}

func (l *loader) standardNames() map[string]bool {
	names := map[string]bool{}
	for _, r := range l.rulesFile(StandardRules, nil) {
		names[r.Name] = true
	}
	return names
}

// overStandard adds the standard rules that none of the list takes the place of.
func (l *loader) overStandard(list []rules.Rule) []rules.Rule {
	if len(list) == 0 {
		return l.rulesFile(StandardRules, nil)
	}
	for _, r := range l.rulesFile(StandardRules, nil) {
		if !slices.ContainsFunc(list, func(own rules.Rule) bool { return own.Name == r.Name }) {
			list = append(list, r)
		}
	}
	return list
}

// rulesFile reads a file of rules. by is the import that names it.
func (l *loader) rulesFile(file string, by *yamldoc.Node) []rules.Rule {
	if list, ok := l.rulesOf[file]; ok {
		return list
	}
	l.rulesOf[file] = nil // a file that cannot be read is told of once
	if file == StandardRules {
		if s := standardOf(l.files[file]); s != nil {
			l.rulesOf[file] = s.list
			return s.list
		}
	}
	l.rulesOf[file] = l.readRules(file, by)
	return l.rulesOf[file]
}

func (l *loader) readRules(file string, by *yamldoc.Node) []rules.Rule {
	text, ok := l.text(file, by)
	if !ok || text == "" && by == nil {
		return nil
	}
	doc, problems := yamldoc.Parse(file, []byte(text))
	l.report(problems...)
	if doc == nil {
		return nil
	}
	if doc.Get("steps") != nil {
		l.problem(by, "not-rules", "%s is a workflow; import takes files of rules, and call takes workflows", by.Value)
		return nil
	}
	outer := l.bad
	l.bad = map[*yamldoc.Node]bool{}
	defer func() { l.bad = outer }()
	l.object(doc, rulesObject)
	l.version(doc)
	return l.rules(doc)
}

// LoadRules reads a file of rules by itself: for their tests.
func LoadRules(read Reader, file string) ([]rules.Rule, []Problem) {
	l := &loader{read: read, files: map[string]string{}, rulesOf: map[string][]rules.Rule{}, bad: map[*yamldoc.Node]bool{}}
	text, ok := l.text(file, nil)
	if !ok {
		return nil, l.problems
	}
	doc, problems := yamldoc.Parse(file, []byte(text))
	l.report(problems...)
	if doc == nil {
		return nil, l.problems
	}
	l.object(doc, rulesObject)
	l.version(doc)
	list := l.rules(doc)
	return list, sorted(l.problems, file)
}

// CheckRules reads a file of rules by itself and checks it over the standard rules, whose text is given.
func CheckRules(read Reader, file, standard string) []Problem {
	l := &loader{read: read, files: map[string]string{StandardRules: standard}, rulesOf: map[string][]rules.Rule{}, bad: map[*yamldoc.Node]bool{}}
	text, ok := l.text(file, nil)
	if !ok {
		return l.problems
	}
	doc, problems := yamldoc.Parse(file, []byte(text))
	l.report(problems...)
	if doc == nil {
		return l.problems
	}
	l.object(doc, rulesObject)
	l.version(doc)
	def := &Definition{doc: doc, Rules: l.overStandard(l.rules(doc)), standard: l.standardNames(), problems: l.problems}
	c := &checker{def: def, prog: &Program{}, problems: slices.Clone(l.problems)}
	c.rules()
	return sorted(c.problems, file)
}

func (l *loader) rules(doc *yamldoc.Node) []rules.Rule {
	var out []rules.Rule
	for _, e := range l.entries(doc, "rules") {
		if !l.bad[e.Value] && !l.bad[e.Key] {
			out = append(out, l.rule(e.Key, e.Value))
		}
	}
	return out
}

func (l *loader) rule(name, n *yamldoc.Node) rules.Rule {
	r := rules.Rule{Name: name.Value, NameAt: snippet(name)}
	if d := l.get(n, "description"); d != nil {
		r.Doc = d.Value
	}
	for _, p := range l.entries(n, "given") {
		r.Given = append(r.Given, rules.Param{Name: p.Key.Value, NameAt: snippet(p.Key), Type: rules.Snippet{Text: typeText(p.Value), Origin: p.Value}})
	}
	if is := l.bare(n, "is"); is != nil {
		s := snippet(is)
		r.Is = &s
	}
	for _, row := range l.items(n, "first") {
		if e := l.get(row, "else"); e != nil {
			r.First = append(r.First, rules.RuleRow{Then: snippet(e)})
			continue
		}
		when, then := l.bare(row, "when"), l.get(row, "then")
		if when != nil && then != nil {
			s := snippet(when)
			r.First = append(r.First, rules.RuleRow{When: &s, Then: snippet(then)})
		}
	}
	return r
}

// bare is get for an expression: one within ${{ }} is reported.
func (l *loader) bare(n *yamldoc.Node, key string) *yamldoc.Node {
	v := l.get(n, key)
	if v == nil || !strings.Contains(v.Value, "${{") {
		return v
	}
	l.report(notBare(v, key))
	return nil
}

func snippet(n *yamldoc.Node) rules.Snippet { return rules.Snippet{Text: n.Value, Origin: n} }

// typeText is a parameter's type as it was written: YAML takes [Row] for a list and {int} for a map.
func typeText(n *yamldoc.Node) string {
	switch n.Kind {
	case yamldoc.List:
		var items []string
		for _, i := range n.Items {
			items = append(items, typeText(i))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case yamldoc.Map:
		var items []string
		for _, e := range n.Entries {
			item := e.Key.Value
			if !e.Value.IsNull() {
				item += ": " + typeText(e.Value)
			}
			items = append(items, item)
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	return n.Value
}
