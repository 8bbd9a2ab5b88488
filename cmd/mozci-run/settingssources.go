package main

import (
	"slices"
	"strings"

	"github.com/mozci/mozci-run/schemas/yamldoc"
)

// sources holds the list of a profile's sources to the list of adapters.
func (k *settingsCheck) sources(n *yamldoc.Node, specs []sourceSpec) {
	if n == nil || n.Kind != yamldoc.List {
		return
	}
	if len(n.Items) == 0 {
		k.add(n, "wrong-type", "sources is an empty list: a profile asks one source at least")
	}
	seen := map[string]bool{}
	for i, item := range n.Items {
		at := item.Get("adapter")
		if at == nil || at.Kind != yamldoc.Scalar || at.IsNull() {
			continue
		}
		a, err := specs[i].adapter()
		switch {
		case err != nil:
			k.add(at, "unknown-adapter", "there is no adapter %s; %s", at.Value, oneOf(at.Value, adapterNames()))
			continue
		case seen[a.name]:
			k.add(at, "duplicate-adapter", "the adapter %s is named twice in this profile; name it once", a.name)
		}
		seen[a.name] = true
		k.source(item, a)
	}
}

func (k *settingsCheck) source(n *yamldoc.Node, a adapter) {
	k.base(n.Get("base"), a)
	if options := n.Get("options"); options != nil {
		k.settings(options, a, a.options, "option")
		for _, e := range options.Entries {
			if i := slices.Index(named(a.options), e.Key.Value); i >= 0 && e.Value.Kind == yamldoc.Scalar && e.Value.Type == yamldoc.String {
				if wrong := a.options[i].kind.wrong(e.Value.Value); wrong != "" {
					k.add(e.Value, "bad-option", "%s: %s", e.Key.Value, wrong)
				}
			}
		}
	}
	if credentials := n.Get("credentials"); credentials != nil {
		k.settings(credentials, a, a.credentials, "credential")
	}
	k.account(n, a)
}

// settings holds names to those that an adapter has, and to those that have to be beside them.
func (k *settingsCheck) settings(n *yamldoc.Node, a adapter, list []setting, what string) {
	for _, e := range n.Entries {
		i := slices.Index(named(list), e.Key.Value)
		if i < 0 {
			name := " " + e.Key.Value
			if looksSecret(name) {
				name = " of that name"
			}
			k.add(e.Key, "unknown-"+what, "the adapter %s has no %s%s; %s", a.name, what, name, oneOf(e.Key.Value, named(list)))
			continue
		}
		for _, other := range list[i].needs {
			if n.Get(other) == nil {
				k.add(e.Key, "companion", "%s needs %s beside it", e.Key.Value, other)
			}
		}
	}
}

func (k *settingsCheck) base(n *yamldoc.Node, a adapter) {
	if n == nil || n.Kind != yamldoc.Scalar || n.Type != yamldoc.String {
		return
	}
	wrong := wrongBase(n.Value)
	switch {
	case a.base == "":
		k.add(n, "bad-url", "the adapter %s has no base: its URL is a secret, and is named under credentials, as {url: {env: NAME}}", a.name)
	case wrong != "":
		k.add(n, "bad-url", "%s, such as %s", wrong, a.base)
	case strings.TrimRight(n.Value, "/")+"/api" == a.base:
		k.add(n, "bad-url", "this is where people look; the base of its API is %s", a.base)
	}
}

func (k *settingsCheck) account(n *yamldoc.Node, a adapter) {
	v := n.Get("account")
	if v == nil || v.Kind != yamldoc.Scalar || v.IsNull() {
		return
	}
	switch {
	case a.account == "":
		k.add(v, "unknown-account", "nobody's tools keep credentials for the adapter %s; name them under credentials", a.name)
	case v.Value != a.account:
		k.add(v, "unknown-account", "the account of the adapter %s is %s", a.name, a.account)
	}
	if n.Get("credentials") != nil {
		k.add(keyOf(n, "credentials"), "companion",
			"account and credentials do not go together: the credentials are either where the tools of %s keep them, or where they are said to be here", a.account)
	}
}
