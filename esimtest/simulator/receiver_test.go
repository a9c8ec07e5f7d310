package simulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// delivery is a webhook as it came in.
type delivery struct {
	header http.Header
	raw    string
	body   map[string]any
}

// receiver takes webhooks. The first ones are refused if it says so.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	refuse int
	got    []delivery
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		raw, err := io.ReadAll(q.Body)
		assert.NoError(t, err)
		d := delivery{header: q.Header, raw: string(raw)}
		assert.NoError(t, json.Unmarshal(raw, &d.body))
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, d)
		if r.refuse > 0 {
			r.refuse--
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// take returns what has come since the last call.
func (r *receiver) take() []delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.got
	r.got = nil
	return list
}

// events returns the values of a member of the payloads since the last call.
func (r *receiver) events(name string) []string {
	list := []string{}
	for _, d := range r.take() {
		s, _ := d.body[name].(string)
		list = append(list, s)
	}
	return list
}
