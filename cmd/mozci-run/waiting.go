package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/mozci/mozci-run/engine"
	"github.com/mozci/mozci-run/sources/ci"
)

// speak is how often a log is told what a run waits for, in the profile's time.
const speak = 15 * time.Minute

// A wait is what a run waits for.
type wait struct {
	what  string
	until *time.Time // when it looks again, in the profile's time; nil where that is not known
	jobs  bool       // whether it is for the jobs of the strip
}

// wait tells what the run waits for: on a terminal as long as it does, in lines now and then.
func (t *talker) wait(e engine.Event) {
	w := wait{what: e.What, until: e.Until, jobs: e.Step == t.from && e.Kind == engine.Waiting}
	if e.Kind == engine.Waiting {
		w.what = e.Step + " " + e.What
	}
	if w.jobs {
		_, silent := t.open()
		t.most = max(t.most, silent)
	}
	t.waits = &w
	if t.p.live {
		t.draw()
		return
	}
	w.until = nil
	text := t.waiting(w)
	if text == t.said || e.Kind == engine.Waiting && e.Time.Before(t.saidAt[e.Step].Add(speak)) {
		return
	}
	t.said = text
	if t.saidAt == nil {
		t.saidAt = map[string]time.Time{}
	}
	t.saidAt[e.Step] = e.Time
	t.p.write(item{pad("waiting"), text})
}

// tick draws anew what depends on the time, and on how large the terminal is.
func (t *talker) tick() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.asking && (t.waits != nil || len(t.busy) > 0) {
		t.draw()
	}
}

// waiting says what is waited for, how long that will take as far as it is known, and when somebody looks again.
func (t *talker) waiting(w wait) string {
	now := t.now()
	var durations []string
	what := w.what
	if open, silent := t.open(); w.jobs && len(open) > 0 {
		what = t.standing(open, silent)
		if f, ok := foresee(t.strip.rows, open, now); ok {
			durations = append(durations, f.String())
		}
	}
	if w.until != nil {
		durations = append(durations, "next look in "+about(max(0, w.until.Sub(now))))
	}
	if t.time != "" && len(durations) > 0 {
		durations[len(durations)-1] += ", in " + t.time
	}
	return strings.Join(append([]string{what}, durations...), "; ")
}

// open lists the rows that matter and have something on its way, and counts those of them that have no answer yet: those
// before the last good push, or all where there is none.
func (t *talker) open() (open []ci.Row, silent int) {
	_, end := t.strip.bounds()
	if end < 0 {
		end = len(t.strip.rows)
	}
	for i, row := range t.strip.rows[:end] {
		switch {
		case t.strip.verdicts[i] == "unsettled":
			silent++
		case len(underWay(row)) == 0:
			continue
		}
		open = append(open, row)
	}
	return open, silent
}

// standing says how many of the pushes have still no answer, and where the jobs are that are on their way.
func (t *talker) standing(open []ci.Row, silent int) string {
	var jobs []ci.Job
	unseen := 0
	for _, row := range open {
		under := underWay(row)
		jobs = append(jobs, under...)
		if row.Requested && len(under) == 0 {
			unseen++
		}
	}
	var parts []string
	for _, s := range ci.State("").Values() {
		n := 0
		for _, j := range jobs {
			if string(j.State) == s {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, count(n, "job ", "jobs ")+jobWords[s])
		}
	}
	if unseen > 0 {
		parts = append(parts, count(unseen, "job", "jobs")+" not seen yet")
	}
	where := strings.Join(parts, ", ")
	switch {
	case silent == 0:
		return "every push has an answer; still " + where
	case silent == t.most:
		return count(silent, "push", "pushes") + " without an answer: " + where
	}
	return fmt.Sprintf("%d of %d pushes without an answer: %s", silent, t.most, where)
}

// underWay lists the jobs of a row that have not ended.
func underWay(row ci.Row) []ci.Job {
	var out []ci.Job
	for _, j := range row.Jobs {
		if j.State != ci.Completed {
			out = append(out, j)
		}
	}
	return out
}
