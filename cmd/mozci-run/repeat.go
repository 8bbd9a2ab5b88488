package main

import (
	"regexp"
	"strings"

	"github.com/mozci/mozci-run/sources"
)

// repeat is how the command is called so that it finds the same profiles and the same runs; empty where runs are not kept.
// The password of a database is left to those who have it.
func (c *command) repeat() string {
	s := "mozci-run"
	if c.flags.db == inMemory {
		return ""
	}
	if c.flags.config != "" {
		s += " --config " + shellWord(c.flags.config)
	}
	if db := c.flags.db; strings.Contains(db, "://") {
		s += " --db " + shellWord(sources.Redact(db))
	} else if db != "" {
		s += " --db " + shellWord(db)
	}
	return s
}

// repeatable writes commands that a text names so that they find the same runs again.
func (c *command) repeatable(text string) string {
	return strings.ReplaceAll(text, "mozci-run ", or(c.repeat(), "mozci-run")+" ")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./~-]+$`)

// shellWord writes a text so that a shell takes it as one word.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
