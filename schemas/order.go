package schemas

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// An Order says how the elements of a list follow one another. JSON Schema has no word for it; a schema says it at its top:
//
//	"x-order": [{"path": "$.results", "by": "id", "goes": "rising"}]
//
// Equal neighbours are in order.
type Order struct {
	Path string // of the list, generalised
	By   string // the member that tells the order, a number or a text; empty where the elements do themselves
	Goes string // rising or falling
}

// Orders lists the orders that the schema declares.
func (s *Schema) Orders() []Order { return slices.Clone(s.orders) }

func ordersOf(v any) ([]Order, error) {
	list, ok := v.([]any)
	if !ok && v != nil {
		return nil, fmt.Errorf("x-order is a list of {path, by, goes}")
	}
	var out []Order
	for _, e := range list {
		m, _ := e.(map[string]any)
		var o Order
		o.Path, _ = m["path"].(string)
		o.By, _ = m["by"].(string)
		o.Goes, _ = m["goes"].(string)
		if !strings.HasPrefix(o.Path, "$") || o.Goes != "rising" && o.Goes != "falling" {
			return nil, fmt.Errorf("x-order is a list of {path, by, goes}: path begins with $, and goes is rising or falling")
		}
		out = append(out, o)
	}
	return out, nil
}

// disordered finds the first two neighbours of each list that do not stand in the order that is declared.
func (s *Schema) disordered(v any) []Violation {
	if len(s.orders) == 0 {
		return nil
	}
	shape := NewShape(s.maps...)
	var out []Violation
	shape.Walk(v, func(path, exact string, v any) {
		list, isList := v.([]any)
		i := slices.IndexFunc(s.orders, func(o Order) bool { return o.Path == path })
		if !isList || i < 0 {
			return
		}
		if bad := s.orders[i].broken(list); bad >= 0 {
			out = append(out, Violation{Path: path, Spot: fmt.Sprintf("%s[%d]", exact, bad), Change: OrderBroken, Got: list[bad],
				Message: fmt.Sprintf("%s by %s is wanted, and the one before is %s this one", s.orders[i].Goes, cmp.Or(s.orders[i].By, "value"), map[string]string{"rising": "above", "falling": "below"}[s.orders[i].Goes])})
		}
	})
	return out
}

// broken is the index of the first element that stands wrong after its neighbour; -1 where all stand well. Neighbours that are of two kinds tell nothing.
func (o Order) broken(list []any) int {
	for i := 1; i < len(list); i++ {
		c := compare(o.key(list[i-1]), o.key(list[i]))
		if o.Goes == "rising" && c > 0 || o.Goes == "falling" && c < 0 {
			return i
		}
	}
	return -1
}

// key is what tells an element's order.
func (o Order) key(e any) any {
	if m, ok := e.(map[string]any); ok && o.By != "" {
		return m[o.By]
	}
	return e
}

// compare compares two numbers, or two texts: times as services write them are in order as texts.
func compare(a, b any) int {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	case int:
		if y, ok := b.(int); ok {
			return cmp.Compare(x, y)
		}
	}
	x, okX := number(a)
	y, okY := number(b)
	if !okX || !okY {
		return 0
	}
	return cmp.Compare(x, y)
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}
