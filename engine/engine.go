package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/mozci/mozci-run/sources"
)

// A Config is what an engine is handed.
type Config struct {
	DB       string            // the path of a SQLite file (made where it is missing), "memory", or a postgres:// URL; see CheckStore
	There    bool              // whether DB has to be there already, for those who only read: nothing is made, and the error is ErrNoStore
	Clock    sources.Clock     // the profile's time
	Wall     func() time.Time  // this machine's time, for signs of life; the Clock's where it is nil
	Random   io.Reader         // for ids of runs and of this process
	Registry *sources.Registry // the profile's sources; needed by runs only. Sources may be added until the first run starts.
	Profile  string            // the profile's name: a run is resumed by the same
	Host     string            // what others are told about where this process is
	Listener Listener          // hears of everything; may be nil
	Logger   *slog.Logger      // what the machinery has to say; nothing where it is nil
	// Rebuild makes a program again of what was stored with a run. Needed to resume and apply.
	Rebuild func(Bundle) (*Program, error)
	Beat    time.Duration // how often this process says that it is alive; a second where it is 0
	Call    time.Duration // how long one call of an effect may take at most; what the effect says where it is 0 or longer
	Lapse   time.Duration // after how long without it a process counts as dead; eight beats where it is 0
}

// An Engine runs workflows and keeps their runs. It is safe for concurrent use.
type Engine struct {
	cfg   Config
	store *store
	id    string // of this process among those that share the store
	wg    sync.WaitGroup

	launching sync.Mutex
	dctx      dbos.Context // nil until the first run
	stop      context.CancelFunc

	mu     sync.Mutex
	live   map[string]*live
	closed bool
}

// language is the application version that DBOS knows: the language's, so that a new build resumes an old one's runs.
const language = "mozci-1"

// Open opens the store. Nothing is launched until the first run: reading needs no more than this.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	if cfg.Clock == nil || cfg.Random == nil {
		return nil, errors.New("opening the engine: it has to be handed a clock and a source of randomness")
	}
	if cfg.Wall == nil {
		cfg.Wall = cfg.Clock.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Beat <= 0 {
		cfg.Beat = time.Second
	}
	if cfg.Lapse <= 0 {
		cfg.Lapse = 8 * cfg.Beat
	}
	e := &Engine{cfg: cfg, live: map[string]*live{}}
	id, err := e.letters(10)
	if err != nil {
		return nil, fmt.Errorf("opening the engine: %w", err)
	}
	e.id = id
	if e.store, err = openStore(ctx, cfg.DB, cfg.There); err != nil {
		return nil, err
	}
	return e, nil
}

