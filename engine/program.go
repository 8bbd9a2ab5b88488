package engine

import (
	"time"

	"github.com/mozci/mozci-run/rules"
	"github.com/mozci/mozci-run/schemas"
)

// A Bundle is the texts that a program was made of: what is stored with a run, so that a resumed run uses them and not
// today's files.
type Bundle struct {
	Entry string            `json:"entry"` // the workflow's own file
	Files map[string]string `json:"files"` // by name: the workflow, the rules it imports, the standard rules
}

// A Place is a spot in a file. Line and Column count from 1.
type Place struct {
	File         string `json:"file"`
	Line, Column int
}

// A Program is a workflow that has been loaded and checked: nobody changes it, and any number of runs may use it.
type Program struct {
	Bundle      Bundle
	Name        string
	Description string
	Inputs      []Input
	Rules       *rules.Set
	Steps       []*Step  // in the order of the file
	Outputs     []Output // in the order of the file
	Finally     []*Step
	Limits      Limits
	Starts      []Start  // what starts runs, in the order of the file
	Include     []string // of backfills, classified, backed_out: events that start runs although they otherwise start none
}

// A StartKind says what starts runs.
type StartKind string

// The kinds.
const (
	OnFailure  StartKind = "failure" // a job has failed
	OnJob      StartKind = "job"     // a job has ended
	OnSchedule StartKind = "schedule"
)

// A Start is one entry of on.
type Start struct {
	Kind   StartKind
	If     *rules.Expr   // sees event, whose push and job are there; nil where always
	Every  time.Duration // of a schedule; 0 where it has a Cron
	Cron   string        // of a schedule, in UTC; empty where it has an Every
	Inputs *Value        // an object: what the run is started with; sees event, but for a schedule
	Place  Place
}

// Limits bound what a run may do.
type Limits struct {
	Effects int           // how many units of effects; 20 where the file says nothing
	Runtime time.Duration // how long, in the profile's time; 6 h where the file says nothing
}

// An Input is a value that a run is started with.
type Input struct {
	Name    string
	Doc     string
	Type    *schemas.Type // with its vocabulary, where it has one
	Default any           // a fact; nil where there is none, and then it has to be given (or the profile gives it)
	Min     any           // an int, a float or a duration; nil where unbounded
	Max     any
	Place   Place

	faulty bool // it has a default with a mistake: that it is left open is not said beside that
}

// An Output is a value that a run ends with.
type Output struct {
	Name  string
	Value *Value
	Place Place
}

// A StepKind says what a step is.
type StepKind string

// The kinds.
const (
	QueryStep   StepKind = "query"
	EffectStep  StepKind = "effect"
	LetStep     StepKind = "let"
	ApproveStep StepKind = "approve"
	GroupStep   StepKind = "group"  // foreach with steps
	RepeatStep  StepKind = "repeat" // repeat with steps
	CallStep    StepKind = "call"   // another workflow, expanded at load into Body
)

// A Step is one step, compiled.
type Step struct {
	ID     string // unique in the program; made up (step3) where the file gives none
	Name   string // for people; empty where the file gives none
	Index  int    // its place among its siblings, from 0
	Kind   StepKind
	Place  Place
	Type   *schemas.Type // of its result; for foreach: list of {item, result}
	Effect bool          // it, or a step within it, is an effect: a barrier
	Needs  []int         // the siblings that have to have ended before it starts: references, after, barriers. Sorted.

	If      *rules.Expr // nil where always
	Uses    string      // the query's or effect's name
	With    *Value      // an object of the query's In; nil where nothing is given
	Let     *rules.Expr
	Each    *Each
	Until   *rules.Expr // sees the step's own id as this round's answer
	Every   time.Duration
	Timeout time.Duration // 0: none of its own
	GoOn    bool          // on_timeout: continue
	Retry   *Retry
	Require *rules.Expr // sees the step's own id as its answer
	Message *rules.Text

	Approve *Approve
	Body    []*Step // of a group, repeat or call
	Repeat  *Repeat
	Call    *Call
}

// Each is a step's foreach.
type Each struct {
	List     *rules.Expr
	As       string // item where the file says nothing
	Parallel int    // how many at a time; 1 for effects
}

// Retry is how often a query is asked again when its source is unavailable or limits us.
type Retry struct {
	Attempts int
	Backoff  time.Duration
}

// Approve waits for a person.
type Approve struct {
	Message *rules.Text
	Timeout time.Duration
}

// Repeat runs its step's Body until Until holds, at most Max times. The body sees the ids of its previous round.
type Repeat struct {
	Until *rules.Expr
	Max   int
}

// Call is another workflow that was expanded into its step's Body.
type Call struct {
	Workflow string
	Inputs   *Value
	Program  *Program
}
