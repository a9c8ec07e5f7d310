package proof

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/esimkit/esim"
)

// tagged tells the wire under which reference a purchase is made.
type tagged struct{ esim.Client }

type tag struct{}

// Order implements [esim.Client].
func (c tagged) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	return c.Client.Order(context.WithValue(ctx, tag{}, req.Reference), req)
}

// Unwrap lets [esim.As] find what the client can do beyond [esim.Client].
func (c tagged) Unwrap() esim.Client { return c.Client }

// send is a purchase on the wire.
type send struct {
	seq       int
	provider  esim.Provider
	key       string
	reference string // that it was made under
	process   int
	charged   bool // the ledger has grown by it
	unsent    bool // there was no connection, so nothing has left
}

// wire is the network between a process and a reseller.
type wire struct {
	p *process
	a *stall
}

// RoundTrip implements [http.RoundTripper].
func (t *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		_ = r.Body.Close() // it was read
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	reference, purchase := r.Context().Value(tag{}).(string)
	if purchase {
		t.p.w.asks(t.a, reference)
	}
	key, buys := t.a.Key(r, body)
	if !buys {
		if t.p.dead() {
			return nil, t.p.pass("read")
		}
		return t.a.Transport.RoundTrip(r)
	}
	var answer *http.Response
	err := t.p.around("purchase", func() (err error) {
		s := t.p.w.sends(t.a, key, reference, t.p.n)
		before := len(t.a.Charges())
		answer, err = t.a.Transport.RoundTrip(r) //nolint:bodyclose // the client closes it
		t.p.w.sent(s, len(t.a.Charges()) > before, answer, err)
		return err
	})
	if err != nil {
		return nil, err // of a dead process even where there was an answer
	}
	return answer, nil
}

// post carries webhooks to the process that lives, if one does.
type post struct{ w *world }

var errNobody = errors.New("proof: nobody listens")

// RoundTrip implements [http.RoundTripper].
func (t post) RoundTrip(r *http.Request) (*http.Response, error) {
	h := t.w.house()
	if h == nil || h.p.dead() {
		return nil, errNobody
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	in := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.Path, bytes.NewReader(body))
	in.Header = r.Header.Clone()
	out := httptest.NewRecorder()
	done := make(chan struct{})
	go func() { // where the process dies meanwhile, the sender is not held up
		defer close(done)
		h.hooks.ServeHTTP(out, in)
	}()
	select {
	case <-done:
	case <-h.p.died:
		return nil, errNobody
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	answer := out.Result()
	if answer.StatusCode == http.StatusOK {
		t.w.heard(string(body))
	}
	t.w.say("webhook", "%s: %d", strings.SplitN(r.URL.Path, "/", 4)[2], answer.StatusCode)
	return answer, nil
}
