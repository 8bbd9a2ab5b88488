package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/mozci/mozci-run/schemas"
)

// outputs works out what the run ends with. Where it has not ended well, those outputs are left out that name a step
// without a value.
func (c *coordinator) outputs(res *Result, v verdict) {
	if len(c.prog.Outputs) == 0 || c.fatal != nil {
		return
	}
	c.launch(c.l.last, record{Step: "run", Stage: "outputs"}, func(ctx context.Context, r *record) {
		var list []Written
		for _, o := range c.prog.Outputs {
			if !v.well() && o.missing(v.absent) {
				continue
			}
			fact, err := o.value(ctx, v)
			var raw json.RawMessage
			if err == nil {
				raw, err = o.kind().Marshal(fact)
			}
			if err != nil {
				r.fails(fmt.Errorf("output %s: %w", o.Name, err))
				return
			}
			list = append(list, Written{Name: o.Name, Value: raw})
		}
		raw, err := json.Marshal(list)
		if err != nil {
			r.fails(err)
			return
		}
		r.Value = raw
		r.ends(Succeeded, NoCause, "")
	}, func(r *record) { c.read(res, r) })
	c.fly()
}

// read takes the recorded outputs into the result. One that could not be worked out fails a run that was well.
func (c *coordinator) read(res *Result, r *record) {
	if r.Status != Succeeded {
		if res.Status == Succeeded {
			res.Status, res.Cause, res.Reason, res.Error = r.Status, r.Cause, r.Reason, r.Error
		}
		return
	}
	if err := json.Unmarshal(r.Value, &res.Written); err != nil {
		c.fatal = fmt.Errorf("reading the record of the outputs: %w", err)
		return
	}
	res.Outputs = make(map[string]any, len(res.Written))
	for _, w := range res.Written {
		for _, o := range c.prog.Outputs {
			if o.Name != w.Name {
				continue
			}
			fact, err := o.kind().Unmarshal(w.Value)
			if err != nil {
				c.fatal = fmt.Errorf("reading the record of output %s: %w", w.Name, err)
				return
			}
			res.Outputs[w.Name] = fact
		}
	}
}

func (o Output) kind() *schemas.Type {
	if o.Value.Type == nil {
		return anything
	}
	return o.Value.Type.OrNil()
}

// missing says whether the output names a step that has no value.
func (o Output) missing(absent map[string]string) bool {
	for _, ref := range o.Value.Refs() {
		if _, ok := absent[ref.Name]; ok && !ref.Guarded {
			return true
		}
	}
	return false
}

// value works out the output: nil where it names a step that was skipped.
func (o Output) value(ctx context.Context, v verdict) (any, error) {
	if o.missing(v.absent) {
		return nil, nil
	}
	fact, err := o.Value.Eval(ctx, v.vars)
	if err != nil {
		return nil, err
	}
	return o.kind().Conform(fact)
}
