package main

import (
	"strings"

	"github.com/mozci/mozci-run/sources/ci"
)

// A deed is what an effect does, in words: would ask for 1 job, 2 jobs asked for.
type deed struct{ present, past, one, many string }

var deeds = map[string]deed{
	"jobs.trigger": {"ask for", "asked for", "job", "jobs"}, "jobs.retrigger": {"ask for", "asked for", "job", "jobs"},
	"jobs.cancel": {"cancel", "cancelled", "job", "jobs"}, "jobs.classify": {"classify", "classified", "job", "jobs"},
	"notify.webhook": {"send", "sent", "notice", "notices"},
}

func deedOf(effect string) deed {
	if d, ok := deeds[effect]; ok {
		return d
	}
	return deed{"do", "done", "thing", "things"}
}

// outcome is the line of one action: what was done, what it is about, and why. what is how that is called.
func (p *painter) outcome(o outcome, what string) item {
	deed := deedOf(o.Effect)
	mark, color, text := "? ", red, "may have "+deed.past
	switch o.Status {
	case ci.Done:
		mark, color, text = "+ ", green, deed.past
	case ci.Planned:
		mark, color, text = "+ ", cyan, "would "+deed.present
	case ci.Already:
		mark, color, text = "= ", dim, "no need to "+deed.present
	case ci.Refused:
		mark, color, text = "- ", yellow, "did not "+deed.present
	}
	return item{p.paint(color, mark), p.paint(color, text+" "+what) + because(o.Reason)}
}

// it is what an action is about where its job and its push have been named: the rest of the line.
func (o outcome) it() string {
	rest, ok := strings.CutPrefix(o.what, o.Job+" on "+short(o.Revision))
	if !ok {
		return o.what
	}
	return "it" + rest
}
