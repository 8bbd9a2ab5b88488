package sim

import (
	"net/http"
	"strings"
)

// treeStatus answers for the tree status service. path is what follows /treestatus.
func (s *Sim) treeStatus(r *http.Request, path string) *reply {
	path = strings.TrimPrefix(strings.TrimSuffix(path, "/"), "/api/treestatus")
	name, one := strings.CutPrefix(path, "/trees/")
	if path != "/trees" && !one {
		return problem(http.StatusNotFound, "Not Found", "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.")
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return problem(http.StatusMethodNotAllowed, "Method Not Allowed", "The method is not allowed for the requested URL.")
	}
	all := obj{}
	for _, b := range s.w.branches {
		all[b.Tree] = s.w.tree(b.Tree)
	}
	for _, t := range s.w.sc.Trees {
		all[t.Name] = s.w.tree(t.Name)
	}
	if !one {
		return text(http.StatusOK, "application/json", string(compact(obj{"result": all}))+"\n")
	}
	if all[name] == nil {
		return problem(http.StatusNotFound, "No tree "+name+" found.", "No tree "+name+" found.")
	}
	return text(http.StatusOK, "application/json", string(compact(obj{"result": all[name]}))+"\n")
}

// tree is one tree's status.
func (w *world) tree(name string) any {
	t := Tree{Name: name, Status: "open", Tags: []string{}}
	for _, x := range w.sc.Trees {
		if x.Name == name {
			t.Status, t.Reason, t.Tags = or(x.Status, "open"), x.Reason, append([]string{}, x.Tags...)
		}
	}
	return obj{"tree": t.Name, "status": t.Status, "reason": t.Reason, "tags": t.Tags, "category": "development", "message_of_the_day": "",
		"log_id": 4000 + w.rng("tree", name).IntN(900)}
}

// problem is an error of the service, in the form of RFC 7807.
func problem(status int, title, detail string) *reply {
	return text(status, "application/problem+json", string(compact(obj{"status": status, "title": title, "detail": detail,
		"type": "https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/" + itoa(status)})))
}
