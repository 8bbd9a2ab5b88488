package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCells(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "abc": 3, "\x1b[31mred\x1b[0m": 3, "naïve": 5, "nai\u0308ve": 5, "日本語": 6, "ｆｕｌｌ": 8, "한글": 4, "a\u200bb": 2, "…": 1, "🦊": 2,
	} {
		if got := cells(text); got != want {
			t.Errorf("%q takes %d cells, want %d", text, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	rows := []struct {
		text  string
		width int
		want  string
	}{
		{"short", 80, "short"},
		{"exactly", 7, "exactly"},
		{"a longer text", 7, "a long…"},
		{"\x1b[31mred\x1b[0m", 3, "\x1b[31mred\x1b[0m"},
		{"\x1b[31mredder\x1b[0m", 4, "\x1b[31mred…\x1b[0m"},
		{"\x1b[31mred\x1b[0m and \x1b[32mgreen\x1b[0m", 9, "\x1b[31mred\x1b[0m and …"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"},
		{"a\u0308b\u0308c\u0308", 2, "a\u0308…"},
		{"text", 1, "…"},
	}
	for _, r := range rows {
		got := fit(r.text, r.width)
		if visible(got) != visible(r.want) || cells(got) > r.width {
			t.Errorf("fit(%q, %d) = %q, want %q", r.text, r.width, got, r.want)
		}
	}
}

func TestLayout(t *testing.T) {
	rows := []struct {
		name, lead, text string
		indent, width    int
		want             []string
	}{
		{"it fits", "- ", "one two and a few words more", 2, 30, []string{"- one two and a few words more"}},
		{"it does not", "- ", "one two and a few words more", 2, 29, []string{"- one two and a few words", "  more"}},
		{"spaces within a row stay", "", "one  two  and  a  few   words  more", 2, 28, []string{"one  two  and  a  few", "  words  more"}},
		{"a link stays whole", "name  ", "see https://example.org/a/long/link for more words", 6, 31, []string{"name  see", "      https://example.org/a/long/link", "      for more words"}},
		{"a first word that is too long stands beside its lead", "name  ", "https://example.org/", 6, 12, []string{"name  https://example.org/"}},
		{"the indentation leaves room to read", "a long lead: ", "one two", 13, 16, []string{"a long lead: one", "  two"}},
		{"endless", "- ", "one two three", 2, 0, []string{"- one two three"}},
		{"colors take no room", "", "\x1b[31mone\x1b[0m two", 0, 7, []string{"\x1b[31mone\x1b[0m two"}},
		{"wide letters take two cells", "", "日本日本日本 語語語語語語 日", 0, 24, []string{"日本日本日本", "語語語語語語 日"}},
		{"nothing", "", "", 2, 10, []string{""}},
		{"one column", "- ", "a b", 2, 1, []string{"- a", "b"}},
	}
	for _, r := range rows {
		if diff := cmp.Diff(r.want, layout(r.lead, r.text, r.indent, r.width)); diff != "" {
			t.Errorf("%s: %s", r.name, diff)
		}
	}
}

func TestPrintable(t *testing.T) {
	rows := []struct {
		text    string
		colored bool
		want    string
	}{
		{"Zoë Ångström 山田", false, "Zoë Ångström 山田"},
		{"\x1b[2Jgone", true, "�[2Jgone"},
		{"\x1b[31mred\x1b[0m", true, "\x1b[31mred\x1b[0m"},
		{"\x1b[31mred\x1b[0m", false, "�[31mred�[0m"},
		{"\x1b[8mhidden", true, "�[8mhidden"},
		{"over\rwritten\a", false, "over�written�"},
		{"a\tb", false, "a b"},
		{"\u202eturned", false, "�turned"},
		{"\xff", false, "�"},
	}
	for _, r := range rows {
		if got := printable(r.text, r.colored); got != r.want {
			t.Errorf("printable(%q, %t) = %q, want %q", r.text, r.colored, got, r.want)
		}
	}
}
