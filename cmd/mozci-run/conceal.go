package main

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// A problem shows the line that it is about, and a line of a file of profiles may hold a secret that somebody has written there: that is one of the
// mistakes that check is for. What is shown of such a line is concealed, letter by letter, so that carets stand where they stood.

// secretsIn lists the scalars that may be secrets: what stands for a credential, or under a key that is called like one, and is not the name of a place; and URLs with a
// user part or parameters, or that are a credential as a whole.
func secretsIn(n *yamldoc.Node) []*yamldoc.Node {
	var out []*yamldoc.Node
	for _, e := range n.Entries {
		switch {
		case e.Key.Value == "credentials":
			out = append(out, unplaced(e.Value, false)...)
		case secretKey.MatchString(e.Key.Value) && e.Value.Kind == yamldoc.Scalar && !e.Value.IsNull():
			out = append(out, e.Value)
		default:
			out = append(out, secretsIn(e.Value)...)
		}
	}
	for _, item := range n.Items {
		out = append(out, secretsIn(item)...)
	}
	if base, adapter := n.Get("base"), n.Get("adapter"); base != nil && adapter != nil {
		if a, err := (sourceSpec{Adapter: adapter.Value}).adapter(); err == nil && a.base == "" {
			out = append(out, base) // its URL is its credential
		}
	}
	if n.Kind == yamldoc.Scalar && strings.Contains(n.Value, "://") {
		if u, err := url.Parse(n.Value); err != nil || u.User != nil || u.RawQuery != "" || userPart.MatchString(n.Value) {
			out = append(out, n)
		}
	}
	return out
}

var secretKey = regexp.MustCompile(`(?i)(?:token|secret|password|passwd|certificate|^url|^key)$`)

// unplaced are the scalars below credentials that are no names of places, and keys that may be credentials themselves, as in {token: {…}}. within says
// whether the node stands for one credential.
func unplaced(n *yamldoc.Node, within bool) []*yamldoc.Node {
	if n.Kind == yamldoc.Scalar && !n.IsNull() {
		return []*yamldoc.Node{n}
	}
	var out []*yamldoc.Node
	for _, e := range n.Entries {
		key, text := e.Key.Value, e.Value.Value
		place := within && e.Value.Kind == yamldoc.Scalar && (key == "file" || key == "simulated" || key == "env" && variable.MatchString(text) && !looksSecret(text))
		if !place {
			out = append(out, unplaced(e.Value, true)...)
		}
		if looksSecret(key) || within && e.Value.IsNull() && !slices.Contains(findings, key) {
			out = append(out, e.Key)
		}
	}
	for _, item := range n.Items {
		out = append(out, unplaced(item, true)...)
	}
	return out
}

// In a file that is no YAML there are no scalars, and the secrets are guessed: what follows the name of a credential, and is no map; what is before the @ of a URL.
var (
	writtenSecret = regexp.MustCompile(`(?i)(?:token|secret|password|passwd|certificate|url|key)["']?[ \t]*:[ \t]+([^{\s].*)`)
	writtenUser   = regexp.MustCompile(`//([^/?#\s]*)@`)
	writtenParam  = regexp.MustCompile(`(?i)[?&][a-z_-]*(?:token|key|secret|password|signature|sig|auth)[a-z_-]*=([^&\s'"]+)`)
)

// conceal takes the secrets out of what problems show and say: those of doc, or, where there is none since the file is no YAML, what looks like some.
func conceal(problems []yamldoc.Problem, doc *yamldoc.Node) []yamldoc.Problem {
	var secrets []*yamldoc.Node
	if doc != nil {
		secrets = secretsIn(doc)
	}
	for i := range problems {
		p := &problems[i]
		shown := []rune(p.Source)
		for _, s := range secrets {
			at := s.Problem("", "")
			if at.Line != p.Line {
				continue
			}
			hide(shown, at.Column-1, at.Column-1+at.Length)
			p.Message = strings.ReplaceAll(p.Message, s.Describe(), "a text that is not shown here")
		}
		if doc == nil {
			p.Message = guess(shown, p.Message)
		}
		p.Source = string(shown)
	}
	return problems
}

// guess hides what looks like a secret in a line, and returns a message about the line without it.
func guess(line []rune, message string) string {
	text := string(line)
	for _, pattern := range []*regexp.Regexp{writtenSecret, writtenUser, writtenParam} {
		for _, m := range pattern.FindAllStringSubmatchIndex(text, -1) {
			message = strings.ReplaceAll(message, text[m[2]:m[3]], "…")
			hide(line, len([]rune(text[:m[2]])), len([]rune(text[:m[3]])))
		}
	}
	return message
}

func hide(text []rune, from, upto int) {
	for i := max(from, 0); i < min(upto, len(text)); i++ {
		text[i] = '*'
	}
}
