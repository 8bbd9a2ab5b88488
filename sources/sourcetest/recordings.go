package sourcetest

import (
	"bufio"
	"bytes"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/textproto"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

//go:embed testdata/recordings
var recordings embed.FS

// A Recording is one answer of a real server, and what it had been asked.
type Recording struct {
	File   string      // 02-v2-default.http
	Line   string      // its first line, without the "# ": the URL, perhaps with flags of curl before it
	Method string      // GET, POST
	URL    *url.URL    // without scheme and host where the line has none
	Asked  http.Header // the headers that the line names; Host among them
	Sent   []byte      // the body that the line names; nil where it names none
	Status int         // 200
	Reason string      // what stands behind the status: OK, Script output follows
	Header http.Header // of the answer
	Body   []byte      // of the answer, as it was sent: perhaps compressed
}

// Recordings reads the answers of one folder (pushlog, treeherder, taskcluster, taskcluster/no-anonymous-role), in the
// order of their files' names. A file with a redirect that was followed gives two.
func Recordings(t testing.TB, folder string) []Recording {
	t.Helper()
	dir := path.Join("testdata/recordings", folder)
	entries, err := fs.ReadDir(recordings, dir)
	if err != nil {
		t.Fatalf("recordings of %s: %v", folder, err)
	}
	var out []Recording
	for _, e := range entries {
		if e.IsDir() || path.Ext(e.Name()) != ".http" {
			continue
		}
		data, err := fs.ReadFile(recordings, path.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		list, err := parseRecording(e.Name(), data)
		if err != nil {
			t.Fatalf("recordings of %s: %s: %v", folder, e.Name(), err)
		}
		out = append(out, list...)
	}
	if len(out) == 0 {
		t.Fatalf("there is no recording in %s", dir)
	}
	return out
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

func parseRecording(file string, data []byte) ([]Recording, error) {
	line, rest, ok := bytes.Cut(data, []byte("\n"))
	text, isComment := strings.CutPrefix(strings.TrimRight(string(line), "\r"), "# ")
	if !ok || !isComment {
		return nil, fmt.Errorf("its first line is no comment with a URL")
	}
	r := Recording{File: file, Line: text, Asked: http.Header{}}
	if err := r.readLine(); err != nil {
		return nil, err
	}
	rest, err := r.readAnswer(rest)
	if err != nil {
		return nil, err
	}
	out := []Recording{r}
	for strings.HasPrefix(string(rest), "HTTP/") { // curl -L: the answers of the hops follow one another
		prev := out[len(out)-1]
		to, err := prev.URL.Parse(prev.Header.Get("Location"))
		if err != nil {
			return nil, fmt.Errorf("the place of its redirect: %w", err)
		}
		next := Recording{File: file, Line: text, Method: prev.Method, URL: to, Asked: r.Asked}
		if rest, err = next.readAnswer(rest); err != nil {
			return nil, err
		}
		out = append(out, next)
	}
	return out, nil
}

// The line is "[-A agent] [-X method] [-H header: value]… [-d body] [-I] [-L] URL", unquoted, or "METHOD /path (hawk client)".
var (
	urlAtEnd  = regexp.MustCompile(`(?:^| )(https?://\S+)$`)
	flagStart = regexp.MustCompile(`(?:^| )-([A-Za-z])(?: |$)`)
	plainLine = regexp.MustCompile(`^([A-Z]+) (/\S*) \((.*)\)$`)
)

func (r *Recording) readLine() (err error) {
	r.Method = http.MethodGet
	if m := plainLine.FindStringSubmatch(r.Line); m != nil {
		r.Method = m[1]
		r.URL, err = url.Parse(m[2])
		return err
	}
	m := urlAtEnd.FindStringSubmatchIndex(r.Line)
	if m == nil {
		return fmt.Errorf("its first line has no URL at its end")
	}
	if r.URL, err = url.Parse(r.Line[m[2]:m[3]]); err != nil {
		return err
	}
	flags := r.Line[:m[0]]
	at := flagStart.FindAllStringSubmatchIndex(flags, -1)
	for i, f := range at {
		end := len(flags)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		if err := r.readFlag(flags[f[2]:f[3]], strings.TrimSpace(flags[f[1]:end])); err != nil {
			return err
		}
	}
	return nil
}

func (r *Recording) readFlag(flag, value string) error {
	switch flag {
	case "A":
		r.Asked.Set("User-Agent", value)
	case "X":
		r.Method = value
	case "H":
		k, v, _ := strings.Cut(value, ":")
		r.Asked.Set(k, strings.TrimSpace(v))
	case "d":
		r.Sent = []byte(value)
	case "I":
		r.Method = http.MethodHead
	case "L": // redirects were followed; their answers stand in the file
	default:
		return fmt.Errorf("the flag -%s of its first line is not known", flag)
	}
	return nil
}

// readAnswer reads one answer. It returns what follows where it is a redirect with another answer behind it.
func (r *Recording) readAnswer(data []byte) (rest []byte, err error) {
	src := bytes.NewReader(data)
	br := bufio.NewReader(src)
	tp := textproto.NewReader(br)
	status, err := tp.ReadLine()
	if err != nil {
		return nil, err
	}
	_, after, _ := strings.Cut(status, " ")
	code, reason, _ := strings.Cut(after, " ")
	if r.Status, err = strconv.Atoi(code); err != nil {
		return nil, fmt.Errorf("%q is no status line", status)
	}
	r.Reason = reason
	h, err := tp.ReadMIMEHeader()
	if err != nil {
		return nil, fmt.Errorf("its header: %w", err)
	}
	r.Header = http.Header(h)
	if r.Body, err = io.ReadAll(br); err != nil {
		return nil, err
	}
	if r.Status/100 == 3 {
		if at := bytes.Index(r.Body, []byte("HTTP/1.")); at >= 0 {
			r.Body, rest = r.Body[:at], r.Body[at:]
		}
	}
	return rest, nil
}
