package hgmo

import (
	"reflect"

	"github.com/mozci/mozci-run/sources"
)

var (
	jsonPushes = sources.Endpoint{
		Name: "json-pushes", Doc: "the pushlog of a repository, version 2", Method: "GET", Path: "/{repo...}/json-pushes",
		Params: []string{"changeset", "endID", "fromchange", "full", "startID", "tochange", "version"},
		Schema: "hgmo/json-pushes.schema.json", Decode: reflect.TypeFor[pushlog](), Feeds: []string{"pushes.find", "pushes.range"}, Limit: 16 << 20,
	}
	jsonPushesPage = sources.Endpoint{
		Name: "json-pushes-page", Doc: "the pushlog by pages of ten numbers, the newest first", Method: "GET", Path: "/{repo...}/json-pushes/{page}",
		Params: []string{"full", "version"},
		Schema: jsonPushes.Schema, Decode: jsonPushes.Decode, Feeds: []string{"pushes.range"}, Limit: jsonPushes.Limit,
	}
	jsonRelevance = sources.Endpoint{
		Name: "json-automationrelevance", Doc: "the changesets of a push up to one, and what backed them out", Method: "GET",
		Path: "/{repo...}/json-automationrelevance/{revision}", Params: []string{"backouts"},
		Schema: "hgmo/json-automationrelevance.schema.json", Decode: reflect.TypeFor[relevance](), Feeds: []string{"pushes.backouts"}, Limit: 4 << 20,
	}
	treeEndpoint = sources.Endpoint{
		Name: "tree", Doc: "the status of one tree", Method: "GET", Path: "/trees/{tree}",
		Schema: "hgmo/tree.schema.json", Decode: reflect.TypeFor[treeAnswer](), Feeds: []string{"tree.status"}, Limit: 1 << 20,
	}
)

// Endpoints lists what the adapter reads.
func (c *Client) Endpoints() []sources.Endpoint {
	list := []sources.Endpoint{jsonPushes, jsonPushesPage, jsonRelevance}
	if c.trees != "" {
		tree := treeEndpoint
		tree.Base = withoutUser(c.trees)
		list = append(list, tree)
	}
	return list
}
