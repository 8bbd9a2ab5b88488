package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// hawkFor signs a request to http://sim.example, as a client would.
func hawkFor(id, key, method, path string) string {
	text := strings.Join([]string{"hawk.1.header", "1740830400", "abcdef", method, path, "sim.example", "80", "", ""}, "\n") + "\n"
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return `Hawk id="` + id + `", ts="1740830400", nonce="abcdef", mac="` + base64.StdEncoding.EncodeToString(h.Sum(nil)) + `"`
}

// payloadFor renders the payload of an action, as a client would.
func payloadFor(s *Sim, p *push, action, task, input string) string {
	all := s.w.actionsJSON(p).(obj)["actions"].([]any)
	for _, a := range all {
		if a := a.(obj); a["name"] == action && (action != "retrigger" || a["hookPayload"].(obj)["decision"].(obj)["action"].(obj)["cb_name"] == "retrigger") {
			var of any
			if task != "" {
				of = task
			}
			hp := a["hookPayload"].(obj)
			out, _ := json.Marshal(obj{"decision": hp["decision"], "user": obj{"input": json.RawMessage(input), "taskId": of, "taskGroupId": p.decision}})
			return string(out)
		}
	}
	return ""
}
