package sources

import (
	"net/http"
	"time"
)

// StackOptions are what Stack composes. Connection and Clock are needed; the rest may be zero.
type StackOptions struct {
	Connection http.RoundTripper // what makes the requests, or replays them
	Clock      Clock             // of the profile
	UserAgent  string            // empty means DefaultUserAgent
	DryRun     bool              // whether only GET and HEAD are let through
	NoCache    bool              // whether each question is asked anew
	Cache      CacheBounds
	Retry      RetryTerms
	PerHost    int           // how many requests at a time; 0 means the constant PerHost
	Spacing    time.Duration // how far apart they start at least
	Unpacked   int64         // see Unpack
}

// Stack returns the transports of this package around a connection, in the order that the package's comment gives. It is made
// once for a run and shared by its adapters, so that the bounds hold for all of them together.
func Stack(o StackOptions) http.RoundTripper {
	rt := Unpack(o.Connection, o.Unpacked)
	rt = Limit(rt, o.Clock, o.PerHost, o.Spacing)
	rt = Retry(rt, o.Clock, o.Retry)
	if !o.NoCache {
		rt = Cache(rt, o.Cache)
	}
	if o.DryRun {
		rt = DryRun(rt)
	}
	return UserAgent(rt, o.UserAgent)
}
