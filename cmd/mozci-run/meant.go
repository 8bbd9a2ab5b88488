package main

import (
	"errors"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mozci/mozci-run/schemas"
)

// What somebody meant who has misspelt something: each is a line of a hint, with its line end; empty where nobody can tell.

func didYouMean(what string) string { return "did you mean " + what + "?\n" }

// meantFile is a workflow whose name is near: a file beside the one that is not there, or one that is found by its name.
func meantFile(name string) string {
	dir, names := filepath.Dir(name), []string(nil)
	if !strings.ContainsAny(name, `/\`) && !strings.HasSuffix(name, "ml") {
		dir, names = workflowFolder, shipped()
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.y*ml")) // a pattern of ours is right, and what cannot be read is not there
	for _, f := range files {
		f = filepath.ToSlash(f)
		if names == nil {
			if near := schemas.Nearest(filepath.Base(name), []string{filepath.Base(f)}); near != "" {
				return didYouMean(f)
			}
			continue
		}
		if base, _, of := strings.Cut(filepath.Base(f), "."); of && !strings.HasSuffix(base, "_test") {
			names = append(names, base)
		}
	}
	if near := schemas.Nearest(name, names); near != "" {
		return didYouMean(near)
	}
	return ""
}

// orCommand adds to the error of a workflow that there is not which command may have been meant: show is runs show.
func orCommand(root *cobra.Command, name string, err error) error {
	var wrong *usageError
	if !errors.As(err, &wrong) {
		return err
	}
	if near := schemas.Nearest(name, namesOf(root)); near != "" {
		return &usageError{wrong.err, didYouMean("mozci-run "+near) + wrong.hint}
	}
	for _, group := range []string{"runs", "sources"} {
		cmd, _, ferr := root.Find([]string{group, name})
		if ferr == nil && cmd.Name() == name {
			return &usageError{wrong.err, didYouMean(cmd.CommandPath()) + wrong.hint}
		}
	}
	return err
}

func namesOf(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

var unknownFlag = regexp.MustCompile(`^unknown flag: --(\S+)$`)

// meantFlag is the flag of a command whose name is near the one of which the text of an error speaks.
func meantFlag(cmd *cobra.Command, text string) string {
	m := unknownFlag.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	var names []string
	add := func(f *pflag.Flag) { names = append(names, f.Name) }
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	if near := schemas.Nearest(m[1], names); near != "" {
		return didYouMean("--" + near)
	}
	return ""
}
