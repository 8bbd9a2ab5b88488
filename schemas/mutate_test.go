package schemas_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/mozci/mozci-run/schemas"
)

func TestReplace(t *testing.T) {
	drop := func(any) (any, bool) { return nil, true }
	seven := func(any) (any, bool) { return 7, false }
	for _, tt := range []struct {
		name, in, path string
		f              func(any) (any, bool)
		want           string
	}{
		{"a member", `{"a":1,"b":2}`, "$.a", drop, `{"b":2}`},
		{"below a map", `{"p":{"1":{"x":1},"2":{"x":2}}}`, "$.p.*.x", seven, `{"p":{"1":{"x":7},"2":{"x":7}}}`},
		{"in lists", `{"r":[{"x":1,"y":1},{"y":2}]}`, "$.r[].x", drop, `{"r":[{"y":1},{"y":2}]}`},
		{"elements", `{"r":[1,2]}`, "$.r[]", seven, `{"r":[7,7]}`},
		{"a column", `{"job_property_names":["id","x"],"results":[[1,2],[3,4]]}`, "$.results[].x", seven, `{"job_property_names":["id","x"],"results":[[1,7],[3,7]]}`},
		{"a column less", `{"job_property_names":["id","x"],"results":[[1,2],[3,4]]}`, "$.results[].id", drop, `{"job_property_names":["x"],"results":[[2],[4]]}`},
		{"nothing there", `{"a":1}`, "$.b.c", drop, `{"a":1}`},
		{"a name that begins alike", `{"ab":1,"a":2}`, "$.a", seven, `{"a":7,"ab":1}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, err := schemas.DecodeJSON([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			got, _ := json.Marshal(schemas.Replace(v, tt.path, func(p string) bool { return p == "$.p" }, tt.f))
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			again, _ := schemas.DecodeJSON([]byte(tt.in))
			if d := schemas.Differences(v, again); d != nil {
				t.Errorf("the old value was changed at %v", d)
			}
		})
	}
}

func TestDifferences(t *testing.T) {
	a, _ := schemas.DecodeJSON([]byte(`[{"push":{"revision":"a","n":1},"jobs":[1,2]},{"push":{"revision":"b","n":1},"jobs":[]}]`))
	b, _ := schemas.DecodeJSON([]byte(`[{"push":{"revision":"x","n":1},"jobs":[1]},{"push":{"revision":"y","n":1},"jobs":[]}]`))
	if got := schemas.Differences(a, b); !slices.Equal(got, []string{"[].jobs[]", "[].push.revision"}) {
		t.Errorf("got %v", got)
	}
}
