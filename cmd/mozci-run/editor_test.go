package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// An editor is a YAML language server, spoken to as an editor speaks to it.
type editor struct {
	t       *testing.T
	in      io.Writer
	answers chan message
	schema  string
	asked   int
}

type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
}

// newEditor starts the server that is in the PATH, or that YAML_LANGUAGE_SERVER names, for files of which a schema has been written.
func newEditor(t *testing.T, of string) *editor {
	t.Helper()
	name := os.Getenv("YAML_LANGUAGE_SERVER")
	if name == "" {
		name = "yaml-language-server"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		const why = "there is no yaml-language-server: npm install -g yaml-language-server, or name it in YAML_LANGUAGE_SERVER"
		if os.Getenv("MOZCI_NO_SKIPS") != "" {
			t.Fatal(why)
		}
		t.Skip("SKIPPED: " + why)
	}
	schema := filepath.Join(t.TempDir(), of+".schema.json")
	written := mozciRun(t, t.Context(), nil, "schema", "--profile", "mozilla", "--of", of)
	if written.code != exitDone {
		t.Fatal(written.stderr)
	}
	if err := os.WriteFile(schema, []byte(written.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "--stdio")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	e := &editor{t: t, in: in, answers: make(chan message, 1000), schema: schema}
	go e.listen(bufio.NewReader(out))
	e.ask("initialize", map[string]any{"processId": nil, "rootUri": nil, "capabilities": map[string]any{
		"textDocument": map[string]any{"completion": map[string]any{"completionItem": map[string]any{"snippetSupport": false}}}}})
	e.tell("initialized", map[string]any{})
	return e
}

func (e *editor) listen(r *bufio.Reader) {
	defer close(e.answers)
	for {
		head, err := textproto.NewReader(r).ReadMIMEHeader()
		if err != nil {
			return
		}
		n, _ := strconv.Atoi(head.Get("Content-Length"))
		body := make([]byte, n)
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		var m message
		if json.Unmarshal(body, &m) == nil {
			e.answers <- m
		}
	}
}

func (e *editor) send(m map[string]any) {
	m["jsonrpc"] = "2.0"
	b, err := json.Marshal(m)
	if err != nil {
		e.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(e.in, "Content-Length: %d\r\n\r\n%s", len(b), b); err != nil {
		e.t.Fatal(err)
	}
}

func (e *editor) tell(method string, params any) {
	e.send(map[string]any{"method": method, "params": params})
}

// await reads until want takes a message. What the server asks of the editor gets an empty answer.
func (e *editor) await(what string, want func(message) bool) {
	e.t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case m, ok := <-e.answers:
			switch {
			case !ok:
				e.t.Fatalf("the language server ended before %s", what)
			case want(m):
				return
			case m.Method == "workspace/configuration":
				e.send(map[string]any{"id": m.ID, "result": []any{map[string]any{"validate": true, "completion": true, "schemaStore": map[string]any{"enable": false}}, nil, nil, nil, nil}})
			case m.Method != "" && len(m.ID) > 0:
				e.send(map[string]any{"id": m.ID, "result": nil})
			}
		case <-late:
			e.t.Fatalf("the language server says nothing: %s", what)
		}
	}
}

func (e *editor) ask(method string, params any) json.RawMessage {
	e.t.Helper()
	e.asked++
	id := strconv.Itoa(e.asked)
	e.send(map[string]any{"id": e.asked, "method": method, "params": params})
	var result json.RawMessage
	e.await(method, func(m message) bool {
		if m.Method != "" || string(m.ID) != id {
			return false
		}
		result = m.Result
		return true
	})
	return result
}

// open opens a text and returns what the server finds wrong with it.
func (e *editor) open(name, text string) []string {
	e.t.Helper()
	uri := "file:///" + name
	e.tell("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "languageId": "yaml", "version": 1,
		"text": "# yaml-language-server: $schema=file://" + e.schema + "\n" + text}})
	var found []string
	e.await("diagnostics of "+name, func(m message) bool {
		var p struct {
			URI         string
			Diagnostics []struct{ Message string }
		}
		if m.Method != "textDocument/publishDiagnostics" || json.Unmarshal(m.Params, &p) != nil || p.URI != uri {
			return false
		}
		for _, d := range p.Diagnostics {
			found = append(found, d.Message)
		}
		return true
	})
	return found
}

