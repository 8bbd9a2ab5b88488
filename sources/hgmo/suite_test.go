package hgmo

import (
	"io"
	"net/http"
	"testing"

	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
	"github.com/mozci/mozci-run/sources/sourcetest"
)

func TestSuite(t *testing.T) {
	fake := func() http.Handler {
		hg := &fakeHG{pushes: landed(append(span(1, 12), 40, 41)...), backouts: map[string]string{node(7, 0): node(9, 0)}, trees: map[string]string{"firefox-autoland": "closed"}}
		return http.StripPrefix("/hg", hg)
	}
	sourcetest.Run(t, sourcetest.Suite{
		New: func(client *http.Client, base string) sources.Source {
			opts := fakeOptions
			opts.TreeStatus = base + "/status"
			return New(client, base, opts)
		},
		Serve: fake,
		Path:  "/hg",
		Questions: []sourcetest.Question{
			{Query: "pushes.range", Case: "newest", In: ci.PushRange{Branch: "autoland", Depth: 12}},
			{Query: "pushes.range", Case: "up to, over a gap", In: ci.PushRange{Branch: "autoland", UpTo: node(40, 0), Depth: 4}},
			{Query: "pushes.range", Case: "after", In: ci.PushRange{Branch: "autoland", After: node(3, 0), UpTo: node(5, 0), Full: true}},
			{Query: "pushes.find", In: ci.PushFind{Branch: "autoland", Revision: node(7, 0), Full: true}},
			{Query: "pushes.backouts", In: ci.BackoutsOf{Branch: "autoland", Revision: node(7, 0)}},
			{Query: "tree.status", In: ci.TreeOf{Branch: "autoland"}},
		},
	})
}

func numbers(list []landing) []int {
	var out []int
	for _, l := range list {
		out = append(out, l.id)
	}
	return out
}

func readIDs(into *[]int) func(io.Reader) error {
	return func(body io.Reader) error {
		list, _, err := decodePushes(body)
		if err == nil {
			*into = append(*into, numbers(list)...)
		}
		return err
	}
}
