package treeherder

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
)

// A repository is a project as /repository/ lists it.
type repository struct {
	Name   string `json:"name"`
	Active string `json:"active_status"` // active, onhold
}

// projects lists the active projects for a hint; empty where they cannot be had.
func (c *Client) projects(ctx context.Context) string {
	var names []string
	err := c.reader.Get(ctx, repositories, c.address("", "/repository/", nil), "the projects", whole(func(dec *json.Decoder) error {
		return list(dec, "$", func() error {
			var r repository
			if err := value(dec, "$[]", &r); err != nil {
				return err
			}
			if r.Name != "" && r.Active != "onhold" {
				names = append(names, r.Name)
			}
			return nil
		})
	}))
	if err != nil || len(names) == 0 {
		return "" // the error that is being explained stands without it
	}
	slices.Sort(names)
	const shown = 12
	if len(names) > shown {
		names = append(names[:shown], "…")
	}
	return ": " + strings.Join(names, ", ")
}
