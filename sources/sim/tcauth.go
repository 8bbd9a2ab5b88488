package sim

import (
	"encoding/json"
	"sort"
	"strings"
)

// authRoutes are the methods of the auth service.
var authRoutes = []tcRoute{
	{"POST", "scopes/expand", "expandScopes", (*tcCall).expandScopes},
	{"GET", "scopes/expand", "expandScopesGet", (*tcCall).expandScopes},
	{"GET", "scopes/current", "currentScopes", (*tcCall).currentScopes},
}

// expandScopes follows the roles: that of a branch may trigger the in-tree hooks of its project.
func (c *tcCall) expandScopes() *reply {
	var in struct {
		Scopes []string `json:"scopes"`
	}
	if json.Unmarshal(c.raw, &in) != nil || in.Scopes == nil {
		return c.invalid("auth/v1/scopeset.json#", []string{"data must have required property 'scopes'"})
	}
	all := map[string]bool{}
	for _, s := range in.Scopes {
		all[s] = true
		repo, ok := strings.CutPrefix(s, "assume:repo:hg.mozilla.org/")
		if !ok {
			continue
		}
		for _, b := range c.s.w.branches {
			if repo != b.Repo+":branch:default" {
				continue
			}
			all["assume:moz-tree:level:3:gecko"] = true
			all["in-tree:hook-action:"+hookGroup+"/in-tree-action-3-*"] = true
			all["queue:route:index.gecko.v2."+b.Name+".*"] = true
			all["queue:scheduler-id:"+scheduler] = true
		}
	}
	list := []string{}
	for s := range all {
		list = append(list, s)
	}
	sort.Strings(list)
	return c.ok(obj{"scopes": list})
}

func (c *tcCall) currentScopes() *reply {
	if rep := c.reads(""); rep != nil {
		return rep
	}
	who, _ := c.caller()
	scopes := append([]string{}, who.scopes...)
	if len(c.s.w.sc.Access.Clients) == 0 {
		scopes = []string{"*"} // everybody may do everything
	}
	sort.Strings(scopes)
	return c.ok(obj{"scopes": scopes})
}
