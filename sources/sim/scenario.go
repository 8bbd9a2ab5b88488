package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// A Scenario says what a simulated CI holds. Zero values mean what the field's comment says; Positions (At) count from
// the newest push that has landed at the start (0) to older ones.
type Scenario struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	// Base is a scenario that ships, on which the file builds.
	Base string `yaml:"base"`

	// Now is the instant at which the scenario starts; zero is 2025-03-01T12:00:00Z.
	Now time.Time `yaml:"now"`

	Branches   []Branch     `yaml:"branches"`
	Jobs       []JobType    `yaml:"jobs"`
	Culprits   []Culprit    `yaml:"culprits"`
	Histories  []History    `yaml:"histories"`
	Classified []Classified `yaml:"classified"`
	Requested  []Requested  `yaml:"requested"`
	Pools      []Pool       `yaml:"pools"`
	Trees      []Tree       `yaml:"trees"`
	Ingestion  Ingestion    `yaml:"ingestion"`
	Actions    Actions      `yaml:"actions"`
	Access     Access       `yaml:"access"`
	Faults     []Fault      `yaml:"faults"`

	// Latency is put on every request, in real time.
	Latency time.Duration `yaml:"latency"`
}

// digest tells scenarios apart by what they say.
func (sc *Scenario) digest() string {
	text, err := json.Marshal(sc)
	if err != nil {
		panic(err) // a scenario is plain data
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:4])
}

// A Branch is a repository with its pushlog.
type Branch struct {
	Name string `yaml:"name"` // as Treeherder and Taskcluster name it: autoland
	Repo string `yaml:"repo"` // its path on hg: integration/autoland; empty is the name
	Tree string `yaml:"tree"` // its name for the tree status service; empty is "firefox-" and the name

	First  int `yaml:"first_push"` // pushlog id of the oldest push; 0 is 1
	Pushes int `yaml:"pushes"`     // how many have landed at the start
	Later  int `yaml:"later"`      // how many land after it

	Newest     time.Duration `yaml:"newest"` // how long before the start the newest push landed; 0 is 2h
	Every      time.Duration `yaml:"every"`  // mean distance of pushes; 0 is 14m
	Jitter     float64       `yaml:"jitter"` // 0 to 0.9
	Changesets Span          `yaml:"changesets"`

	Settings []PushSetting `yaml:"settings"`
}

// A Span is an inclusive range. The zero Span of changesets is 1 to 4, that of a culprit is the push at 0.
type Span struct {
	Min int `yaml:"min"`
	Max int `yaml:"max"`
}

// A PushSetting makes one push special.
type PushSetting struct {
	At             int           `yaml:"at"`
	Empty          bool          `yaml:"empty"`           // stripped later: vanishes from every range, lastpushid counts it
	Obsolete       bool          `yaml:"obsolete"`        // its changesets were obsoleted: listed without them
	NoDecision     bool          `yaml:"no_decision"`     // nothing was scheduled
	DecisionFailed bool          `yaml:"decision_failed"` // the decision task is red, and nothing was scheduled
	DontBuild      bool          `yaml:"dontbuild"`       // DONTBUILD in its description, nothing was scheduled
	Untrusted      bool          `yaml:"untrusted"`       // its decision task may not use the hooks that it names
	Expired        bool          `yaml:"expired"`         // its tasks and artifacts are gone from Taskcluster
	SkipIDs        int           `yaml:"skip_ids"`        // so many pushlog ids before it were never given out
	Shift          time.Duration `yaml:"shift"`           // its recorded date is off by so much
	BacksOut       int           `yaml:"backs_out"`       // position of the push that it backs out; 0 is none
	Description    string        `yaml:"description"`     // instead of an invented one
}

// runnable says whether jobs can be scheduled on such a push at all.
func (s PushSetting) runnable() bool {
	return !s.Empty && !s.NoDecision && !s.DecisionFailed && !s.DontBuild && !s.Expired
}

