package sim

import (
	"fmt"
	"path"
)

// judge says how a run ends: what a History wants of it, or else what the truth and chance make of it. The rolls belong
// to job type, push, ordinal and run, so that the task id that a client has chosen has no say.
func (tl *timeline) judge(r *run) {
	t := r.task
	r.state, r.reason = "completed", "completed"
	switch {
	case t.kind == "decision-task":
		if t.push.DecisionFailed {
			r.state, r.reason = "failed", "failed"
			r.broken = &breakage{line: "[taskcluster:error] Exception: the taskgraph has a dependency that does not exist"}
		}
		return
	case t.action != nil:
		if err := tl.check(t); err != nil {
			r.state, r.reason = "failed", "failed"
			r.broken = &breakage{line: "Exception: " + err.Error()}
		} else if tl.w.chance(tl.w.sc.Actions.Fails, "action fails", t.push.branch.Name, t.push.id, t.label, t.ordinal) {
			r.state, r.reason = "failed", "failed"
			r.broken = &breakage{line: "requests.exceptions.ConnectionError: HTTPConnectionPool(host='taskcluster', port=80): Max retries exceeded"}
		}
		return
	case t.jt == nil:
		return
	}
	w, key := tl.w, []any{t.push.branch.Name, t.push.id, t.label, t.ordinal, r.id}
	roll := func(p float64, what string) bool { return w.chance(p, append([]any{what}, key...)...) }
	switch {
	case t.letter == "r" && r.id == 0, t.letter == "" && r.id < 4 && roll(t.jt.Retries, "retry"):
		r.state, r.reason, r.retried = "exception", "worker-shutdown", true
	case t.letter == "x", t.letter == "" && roll(t.jt.Exceptions, "exception"):
		r.state, r.reason = "exception", "internal-error"
	case t.letter == "c":
		r.state, r.reason = "exception", "canceled"
	case t.letter == "s":
		r.state, r.reason = "exception", "superseded"
	case t.letter != "P":
		tl.test(r, roll)
	}
}

// test decides between passed and failed.
func (tl *timeline) test(r *run, roll func(float64, string) bool) {
	t := r.task
	if c := tl.w.breaks(t.jt, t.push, t.manifests); c != nil && (c.Rate == 0 || roll(c.Rate, "culprit")) {
		r.broken = &breakage{line: c.Line, manifest: c.manifest}
		if c.Line == "" {
			r.broken.line = tl.line(t, c.manifest, "culprit", c.push.id)
		}
	} else if t.letter == "F" || roll(t.jt.Flake, "flake") {
		r.broken = &breakage{flake: true}
		if n := len(t.manifests); n > 0 {
			r.broken.manifest = t.manifests[tl.w.rng("flaky manifest", t.push.branch.Name, t.push.id, t.label, t.ordinal).IntN(n)]
		}
		r.broken.line = tl.line(t, r.broken.manifest, "flake", t.push.id%3)
	}
	if r.broken != nil {
		r.state, r.reason = "failed", "failed"
	}
}

// line invents a line of the log.
func (tl *timeline) line(t *task, manifest string, key ...any) string {
	r := tl.w.rng(append([]any{"line", t.label}, key...)...)
	if t.kind == "build" {
		return fmt.Sprintf("gmake[4]: *** [/builds/worker/checkouts/gecko/config/rules.mk:%d: nsFoo%d.o] Error 1", 600+r.IntN(200), r.IntN(90))
	}
	message := []string{"Test timed out - ", "expected PASS", "A promise chain failed to handle a rejection: TypeError - ", "leaked 2 window(s) until shutdown",
		"assertion count 1 is more than expected 0 assertions"}[r.IntN(5)]
	return fmt.Sprintf("TEST-UNEXPECTED-FAIL | %s/browser_thing%d.js | %s", path.Dir(manifest), r.IntN(30), message)
}
