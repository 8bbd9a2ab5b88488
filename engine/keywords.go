package engine

import "time"

// The whole surface of the language is this table: which keys stand where, what stands under each, and which go together. The
// loader holds files to it, and the schema for editors and the reference are written from it.

// A shape is what stands under a key.
type shape int

const (
	aWord      shape = iota // a name: of a step, an input, a rule
	aString                 // text without ${{ }}
	aText                   // text with ${{ }}
	anExpr                  // a bare expression
	anInt                   // a whole number from the key's least to its most
	aBool                   // true or false
	aDuration               // 90s, 15m, 6h; not below the key's shortest
	aChoice                 // one of the key's words
	choices                 // a list of the key's words
	words                   // a list of names
	stringList              // a list of text
	aValue                  // anything
	values                  // a map to anything, with ${{ }}
	named                   // a map of names to anything, with ${{ }}
	aType                   // the type of a rule's parameter
	typed                   // a map of parameters to their types
	anObject                // a map as the key's object says
	objects                 // a map of names to such maps
	listOf                  // a list of such maps
)

// A key is a keyword in its object.
type key struct {
	name     string
	doc      string
	shape    shape
	object   *object
	words    []string
	least    int           // of a whole number
	most     int           // of a whole number; 0 where there is no bound
	shortest time.Duration // of a duration
	def      string        // the default, as it would be written; empty where there is none
	required bool
	needs    []string // one of these has to stand beside it
	never    []string // none of these may stand beside it
	because  string   // why never
}

// An object is a map with given keys.
type object struct {
	name string
	doc  string
	keys []key
	one  [][]string // of each of these groups exactly one is given
}

func (o *object) key(name string) *key {
	for i := range o.keys {
		if o.keys[i].name == name {
			return &o.keys[i]
		}
	}
	return nil
}

func (o *object) names() []string {
	out := make([]string, len(o.keys))
	for i, k := range o.keys {
		out[i] = k.name
	}
	return out
}

// The defaults of the language.
const (
	DefaultEffects = 20            // units of effects in a run
	DefaultRuntime = 6 * time.Hour // of a run
	DefaultEvery   = time.Minute   // between two rounds of until
	DefaultBackoff = 10 * time.Second
	MaxRounds      = 100 // of a repeat
	MaxAttempts    = 20  // of a retry
	MaxParallel    = 16
	MaxSteps       = 500 // of a workflow, those within steps and those of the workflows that it calls included
	MaxNesting     = 4   // of steps within steps
	MaxCalls       = 8   // of workflows that call one another
)

var approveObject = &object{name: "approve", doc: "waits for a person", keys: []key{
	{name: "message", shape: aText, required: true, doc: "what the person is asked"},
	{name: "timeout", shape: aDuration, shortest: time.Second, doc: "how long to wait; the run's own bound where it is left out"},
}}

var retryObject = &object{name: "retry", doc: "asks a query again whose source is unavailable or limits us", keys: []key{
	{name: "attempts", shape: anInt, least: 2, most: MaxAttempts, required: true, doc: "how often it is asked at most, the first time included"},
	{name: "backoff", shape: aDuration, def: "10s", doc: "how long to wait before the second attempt; twice as long before each further one"},
}}

var repeatObject = &object{name: "repeat", doc: "goes through steps again and again; a round sees the ids of the one before it, nil in the first"}

var stepObject = &object{name: "step", doc: "one step of a workflow"}

func init() {
	repeatObject.keys = []key{
		{name: "until", shape: anExpr, required: true, doc: "whether this was the last round; it sees the ids of the steps of its round"},
		{name: "max", shape: anInt, least: 1, most: MaxRounds, required: true, doc: "how many rounds at most"},
		{name: "steps", shape: listOf, object: stepObject, required: true, doc: "the steps of a round"},
	}
	stepObject.keys = stepKeys
}

