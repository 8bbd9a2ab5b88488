package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/mozci/mozci-run/schemas"
	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// What mozci.yaml may hold is these types and the list of adapters, and is written nowhere else: the loader fills them, check holds a file to
// them, and the schema for editors is made of them. A member without omitempty has to be there.

// A profileFile is what mozci.yaml holds.
type profileFile struct {
	Default  string             `json:"default,omitempty" doc:"the profile where nothing names one; left out, the only one of the file"`
	Profiles map[string]profile `json:"profiles,omitempty" doc:"which adapters answer, and where, by the names of the profiles"`

	path string        // empty where there is no file
	node *yamldoc.Node // what was read
}

// A profile says which adapters answer, and where. The built-in ones are in profile.go; mozci.yaml may define others.
type profile struct {
	Description string         `json:"description,omitempty" doc:"what it is, for people"`
	Sources     []sourceSpec   `json:"sources,omitempty" doc:"the adapters, in the order in which they are asked"`
	Simulate    *simulation    `json:"simulate,omitempty" doc:"instead of sources: a simulated CI in this process; nothing real is asked or changed"`
	Replay      string         `json:"replay,omitempty" doc:"instead of sources: a folder of cassettes, which answer as they were recorded"`
	Inputs      map[string]any `json:"inputs,omitempty" doc:"values for workflows' inputs of these names, where nothing else gives them"`
	Clock       *clockSpec     `json:"clock,omitempty" doc:"its time; this machine's where it is left out"`
	Patience    patience       `json:"patience,omitempty" doc:"how long this process waits, in real time, before it takes silence for an answer"`

	name string
	from string        // where it is written, for people: built in, or the file
	dir  string        // what its paths start from
	node *yamldoc.Node // nil where it is built in

	elsewhere string // what is asked elsewhere than where the profile says nothing else, and why; empty where nothing is
}

// A sourceSpec is an adapter and what it is told.
type sourceSpec struct {
	Adapter     string            `json:"adapter" doc:"the kind of service"`
	Base        string            `json:"base,omitempty" doc:"the service's base URL, without a password; the public service's where it is left out"`
	Fallback    bool              `json:"fallback,omitempty" doc:"whether the next source is asked where this one is unavailable"`
	Branches    map[string]string `json:"branches,omitempty" doc:"what the service calls a branch, where that differs"`
	Options     map[string]string `json:"options,omitempty" doc:"the adapter's own"`
	Account     string            `json:"account,omitempty" doc:"whose tools keep the credentials; what they hold for another deployment is not used"`
	Credentials secrets           `json:"credentials,omitempty" doc:"where each credential is to be found; none is written here"`

	found found // when a session has been opened
}

// Secrets say where the credentials of a source are to be found, by their names.
type secrets map[string]secret

// A secret names where a credential is to be found. Nobody writes one into a file of settings.
type secret struct {
	Env       string `json:"env,omitempty" doc:"the variable of the environment that holds it"`
	File      string `json:"file,omitempty" doc:"the file that holds it and nothing else"`
	Simulated bool   `json:"simulated,omitempty" doc:"made up, for a simulated CI, which wants one and does not look at it"`
}

// A patience says how long this process waits, in real time, before it takes silence for an answer.
type patience struct {
	Call time.Duration `json:"call,omitempty" doc:"how long one call that changes something may take; as long as the adapter says where it is left out"`
	Beat time.Duration `json:"beat,omitempty" doc:"how often a process says that it is alive: after eight of them it counts as dead; 1s where it is left out"`
}

// A clockSpec is the time of a profile.
type clockSpec struct {
	Speed float64   `json:"speed,omitempty" doc:"how many times as fast as real time; 1 where it is left out"`
	Epoch time.Time `json:"epoch,omitempty" doc:"what it reads at the time at"`
	At    time.Time `json:"at,omitempty" doc:"the time of this machine at which it reads epoch; the start of the command where it is left out"`
	Jump  bool      `json:"jump,omitempty" doc:"whether it stands still, and jumps over what somebody waits for; in a simulated CI only"`
}

// A simulation is a simulated CI within the process.
type simulation struct {
	Scenario string `json:"scenario,omitempty" doc:"a file, or the name of one that ships; default where it is left out"`
	Seed     int    `json:"seed,omitempty" doc:"what settles all that the scenario leaves open; 0 where it is left out"`
}

