package schemas_test

import (
	"encoding/json"
	"testing"

	"github.com/mozci/mozci-run/schemas"
)

func TestMend(t *testing.T) {
	s, err := schemas.NewSchema("a.schema.json", []byte(`{
		"type": "object", "required": ["results"],
		"properties": {
			"results": {"type": "array", "items": {"type": "object", "required": ["id", "state"], "properties": {
				"id": {"type": "integer"}, "state": {"enum": ["open", "shut"]}, "hash": {"type": "string", "pattern": "^[0-9a-f]+$"}, "at": {"type": "string"}}}},
			"by_name": {"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}, "additionalProperties": {"type": "integer"}}},
		"examples": [{}, {"results": []}, {"results": [{"id": 1, "state": "shut", "hash": null}, {"id": 2, "state": "open", "hash": "ab"}], "by_name": {"x": 9}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, in, want string }{
		{"nothing is wrong", `{"results":[{"id":7,"state":"open"}]}`, `{"results":[{"id":7,"state":"open"}]}`},
		{"a member is missing", `{"results":[{"id":7},{"id":8,"state":"open"}]}`, `{"results":[{"id":7,"state":"shut"},{"id":8,"state":"open"}]}`},
		{"of another type, null, no such word, no such text", `{"results":[{"id":"7","state":null},{"id":8,"state":"ajar","hash":"z"}]}`,
			`{"results":[{"id":1,"state":"shut"},{"hash":"ab","id":8,"state":"shut"}]}`},
		{"an element", `{"results":[7]}`, `{"results":[{"hash":null,"id":1,"state":"shut"}]}`},
		{"the whole", `"<html>"`, `{"results":[]}`},
		{"what no example shows", `{"results":[{"id":7,"state":"open","at":1}]}`, `{"results":[{"at":1,"id":7,"state":"open"}]}`},
		{"a value of a map, and a key that stays", `{"results":[],"by_name":{"a":"1","B":2}}`, `{"by_name":{"B":2,"a":9},"results":[]}`},
		{"columns", `{"job_property_names":["id","who"],"results":[["7","x"],[8,"y"]]}`,
			`{"job_property_names":["id","who","state"],"results":[[1,"x","shut"],[8,"y","shut"]]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, err := schemas.DecodeJSON([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			now, did := s.Mend(v)
			if got, _ := json.Marshal(now); string(got) != tt.want || did != (tt.name != "nothing is wrong") {
				t.Errorf("got %s, %t; want %s", got, did, tt.want)
			}
			if again, _ := schemas.DecodeJSON([]byte(tt.in)); schemas.Differences(v, again) != nil {
				t.Error("the old value was changed")
			}
		})
	}
}