var stepKeys = []key{
	{name: "id", shape: aWord, doc: "the name under which others read its result; inputs, ids, rules and functions share one namespace"},
	{name: "name", shape: aString, doc: "what people are shown instead of its id"},
	{name: "uses", shape: aString, doc: "the query that is asked, or the effect that is done"},
	{name: "with", shape: values, needs: []string{"uses", "call"}, doc: "what the query, effect or workflow is given"},
	{name: "let", shape: anExpr, doc: "an expression, whose value is the step's result"},
	{name: "call", shape: aString, doc: "the file of another workflow, beside this one; its outputs are the step's result"},
	{name: "approve", shape: anObject, object: approveObject, doc: "waits until a person has said yes"},
	{name: "repeat", shape: anObject, object: repeatObject, doc: "steps that are gone through until a condition holds; the result has the ids of the last round"},
	{name: "if", shape: anExpr, doc: "false skips the step; a step that names a skipped one is skipped too, unless it reads it through ?? or compares it with nil"},
	{name: "foreach", shape: anExpr, needs: []string{"uses", "steps"}, never: []string{"let", "call", "approve", "repeat"}, because: "foreach goes over one uses, or over steps",
		doc: "a list; the step is done for each of its items, and its result is a list of {item, result}"},
	{name: "as", shape: aWord, def: "item", needs: []string{"foreach"}, doc: "the name of the item"},
	{name: "parallel", shape: anInt, least: 1, most: MaxParallel, def: "1", needs: []string{"foreach"}, doc: "how many items at a time; for queries only, since effects go one by one"},
	{name: "steps", shape: listOf, object: stepObject, needs: []string{"foreach"}, never: []string{"uses", "with"}, because: "a foreach has either one uses or steps", doc: "what is done for each item"},
	{name: "until", shape: anExpr, needs: []string{"uses"}, never: []string{"foreach"}, because: "a query is asked again either until something holds, or for each item of a list",
		doc: "a query is asked again, past every cache, until this holds; the step's own id is the answer of the round. Up to ten rounds in a row after the first may find its source unavailable"},
	{name: "every", shape: aDuration, shortest: time.Second, def: "1m", needs: []string{"until"}, doc: "how long to wait between two rounds"},
	{name: "retry", shape: anObject, object: retryObject, needs: []string{"uses"}, doc: "asks again where the source is unavailable or limits us"},
	{name: "timeout", shape: aDuration, shortest: time.Second, needs: []string{"uses"}, doc: "how long the query may take, all rounds together; the last round is kept"},
	{name: "on_timeout", shape: aChoice, words: []string{"fail", "continue"}, def: "fail", needs: []string{"timeout"}, doc: "whether a timeout fails the step"},
	{name: "require", shape: anExpr, doc: "false fails the run; the step's own id is its result, and what it rules out is ruled out below"},
	{name: "message", shape: aText, needs: []string{"require"}, doc: "what is said where require is false"},
	{name: "after", shape: words, doc: "steps that have to have ended before, although it reads none of them"},
}

var inputObject = &object{name: "input", doc: "a value that a run is started with", keys: []key{
	{name: "type", shape: aChoice, words: []string{"string", "int", "bool", "duration", "list"}, required: true, doc: "what it is; a list is one of text"},
	{name: "description", shape: aString, doc: "what it means, for people"},
	{name: "default", shape: aValue, doc: "the value where none is given; without one it has to be given, or comes from the profile"},
	{name: "min", shape: aValue, doc: "the least value, of an int or a duration"},
	{name: "max", shape: aValue, doc: "the largest value, of an int or a duration"},
	{name: "enum", shape: stringList, doc: "the words that it may be, of a string, or that its items may be, of a list"},
}}

var startKeys = []key{
	{name: "if", shape: anExpr, doc: "whether this one starts a run; it sees event"},
	{name: "inputs", shape: values, doc: "what the run is started with; it sees event"},
}

var (
	failureObject  = &object{name: "failure", doc: "starts a run when a job has failed", keys: startKeys}
	jobObject      = &object{name: "job", doc: "starts a run when a job has ended", keys: startKeys}
	scheduleObject = &object{name: "schedule", doc: "starts runs by the clock", one: [][]string{{"every", "cron"}}, keys: []key{
		{name: "every", shape: aDuration, shortest: time.Minute, doc: "how long between two starts"},
		{name: "cron", shape: aString, doc: "when, as five fields: */15 * * * *; in UTC"},
		{name: "inputs", shape: values, doc: "what the run is started with; every input without a default has to be here"},
	}}
	onObject = &object{name: "on", doc: "what starts runs", keys: []key{
		{name: "failure", shape: anObject, object: failureObject, doc: "a job has failed"},
		{name: "job", shape: anObject, object: jobObject, doc: "a job has ended"},
		{name: "schedule", shape: anObject, object: scheduleObject, doc: "the clock"},
	}}
)

