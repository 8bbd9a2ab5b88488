package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/mozci/mozci-run/workflows"
)

// derivedFrom says which queries the derived ones ask.
var derivedFrom = map[string][]string{
	"jobs.history":  {"pushes.range", "pushes.find", "jobs.list", "pushes.runnable", "jobs.failures"},
	"jobs.status":   {"jobs.list"},
	"events.recent": {"pushes.range", "jobs.list"},
}

// workflowsThatUse finds the workflows, those that ship and those in the folder workflows, that ask a query, or one that is derived from it, and
// in which (or in the rules beside them) the last word of a field's path stands.
func workflowsThatUse() func(query, field string) []string {
	texts := map[string]string{}
	rules := workflows.Standard()
	add := func(name string, data []byte, err error) {
		if err != nil {
			return
		}
		if isRules(name) {
			rules += string(data)
			return
		}
		if isWorkflow(name) {
			texts[name] = string(data)
		}
	}
	shippedFiles, err := fs.Glob(workflows.FS, "*.yaml")
	must(err) // the pattern is right
	for _, f := range shippedFiles {
		data, err := fs.ReadFile(workflows.FS, f)
		add(f, data, err)
	}
	local, err := filepath.Glob(filepath.Join(workflowFolder, "*.yaml"))
	must(err)
	for _, f := range local {
		data, err := os.ReadFile(f)
		delete(texts, filepath.Base(f)) // it goes before the one that ships
		add(filepath.ToSlash(f), data, err)
	}
	return func(query, field string) []string { return usersOf(texts, rules, query, field) }
}

var lastWord = regexp.MustCompile(`[a-z_0-9]+$`)

func usersOf(texts map[string]string, rules, query, field string) []string {
	word := lastWord.FindString(field)
	asks := []string{query}
	for derived, from := range derivedFrom {
		if slices.Contains(from, query) {
			asks = append(asks, derived)
		}
	}
	named := regexp.MustCompile(`[.#]` + word + `\b`)
	var out []string
	for _, name := range inOrder(keys(texts)) {
		text := texts[name]
		asked := slices.ContainsFunc(asks, func(q string) bool {
			return regexp.MustCompile(`uses: *` + regexp.QuoteMeta(q) + `\b`).MatchString(text)
		})
		if asked && (word == "" || named.MatchString(text) || named.MatchString(rules)) {
			out = append(out, name)
		}
	}
	return out
}