// A JobType is what can run on a push, or a family of such: a label with "{chunk}" stands for Chunks of them.
type JobType struct {
	Label    string `yaml:"label"`    // test-linux1804-64-qr/opt-mochitest-browser-chrome-{chunk}
	Kind     string `yaml:"kind"`     // build or test; empty is what the label begins with
	Chunks   int    `yaml:"chunks"`   // 0 is 1
	Upstream string `yaml:"upstream"` // label of the job that has to complete first
	Platform string `yaml:"platform"` // empty: read off the label, as is Option
	Option   string `yaml:"option"`
	Tier     int    `yaml:"tier"` // 0 is 1

	Group       string `yaml:"group"`        // Treeherder's group name
	GroupSymbol string `yaml:"group_symbol"` // and symbol
	Symbol      string `yaml:"symbol"`       // with {chunk}

	Duration time.Duration `yaml:"duration"` // 0 is 20m
	Jitter   float64       `yaml:"jitter"`   // of the duration

	Density    float64 `yaml:"density"`    // on which part of the pushes it is scheduled; 0 is on all, negative on none
	Flake      float64 `yaml:"flake"`      // how often it fails on a good push
	Exceptions float64 `yaml:"exceptions"` // how often its infrastructure fails
	Retries    float64 `yaml:"retries"`    // how often its machine goes away and it is retried
	Pool       string  `yaml:"pool"`       // worker pool; empty is one by kind

	Suite         string   `yaml:"suite"`          // mochitest-browser-chrome; empty: read off the label
	Manifests     int      `yaml:"manifests"`      // how many the chunks share; 0 is 4 a chunk for tests
	ManifestNames []string `yaml:"manifest_names"` // instead of invented ones
	Drift         float64  `yaml:"drift"`          // on which part of the pushes the chunks hold other manifests than usual
	Drifts        []Drift  `yaml:"drifts"`         // where they do for certain
}

// A Drift moves the manifests of a chunked job type by Shift places on one push.
type Drift struct {
	At    int `yaml:"at"`
	Shift int `yaml:"shift"`
}

// A Culprit is a push that broke a job type: from it on every run fails. Where the job type has manifests, it broke one of
// them, and a label fails while its chunk holds that manifest.
type Culprit struct {
	Branch   string  `yaml:"branch"` // empty is the first branch
	Label    string  `yaml:"label"`
	At       Span    `yaml:"at"`       // the seed picks a runnable push in it
	Fixed    *int    `yaml:"fixed"`    // position of the push from which on it passes again; nil is never
	Rate     float64 `yaml:"rate"`     // how often it fails; 0 is always
	Manifest string  `yaml:"manifest"` // empty is the first that the label holds
	Line     string  `yaml:"line"`     // what the log says; empty is an invented line
}

// A History says what has run of a job type, newest push first, one letter a push (blanks are ignored):
//
//	F failed   P passed   I failed, then passed on a retrigger   . nothing   - nothing, on a push that cannot run it
//	x exception   c canceled   s superseded by a newer push's job   r retried, then by the truth   ? running   ~ pending
//	T ran, and its result is the truth's
//
// Beyond the strip Density decides.
type History struct {
	Branch string `yaml:"branch"` // empty is the first branch
	Label  string `yaml:"label"`
	Strip  string `yaml:"strip"`
}

// Classified is a failure that a sheriff has classified before the start.
type Classified struct {
	Branch         string `yaml:"branch"`
	Label          string `yaml:"label"`
	At             int    `yaml:"at"`
	Classification int    `yaml:"classification"`
	Text           string `yaml:"text"`
}

// Requested is an action that somebody else had triggered before the start.
type Requested struct {
	Branch string        `yaml:"branch"`
	Action string        `yaml:"action"` // backfill, add-new-jobs
	Label  string        `yaml:"label"`
	At     int           `yaml:"at"`
	Depth  int           `yaml:"depth"` // for backfill; 0 is 9
	Ago    time.Duration `yaml:"ago"`   // before the start
}

