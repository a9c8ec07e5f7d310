// Package golden replays recorded exchanges of a provider against an adapter
// and compares, byte for byte, what the adapter sent and what it made of the
// answers. It is imported by tests only.
//
// A case is three files in testdata/<provider>:
//
//	<op>_<case>.resp.json    the answers, in order: [{"status": 200, "body": …}]
//	<op>_<case>.req.json     the requests the adapter must have sent
//	<op>_<case>.golden.json  the result or the error the caller must get
//
// The first is written by hand or taken from a provider's document; the other
// two are rewritten by go test -update and reviewed like code.
package golden

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

var update = flag.Bool("update", false, "rewrite the .req.json and .golden.json files")

// Recorded returns where the exchanges with a provider are, relative to its
// adapter. They are no part of the module that go get fetches: a test that is
// run from a module cache is skipped.
func Recorded(tb testing.TB, provider string) string {
	tb.Helper()
	dir := "../testdata/" + provider
	_, err := os.Stat(dir)
	if here, _ := os.Getwd(); err != nil && strings.Contains(filepath.Base(filepath.Dir(here)), "@v") {
		tb.Skip("SKIPPED: the recorded exchanges are in the repository only")
	}
	require.NoError(tb, err)
	return dir
}

// Op makes the call a case is about.
type Op func(t *testing.T, transport http.RoundTripper) (any, error)

// Suite is what a provider's cases have in common.
type Suite struct {
	Dir string // what Recorded returns
	// Headers of a request that belong into the .req.json file: those that
	// are the same on every run.
	Headers []string
	// Ops by case name ("order_pending") or, for all cases without an entry
	// of their own, by the part before the first "_" ("order").
	Ops map[string]Op
}

// Answer is one recorded answer.
type Answer struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header,omitempty"` // with Content-Encoding gzip it is sent so
	Body   json.RawMessage   `json:"body,omitempty"`   // a JSON document, sent compact
	Text   *string           `json:"text,omitempty"`   // instead of Body: sent as it is
	Error  string            `json:"error,omitempty"`
}

// Request is one recorded request.
type Request struct {
	Method string            `json:"method"`
	Path   string            `json:"path"`
	Query  string            `json:"query,omitempty"`
	Header map[string]string `json:"header,omitempty"`
	Body   json.RawMessage   `json:"body,omitempty"`
}

// Run runs every case found in the directory. It fails for a case whose origin
// the README.md there does not tell, and for an entry of Ops that no case uses.
func (s Suite) Run(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(s.Dir, "*.resp.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "no cases in %s", s.Dir)
	origins, err := os.ReadFile(filepath.Join(s.Dir, "README.md"))
	require.NoError(t, err)
	used := map[string]bool{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".resp.json")
		require.Contains(t, string(origins), "| `"+name+"` |", "README.md does not say where the case comes from")
		key := s.key(name)
		require.NotEmpty(t, key, "no operation for case %s", name)
		used[key] = true
		t.Run(name, func(t *testing.T) { s.run(t, strings.TrimSuffix(file, ".resp.json"), s.Ops[key]) })
	}
	for key := range s.Ops {
		require.True(t, used[key], "no case uses the operation %s", key)
	}
}

func (s Suite) key(name string) string {
	for name != "" {
		if _, ok := s.Ops[name]; ok {
			return name
		}
		i := strings.LastIndexByte(name, '_')
		name = name[:max(i, 0)]
	}
	return ""
}

func (s Suite) run(t *testing.T, base string, op Op) {
	t.Parallel()
	var answers []Answer
	readJSON(t, base+".resp.json", &answers)
	script := &script{t: t, headers: s.Headers, answers: answers}
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(script.respond)

	result, err := op(t, mock)
	require.Empty(t, script.answers, "answers that nobody asked for")
	compare(t, base+".req.json", script.requests)
	compare(t, base+".golden.json", outcome{Result: reveal(t, result), Error: failure(t, err)})
}

type script struct {
	t        *testing.T
	headers  []string
	answers  []Answer
	requests []Request
}

func (s *script) respond(r *http.Request) (*http.Response, error) {
	rec := Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery}
	for _, name := range s.headers {
		if v := r.Header.Get(name); v != "" {
			if rec.Header == nil {
				rec.Header = map[string]string{}
			}
			rec.Header[name] = v
		}
	}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		require.NoError(s.t, err)
		rec.Body = body
	}
	s.requests = append(s.requests, rec)
	require.NotEmpty(s.t, s.answers, "unexpected request %s %s", r.Method, r.URL.Path)
	a := s.answers[0]
	s.answers = s.answers[1:]
	if a.Error != "" {
		return nil, errors.New(a.Error)
	}
	text := compact(s.t, a.Body)
	if a.Text != nil {
		text = []byte(*a.Text)
	}
	if a.Header["Content-Encoding"] == "gzip" {
		text = gzipped(s.t, text)
	}
	resp := &http.Response{
		StatusCode: a.Status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(text)), ContentLength: int64(len(text)), Request: r,
	}
	for name, v := range a.Header {
		resp.Header.Set(name, v)
	}
	return resp, nil
}

func gzipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write(text)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return packed.Bytes()
}

type outcome struct {
	Result any             `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
}

func failure(t *testing.T, err error) json.RawMessage {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*esim.Error](err)
	require.True(t, ok, "not an *esim.Error: %v", err)
	fields := map[string]any{}
	data, merr := json.Marshal(e)
	require.NoError(t, merr)
	require.NoError(t, json.Unmarshal(data, &fields))
	delete(fields, "request_id") // random
	if e.Order != nil {
		fields["order"] = reveal(t, e.Order)
	}
	data, merr = json.Marshal(fields)
	require.NoError(t, merr)
	return data
}

// reveal marshals v and puts the LPA strings of orders and eSIMs beside what
// masks itself, so that a golden file can tell one code from another.
func reveal(t *testing.T, v any) any {
	if v == nil {
		return nil
	}
	data, err := json.Marshal(v)
	require.NoError(t, err)
	var doc any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	require.NoError(t, dec.Decode(&doc))
	object, ok := doc.(map[string]any)
	if !ok {
		return doc
	}
	switch v := v.(type) {
	case *esim.Order:
		if v != nil {
			list, _ := object["esims"].([]any)
			for i := range list {
				if unit, ok := list[i].(map[string]any); ok {
					putLPA(unit, v.ESIMs[i])
				}
			}
		}
	case *esim.ESIM:
		if v != nil {
			putLPA(object, *v)
		}
	}
	return doc
}

func putLPA(object map[string]any, e esim.ESIM) {
	if lpa := e.Activation.LPA(); lpa != "" {
		object["lpa"] = lpa
	}
}

func compare(t *testing.T, file string, v any) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	require.NoError(t, enc.Encode(v))
	if *update {
		require.NoError(t, os.WriteFile(file, buf.Bytes(), 0o600))
		return
	}
	want, err := os.ReadFile(file) //nolint:gosec // a case of the test that runs
	require.NoError(t, err, "run go test -update, then review the file")
	require.Equal(t, string(want), buf.String(), "%s differs", file)
}

func readJSON(t *testing.T, file string, v any) {
	data, err := os.ReadFile(file) //nolint:gosec // a case of the test that runs
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, v), "%s", file)
}

func compact(t *testing.T, doc json.RawMessage) []byte {
	var buf bytes.Buffer
	if len(doc) > 0 {
		require.NoError(t, json.Compact(&buf, doc), "%q", doc)
	}
	return buf.Bytes()
}