// What the values may look like, for check and for the schema alike.
const (
	profileNames = `^[A-Za-z0-9][A-Za-z0-9._-]*$`
	inputNames   = `^[A-Za-z][A-Za-z0-9_]*$`
	variables    = `^[A-Za-z_][A-Za-z0-9_]*$`
	baseURLs     = `^https?://[^/?#@\s]+(/[^?#@\s]*)?$`
	plainNames   = `^[A-Za-z0-9_-]+$`
	treePairs    = `^\s*[^=,\s]+=[^=,\s]+(\s*,\s*[^=,\s]+=[^=,\s]+)*\s*$`
	fastest      = 1000000 // times real time: half a day in 40 milliseconds
)

var (
	profileName = regexp.MustCompile(profileNames)
	inputName   = regexp.MustCompile(inputNames)
	variable    = regexp.MustCompile(variables)
	baseURL     = regexp.MustCompile(baseURLs)
	plainName   = regexp.MustCompile(plainNames)
	treePair    = regexp.MustCompile(treePairs)
)

// The times that a clock may read: those in which there were services to ask.
var (
	clockFrom  = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	clockUntil = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

const notWritten = "a credential is not written here, where others read it: " +
	"name the variable of the environment that holds it ({env: NAME}), or a file that holds nothing else ({file: PATH})"

// UnmarshalNode takes the names of credentials, each with where it is to be found. Whatever else stands there is in no problem's text: it may be the
// credential itself.
func (s *secrets) UnmarshalNode(n *yamldoc.Node) []yamldoc.Problem {
	if n.IsNull() {
		return nil
	}
	if n.Kind != yamldoc.Map {
		return []yamldoc.Problem{n.Problem("wrong-type", "credentials are a map of their names to where they are to be found, such as {token: {env: NAME}}")}
	}
	*s = secrets{}
	var problems []yamldoc.Problem
	for _, e := range n.Entries {
		var one secret
		switch v := e.Value; {
		case v.IsNull():
		case v.Kind == yamldoc.Map:
			problems = append(problems, one.fill(v)...)
		default:
			problems = append(problems, v.Problem("secret", notWritten))
		}
		(*s)[e.Key.Value] = one
	}
	return problems
}

// findings are the ways to find a credential.
var findings = []string{"env", "file", "simulated"}

// fill takes exactly one of the ways to find a credential.
func (s *secret) fill(n *yamldoc.Node) []yamldoc.Problem {
	var problems []yamldoc.Problem
	for _, e := range n.Entries {
		key, v := e.Key.Value, e.Value
		text := v.Kind == yamldoc.Scalar && v.Type == yamldoc.String && v.Value != ""
		switch {
		case key == "env" && text && variable.MatchString(v.Value) && !looksSecret(v.Value):
			s.Env = v.Value
		case v.IsNull() && slices.Contains(findings, key):
			problems = append(problems, v.Problem("wrong-type", key+" is empty"))
		case key == "env":
			problems = append(problems, v.Problem("secret", "env is the name of a variable of the environment, and this is none: letters, digits and _ are; is it the credential itself?"))
		case key == "file" && text:
			s.File = v.Value
		case key == "file":
			problems = append(problems, v.Problem("wrong-type", "file is the path of a file"))
		case key == "simulated" && v.Type == yamldoc.Bool && v.Value == "true":
			s.Simulated = true
		case key == "simulated":
			problems = append(problems, v.Problem("wrong-type", "simulated is true, or left out"))
		case schemas.Nearest(key, findings) != "":
			problems = append(problems, yamldoc.UnknownKey(e.Key, findings))
		default: // perhaps the credential, as {token: {…}}
			problems = append(problems, e.Key.Problem("unknown-key", "there is no such key here; it may be "+strings.Join(findings, ", ")))
		}
	}
	if len(n.Entries) != 1 {
		problems = append(problems, n.Problem("companion", fmt.Sprintf("a credential has one of env, file and simulated, and this one has %d", len(n.Entries))))
	}
	return problems
}

// looksSecret says whether a word is more likely a token than a name: long, and of letters and digits without order.
func looksSecret(word string) bool {
	upper, lower, digit := false, false, false
	for _, r := range word {
		upper = upper || r >= 'A' && r <= 'Z'
		lower = lower || r >= 'a' && r <= 'z'
		digit = digit || r >= '0' && r <= '9'
	}
	return len(word) >= 20 && upper && lower && digit
}
