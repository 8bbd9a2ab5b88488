package sourcetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mozci/mozci-run/sources"
)

// A toy is an adapter that asks two pages. Each flaw is one that the suite has to see.
type toy struct {
	client *http.Client
	base   string
	flaw   string
	asked  atomic.Int32
}

type question struct {
	Branch string `json:"branch"`
}

type thing struct {
	Name string `json:"name"`
	Note string `json:"note"`
}

type things struct {
	Things []thing `json:"things"`
	Next   int     `json:"next"`
}

var toyEndpoint = sources.Endpoint{Name: "things", Doc: "a page of things", Method: "GET", Path: "/{branch}/things", Params: []string{"page"},
	Schema: "toy/things.schema.json", Decode: reflect.TypeFor[things](), Feeds: []string{"things.list"}, Limit: 1 << 20}

func (*toy) Name() string { return "toy" }

func (y *toy) Queries() []sources.Query {
	return []sources.Query{sources.NewQuery("things.list", "things of a branch", y.list)}
}

func (y *toy) Endpoints() []sources.Endpoint {
	e := toyEndpoint
	if y.flaw == "undeclared parameter" {
		e.Params = nil
	}
	if y.flaw == "undeclared feed" {
		e.Feeds = []string{"things.find"}
	}
	return []sources.Endpoint{e}
}

func (y *toy) list(ctx context.Context, q question) ([]thing, error) {
	asked := y.asked.Add(1)
	if y.flaw == "deaf" {
		ctx = context.WithoutCancel(ctx)
	}
	var out []thing
	for page := 1; page != 0; {
		next, err := y.page(ctx, q, page)
		if err != nil {
			if y.flaw == "partial" && len(out) > 0 {
				return out, nil
			}
			return nil, err
		}
		out, page = append(out, next.Things...), next.Next
	}
	if y.flaw == "unsteady" && asked > 1 {
		out[0], out[1] = out[1], out[0]
	}
	if y.flaw == "shows the base" {
		out[0].Note = y.base
	}
	return out, nil
}

func (y *toy) page(ctx context.Context, q question, page int) (things, error) {
	address := fmt.Sprintf("%s/%s/things?page=%d", y.base, url.PathEscape(q.Branch), page)
	if y.flaw == "" || y.flaw == "deaf" || y.flaw == "partial" {
		return sources.Fetch[things](ctx, sources.Reader{Client: y.client, Source: "toy"}, toyEndpoint, address, "things of "+q.Branch)
	}
	return y.carelessly(ctx, address)
}

// carelessly does what adapters do that were not written with package sources at hand.
func (y *toy) carelessly(ctx context.Context, address string) (things, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", address, nil)
	if err != nil {
		return things{}, err
	}
	resp, err := y.client.Do(req)
	if err != nil {
		return things{}, fmt.Errorf("asking %s: %w", address, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return things{}, err
	}
	if y.flaw == "panics" {
		var v map[string]any
		json.Unmarshal(body, &v)
		_ = v["things"].([]any)
	}
	var out things
	if err := json.Unmarshal(body, &out); err != nil && y.flaw != "swallows" {
		return things{}, &sources.Error{Kind: sources.ErrChangedFormat, Source: "toy", URL: address, Err: err}
	}
	return out, nil
}

func serveThings() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path != "/b/things" {
			http.Error(w, `{"error": "no such branch"}`, http.StatusNotFound)
			return
		}
		if r.FormValue("page") == "1" {
			io.WriteString(w, `{"things": [{"name": "one", "note": "first"}, {"name": "two"}], "next": 2, "unread": [{"x": 1}]}`)
			return
		}
		io.WriteString(w, `{"things": [{"name": "three", "note": ""}], "next": 0}`)
	})
}

func toySuite(flaw string) Suite {
	return Suite{
		New: func(client *http.Client, base string) sources.Source {
			return &toy{client: client, base: base, flaw: flaw}
		},
		Serve:     serveThings,
		Questions: []Question{{Query: "things.list", In: question{Branch: "b"}}},
	}
}

func TestAGoodAdapterPasses(t *testing.T) { Run(t, toySuite("")) }

