package sim

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// A journal is a file with one line of JSON for each accepted write, after a first line that says whose it is. A line
// that a kill has cut off was never answered, and is dropped.
type journal struct{ file *os.File }

// journalHeader is the first line.
type journalHeader struct {
	Scenario string    `json:"scenario"`
	Digest   string    `json:"digest"` // of the scenario's content
	Seed     uint64    `json:"seed"`
	Epoch    time.Time `json:"epoch"`
}

// An entry is an accepted write.
type entry struct {
	N       int             `json:"n"` // from 1
	At      time.Time       `json:"at"`
	Op      string          `json:"op"` // trigger, create, rerun, cancel, schedule, cancel-group, note
	Hook    string          `json:"hook,omitempty"`
	TaskID  string          `json:"task,omitempty"`
	Run     int             `json:"run,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// openJournal reads what has been accepted so far and makes the file ready for more. epoch is kept in a new journal, and
// ignored for an existing one, whose own is in the header that comes back.
func openJournal(path string, head journalHeader) (*journal, journalHeader, []entry, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, head, nil, fmt.Errorf("journal: %w", err)
	}
	j := &journal{file: f}
	old, entries, size, err := readJournal(f)
	if err == nil && size > 0 && (old.Digest != head.Digest || old.Seed != head.Seed) {
		err = fmt.Errorf("it belongs to scenario %s (%s) with seed %d, not to %s (%s) with seed %d: name another file, or remove it",
			old.Scenario, old.Digest, old.Seed, head.Scenario, head.Digest, head.Seed)
	}
	if err == nil {
		_, err = f.Seek(size, io.SeekStart)
	}
	if err == nil {
		err = f.Truncate(size)
	}
	if err == nil && size == 0 {
		old, err = head, j.append(head)
	}
	if err != nil {
		f.Close()
		return nil, head, nil, fmt.Errorf("journal %s: %w", path, err)
	}
	return j, old, entries, nil
}

// readJournal returns what the file holds, and how long its whole lines are.
func readJournal(r io.Reader) (head journalHeader, entries []entry, size int64, err error) {
	buf := bufio.NewReader(r)
	for n := 0; ; n++ {
		line, err := buf.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return head, entries, size, nil
		}
		if err != nil {
			return head, nil, 0, err
		}
		if n == 0 {
			err = json.Unmarshal(line, &head)
		} else {
			var e entry
			err = json.Unmarshal(line, &e)
			entries = append(entries, e)
		}
		if err != nil {
			return head, nil, 0, fmt.Errorf("line %d: %w", n+1, err)
		}
		size += int64(len(line))
	}
}

// append writes one line and waits until it is on disk.
func (j *journal) append(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return err
	}
	return j.file.Sync()
}
