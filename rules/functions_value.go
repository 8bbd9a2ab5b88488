package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/mozci/mozci-run/schemas"
)

func valueFunctions() []*function {
	date := fn("date", "the time that a text says: 2025-03-01, or 2025-03-01T12:00:00Z; nil where it is none. A text that is written out is checked, and never nil",
		readAs(schemas.Time), "date(string) time?")
	date.special = writtenOut(schemas.Time)
	duration := fn("duration", "the duration that a text says: 90s, 15m, 1h30m; nil where it is none. A text that is written out is checked, and never nil",
		readAs(schemas.Duration), "duration(string) duration?")
	duration.special = writtenOut(schemas.Duration)
	whole := fn("int", "the number without its fraction; nil where a text is no whole number", toInt, "int(float) int", "int(string) int?", "int(any) int?")
	whole.special = notOf("int")
	fraction := fn("float", "the number with a fraction; nil where a text is none", toFloat, "float(float) float", "float(string) float?", "float(any) float?")
	fraction.special = notOf("float")
	return []*function{
		fn("len", "how many elements a list or a map has, or characters a text", length, "len([T]) int", "len(string) int", "len({T}) int"),
		fn("type", "what kind of value it is", kindOf, "type(any) nil|bool|int|float|string|time|duration|list|map"),
		fn("abs", "the value without its sign", abs, "abs(N) N"),
		fn("ceil", "the least whole number that is not smaller", round(math.Ceil), "ceil(float) float"),
		fn("floor", "the greatest whole number that is not larger", round(math.Floor), "floor(float) float"),
		fn("round", "the nearest whole number", round(math.Round), "round(float) float"),
		whole,
		fraction,
		costly(fn("string", "the value as text: times as 2025-03-01T12:00:00Z, durations as 1h30m0s, lists and objects as JSON, nil as nothing", toText, "string(any) string")),
		costly(fn("toJSON", "the value as JSON, members by name", toJSON, "toJSON(any) string")),
		fn("fromJSON", "the value that is written in JSON, of any type; nil where it is none", fromJSON, "fromJSON(string) any"),
		date,
		duration,
		fn("since", "how long before the second time the first was: since(job.ended, run.now)", since, "since(time, time) duration"),
		fn("seconds", "the duration in seconds", inUnits(time.Second), "seconds(duration) float"),
		fn("minutes", "the duration in minutes", inUnits(time.Minute), "minutes(duration) float"),
		fn("hours", "the duration in hours", inUnits(time.Hour), "hours(duration) float"),
		fn("hour", "the hour of the day in UTC, 0 to 23", hour, "hour(time) int"),
		fn("weekday", "the day of the week in UTC", weekday, "weekday(time) monday|tuesday|wednesday|thursday|friday|saturday|sunday"),
	}
}

func length(args ...any) (any, error) {
	switch x := args[0].(type) {
	case []any:
		return len(x), nil
	case string:
		return utf8.RuneCountInString(x), nil
	}
	return len(args[0].(map[string]any)), nil
}

func kindOf(args ...any) (any, error) {
	switch args[0].(type) {
	case nil:
		return "nil", nil
	case bool:
		return "bool", nil
	case int:
		return "int", nil
	case float64:
		return "float", nil
	case string:
		return "string", nil
	case time.Time:
		return "time", nil
	case time.Duration:
		return "duration", nil
	case []any:
		return "list", nil
	}
	return "map", nil
}

func abs(args ...any) (any, error) {
	switch x := args[0].(type) {
	case int:
		if x < 0 {
			return negate(x)
		}
		return x, nil
	case time.Duration:
		return x.Abs(), nil
	}
	return math.Abs(args[0].(float64)), nil
}

func round(f func(float64) float64) func(...any) (any, error) {
	return func(args ...any) (any, error) { return f(args[0].(float64)), nil }
}

func toInt(args ...any) (any, error) {
	switch x := args[0].(type) {
	case int:
		return x, nil
	case float64:
		if !(math.Abs(x) < 1<<63) { // nor is NaN
			return nil, errLarge
		}
		return int(x), nil
	case string:
		if n, err := strconv.Atoi(strings.TrimSpace(x)); err == nil {
			return n, nil
		}
	}
	return nil, nil
}

func toFloat(args ...any) (any, error) {
	switch x := args[0].(type) {
	case int:
		return float64(x), nil
	case float64:
		return x, nil
	case string:
		if f, err := strconv.ParseFloat(strings.TrimSpace(x), 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f, nil
		}
	}
	return nil, nil
}

func toText(args ...any) (any, error) {
	args[0].(*run).walkThrough(args[1])
	s := written(args[1])
	args[0].(*run).write(len(s))
	return s, nil
}

// written is a value as text: in string(…), and where ${{ }} stands within other text.
func written(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case bool:
		return strconv.FormatBool(x)
	case int:
		return strconv.Itoa(x)
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case time.Time:
		return x.UTC().Format(time.RFC3339Nano)
	case time.Duration:
		return x.String()
	}
	return asJSON(v)
}

// listWritten is a list within other text: its elements with commas between them.
func listWritten(v any) string {
	list, ok := v.([]any)
	if !ok {
		return written(v)
	}
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = written(e)
	}
	return strings.Join(parts, ", ")
}

// asJSON writes a fact without its type: members by name, durations as text.
func asJSON(v any) string {
	var t schemas.Type // any
	b, err := t.Marshal(v)
	if err != nil { // a float that JSON has no number for
		return strconv.Quote(fmt.Sprint(v))
	}
	return string(b)
}

func toJSON(args ...any) (any, error) {
	args[0].(*run).walkThrough(args[1])
	s := asJSON(args[1])
	args[0].(*run).write(len(s))
	return s, nil
}

