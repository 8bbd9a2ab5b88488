package sources

import (
	"fmt"
	"net/http"
)

// DryRun refuses every request but GET and HEAD: what a plan is made over, so that nothing can act, whatever it believes.
// A query that asks by POST is refused as well.
func DryRun(next http.RoundTripper) http.RoundTripper { return dryRun{next} }

type dryRun struct{ next http.RoundTripper }

func (d dryRun) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		return d.next.RoundTrip(req)
	}
	if req.Body != nil {
		req.Body.Close()
	}
	return nil, &Error{Kind: ErrRefused, Err: fmt.Errorf("this is a plan, and a %s may change something", req.Method), Hint: "--apply lets it be sent"}
}
