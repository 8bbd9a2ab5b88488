package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mozci/mozci-run/schemas/yamldoc"
	"github.com/mozci/mozci-run/sources/taskcluster"
)

// taskclusterAccount is the account that Taskcluster's own tools keep: in the variables that `taskcluster signin` sets and that every client of
// Taskcluster reads, and in the configuration file of its shell client.
//
// The credentials of an account are taken whole, from the variables where one of TASKCLUSTER_CLIENT_ID and TASKCLUSTER_ACCESS_TOKEN is set, otherwise from
// the file: half of one client's and half of another's are nobody's. (The shell client lets each variable override each value of the file.)
//
// Credentials belong to a deployment: TASKCLUSTER_ROOT_URL's for those of the environment, rootUrl's for those of the file, and
// where one names none, the other's; where neither does, Mozilla's own, which the adapter asks where it is told nothing else. To another deployment than theirs they are
// never sent. A source with this account and without a base is asked where TASKCLUSTER_ROOT_URL says, as all of Taskcluster's tools do; what the
// file says of that is about its credentials only.
const taskclusterAccount = "taskcluster"

const (
	rootVariable  = "TASKCLUSTER_ROOT_URL"
	idVariable    = "TASKCLUSTER_CLIENT_ID"
	tokenVariable = "TASKCLUSTER_ACCESS_TOKEN"
	certVariable  = "TASKCLUSTER_CERTIFICATE"
)

// A signedIn is what an account holds.
type signedIn struct {
	credentials taskcluster.Credentials
	root        string // the deployment; empty where nothing names one
	from        string // where the credentials are, for people
	wrong       string // why they cannot be read; empty where they can
}

// none says that the account has nothing.
func (a signedIn) none() bool {
	return a.wrong == "" && a.credentials.ClientID == "" && a.credentials.AccessToken == ""
}

// taskcluster reads the account of Taskcluster's tools.
func (c *command) taskcluster() signedIn {
	kept, path := c.taskclusterFile()
	env := signedIn{from: "the environment", root: c.m.getenv(rootVariable), credentials: taskcluster.Credentials{
		ClientID: c.m.getenv(idVariable), AccessToken: c.m.getenv(tokenVariable), Certificate: c.m.getenv(certVariable)}}
	id, token := env.credentials.ClientID != "", env.credentials.AccessToken != ""
	switch {
	case id && !token:
		env.wrong = idVariable + " is set, and " + tokenVariable + " is not"
	case token && !id:
		env.wrong = tokenVariable + " is set, and " + idVariable + " is not"
	case !id:
		kept.from = path
		kept.root = or(kept.root, env.root)
		return kept
	}
	env.root = or(env.root, kept.root)
	return env
}

// taskclusterFile reads the configuration file of Taskcluster's shell client: taskcluster.yml in XDG_CONFIG_HOME, or in ~/.config on every system. A file that is not
// there holds nothing. Nothing of its text is told: all of it may be secret.
func (c *command) taskclusterFile() (kept signedIn, path string) {
	dir := c.m.getenv("XDG_CONFIG_HOME")
	if dir == "" {
		if c.m.getenv("HOME") == "" {
			return kept, ""
		}
		dir = filepath.Join(c.m.getenv("HOME"), ".config")
	}
	path = filepath.Join(dir, "taskcluster.yml")
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return kept, path
	case err != nil:
		kept.wrong = fmt.Sprint("they cannot be read: ", err)
		return kept, path
	}
	doc, problems := yamldoc.Parse(path, text)
	if len(problems) > 0 {
		kept.wrong = fmt.Sprintf("line %d is no YAML that is read here [%s]", problems[0].Line, problems[0].Kind)
		return kept, path
	}
	kept.fill(doc.Get("config"))
	return kept, path
}

