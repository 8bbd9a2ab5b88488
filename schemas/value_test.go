package schemas_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/schemas"
)

// everything has a member of every kind.
type everything struct {
	Flag  bool              `json:"flag" doc:"yes or no"`
	Count int               `json:"count" default:"3"`
	Share float64           `json:"share"`
	Text  string            `json:"text"`
	At    time.Time         `json:"at"`
	For   time.Duration     `json:"for" default:"15m"`
	List  []string          `json:"list"`
	Map   map[string]int    `json:"map"`
	Any   any               `json:"any"`
	Maybe *string           `json:"maybe"`
	Deep  map[string][]deep `json:"deep"`
}

type deep struct {
	X *int `json:"x"`
}

func TestEveryKindGoesThroughAFact(t *testing.T) {
	seven, yes := 7, "yes"
	typ := schemas.TypeOf[everything]()
	for _, v := range []everything{
		{List: []string{}, Map: map[string]int{}, Deep: map[string][]deep{}},
		{Flag: true, Count: -1, Share: 0.5, Text: "é", At: time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC), For: 90 * time.Second, List: []string{"a", ""},
			Map: map[string]int{"b": 2, "a": 1}, Any: []any{1, "x", nil}, Maybe: &yes, Deep: map[string][]deep{"d": {{&seven}, {}}}},
	} {
		data, err := typ.Marshal(typ.Fact(v))
		if err != nil {
			t.Fatal(err)
		}
		back, err := typ.Unmarshal(data)
		if err != nil {
			t.Fatalf("%v in %s", err, data)
		}
		var got everything
		if err := typ.Bind(back, &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(v, got); d != "" {
			t.Errorf("through %s (-before +after):\n%s", data, d)
		}
	}
}

func TestParse(t *testing.T) {
	text := schemas.Of(schemas.String)
	for _, tt := range []struct {
		typ  *schemas.Type
		in   string
		want any
		err  string
	}{
		{text, "", "", ""},
		{schemas.Of(schemas.Any), "x", "x", ""},
		{schemas.Of(schemas.Bool), "true", true, ""},
		{schemas.Of(schemas.Bool), "yes", nil, `"yes" is no bool (true or false)`},
		{schemas.Of(schemas.Int), "-7", -7, ""},
		{schemas.Of(schemas.Int), "7.5", nil, `"7.5" is no int (20)`},
		{schemas.Of(schemas.Float), "0.5", 0.5, ""},
		{schemas.Of(schemas.Float), "NaN", nil, `"NaN" is no float (0.5)`},
		{schemas.Of(schemas.Time), "2025-03-01", time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC), ""},
		{schemas.Of(schemas.Time), "2025-03-01T13:00:00+01:00", time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC), ""},
		{schemas.Of(schemas.Time), "2025-03-01 12:00:00", time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC), ""},
		{schemas.Of(schemas.Time), "soon", nil, `"soon" is no time (2025-03-01T12:00:00Z)`},
		{schemas.Of(schemas.Duration), "1h30m", 90 * time.Minute, ""},
		{schemas.Of(schemas.Duration), "1d", nil, `"1d" is no duration (90s, 15m, 6h)`},
		{schemas.ListOf(text), "", []any{}, ""},
		{schemas.ListOf(schemas.Of(schemas.Int)), "1, 2", []any{1, 2}, ""},
		{schemas.ListOf(schemas.Of(schemas.Int)), "1,x", nil, `"x" is no int (20)`},
		{schemas.MapOf(text), "a", nil, `"a" is no map`},
		{schemas.EnumOf("", "opt", "debug"), "asan", nil, `"asan" is none of "opt"|"debug"`},
	} {
		got, err := tt.typ.Parse(tt.in)
		if fmt.Sprint(err) != tt.err && (err != nil || tt.err != "") {
			t.Errorf("%s of %q: %v, want %q", tt.typ, tt.in, err, tt.err)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s of %q (-want +got):\n%s", tt.typ, tt.in, d)
		}
	}
}

func TestZero(t *testing.T) {
	for _, tt := range []struct {
		typ  *schemas.Type
		want any
	}{
		{schemas.Of(schemas.Bool), false}, {schemas.Of(schemas.Int), 0}, {schemas.Of(schemas.Float), 0.0}, {schemas.Of(schemas.String), ""},
		{schemas.Of(schemas.Time), time.Time{}}, {schemas.Of(schemas.Duration), time.Duration(0)}, {schemas.Of(schemas.Any), nil},
		{schemas.ListOf(schemas.Of(schemas.Int)), []any{}}, {schemas.MapOf(schemas.Of(schemas.Int)), map[string]any{}},
		{schemas.ObjectOf("P", schemas.Field{Name: "n", Type: schemas.Of(schemas.Int)}), map[string]any{"n": 0}},
		{schemas.Of(schemas.String).OrNil(), nil},
	} {
		if d := cmp.Diff(tt.want, tt.typ.Zero()); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.typ, d)
		}
	}
}

