package engine_test

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

	"github.com/mozci/mozci-run/engine"
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

// newEditor starts the server that is in the PATH, or that YAML_LANGUAGE_SERVER names.
func newEditor(t *testing.T) *editor {
	t.Helper()
	name := os.Getenv("YAML_LANGUAGE_SERVER")
	if name == "" {
		name = "yaml-language-server"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip("SKIPPED: there is no yaml-language-server: npm install -g yaml-language-server, or name it in YAML_LANGUAGE_SERVER")
	}
	schema := filepath.Join(t.TempDir(), "workflow.schema.json")
	if err := os.WriteFile(schema, engine.Schema(catalog(t)), 0o644); err != nil {
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

// A real YAML language server completes by the schema, and finds the same structural mistakes.
func TestEditor(t *testing.T) {
	e := newEditor(t)
	const head = "mozci: 1\nname: x\nsteps:\n"
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"keywords.yaml", head + "  - id: a\n    ", []string{"uses", "let", "foreach", "require"}},
		{"uses.yaml", head + "  - id: a\n    uses: ", []string{"jobs.history", "jobs.trigger", "pushes.range"}},
		{"with.yaml", head + "  - id: a\n    uses: jobs.history\n    with:\n      ", []string{"branch", "job", "upto", "depth"}},
	} {
		got := e.completions(tt.name, tt.text)
		for _, w := range tt.want {
			if !slices.Contains(got, w) {
				t.Errorf("%s: %s is not offered, but %v", tt.name, w, got)
			}
		}
	}
	for _, file := range append(glob(t, "testdata/ok/*.yaml"), glob(t, "../workflows/backfill.yaml")...) {
		if found := e.open(filepath.Base(file), string(read(t, file))); len(found) > 0 {
			t.Errorf("%s is right, and the editor finds %q", file, found)
		}
	}
	for _, name := range []string{"key_unknown", "key_missing", "step_two_kinds", "step_no_kind", "step_companions", "step_foreach_until", "step_foreach_let",
		"on_schedule_neither", "not_a_name", "with_missing", "key_wrong_types", "step_retry"} {
		if found := e.open(name+".yaml", string(read(t, "testdata/err/"+name+".yaml"))); len(found) == 0 {
			t.Errorf("the editor finds nothing wrong with %s", name)
		}
	}
}