// completions are what the server offers at the end of a text.
func (e *editor) completions(name, text string) []string {
	e.t.Helper()
	e.open(name, text)
	lines := strings.Split(text, "\n")
	answer := e.ask("textDocument/completion", map[string]any{"textDocument": map[string]any{"uri": "file:///" + name},
		"position": map[string]any{"line": len(lines), "character": len(lines[len(lines)-1])}})
	var list struct{ Items []struct{ Label string } }
	if err := json.Unmarshal(answer, &list); err != nil {
		e.t.Fatalf("%v in %s", err, answer)
	}
	var labels []string
	for _, i := range list.Items {
		labels = append(labels, i.Label)
	}
	return labels
}

// offers wants what the server offers at the end of each text.
func (e *editor) offers(rows []offered) {
	e.t.Helper()
	for _, r := range rows {
		got := e.completions(r.name, r.text)
		for _, w := range r.want {
			if !slices.Contains(got, w) {
				e.t.Errorf("%s: %s is not offered, but %v", r.name, w, got)
			}
		}
	}
}

type offered struct {
	name, text string
	want       []string
}

// judges wants nothing to be found in what is right, and something in what is wrong.
func (e *editor) judges(right, wrong []string) {
	e.t.Helper()
	for i, file := range append(slices.Clone(right), wrong...) {
		text, err := os.ReadFile(file)
		if err != nil {
			e.t.Fatal(err)
		}
		found := e.open(strconv.Itoa(i)+filepath.Base(file), string(text))
		if is := i < len(right); is && len(found) > 0 {
			e.t.Errorf("%s is right, and the editor finds %q", file, found)
		} else if !is && len(found) == 0 {
			e.t.Errorf("the editor finds nothing wrong with %s", file)
		}
	}
}

// A real YAML language server completes workflows by their schema, and finds the same structural mistakes.
func TestEditorOfWorkflows(t *testing.T) {
	e := newEditor(t, "workflows")
	const head = "mozci: 1\nname: x\nsteps:\n"
	e.offers([]offered{
		{"keywords.yaml", head + "  - id: a\n    ", []string{"uses", "let", "foreach", "require"}},
		{"uses.yaml", head + "  - id: a\n    uses: ", []string{"jobs.history", "jobs.trigger", "pushes.range"}},
		{"with.yaml", head + "  - id: a\n    uses: jobs.history\n    with:\n      ", []string{"branch", "job", "upto", "depth"}},
	})
	var wrong []string
	for _, name := range []string{"key_unknown", "key_missing", "step_two_kinds", "step_no_kind", "step_companions", "step_foreach_until", "step_foreach_let",
		"on_schedule_neither", "not_a_name", "with_missing", "key_wrong_types", "step_retry"} {
		wrong = append(wrong, "../../engine/testdata/err/"+name+".yaml")
	}
	e.judges(append(settingsFiles(t, "../../engine/testdata/ok"), "../../workflows/backfill.yaml"), wrong)
}

// It completes mozci.yaml as well: adapters, and what each of them is told.
func TestEditorOfProfiles(t *testing.T) {
	e := newEditor(t, "profiles")
	const head = "profiles:\n  ours:\n    sources:\n      - adapter: "
	e.offers([]offered{
		{"profile.yaml", "profiles:\n  ours:\n    ", []string{"sources", "simulate", "replay", "inputs", "clock", "patience"}},
		{"adapters.yaml", head, []string{"hgmo", "treeherder", "taskcluster", "notify"}},
		{"keys.yaml", head + "treeherder\n        ", []string{"base", "options", "credentials", "branches", "fallback"}},
		{"options.yaml", head + "hgmo\n        options:\n          ", []string{"trees", "treestatus"}},
		{"credentials.yaml", head + "taskcluster\n        credentials:\n          ", []string{"client_id", "access_token", "certificate"}},
		{"places.yaml", head + "treeherder\n        credentials:\n          token:\n            ", []string{"env", "file"}},
		{"account.yaml", head + "taskcluster\n        account: ", []string{"taskcluster"}},
		{"scenario.yaml", "profiles:\n  ours:\n    simulate:\n      scenario: ", []string{"default", "gap-of-three"}},
	})
	beyond := []string{"credential_certificate", "credential_file", "default_unknown", "replay_missing", "yaml_alias", "yaml_empty", "yaml_utf16"}
	wrong := slices.DeleteFunc(settingsFiles(t, "testdata/settings/err"), func(file string) bool {
		return slices.Contains(beyond, strings.TrimSuffix(filepath.Base(file), ".yaml")) // what no schema can know, and what an editor reads by itself
	})
	e.judges(settingsFiles(t, "testdata/settings/ok"), wrong)
}
