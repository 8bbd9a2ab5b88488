package sourcetest

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mozci/mozci-run/fixtures"
)

// A Recording is one answer of a real server, and what it had been asked.
type Recording struct {
	File   string      // 02-v2-default.http
	Method string      // GET, POST
	URL    *url.URL    // as it was asked
	Asked  http.Header // the headers that the request had; Host among them
	Sent   []byte      // the request's body; nil where it had none
	Status int         // 200
	Reason string      // what stands behind the status: OK, Script output follows
	Header http.Header // of the answer
	Body   []byte      // of the answer, as it was sent: perhaps compressed
}

// Recordings reads the answers of one kind (pushlog, treeherder, taskcluster, taskcluster/no-anonymous-role), in the order of their
// names. They are the cassettes of fixtures/cassettes that were recorded from real servers, so that there is one copy; and what reads
// them rightly has been replayed from a cassette. A redirect that was followed gives two.
func Recordings(t testing.TB, kind string) []Recording {
	t.Helper()
	source, name, apart := strings.Cut(kind, "/")
	if source == "pushlog" {
		source = "hgmo"
	}
	list, err := recordings(source)
	if err != nil {
		t.Fatalf("recordings of %s: %v", kind, err)
	}
	var out []Recording
	for _, r := range list {
		if inRole := r.cassette == noRole; inRole == (apart && name == noRole) {
			out = append(out, r.Recording)
		}
	}
	if len(out) == 0 {
		t.Fatalf("there is no recording of %s", kind)
	}
	return out
}

// noRole is the cassette of a deployment that answers otherwise than the others of its source: it goes by its own name.
const noRole = "no-anonymous-role"

// A placed is a recording with the name of its cassette.
type placed struct {
	Recording
	cassette string
}

var (
	readMu sync.Mutex
	read   = map[string][]placed{}
)

// recordings reads the cassettes of a source once.
func recordings(source string) ([]placed, error) {
	readMu.Lock()
	defer readMu.Unlock()
	if list := read[source]; list != nil {
		return slices.Clone(list), nil
	}
	dir, err := cassettes()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, source, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var out []placed
	for _, file := range files {
		tape, err := fixtures.Load(file)
		if err != nil {
			return nil, err
		}
		if tape.Recorded.From != fixtures.Server || len(tape.Recorded.Cases) == 0 {
			continue
		}
		for i, in := range tape.Interactions {
			r, err := recordingOf(tape.Recorded.Cases[i], in)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			out = append(out, placed{r, strings.TrimSuffix(filepath.Base(file), ".yaml")})
		}
	}
	slices.SortStableFunc(out, func(a, b placed) int { return strings.Compare(a.File, b.File) })
	read[source] = out
	return slices.Clone(out), nil
}

func recordingOf(name string, in *fixtures.Interaction) (Recording, error) {
	r := Recording{File: name + ".http", Method: in.Method, Asked: in.Header.Clone(), Status: in.Status, Header: in.Answer.Clone()}
	_, r.Reason, _ = strings.Cut(in.Reason, " ")
	if in.Body != "" {
		r.Sent = []byte(in.Body)
	}
	var err error
	if r.URL, err = url.Parse(in.URL); err != nil {
		return r, err
	}
	body, err := in.ReadContent()
	r.Body = slices.Clone(body)
	return r, err
}

// cassettes finds the folder of cassettes from wherever in the module a test runs.
func cassettes() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return filepath.Join(at, "fixtures", "cassettes"), nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("there is no go.mod above %s", dir)
		}
	}
}

// Recorded returns the recording of that file name. It fails the test where there is none.
func Recorded(t testing.TB, list []Recording, file string) Recording {
	t.Helper()
	for _, r := range list {
		if r.File == file {
			return r
		}
	}
	t.Fatalf("there is no recording %s", file)
	return Recording{}
}
