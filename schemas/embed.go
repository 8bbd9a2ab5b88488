package schemas

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// Everything below schemas/ whose name ends in .schema.json.
//
//go:embed *.schema.json */*.schema.json
var files embed.FS

// Names lists the schemas that ship, sorted: hgmo/json-pushes.schema.json.
func Names() []string {
	var names []string
	_ = fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error { // an embedded folder can always be read
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".schema.json") && !strings.Contains(path, "testdata/") {
			names = append(names, path)
		}
		return nil
	})
	slices.Sort(names)
	return names
}

var (
	gotMu sync.Mutex
	got   = map[string]*Schema{}
)

// Get returns the schema of that name. It is compiled once.
func Get(name string) (*Schema, error) {
	gotMu.Lock()
	defer gotMu.Unlock()
	if s := got[name]; s != nil {
		return s, nil
	}
	text, err := files.ReadFile(name)
	if err != nil {
		if near := Nearest(name, Names()); near != "" {
			return nil, fmt.Errorf("there is no schema %s; did you mean %s?", name, near)
		}
		return nil, fmt.Errorf("there is no schema %s", name)
	}
	s, err := NewSchema(name, text)
	if err != nil {
		return nil, err
	}
	got[name] = s
	return s, nil
}

// Validate holds a JSON value (as encoding/json or DecodeJSON give it) to the schema of that name.
// The error is about the schema; what is wrong with the value are violations.
func Validate(name string, value any) ([]Violation, error) {
	s, err := Get(name)
	if err != nil {
		return nil, err
	}
	return s.Validate(value), nil
}
