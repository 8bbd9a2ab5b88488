package engine_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

const fill = `
inputs:
  revisions: {type: list, default: [r1, r2]}
  total: {type: int, default: 1}
steps:
  - {id: look, uses: test.ask, with: {name: look}}
  - {id: fill, uses: jobs.trigger, with: {branch: b, job: j, revisions: "${{ inputs.revisions }}", total: "${{ inputs.total }}"}}
  - {id: below, uses: test.ask, with: {name: below}}
outputs:
  said: ${{ map(fill, .revision + " " + .status) }}
`

// told lists the effects that were told: "planned r1 (reason)".
func (w *world) told() []string {
	var out []string
	for _, e := range w.heard(engine.EffectEvent) {
		o := e.Outcome
		reason := o.Reason
		if o.Run != "" {
			reason = strings.ReplaceAll(reason, o.Run, "RUN")
		}
		out = append(out, fmt.Sprintf("%s %s#%d: %s", o.Status, o.Revision, o.Ordinal, reason))
	}
	return out
}

func TestPlanThenApply(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	res, err := e.Start(context.Background(), w.program(fill), nil, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Planned, "2 to do")
	if got := w.service.arrived(); len(got) > 0 {
		t.Fatalf("a plan has done %v", got)
	}
	if diff := cmp.Diff([]string{"planned r1#1: none there yet, and none on the way", "planned r2#1: none there yet, and none on the way"}, w.told()); diff != "" {
		t.Error(diff)
	}
	if got, want := w.steps(), "look=succeeded fill=planned below=not_run"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if res.Plan == nil || len(res.Plan.Effects) != 1 || len(res.Plan.Effects[0].Outcomes) != 2 || strings.Join(res.Plan.After, " ") != "below" {
		t.Errorf("the plan is %+v", res.Plan)
	}
	if last := w.heard(engine.RunEnded)[0]; last.Status != engine.Planned || last.Next == "" {
		t.Errorf("the last event is %+v", last)
	}
	e.Close()
	w.forget()
	res, err = w.engine().Apply(context.Background(), res.Run, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if diff := cmp.Diff([]string{"r1/1", "r2/1"}, w.service.arrived()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"look", "below"}, w.service.asked); diff != "" {
		t.Errorf("the answers of the plan were not kept: %s", diff)
	}
}

func TestConfirmContinues(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	var seen engine.Plan
	res := w.run(fill+`
finally:
  - {id: tell, uses: notify.webhook, with: {text: done}}
`, nil, engine.Options{Confirm: func(p engine.Plan) bool { seen = p; return true }})
	w.want(res, engine.Succeeded, "")
	if len(seen.Effects) != 1 {
		t.Errorf("the plan that was shown: %+v", seen)
	}
	if diff := cmp.Diff([]string{"r1/1", "r2/1", "notice: done"}, w.service.arrived()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{"r1 done", "r2 done"}, res.Outputs["said"]); diff != "" {
		t.Error(diff)
	}
}

func TestPlanWithNothingToDoGoesOn(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	w.service.jobs = []ci.Job{{ID: "1", Type: "j", Revision: "r1", State: ci.Running}, {ID: "2", Type: "j", Revision: "r2", State: ci.Completed, Result: ci.TestFailed}}
	res := w.run(fill, nil, engine.Options{})
	w.want(res, engine.Succeeded, "")
	if diff := cmp.Diff([]string{"already r1#0: one is running", "already r2#0: one has ended with testfailed"}, w.told()); diff != "" {
		t.Error(diff)
	}
}

func TestInconclusiveFreesTheNextOrdinal(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	e := w.engine()
	start := func() engine.Result {
		t.Helper()
		w.forget()
		res, err := e.Start(context.Background(), w.program(fill), map[string]any{"revisions": []any{"r1"}, "total": 2}, engine.Options{Apply: true})
		if err != nil {
			t.Fatal(err)
		}
		w.want(res, engine.Succeeded, "")
		return res
	}
	start()
	if diff := cmp.Diff([]string{"r1/1", "r1/2"}, w.service.arrived()); diff != "" {
		t.Fatal(diff)
	}
	w.service.jobs[1].State, w.service.jobs[1].Result = ci.Completed, ci.Exception
	start()
	if diff := cmp.Diff([]string{"r1/1", "r1/2", "r1/3"}, w.service.arrived()); diff != "" {
		t.Fatal(diff)
	}
	start()
	if diff := cmp.Diff([]string{"already r1#1: the one that run RUN asked for is pending", "already r1#3: the one that run RUN asked for is pending"}, w.told()); diff != "" {
		t.Error(diff)
	}
}

