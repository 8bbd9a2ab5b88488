package hgmo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources"
)

// A pushlog is the answer of json-pushes, version 2.
type pushlog struct {
	LastPushID int              `json:"lastpushid"`
	Pushes     map[string]entry `json:"pushes"`
}

// An entry is one push of a pushlog.
type entry struct {
	User       string      `json:"user"`
	Date       int64       `json:"date"` // seconds since 1970
	Changesets []changeset `json:"changesets"`
	Obsolete   []changeset `json:"obsoletechangesets,omitempty"` // in place of changesets, where the push is obsolete
}

// A changeset comes as its hash, or with full as an object.
type changeset struct {
	Node   string
	Author string
	Desc   string
	full   bool
}

// UnmarshalJSON reads both.
func (c *changeset) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		return json.Unmarshal(data, &c.Node)
	}
	var o struct {
		Node   *string `json:"node"`
		Author *string `json:"author"`
		Desc   *string `json:"desc"`
	}
	if err := json.Unmarshal(data, &o); err != nil {
		return err
	}
	if o.Node == nil || o.Author == nil || o.Desc == nil {
		return changed("$.pushes.*.changesets[]", "a hash is wanted, or an object with node, author and desc")
	}
	*c = changeset{*o.Node, *o.Author, *o.Desc, true}
	return nil
}

// Reads says what UnmarshalJSON takes in.
func (*changeset) Reads() []schemas.Read {
	return []schemas.Read{{Path: "$", Kind: "any", Required: true}, {Path: "$.author", Kind: "string"}, {Path: "$.desc", Kind: "string"}, {Path: "$.node", Kind: "string"}}
}

// largest is more pushes than there will be.
const largest = 1 << 40

// A landing is an entry with its number.
type landing struct {
	id int
	entry
}

// holds says whether a changeset of the push, an obsolete one included, begins with the hex digits of a revision.
func (l landing) holds(revision string) bool {
	is := func(c changeset) bool { return strings.HasPrefix(c.Node, revision) }
	return slices.ContainsFunc(l.Changesets, is) || slices.ContainsFunc(l.Obsolete, is)
}

// tip is the newest changeset, an obsolete one where there is no other; "" where there is none at all.
func (l landing) tip() string {
	for _, list := range [][]changeset{l.Changesets, l.Obsolete} {
		if len(list) > 0 {
			return list[len(list)-1].Node
		}
	}
	return ""
}

// decodePushes reads an answer of json-pushes. Its pushes are newest first; last is the number of the branch's newest
// push, or 0 where the branch has none. A bare string, and an object with an error, are what servers of both ages say instead.
func decodePushes(body io.Reader) (list []landing, last int, err error) {
	var raw json.RawMessage
	if err := sources.ReadJSON(body, &raw); err != nil {
		return nil, 0, err
	}
	if said := complaint(raw); said != "" {
		e := &sources.Error{Kind: kindOfComplaint(said), Err: fmt.Errorf("the server says: %.200s", said)}
		if e.Kind == sources.ErrNotFound {
			e.Hint = notHere
		}
		return nil, 0, e
	}
	log := pushlog{LastPushID: -1}
	if err := json.Unmarshal(raw, &log); err != nil {
		return nil, 0, err
	}
	if log.Pushes == nil {
		return nil, 0, changed("$.pushes", "an object is wanted, and there is none: version 2 of the format is asked for")
	}
	if n := log.LastPushID; n < 0 || n > largest || n == 0 && len(log.Pushes) > 0 {
		return nil, 0, changed("$.lastpushid", "the number of the newest push is wanted")
	}
	for key, e := range log.Pushes {
		l, err := e.landing(key)
		if err != nil {
			return nil, 0, err
		}
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b landing) int { return b.id - a.id })
	return list, log.LastPushID, nil
}

// landing checks an entry.
func (e entry) landing(key string) (landing, error) {
	at := "$.pushes." + key
	id, err := strconv.Atoi(key)
	switch {
	case err != nil || id < 1 || id > largest || strconv.Itoa(id) != key:
		return landing{}, changed(at, "a push is called %.40q, and a number is wanted", key)
	case e.User == "":
		return landing{}, changed(at+".user", "it is missing")
	case e.Date < 1 || e.Date > 1<<40:
		return landing{}, changed(at+".date", "seconds since 1970 are wanted, and this is %d", e.Date)
	case e.Changesets == nil:
		return landing{}, changed(at+".changesets", "a list is wanted, and there is none")
	}
	for i, c := range slices.Concat(e.Changesets, e.Obsolete) {
		if !wholeRevision.MatchString(c.Node) {
			return landing{}, changed(fmt.Sprintf("%s.changesets[%d]", at, i), "40 hex digits are wanted, and this is %.60q", c.Node)
		}
	}
	return landing{id, e}, nil
}

// complaint returns what an answer says instead of pushes: a bare string (the old form), or its error member.
func complaint(raw json.RawMessage) string {
	var said string
	if json.Unmarshal(raw, &said) == nil {
		return said
	}
	var o struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(raw, &o) == nil {
		return o.Error
	}
	return ""
}

func kindOfComplaint(said string) error {
	if strings.HasPrefix(said, "unknown revision") || strings.HasPrefix(said, "revision not found") {
		return sources.ErrNotFound
	}
	return sources.ErrRefused
}
