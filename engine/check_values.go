package engine

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// A within is where an expression stands: what it may name, what is known there, and what is to be done with the names that it reads.
type within struct {
	scope *rules.Scope
	own   string                                   // the id of the step, where it may not be named
	read  func(at *yamldoc.Node, list []rules.Ref) // may be nil
}

// of is the scope for a text, with the handle by which its place is found again.
func (w within) of(n *yamldoc.Node) *rules.Scope {
	sc := *w.scope
	sc.Origin = n
	return &sc
}

func (w within) reads(at *yamldoc.Node, refs []rules.Ref) {
	if w.read != nil {
		w.read(at, refs)
	}
}

// expr compiles a bare expression. It is nil where there is none, or a problem.
func (c *checker) expr(n *yamldoc.Node, keyword string, w within, want *schemas.Type) *rules.Expr {
	if n == nil {
		return nil
	}
	if strings.Contains(n.Value, "${{") {
		c.add(Problem{Problem: notBare(n, keyword)})
		return nil
	}
	e, problems := rules.Compile(n.Value, w.of(n), want)
	if len(problems) > 0 {
		c.expressionProblems(n, problems, w, namesIn(n.Value))
		return nil
	}
	w.reads(n, e.Refs())
	return e
}

func notBare(n *yamldoc.Node, keyword string) yamldoc.Problem {
	return n.Problem("bare-expression", fmt.Sprintf("%s holds a bare expression; leave out ${{ }}: %s", keyword, wrappedPattern.ReplaceAllString(n.Value, "$1")))
}

var wrappedPattern = regexp.MustCompile(`\$\{\{\s*([\s\S]*?)\s*\}\}`)

// text compiles a string with ${{ }}.
func (c *checker) text(n *yamldoc.Node, w within, want *schemas.Type) *rules.Text {
	if n == nil {
		return nil
	}
	t, problems := rules.CompileText(n.Value, w.of(n), want)
	if len(problems) > 0 {
		c.expressionProblems(n, problems, w, namesInText(n.Value))
		return nil
	}
	w.reads(n, t.Refs())
	return t
}

// message compiles a text for people. One that is a single ${{ }} may be a number, a time or a word as well.
func (c *checker) message(n *yamldoc.Node, w within) *rules.Text {
	t := c.text(n, w, nil)
	if t == nil || t.Type() == nil {
		return t
	}
	switch kind := t.Type().Kind; {
	case kind == schemas.List || kind == schemas.Map || kind == schemas.Object:
		c.problem(n, "wrong-type", "a text is wanted, and this is a %s; say what of it people are told", t.Type())
		return nil
	case t.Type().Nullable && t.Type() != rules.Unknown():
		c.problem(n, "possible-nil", "a text is wanted, and this may be nil; give it another value with ??")
		return nil
	}
	return t
}

// expressionProblems reports what is wrong in an expression. Where YAML made something else of it than was written, that is said
// instead.
func (c *checker) expressionProblems(n *yamldoc.Node, list []rules.Problem, w within, names []string) {
	cut := func(p rules.Problem) bool {
		return p.Kind == rules.KindSyntax || p.Kind == rules.KindTextSyntax && strings.Contains(n.Comment(), "}}")
	}
	if hint := n.Misread(); hint != "" && slices.ContainsFunc(list, cut) {
		c.problem(n, "yaml-misread", "%s", hint)
		c.referTo(n, w, names)
		return
	}
	for _, p := range list {
		if p.Kind == rules.KindName && w.own != "" && strings.HasPrefix(p.Message, "there is no "+w.own+" here") {
			p.Message = w.own + " is this step itself; its answer is there in until, require and message only"
		}
		c.add(fromRules(n, p))
	}
	c.referTo(n, w, names)
}

// referTo notes the names of an expression that did not compile, so that circles are found all the same.
func (c *checker) referTo(n *yamldoc.Node, w within, names []string) {
	var refs []rules.Ref
	for _, name := range names {
		if slices.ContainsFunc(w.scope.Vars, func(v rules.Var) bool { return v.Name == name }) {
			refs = append(refs, rules.Ref{Name: name, Line: 1, Column: 1})
		}
	}
	w.reads(n, refs)
}

// object holds a map to an object's members, and compiles it. what is who takes it, for problems; at is where a member that is missing is reported.
func (c *checker) object(n, at *yamldoc.Node, what string, t *schemas.Type, w within) *Value {
	out := &Value{Place: placeOf(at), Type: t, Const: map[string]any{}}
	if n != nil {
		out.Place = placeOf(n)
	}
	meant := map[string]bool{} // members that were given under a misspelt name
	for _, e := range entriesOf(n) {
		f := t.Field(e.Key.Value)
		if f == nil {
			near := c.unknownMember(e.Key, what, t)
			if near == "" || n.Get(near) != nil {
				c.value(e.Value, nil, w)
				continue
			}
			f, meant[near] = t.Field(near), true
		}
		if v := c.value(e.Value, f.Type, w); v != nil {
			out.Names, out.Fields = append(out.Names, f.Name), append(out.Fields, v)
		}
	}
	for _, f := range t.Fields {
		if n.Get(f.Name) == nil && !f.Optional && !f.Type.Nullable && !meant[f.Name] {
			c.problem(at, "missing-member", "%s needs %s (%s%s)", what, f.Name, f.Type, forDoc(f.Doc))
		}
	}
	return out
}

