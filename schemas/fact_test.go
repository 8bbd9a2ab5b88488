package schemas_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/sources/ci"
)

func TestFactRoundTrip(t *testing.T) {
	started := time.Date(2025, 3, 1, 12, 0, 0, 123456000, time.FixedZone("", 3600))
	reason := ci.EmptyPush
	row := ci.Row{
		Push:        ci.Push{Branch: "autoland", Order: 1 << 40, Date: started, Changesets: []ci.Changeset{{Desc: "é <b>"}}},
		Jobs:        []ci.Job{{State: ci.Running, Result: ci.Unknown, Classification: ci.NotClassified, Started: &started}},
		NotRunnable: &reason,
	}
	typ := schemas.TypeOf[ci.Row]()
	fact := typ.Fact(row)
	data, err := typ.Marshal(fact)
	if err != nil {
		t.Fatal(err)
	}
	back, err := typ.Unmarshal(data)
	if err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	if d := cmp.Diff(fact, back); d != "" {
		t.Errorf("a fact changed on its way through JSON (-before +after):\n%s", d)
	}
	var got ci.Row
	if err := typ.Bind(back, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(fact, typ.Fact(got)); d != "" {
		t.Errorf("a row changed on its way through a fact:\n%s", d)
	}
	if n := back.(map[string]any)["push"].(map[string]any)["order"]; n != 1<<40 {
		t.Errorf("order = %v (%T), want the int %d", n, n, 1<<40)
	}
}

func TestConformErrors(t *testing.T) {
	typ := schemas.TypeOf[ci.Trigger]()
	for _, tt := range []struct{ name, in, want string }{
		{"missing member", `{"branch":"b","job":"j"}`, "revisions is missing (list of string)"},
		{"wrong element", `{"branch":"b","job":"j","revisions":["a",7]}`, "revisions[1]: a string is wanted, and this is 7 (an int)"},
		{"unknown member", `{"branch":"b","job":"j","revisions":[],"totals":2}`, `there is no member "totals" in Trigger`},
		{"fraction for an int", `{"branch":"b","job":"j","revisions":[],"total":1.5}`, "total: an int is wanted, and this is 1.5 (a float)"},
		{"nil", `{"branch":null,"job":"j","revisions":[]}`, "branch: a string is wanted, and this is nil"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := typ.Unmarshal([]byte(tt.in))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestConformDefaults(t *testing.T) {
	var got ci.Trigger
	err := schemas.TypeOf[ci.Trigger]().Bind(map[string]any{"branch": "b", "job": "j", "revisions": []any{}}, &got)
	if err != nil || got.Total != 1 {
		t.Errorf("total = %d, %v; want its default 1", got.Total, err)
	}
}

func TestEnumIsClosed(t *testing.T) {
	_, err := schemas.TypeOf[ci.Result]().Conform("green")
	if err == nil || !strings.Contains(err.Error(), `"green" is none of "success"|"testfailed"`) {
		t.Errorf("got %v", err)
	}
}

func TestTypeStrings(t *testing.T) {
	typ := schemas.TypeOf[ci.Row]()
	for field, want := range map[string]string{"push": "Push", "jobs": "list of Job", "not_runnable": "NotRunnable or nil", "requested": "bool"} {
		if got := typ.Field(field).Type.String(); got != want {
			t.Errorf("%s: %s, want %s", field, got, want)
		}
	}
}
