package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

func (c *command) watchCommand() *cobra.Command {
	var branch string
	var every, timeout time.Duration
	cmd := &cobra.Command{
		Use: "watch REQUEST… | RUN | LINK", Short: "follow jobs until they have ended",
		Long: `watch asks for requests (Taskcluster task ids, Buildbot request ids) again and again until the newest job of each has ended, and
says what has changed. A run stands for the requests that it made, a link for the job that it points at. The exit code is 1 where a job has
not ended well, and 4 where some have not ended in time.`,
		Example: "  mozci-run watch PBgJnGYCQ1K-AqUAKKvynw\n  mozci-run watch 250301-120000-k7qw --timeout 2h",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(cmd.CommandPath()+" --help shows what it takes", "watch wants requests, a run or a link")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return c.watch(args, branch, every, timeout) },
	}
	cmd.Flags().StringVar(&branch, "branch", "", "the branch, where the source needs it")
	cmd.Flags().DurationVar(&every, "every", time.Minute, "how often to ask, in the profile's time; a minute at the least")
	cmd.Flags().DurationVar(&timeout, "timeout", 6*time.Hour, "how long, in the profile's time")
	return cmd
}

func (c *command) watch(args []string, branch string, every, timeout time.Duration) error {
	if every < time.Minute {
		return usage("services ask for a minute between questions", "--every %s is too often", every)
	}
	if err := c.asTheRun(args); err != nil {
		return err
	}
	s, err := c.open()
	if err != nil {
		return err
	}
	defer s.close()
	ids, err := c.watched(s, args)
	if err != nil {
		return err
	}
	end := s.clock.Now().Add(timeout)
	w := &watcher{c: c, out: c.painter(c.m.stdout), live: c.painter(c.m.stderr), time: s.timeOf(), last: map[string]string{}}
	for {
		list, err := sources.Ask[[]ci.Request](sources.Fresh(c.ctx), s.registry, "jobs.status", ci.StatusOf{Branch: branch, Requests: ids})
		if err != nil {
			return err
		}
		open, bad := w.tell(list)
		if open == 0 {
			c.note("%s ended, %s not well", count(len(list), "request has", "requests have"), count(bad, "of them", "of them"))
			if bad > 0 {
				return ending(exitFound)
			}
			return nil
		}
		if !s.clock.Now().Before(end) {
			c.note("%s not ended within %s; the same command goes on", count(open, "request has", "requests have"), timeout)
			return ending(exitIncomplete)
		}
		if err := w.wait(s.clock, list, open, every); err != nil {
			return err
		}
	}
}

// asTheRun takes the profile of the run that is watched, where none is named: its requests are of no other.
func (c *command) asTheRun(args []string) error {
	for _, a := range args {
		if c.flags.profile != "" || c.flags.replay != "" || !isRun(a) {
			continue
		}
		story, err := c.story(a)
		if err != nil {
			return err
		}
		c.flags.profile, c.flags.run = story.Run.Profile, story.Run.ID
	}
	return nil
}

// isRun says whether a word is the id of a run, or the end of one: it is no number of a request, and too short for a task id.
func isRun(word string) bool {
	return !strings.Contains(word, "://") && len(word) <= len("250301-120000-k7qw") && strings.Trim(word, "0123456789") != ""
}

// watched finds the requests that arguments mean.
func (c *command) watched(s *session, args []string) ([]string, error) {
	var ids []string
	for _, a := range args {
		switch {
		case strings.Contains(a, "://"):
			ev, err := c.pointedAt(s, a)
			if err != nil {
				return nil, err
			}
			if ev.Job == nil || ev.Job.Request == "" {
				return nil, usage("give a link with selectedTaskRun, or to a task", "the link points at no job")
			}
			ids = append(ids, ev.Job.Request)
		case isRun(a):
			made, err := c.requestsOf(a)
			if err != nil {
				return nil, err
			}
			ids = append(ids, made...)
		default:
			ids = append(ids, a)
		}
	}
	return ids, nil
}

func (c *command) requestsOf(run string) ([]string, error) {
	story, err := c.story(run)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, entry := range story.Ledger {
		if entry.Request != "" {
			ids = append(ids, entry.Request)
		}
	}
	if len(ids) == 0 {
		return nil, usage("mozci-run runs show "+run+" tells what it did", "%w", errors.New("run "+run+" has asked for nothing"))
	}
	return ids, nil
}

// A watcher tells how requests go on.
type watcher struct {
	c    *command
	out  *painter
	live *painter
	time string            // what the profile's time is called; empty where it is everybody's
	last map[string]string // how each request stood
}

// tell prints what has changed, and counts the requests that have not ended, and those that have ended badly.
func (w *watcher) tell(list []ci.Request) (open, bad int) {
	for _, r := range list {
		state, ended, good := standing(r)
		if !ended {
			open++
		} else if !good {
			bad++
		}
		if w.last[r.ID] == state {
			continue
		}
		w.last[r.ID] = state
		if w.c.flags.output == "json" {
			text, err := json.Marshal(r)
			must(err)
			fmt.Fprintf(w.c.m.stdout, "%s\n", text)
			continue
		}
		w.out.line("%s", words(r.ID, r.Type, short(r.Revision), state, r.Link))
	}
	return open, bad
}

// wait waits until somebody has to look again, and shows on a terminal what for.
func (w *watcher) wait(clock sources.Clock, list []ci.Request, open int, every time.Duration) error {
	due := clock.Now().Add(every)
	show := func() { w.live.show(item{pad("waiting"), w.waiting(list, open, clock.Now(), due)}) }
	if w.live.live {
		show()
	}
	stop := w.c.ticking(w.live, show)
	err := clock.Sleep(w.c.ctx, every)
	stop()
	w.live.show()
	return err
}

func (w *watcher) waiting(list []ci.Request, open int, now, due time.Time) string {
	parts := []string{fmt.Sprintf("%d of %s not ended yet", open, count(len(list), "request", "requests"))}
	var all, still []ci.Row
	alike := true
	for _, r := range list {
		row := ci.Row{Jobs: r.Jobs}
		all = append(all, row)
		if _, ended, _ := standing(r); !ended {
			still = append(still, row)
		}
		alike = alike && r.Type == list[0].Type
	}
	if f, ok := foresee(all, still, now); ok && alike {
		parts = append(parts, f.String())
	}
	parts = append(parts, "next look in "+about(max(0, due.Sub(now))))
	if w.time != "" {
		parts[len(parts)-1] += ", in " + w.time
	}
	return strings.Join(parts, "; ")
}

// standing says how a request stands: by its newest job, where it has one.
func standing(r ci.Request) (state string, ended, good bool) {
	if len(r.Jobs) == 0 {
		return string(r.State), r.State == ci.Completed, false
	}
	j := r.Jobs[len(r.Jobs)-1]
	if j.State != ci.Completed || j.Result == ci.Retry {
		return string(j.State), false, false
	}
	return string(j.Result), true, j.Result == ci.Success
}
