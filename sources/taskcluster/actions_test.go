package taskcluster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a payload template sees, which is what the conventions of actions name and nothing else.
func TestRender(t *testing.T) {
	rows := []struct {
		name      string
		template  obj
		variables obj
		task      string
		want      any // an error's text, or the payload
	}{
		{name: "about a task", task: failing, template: obj{"group": obj{"$eval": "taskGroupId"}, "task": obj{"$eval": "taskId"}, "first": "${input.tasks[0]}"},
			want: obj{"group": decision, "task": failing, "first": label}},
		{name: "about a push", template: obj{"task": obj{"$eval": "taskId"}}, want: obj{"task": nil}},
		{name: "variables", variables: obj{"owner": "dev@example.org", "level": 3}, template: obj{"owner": obj{"$eval": "owner"}, "level": "level-${level}"},
			want: obj{"owner": "dev@example.org", "level": "level-3"}},
		{name: "variables that would speak for us", variables: obj{"input": "theirs", "taskId": "theirs", "taskGroupId": "theirs"},
			template: obj{"input": obj{"$eval": "input.times"}, "task": obj{"$eval": "taskId"}, "group": obj{"$eval": "taskGroupId"}},
			want:     obj{"input": 2.0, "task": nil, "group": decision}},
		{name: "the time is ours", template: obj{"now": obj{"$eval": "now"}, "deadline": obj{"$fromNow": "1 day"}},
			want: obj{"now": "2026-11-22T16:40:00.000Z", "deadline": "2026-11-23T16:40:00.000Z"}},
		{name: "what it does not see", template: obj{"x": obj{"$eval": "clientId"}}, want: "the payload template cannot be rendered"},
		{name: "no object", template: obj{"$eval": "input.tasks"}, want: "the payload template gives no object"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			input := obj{"tasks": []any{label}, "times": 2}
			got, err := render(r.template, r.variables, decision, r.task, input, noon())
			if says, wrong := r.want.(string); wrong {
				if err == nil || !strings.Contains(err.Error(), says) {
					t.Errorf("got %v, %v", got, err)
				}
				return
			}
			if d := cmp.Diff(r.want, any(got)); d != "" || err != nil {
				t.Errorf("%v (-want +got)\n%s", err, d)
			}
		})
	}
}
