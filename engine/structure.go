package engine

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// object holds a node to the table of keywords, and notes what is not as it says. It is false where something is not.
func (l *loader) object(n *yamldoc.Node, o *object) bool {
	if n.Kind != yamldoc.Map {
		l.refuse(n, "%s is a map (%s), and this is %s", withArticle(o.name), o.doc, n.Describe())
		return false
	}
	before := len(l.problems)
	for i, e := range n.Entries {
		if o.key(e.Key.Value) == nil {
			n.Entries[i].Key = l.unknown(n, e.Key, o)
		}
	}
	for _, e := range n.Entries {
		k := o.key(e.Key.Value)
		if k == nil {
			continue
		}
		l.companions(n, e.Key, k)
		l.value(e.Value, k)
	}
	for _, k := range o.keys {
		if k.required && n.Get(k.name) == nil {
			l.problem(n, "missing-key", "%s is missing: %s", k.name, k.doc)
		}
	}
	for _, group := range o.one {
		l.exactlyOne(n, o, group)
	}
	if o == stepObject {
		l.oneKind(n)
	}
	return len(l.problems) == before
}

// withArticle is a name as it stands in a sentence: a step, an input, limits.
func withArticle(name string) string {
	switch {
	case strings.HasSuffix(name, "s") || name == "on":
		return name
	case strings.ContainsAny(name[:1], "aeiou"):
		return "an " + name
	}
	return "a " + name
}

func (l *loader) refuse(n *yamldoc.Node, format string, args ...any) {
	l.bad[n] = true
	l.problem(n, "wrong-type", format, args...)
}

// unknown reports a key that the object has not, and returns the key that was meant: what follows is read as if it had been written, so that
// a misspelt key is one mistake, and those under it are found. Where nobody can tell, it returns the key as it is.
func (l *loader) unknown(n, key *yamldoc.Node, o *object) *yamldoc.Node {
	p := yamldoc.UnknownKey(key, o.names())
	hint := ""
	if o == workflowObject || o == stepObject || o == onObject {
		hint = foreign[key.Value]
	}
	if hint != "" {
		p.Message = fmt.Sprintf("there is no key %s here; %s", key.Value, hint)
	}
	l.report(p)
	near := schemas.Nearest(key.Value, o.names())
	if hint != "" || near == "" || n.Get(near) != nil {
		return key
	}
	meant := *key
	meant.Value = near
	return &meant
}

// companions holds a key to those beside it.
func (l *loader) companions(n, at *yamldoc.Node, k *key) {
	has := func(name string) bool { return n.Get(name) != nil }
	for _, other := range k.never {
		if has(other) {
			l.problem(at, "companion", "%s and %s do not go together: %s", k.name, other, k.because)
			return
		}
	}
	if len(k.needs) > 0 && !slices.ContainsFunc(k.needs, has) {
		l.problem(at, "companion", "%s needs %s beside it", k.name, strings.Join(k.needs, " or "))
	}
}

func (l *loader) exactlyOne(n *yamldoc.Node, o *object, group []string) {
	var given []string
	for _, name := range group {
		if n.Get(name) != nil {
			given = append(given, name)
		}
	}
	switch len(given) {
	case 0:
		l.problem(n, "missing-key", "%s has %s, and this one has neither", withArticle(o.name), strings.Join(group, " or "))
	case 1:
	default:
		l.problem(n, "companion", "%s has either %s", withArticle(o.name), strings.Join(group, " or "))
	}
}

var kindKeys = []string{"uses", "let", "call", "approve", "repeat", "steps"}

// oneKind holds a step to being one thing.
func (l *loader) oneKind(n *yamldoc.Node) {
	var given []string
	for _, name := range kindKeys {
		if n.Get(name) != nil {
			given = append(given, name)
		}
	}
	switch {
	case len(given) == 0 && n.Get("foreach") != nil: // that foreach needs one is said
	case len(given) == 0:
		l.problem(n, "missing-key", "a step has one of uses, let, call, approve, foreach and repeat, and this one has none")
	case len(given) > 1 && !(len(given) == 2 && given[0] == "uses" && given[1] == "steps"): // those are said to exclude one another
		l.problem(n.Entries[slices.IndexFunc(n.Entries, func(e yamldoc.Entry) bool { return e.Key.Value == given[1] })].Key, "companion",
			"a step has one of uses, let, call, approve, foreach and repeat, and this one has %s", strings.Join(given, " and "))
	}
}

var wordPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// value holds what stands under a key to the key's shape.
func (l *loader) value(n *yamldoc.Node, k *key) {
	switch k.shape {
	case anObject:
		l.object(n, k.object)
	case objects:
		l.each(n, k, func(e yamldoc.Entry) {
			l.word(e.Key, k.object.name)
			l.object(e.Value, k.object)
		})
	case listOf:
		l.list(n, k, func(item *yamldoc.Node) { l.object(item, k.object) })
	case typed:
		l.each(n, k, func(e yamldoc.Entry) { l.word(e.Key, "parameter") })
	case named:
		l.each(n, k, func(e yamldoc.Entry) { l.word(e.Key, "output") })
	case values:
		l.each(n, k, func(yamldoc.Entry) {})
	case words:
		l.list(n, k, func(item *yamldoc.Node) { l.word(item, "name") })
	case stringList:
		l.list(n, k, func(item *yamldoc.Node) { l.plain(item, k) })
	case choices:
		seen := map[string]bool{}
		l.list(n, k, func(item *yamldoc.Node) {
			l.choice(item, k)
			if seen[item.Value] {
				l.problem(item, "duplicate-word", "%s is in the list twice", item.Value)
			}
			seen[item.Value] = true
		})
	case aValue, aType:
	default:
		l.scalar(n, k)
	}
}

func (l *loader) scalar(n *yamldoc.Node, k *key) {
	switch {
	case n.IsNull() || n.IsEmpty() && k.required && (k.shape == aString || k.shape == aText):
		l.refuse(n, "%s is empty: %s", k.name, k.doc)
		return
	case n.Kind != yamldoc.Scalar:
		what := fmt.Sprintf("%s takes %s, and this is %s", k.name, k.shape.describe(), n.Describe())
		if hint := n.Misread(); hint != "" && (k.shape == anExpr || k.shape == aText) {
			what += "; " + hint
		}
		l.refuse(n, "%s", what)
		return
	}
	if strings.Contains(n.Value, "${{") && (k.shape == aBool || k.shape == anInt || k.shape == aDuration || k.shape == aChoice) {
		l.constant(n, k)
		return
	}
	switch k.shape {
	case aWord:
		l.word(n, k.name)
	case aString:
		l.plain(n, k)
	case aBool:
		if n.Type != yamldoc.Bool {
			l.refuse(n, "%s is true or false, and this is %s", k.name, n.Describe())
		}
	case anInt:
		l.number(n, k)
	case aDuration:
		l.duration(n, k)
	case aChoice:
		l.choice(n, k)
	}
}

func (l *loader) number(n *yamldoc.Node, k *key) {
	i, ok := n.Int()
	if ok && i >= k.least && (k.most == 0 || i <= k.most) {
		return
	}
	bounds := fmt.Sprintf("at least %d", k.least)
	if k.most > 0 {
		bounds = fmt.Sprintf("%d to %d", k.least, k.most)
	}
	hint := ""
	if meant, err := strconv.Atoi(n.Value); err == nil && !ok { // "3", or 010, which is 8 for some readers of YAML and 10 for others
		hint = fmt.Sprintf("; write %d", meant)
	}
	l.refuse(n, "%s is a whole number, %s, and this is %s%s", k.name, bounds, n.Describe(), hint)
}

func (l *loader) duration(n *yamldoc.Node, k *key) {
	d, err := time.ParseDuration(n.Value)
	switch {
	case err != nil || d == 0 && n.Value != "0s":
		l.refuse(n, "%s is a duration (90s, 15m, 6h), and this is %s%s", k.name, n.Describe(), durationHint(n))
	case d < k.shortest || d < 0:
		l.bad[n] = true
		l.problem(n, "bounds", "%s is at least %s, and this is %s", k.name, yamldoc.FormatDuration(k.shortest), n.Value)
	}
}

// constant refuses an expression where the same has to stand in every run.
func (l *loader) constant(n *yamldoc.Node, k *key) {
	l.bad[n] = true
	l.problem(n, "no-expression", "%s is the same in every run: no ${{ }} can stand here", k.name)
}

var tooLong = regexp.MustCompile(`^[0-9]{5,}[smh]$`)