func TestConformSaysWhatIsWanted(t *testing.T) {
	typ := schemas.TypeOf[everything]()
	for _, tt := range []struct {
		member string
		value  any
		want   string
	}{
		{"flag", "true", `flag: a bool is wanted, and this is "true" (a string)`},
		{"count", 1 << 60, ""},
		{"count", 2.0, ""},
		{"share", 1, ""},
		{"share", "1", `share: a float is wanted, and this is "1" (a string)`},
		{"at", "soon", `at: "soon" is no time (2025-03-01T12:00:00Z)`},
		{"at", time.Unix(0, 0), ""},
		{"for", time.Second, ""},
		{"for", true, "for: a duration is wanted, and this is true (a bool)"},
		{"list", "a", `list: a list of string is wanted, and this is "a" (a string)`},
		{"map", []any{}, "map: a map of int is wanted, and this is a list of 0"},
		{"map", map[string]any{"a": 1.5}, "map.a: an int is wanted, and this is 1.5 (a float)"},
		{"deep", map[string]any{"d": []any{7}}, "deep.d[0]: a deep is wanted, and this is 7 (an int)"},
		{"deep", map[string]any{"d": []any{map[string]any{"y": 1}}}, `deep.d[0]: there is no member "y" in deep`},
		{"text", map[string]any{}, "text: a string is wanted, and this is an object"},
		{"text", nil, "text: a string is wanted, and this is nil"},
	} {
		fact := typ.Zero().(map[string]any)
		fact[tt.member] = tt.value
		_, err := typ.Conform(fact)
		if got := fmt.Sprint(err); got != tt.want && (err != nil || tt.want != "") {
			t.Errorf("%s = %v: %s\nwant %s", tt.member, tt.value, got, tt.want)
		}
	}
}

func TestDescribeIsShort(t *testing.T) {
	long := ""
	for range 100 {
		long += "x"
	}
	for _, tt := range []struct {
		v    any
		want string
	}{
		{nil, "nil"}, {7, "7 (an int)"}, {0.5, "0.5 (a float)"}, {true, "true (a bool)"}, {[]any{1, 2}, "a list of 2"}, {map[string]any{}, "an object"},
		{"a", `"a" (a string)`}, {long, `"` + long[:57] + `…" (a string)`},
	} {
		if got := schemas.Describe(tt.v); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

func TestFamilies(t *testing.T) {
	got := schemas.Families([]string{
		"test-linux1804-64-qr/opt-mochitest-3", "test-linux1804-64-qr/opt-mochitest-12", "test-linux1804-64-qr/opt-mochitest-3", "test-linux2404-64-qr/opt-mochitest-1",
		"Zweig 7 new", "hg-0123456789abcdef", "hg-fedcba9876543210",
	})
	want := []schemas.NewFamily{
		{Family: "Zweig N new", Examples: []string{"Zweig 7 new"}, Count: 1},
		{Family: "hg-H", Examples: []string{"hg-0123456789abcdef", "hg-fedcba9876543210"}, Count: 2},
		{Family: "test-linuxN-N-qr/opt-mochitest-N", Count: 4,
			Examples: []string{"test-linux1804-64-qr/opt-mochitest-12", "test-linux1804-64-qr/opt-mochitest-3", "test-linux2404-64-qr/opt-mochitest-1"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestFollowed(t *testing.T) {
	typ := schemas.ListOf(schemas.TypeOf[everything]())
	f := typ.Followed("q")
	if typ.IsFollowed() || !f.IsFollowed() || f.String() != typ.String() {
		t.Errorf("%s and %s", typ, f)
	}
	if got := f.Elem.Field("deep").Type.Elem.Elem.Field("x").Type.Origins; len(got) != 1 || got[0] != (schemas.Origin{Of: "q", Path: "[].deep.*[].x"}) {
		t.Errorf("got %v", got)
	}
	plain := schemas.ObjectOf("", schemas.Field{Name: "n", Type: schemas.Of(schemas.Int)}, schemas.Field{Name: "row", Type: f.Elem})
	if got := plain.AllOrigins(); !plain.IsFollowed() || len(got) != 1 || got[0].Path != "[]" {
		t.Errorf("what holds a part of an answer: %v", got)
	}
	if got := (*schemas.Type)(nil).AllOrigins(); got != nil {
		t.Errorf("no type: %v", got)
	}
}

func TestChangesHaveCodesAndSentences(t *testing.T) {
	seen := map[string]bool{}
	for i, c := range schemas.Changes() {
		if want := fmt.Sprintf("D1%02d", i+1); c.Code() != want || c.Says() == "" || seen[c.Says()] {
			t.Errorf("%s: code %s, want %s; says %q", c, c.Code(), want, c.Says())
		}
		seen[c.Says()] = true
	}
}
