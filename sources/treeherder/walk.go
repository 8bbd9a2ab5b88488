package treeherder

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mozci/mozci-run/sources"
)

// changed says that an answer is not what it was, at a JSON path.
func changed(path, format string, args ...any) *sources.Error {
	return &sources.Error{Kind: sources.ErrChangedFormat, Path: path, Err: fmt.Errorf(format, args...),
		Hint: "mozci-run contract says what else has changed"}
}

// object reads an object member by member; member has to read the value. Path is the object's own.
func object(dec *json.Decoder, path string, member func(name string) error) error {
	if err := opening(dec, '{', path, "an object"); err != nil {
		return err
	}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		if err := member(t.(string)); err != nil { // the decoder gives text, or an error, where a name stands
			return err
		}
	}
	_, err := dec.Token()
	return err
}

// list reads a list element by element; element has to read the value.
func list(dec *json.Decoder, path string, element func() error) error {
	if err := opening(dec, '[', path, "a list"); err != nil {
		return err
	}
	for dec.More() {
		if err := element(); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

func opening(dec *json.Decoder, want json.Delim, path, what string) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	if t == want {
		return nil
	}
	return changed(path, "%s is wanted, and %s came", what, describe(t))
}

func describe(t json.Token) string {
	switch t := t.(type) {
	case nil:
		return "null"
	case json.Delim:
		if t == '[' {
			return "a list"
		}
		return "an object"
	case string:
		return "text"
	case bool:
		return "a bool"
	}
	return "a number"
}

// value reads one value into v. A wrong type is changed format below path.
func value(dec *json.Decoder, path string, v any) error {
	return typed(dec.Decode(v), path)
}

// typed turns an error of decoding into changed format below path where it is about a type.
func typed(err error, path string) error {
	var typ *json.UnmarshalTypeError
	if !errors.As(err, &typ) {
		return err
	}
	if typ.Field != "" {
		path += "." + typ.Field
	}
	return changed(path, "a %s is wanted, and a %s came", typ.Type, typ.Value)
}

// skip reads a value that nobody wants.
func skip(dec *json.Decoder) error {
	var v json.RawMessage
	return dec.Decode(&v)
}
