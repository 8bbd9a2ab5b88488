package sim

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// A reply is an answer in full, before it goes out.
type reply struct {
	status int
	header http.Header
	body   []byte
	zip    bool // gzip it for clients that take it
}

// text is a reply with a body and its type.
func text(status int, contentType, body string) *reply {
	rep := &reply{status: status, header: http.Header{}, body: []byte(body)}
	if contentType != "" {
		rep.header.Set("Content-Type", contentType)
	}
	return rep
}

// send puts a reply on the wire.
func (rep *reply) send(rw http.ResponseWriter, r *http.Request) {
	h := rw.Header()
	for k, v := range rep.header {
		h[k] = v
	}
	if rep.header.Get("Content-Type") == "" {
		h["Content-Type"] = nil // no guessing
	}
	body := rep.body
	if rep.zip && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		var buf bytes.Buffer
		z := gzip.NewWriter(&buf)
		z.Write(body)
		z.Close()
		body = buf.Bytes()
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	rw.WriteHeader(rep.status)
	if r.Method != http.MethodHead {
		rw.Write(body)
	}
}

// compact is JSON as Django's REST framework writes it: no blanks, no escapes of HTML.
func compact(v any) []byte {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // the values are ours
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// indented is JSON as Taskcluster writes it.
func indented(v any) []byte {
	var buf bytes.Buffer
	if err := json.Indent(&buf, compact(v), "", "  "); err != nil {
		panic(err) // the value is JSON
	}
	return buf.Bytes()
}

// pythonic is JSON on one line as Mercurial's templates write it: a blank after each comma and colon, <, > and & escaped.
func pythonic(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // the values are ours
	}
	var buf strings.Builder
	quoted := false
	for i, c := range raw {
		buf.WriteByte(c)
		switch {
		case c == '"' && !escaped(raw[:i]):
			quoted = !quoted
		case !quoted && (c == ',' || c == ':'):
			buf.WriteByte(' ')
		}
	}
	return buf.String()
}

// escaped says whether what follows is escaped by an odd number of backslashes.
func escaped(before []byte) bool {
	n := 0
	for n < len(before) && before[len(before)-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}