func forDoc(doc string) string {
	if doc == "" {
		return ""
	}
	return ": " + doc
}

func entriesOf(n *yamldoc.Node) []yamldoc.Entry {
	if n == nil {
		return nil
	}
	return n.Entries
}

// unknownMember reports a member that there is not, and returns the one that was meant; "" where nobody can tell.
func (c *checker) unknownMember(key *yamldoc.Node, what string, t *schemas.Type) string {
	names := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		names[i] = f.Name
	}
	message := fmt.Sprintf("%s takes no %s", what, key.Value)
	near := schemas.Nearest(key.Value, names)
	switch {
	case near != "":
		message += "; did you mean " + near + "?"
	case len(names) == 0:
		message += "; it takes nothing"
	default:
		message += "; it takes " + strings.Join(names, ", ")
	}
	c.add(Problem{Problem: key.Problem("unknown-member", message)})
	return near
}

// value compiles what the file gives, held to a type; nil takes anything. It is nil where there is a problem.
func (c *checker) value(n *yamldoc.Node, want *schemas.Type, w within) *Value {
	switch {
	case n.Kind == yamldoc.Scalar && strings.Contains(n.Value, "${{"):
		t := c.text(n, w, want)
		if t == nil {
			return nil
		}
		return &Value{Place: placeOf(n), Type: t.Type(), Text: t}
	case n.Kind == yamldoc.List && (want == nil || want.Kind == schemas.List || want.Kind == schemas.Any):
		return c.listValue(n, want, w)
	case n.Kind == yamldoc.Map && want != nil && want.Kind == schemas.Object:
		return settle(c.object(n, n, "a "+want.NonNil().String(), want, w))
	case n.Kind == yamldoc.Map && (want == nil || want.Kind == schemas.Map || want.Kind == schemas.Any):
		return c.mapValue(n, want, w)
	}
	return c.constant(n, want, w)
}

func (c *checker) listValue(n *yamldoc.Node, want *schemas.Type, w within) *Value {
	var elem *schemas.Type
	if want != nil && want.Kind == schemas.List {
		elem = want.Elem
	}
	out := &Value{Place: placeOf(n), Type: want}
	common, ok := elem, true
	for _, item := range n.Items {
		v := c.value(item, elem, w)
		if v == nil {
			ok = false
			continue
		}
		out.List = append(out.List, v)
		if elem == nil {
			common = either(common, v.Type)
		}
	}
	if !ok {
		return nil
	}
	if out.Type == nil || out.Type.Kind != schemas.List {
		if common == nil {
			common = untyped
		}
		out.Type = schemas.ListOf(common)
	}
	return settle(out)
}

// either is the type of what is one or the other: the same, or anything.
func either(a, b *schemas.Type) *schemas.Type {
	switch {
	case a == nil:
		return b
	case a == b || a.String() == b.String() && a.Kind != schemas.Object:
		return a
	}
	return untyped
}

func (c *checker) mapValue(n *yamldoc.Node, want *schemas.Type, w within) *Value {
	var elem *schemas.Type
	if want != nil && want.Kind == schemas.Map {
		elem = want.Elem
	}
	out, ok := &Value{Place: placeOf(n), Type: want}, true
	var fields []schemas.Field
	for _, e := range n.Entries {
		v := c.value(e.Value, elem, w)
		if v == nil {
			ok = false
			continue
		}
		out.Names, out.Fields = append(out.Names, e.Key.Value), append(out.Fields, v)
		fields = append(fields, schemas.Field{Name: e.Key.Value, Type: v.Type})
	}
	if !ok {
		return nil
	}
	if out.Type == nil || out.Type.Kind != schemas.Map {
		out.Type = schemas.ObjectOf("", fields...)
	}
	return settle(out)
}

// settle makes a constant of a list or object whose parts are constants.
func settle(v *Value) *Value {
	for _, part := range slices.Concat(v.List, v.Fields) {
		if part.Text != nil || part.List != nil || part.Names != nil {
			return v
		}
	}
	switch {
	case v.Names != nil || v.Const != nil:
		m := make(map[string]any, len(v.Names))
		for i, name := range v.Names {
			m[name] = v.Fields[i].Const
		}
		return &Value{Place: v.Place, Type: v.Type, Const: m}
	case v.Type.Kind != schemas.List:
		return &Value{Place: v.Place, Type: v.Type, Const: map[string]any{}}
	}
	list := make([]any, len(v.List))
	for i, item := range v.List {
		list[i] = item.Const
	}
	return &Value{Place: v.Place, Type: v.Type, Const: list}
}

