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
// that a kill has cut off was never answered, and is dropped. Several processes may have it open: each write sees all that
// were accepted before it, whoever wrote them.
type journal struct {
	file *os.File
	size int64 // of the lines that were read or written
}

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
	var entries []entry
	err = j.alone(func() (err error) {
		old := head
		if old, entries, j.size, err = readJournal(f); err != nil {
			return err
		}
		if j.size == 0 {
			return j.append(head)
		}
		if old.Digest != head.Digest || old.Seed != head.Seed {
			return fmt.Errorf("it belongs to scenario %s (%s) with seed %d, not to %s (%s) with seed %d: name another file, or remove it",
				old.Scenario, old.Digest, old.Seed, head.Scenario, head.Digest, head.Seed)
		}
		head = old
		return nil
	})
	if err != nil {
		f.Close()
		return nil, head, nil, fmt.Errorf("journal %s: %w", path, err)
	}
	return j, head, entries, nil
}

// alone does something while no other process does anything to the journal, as far as the system knows locks.
func (j *journal) alone(f func() error) error {
	if err := lock(j.file); err != nil {
		return err
	}
	defer unlock(j.file)
	return f()
}

// readJournal returns what the file holds, and how long its whole lines are.
func readJournal(r io.Reader) (head journalHeader, entries []entry, size int64, err error) {
	size, err = eachLine(r, func(n int, line []byte) error {
		if n == 1 {
			return json.Unmarshal(line, &head)
		}
		entries, err = oneMore(entries, line)
		return err
	})
	return head, entries, size, err
}

func oneMore(entries []entry, line []byte) ([]entry, error) {
	var e entry
	err := json.Unmarshal(line, &e)
	return append(entries, e), err
}

// eachLine reads whole lines, numbered from 1, and returns how long they are.
func eachLine(r io.Reader, f func(n int, line []byte) error) (size int64, err error) {
	buf := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := buf.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return size, nil
		}
		if err == nil {
			err = f(n, line)
		}
		if err != nil {
			return size, fmt.Errorf("line %d: %w", n, err)
		}
		size += int64(len(line))
	}
}

// grown says whether the file has more than was read: another process has written, or was killed while it did. A nil journal never has.
func (j *journal) grown() bool {
	if j == nil {
		return false
	}
	info, err := j.file.Stat()
	return err == nil && info.Size() > j.size
}

// news reads what other processes have written since.
func (j *journal) news() (entries []entry, err error) {
	size, err := eachLine(io.NewSectionReader(j.file, j.size, 1<<40), func(_ int, line []byte) (err error) {
		entries, err = oneMore(entries, line)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("journal: after byte %d: %w", j.size, err)
	}
	j.size += size
	return entries, nil
}

// append writes one line, in place of what a kill has cut off, and waits until it is on disk.
func (j *journal) append(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := j.file.Truncate(j.size); err != nil {
		return err
	}
	if _, err := j.file.WriteAt(append(line, '\n'), j.size); err != nil {
		return err
	}
	j.size += int64(len(line)) + 1
	return j.file.Sync()
}
