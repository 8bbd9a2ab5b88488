package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources/ci"
)

// as reads a fact as a Go value, where it has that shape. Nothing, and an empty list, have none.
func as[T any](fact any) (T, bool) {
	var out T
	if list, ok := fact.([]any); fact == nil || ok && len(list) == 0 {
		return out, false
	}
	err := schemas.TypeOf[T]().Bind(fact, &out)
	return out, err == nil
}

// describe writes a fact for people, in lines: the things of the field in short, everything else as it is.
func describe(fact any) []string {
	if rows, ok := as[[]ci.Row](fact); ok {
		return pushLines(each(rows, func(r ci.Row) ci.Push { return r.Push }))
	}
	if r, ok := as[ci.Row](fact); ok {
		return []string{pushLine(r.Push)}
	}
	if pushes, ok := as[[]ci.Push](fact); ok {
		return pushLines(pushes)
	}
	if p, ok := as[ci.Push](fact); ok {
		return []string{pushLine(p)}
	}
	if list, ok := as[[]ci.Changeset](fact); ok {
		return each(list, changesetLine)
	}
	if list, ok := as[[]ci.Outcome](fact); ok {
		return each(list, outcomeLine)
	}
	if list, ok := as[[]ci.Job](fact); ok {
		return each(list, jobLine)
	}
	if j, ok := as[ci.Job](fact); ok {
		return []string{jobLine(j)}
	}
	switch v := fact.(type) {
	case nil:
		return []string{"none"}
	case string:
		return []string{short(v)}
	case []any:
		if len(v) == 0 {
			return []string{"none"}
		}
		var out []string
		for _, e := range v {
			if e != "" {
				out = append(out, describe(e)...)
			}
		}
		return out
	case map[string]any:
		return []string{membersLine(v)}
	}
	return []string{fmt.Sprint(fact)}
}

// membersLine writes the members of an object on a line, in the order of their names: what is itself made of parts as JSON.
func membersLine(v map[string]any) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		text := fmt.Sprint(v[name])
		switch m := v[name].(type) {
		case nil:
			continue
		case string:
			text = short(m)
		case []any, map[string]any:
			raw, err := (&schemas.Type{Kind: schemas.Any}).Marshal(m)
			if err == nil {
				text = string(raw)
			}
		}
		out = append(out, name+"="+text)
	}
	return strings.Join(out, "  ")
}

func each[T, U any](list []T, f func(T) U) []U {
	out := make([]U, len(list))
	for i, e := range list {
		out[i] = f(e)
	}
	return out
}

// pushLines lists pushes. Where they are many, each has no more than a line.
func pushLines(list []ci.Push) []string {
	lines := each(list, pushLine)
	for i := range lines {
		if len(lines) > 1 {
			lines[i] = strings.TrimSuffix(strings.TrimSuffix(lines[i], list[i].Link), "  ")
		}
	}
	return lines
}

func pushLine(p ci.Push) string {
	return words(shortPush(p), p.Author, p.Date.UTC().Format("2006-01-02 15:04"), p.Link)
}

// shortPush names a push: its revision, and its number.
func shortPush(p ci.Push) string {
	if p.Revision == "" {
		return "push " + p.ID
	}
	if p.ID == "" {
		return short(p.Revision)
	}
	return short(p.Revision) + " (push " + p.ID + ")"
}

func changesetLine(c ci.Changeset) string {
	return words(short(c.Revision), c.Author, firstLine(c.Desc), c.Link)
}

func jobLine(j ci.Job) string {
	return words(j.ID, j.Type+" on "+short(j.Revision), standingOf(j), j.Link)
}

func outcomeLine(o ci.Outcome) string {
	return words(string(o.Status)+":", o.Job, "on", short(o.Revision), o.Reason, o.Link)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}

// words joins what there is.
func words(list ...string) string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, "  ")
}

// short cuts a whole revision to 12 digits.
func short(s string) string {
	if len(s) == 40 && strings.Trim(s, "0123456789abcdef") == "" {
		return s[:12]
	}
	return s
}

// or is s, or the other where s is empty.
func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
