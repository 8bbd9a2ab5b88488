package engine

import (
	"slices"
	"sync"

	"github.com/mozci/mozci-run/rules"
)

// standard is what the text of the standard rules has become. Nearly all workflows of a process have the same text, and most of them add no rule to
// it: it is read once, and checked once, and whoever has it changes nothing in it.
type standard struct {
	text  string
	list  []rules.Rule
	once  sync.Once
	rules *rules.Set // see set
}

// lastStandard holds the text that was read last: a run of an older program has brought another.
var lastStandard struct {
	sync.Mutex
	*standard
}

// standardOf reads the text of the standard rules. It is nil where the text has mistakes, which its loader is to tell.
func standardOf(text string) *standard {
	lastStandard.Lock()
	defer lastStandard.Unlock()
	if s := lastStandard.standard; s != nil && s.text == text {
		return s
	}
	l := &loader{files: map[string]string{StandardRules: text}, rulesOf: map[string][]rules.Rule{}}
	list := l.readRules(StandardRules, nil)
	if len(l.problems) > 0 || len(list) == 0 {
		return nil
	}
	lastStandard.standard = &standard{text: text, list: slices.Clip(list)}
	return lastStandard.standard
}

// set checks the rules against one another; it is nil where some have mistakes.
func (s *standard) set() *rules.Set {
	s.once.Do(func() {
		if set, problems := rules.NewSet(namedTypes(), s.list); len(problems) == 0 {
			s.rules = set
		}
	})
	return s.rules
}

// alone says whether a list of rules is the standard ones, and no others.
func (s *standard) alone(list []rules.Rule) bool {
	return s != nil && len(list) == len(s.list) && &list[0] == &s.list[0]
}
