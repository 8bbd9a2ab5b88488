package treeherder

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/mozci/mozci-run/sources/sourcetest"
)

// FuzzDecode holds that no answer makes a decoder panic, and that what passes is what the rest relies on.
func FuzzDecode(f *testing.F) {
	for _, r := range sourcetest.Recordings(f, "treeherder") {
		if len(r.Body) < 3000 { // larger ones only make it slow
			f.Add(r.Body)
		}
	}
	f.Add([]byte(`{"results":[[1]],"job_property_names":["id"],"count":1}`))
	f.Add([]byte(`{"results":[{}],"meta":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		dec := func() *json.Decoder { return json.NewDecoder(bytes.NewReader(data)) }
		if l, err := decodePushes(dec()); err == nil {
			for _, p := range l.Results {
				if p.ID <= 0 || !isHash(p.Revision) || len(l.Results) != l.Meta.Count {
					t.Errorf("the push %+v passed", p)
				}
			}
		}
		if l, err := decodeJobs(dec()); err == nil {
			for _, r := range l.Results {
				if r.ID <= 0 || r.PushID <= 0 || r.Type == "" || states[r.State] == "" {
					t.Errorf("the job %+v passed", r)
				}
			}
		}
		if l, err := decodeTable(dec()); err == nil {
			for _, k := range l.Results {
				if k.ID <= 0 || k.PushID <= 0 || k.Type == "" {
					t.Errorf("the job %+v passed", k)
				}
			}
		}
		decodeJob(dec())
	})
}