func fromJSON(args ...any) (any, error) {
	if !json.Valid([]byte(args[0].(string))) {
		return nil, nil
	}
	v, err := schemas.DecodeJSON([]byte(args[0].(string)))
	if err != nil {
		return nil, nil
	}
	return v, nil
}

// readAs reads a text as a scalar, and gives nil where it is none.
func readAs(k schemas.Kind) func(...any) (any, error) {
	t := schemas.Of(k)
	return func(args ...any) (any, error) {
		v, err := t.Parse(args[0].(string))
		if err != nil {
			return nil, nil
		}
		return v, nil
	}
}

// writtenOut reads a text that is written out while it is checked.
func writtenOut(k schemas.Kind) func(c *checker, n ast.Node, args []ast.Node, vals []value, out value) (value, bool) {
	t := schemas.Of(k)
	return func(c *checker, n ast.Node, args []ast.Node, vals []value, out value) (value, bool) {
		s, ok := vals[0].lit.(string)
		if !ok {
			return value{}, false
		}
		v, err := t.Parse(s)
		if err != nil {
			return c.report(args[0], KindLiteral, "%v", err), true
		}
		node := c.made(&ast.ConstantNode{Value: v}, n, t)
		return value{typ: t, node: node, lit: v}, true
	}
}

// notOf refuses what is known to be neither a number nor a text. (A value of any type may be one.)
func notOf(name string) func(c *checker, n ast.Node, args []ast.Node, vals []value, out value) (value, bool) {
	return func(c *checker, n ast.Node, args []ast.Node, vals []value, out value) (value, bool) {
		t := vals[0].typ
		if isNumber(t) || t.Kind == schemas.String || t.Kind == schemas.Any {
			return value{}, false
		}
		return c.report(args[0], KindType, "%s asks for a number or a text, and this is %s", name, a(t)), true
	}
}

func since(args ...any) (any, error) {
	return args[1].(time.Time).Sub(args[0].(time.Time)), nil
}

func inUnits(unit time.Duration) func(...any) (any, error) {
	return func(args ...any) (any, error) {
		return float64(args[0].(time.Duration)) / float64(unit), nil
	}
}

func hour(args ...any) (any, error) { return args[0].(time.Time).UTC().Hour(), nil }

func weekday(args ...any) (any, error) {
	return strings.ToLower(args[0].(time.Time).UTC().Weekday().String()), nil
}

var errLarge = errors.New("a whole number beyond 9223372036854775807, or below -9223372036854775808")

func negate(args ...any) (any, error) {
	if d, ok := args[0].(time.Duration); ok {
		return difference(0, d, errLong)
	}
	return difference(0, args[0].(int), errLarge)
}

// plus adds two ints, or two durations.
func plus(args ...any) (any, error) {
	if d, ok := args[0].(time.Duration); ok {
		return added(d, args[1].(time.Duration), errLong)
	}
	return added(args[0].(int), args[1].(int), errLarge)
}

func added[N int | time.Duration](a, b N, beyond error) (any, error) {
	if sum := a + b; (sum > a) == (b > 0) {
		return sum, nil
	}
	return nil, beyond
}

// minus subtracts two ints, or two durations.
func minus(args ...any) (any, error) {
	if d, ok := args[0].(time.Duration); ok {
		return difference(d, args[1].(time.Duration), errLong)
	}
	return difference(args[0].(int), args[1].(int), errLarge)
}

func difference[N int | time.Duration](a, b N, beyond error) (any, error) {
	if rest := a - b; (rest < a) == (b > 0) {
		return rest, nil
	}
	return nil, beyond
}

// product multiplies two ints.
func product(args ...any) (any, error) {
	a, b := args[0].(int), args[1].(int)
	p := a * b
	if a != 0 && (p/a != b || a == -1 && b == math.MinInt) {
		return nil, errLarge
	}
	return p, nil
}

// times is a duration times a number, in either order.
func times(args ...any) (any, error) {
	d, ok := args[0].(time.Duration)
	by := args[1]
	if !ok {
		d, by = args[1].(time.Duration), args[0]
	}
	if n, ok := by.(int); ok && math.Abs(float64(d)*float64(n)) < 1<<62 {
		return d * time.Duration(n), nil
	}
	return lasting(float64(d) * number(by))
}

// lasting is a duration in nanoseconds.
func lasting(nanoseconds float64) (any, error) {
	if math.Abs(nanoseconds) >= math.MaxInt64 || math.IsNaN(nanoseconds) {
		return nil, errLong
	}
	return time.Duration(nanoseconds), nil
}

var errLong = errors.New("a duration of more than 292 years")

var errZero = errors.New("nothing can be divided by 0")

func number(v any) float64 {
	switch x := v.(type) {
	case int:
		return float64(x)
	case time.Duration:
		return float64(x)
	}
	return v.(float64)
}

// divide is a number, or a duration, by a number, or a duration by a duration.
func divide(args ...any) (any, error) {
	by := number(args[1])
	if by == 0 {
		return nil, errZero
	}
	d, ok := args[0].(time.Duration)
	if _, both := args[1].(time.Duration); ok && !both {
		return lasting(float64(d) / by)
	}
	return number(args[0]) / by, nil
}

func modulo(args ...any) (any, error) {
	if args[1].(int) == 0 {
		return nil, errZero
	}
	return args[0].(int) % args[1].(int), nil
}

// conform makes another of a value, as a type has it.
func conform(args ...any) (any, error) {
	args[0].(*run).walkThrough(args[2])
	return args[1].(*schemas.Type).Conform(args[2])
}
