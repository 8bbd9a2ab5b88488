package sim

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Where the services of a simulated CI are, below its root.
const (
	HGPath          = "/hg"         // then /<repo path>/json-pushes …
	TreeStatusPath  = "/treestatus" // then /api/treestatus/trees/<tree>
	TreeherderPath  = "/th"         // then /api/…
	TaskclusterPath = "/tc"         // the root URL of a Taskcluster deployment
)

// hgRoot is what payloads and definitions call the repositories' server, as gecko's do; nothing is fetched from it.
const hgRoot = "https://hg.mozilla.org/"

// Options are what New can be told. The zero Options are fine.
type Options struct {
	// Journal is a file that keeps accepted writes, see the package's comment; "" keeps them in memory only.
	Journal string
	// Epoch is any instant that a new journal shall keep for its reader: a fast clock goes on from there. See Sim.Epoch.
	Epoch time.Time
	// Latency is put on every request, in real time, instead of the scenario's.
	Latency time.Duration
	// Sleep waits out latency and slow answers, in real time. It returns early, with ctx's error, when ctx ends. It may be
	// nil where there is nothing to wait for.
	Sleep func(ctx context.Context, d time.Duration) error
	// OnRequest sees every request as it arrives, before latency and faults. It may be called concurrently.
	OnRequest func(*http.Request)
	// AfterWrite is called with the id of the task that a write made or changed, after the write has been recorded and
	// before its answer is sent. It may be called concurrently.
	AfterWrite func(id string)
}

// A Sim is a running simulated CI. It is an http.Handler, safe for concurrent use.
type Sim struct {
	w     *world
	opts  Options
	clock func() time.Time
	log   *journal // nil: in memory
	epoch time.Time
	wire  *faults

	mu      sync.RWMutex
	entries []entry
	tl      *timeline
}

var _ http.Handler = (*Sim)(nil)

// New starts a simulated CI. now is its only clock: the scenario's start is at sc.Now (default 2025-03-01T12:00:00Z), so
// now has to read at least that. What a journal holds is replayed.
func New(sc Scenario, seedOf uint64, now func() time.Time, opts Options) (*Sim, error) {
	w, err := newWorld(sc, seed(seedOf))
	if err != nil {
		return nil, err
	}
	s := &Sim{w: w, opts: opts, clock: now, epoch: opts.Epoch}
	if s.wire, err = newFaults(w.seed, w.sc.Faults); err != nil {
		return nil, err
	}
	if s.opts.Latency == 0 {
		s.opts.Latency = w.sc.Latency
	}
	if s.opts.Sleep == nil && (s.opts.Latency > 0 || s.wire.slow()) {
		return nil, fmt.Errorf("scenario %s is slow in places: Options.Sleep has to say how to wait", sc.Name)
	}
	if opts.Journal != "" {
		head := journalHeader{Scenario: sc.Name, Digest: w.sc.digest(), Seed: seedOf, Epoch: opts.Epoch}
		if s.log, head, s.entries, err = openJournal(opts.Journal, head); err != nil {
			return nil, err
		}
		s.epoch = head.Epoch
	}
	s.tl = w.run(s.entries)
	return s, nil
}

// Close gives the journal back. Writes after it are refused.
func (s *Sim) Close() error {
	if s.log == nil {
		return nil
	}
	return s.log.file.Close()
}

// Now is the clock's reading.
func (s *Sim) Now() time.Time { return s.clock().UTC() }

// Start is the scenario's start.
func (s *Sim) Start() time.Time { return s.w.sc.Now }

// Epoch is what the journal keeps, or Options.Epoch.
func (s *Sim) Epoch() time.Time { return s.epoch }

// Triggers returns every job that a client has asked for and that an accepted write has made or will make, in the order
// in which the jobs come to be. Builds that came along because a test needs them are not in it.
func (s *Sim) Triggers() []Trigger {
	tl, _ := s.view()
	return append([]Trigger(nil), tl.asked...)
}

// view is a consistent look at the world: the timeline and the instant.
func (s *Sim) view() (*timeline, time.Time) {
	s.mu.RLock()
	tl, now, grown := s.tl, s.Now(), s.log.grown()
	s.mu.RUnlock()
	if !grown {
		return tl, now
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.catchUp() // what cannot be read has not happened; whoever writes next is told
	return s.tl, s.Now()
}

// catchUp takes in what other processes have written to the journal. The lock is held.
func (s *Sim) catchUp() error {
	if !s.log.grown() {
		return nil
	}
	news, err := s.log.news()
	if err == nil && len(news) > 0 {
		s.entries = append(s.entries, news...)
		s.tl = s.w.run(s.entries)
	}
	return err
}

// write records one write if may, which sees the world as it is and can change the entry, allows it by returning nil. A
// reply of may's is the answer instead, and nothing was written. The answer to a write is to be sent after that. A
// journal that cannot be written refuses the write with its error.
func (s *Sim) write(e entry, may func(tl *timeline, e *entry) *reply) (*reply, error) {
	rep, err := s.record(&e, may)
	if rep == nil && err == nil && s.opts.AfterWrite != nil {
		s.opts.AfterWrite(or(e.TaskID, e.Op))
	}
	return rep, err
}

func (s *Sim) record(e *entry, may func(tl *timeline, e *entry) *reply) (rep *reply, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.log == nil {
		return s.accept(e, may)
	}
	err = s.log.alone(func() error {
		if err := s.catchUp(); err != nil {
			return err
		}
		rep, err = s.accept(e, may)
		return err
	})
	return rep, err
}

// accept records a write, unless may has another answer. The lock is held.
func (s *Sim) accept(e *entry, may func(tl *timeline, e *entry) *reply) (*reply, error) {
	e.N, e.At = len(s.entries)+1, s.Now()
	if n := len(s.entries); n > 0 && e.At.Before(s.entries[n-1].At) {
		e.At = s.entries[n-1].At
	}
	if rep := may(s.tl, e); rep != nil {
		return rep, nil
	}
	if s.log != nil {
		if err := s.log.append(e); err != nil {
			return nil, err
		}
	}
	s.entries = append(s.entries, *e)
	s.tl = s.w.run(s.entries)
	return nil, nil
}

// ServeHTTP answers as the service does to which the path belongs.
func (s *Sim) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if s.opts.OnRequest != nil {
		s.opts.OnRequest(r)
	}
	if s.opts.Latency > 0 && s.opts.Sleep(r.Context(), s.opts.Latency) != nil {
		return
	}
	s.wire.serve(rw, r, s.opts.Sleep, s.answer)
}

// answer hands a request to its service.
func (s *Sim) answer(r *http.Request) *reply {
	path := r.URL.EscapedPath()
	switch {
	case under(path, HGPath):
		return s.hg(r, strings.TrimPrefix(path, HGPath))
	case under(path, TreeStatusPath):
		return s.treeStatus(r, strings.TrimPrefix(path, TreeStatusPath))
	case under(path, TreeherderPath):
		return s.treeherder(r, strings.TrimPrefix(path, TreeherderPath))
	case under(path, TaskclusterPath):
		return s.taskcluster(r, strings.TrimPrefix(path, TaskclusterPath))
	}
	return text(http.StatusNotFound, "text/plain; charset=utf-8", "a simulated CI: /hg, /treestatus, /th, /tc\n")
}

func under(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func itoa(n int) string { return strconv.Itoa(n) }

func atoi(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil
}
