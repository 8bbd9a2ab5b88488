package engine_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/mozci/mozci-run/engine"
)

func seeds(f *testing.F) {
	f.Helper()
	for _, pattern := range []string{"testdata/ok/*.yaml", "testdata/err/*.yaml", "../workflows/*.yaml"} {
		for _, file := range glob(f, pattern) {
			b, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
}

// one reads a text as a.yaml, and as nothing else.
func one(text []byte) engine.Reader {
	return func(file string) ([]byte, error) {
		if file != "a.yaml" {
			return nil, fs.ErrNotExist
		}
		return text, nil
	}
}

func FuzzLoad(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		def, problems := engine.Load(one(text), "a.yaml", "")
		if def == nil && len(problems) == 0 {
			t.Fatal("nothing came of it, and nothing is wrong with it")
		}
		for _, p := range problems {
			if p.File == "" || p.Line < 1 || p.Column < 1 || p.Message == "" || p.Kind == "" {
				t.Fatalf("a problem without a place or a kind: %+v", p)
			}
		}
		_, again := engine.Load(one(text), "a.yaml", "")
		if engine.ShowAll(problems) != engine.ShowAll(again) {
			t.Fatalf("the same text gives other problems:\n%s\n%s", engine.ShowAll(problems), engine.ShowAll(again))
		}
	})
}

func FuzzCheck(f *testing.F) {
	seeds(f)
	cat, std := catalog(f), standard(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		def, _ := engine.Load(one(text), "a.yaml", std)
		if def == nil {
			return
		}
		p, problems := engine.Check(def, cat)
		if (p == nil) != (len(problems) > 0) {
			t.Fatalf("a program %v, and problems %v", p != nil, problems)
		}
		if p == nil {
			return
		}
		engine.Graph(p)
		if _, problems := engine.LoadBundle(p.Bundle); len(problems) > 0 {
			t.Fatalf("what was stored of it has problems:\n%s", engine.ShowAll(problems))
		}
	})
}

// The same files give the same bytes: problems, graph and schema.
func TestSameInputSameBytes(t *testing.T) {
	unraced(t)
	for _, file := range append(glob(t, "testdata/ok/*.yaml"), glob(t, "testdata/err/*.yaml")...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var first string
		for i := range 3 {
			p, problems := checkedText(t, string(text))
			got := engine.ShowAll(problems)
			if p != nil {
				got += engine.Graph(p) + needs(p.Steps)
			}
			if i > 0 && got != first {
				t.Errorf("%s: %s\nthen %s", file, first, got)
			}
			first = got
		}
	}
	if !bytes.Equal(engine.Schema(catalog(t)), engine.Schema(catalog(t))) {
		t.Error("the schema is another each time")
	}
}

func TestUnreadableFile(t *testing.T) {
	_, problems := engine.Load(func(string) ([]byte, error) { return nil, errors.New("the disk is gone") }, "a.yaml", "")
	if got, want := engine.ShowAll(problems), "a.yaml:1:1: a.yaml cannot be read: the disk is gone [file]\n    \n    ^\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func BenchmarkLoadAndCheck(b *testing.B) {
	text, err := os.ReadFile("testdata/ok/backfill.yaml")
	if err != nil {
		b.Fatal(err)
	}
	cat, std := catalog(b), standard(b)
	b.ReportAllocs()
	for b.Loop() {
		def, _ := engine.Load(one(text), "a.yaml", std)
		if _, problems := engine.Check(def, cat); len(problems) > 0 {
			b.Fatal(engine.ShowAll(problems))
		}
	}
}
