package engine

import (
	"errors"
	"strings"
	"time"

	"github.com/go-co-op/gocron/v2"

	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// starts compiles what starts runs. A start that leaves an input open is refused: nobody is there to give it.
func (c *checker) starts() {
	for _, d := range c.def.Starts {
		c.prog.Starts = append(c.prog.Starts, c.start(d))
	}
}

func (c *checker) start(d *startDef) Start {
	s := Start{Kind: StartKind(d.kind.Value), Place: placeOf(d.kind)}
	w := within{scope: &rules.Scope{Rules: c.prog.Rules}}
	if s.Kind != OnSchedule {
		w.scope.Vars = []rules.Var{{Name: "event", Type: c.followEvent(firedEvent()), Doc: "what happened"}}
		s.If = c.expr(d.cond, "if", w, schemas.Of(schemas.Bool))
	}
	if d.every != nil {
		s.Every = duration(d.every)
	}
	if d.cron != nil {
		s.Cron = d.cron.Value
		c.cron(d.cron)
	}
	s.Inputs = c.startInputs(d, w)
	return s
}

// someDay is a day from which schedules are looked at: any will do.
var someDay = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// cron holds a schedule to what gocron takes. Time zones go first: what reads them panics where nothing follows.
func (c *checker) cron(n *yamldoc.Node) {
	const wanted = "five fields are wanted (minute hour day month weekday), such as */15 * * * *"
	switch {
	case strings.HasPrefix(n.Value, "@"):
		c.problem(n, "cron", "%q is no schedule here: %s, or schedule: {every: 15m}", n.Value, wanted)
		return
	case strings.Contains(n.Value, "TZ="):
		c.problem(n, "cron", "schedules are in UTC; leave out the time zone")
		return
	}
	err := gocron.NewDefaultCron(false).IsValid(n.Value, time.UTC, someDay)
	switch {
	case errors.Is(err, gocron.ErrCronJobInvalid):
		c.problem(n, "cron", "%q never comes: there is no such day", n.Value)
	case err != nil:
		lines := strings.Split(err.Error(), "\n") // the last is the parser's own
		c.problem(n, "cron", "%q is no schedule: %s; %s", n.Value, strings.TrimSpace(lines[len(lines)-1]), wanted)
	}
}

// startInputs compiles the inputs of a start. One that neither has a default, nor is given by the profile, has to be there.
func (c *checker) startInputs(d *startDef, w within) *Value {
	given, _ := c.cat.(profileInputs)
	fields := c.prog.inputsType().Fields
	for i, f := range fields {
		if given != nil && given.GivesInput(f.Name) {
			fields[i].Optional = true
		}
	}
	at := d.kind
	t := schemas.ObjectOf("inputs", fields...)
	for _, f := range t.Fields {
		if d.inputs.Get(f.Name) == nil && !f.Optional {
			c.problem(at, "open-input", "%s leaves the input %s open (%s%s): nobody is there to give it; put it under inputs, or give it a default",
				d.kind.Value, f.Name, f.Type, forDoc(f.Doc))
		}
	}
	for i := range t.Fields {
		t.Fields[i].Optional = true
	}
	return c.object(d.inputs, at, "the workflow", t, w)
}