// launch starts DBOS, once, with a queue that only this process reads: runs that it takes over come through it.
func (e *Engine) launch(ctx context.Context) error {
	e.launching.Lock()
	defer e.launching.Unlock()
	if e.dctx != nil {
		return nil
	}
	if e.cfg.Registry == nil {
		return errors.New("starting the engine: it has no sources; name a profile")
	}
	dctx, err := e.connect(context.WithoutCancel(ctx))
	if err == nil {
		if err = e.listen(dctx); err != nil {
			dbos.Shutdown(dctx, time.Second)
		}
	}
	if err != nil {
		return fmt.Errorf("starting the engine: %w", e.store.named(err))
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.dctx, e.stop = dctx, stop
	e.wg.Add(2)
	go e.keepBeating(life)
	go e.watch(life)
	return nil
}

func (e *Engine) connect(ctx context.Context) (dbos.Context, error) {
	cfg := dbos.Config{AppName: "mozci-run", ApplicationVersion: language, ExecutorID: e.id, Logger: e.cfg.Logger, Serializer: asIs{}}
	if e.store.postgres != "" {
		cfg.DatabaseURL = e.store.postgres
	} else {
		db, err := e.store.handle()
		if err != nil {
			return nil, err
		}
		cfg.SQLiteSystemDB = db
	}
	dctx, err := dbos.NewContext(ctx, cfg)
	if err != nil {
		if cfg.SQLiteSystemDB != nil {
			cfg.SQLiteSystemDB.Close()
		}
		return nil, redactDB(err, e.store.postgres)
	}
	if dctx.GetExecutorID() != e.id || dctx.GetApplicationVersion() != language {
		dbos.Shutdown(dctx, time.Second)
		return nil, errors.New("DBOS__VMID or DBOS__APPVERSION is set, and two processes of one name would do everything twice: unset them")
	}
	return dctx, nil
}

func (e *Engine) listen(dctx dbos.Context) error {
	dbos.RegisterWorkflow(dctx, e.workflow, dbos.WithWorkflowName("run"))
	if err := e.beat(dctx); err != nil {
		return err
	}
	if _, err := dbos.RegisterQueue(dctx, e.queue(), dbos.WithQueueBasePollingInterval(100*time.Millisecond)); err != nil {
		return err
	}
	dbos.ListenQueues(dctx, e.queue())
	if err := dbos.Launch(dctx); err != nil {
		return err
	}
	return e.sweep(dctx)
}

// sweep deletes the queues of processes that were killed, when they are off the list of executors.
func (e *Engine) sweep(dctx dbos.Context) error {
	known := map[string]bool{}
	err := e.store.rows(dctx, e.store.db, func(r row) error {
		id := ""
		err := r.Scan(&id)
		known["mozci-"+id] = true
		return err
	}, `SELECT id FROM mozci_executors`)
	if err != nil {
		return err
	}
	queues, err := dbos.ListQueues(dctx)
	for _, q := range queues {
		if strings.HasPrefix(q.GetName(), "mozci-") && !known[q.GetName()] {
			err = errors.Join(err, dbos.DeleteQueue(dctx, q.GetName()))
		}
	}
	return err
}

func (e *Engine) queue() string { return "mozci-" + e.id }

// Close ends what is going on in an orderly way, within two seconds, and closes the store. Runs that had not ended are
// interrupted: they can be resumed.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	e.mu.Unlock()
	var ends sync.WaitGroup
	for _, l := range e.lives() {
		ends.Go(func() {
			res := e.interrupt(l)
			select {
			case l.result <- res: // whoever waits for it hears
			default: // it has come to an end meanwhile, and that is what they hear
			}
		})
	}
	ends.Wait()
	e.launching.Lock()
	defer e.launching.Unlock()
	var err error
	if e.dctx != nil {
		e.stop()
		e.wg.Wait()
		ctx, cancel := dbos.WithTimeout(dbos.WithoutCancel(e.dctx), 250*time.Millisecond) // DBOS waits for ever for a store that is locked
		defer cancel()
		err = errors.Join(dbos.DeleteQueue(ctx, e.queue()), e.bury(ctx), dbos.Shutdown(e.dctx, 500*time.Millisecond))
	}
	e.store.close()
	return err
}

// bury takes this process, and those that have been dead for a day, off the list of executors.
func (e *Engine) bury(ctx context.Context) error {
	_, err := e.store.exec(ctx, e.store.db, `DELETE FROM mozci_executors WHERE id = ?1 OR beat < ?2`,
		e.id, e.wall()-(24*time.Hour).Microseconds())
	return err
}

func (e *Engine) wall() int64 { return e.cfg.Wall().UnixMicro() }

// letters makes a random word that is easy to read out and to type.
func (e *Engine) letters(n int) (string, error) {
	const alphabet = "bcdfghjkmnpqrstvwxz23456789"
	raw := make([]byte, n)
	if _, err := io.ReadFull(e.cfg.Random, raw); err != nil {
		return "", fmt.Errorf("making an id: %w", err)
	}
	for i, b := range raw {
		raw[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(raw), nil
}

// newID makes the id of a run: when it was started, and four letters; it sorts by time.
func (e *Engine) newID() (string, error) {
	tail, err := e.letters(4)
	return e.cfg.Wall().UTC().Format("060102-150405-") + tail, err
}

func (e *Engine) lives() []*live {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]*live, 0, len(e.live))
	for _, l := range e.live {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b *live) int { return strings.Compare(a.id, b.id) })
	return out
}
