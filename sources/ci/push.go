package ci

import "time"

// A Push is changesets that landed together on a branch.
type Push struct {
	Branch     string      `json:"branch" doc:"the branch, as the profile names it: autoland"`
	Revision   string      `json:"revision" doc:"the tip changeset, 40 hex digits; empty where the push has been emptied"`
	ID         string      `json:"id" doc:"the push's own number where its source has one, as text: 100000"`
	Order      int         `json:"order" doc:"its place on its branch: a newer push has a larger one; there may be gaps"`
	Date       time.Time   `json:"date" doc:"when it landed, UTC; not monotone"`
	Author     string      `json:"author" doc:"who pushed"`
	Changesets []Changeset `json:"changesets" doc:"oldest first, the tip last; empty where stripped or hidden"`
	Empty      bool        `json:"empty" doc:"true where it has no changeset left, so that nothing can run on it"`
	Link       string      `json:"link" doc:"where a person can look at it"`
}

// A Changeset is one commit of a push.
type Changeset struct {
	Revision string   `json:"revision" doc:"40 hex digits"`
	Author   string   `json:"author" doc:"name and address, as the source writes them; empty where it was not asked for"`
	Desc     string   `json:"desc" doc:"the whole message; empty where it was not asked for"`
	Bugs     []string `json:"bugs" doc:"the bug numbers that the source found in the message"`
	BacksOut []string `json:"backs_out" doc:"revisions that this changeset backs out"`
	Link     string   `json:"link" doc:"where a person can look at it"`
}

// A NotRunnable is the reason for which nothing can run on a push.
type NotRunnable string

// The reasons. A push with none of them is runnable.
const (
	EmptyPush  NotRunnable = "empty_push"       // all its changesets were stripped or hidden
	NoDecision NotRunnable = "no_decision_task" // the service scheduled nothing for it and cannot be asked to
	DontBuild  NotRunnable = "dontbuild"        // its author asked for no automation
)

// Values lists the vocabulary.
func (NotRunnable) Values() []string {
	return []string{string(EmptyPush), string(NoDecision), string(DontBuild)}
}
