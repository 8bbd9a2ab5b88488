package hgmo

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mozci/mozci-run/sources"
	"github.com/mozci/mozci-run/sources/ci"
)

func TestPushesBackouts(t *testing.T) {
	by := node(9, 0)
	backouts := map[string]string{node(2, 0): by, node(2, 1): by, node(3, 1): by}
	for _, tt := range []struct {
		name, rev string
		want      []ci.Backout
		trips     int
	}{
		{"all of it, asked by its tip", node(2, 1), []ci.Backout{{Revision: node(2, 0), By: by}, {Revision: node(2, 1), By: by}}, 1},
		{"all of it, asked in the middle", node(2, 0), []ci.Backout{{Revision: node(2, 0), By: by}, {Revision: node(2, 1), By: by}}, 2},
		{"by a short hash", node(2, 0)[:12] + strings.Repeat("0", 27), []ci.Backout{{Revision: node(2, 0), By: by}, {Revision: node(2, 1), By: by}}, 2},
		{"in part, asked in the middle", node(3, 0), []ci.Backout{{Revision: node(3, 1), By: by}}, 2},
		{"nothing", node(1, 1), []ci.Backout{}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hg := &fakeHG{pushes: landed(1, 2, 3, 9), backouts: backouts}
			got, err := hg.open(t).pushesBackouts(t.Context(), ci.BackoutsOf{Branch: "autoland", Revision: tt.rev})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" || len(hg.asked) != tt.trips {
				t.Errorf("%d round trips, want %d; backouts (-want +got):\n%s", len(hg.asked), tt.trips, d)
			}
		})
	}
}

func TestBackoutsOfAncestorsAreNotThePushs(t *testing.T) {
	tip, by := node(5, 1), node(9, 0)
	cs := func(n string, id int, by string) string {
		return fmt.Sprintf(`{"node": %q, "pushid": %d, "pushhead": %q, "backedoutby": %q}`, n, id, tip, by)
	}
	c := answering(`{"changesets": [` + cs(node(4, 0), 4, by) + "," + cs(node(5, 0), 5, "") + "," + cs(tip, 5, by) + `], "visible": true}`)
	got, err := c.pushesBackouts(t.Context(), ci.BackoutsOf{Branch: "autoland", Revision: tip})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]ci.Backout{{Revision: tip, By: by}}, got); d != "" {
		t.Errorf("backouts (-want +got):\n%s", d)
	}
}

func TestRelevanceErrors(t *testing.T) {
	n := node(5, 1)
	for _, tt := range []struct{ name, body, want string }{
		{"no changeset", `{"changesets": []}`, "the last one should be"},
		{"none at all", `{}`, "the last one should be"},
		{"another one", `{"changesets": [{"node": "` + node(5, 0) + `", "pushid": 5, "pushhead": "` + n + `"}]}`, "the last one should be"},
		{"no push head", `{"changesets": [{"node": "` + n + `", "pushid": 5}]}`, "$.changesets[0].pushhead"},
		{"no push", `{"changesets": [{"node": "` + n + `", "pushhead": "` + n + `"}]}`, "$.changesets[0].pushid"},
		{"backed out by a word", `{"changesets": [{"node": "` + n + `", "pushid": 5, "pushhead": "` + n + `", "backedoutby": "me"}]}`, "$.changesets[0].backedoutby"},
		{"an ancestor without a hash", `{"changesets": [{}, {"node": "` + n + `", "pushid": 5, "pushhead": "` + n + `"}]}`, "$.changesets[0].node"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := answering(tt.body).pushesBackouts(t.Context(), ci.BackoutsOf{Branch: "autoland", Revision: n})
			if !errors.Is(err, sources.ErrChangedFormat) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "hgmo: backouts of") {
				t.Errorf("got %v\nwant changed format, with %s", err, tt.want)
			}
		})
	}
}

func TestTreeStatus(t *testing.T) {
	for _, tt := range []struct {
		branch string
		want   ci.Tree
		kind   error
	}{
		{"autoland", ci.Tree{Branch: "autoland", State: ci.TreeOpen}, nil},
		{"beta", ci.Tree{Branch: "beta", State: ci.TreeClosed, Reason: "bug 7"}, nil},
		{"release", ci.Tree{Branch: "release", State: ci.TreeApprovalRequired, Reason: "bug 7"}, nil},
		{"central", ci.Tree{}, sources.ErrChangedFormat},
		{"try", ci.Tree{}, sources.ErrNotFound},
	} {
		hg := &fakeHG{trees: map[string]string{"firefox-autoland": "open", "beta": "closed", "release": "approval required", "central": "metered"}}
		got, err := hg.open(t).treeStatus(t.Context(), ci.TreeOf{Branch: tt.branch})
		if d := cmp.Diff(tt.want, got); d != "" || !errors.Is(err, tt.kind) {
			t.Errorf("%s: %v, want %v\n%s", tt.branch, err, tt.kind, d)
		}
	}
	other := answering(`{"result": {"tree": "other", "status": "open", "reason": ""}}`)
	if _, err := other.treeStatus(t.Context(), ci.TreeOf{Branch: "autoland"}); !errors.Is(err, sources.ErrChangedFormat) {
		t.Errorf("another tree's status: %v", err)
	}
	none := New(nil, "http://hg.example", Options{})
	if n := len(none.Queries()); n != 3 || len(none.Endpoints()) != 3 {
		t.Errorf("without a tree status there are %d queries and %d endpoints", n, len(none.Endpoints()))
	}
}
