package treeherder

import (
	"net/url"
	"strconv"
)

func (c *Client) pushLink(branch, revision string) string {
	return c.ui + "/jobs?" + url.Values{"repo": {c.project(branch)}, "revision": {revision}}.Encode()
}

func (c *Client) jobLink(branch, revision string, r row) string {
	v := url.Values{"repo": {c.project(branch)}, "revision": {revision}}
	if task := r.task(); task != "" {
		v.Set("selectedTaskRun", task+"."+strconv.Itoa(r.run()))
	} else {
		v.Set("selectedJob", strconv.FormatInt(r.ID, 10))
	}
	return c.ui + "/jobs?" + v.Encode()
}