var limitsObject = &object{name: "limits", doc: "what a run may do", keys: []key{
	{name: "effects", shape: anInt, least: 0, def: "20", doc: "how many units of effects"},
	{name: "runtime", shape: aDuration, shortest: time.Second, def: "6h", doc: "how long it may take, from its start or from the last time that somebody resumed it"},
}}

var rowObject = &object{name: "row", doc: "a row of a decision table: when and then, or else", one: [][]string{{"when", "else"}}, keys: []key{
	{name: "when", shape: anExpr, needs: []string{"then"}, doc: "whether the row holds"},
	{name: "then", shape: aText, needs: []string{"when"}, doc: "the answer: text, or ${{ }}"},
	{name: "else", shape: aText, doc: "the answer where no row above holds; the last row"},
}}

var ruleObject = &object{name: "rule", doc: "a named expression, or a decision table", one: [][]string{{"is", "first"}}, keys: []key{
	{name: "description", shape: aString, doc: "what it says, for people"},
	{name: "given", shape: typed, doc: "its parameters: Job, string, int, bool, [Row] (a list), Row? (or nil), failed|passed (words)"},
	{name: "is", shape: anExpr, doc: "its value"},
	{name: "first", shape: listOf, object: rowObject, doc: "rows, of which the first that holds gives the answer"},
}}

var versionKey = key{name: "mozci", shape: anInt, least: 1, required: true, doc: "the version of the language: 1"}

var rulesKey = key{name: "rules", shape: objects, object: ruleObject, doc: "rules that expressions can call"}

var workflowObject = &object{name: "workflow", doc: "a workflow of mozci-run", keys: []key{
	versionKey,
	{name: "name", shape: aString, required: true, doc: "what it is called"},
	{name: "description", shape: aString, doc: "what it does, for people"},
	{name: "import", shape: stringList, doc: "files of rules, beside this one; the standard ones need no import"},
	{name: "inputs", shape: objects, object: inputObject, doc: "the values that a run is started with"},
	rulesKey,
	{name: "on", shape: anObject, object: onObject, doc: "what starts runs"},
	{name: "include", shape: choices, words: []string{"backfills", "classified", "backed_out"}, needs: []string{"on"},
		doc: "events that start nothing unless they are named here: of jobs that a backfill asked for, of classified jobs, of backed-out pushes"},
	{name: "limits", shape: anObject, object: limitsObject, doc: "what a run may do"},
	{name: "steps", shape: listOf, object: stepObject, required: true, doc: "what a run does"},
	{name: "outputs", shape: named, doc: "what a run ends with"},
	{name: "finally", shape: listOf, object: stepObject, doc: "steps that are done whatever came of the others; they see run.status and run.reason"},
}}

var rulesObject = &object{name: "rules", doc: "a file of rules", keys: []key{
	versionKey,
	{name: "name", shape: aString, doc: "what the file is called"},
	{name: "description", shape: aString, doc: "what its rules are for"},
	{name: "rules", shape: objects, object: ruleObject, required: true, doc: "the rules"},
}}

// foreign are keys of other tools' workflows, and what to write here.
var foreign = map[string]string{
	"run": "no step runs a shell; uses asks a query or does an effect", "shell": "no step runs a shell", "script": "no step runs a shell",
	"needs": "a reference is an order; after names a step that is not read", "depends_on": "a reference is an order; after names a step that is not read",
	"env": "expressions see inputs, not the environment", "jobs": "a workflow has one list of steps",
	"matrix": "write foreach", "strategy": "write foreach", "for_each": "write foreach", "loop": "write foreach or repeat", "while": "write repeat",
	"when": "write if", "unless": "write if", "vars": "write inputs, or a step with let", "variables": "write inputs, or a step with let",
	"continue-on-error": "write on_timeout, or read the result through ??", "continue_on_error": "write on_timeout, or read the result through ??",
	"timeout-minutes": "write timeout: 15m", "inputs": "write with", "args": "write with", "assert": "write require", "set": "write let", "return": "write outputs",
	"cron": "write schedule: {cron: …}", "every": "write schedule: {every: …}", "triggers": "write on", "then": "", "else": "",
}