// fill takes the values of the section config, of which each is text, but for the list of scopes.
func (a *signedIn) fill(config *yamldoc.Node) {
	if config == nil {
		return
	}
	for _, e := range config.Entries {
		var into *string
		switch e.Key.Value {
		case "rootUrl":
			into = &a.root
		case "clientId":
			into = &a.credentials.ClientID
		case "accessToken":
			into = &a.credentials.AccessToken
		case "certificate":
			into = &a.credentials.Certificate
		case "authorizedScopes":
			a.scopes(e.Value)
			continue
		default:
			continue // another version's
		}
		switch {
		case e.Value.IsNull():
		case e.Value.Kind == yamldoc.Scalar:
			*into = e.Value.Value
		default:
			a.wrong = fmt.Sprintf("%s, on line %d, is no text", e.Key.Value, e.Key.Line)
		}
	}
	if id, token := a.credentials.ClientID != "", a.credentials.AccessToken != ""; id != token && a.wrong == "" {
		a.wrong = "it has one of clientId and accessToken, and not the other"
	}
}

func (a *signedIn) scopes(n *yamldoc.Node) {
	if n.IsNull() {
		return
	}
	a.credentials.AuthorizedScopes = []string{}
	for _, item := range n.Items {
		if item.Kind == yamldoc.Scalar {
			a.credentials.AuthorizedScopes = append(a.credentials.AuthorizedScopes, item.Value)
			continue
		}
		a.wrong = fmt.Sprintf("authorizedScopes, on line %d, is no list of text", n.Line)
	}
	if n.Kind != yamldoc.List {
		a.wrong = fmt.Sprintf("authorizedScopes, on line %d, is no list of text", n.Line)
	}
}

// based gives the sources with an account their base, where the profile leaves it out and the environment names a deployment.
func (c *command) based(p profile) (profile, error) {
	root := c.m.getenv(rootVariable)
	p.Sources = slices.Clone(p.Sources)
	for i := range p.Sources {
		s := &p.Sources[i]
		if s.Account != taskclusterAccount || s.Base != "" || root == "" || sameDeployment(root, s.at()) {
			continue
		}
		if wrong := wrongBase(root); wrong != "" {
			return p, usage("set it to the root URL of a deployment, such as "+s.at()+", or unset it", "%s is no root URL: %s", rootVariable, wrong)
		}
		s.Base = strings.TrimRight(root, "/")
		p.elsewhere = fmt.Sprintf("%s at %s, as %s says", s.Adapter, s.Base, rootVariable)
	}
	return p, nil
}

// signIn finds the credentials of a source's account, if they are those of the deployment that it asks; else why they are not.
func (c *command) signIn(spec sourceSpec) found {
	a := c.taskcluster()
	if a.none() {
		return found{}
	}
	f := found{from: a.from}
	switch root := or(a.root, sourceSpec{Adapter: spec.Adapter}.at()); {
	case a.wrong != "":
		f.without = fmt.Sprintf("the credentials in %s are not used: %s", a.from, a.wrong)
	case !sameDeployment(root, spec.at()):
		f.without = fmt.Sprintf("the credentials in %s are for %s, and are not used for %s", a.from, shownRoot(root), spec.at())
	default:
		f.credentials = map[string]string{"client_id": a.credentials.ClientID, "access_token": a.credentials.AccessToken, "certificate": a.credentials.Certificate}
		f.scopes = a.credentials.AuthorizedScopes
	}
	return f
}

// scoped takes away what a profile has found in Taskcluster's own variables, where these are of another deployment.
func (c *command) scoped(spec sourceSpec, f found) found {
	root := c.m.getenv(rootVariable)
	for _, where := range spec.Credentials {
		switch where.Env {
		case idVariable, tokenVariable, certVariable:
			if root != "" && !sameDeployment(root, spec.at()) {
				return found{without: fmt.Sprintf("the credentials in the environment are for %s, as %s says, and are not used for %s", shownRoot(root), rootVariable, spec.at())}
			}
		}
	}
	return f
}

// sameDeployment compares root URLs as people write them: case of the host, a port that goes without saying and a slash at the end do not count.
func sameDeployment(a, b string) bool {
	x, err := url.Parse(a)
	y, err2 := url.Parse(b)
	if err != nil || err2 != nil || x.Host == "" {
		return false
	}
	return x.Scheme == y.Scheme && strings.EqualFold(hostPort(x), hostPort(y)) && strings.TrimRight(x.Path, "/") == strings.TrimRight(y.Path, "/")
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Hostname() + ":" + port
}

// shownRoot is a root URL without what may be a secret in it.
func shownRoot(root string) string {
	if wrong := wrongBase(root); wrong != "" {
		return "another deployment"
	}
	return root
}
