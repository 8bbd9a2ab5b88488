package schemas_test

import (
	"strings"
	"testing"

	"github.com/mozci/mozci-run/schemas"
)

func TestOrders(t *testing.T) {
	for _, tt := range []struct{ name, order, value, want string }{
		{"rising numbers", `{"path":"$.r","by":"id","goes":"rising"}`, `{"r":[{"id":1},{"id":1},{"id":2.5}]}`, ""},
		{"one below", `{"path":"$.r","by":"id","goes":"rising"}`, `{"r":[{"id":1},{"id":3},{"id":2}]}`, "$.r[2]"},
		{"falling times", `{"path":"$.r","by":"at","goes":"falling"}`, `{"r":[{"at":"2025-03-02T00:00:00Z"},{"at":"2025-03-01T23:00:00Z"}]}`, ""},
		{"times that rise", `{"path":"$.r","by":"at","goes":"falling"}`, `{"r":[{"at":"2025-03-01T23:00:00Z"},{"at":"2025-03-02T00:00:00Z"}]}`, "$.r[1]"},
		{"elements themselves", `{"path":"$.r","goes":"rising"}`, `{"r":[1,2,1]}`, "$.r[2]"},
		{"each list of a map", `{"path":"$.m.*","goes":"falling"}`, `{"m":{"a":[2,1],"b":[1,2]}}`, "$.m.b[1]"},
		{"what cannot be compared", `{"path":"$.r","by":"id","goes":"rising"}`, `{"r":[{"id":2},{},{"id":"1"},{"id":1},null]}`, ""},
		{"no list", `{"path":"$.r","by":"id","goes":"rising"}`, `{"r":7}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := schemas.NewSchema("x", []byte(`{"type":"object","properties":{"m":{"additionalProperties":{"type":"array"}}},"x-order":[`+tt.order+`]}`))
			if err != nil {
				t.Fatal(err)
			}
			v, err := schemas.DecodeJSON([]byte(tt.value))
			if err != nil {
				t.Fatal(err)
			}
			bad := s.Validate(v)
			if got := len(bad) > 0; got != (tt.want != "") || got && (bad[0].Spot != tt.want || bad[0].Change != schemas.OrderBroken) {
				t.Errorf("got %+v, want %q", bad, tt.want)
			}
		})
	}
}

func TestOrdersAreReadStrictly(t *testing.T) {
	for _, order := range []string{`7`, `{"goes":"rising"}`, `{"path":"r","goes":"rising"}`, `{"path":"$.r","goes":"up"}`} {
		_, err := schemas.NewSchema("x", []byte(`{"x-order":[`+order+`]}`))
		if err == nil || !strings.Contains(err.Error(), "x-order is a list of {path, by, goes}") {
			t.Errorf("%s: %v", order, err)
		}
	}
}
