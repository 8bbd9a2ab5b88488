package treeherder

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// A kind is what every row of jobs says about the job type.
type kind struct {
	ID          int64  `json:"id"`
	PushID      int64  `json:"push_id"`
	Type        string `json:"job_type_name"`
	TypeSymbol  string `json:"job_type_symbol"`
	GroupSymbol string `json:"job_group_symbol"` // "?" is no group
	Platform    string `json:"platform"`
	Option      string `json:"platform_option"`
	Tier        int    `json:"tier"`
}

// A row is a job as /project/X/jobs/ writes it. A time of 0 has not come.
type row struct {
	kind
	State          string  `json:"state"`
	Result         string  `json:"result"`
	Classification int     `json:"failure_classification_id"`
	Task           *string `json:"task_id"` // nil for jobs that are not Taskcluster's
	Retry          *int    `json:"retry_id"`
	Reason         string  `json:"reason"`
	Machine        string  `json:"machine_name"`
	Submitted      int64   `json:"submit_timestamp"`
	Started        int64   `json:"start_timestamp"`
	Ended          int64   `json:"end_timestamp"`
}

// A jobList is the answer of /project/X/jobs/.
type jobList struct {
	Results []row    `json:"results"`
	Meta    listMeta `json:"meta"`
}

type listMeta struct {
	Repository string `json:"repository"`
	Offset     int    `json:"offset"`
	Count      int    `json:"count"` // that was asked for
}

// A jobTable is a page of /jobs/. Its rows are lists under the names of their columns.
type jobTable struct {
	Count   int      `json:"count"` // of all pages
	Next    *string  `json:"next"`
	Results []kind   `json:"results"`
	Names   []string `json:"job_property_names"`
}

var (
	kindColumns = []string{"id", "push_id", "job_type_name", "job_type_symbol", "job_group_symbol", "platform", "platform_option", "tier"}
	rowColumns  = append(slices.Clone(kindColumns), "state", "result", "failure_classification_id", "task_id", "retry_id",
		"reason", "machine_name", "submit_timestamp", "start_timestamp", "end_timestamp")
)

// rows collects the rows of an answer, whichever form they have, as they come.
type rows[T any] struct {
	columns []string // that have to be there
	list    []T
	lists   []json.RawMessage // rows without names, until these come
	names   []string
	checked bool // whether an object has been looked at for its columns
}

// read reads the member of that name; false where it is none of a table's.
func (r *rows[T]) read(dec *json.Decoder, name string) (bool, error) {
	switch name {
	case "results":
		return true, list(dec, "$.results", func() error { return r.element(dec) })
	case "job_property_names":
		return true, value(dec, "$.job_property_names", &r.names)
	}
	return false, nil
}

func (r *rows[T]) element(dec *json.Decoder) error {
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return err
	}
	if raw[0] == '[' {
		r.lists = append(r.lists, raw)
		return nil
	}
	return r.object(raw)
}

func (r *rows[T]) object(raw json.RawMessage) error {
	if !r.checked {
		var members map[string]json.RawMessage
		if err := typed(json.Unmarshal(raw, &members), "$.results[]"); err != nil {
			return err
		}
		for _, c := range r.columns {
			if _, ok := members[c]; !ok {
				return changed("$.results[]."+c, "the column is gone")
			}
		}
		r.checked = true
	}
	var one T
	if err := typed(json.Unmarshal(raw, &one), "$.results[]"); err != nil {
		return err
	}
	r.list = append(r.list, one)
	return nil
}

// done gives the rows that came as lists their names.
func (r *rows[T]) done() ([]T, error) {
	for _, raw := range r.lists {
		var cells []json.RawMessage
		if err := json.Unmarshal(raw, &cells); err != nil {
			return nil, err
		}
		if len(r.names) == 0 {
			return nil, changed("$.job_property_names", "rows came as lists, and the names of their columns did not")
		}
		if len(cells) != len(r.names) {
			return nil, changed("$.results[]", "a row has %d columns, and %d are named", len(cells), len(r.names))
		}
		if err := r.object(named(r.names, cells)); err != nil {
			return nil, err
		}
	}
	return r.list, nil
}

// named writes cells as an object with the given names.
func named(names []string, cells []json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	sep := byte('{')
	for i, name := range names {
		quoted, _ := json.Marshal(name) // text has no other end
		b.WriteByte(sep)
		b.Write(quoted)
		b.WriteByte(':')
		b.Write(cells[i])
		sep = ','
	}
	b.WriteByte('}')
	return b.Bytes()
}

// decodeJobs reads the answer of /project/X/jobs/, or a page of another list of full rows.
func decodeJobs(dec *json.Decoder) (jobList, error) {
	var out jobList
	r := rows[row]{columns: rowColumns}
	var results, meta bool
	err := object(dec, "$", func(name string) error {
		results, meta = results || name == "results", meta || name == "meta"
		if name == "meta" {
			return value(dec, "$.meta", &out.Meta)
		}
		if was, err := r.read(dec, name); was {
			return err
		}
		return skip(dec)
	})
	switch {
	case err != nil:
		return out, err
	case !results:
		return out, changed("$.results", "there is none")
	case !meta:
		return out, changed("$.meta", "there is none")
	}
	if out.Results, err = r.done(); err != nil {
		return out, err
	}
	for _, j := range out.Results {
		if err := j.check("$.results[]"); err != nil {
			return out, err
		}
	}
	return out, nil
}

// decodeTable reads a page of /jobs/.
func decodeTable(dec *json.Decoder) (jobTable, error) {
	out := jobTable{Count: -1}
	r := rows[kind]{columns: kindColumns}
	results := false
	err := object(dec, "$", func(name string) error {
		results = results || name == "results"
		switch name {
		case "count":
			return value(dec, "$.count", &out.Count)
		case "next":
			return value(dec, "$.next", &out.Next)
		}
		if was, err := r.read(dec, name); was {
			return err
		}
		return skip(dec)
	})
	switch {
	case err != nil:
		return out, err
	case !results:
		return out, changed("$.results", "there is none")
	case out.Count < 0:
		return out, changed("$.count", "there is none")
	}
	if out.Results, err = r.done(); err != nil {
		return out, err
	}
	out.Names = r.names
	for _, k := range out.Results {
		if err := k.check("$.results[]"); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (k kind) check(path string) error {
	switch {
	case k.ID <= 0:
		return changed(path+".id", "a job has no id")
	case k.PushID <= 0:
		return changed(path+".push_id", "job %d has no push", k.ID)
	case k.Type == "":
		return changed(path+".job_type_name", "job %d has no job type", k.ID)
	}
	return nil
}

func (r row) check(path string) error {
	if err := r.kind.check(path); err != nil {
		return err
	}
	if _, ok := states[r.State]; !ok {
		return changed(path+".state", "job %d is %q, and %s are known", r.ID, r.State, strings.Join(stateWords, ", "))
	}
	return nil
}

// decodeJob reads the answer of /project/X/jobs/ID/.
func decodeJob(dec *json.Decoder) (row, error) {
	var r row
	if err := value(dec, "$", &r); err != nil {
		return r, err
	}
	return r, r.check("$")
}
