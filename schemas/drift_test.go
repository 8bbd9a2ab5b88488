package schemas_test

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/schemas"
)

func shapeOf(t *testing.T, bodies ...string) *schemas.Shape {
	t.Helper()
	s := schemas.NewShape()
	for _, b := range bodies {
		v, err := schemas.DecodeJSON([]byte(b))
		if err != nil {
			t.Fatal(err)
		}
		s.Add(v)
	}
	return s.Finish()
}

func rows(n int, row func(i int) string) string {
	s := `{"rows":[`
	for i := range n {
		if i > 0 {
			s += ","
		}
		s += row(i)
	}
	return s + "]}"
}

func TestDrift(t *testing.T) {
	plain := func(i int) string { return fmt.Sprintf(`{"id":%d,"user":"u","state":"ok"}`, i) }
	for _, tt := range []struct{ name, then, now, want string }{
		{"nothing", rows(40, plain), rows(30, plain), ""},
		{"a member added", `{"a":1}`, `{"a":1,"b":2}`, "D101 $.b"},
		{"a member gone", `{"a":1,"b":{"c":1}}`, `{"a":1}`, "D102 $.b"},
		{"retyped", `{"a":1}`, `{"a":[1]}`, "D103 $.a"},
		{"a number became its text", `{"a":1}`, `{"a":"12"}`, "D103 $.a parses"},
		{"a whole number where fractions stood", `{"a":1.5}`, `{"a":2}`, ""},
		{"null where there was none", `{"a":1}`, `{"a":null}`, "D104 $.a"},
		{"null as before", `{"a":[1,null]}`, `{"a":[null,2]}`, ""},
		{"keys of a map are data", `{"pushes":{"1":{"x":1}}}`, `{"pushes":{"2":{"x":1},"3":{"x":2}}}`, ""},
		{"presence dropped", rows(400, func(i int) string {
			if i < 9 {
				return `{"id":1}`
			}
			return `{"id":1,"user":"u"}`
		}), rows(400, func(int) string { return `{"id":1}` }), "D102 $.rows[].user"},
		{"three missing samples are chance", rows(400, plain), rows(3, plain), ""},
		{"rarer", rows(400, plain), rows(400, func(i int) string {
			if i%2 == 0 {
				return fmt.Sprintf(`{"id":%d,"state":"ok"}`, i)
			}
			return plain(i)
		}), "D105 $.rows[].user"},
		{"a word more", rows(100, plain), rows(100, func(i int) string {
			if i == 50 {
				return `{"id":50,"user":"u","state":"fine"}`
			}
			return plain(i)
		}), "D106 $.rows[].state fine"},
		{"the other way round", rows(40, plain), rows(40, func(i int) string { return plain(40 - i) }), "D109 $.rows"},
		{"columns by name", `{"job_property_names":["id","x"],"results":[[1,"a"]]}`, `{"job_property_names":["x","id"],"results":[["a",1]]}`, ""},
		{"a column gone", `{"job_property_names":["id","x"],"results":[[1,"a"]]}`, `{"job_property_names":["id"],"results":[[1]]}`, "D102 $.results[].x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for _, d := range schemas.Drift(shapeOf(t, tt.then), shapeOf(t, tt.now), nil) {
				if got != "" {
					got += "; "
				}
				got += d.Change.Code() + " " + d.Path
				if d.Parses {
					got += " parses"
				}
				for _, w := range d.Words {
					got += " " + w
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// The reference values are R's: fisher.test(matrix(c(a,b,c,d),2)).
// What a schema says may be is no difference, and its vocabulary is the one that counts.
func TestDriftByASchema(t *testing.T) {
	schema, err := schemas.NewSchema("rows", []byte(`{"type":"object","properties":{"rows":{"type":"array","items":{"type":"object","required":["id","user"],"properties":{
		"id":{"type":"integer"},"user":{"type":["string","null"]},"free":{"type":"string"},"state":{"enum":["ok","bad","gone"]},"share":{"type":"number"},
		"low":{"type":"integer","default":0}}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	same := func(row string) func(int) string { return func(int) string { return row } }
	half := func(a, b string) func(int) string {
		return func(i int) string { return []string{a, b}[i%2] }
	}
	for _, tt := range []struct {
		name      string
		then, now func(int) string
		want      string
	}{
		{"null that may be", same(`{"id":1,"user":"u"}`), same(`{"id":1,"user":null}`), ""},
		{"null that may not be", same(`{"id":1}`), same(`{"id":null}`), "D104 $.rows[].id"},
		{"a fraction where a number may stand", same(`{"id":1,"share":1}`), same(`{"id":1,"share":0.5}`), ""},
		{"absent that need not be there", same(`{"id":1,"free":"x"}`), half(`{"id":1,"free":"x"}`, `{"id":1}`), ""},
		{"absent that has a default", same(`{"id":1,"low":1}`), half(`{"id":1,"low":1}`, `{"id":1}`), ""},
		{"absent that is wanted", same(`{"id":1,"user":"u"}`), half(`{"id":1,"user":"u"}`, `{"id":1}`), "D105 $.rows[].user"},
		{"any text will do", same(`{"id":1,"free":"a"}`), same(`{"id":1,"free":"b"}`), ""},
		{"a word of the vocabulary that was not seen", same(`{"id":1,"state":"ok"}`), same(`{"id":1,"state":"bad"}`), "D107 $.rows[].state ok"},
		{"a word that is new", same(`{"id":1,"state":"ok"}`), half(`{"id":1,"state":"ok"}`, `{"id":1,"state":"odd"}`), "D106 $.rows[].state odd"},
		{"the order is the schema's to say", func(i int) string { return fmt.Sprintf(`{"id":%d}`, i) }, func(i int) string { return fmt.Sprintf(`{"id":%d}`, -i) }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for _, d := range schemas.Drift(shapeOf(t, rows(100, tt.then)), shapeOf(t, rows(100, tt.now)), schema) {
				got += strings.TrimSpace(fmt.Sprintf("%s %s %s", d.Change.Code(), d.Path, strings.Join(d.Words, " ")))
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFisher(t *testing.T) {
	for _, tt := range []struct {
		a, b, c, d int
		want       float64
	}{
		{3, 1, 1, 3, 0.4857143},
		{1, 9, 11, 3, 0.002759456},
		{0, 0, 0, 0, 1},
		{10, 0, 0, 10, 1.082509e-05},
	} {
		if got := schemas.Fisher(tt.a, tt.b, tt.c, tt.d); math.Abs(got-tt.want) > 1e-6*math.Max(1, tt.want) {
			t.Errorf("Fisher(%d,%d,%d,%d) = %v, want %v", tt.a, tt.b, tt.c, tt.d, got, tt.want)
		}
	}
}

func TestReadsOf(t *testing.T) {
	type push struct {
		Changesets []string `json:"changesets"`
		Date       int64    `json:"date"`
		Git        *string  `json:"git"`
		Note       string   `json:"note,omitempty"`
	}
	type answer struct {
		Last   int             `json:"lastpushid"`
		Pushes map[string]push `json:"pushes"`
	}
	got := map[string]string{}
	for _, r := range schemas.ReadsOf(reflect.TypeFor[answer]()) {
		got[r.Path] = fmt.Sprintf("%s nullable=%t required=%t", r.Kind, r.Nullable, r.Required)
	}
	want := map[string]string{
		"$":                       "object nullable=false required=true",
		"$.lastpushid":            "int nullable=false required=true",
		"$.pushes":                "object nullable=true required=true",
		"$.pushes.*":              "object nullable=false required=true",
		"$.pushes.*.changesets":   "array nullable=true required=true",
		"$.pushes.*.changesets[]": "string nullable=false required=true",
		"$.pushes.*.date":         "int nullable=false required=true",
		"$.pushes.*.git":          "string nullable=true required=false",
		"$.pushes.*.note":         "string nullable=false required=false",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