// durationHint guesses what a number, or a word such as "15 minutes", was meant to be.
func durationHint(n *yamldoc.Node) string {
	text := strings.ToLower(strings.ReplaceAll(n.Value, " ", ""))
	if i, err := strconv.Atoi(text); err == nil && i > 0 {
		return fmt.Sprintf("; did you mean %ds, or %dm?", i, i)
	}
	for _, unit := range []struct{ word, sign string }{{"second", "s"}, {"sec", "s"}, {"minute", "m"}, {"min", "m"}, {"hour", "h"}} {
		if number, ok := strings.CutSuffix(strings.TrimSuffix(text, "s"), unit.word); ok {
			if _, err := strconv.Atoi(number); err == nil {
				return "; did you mean " + number + unit.sign + "?"
			}
		}
	}
	if tooLong.MatchString(text) {
		return "; the longest is " + yamldoc.FormatDuration(math.MaxInt64/time.Hour*time.Hour)
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if i, err := strconv.Atoi(days); err == nil && i > 0 && i < 10000 {
			return fmt.Sprintf("; did you mean %dh?", 24*i)
		}
	}
	return ""
}

// plain holds a scalar to text without expressions.
func (l *loader) plain(n *yamldoc.Node, k *key) {
	switch {
	case n.Kind != yamldoc.Scalar || n.IsNull():
		l.refuse(n, "%s takes text, and this is %s", k.name, n.Describe())
	case n.Type != yamldoc.String && n.Type != yamldoc.Time:
		l.refuse(n, "%s takes text, and this is %s; quote it: %s", k.name, n.Describe(), yamldoc.Quote(n.Value))
	case strings.Contains(n.Value, "${{"):
		l.constant(n, k)
	}
}

// word holds a scalar to being a name. Where another was meant, it stands for that from then on.
func (l *loader) word(n *yamldoc.Node, what string) {
	if n.Kind == yamldoc.Scalar && wordPattern.MatchString(n.Value) {
		return
	}
	meant, hint := nameMeant(n), ""
	if meant != "" {
		hint = "; write " + meant
	}
	l.problem(n, "bad-name", "%s is no name: %s starts with a letter and has letters, digits and _%s", n.Describe(), withArticle(what), hint)
	if meant == "" {
		l.bad[n] = true
		return
	}
	n.Value = meant
}

// nameMeant is a name with _ where other signs cannot stand; "" where that makes none.
func nameMeant(n *yamldoc.Node) string {
	if n.Kind != yamldoc.Scalar {
		return ""
	}
	name := strings.Map(func(r rune) rune {
		switch {
		case r == '-' || r == ' ' || r == '.':
			return '_'
		}
		return r
	}, n.Value)
	if wordPattern.MatchString(name) {
		return name
	}
	return ""
}

func (l *loader) choice(n *yamldoc.Node, k *key) {
	if n.Kind == yamldoc.Scalar && slices.Contains(k.words, n.Value) {
		return
	}
	hint := ""
	if n.Kind == yamldoc.Scalar {
		if near := schemas.Nearest(n.Value, k.words); near != "" {
			hint = "; did you mean " + near + "?"
		}
	}
	l.bad[n] = true
	l.problem(n, "enum", "%s is one of %s, and this is %s%s", k.name, strings.Join(k.words, ", "), n.Describe(), hint)
}

func (l *loader) each(n *yamldoc.Node, k *key, check func(yamldoc.Entry)) {
	if n.Kind != yamldoc.Map {
		l.refuse(n, "%s takes a map (%s), and this is %s", k.name, k.doc, n.Describe())
		return
	}
	for _, e := range n.Entries {
		check(e)
	}
}

func (l *loader) list(n *yamldoc.Node, k *key, check func(*yamldoc.Node)) {
	if n.Kind != yamldoc.List {
		hint := ""
		if n.Kind == yamldoc.Scalar && n.Value != "" && n.Type == yamldoc.String && k.shape != listOf && !strings.Contains(n.Value, "${{") {
			hint = "; write [" + n.Value + "]"
		}
		l.refuse(n, "%s takes a list (%s), and this is %s%s", k.name, k.doc, n.Describe(), hint)
		return
	}
	if len(n.Items) == 0 && (k.shape == listOf || k.required) {
		l.refuse(n, "%s is an empty list: %s", k.name, k.doc)
	}
	for _, item := range n.Items {
		check(item)
	}
}

func (s shape) describe() string {
	return map[shape]string{aWord: "a name", aString: "text", aText: "text", anExpr: "an expression", anInt: "a whole number", aBool: "true or false",
		aDuration: "a duration (90s, 15m, 6h)", aChoice: "a word"}[s]
}
