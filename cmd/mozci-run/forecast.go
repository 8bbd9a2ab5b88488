package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/mozci/mozci-run/sources/ci"
)

// A forecast says how long jobs that are on their way will take, from how long others of their type took.
type forecast struct {
	usual time.Duration // the median of the others
	left  time.Duration // until the last of them ends; less than 0 where it should have
	least bool          // whether it may be any longer, since some of them have not started
}

// foresee looks ahead from the jobs that have ended in a history to those of its open rows; false where none has ended of
// which it is known how long it took. How long a machine is waited for is not foreseen.
func foresee(history, open []ci.Row, now time.Time) (f forecast, ok bool) {
	var took []time.Duration
	for _, row := range history {
		for _, j := range row.Jobs {
			if evident(j) && j.Started != nil && j.Ended != nil && j.Ended.After(*j.Started) {
				took = append(took, j.Ended.Sub(*j.Started))
			}
		}
	}
	if len(took) == 0 {
		return forecast{}, false
	}
	slices.Sort(took)
	f.usual = took[len(took)/2]
	f.left = -f.usual
	for _, row := range open {
		jobs := underWay(row)
		if len(jobs) == 0 {
			f.left, f.least = f.usual, true
		}
		for _, j := range jobs {
			left := f.usual
			if j.State == ci.Running && j.Started != nil {
				left -= max(0, now.Sub(*j.Started))
			} else {
				f.least = true
			}
			f.left = max(f.left, left)
		}
	}
	return f, true
}

// evident says whether a job ran as far as it could: how long that took says something of others.
func evident(j ci.Job) bool {
	return j.State == ci.Completed && (j.Result == ci.Success || j.Result == ci.TestFailed || j.Result == ci.Busted)
}

func (f forecast) String() string {
	usual := " (the job takes " + about(f.usual) + ")"
	switch {
	case f.left <= 0:
		return "due by now" + usual
	case f.least:
		return "at least " + about(f.left) + " left" + usual
	}
	return "about " + about(f.left) + " left" + usual
}

// about is a duration as people say it.
func about(d time.Duration) string {
	minutes := int(d.Round(time.Minute) / time.Minute)
	switch {
	case d < 100*time.Second:
		return fmt.Sprintf("%d s", int(d.Round(time.Second)/time.Second))
	case minutes < 100:
		return fmt.Sprintf("%d min", minutes)
	case minutes < 60*100:
		return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
	}
	return fmt.Sprintf("%d d %d h", minutes/60/24, minutes/60%24)
}