// constant reads a scalar, or refuses what is of another shape than is wanted.
func (c *checker) constant(n *yamldoc.Node, want *schemas.Type, w within) *Value {
	if n.Kind == yamldoc.Scalar && n.Type == yamldoc.String && c.looksRead(n, w) {
		return nil
	}
	if want == nil {
		return &Value{Place: placeOf(n), Type: constantType(n.Any()), Const: n.Any()}
	}
	fact, err := conform(n, want)
	if err != nil {
		c.problem(n, "wrong-type", "%v", err)
		return nil
	}
	return &Value{Place: placeOf(n), Type: want, Const: fact}
}

// conform reads a node as a type, without expressions.
func conform(n *yamldoc.Node, want *schemas.Type) (any, error) {
	fact, err := want.Conform(n.Any())
	if err == nil {
		return fact, nil
	}
	switch {
	case n.Kind != yamldoc.Scalar:
		return nil, err
	case want.Kind == schemas.String && n.Type != yamldoc.String && !n.IsNull():
		return nil, fmt.Errorf("text is wanted, and this is %s; quote it: %s", n.Describe(), yamldoc.Quote(n.Value))
	case want.Kind == schemas.String && want.Enum != nil:
		if near := schemas.Nearest(n.Value, want.Enum); near != "" {
			return nil, fmt.Errorf("%w; did you mean %s?", err, near)
		}
	case want.Kind == schemas.List && n.Type == yamldoc.String:
		return nil, fmt.Errorf("a list is wanted, and this is %s; write [%s]", n.Describe(), n.Value)
	case want.Kind == schemas.Duration:
		return nil, fmt.Errorf("%w%s", err, durationHint(n))
	case n.Type == yamldoc.String && n.Style != yamldoc.Plain:
		if _, plain := want.Parse(n.Value); plain == nil {
			return nil, fmt.Errorf("%s is wanted, and this is text; leave out the quotes", withArticle(want.NonNil().String()))
		}
	}
	return nil, err
}

// constantType is the type of what a scalar is as a fact.
func constantType(fact any) *schemas.Type {
	switch fact.(type) {
	case int:
		return schemas.Of(schemas.Int)
	case float64:
		return schemas.Of(schemas.Float)
	case bool:
		return schemas.Of(schemas.Bool)
	case nil:
		return untyped
	}
	return schemas.Of(schemas.String)
}

var looksLikePath = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)(\??\.[A-Za-z_][A-Za-z0-9_]*)+$`)

// looksRead finds a text that was meant to be read: inputs.branch without ${{ }}, or in other brackets.
func (c *checker) looksRead(n *yamldoc.Node, w within) bool {
	m := looksLikePath.FindStringSubmatch(n.Value)
	if m == nil {
		return c.looksBracketed(n, w)
	}
	if !slices.ContainsFunc(w.scope.Vars, func(v rules.Var) bool { return v.Name == m[1] }) {
		return false
	}
	c.problem(n, "plain-text", "this is the text %s; to read the value, write \"${{ %s }}\"", n.Value, n.Value)
	return true
}

var otherBrackets = regexp.MustCompile(`\$\s*\{\s*\{[^{}]*\}\s*\}|\$?\{\{?\s*(([A-Za-z_][A-Za-z0-9_]*)(?:\??\.[A-Za-z_][A-Za-z0-9_]*)+)\s*\}?\}`)

// looksBracketed finds {{ inputs.branch }}, ${inputs.branch} and $ {{ … }}.
func (c *checker) looksBracketed(n *yamldoc.Node, w within) bool {
	m := otherBrackets.FindStringSubmatch(n.Value)
	switch whole := strings.TrimSpace(n.Value); {
	case m == nil && strings.HasPrefix(whole, "{{") && strings.HasSuffix(whole, "}}") && c.speaks(whole[2:len(whole)-2], w):
		c.problem(n, "plain-text", "this is text; to read the value, write $%s", whole)
		return true
	case m == nil && rules.StrayEnd(n.Value) >= 0:
		c.problem(n, "text-syntax", "the }} closes nothing: an expression starts with ${{")
		return true
	case m == nil:
		return false
	case m[1] == "":
		c.problem(n, "text-syntax", "${{ is written without a space")
		return true
	case !slices.ContainsFunc(w.scope.Vars, func(v rules.Var) bool { return v.Name == m[2] }):
		return false
	}
	c.problem(n, "plain-text", "%s is text here; to read the value, write ${{ %s }}", m[0], m[1])
	return true
}

// speaks says whether a text reads like an expression: it names something that there is.
func (c *checker) speaks(text string, w within) bool {
	return slices.ContainsFunc(namesIn(text), func(name string) bool {
		return slices.ContainsFunc(w.scope.Vars, func(v rules.Var) bool { return v.Name == name }) && strings.ContainsAny(text, ".(") ||
			slices.ContainsFunc(rules.Functions(), func(f rules.Function) bool { return strings.Contains(text, name+"(") && f.Name == name })
	})
}

// untyped is the type of what is not known more closely.
var untyped = schemas.Of(schemas.Any).OrNil()