// A Pool limits how many jobs of a worker pool run at once after the start. Pools that are not named have no limit.
type Pool struct {
	Name     string `yaml:"name"` // gecko-t/t-linux-large
	Machines int    `yaml:"machines"`
}

// A Tree is a tree's status, where it is not open.
type Tree struct {
	Name   string   `yaml:"name"` // firefox-autoland
	Status string   `yaml:"status"`
	Reason string   `yaml:"reason"`
	Tags   []string `yaml:"tags"`
}

// Ingestion is how late Treeherder sees what Taskcluster knows.
type Ingestion struct {
	Delay  time.Duration `yaml:"delay"` // mean; 0 is 45s, negative is at once
	Jitter float64       `yaml:"jitter"`
	// Logs is how long after that it has read the log of a job that has ended: error lines, and results by manifest.
	Logs time.Duration `yaml:"logs" json:",omitempty"`
}

// Actions is how action tasks behave.
type Actions struct {
	Delay time.Duration `yaml:"delay"` // from start to end of an action task; 0 is 75s
	// Fails is how often an action task fails, and nothing comes of it.
	Fails float64 `yaml:"fails"`
	// OwnTaskIDs refuses a task id that the client has chosen, as hooks did before v97.1 and as a hook's template may.
	OwnTaskIDs bool `yaml:"own_task_ids"`
}

// Access is who may do what. Without clients anybody may do everything.
type Access struct {
	Clients []Client `yaml:"clients"`
	// NoAnonymousReads answers 403 to every read of Taskcluster without credentials, as a fresh deployment does.
	NoAnonymousReads bool `yaml:"no_anonymous_reads"`
	// TreeherderToken is what a classification has to carry as "Authorization: Bearer …"; empty asks for nothing.
	TreeherderToken string `yaml:"treeherder_token"`
}

// A Client is a Taskcluster client with permanent credentials; temporary ones that it issued are taken too.
type Client struct {
	ID          string   `yaml:"client_id"`
	AccessToken string   `yaml:"access_token"`
	Scopes      []string `yaml:"scopes"`
}

// A Fault spoils answers. It applies to requests whose "METHOD /path?query" its Match fits, where * stands for anything.
// Nth, Every, First and Probability choose among those; with none of them every one is spoilt.
type Fault struct {
	Match       string        `yaml:"match"`
	Nth         []int         `yaml:"nth"`         // the 1st, 2nd, … of them
	First       int           `yaml:"first"`       // the first so many
	Every       int           `yaml:"every"`       // each so many-th
	Probability float64       `yaml:"probability"` // by the request and how often it came
	Kind        FaultKind     `yaml:"kind"`
	After       bool          `yaml:"after"`       // the request is served, writes included, and then its answer is spoilt
	RetryAfter  time.Duration `yaml:"retry_after"` // of a 429 or 503
	Delay       time.Duration `yaml:"delay"`       // of slow, in real time
}

// A FaultKind is a way in which an answer goes wrong.
type FaultKind string

const (
	Fault401       FaultKind = "401"
	Fault403       FaultKind = "403"
	Fault404       FaultKind = "404"
	Fault409       FaultKind = "409"
	Fault429       FaultKind = "429"        // with Retry-After
	Fault500       FaultKind = "500"        // in the service's own form
	FaultHTML503   FaultKind = "html503"    // a load balancer's page
	FaultReset     FaultKind = "reset"      // the connection ends without an answer
	FaultTruncated FaultKind = "truncated"  // the answer ends in its middle
	FaultWrongType FaultKind = "wrong-type" // JSON, with a string where a number or list was
	FaultHTML200   FaultKind = "html200"    // a login page, with status 200
	FaultHuge      FaultKind = "huge"       // 100 MB of JSON
	FaultGzipBomb  FaultKind = "gzip-bomb"  // 100 MB of JSON in 100 kB
	FaultSlow      FaultKind = "slow"       // a right answer, late
)