func TestUnseenRequestBlocksUntilItsLeaseEnds(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	w.service.hidden = true
	w.service.terms.Lease = time.Hour
	e := w.engine()
	for i, want := range []string{"r1/1", "r1/1", "r1/1 r1/2"} {
		if i == 2 {
			w.clock.Sleep(context.Background(), 61*time.Minute)
		}
		if _, err := e.Start(context.Background(), w.program(fill), map[string]any{"revisions": []any{"r1"}}, engine.Options{Apply: true}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(w.service.arrived(), " "); got != want {
			t.Fatalf("after run %d: %s, want %s", i, got, want)
		}
	}
	asked, err := e.Asked(context.Background(), "b", "j")
	if err != nil || len(asked) != 2 || asked[0].Ordinal != 1 || asked[0].Request != "r1/1" {
		t.Errorf("the ledger says %+v, %v", asked, err)
	}
}

func TestTwoRunsOneTrigger(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	w.service.after = func(context.Context, sources.Unit, int) error { time.Sleep(10 * time.Millisecond); return nil }
	slow := func(c *engine.Config) { c.Beat = time.Second } // nobody dies here; who is taken for dead is waited for as long as a call may take
	engines := []*engine.Engine{w.engine(slow), w.engine(slow)}
	for i := range 4 {
		wg.Go(func() {
			res, err := engines[i%2].Start(context.Background(), w.program(fill), nil, engine.Options{Apply: true})
			if err != nil {
				t.Error(err)
				return
			}
			w.want(res, engine.Succeeded, "")
		})
	}
	wg.Wait()
	if got := w.service.arrived(); len(got) != 2 {
		t.Errorf("four runs that want the same two jobs have asked for %v", got)
	}
}

func TestAgain(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	e := w.engine()
	for i, again := range []bool{false, false, true} {
		if _, err := e.Start(context.Background(), w.program(fill), map[string]any{"revisions": []any{"r1"}}, engine.Options{Apply: true, Again: again}); err != nil {
			t.Fatal(err)
		}
		if got, want := len(w.service.arrived()), []int{1, 1, 2}[i]; got != want {
			t.Errorf("after run %d: %d triggers, want %d", i, got, want)
		}
	}
}

func TestNoticeIsSentOncePerWhatItSays(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	e := w.engine()
	tell := w.program("steps:\n  - {id: tell, uses: notify.webhook, with: {text: hello, once_per: a failure}}\n  - {id: again, uses: notify.webhook, with: {text: hello again, once_per: a failure}}\n")
	for range 2 {
		if _, err := e.Start(context.Background(), tell, nil, engine.Options{Apply: true}); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.service.arrived(); len(got) != 1 {
		t.Errorf("%q were sent, and once per failure is wanted", got)
	}
}

// A notice without once_per is its run's and step's own: the same text of another step, or of the next run, is another.
func TestNoticeIsTheStepsOwn(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	e := w.engine()
	tell := w.program("steps:\n  - {id: tell, uses: notify.webhook, with: {text: hello}}\n  - {id: each, foreach: '[\"x\", \"y\", \"x\"]', uses: notify.webhook, with: {text: \"${{ item }}\"}}\n")
	for range 2 {
		if _, err := e.Start(context.Background(), tell, nil, engine.Options{Apply: true}); err != nil {
			t.Fatal(err)
		}
	}
	got := w.service.arrived()
	if len(got) != 6 {
		t.Errorf("in each of two runs hello, x and y are wanted, and %q came", got)
	}
}

func TestRetriggerIsBlockedByWhatIsOnItsWay(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	e := w.engine()
	more := w.program("steps:\n  - {id: more, uses: jobs.retrigger, with: {branch: b, job: j, revisions: [r1], add: 2}}\n")
	run := func() { e.Start(context.Background(), more, nil, engine.Options{Apply: true}) }
	run()
	run()
	if diff := cmp.Diff([]string{"r1/1", "r1/2"}, w.service.arrived()); diff != "" {
		t.Error(diff)
	}
	ended := w.clock.Now()
	for i := range w.service.jobs {
		w.service.jobs[i].State, w.service.jobs[i].Result, w.service.jobs[i].Ended = ci.Completed, ci.Success, &ended
	}
	w.clock.Sleep(context.Background(), time.Minute)
	looked := w.program("steps:\n  - {id: look, uses: test.ask, with: {name: l}}\n  - {id: more, uses: jobs.retrigger, with: {branch: b, job: j, revisions: [r1], add: 2}}\n")
	if _, err := e.Start(context.Background(), looked, nil, engine.Options{Apply: true}); err != nil {
		t.Fatal(err)
	}
	if got := w.service.arrived(); len(got) != 4 {
		t.Errorf("the evidence was there when the run looked, and it has not asked for more: %v", got)
	}
}

func TestBudget(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	res := w.run("limits: {effects: 2}\n"+fill, map[string]any{"revisions": []any{"r1", "r2", "r3", "r4"}}, engine.Options{Apply: true})
	w.want(res, engine.Incomplete, "limit of 2 effects")
	if diff := cmp.Diff([]string{"r1/1", "r2/1"}, w.service.arrived()); diff != "" {
		t.Error(diff)
	}
	want := []string{"done r1#1: none there yet, and none on the way", "done r2#1: none there yet, and none on the way", "refused r3#0: the limit of 2 effects for a run is reached",
		"refused r4#0: not come to: the limit of 2 effects for a run is reached"}
	if diff := cmp.Diff(want, w.told()); diff != "" {
		t.Error(diff)
	}
	for _, apply := range []bool{false, true} { // a plan of which nothing can be done ends as doing it would
		res = w.run(fill+"limits: {effects: 0}\n", map[string]any{"revisions": []any{"r5"}}, engine.Options{Apply: apply})
		w.want(res, engine.Incomplete, "limit of 0 effects")
	}
}

func TestPushesAreNamedByTheirTips(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	res := w.run(fill, map[string]any{"revisions": []any{"r1-mid", "r1", "nowhere"}}, engine.Options{Apply: true})
	w.want(res, engine.Succeeded, "")
	if diff := cmp.Diff([]string{"r1/1"}, w.service.arrived()); diff != "" {
		t.Error(diff)
	}
	if got := w.told(); len(got) != 2 || !strings.Contains(got[1], "refused nowhere#0: there is no such push") {
		t.Errorf("%q", got)
	}
}

func TestRefusedByTheService(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	w.service.before = func(u sources.Unit, _ int) error {
		if u.Key.Revision == "r1" {
			return &sources.Error{Kind: sources.ErrRefused, Doing: "triggering", Hint: "the tree is closed"}
		}
		return nil
	}
	e := w.engine()
	res, err := e.Start(context.Background(), w.program(fill), nil, engine.Options{Apply: true})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if got := w.told(); len(got) != 2 || !strings.Contains(got[0], "refused r1#1") || !strings.Contains(got[1], "done r2#1") {
		t.Errorf("%q", got)
	}
	w.service.before = nil
	if _, err := e.Start(context.Background(), w.program(fill), nil, engine.Options{Apply: true}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"r2/1", "r1/1"}, w.service.arrived()); diff != "" {
		t.Errorf("the ordinal that came to nothing was not free: %s", diff)
	}
}

// Who asked for an effect learns from the run's end that the credentials do not suffice; with better ones, it goes on.
func TestDenied(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	w.service.denied = "the credentials expired"
	e := w.engine()
	plan, err := e.Start(context.Background(), w.program(fill), nil, engine.Options{RunID: "run-1"})
	if err != nil {
		t.Fatal(err)
	}
	w.want(plan, engine.Planned, "planned: 1 to do")
	res, err := e.Apply(context.Background(), "run-1", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Failed, "r1: the credentials expired")
	if !errors.Is(res.Error, sources.ErrUnauthorised) || !slices.Equal(w.service.arrived(), []string{"r2/1"}) {
		t.Errorf("error %v, arrived %v: what may be done is done", res.Error, w.service.arrived())
	}
	w.service.denied = ""
	if res, err = e.Resume(context.Background(), "run-1", engine.Options{}); err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	w.service.denied = "the credentials expired" // and nothing is left to do
	if res, err = e.Start(context.Background(), w.program(fill), nil, engine.Options{Apply: true}); err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if !slices.Equal(w.service.arrived(), []string{"r2/1", "r1/1"}) {
		t.Error(w.service.arrived())
	}
}

// An unclear call: it ends with an error that leaves it open whether it has arrived.
func TestUnclearCallIsLookedFor(t *testing.T) {
	unraced(t)
	rows := []struct {
		name       string
		arrives    bool
		conclusive bool
		find       sources.Presence
		status     engine.Status
		calls      int
	}{
		{"found", true, true, sources.Found, engine.Succeeded, 1},
		{"conclusively absent", false, true, sources.Absent, engine.Succeeded, 1},
		{"absent, which says nothing", true, false, sources.Absent, engine.Incomplete, 1},
		{"cannot tell", true, true, sources.CannotTell, engine.Incomplete, 1},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			w := newWorld(t)
			tries := 0
			w.service.terms = sources.Terms{Conclusive: r.conclusive, Settling: time.Minute}
			var ended time.Time
			fails := func() error {
				if tries++; tries == 1 {
					w.clock.Sleep(context.Background(), 30*time.Second) // the service takes its time
					ended = w.clock.Now()
					return errUnavailable
				}
				return nil
			}
			if r.arrives {
				w.service.after = func(context.Context, sources.Unit, int) error { return fails() }
			} else {
				w.service.before = func(sources.Unit, int) error { return fails() }
			}
			w.service.find = func(u sources.Unit, n int) (sources.Finding, error) {
				if waited := w.clock.Now().Sub(ended); waited < time.Minute {
					t.Errorf("looked after %s, before the service has settled", waited)
				}
				return sources.Finding{Presence: r.find, Receipt: sources.Receipt{Request: "r1/1"}}, nil
			}
			res := w.run(fill, map[string]any{"revisions": []any{"r1", "r2"}}, engine.Options{Apply: true})
			w.want(res, r.status, "")
			want := []string{"r1/1", "r2/1"}
			if r.status == engine.Incomplete {
				want = want[:1]
				if res.Cause != engine.ByUncertain || !strings.Contains(w.told()[0], "uncertain r1#1") {
					t.Errorf("cause %s, told %q", res.Cause, w.told())
				}
			}
			if diff := cmp.Diff(want, w.service.arrived()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A call of which nobody hears has ended when the ledger says so: the time that it took to write the row is not given on top.
func TestACallEndsWhenTheLedgerSaysSo(t *testing.T) {
	w := newWorld(t)
	const deadline, slow = 2 * time.Second, 20 * time.Millisecond
	w.service.terms = sources.Terms{Deadline: deadline}
	var looks atomic.Int64
	e := w.engine(func(c *engine.Config) { // whoever looks at this machine's clock finds it later
		c.Wall = func() time.Time { return time.Now().Add(time.Duration(looks.Add(1)) * slow) }
	})
	w.service.after = func(ctx context.Context, _ sources.Unit, _ int) error {
		if ends, _ := ctx.Deadline(); time.Until(ends) > deadline-slow {
			t.Errorf("the call may go on for %s, and %s of its time were gone before it", time.Until(ends), slow)
		}
		return nil
	}
	res, err := e.Start(context.Background(), w.program(fill), map[string]any{"revisions": []any{"r1"}}, engine.Options{Apply: true})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
}

// sql runs a statement on the world's database, as another process might.
func (w *world) sql(stmt string) {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.db+"?_pragma=busy_timeout(5000)")
	if err == nil {
		defer db.Close()
		_, err = db.Exec(stmt)
	}
	if err != nil {
		w.t.Error(err)
	}
}

// The jobs of which a plan knows are not those that there are when it is applied.
func TestApplyLooksAgainWhatIsThere(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	e := w.engine()
	one := map[string]any{"revisions": []any{"r1"}}
	plan, err := e.Start(context.Background(), w.program(fill), one, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(plan, engine.Planned, "")
	w.service.jobs = []ci.Job{{ID: "1", Type: "j", Revision: "r1", State: ci.Running}}
	w.clock.Sleep(context.Background(), time.Minute)
	confirmed, err := e.Start(context.Background(), w.program(fill), map[string]any{"revisions": []any{"r2"}}, engine.Options{Confirm: func(engine.Plan) bool {
		w.service.jobs = append(w.service.jobs, ci.Job{ID: "2", Type: "j", Revision: "r2", State: ci.Running})
		w.clock.Sleep(context.Background(), time.Minute) // whoever is asked takes a while
		return true
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.want(confirmed, engine.Succeeded, "")
	applied, err := e.Apply(context.Background(), plan.Run, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(applied, engine.Succeeded, "")
	if got := w.service.arrived(); len(got) > 0 {
		t.Errorf("what has come since the plan was asked for once more: %v", got)
	}
}

// Before anything is asked for, the jobs that there are are looked at past every cache; a plan may look into it.
func TestEffectsLookPastEveryCache(t *testing.T) {
	unraced(t)
	for _, apply := range []bool{false, true} {
		w := newWorld(t)
		w.run(fill, nil, engine.Options{Apply: apply})
		if len(w.service.looks) == 0 || slices.Contains(w.service.looks, !apply) {
			t.Errorf("apply %t: looked past every cache: %v", apply, w.service.looks)
		}
	}
}

// A call that is certainly absent is made once more, and not again and again; then its place is free for whoever comes next.
func TestAnAbsentCallIsMadeOnceMore(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	w.service.terms = sources.Terms{Conclusive: true}
	calls := 0
	w.service.before = func(sources.Unit, int) error {
		if calls++; calls > 10 {
			return &sources.Error{Kind: sources.ErrRefused, Doing: "calling again and again"}
		}
		return errUnavailable
	}
	e := w.engine()
	for _, want := range []int{2, 4} {
		res, err := e.Start(context.Background(), w.program(fill), map[string]any{"revisions": []any{"r1"}}, engine.Options{Apply: true})
		if err != nil {
			t.Fatal(err)
		}
		w.want(res, engine.Failed, "unavailable")
		if s, err := e.Show(context.Background(), res.Run); err != nil || calls != want || len(s.Ledger) != 1 || s.Ledger[0].State != engine.Void {
			t.Errorf("%d calls, the ledger is %+v, %v", calls, s.Ledger, err)
		}
	}
}

// A call that the service took, and of which the ledger cannot be told (the disk is full), is not made again: whoever resumes the
// run looks for it.
func TestACallThatCannotBeWrittenDownIsNotRepeated(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	w.service.terms = sources.Terms{Conclusive: true, Deadline: 50 * time.Millisecond}
	w.service.after = func(context.Context, sources.Unit, int) error {
		w.sql(`CREATE TRIGGER full BEFORE UPDATE ON mozci_ledger BEGIN SELECT RAISE(FAIL, 'the disk is full'); END`)
		return nil
	}
	w.service.find = func(sources.Unit, int) (sources.Finding, error) {
		t.Error("it looked for what it knew to have arrived")
		w.sql(`DROP TRIGGER full`)
		return sources.Finding{Presence: sources.Absent}, nil
	}
	e := w.engine()
	res, err := e.Start(context.Background(), w.program(fill), map[string]any{"revisions": []any{"r1"}}, engine.Options{Apply: true})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Failed, "the disk is full")
	if res.Cause != engine.ByMachine {
		t.Errorf("the store failed, and the cause is called %s", res.Cause)
	}
	w.sql(`DROP TRIGGER full`)
	w.service.after, w.service.find = nil, nil
	if res, err = e.Resume(context.Background(), res.Run, engine.Options{}); err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if diff := cmp.Diff([]string{"r1/1"}, w.service.arrived()); diff != "" {
		t.Error(diff)
	}
}

// Between looking and calling once more, another may have taken the row: then it is the other's to call.
func TestARowThatWasTakenIsNotCalled(t *testing.T) {
	w := newWorld(t)
	w.service.terms = sources.Terms{Conclusive: true, Deadline: 50 * time.Millisecond}
	looks := 0
	w.service.before = func(sources.Unit, int) error {
		if looks == 0 {
			return errUnavailable
		}
		return nil
	}
	w.service.find = func(sources.Unit, int) (sources.Finding, error) {
		if looks++; looks == 1 {
			w.sql(`UPDATE mozci_ledger SET owner = 'another', run = 'another'`)
		}
		return sources.Finding{Presence: sources.Absent}, nil
	}
	w.want(w.run(fill, map[string]any{"revisions": []any{"r1"}}, engine.Options{Apply: true}), engine.Succeeded, "")
	if diff := cmp.Diff([]string{"r1/1"}, w.service.arrived()); diff != "" || looks != 2 {
		t.Errorf("after %d looks: %s", looks, diff)
	}
}

// What was done while the run was being stopped was done, and is told.
func TestWhatWasDoneWhileTheRunWasStoppedIsTold(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	e := w.engine()
	w.service.after = func(context.Context, sources.Unit, int) error {
		w.clock.Sleep(context.Background(), 7*time.Hour) // the run's time is over, and it hears of that
		time.Sleep(80 * time.Millisecond)
		return nil
	}
	res, err := e.Start(context.Background(), w.program(fill), nil, engine.Options{Apply: true})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Incomplete, "limit of time")
	if diff := cmp.Diff([]string{"r1/1"}, w.service.arrived()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"done r1#1: none there yet, and none on the way"}, w.told()); diff != "" {
		t.Error(diff)
	}
}

// What a run was told about the requests of others holds for whoever goes on with it.
func TestAgainHoldsForTheRun(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	e := w.engine()
	one := map[string]any{"revisions": []any{"r1"}}
	if _, err := e.Start(context.Background(), w.program(fill), one, engine.Options{Apply: true}); err != nil {
		t.Fatal(err)
	}
	plan, err := e.Start(context.Background(), w.program(fill), one, engine.Options{Again: true})
	if err != nil {
		t.Fatal(err)
	}
	w.want(plan, engine.Planned, "1 to do")
	res, err := w.engine().Apply(context.Background(), plan.Run, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if diff := cmp.Diff([]string{"r1/1", "r1/2"}, w.service.arrived()); diff != "" {
		t.Error(diff)
	}
}

// A run that sets aside what others have asked for does not set aside what it may have asked for itself.
func TestAgainLooksForItsOwn(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	w.service.hidden = true
	w.service.find = func(sources.Unit, int) (sources.Finding, error) {
		return sources.Finding{Presence: sources.CannotTell}, nil
	}
	w.service.after = func(context.Context, sources.Unit, int) error { return errUnavailable }
	e := w.engine()
	res, err := e.Start(context.Background(), w.program(fill), map[string]any{"revisions": []any{"r1"}}, engine.Options{Apply: true, Again: true})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Incomplete, "not known whether it has arrived")
	for _, again := range []bool{false, true} {
		if res, err = e.Resume(context.Background(), res.Run, engine.Options{Again: again}); err != nil {
			t.Fatal(err)
		}
		w.want(res, engine.Incomplete, "not known whether it has arrived")
	}
	if got := w.service.arrived(); len(got) != 1 {
		t.Errorf("what may have arrived was repeated: %v", got)
	}
}

func TestUncertainIsNotRepeated(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	w.service.hidden = true
	w.service.find = func(sources.Unit, int) (sources.Finding, error) {
		return sources.Finding{Presence: sources.CannotTell}, nil
	}
	w.service.after = func(context.Context, sources.Unit, int) error { return errUnavailable }
	e := w.engine()
	one := map[string]any{"revisions": []any{"r1"}}
	res, err := e.Start(context.Background(), w.program(fill), one, engine.Options{Apply: true})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Incomplete, "not known whether it has arrived")
	again, err := e.Resume(context.Background(), res.Run, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(again, engine.Incomplete, "not known whether it has arrived")
	other, err := e.Start(context.Background(), w.program(fill), one, engine.Options{Apply: true})
	if err != nil {
		t.Fatal(err)
	}
	w.want(other, engine.Succeeded, "") // it is on its way, for all that is known
	if got := w.service.arrived(); len(got) != 1 {
		t.Fatalf("an uncertain effect was repeated: %v", got)
	}
	w.service.find = nil // a person has looked, and now it can be seen
	again, err = e.Resume(context.Background(), res.Run, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(again, engine.Succeeded, "")
	if got := w.service.arrived(); len(got) != 1 {
		t.Fatalf("an uncertain effect was repeated: %v", got)
	}
}

// An effect that may have arrived is one of those that limits.effects allows.
func TestUncertainCountsAsDone(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	w.service.find = func(sources.Unit, int) (sources.Finding, error) {
		return sources.Finding{Presence: sources.CannotTell}, nil
	}
	w.service.after = func(context.Context, sources.Unit, int) error { return errUnavailable }
	res := w.run("limits: {effects: 1}\n"+fill+"finally:\n  - {id: tell, uses: notify.webhook, with: {text: over}}\n", map[string]any{"revisions": []any{"r1"}}, engine.Options{Apply: true})
	w.want(res, engine.Incomplete, "not known whether it has arrived")
	if got := w.service.arrived(); len(got) != 1 {
		t.Errorf("with a limit of one effect, these arrived: %v", got)
	}
}

func TestLimitThenResume(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	e := w.engine()
	res, err := e.Start(context.Background(), w.program("limits: {effects: 2}\n"+fill), map[string]any{"revisions": []any{"r1", "r2", "r3", "r4", "r5"}}, engine.Options{Apply: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		status engine.Status
		calls  int
	}{{engine.Incomplete, 2}, {engine.Incomplete, 4}, {engine.Succeeded, 5}} {
		w.want(res, want.status, "")
		if got := w.service.arrived(); len(got) != want.calls {
			t.Fatalf("%v, want %d of them", got, want.calls)
		}
		if want.status == engine.Succeeded {
			return
		}
		w.clock.Sleep(context.Background(), 24*time.Hour)
		w.service.terms.Lease = 1000 * time.Hour
		if res, err = e.Resume(context.Background(), res.Run, engine.Options{}); err != nil {
			t.Fatal(err)
		}
	}
}

// What a plan foresaw is told until it is done; from then on what came of it is told, and nothing twice.
func TestShowTellsWhatWasDoneInPlaceOfThePlan(t *testing.T) {
	unraced(t)
	w := newWorld(t)
	w.service.jobs = []ci.Job{{ID: "1", Type: "j", Revision: "r1", State: ci.Running}}
	e := w.engine()
	res, err := e.Start(context.Background(), w.program("limits: {effects: 1}\n"+fill), map[string]any{"revisions": []any{"r1", "r2", "r3", "r4"}}, engine.Options{})
	told := func(err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		s, err := e.Show(context.Background(), res.Run)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, ef := range s.Steps[1].Effects {
			out = append(out, string(ef.Outcome.Status)+" "+ef.Outcome.Revision)
		}
		return strings.Join(out, ", ")
	}
	if got, want := told(err), "already r1, planned r2, refused r3, refused r4"; got != want {
		t.Errorf("the plan: got %s, want %s", got, want)
	}
	res, err = e.Apply(context.Background(), res.Run, engine.Options{})
	if got, want := told(err), "already r1, done r2, refused r3, refused r4"; got != want {
		t.Errorf("applied: got %s, want %s", got, want)
	}
}

func TestEffectsWithinLoops(t *testing.T) {
	unraced(t)
	text := `
inputs: {revisions: {type: list, default: [r1, r2]}}
steps:
  - id: each
    foreach: inputs.revisions
    steps:
      - {id: look, uses: test.ask, with: {name: "${{ item }}"}}
      - {id: fill, uses: jobs.trigger, with: {branch: b, job: j, revisions: ["${{ item }}"]}}
  - id: turns
    repeat:
      until: 'n.n >= 2'
      max: 5
      steps:
        - {id: n, uses: test.ask, with: {name: n, n: "${{ (n?.n ?? 0) + 1 }}"}}
        - {id: more, uses: jobs.trigger, with: {branch: b, job: k, revisions: ["${{ \"s\" + string(n.n) }}"]}}
  - {id: last_of_all, let: len(each)}
`
	w := newWorld(t)
	e := w.engine()
	res, err := e.Start(context.Background(), w.program(text), nil, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Planned, "1 to do")
	if got, want := strings.Join(res.Plan.After, " "), "turns last_of_all"; got != want {
		t.Errorf("known after apply: %s, want %s", got, want)
	}
	if got := w.service.arrived(); len(got) != 0 {
		t.Errorf("a plan has done %v", got)
	}
	if res, err = e.Apply(context.Background(), res.Run, engine.Options{}); err != nil {
		t.Fatal(err)
	}
	w.want(res, engine.Succeeded, "")
	if diff := cmp.Diff([]string{"r1/1", "r2/1", "s1/1", "s2/1"}, w.service.arrived()); diff != "" {
		t.Error(diff)
	}
}
