package workflowtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/fixtures"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// goldenExt is how the name of a golden file ends: nothing else is ever written.
const goldenExt = ".golden"

// whole is all that came of a run, as a golden file has it.
type whole struct {
	Status    engine.Status            `json:"status"`
	Reason    string                   `json:"reason,omitempty"`
	Steps     map[string]engine.Status `json:"steps"`
	Outputs   map[string]any           `json:"outputs"`
	Effects   []any                    `json:"effects"`
	Refused   string                   `json:"refused,omitempty"`
	Decisions map[string]string        `json:"decisions"`
}

func wholeOf(story engine.Story, res engine.Result, outputs map[string]any) whole {
	w := whole{Status: res.Status, Reason: res.Reason, Steps: map[string]engine.Status{}, Outputs: outputs, Effects: doneBy(story), Refused: refusals(story), Decisions: map[string]string{}}
	for _, s := range story.Steps {
		w.Steps[s.Step] = s.Status
		if v := verdicts(story, s.Step); v != "" {
			w.Decisions[s.Step] = v
		}
	}
	return w
}

// golden compares all that came with a file, or writes it there.
func (b *bench) golden(c *comparison, came whole) {
	var text bytes.Buffer
	if err := indented(&text, came); err != nil {
		c.fail("golden", "%v", err)
		return
	}
	file := path.Join(path.Dir(filepath.ToSlash(b.s.file.Name)), b.t.Expect.Golden)
	old, err := b.s.cfg.Read(file)
	old = bytes.ReplaceAll(old, []byte("\r\n"), []byte("\n"))
	switch {
	case err == nil && bytes.Equal(old, text.Bytes()):
	case b.s.cfg.Update:
		if err := write(file, text.Bytes()); err != nil {
			c.fail("golden", "writing it: %v", err)
			return
		}
		b.rep.wrote(file)
	case errors.Is(err, os.ErrNotExist):
		c.fail("golden", "there is no file %s yet; --update writes it", file)
	case err != nil:
		c.fail("golden", "%v", err)
	default:
		c.diff("golden", string(old), text.String())
	}
}

// write writes a golden file. One that may not be written stays.
func write(file string, text []byte) error {
	if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o200 == 0 {
		return fmt.Errorf("%s is read-only", file)
	}
	return fixtures.ReplaceFile(file, text)
}

// checkGolden finds a golden file that is named wrongly, or is another test's as well.
func (f *File) checkGolden() []yamldoc.Problem {
	var out []yamldoc.Problem
	lines := map[string]int{}
	for _, t := range f.Tests {
		if t == nil || t.Expect == nil || t.Expect.Golden == "" || t.Expect.node == nil {
			continue
		}
		n, name := t.Expect.node.Get("golden"), path.Clean(t.Expect.Golden)
		if path.Ext(name) != goldenExt || !filepath.IsLocal(filepath.FromSlash(name)) {
			out = append(out, n.Problem("wrong-test", fmt.Sprintf("a golden file lies beside the tests or below, and is called NAME%s", goldenExt)))
		}
		if line, known := lines[name]; known {
			out = append(out, n.Problem("wrong-test", fmt.Sprintf("this golden file is that of the test in line %d", line)))
		}
		lines[name] = t.node.Line
	}
	return out
}
