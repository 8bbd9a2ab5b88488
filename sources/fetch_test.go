package sources_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/mozci/mozci-run/sources"
)

func TestFetch(t *testing.T) {
	type thing struct {
		Name string `json:"name"`
		Size int    `json:"size"`
	}
	ep := sources.Endpoint{Method: "GET", Limit: 64}
	for _, tt := range []struct {
		name, body string
		kind       error
		says       string
	}{
		{"good", `{"name": "a", "size": 7}`, nil, ""},
		{"with a line end", "{\"name\": \"a\", \"size\": 7}\n", nil, ""},
		{"another type", `{"name": "a", "size": "x"}`, sources.ErrChangedFormat, "at $.size: int is wanted, and string came"},
		{"another value behind it", `{"name": "a"} {"name": "b"}`, sources.ErrChangedFormat, "something follows the JSON"},
		{"half", `{"name": "a", "si`, sources.ErrUnavailable, "no JSON"},
		{"nothing", ``, sources.ErrUnavailable, "no JSON"},
		{"garbage", `<html>`, sources.ErrUnavailable, "no JSON"},
		{"good, and called HTML", `{"name": "a", "size": 7}`, sources.ErrUnavailable, `JSON is wanted, and "text/html" came`},
		{"too large", `{"name": "` + strings.Repeat("a", 64) + `"}`, sources.ErrTooLarge, "76 bytes are announced, and 64 are the bound"},
		{"too large, unannounced", `{"name": "` + strings.Repeat("a", 64) + `"}`, sources.ErrTooLarge, "more than 64 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
				resp := response(req, 200, tt.body)
				if strings.HasSuffix(tt.name, "HTML") {
					resp.Header.Set("Content-Type", "text/html")
				}
				if strings.HasSuffix(tt.name, "unannounced") {
					resp.ContentLength = -1
				}
				return resp, nil
			})}
			got, err := sources.Fetch[thing](t.Context(), sources.Reader{Client: client, Source: "s"}, ep, "https://u:p@ci.example/x?token=secret", "a test")
			if !errors.Is(err, tt.kind) || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v\nwant %v, with %s", err, tt.kind, tt.says)
			}
			if err == nil && got != (thing{"a", 7}) || err != nil && got != (thing{}) {
				t.Errorf("got %+v beside %v", got, err)
			}
			if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "u:p")) {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

// What a status means where the service says no more. One that leaves open whether the request was done is never a refusal.
func TestStatuses(t *testing.T) {
	for kind, statuses := range map[error][]int{
		sources.ErrRefused:      {400, 405, 413, 422},
		sources.ErrUnauthorised: {401, 403},
		sources.ErrNotFound:     {404},
		sources.ErrConflict:     {409},
		sources.ErrGone:         {410},
		sources.ErrRateLimited:  {429},
		sources.ErrUnavailable:  {304, 408, 500, 502, 503, 504, 599},
	} {
		for _, status := range statuses {
			client := &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) { return response(req, status, "no"), nil })}
			_, err := sources.Fetch[any](t.Context(), sources.Reader{Client: client}, sources.Endpoint{Method: "GET"}, "https://ci.example/", "a test")
			if sources.KindOf(err) != kind {
				t.Errorf("%d gives %v", status, err)
			}
		}
	}
}

func TestReadJSONGivesTheBodysError(t *testing.T) {
	var v any
	if err := sources.ReadJSON(io.MultiReader(strings.NewReader("{}"), failingReader{}), &v); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}