func TestFlawsAreSeen(t *testing.T) {
	s := toySuite("")
	good := s.ask(t.Context(), s.Questions[0], nil, bare)
	if p := good.problems(s); p != nil {
		t.Fatal(p)
	}
	for _, tt := range []struct{ flaw, check, want string }{
		{"unsteady", "answers", "asked twice: the answer is"},
		{"shows the base", "answer", "shows the secret"},
		{"undeclared parameter", "endpoints", "does not declare the parameter page"},
		{"undeclared feed", "endpoints", "does not say that it feeds things.list"},
		{"undeclared feed", "source", "feeds things.find, which the source has not"},
		{"partial", string(ServerError), "neither an error nor the complete answer came"},
		{"partial", string(Reset), "neither an error nor the complete answer came"},
		{"swallows", string(HTML200), "neither an error nor the complete answer came"},
		{"swallows", string(Empty), "neither an error nor the complete answer came"},
		{"swallows", string(WrongTypeInside), "$.things[0].name being"},
		{"panics", string(WrongType), "a panic"},
		{"careless", string(Reset), "shows the secret"},
		{"careless", string(RateLimited), "neither an error nor the complete answer came"},
		{"careless", string(Truncated), "is no *sources.Error"},
		{"careless", string(HTML503), "shows the secret"},
		{"careless", string(Huge), "shows the secret"},
	} {
		t.Run(tt.flaw+" "+tt.check, func(t *testing.T) {
			s := toySuite(tt.flaw)
			q := s.Questions[0]
			var got []string
			switch tt.check {
			case "source":
				got = s.checkSource()
			case "answer":
				got = s.ask(t.Context(), q, nil, bare).problems(s)
			case "answers":
				got = s.checkAnswers(t.Context(), q, good)
			case "endpoints":
				got = s.checkEndpoints(q, good)
			default:
				got = s.checkFault(t.Context(), q, Fault(tt.check), good)
			}
			if !strings.Contains(strings.Join(got, "\n"), tt.want) {
				t.Errorf("got %q\nwant one with %q", got, tt.want)
			}
		})
	}
}

func TestAQueryWithoutAQuestionIsSeen(t *testing.T) {
	s := toySuite("")
	s.Questions = nil
	if got := strings.Join(s.checkSource(), "\n"); !strings.Contains(got, "the suite asks no things.list") {
		t.Errorf("got %q", got)
	}
}

func TestSwallowedFaultsNeedAllowance(t *testing.T) {
	s := toySuite("")
	q := s.Questions[0]
	good := s.ask(t.Context(), q, nil, bare)
	as := func(kind error) outcome {
		return outcome{err: &sources.Error{Kind: kind, Source: "toy"}}
	}
	if p := s.judge(q, NotFound, good, as(sources.ErrNotFilled), "toy"); p == "" {
		t.Error("not filled passes for not found without being named in Also")
	}
	q.Also = map[Fault][]error{NotFound: {sources.ErrNotFilled}}
	if p := s.judge(q, NotFound, good, as(sources.ErrNotFilled), "toy"); p != "" {
		t.Errorf("not filled is named in Also, and this came: %s", p)
	}
	if p := s.judge(q, RateLimited, good, as(sources.ErrRateLimited), "toy"); !strings.Contains(p, "when to come back") {
		t.Errorf("a rate limit without a time passes: %q", p)
	}
	if p := s.judge(q, NotFound, good, outcome{err: errors.New("lost")}, "toy"); !strings.Contains(p, "no *sources.Error") {
		t.Errorf("another error passes: %q", p)
	}
}

func TestDeafnessIsSeen(t *testing.T) {
	s := toySuite("deaf")
	q := s.Questions[0]
	if got := wrongEnd("cancelled beforehand", s.ask(cancelled(), q, nil, bare).err); len(got) == 0 {
		t.Error("an adapter that does not hear of the cancel passes")
	}
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func TestMutations(t *testing.T) {
	var got []string
	for _, m := range mutations([]byte(`{"rows": [[1, "a"], [2, "b"]], "20": {"x": null}, "21": {"y": 1}, "names": ["a", "b"]}`)) {
		got = append(got, m.path+" = "+m.becomes)
	}
	want := []string{
		`$.20 = "unexpected"`, `$.names = "unexpected"`, `$.names[0] = {"unexpected":true}`,
		`$.rows = "unexpected"`, `$.rows[0] = "unexpected"`, `$.rows[0][0] = {"unexpected":true}`, `$.rows[0][1] = {"unexpected":true}`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if b := string(backwards([]byte(`{"a": [1, {"b": 2, "c": 1e400}], "d": "<"}`))); b != `{"d":"\u003c","a":[1,{"c":1e400,"b":2}]}` {
		t.Errorf("backwards: %s", b)
	}
}
