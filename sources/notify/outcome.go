package notify

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/mozci/mozci-run/sources"
)

// broken says why there was no answer, in words that do not name the URL. Where no connection came about, certainly nothing
// was sent, and the kind says so.
func broken(ctx context.Context, err error) error {
	var own *sources.Error
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case errors.As(err, &own) && errors.Is(own, sources.ErrRefused): // a transport of ours has kept it back: this is a plan
		return failed(sources.ErrRefused, 0, "it was not sent: requests that may change something are held back", "--apply lets it be sent")
	case errors.As(err, &dns):
		return failed(sources.ErrRefused, 0, "the host of the webhook's URL is not known, so nothing was sent", "look at the URL that the profile names")
	case errors.As(err, &op) && op.Op == "dial":
		return failed(sources.ErrRefused, 0, "there is no connection to the webhook, so nothing was sent", "look whether the service is up, and at the URL that the profile names")
	case context.Cause(ctx) != nil:
		return failed(sources.ErrUnavailable, 0, "no answer came in time, and the notice may have arrived", "")
	}
	return failed(sources.ErrUnavailable, 0, "the connection broke before an answer came, and the notice may have arrived", "")
}

// refusal says what a status means; nil for one that says that the notice was taken.
func refusal(status int) error {
	const look = "look at the URL that the profile names, and at the webhook in the service's settings"
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return failed(sources.ErrUnauthorised, status, "the service lets nobody write there", look)
	case status == http.StatusNotFound || status == http.StatusGone:
		return failed(sources.ErrNotFound, status, "the service knows no such webhook", look)
	case status >= 300 && status < 400:
		return failed(sources.ErrRefused, status, "the webhook is elsewhere now, and notices are not carried after it", look)
	case status == http.StatusRequestTimeout || status == http.StatusConflict || status >= 500 || status < 200:
		return failed(sources.ErrUnavailable, status, "the service did not say that it took the notice, and it may have", "")
	case status == http.StatusTooManyRequests:
		return failed(sources.ErrRefused, status, "the service takes no more notices for now, and did not take this one", "run it again later")
	}
	return failed(sources.ErrRefused, status, "the service did not take the notice", look)
}
